"""A first look at what may not be there, where a registry tells nobody what is not there."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING

import pytest
from tests.clients.scripts import asked, challenge, error, registry, shown, token
from tests.clients.stand import failure
from tests.servers.scripted import Scripted, answer

from pkg_publish.clients.oci_api import Repository
from pkg_publish.clients.oci_versions import files_of, first_look, index_of, is_public
from pkg_publish.errors import PublishError, Unavailable
from pkg_publish.formats import oci
from pkg_publish.formats.version_index import VersionIndex

if TYPE_CHECKING:
    from tests.clients.stand import Run
    from tests.servers.scripted import Step, Visit

DENIED = error(403, "DENIED", "requested access to the resource is denied")


def look(server: Scripted, run: Run, *, login: bool = True) -> VersionIndex:
    """Look for a version that nobody has published."""
    return first_look(registry(server, login=login), "octo/demo", lambda found: index_of(found, "demo", "1.0", run.watch))


def test_a_writer_is_told_what_a_reader_is_not(server: Scripted, run: Run) -> None:
    """GHCR gives no token for reading what is not there; asked for writing, it says so."""
    server.then(challenge(f"{server.url}/token"), DENIED, token(), error(404, "MANIFEST_UNKNOWN"))

    assert look(server, run) == VersionIndex()
    assert [line.rpartition("%3A")[2] for line in asked(server)[1:3]] == ["pull", "pull%2Cpush"]


def test_two_refusals_are_one(server: Scripted, run: Run) -> None:
    """Somebody who may do neither is told what the reader was."""
    server.then(challenge(f"{server.url}/token"), DENIED, error(403, "DENIED", "permission_denied: write_package"))

    assert failure(lambda: look(server, run)).code == "registry-denied"


def test_a_stranger_asks_once(server: Scripted, run: Run) -> None:
    """There is no login to ask as a writer with."""
    server.then(challenge(f"{server.url}/token"), DENIED)

    assert failure(lambda: look(server, run, login=False)).code == "registry-denied"
    assert len(server.asked) == 2


@pytest.mark.parametrize(("said", "public"), [(answer(200, b'{"tags": ["1.0"]}'), True), (DENIED, False), (error(404, "NAME_UNKNOWN"), False)])
def test_who_can_read_it(server: Scripted, run: Run, said: Step, public: bool) -> None:  # noqa: FBT001 - a table
    """Everybody, or nobody without a login; where nothing is, nobody."""
    server.then(said)

    assert is_public(registry(server, login=True), "octo/demo", run.watch) is public
    assert shown(server) == [None]


def test_eight_versions_cost_a_round_trip(server: Scripted, run: Run) -> None:
    """And their list another one; nothing more is asked, for the index of a version says all."""
    eight, tags = threading.Barrier(8), [f"1.{number}" for number in range(16)]
    file = {"digest": f"sha256:{'a' * 64}", "size": 2, "mediaType": oci.MANIFEST, "platform": {"architecture": "py3-none-any.whl", "os": "any"}}
    file |= {"artifactType": oci.ARTIFACT, "annotations": {"com.pyoci.sha256_digest": "b" * 64}}
    index = {"schemaVersion": 2, "mediaType": oci.INDEX, "artifactType": oci.ARTIFACT, "manifests": [file]}

    def version(visit: Visit) -> None:
        visit.request()
        eight.wait(10)
        visit.say(200, json.dumps(index).encode(), Content_Type=oci.INDEX)

    server.then(answer(200, json.dumps({"tags": tags}).encode()), version)

    files = files_of(Repository(registry(server), "octo/demo"), "demo", None, run.watch)

    assert {file.name for file in files} == {f"demo-{tag}-py3-none-any.whl" for tag in tags}
    assert len(server.asked) == 1 + len(tags)


def test_nobody_may_know_who_can_read_it(server: Scripted, run: Run) -> None:
    """What is no answer is no `no`: a private source does not go there."""
    server.then(answer(200, b"<html>"))

    assert isinstance(failure(lambda: is_public(registry(server), "octo/demo", run.watch)), Unavailable)


@pytest.mark.parametrize(
    "said",
    [[answer(200, b'{"tags": null}')], [answer(200, b'{"tags": ["latest"]}')], [answer(200, b'{"tags": ["1.0"]}'), error(404, "MANIFEST_UNKNOWN")]],
    ids=["null", "no version", "no index"],
)
def test_a_repository_that_cannot_be_read_whole_is_no_absent_project(server: Scripted, run: Run, said: list[Step]) -> None:
    """It has the name, so that nothing else supplies it."""
    server.then(*said)

    assert failure(lambda: files_of(Repository(registry(server), "octo/demo"), "demo", None, run.watch)).code == "project-damaged"


def test_only_a_registrys_own_word_makes_a_project_absent(server: Scripted, run: Run) -> None:
    """A 404 that says `DENIED` says that it may be there."""
    server.then(error(404, "NAME_UNKNOWN"), error(404, "DENIED"))
    repository = Repository(registry(server), "octo/demo")

    assert files_of(repository, "demo", None, run.watch) == []
    assert isinstance(failure(lambda: files_of(repository, "demo", None, run.watch)), PublishError)


def test_a_lost_manifest_stops_a_reader(server: Scripted, run: Run) -> None:
    """Nobody can say what the file holds, and an older one is not taken for it."""
    lost = {"mediaType": oci.MANIFEST, "digest": f"sha256:{'0' * 64}", "size": 1, "platform": {"architecture": "py3-none-any.whl", "os": "any"}}
    index = {"schemaVersion": 2, "mediaType": oci.INDEX, "artifactType": oci.ARTIFACT, "manifests": [lost]}
    server.then(answer(200, json.dumps(index).encode(), Content_Type=oci.INDEX), error(404, "MANIFEST_UNKNOWN"))

    problem = failure(lambda: files_of(Repository(registry(server), "octo/demo"), "demo", "1.0", run.watch))

    assert "the manifest of demo-1.0-py3-none-any.whl" in problem.what
