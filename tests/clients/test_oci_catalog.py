"""Which projects a registry has, and what a file in it says of itself."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.clients.scripts import asked, challenge, error, registry, repository
from tests.clients.stand import failure
from tests.servers.scripted import Scripted, answer

from pkg_publish.clients.oci_catalog import metadata_of, projects
from pkg_publish.errors import Unavailable, Unsupported
from pkg_publish.formats import oci
from pkg_publish.model import RemoteFile

if TYPE_CHECKING:
    from tests.clients.stand import Run
    from tests.servers.scripted import Step


def page(*names: object, link: str = "", rel: str = "next") -> Step:
    """One page of a list of repositories."""
    body = json.dumps({"repositories": list(names)}).encode()
    return answer(200, body, Link=f'<{link}>; rel="{rel}"') if link else answer(200, body)


def test_projects_are_the_repositories_of_the_namespace(server: Scripted, run: Run) -> None:
    """On all pages; neither those of others, nor what lies deeper, as a journal does."""
    server.then(page("octo/demo", "octo/demo/files", "octo", 7, link="/v2/_catalog?last=x"), page("octopus/demo", "octo/hello_world"))

    assert projects(registry(server), "octo", run.watch) == ["demo", "hello-world"]
    assert asked(server) == ["GET /v2/_catalog?n=1000", "GET /v2/_catalog?last=x"]


@pytest.mark.parametrize("rel", ["next", "first"])
def test_no_other_server_is_asked(server: Scripted, run: Run, rel: str) -> None:
    """Whatever a link says."""
    server.then(page("octo/demo", link="http://127.0.0.1:9/v2/_catalog", rel=rel))

    assert projects(registry(server), "octo", run.watch) == ["demo"]


def test_a_list_without_end_ends(server: Scripted, run: Run) -> None:
    """After as many pages as anybody has."""
    server.then(page("octo/demo", link="/v2/_catalog?again"))

    assert projects(registry(server), "octo", run.watch) == ["demo"]
    assert len(server.asked) == 100


@pytest.mark.parametrize("said", [error(404, "UNSUPPORTED"), error(403, "DENIED"), answer(400), answer(405)])
def test_a_registry_that_keeps_no_list(server: Scripted, run: Run, said: Step) -> None:
    """Whatever it says."""
    server.then(said)

    problem = failure(lambda: projects(registry(server), "octo", run.watch))

    assert isinstance(problem, Unsupported)
    assert problem.code == "no-list-of-projects"


def test_a_login_that_is_not_enough(server: Scripted, run: Run) -> None:
    """The token server may refuse it as well."""
    server.then(challenge(f"{server.url}/token"), error(403, "DENIED"))

    assert isinstance(failure(lambda: projects(registry(server), "octo", run.watch)), Unsupported)


def test_a_registry_that_does_not_answer(server: Scripted, run: Run) -> None:
    """Nobody knows what it has."""
    server.then(answer(503))

    assert isinstance(failure(lambda: projects(registry(server), "octo", run.watch)), Unavailable)


def test_what_is_no_list_is_empty(server: Scripted, run: Run) -> None:
    """And not believed."""
    server.then(answer(200, b'{"repositories": null}'))

    assert projects(registry(server), "octo", run.watch) == []


def manifest(size: int) -> bytes:
    """Of a file whose config has this size."""
    layer = {"digest": f"sha256:{'a' * 64}", "size": 1}
    return oci.encode({"config": {"digest": f"sha256:{'b' * 64}", "size": size}, "layers": [layer]})


@pytest.mark.parametrize("said", [error(404, "MANIFEST_UNKNOWN"), answer(200, manifest(oci.MANIFEST_LIMIT + 1))], ids=["no-manifest", "too-large"])
def test_metadata_that_cannot_be_had(server: Scripted, run: Run, said: Step) -> None:
    """It is called broken."""
    server.then(said)
    data = manifest(oci.MANIFEST_LIMIT + 1)
    file = RemoteFile(name="demo-1.0.tar.gz", url=f"demo@{oci.digest_of(data)}")

    assert failure(lambda: metadata_of(repository(server), file, run.watch)).code == "oci-broken"
