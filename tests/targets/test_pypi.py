"""`pypi` and `testpypi`."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import twine.utils
from tests import factory
from tests.targets.contract import Contract, digests, once, watch

from pkg_publish.clients import pypi_api, retry
from pkg_publish.errors import ConfigError, Failure
from pkg_publish.model import Item
from pkg_publish.runner import Runner
from pkg_publish.secret import Secret
from pkg_publish.state import Done, State
from pkg_publish.targets.base import Ambient, TargetSpec, Witness
from pkg_publish.targets.pypi import Pypi as Target
from pkg_publish.targets.pypi import PypiKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.servers.pypi import Pypi

    from pkg_publish.model import Release

KIND = PypiKind(word="pypi")


TOKEN = "pypi-a-token"  # noqa: S105 - of a fake


def make(token: str | None = TOKEN, *, kind: PypiKind = KIND, environ: Mapping[str, str] | None = None) -> Target:
    """A target as the configuration makes it."""
    tokens = {f"{kind.word}-token": Secret(token)} if token else {}
    environ = dict(os.environ) if environ is None else environ  # noqa: TID251 - the tests' own edge
    return kind.make(TargetSpec(kind=kind.word), Ambient(folder=Path(), environ=environ, runner=Runner(is_actions=True), tokens=tokens))


@pytest.fixture(autouse=True)
def _addresses(pypi: Pypi, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twine says where PyPI is; here it is on this machine."""
    monkeypatch.setattr(twine.utils, "DEFAULT_REPOSITORY", f"{pypi.url}/legacy/")
    monkeypatch.setattr(twine.utils, "TEST_REPOSITORY", f"{pypi.url}/legacy/")
    monkeypatch.setattr(retry, "BASE", 0.0)


@pytest.fixture
def release(tmp_path: Path) -> Release:
    """A wheel and an sdist."""
    return factory.release(tmp_path / "dist")


IDENTITY = {"ACTIONS_ID_TOKEN_REQUEST_URL": "https://127.0.0.1:1/", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "x"}
"""What a job finds that may ask for an identity."""


class PypiStand:
    """The index, past our code."""

    def __init__(self, server: Pypi) -> None:
        self.server = server

    def target(self) -> Target:
        """With its token."""
        return make()

    def stored(self, release: Release) -> dict[str, str]:
        """From its memory."""
        del release
        return {name: hashlib.sha256(data).hexdigest() for name, data in self.server.files.items()}

    def put(self, name: str, data: bytes, release: Release) -> None:
        """Into its memory."""
        del release
        self.server.files[name] = data

    def remove(self, name: str, release: Release) -> None:
        """From its memory."""
        del release
        del self.server.files[name]

    def writes(self) -> int:
        """Uploads that arrived."""
        return sum(call.path == "/legacy/" for call in self.server.calls)


class TestContract(Contract):
    """The contract, on a fake of PyPI."""

    @pytest.fixture
    def stand(self, pypi: Pypi) -> PypiStand:
        """An empty index."""
        return PypiStand(pypi)

    @pytest.mark.parametrize(("name", "version"), [("Foo.Bar_baz", "1.0"), ("demo", "1!2.0"), ("demo", "2.0rc1.dev3"), ("d", "0")], ids="-".join)
    def test_odd_names_and_versions(self, stand: PypiStand, tmp_path: Path, name: str, version: str) -> None:  # type: ignore[override]
        """All but local versions, which PyPI takes nowhere."""
        super().test_odd_names_and_versions(stand, tmp_path, name, version)


@pytest.mark.parametrize(
    ("status", "words", "kind", "slug"),
    [
        (403, "The given token isn't allowed to upload to project 'demo'.", Failure.REFUSED, "pypi-token-scope"),
        (403, "Invalid API Token: project-scoped token is not valid for project: 'demo'", Failure.REFUSED, "pypi-token-scope"),
        (403, "Invalid API Token: token is expired", Failure.REFUSED, "pypi-token-ended"),
        (403, "Two factor authentication is not enabled for octo.", Failure.REFUSED, "pypi-two-factor"),
        (400, "User 'octo' does not have a verified primary email address.", Failure.REFUSED, "pypi-email"),
        (400, "Uploading new files to releases older than 14 days is not allowed.", Failure.INVALID, "release-too-old"),
        (400, "This filename was previously used by a file that has since been deleted. Use a different version.", Failure.INVALID, "file-name-used"),
        (400, "The name 'demo' isn't allowed. See the help for more.", Failure.INVALID, "project-name-not-allowed"),
        (400, "The name 'demo' is too similar to an existing project.", Failure.INVALID, "project-name-not-allowed"),
        (400, "Non-user identities cannot create new projects.", Failure.REFUSED, "pypi-pending-publisher"),
        (400, "File too large. Limit for project 'demo' is 100 MB.", Failure.INVALID, "file-too-large"),
        (400, "Invalid attestations supplied: verification failed", Failure.INVALID, "attestation-refused"),
        (403, "Read-only mode: Uploads are temporarily disabled.", Failure.UNAVAILABLE, "index-read-only"),
        (429, "Too many new projects created", Failure.UNAVAILABLE, "too-many-new-projects"),
    ],
)
def test_each_refusal_has_its_own_sentence(  # noqa: PLR0917
    pypi: Pypi, release: Release, status: int, words: str, kind: Failure, slug: str
) -> None:
    """PyPI's words, one cause, one cure."""
    pypi.refusal = (status, words)

    attempt = once(make(), release)

    assert attempt.problem is not None
    assert (attempt.outcome, attempt.problem.code, attempt.problem.said) == (kind, slug, words)
    assert attempt.problem.cure


