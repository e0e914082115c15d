"""`ghcr` and `oci`: what doctor learns there, beside the check."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests import factory
from tests.clients.scripts import error
from tests.servers.ghcr import CANNOT_CREATE, TOKEN, digest_of
from tests.servers.scripted import Scripted, answer
from tests.targets.contract import once, watch
from tests.targets.namespaces import PRIVATE, PUBLIC, GhcrStand, make

from pkg_publish.model import Subject
from pkg_publish.runner import Runner
from pkg_publish.secret import Secret

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.ghcr import Ghcr

    from pkg_publish.model import CheckRow, Release
    from pkg_publish.targets.oci import Oci

NAME = "octo/demo.py/demo"
DEMO = Subject(project="demo", version="1.0")
DEEP = Subject(project="demo", version="1.0", deep=True)


@pytest.fixture
def stand(ghcr: Ghcr) -> GhcrStand:
    """An empty registry."""
    return GhcrStand(ghcr)


@pytest.fixture
def release(tmp_path: Path) -> Release:
    """A wheel."""
    return factory.release(tmp_path / "dist", with_sdist=False)


def rows(target: Oci, subject: Subject = DEMO) -> dict[str, CheckRow]:
    """What the doctor is told, by the name of the check."""
    return {row.check: row for row in target.examine(subject, watch())}


def test_before_the_first_publish(stand: GhcrStand) -> None:
    """The name as GHCR will have it, nothing under it, and what cannot be known, with the page where a person looks; nothing is written."""
    found = rows(stand.target())

    assert found["name"].found == f"{stand.server.host}/{NAME}"
    assert found["name"].means == "registries want lower case"
    assert found["package"].found.startswith("nothing so far")
    assert (found["packages: write"].ok, "Manage Actions access" in found["packages: write"].means) == (None, True)
    assert "/packages/container/demo.py%2Fdemo/settings" in found["packages: write"].do
    assert stand.writes() == 0


def test_after_it(stand: GhcrStand, release: Release) -> None:
    """Linked to the GitHub repository, and as visible."""
    once(stand.target(), release)

    found = rows(stand.target())

    assert found["package"].found == "there, with 1 tag"
    assert (found["visibility"].found, found["visibility"].ok) == ("everybody can read it", True)
    assert (found["linked"].ok, "Octo/Demo.py" in found["linked"].found) == (True, True)


@pytest.mark.parametrize(("repository", "found"), [("Octo/Other", "it names http"), ("", "it names no GitHub repository")])
def test_a_package_of_somebody_else(stand: GhcrStand, release: Release, repository: str, found: str) -> None:
    """It must let this GitHub repository in; and it is private though the source is public."""
    stand.server.registry.new_are_public = False
    theirs = Runner(server_url=stand.server.front.url, repository=repository)
    once(make(f"{stand.server.host}/octo/demo.py", "octo", TOKEN, theirs), release)

    seen = rows(stand.job(PUBLIC))

    assert (seen["linked"].ok, seen["linked"].found.startswith(found)) == (None, True)
    assert "Manage Actions access" in seen["linked"].do
    assert (seen["visibility"].ok, "private" in seen["visibility"].means) == (None, True)


def test_a_deep_look_begins_an_upload(stand: GhcrStand) -> None:
    """The one thing that tells whether the job may write; nothing that anybody sees is left."""
    found = rows(stand.target(), DEEP)

    assert (found["packages: write"].ok, found["packages: write"].found) == (True, "an upload may be begun")
    assert stand.server.registry.known(NAME) is None


def test_a_deep_look_that_is_refused(stand: GhcrStand) -> None:
    """In GHCR's words, with the cure."""
    row = rows(stand.job(PUBLIC, tokens={"github-token": Secret(CANNOT_CREATE)}), DEEP)["packages: write"]

    assert (row.ok, row.failure) == (False, "refused")
    assert row.code.startswith("ghcr-")
    assert row.paste.endswith("packages: write")


def test_a_job_that_is_not_let_in_is_asked_no_more(stand: GhcrStand) -> None:
    """Nor one whose project has no name yet."""
    assert list(rows(stand.job(PUBLIC, tokens={}))) == ["login"]
    assert list(rows(stand.job(PRIVATE, tokens={"github-token": Secret(TOKEN)}), Subject())) == ["registry", "login"]


def test_a_registry_that_shows_strangers_nothing() -> None:
    """Whether something is there cannot be known."""
    with Scripted().then(answer(200, b"{}"), error(403, "DENIED", "requested access to the resource is denied")) as server:
        found = rows(make(f"127.0.0.1:{server.port}/octo"))

    assert (found["package"].ok, "the same of both" in found["package"].means) == (None, True), found
    assert found.keys() & {"linked", "visibility"} == set()


@pytest.mark.parametrize("broken", [b"no json", b'{"annotations": []}'])
def test_a_tag_that_holds_something_else(stand: GhcrStand, release: Release, broken: bytes) -> None:
    """Is no reason to fall over."""
    once(stand.target(), release)
    package = stand.server.registry.packages[NAME]
    package.manifests[digest_of(broken)] = broken
    package.tags["1.0"] = digest_of(broken)

    assert rows(stand.target())["package" if broken == b"no json" else "linked"].ok is not True


def test_a_registry_that_breaks_in_between() -> None:
    """Whether everybody can read it is not known."""
    tags = answer(200, b'{"tags": ["1.0"]}', Content_Type="application/json")
    with Scripted().then(answer(200, b"{}"), tags, answer(200, b"{}"), error(400, "BLOB_UPLOAD_UNKNOWN")) as server:
        found = rows(make(f"127.0.0.1:{server.port}/octo"))

    assert (found["package"].found, found["visibility"].ok) == ("there, with 1 tag", None)
