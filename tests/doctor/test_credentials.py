"""What the job holds, without a word of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.doctor.examined import rows
from tests.servers.scripted import Scripted, answer

from pkg_publish.runner import Runner

if TYPE_CHECKING:
    from tests.doctor.examined import Patient
    from tests.servers.pypi import Pypi

TITLE = "what the job holds"


@pytest.mark.parametrize(
    ("token", "found", "means"),
    [
        ("ghs_canary0123456789", "the job's own", "`permissions`"),
        ("ghp_canary0123456789", "classic", "write:packages"),
        ("github_pat_canary0123456789", "fine-grained", "GHCR does not take it"),
        ("gho_canary0123456789", "OAuth", "scopes"),
        ("ghu_canary0123456789", "a person by a GitHub App", "GHCR does not take it"),
        ("canary0123456789", "do not know", "at the targets"),
    ],
    ids=["ghs", "ghp", "github_pat", "gho", "ghu", "odd"],
)
def test_the_kind_of_a_token_shows_in_how_it_begins(patient: Patient, token: str, found: str, means: str) -> None:
    """What such a one may do; nothing of the token itself."""
    patient.tokens["github-token"] = token
    patient.runner = Runner(api_url="http://127.0.0.1:9")

    row = rows(patient.examine(), TITLE)["GitHub token"]

    assert found in row.found
    assert means in row.means
    assert "canary" not in repr(patient.examine())


@pytest.mark.parametrize(
    ("scopes", "says"),
    [({"X_OAuth_Scopes": "repo, write:packages"}, "repo, write:packages"), ({}, "none"), ({"X_OAuth_Scopes": "repo, ghp_canary0123456789"}, "repo, ***")],
)
def test_scopes_of_a_classic_token(patient: Patient, scopes: dict[str, str], says: str) -> None:
    """GitHub tells them beside any answer."""
    patient.tokens["github-token"] = "ghp_canary0123456789"
    with Scripted().then(answer(200, b"{}", length=None, **scopes)) as server:
        patient.runner = Runner(api_url=server.url)
        row = rows(patient.examine(), TITLE)["its scopes"]

    assert (row.ok, row.found) == (None, says)


def test_a_token_that_github_does_not_know(patient: Patient) -> None:
    """It may have expired; whether that matters depends on the targets."""
    patient.tokens["github-token"] = "ghp_canary0123456789"
    with Scripted().then(answer(401, b'{"message": "Bad credentials"}', Content_Type="application/json")) as server:
        patient.runner = Runner(api_url=server.url)
        row = rows(patient.examine(), TITLE)["its scopes"]

    assert (row.ok, row.code) == (None, "github-token")


@pytest.mark.parametrize(("targets", "ok"), [("directory=out", True), ("ghcr, directory=out", False)])
@pytest.mark.parametrize(("is_actions", "do"), [(True, "`github-token`"), (False, "set GITHUB_TOKEN")], ids=["in a workflow", "at home"])
def test_no_token(patient: Patient, targets: str, do: str, *, ok: bool, is_actions: bool) -> None:
    """Whether one is needed depends on the targets, whose rows say what comes of it."""
    patient.runner = Runner(is_actions=is_actions, repository="octo/demo")
    patient.environ["HTTPS_PROXY"] = "http://127.0.0.1:9"

    row = rows(patient.examine(targets=targets), TITLE)["GitHub token"]

    assert (row.ok, row.found, row.failure) == (ok, "none given, none needed" if ok else "none", None)
    assert (do in row.do) is not ok
    assert ("home" in row.do) is False


@pytest.mark.parametrize(("targets", "ok"), [("directory=out", True), ("pypi", False)])
@pytest.mark.parametrize(("is_actions", "do"), [(True, "`id-token: write`"), (False, "set PYPI_TOKEN")], ids=["in a workflow", "at home"])
def test_no_identity(patient: Patient, targets: str, do: str, *, ok: bool, is_actions: bool) -> None:
    """Which only trusted publishing needs."""
    patient.runner = Runner(is_actions=is_actions)

    row = rows(patient.examine(targets=targets, allow_public="true"), TITLE)["id-token"]

    assert (row.ok, row.found, bool(row.paste)) == (ok, "none given, none needed" if ok else "none", is_actions and not ok)
    assert (do in row.do) is not ok


def test_a_job_of_a_reusable_workflow(patient: Patient, pypi: Pypi, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has an identity, and PyPI takes it for no publisher."""
    pypi.identities.claims["job_workflow_ref"] = "octo/shared/.github/workflows/publish.yml@refs/heads/main"
    for name, value in pypi.identities.environ().items():
        monkeypatch.setenv(name, value)
    patient.environ |= pypi.identities.environ()
    patient.runner = Runner(is_actions=True)

    row = rows(patient.examine(targets="pypi", allow_public="true"), TITLE)["id-token"]

    assert (row.ok, "reusable workflow" in row.means) == (None, True)


def test_an_identity_is_read_and_not_shown(patient: Patient, pypi: Pypi, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked for nobody but us."""
    for name, value in pypi.identities.environ().items():
        monkeypatch.setenv(name, value)
    patient.environ |= pypi.identities.environ()

    row = rows(patient.examine(), TITLE)["id-token"]

    assert "repository: octo/demo" in row.found
    assert "environment" not in row.found
    assert [call.query["audience"] for call in pypi.identities.calls] == ["pkg-publish-doctor"]
    assert "eyJ" not in repr(row)


def test_an_identity_that_is_not_given(patient: Patient, pypi: Pypi, monkeypatch: pytest.MonkeyPatch) -> None:
    """The runner has a bad day."""
    pypi.identities.refusal = (500, "no")
    for name, value in pypi.identities.environ().items():
        monkeypatch.setenv(name, value)
    patient.environ |= pypi.identities.environ()

    assert rows(patient.examine(), TITLE)["id-token"].ok is None


@pytest.mark.parametrize(("token", "means"), [("pypi-canary0123456789", "first upload"), ("canary0123456789", "something else")], ids=["as it is", "odd"])
def test_tokens_of_an_index(patient: Patient, token: str, means: str) -> None:
    """They are given, and one that begins otherwise may be the wrong secret."""
    patient.tokens["pypi-token"] = token

    found = patient.examine()

    assert means in rows(found, TITLE)["pypi-token"].means
    assert "canary" not in repr(found)
