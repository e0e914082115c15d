"""`ghcr`: whose package it is, who can read it, and what must not become public."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests import factory
from tests.servers.front import Fault
from tests.servers.tokens import User
from tests.targets.contract import once, watch

from pkg_publish import grammar
from pkg_publish.clients import ghcr
from pkg_publish.errors import Failure
from pkg_publish.install import install
from pkg_publish.interpreter import Interpreter
from pkg_publish.runner import Runner
from pkg_publish.secret import Secret
from pkg_publish.state import Done
from pkg_publish.targets.base import Ambient, TargetSpec
from pkg_publish.targets.oci import GhcrKind, Oci, OciKind

if TYPE_CHECKING:
    from tests.servers.registries import Registry

    from pkg_publish.model import Release

TOKEN = "github-token"  # noqa: S105 - made for the test
PUBLIC: dict[str, Any] = {"repository": {"visibility": "public", "owner": {"type": "User"}}}
PRIVATE: dict[str, Any] = {"repository": {"visibility": "private", "owner": {"type": "Organization"}}}


@dataclass(frozen=True, slots=True)
class GithubStand:
    """A registry on this machine in the place of GitHub's; what is in it is private until somebody makes it public."""

    server: Registry

    @property
    def repository(self) -> str:
        """The GitHub repository, which has a capital letter."""
        return self.server.name.replace("octo/", "Octo/")

    def target(self, event: dict[str, Any], **facts: Any) -> Oci:  # noqa: ANN401 - any fact of a run
        """The target of a job."""
        runner = Runner(server_url=self.server.front.url, repository=self.repository, event=event)
        ambient: dict[str, Any] = {"folder": Path(), "environ": {}, "runner": runner, "tokens": {"github-token": Secret(TOKEN)}}
        return GhcrKind().make(TargetSpec(kind="ghcr"), Ambient(**ambient | facts))

    def publicise(self) -> None:
        """Let everybody read."""
        assert self.server.token_server
        self.server.token_server.settings.public.add(self.server.name)


@pytest.fixture
def stand(registry_token: Registry) -> GithubStand:
    """GitHub, which knows the token of the job."""
    assert registry_token.token_server
    registry_token.token_server.settings.users["Octo"] = User(password=TOKEN, actions=frozenset({"pull", "push"}))
    return GithubStand(registry_token)


@pytest.fixture
def release(tmp_path: Path) -> Release:
    """A wheel."""
    return factory.release(tmp_path / "dist", with_sdist=False)


def test_a_package_has_a_page(stand: GithubStand, release: Release) -> None:
    """It is what people want to look at; installing takes the registry's own place."""
    stand.publicise()

    receipt = once(stand.target(PUBLIC), release).receipt

    assert receipt
    package = stand.server.name.partition("/")[2]
    assert receipt.url == f"{stand.server.front.url}/{stand.repository}/pkgs/container/{package}%2Fdemo"
    assert (receipt.source, receipt.visible_to, receipt.warning) == (f"oci={stand.server.reference}", "public", "")


def test_a_private_package_needs_a_login(stand: GithubStand, release: Release) -> None:
    """What installs it names a variable that holds the token, never the token."""
    receipt = once(stand.target(PRIVATE), release).receipt

    assert receipt
    assert json.loads(receipt.source) == {"oci": {"name": stand.server.reference, "username": "NAME", "password-env": "GITHUB_TOKEN"}}
    assert (receipt.visible_to, receipt.warning) == ("private", "")


def test_what_the_receipt_names_can_be_installed(stand: GithubStand, release: Release) -> None:
    """By anybody who has a token in that variable; the file comes with its digest."""
    receipt = once(stand.target(PRIVATE), release).receipt
    assert receipt
    (spec,), mistakes = grammar.parse(receipt.source.replace("NAME", "Octo"))
    source = OciKind().make(spec, Ambient(folder=Path(), environ={"GITHUB_TOKEN": TOKEN}, runner=Runner()))

    references: list[str] = []

    def run(reference: str) -> int:
        references.append(reference)
        return 0

    found = install("demo==1.0", [source], Interpreter.ask(Path(sys.executable)), run, watch())

    assert mistakes == []
    assert found.file.name == release.distributions[0].name
    assert references[0].endswith(f"#sha256={release.distributions[0].sha256}")


def test_a_private_package_of_a_public_repository_is_a_surprise(stand: GithubStand, release: Release) -> None:
    """The warning says where to change that, for no program can."""
    receipt = once(stand.target(PUBLIC), release).receipt

    assert receipt
    assert receipt.visible_to == "private"
    assert f"{stand.server.front.url}/users/Octo/packages/container/" in receipt.warning


def test_a_private_source_does_not_go_where_everybody_reads(stand: GithubStand, release: Release, tmp_path: Path) -> None:
    """The package is there and public: nothing is written, unless somebody said so aloud."""
    once(stand.target(PRIVATE), factory.release(tmp_path / "older", version="0.9"))
    stand.publicise()
    written = stand.server.front.writes()

    attempt = once(stand.target(PRIVATE), release)

    assert attempt.outcome is Failure.POLICY
    assert attempt.problem
    assert (attempt.problem.code, attempt.problem.paste) == ("private-to-public", "with:\n  allow-public: true")
    assert stand.server.front.writes() == written
    assert once(stand.target(PRIVATE, allow_public=True), release).outcome is Done.PUBLISHED


def test_a_package_that_became_public_is_told(stand: GithubStand, release: Release) -> None:
    """It was not there before, so nobody could know."""
    stand.publicise()

    attempt = once(stand.target(PRIVATE), release)

    assert attempt.outcome is Done.PUBLISHED
    assert attempt.receipt
    assert attempt.receipt.visible_to == "public"
    assert "readable for everybody" in attempt.receipt.warning


def test_who_can_read_it_may_stay_unknown(stand: GithubStand, release: Release) -> None:
    """When something else answers, nothing is said."""
    target = stand.target(PUBLIC)
    once(target, release)
    stand.server.front.fail_reads(Fault(status=404, body=b'{"errors": []}'), Fault(status=200, body=b"<html>"))

    receipt = target.receipt(release, watch())

    assert (receipt.visible_to, receipt.warning, receipt.digest) == ("", "", "")


def test_settings_are_those_of_a_person_or_an_organisation() -> None:
    """As the event says; without one, an organisation's."""
    for event, owners in ((PUBLIC, "users"), (PRIVATE, "orgs"), ({}, "orgs")):
        url = ghcr.settings(Runner(repository="Octo/Demo", event=event), "octo/demo/hello_world")
        assert url == f"https://github.com/{owners}/Octo/packages/container/demo%2Fhello_world/settings"


@pytest.mark.parametrize(("tokens", "rows"), [({"github-token": Secret(TOKEN)}, [True, None]), ({}, [True, False])], ids=["with", "without"])
def test_a_check_says_whether_a_job_would_be_let_in(stand: GithubStand, tokens: dict[str, Secret], rows: list[bool | None]) -> None:
    """Without a token it would not; with one, whether it may write shows in the first upload."""
    found = list(stand.target(PUBLIC, tokens=tokens).check(watch()))

    assert [row.ok for row in found] == rows
    assert ("packages: write" in found[1].do) is not bool(tokens)


def test_a_check_says_what_keeps_a_job_out(stand: GithubStand) -> None:
    """A token that is wrong, in the words of the refusal."""
    (row,) = stand.target(PUBLIC, tokens={"github-token": Secret("wrong")}).check(watch())

    assert (row.ok, row.check) == (False, "registry")
    assert row.do
