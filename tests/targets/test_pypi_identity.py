"""Trusted publishing: the job's own identity, exchanged for a token."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests import factory
from tests.targets.contract import once
from tests.targets.test_pypi import _addresses, make  # noqa: F401 - a fixture

from pkg_publish.errors import Failure
from pkg_publish.state import Done
from pkg_publish.watch import Hidden, Watch

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.pypi import Pypi

    from pkg_publish.model import Release


@pytest.fixture
def release(tmp_path: Path) -> Release:
    """A wheel and an sdist."""
    return factory.release(tmp_path / "dist")


def identity(pypi: Pypi, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process be a job that may ask for its identity."""
    for name, value in pypi.identities.environ().items():
        monkeypatch.setenv(name, value)


def test_publishes_by_the_jobs_identity(pypi: Pypi, release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    """One token for all files, told to be hidden before it is used."""
    identity(pypi, monkeypatch)
    events: list[object] = []
    target = make(None)

    upload = target.open(release, Watch(30, events.append))
    for each in release.distributions:
        upload.send(each, Watch(30, events.append))

    assert [event.secret.reveal() for event in events if isinstance(event, Hidden)] == ["pypi-minted-1-0123456789"]
    assert len(pypi.files) == 2
    assert "pypi-minted" not in repr(events)


def test_a_token_that_ends_soon_is_renewed(pypi: Pypi, release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    """An upload of minutes outlives it otherwise."""
    identity(pypi, monkeypatch)
    pypi.exchange.lives = 10

    assert once(make(None), release).outcome is Done.PUBLISHED
    assert sum(call.path == "/_/oidc/mint-token" for call in pypi.calls) == 2


def test_an_identity_that_was_used_is_asked_for_anew(pypi: Pypi, release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    """It can be exchanged once."""
    identity(pypi, monkeypatch)
    pypi.exchange.lives, pypi.exchange.error = None, "invalid-reuse-token"

    assert once(make(None), release).outcome is Done.PUBLISHED


@pytest.mark.parametrize(
    ("code", "kind", "slug"),
    [
        ("invalid-publisher", Failure.REFUSED, "no-such-publisher"),
        ("invalid-pending-publisher", Failure.REFUSED, "pending-publisher-late"),
        ("not-enabled", Failure.UNAVAILABLE, "trusted-publishing-off"),
        ("invalid-payload", Failure.REFUSED, "identity-refused"),
    ],
)
def test_a_refused_identity_shows_what_was_compared(  # noqa: PLR0917
    pypi: Pypi, release: Release, monkeypatch: pytest.MonkeyPatch, code: str, kind: Failure, slug: str
) -> None:
    """With the form to register it, filled in; nothing was sent."""
    identity(pypi, monkeypatch)
    pypi.exchange.error, pypi.identities.claims["environment"] = code, "release"

    attempt = once(make(None), release)

    assert attempt.problem is not None
    assert (attempt.outcome, attempt.problem.code) == (kind, slug)
    assert "repository: octo/demo" in attempt.problem.details
    if slug in {"no-such-publisher", "pending-publisher-late"}:
        assert attempt.problem.paste.endswith("?provider=github&owner=octo&repository=demo&workflow_filename=release.yml&environment=release")
    assert not pypi.files


def test_a_job_without_the_permission_is_told_which(pypi: Pypi, release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    """The YAML to paste."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")

    attempt = once(make(None), release)

    assert attempt.problem is not None
    assert (attempt.outcome, attempt.problem.code) == (Failure.REFUSED, "id-token-permission")
    assert "id-token: write" in attempt.problem.paste
    assert not pypi.files
    assert not [call.path for call in pypi.calls if "oidc" in call.path]


@pytest.mark.parametrize("variable", ["GITHUB_ACTIONS", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"])
def test_no_identity_to_be_had(pypi: Pypi, release: Release, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    """Outside of a job it is refused; a runner that gives none is unavailable."""
    identity(pypi, monkeypatch)
    monkeypatch.setenv(variable, "" if variable == "GITHUB_ACTIONS" else "another")

    assert once(make(None), release).outcome is (Failure.REFUSED if variable == "GITHUB_ACTIONS" else Failure.UNAVAILABLE)


def test_an_answer_without_a_token_is_no_token(pypi: Pypi, release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    """Something else answers there."""
    identity(pypi, monkeypatch)
    pypi.exchange.token_in_answer = False

    assert once(make(None), release).outcome is Failure.UNAVAILABLE


def test_attestations_beside_a_file_are_sent_with_it(pypi: Pypi, release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a list (PEP 740), by the identity that signed them: PyPI takes none from a user's token."""
    identity(pypi, monkeypatch)
    first = release.distributions[0]
    first.path.with_name(f"{first.name}.publish.attestation").write_text('{"version": 1}')

    assert once(make(None), release).outcome is Done.PUBLISHED
    assert pypi.attestations == {first.name: '[{"version": 1}]'}


def test_an_attestation_that_is_no_json_is_invalid(pypi: Pypi, release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is sent without it."""
    identity(pypi, monkeypatch)
    first = release.distributions[0]
    first.path.with_name(f"{first.name}.publish.attestation").write_text("no json")

    assert once(make(None), release).outcome is Failure.INVALID
    assert not pypi.files
