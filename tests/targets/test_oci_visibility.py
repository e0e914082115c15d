"""Who can read what `ghcr` has published, and what must not become public."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests import factory
from tests.desk import Desk, put
from tests.servers.front import Fault
from tests.servers.ghcr import TOKEN
from tests.targets import layouts
from tests.targets.contract import once, watch
from tests.targets.namespaces import PRIVATE, PUBLIC, GhcrStand

from pkg_publish import cli, grammar, preflight
from pkg_publish.catalog import DENIED, Catalog
from pkg_publish.clients import ghcr as github
from pkg_publish.clients.wsgi_server import serving
from pkg_publish.errors import ConfigError, Failure, Refused
from pkg_publish.index import Index
from pkg_publish.install import install
from pkg_publish.interpreter import Interpreter
from pkg_publish.model import Release
from pkg_publish.runner import Runner
from pkg_publish.secret import Secret
from pkg_publish.state import Done
from pkg_publish.targets.base import Ambient, TargetSpec
from pkg_publish.targets.oci import OciKind

if TYPE_CHECKING:
    from tests.servers.ghcr import Ghcr


@pytest.fixture
def stand(ghcr: Ghcr) -> GhcrStand:
    """An empty registry."""
    return GhcrStand(ghcr)


@pytest.fixture
def release(tmp_path: Path) -> Release:
    """A wheel."""
    return factory.release(tmp_path / "dist", with_sdist=False)


def test_a_package_has_a_page(stand: GhcrStand, release: Release) -> None:
    """It is what people want to look at; installing takes the registry's own place."""
    receipt = once(stand.target(), release).receipt

    assert receipt
    assert receipt.url == f"{stand.server.front.url}/Octo/Demo.py/pkgs/container/demo.py%2Fdemo"
    assert (receipt.source, receipt.visible_to, receipt.warning) == (f"oci={stand.server.host}/octo/demo.py", "public", "")


def test_a_private_package_needs_a_login(stand: GhcrStand, release: Release) -> None:
    """What installs it names a variable that holds the token, never the token."""
    stand.server.registry.new_are_public = False
    receipt = once(stand.job(PRIVATE), release).receipt

    assert receipt
    assert json.loads(receipt.source) == {"oci": {"name": f"{stand.server.host}/octo/demo.py", "username": "NAME", "password-env": "GITHUB_TOKEN"}}
    assert (receipt.visible_to, receipt.warning) == ("private", "")


def test_what_the_receipt_names_can_be_installed(stand: GhcrStand, release: Release) -> None:
    """By anybody who has a token in that variable; the file comes with its digest."""
    stand.server.registry.new_are_public = False
    receipt = once(stand.job(PRIVATE), release).receipt
    assert receipt
    (spec,), mistakes = grammar.parse(receipt.source.replace("NAME", "Octo"))
    source = OciKind().make(spec, Ambient(folder=Path(), environ={"GITHUB_TOKEN": stand.server.token}, runner=Runner()))

    found = install("demo==1.0", Catalog([source]), Interpreter.ask(Path(sys.executable)), lambda fetched: int(not fetched.path.is_file()), watch())

    assert mistakes == []
    assert found.file.name == release.distributions[0].name
    assert found.file.sha256 == release.distributions[0].sha256


def test_strangers_are_not_told_what_is_not_there(stand: GhcrStand, release: Release) -> None:
    """It might be private: so a name is unknown only to who has a token, or has said that what is denied is absent."""
    once(stand.job(PUBLIC), release)
    place = {"name": f"{stand.server.host}/octo/demo.py"}
    stranger = OciKind().make(TargetSpec(kind="oci", options=place), Ambient(folder=Path(), environ={}, runner=Runner()))
    login = {**place, "username": "Octo", "password-env": "TOKEN"}
    reader = OciKind().make(TargetSpec(kind="oci", options=login), Ambient(folder=Path(), environ={"TOKEN": stand.server.token}, runner=Runner()))

    with pytest.raises(Refused) as caught:
        Catalog([stranger]).shelf("numpy", watch())
    assert caught.value.code == DENIED
    for catalog in (Catalog([reader]), Catalog([stranger], denied_is_absent=True)):
        with pytest.raises(ConfigError) as unknown:
            catalog.shelf("numpy", watch())
        assert unknown.value.code == "unknown-project"


