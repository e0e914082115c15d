"""A repository of a registry: reading what must be there to the byte, and listing it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.clients.scripts import MANIFEST, asked, challenge, error, repository, shown, token
from tests.clients.stand import cut_answer, failure
from tests.servers.scripted import Scripted, answer

from pkg_publish.errors import Conflict, Integrity, Invalid, Refused, Unavailable, Unsupported
from pkg_publish.formats import oci

if TYPE_CHECKING:
    from tests.clients.stand import Run
    from tests.servers.scripted import Step

DIGEST = oci.digest_of(MANIFEST)
OTHER = f"sha256:{'0' * 64}"
DATA = b"the file"
HEAD = answer(200, length=len(DATA))


def page(*tags: object, link: str = "") -> Step:
    """One page of a list of tags."""
    body = json.dumps({"name": "octo/demo", "tags": list(tags)}).encode()
    return answer(200, body, Link=f'<{link}>; rel="next"') if link else answer(200, body)


@pytest.mark.parametrize("kind", ["text/html", "text/html; charset=utf-8"])
def test_a_web_page_is_no_manifest(server: Scripted, run: Run, kind: str) -> None:
    """A login page or a proxy answers 200 to anything: that says nothing about what the registry holds."""
    server.then(answer(200, b"<h1>Please log in</h1>", Content_Type=kind))

    problem = failure(lambda: repository(server).manifest("1.0", run.watch))

    assert isinstance(problem, Unavailable)
    assert problem.code == "unexpected-answer"


def test_a_manifest_is_read_by_tag_and_digest(server: Scripted, run: Run) -> None:
    """All kinds are accepted, since GHCR answers 404 otherwise."""
    server.then(answer(200, MANIFEST, Docker_Content_Digest=DIGEST), answer(200, MANIFEST))
    ours = repository(server)

    assert [ours.manifest(reference, run.watch) for reference in ("1.0", DIGEST)] == [MANIFEST, MANIFEST]
    assert asked(server) == ["GET /v2/octo/demo/manifests/1.0", f"GET /v2/octo/demo/manifests/{DIGEST}"]
    assert server.asked[0].headers["Accept"].count("application/vnd.") == 4


@pytest.mark.parametrize("code", ["MANIFEST_UNKNOWN", "NAME_UNKNOWN"])
def test_a_registry_says_that_nothing_is_there(server: Scripted, run: Run, code: str) -> None:
    """Of a tag, and of a repository; its word is a proof."""
    server.then(error(404, code))

    assert repository(server).manifest("1.0", run.watch) is None
    assert repository(server).tags(run.watch) == []


@pytest.mark.parametrize("body", [b"<h1>404</h1>", b'{"message": "no"}', b"[]", b'{"errors": "no"}'])
def test_anybody_elses_404_proves_nothing(server: Scripted, run: Run, body: bytes) -> None:
    """A proxy or a web site may say it."""
    server.then(answer(404, body))

    problem = failure(lambda: repository(server).manifest("1.0", run.watch))

    assert isinstance(problem, Refused)
    assert problem.code == "no-registry"


@pytest.mark.parametrize("reference", ["1.0", DIGEST])
def test_a_flipped_bit_in_a_manifest_is_seen(server: Scripted, run: Run, reference: str) -> None:
    """By the digest that was asked for, and by the one the registry gives."""
    server.then(answer(200, MANIFEST.replace(b"2", b"3"), Docker_Content_Digest=DIGEST))

    assert failure(lambda: repository(server).manifest(reference, run.watch)).code == "oci-broken"


def test_a_manifest_without_end_is_not_read(server: Scripted, run: Run) -> None:
    """Memory is bounded."""
    server.then(answer(200, b" " * (oci.MANIFEST_LIMIT + 1)))

    assert failure(lambda: repository(server).manifest("1.0", run.watch)).code == "answer-too-large"


def test_a_blob_is_fetched_and_compared(server: Scripted, run: Run) -> None:
    """Also when the connection breaks off on the way."""
    server.then(answer(200, length=10), cut_answer, answer(206, b"", Content_Type="application/octet-stream"))
    digest = oci.digest_of(b"x" * 10)

    assert b"".join(repository(server).blob(digest, None, run.watch)) == b"x" * 10
    assert [line.split()[0] for line in asked(server)] == ["HEAD", "GET", "GET"]


def test_a_flipped_bit_in_a_blob_is_seen(server: Scripted, run: Run) -> None:
    """At its end."""
    server.then(HEAD, answer(200, DATA.replace(b"f", b"g")))

    problem = failure(lambda: list(repository(server).blob(oci.digest_of(DATA), len(DATA), run.watch)))

    assert isinstance(problem, Integrity)
    assert problem.code == "oci-broken"


def test_a_blob_of_another_size_is_not_fetched(server: Scripted, run: Run) -> None:
    """The manifest says how large it is."""
    server.then(HEAD)

    assert failure(lambda: list(repository(server).blob(oci.digest_of(DATA), 7, run.watch))).code == "oci-broken"
    assert len(server.asked) == 1


@pytest.mark.parametrize("digest", [OTHER, "sha256:None"])
def test_a_blob_that_is_not_there_cannot_be_fetched(server: Scripted, run: Run, digest: str) -> None:
    """Nor one whose digest nobody knows."""
    server.then(answer(404))

    assert failure(lambda: list(repository(server).blob(digest, None, run.watch))).code == "oci-broken"


def test_a_blob_may_lie_elsewhere_without_our_login(server: Scripted, run: Run) -> None:
    """GHCR sends readers to a storage: it sees no token, and its bytes are compared."""
    with Scripted().then(answer(200, DATA)) as storage:
        moved = answer(307, Location=f"http://localhost:{storage.port}/signed")
        server.then(challenge(f"{server.url}/token"), token(), moved, moved)
        ours = repository(server)

        assert ours.has(oci.digest_of(DATA), run.watch, 7)  # the storage is not asked, so its size is nobody's
        assert b"".join(ours.blob(oci.digest_of(DATA), None, run.watch)) == DATA
        assert shown(server)[-1] == "Bearer opaque"
        assert shown(storage) == [None]


def test_a_blob_that_cannot_be_fetched_says_why(server: Scripted, run: Run) -> None:
    """By the table of refusals."""
    server.then(HEAD, error(403, "DENIED"))

    assert failure(lambda: list(repository(server).blob(oci.digest_of(DATA), None, run.watch))).code == "registry-denied"


def test_a_refused_look_for_a_blob_says_why(server: Scripted, run: Run) -> None:
    """A HEAD has no words but its status."""
    server.then(answer(403))

    assert isinstance(failure(lambda: repository(server).has(OTHER, run.watch)), Refused)


def test_tags_come_in_pages(server: Scripted, run: Run) -> None:
    """In any order; the registry says where the next page is."""
    server.then(page("2.0", "1.0", link="/v2/octo/demo/tags/list?n=2&last=x"), page("latest", 3))

    assert repository(server).tags(run.watch) == ["2.0", "1.0", "latest"]
    assert asked(server) == ["GET /v2/octo/demo/tags/list?n=1000", "GET /v2/octo/demo/tags/list?n=2&last=x"]


def test_a_list_of_tags_may_be_null(server: Scripted, run: Run) -> None:
    """As docker-registry has it when the last one is gone."""
    server.then(answer(200, b'{"tags": null}'))

    assert repository(server).tags(run.watch) == []


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"tags": "1.0"}', b"<html>"])
def test_what_lists_no_tags_is_no_empty_list(server: Scripted, run: Run, body: bytes) -> None:
    """An empty list is a proof, this is none."""
    server.then(answer(200, body))

    assert isinstance(failure(lambda: repository(server).tags(run.watch)), Unavailable)


def test_tags_that_may_not_be_listed_are_refused(server: Scripted, run: Run) -> None:
    """By the table of refusals."""
    server.then(error(403, "DENIED"))

    assert isinstance(failure(lambda: repository(server).tags(run.watch)), Refused)


def test_a_list_without_end_ends(server: Scripted, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that always has another page is left."""
    monkeypatch.setattr("pkg_publish.clients.oci_api.PAGES", 3)
    server.then(page("1.0", link="/v2/octo/demo/tags/list"))

    assert len(repository(server).tags(run.watch)) == 3