def test_a_wrong_token_is_refused(pypi: Pypi, release: Release) -> None:
    """It is not shown."""
    attempt = once(make("pypi-another-token"), release)

    assert attempt.problem is not None
    assert (attempt.outcome, attempt.problem.code) == (Failure.REFUSED, "pypi-token-invalid")
    assert "pypi-another-token" not in repr(vars(attempt.problem))
    assert not pypi.files


def test_a_local_version_is_invalid_before_anything_is_sent(pypi: Pypi, tmp_path: Path) -> None:
    """PyPI takes none."""
    attempt = once(make(), factory.release(tmp_path, version="1.0+cu124"))

    assert attempt.problem is not None
    assert (attempt.outcome, attempt.problem.code) == (Failure.INVALID, "local-version")
    assert pypi.calls == []


def test_what_the_index_does_not_show_yet_is_waited_for(pypi: Pypi, release: Release) -> None:
    """The JSON shows it at once, the simple index later."""
    pypi.hidden_reads = 3

    assert once(replace(make(), settles=2.0), release).outcome is Done.PUBLISHED


def test_what_shows_too_late_is_confirmed_by_the_same_bytes_again(pypi: Pypi, release: Release) -> None:
    """PyPI answers them with a yes."""
    pypi.hidden_reads = 100

    assert once(make(), release).outcome is Done.PUBLISHED


def test_other_bytes_are_not_confirmed(pypi: Pypi, release: Release) -> None:
    """And nobody confirms what is no file."""
    target = make()
    assert isinstance(target, Witness)
    first = release.distributions[0]
    pypi.files[first.name] = b"other"

    assert target.confirms(first, watch()) is False
    assert target.confirms(Item(name="x"), watch()) is False


def test_attestations_stay_at_home_when_a_token_is_used(pypi: Pypi, release: Release) -> None:
    """PyPI would refuse the files with them."""
    first = release.distributions[0]
    first.path.with_name(f"{first.name}.publish.attestation").write_text("{}")

    assert once(make(), release).outcome is Done.PUBLISHED
    assert pypi.attestations == {}


def test_pip_reads_pypi_and_our_command_reads_testpypi(release: Release) -> None:
    """What a release on TestPyPI needs is seldom there."""
    for kind, plain in ((KIND, True), (PypiKind(word="testpypi"), False)):
        receipt = once(make(kind=kind), release).receipt
        assert receipt is not None
        assert bool(receipt.index_url) is plain
        assert receipt.source == kind.word


@pytest.mark.parametrize(
    ("token", "environ", "ok"),
    [("pypi-a-token", {}, None), (None, IDENTITY, None), (None, {}, False)],
    ids=["token", "identity", "neither"],
)
def test_the_check_says_who_would_upload(token: str | None, environ: dict[str, str], ok: bool | None) -> None:  # noqa: FBT001
    """And that the index answers."""
    index, login = make(token, environ=environ).check(watch())

    assert (index.ok, login.ok) == (True, ok)


def test_the_check_says_that_the_index_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is raised."""
    monkeypatch.setattr(twine.utils, "DEFAULT_REPOSITORY", "http://127.0.0.1:9/legacy/")

    index, _ = make().check(watch())

    assert index.ok is False


def test_at_home_only_a_token_helps() -> None:
    """There is no identity to be had."""
    with pytest.raises(ConfigError) as caught:
        KIND.make(TargetSpec(kind="pypi"), Ambient(folder=Path(), environ={}, runner=Runner()))

    assert caught.value.paste.startswith("export PYPI_TOKEN")


def test_digests_are_those_of_the_release(pypi: Pypi, release: Release) -> None:
    """What PyPI stores is what was sent."""
    once(make(), release)

    assert {name: hashlib.sha256(data).hexdigest() for name, data in pypi.files.items()} == digests(release)


def test_a_json_that_cannot_be_read_proves_nothing(pypi: Pypi, release: Release) -> None:
    """The place is unreadable, and not written to."""
    pypi.json_status = 403

    attempt = once(make(), release)

    assert (attempt.outcome, attempt.before.state) == (Failure.REFUSED, State.UNREADABLE)
    assert not pypi.files


def test_a_listing_without_digests_lists_nothing() -> None:
    """Files of which nobody knows the bytes are no files of ours."""
    assert list(pypi_api._files([{"filename": "x", "digests": {}}, None])) == []
    assert list(pypi_api._files(None)) == []