def test_a_stranger_installs_what_needs_others(stand: GhcrStand, tmp_path: Path) -> None:
    """Who has said that nothing is hidden; who has not is told how."""
    file = preflight.alone(factory.wheel(tmp_path / "dist", extra="Requires-Dist: third\n"))
    assert file
    receipt = once(stand.job(PUBLIC), Release(project="demo", version="1.0", distributions=(file,))).receipt
    assert receipt
    assert receipt.visible_to == "public"
    put(layouts.make(tmp_path, path="others"), factory.wheel(tmp_path / "dist", "third"), "third")
    desk, stream = Desk(tmp_path, "uv"), io.StringIO()

    with serving(Index(Catalog([layouts.make(tmp_path, path="others")])), 0, print) as address:
        words = ["install", "demo==1.0", "--from", receipt.source, "--python", str(desk.python.path), "--upstream", f"{address}/simple/"]
        codes = [cli.run([*words, *more], desk.environ, stream, stream) for more in ([], ["--denied", "absent"])]

    assert codes == [Failure.REFUSED.exit_code, 0], stream.getvalue()
    assert "--denied absent" in stream.getvalue()
    assert desk.says("demo", "third") == "1 1"


def test_a_private_package_of_a_public_repository_is_a_surprise(stand: GhcrStand, release: Release) -> None:
    """The warning says where to change that, for no program can."""
    stand.server.registry.new_are_public = False
    receipt = once(stand.job(PUBLIC), release).receipt

    assert receipt
    assert receipt.visible_to == "private"
    assert f"{stand.server.front.url}/users/Octo/packages/container/" in receipt.warning


def test_a_private_source_does_not_go_where_everybody_reads(stand: GhcrStand, release: Release, tmp_path: Path) -> None:
    """The package is there and public: nothing is written, unless somebody said so aloud."""
    once(stand.job(PRIVATE), factory.release(tmp_path / "older", version="0.9"))
    written = stand.server.front.writes()

    attempt = once(stand.job(PRIVATE), release)

    assert attempt.outcome is Failure.POLICY
    assert attempt.problem
    assert (attempt.problem.code, attempt.problem.paste) == ("private-to-public", "with:\n  allow-public: true")
    assert stand.server.front.writes() == written
    assert once(stand.job(PRIVATE, allow_public=True), release).outcome is Done.PUBLISHED


def test_a_package_that_became_public_is_told(stand: GhcrStand, release: Release) -> None:
    """It was not there before, so nobody could know."""
    attempt = once(stand.job(PRIVATE), release)

    assert attempt.outcome is Done.PUBLISHED
    assert attempt.receipt
    assert attempt.receipt.visible_to == "public"
    assert "readable for everybody" in attempt.receipt.warning


def test_who_can_read_it_may_stay_unknown(stand: GhcrStand, release: Release) -> None:
    """When something else answers, nothing is said."""
    target = stand.job(PUBLIC)
    once(target, release)
    stand.server.front.fail_reads(Fault(status=404, body=b'{"errors": []}'), Fault(status=200, body=b"<html>"))

    receipt = target.receipt(release, watch())

    assert (receipt.visible_to, receipt.warning, receipt.digest) == ("", "", "")


def test_settings_are_those_of_a_person_or_an_organisation() -> None:
    """As the event says; without one, an organisation's."""
    for event, owners in ((PUBLIC, "users"), (PRIVATE, "orgs"), ({}, "orgs")):
        url = github.settings(Runner(repository="Octo/Demo", event=event), "octo/demo/hello_world")
        assert url == f"https://github.com/{owners}/Octo/packages/container/demo%2Fhello_world/settings"


@pytest.mark.parametrize(("tokens", "rows"), [({"github-token": Secret(TOKEN)}, [True, None]), ({}, [False])], ids=["with", "without"])
def test_a_check_says_whether_a_job_would_be_let_in(stand: GhcrStand, tokens: dict[str, Secret], rows: list[bool | None]) -> None:
    """Without a token it would not; with one, whether it may write shows in the first upload."""
    found = list(stand.job(PUBLIC, tokens=tokens).check(watch()))

    assert [row.ok for row in found] == rows
    assert ("write:packages" in found[-1].do) is not bool(tokens)


def test_a_check_says_what_keeps_a_job_out(stand: GhcrStand) -> None:
    """A token that is wrong, in the words of the refusal."""
    (row,) = stand.job(PUBLIC, tokens={"github-token": Secret("wrong")}).check(watch())

    assert (row.ok, row.check) == (False, "registry")
    assert row.do