def test_the_next_page_is_on_the_same_server(server: Scripted, run: Run) -> None:
    """Another one gets neither the token nor a question."""
    with Scripted().then(answer(200)) as foreign:
        server.then(challenge(f"{server.url}/token"), token(), page("1.0", link=f"{foreign.url}/v2/x"))

        assert failure(lambda: repository(server).tags(run.watch)).code == "foreign-address"
        assert foreign.connections == 0


REFUSALS = [
    (403, "DENIED", "permission_denied: write_package", Refused, "ghcr-write-package"),
    (403, "DENIED", "installation not allowed to Write organization package", Refused, "ghcr-no-permission"),
    (403, "DENIED", "Resource not accessible by integration", Refused, "ghcr-no-permission"),
    (403, "DENIED", "installation not allowed to Create organization package", Refused, "ghcr-create-package"),
    (401, "UNAUTHORIZED", "authentication token not provided", Refused, "registry-token"),
    (403, "DENIED", "bad credentials", Refused, "registry-token"),
    (401, "UNAUTHORIZED", "authentication required", Refused, "registry-login"),
    (403, "DENIED", "requested access to the resource is denied", Refused, "registry-denied"),
    (403, "DENIED", "You have exceeded a secondary rate limit", Unavailable, "rate-limited"),
    (429, "TOOMANYREQUESTS", "retry-after: 10.3ms, allowed: 2000/minute", Unavailable, "rate-limited"),
    (403, "DENIED", "quota exceeded for this project", Refused, "registry-full"),
    (405, "UNSUPPORTED", "the registry is in read-only mode", Unavailable, "registry-read-only"),
    (503, "UNAVAILABLE", "", Unavailable, "server-error"),
    (413, "", "", Invalid, "file-too-large"),
    (400, "NAME_INVALID", "invalid repository name", Invalid, "registry-name"),
    (404, "NAME_UNKNOWN", "repository does not exist", Refused, "no-repository"),
    (400, "DIGEST_INVALID", "provided digest did not match uploaded content", Integrity, "wrong-digest"),
    (415, "UNSUPPORTED", "media type", Unsupported, "registry-takes-no-artifacts"),
    (400, "MANIFEST_INVALID", "config media type", Unsupported, "registry-takes-no-artifacts"),
    (400, "TAG_INVALID", "the image tag is immutable", Conflict, "oci-tag-taken"),
    (405, "", "", Refused, "no-registry"),
    (418, "", "", Refused, "unexpected-answer"),
]


@pytest.mark.parametrize("row", REFUSALS, ids=lambda row: f"{row[0]}-{row[4]}-{row[2][:12]}")
def test_every_refusal_has_a_cure(server: Scripted, run: Run, row: tuple[int, str, str, type, str]) -> None:
    """Its class, its code, the registry's own words, and what to do; the words are filled in."""
    status, code, message, kind, slug = row
    server.then(error(status, code, message))

    problem = failure(lambda: repository(server).put_manifest("1.0", MANIFEST, oci.MANIFEST, run.watch))

    assert (type(problem), problem.code) == (kind, slug)
    assert message in problem.said
    assert problem.cure
    assert "{" not in problem.cure + problem.paste.replace("${{", "")
