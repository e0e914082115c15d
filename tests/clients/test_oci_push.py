"""Sending to a repository: in one pass, again from the start after a failure, never twice what has arrived."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests import factory
from tests.clients.scripts import BLOB, MANIFEST, asked, challenge, error, repository, shown, token
from tests.clients.stand import Run, failure, reset_after
from tests.servers.scripted import Scripted, answer

from pkg_publish.clients.oci_api import PUSH, Outgoing
from pkg_publish.errors import Integrity, Refused, Unavailable
from pkg_publish.formats import oci
from pkg_publish.watch import Sent

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.scripted import Step

ABSENT, THERE, TAKEN = answer(404), answer(200, length=BLOB.size), answer(201)
SESSION = answer(202, Location="/upload/1?_state=x")
UPLOADS = "POST /v2/octo/demo/blobs/uploads/"
PUT = f"PUT /upload/1?_state=x&digest=sha256%3A{BLOB.digest.removeprefix('sha256:')}"
LOOK = f"HEAD /v2/octo/demo/blobs/{BLOB.digest}"


def push(server: Scripted, run: Run, **facts: str) -> None:
    """Send one blob."""
    repository(server, PUSH).push([replace(BLOB, **facts)], run.watch)  # type: ignore[arg-type]


def test_a_blob_is_looked_for_then_sent(server: Scripted, run: Run) -> None:
    """One session, one write with the digest; what is between them in the address stays."""
    server.then(ABSENT, SESSION, TAKEN)

    push(server, run)

    assert asked(server) == [LOOK, UPLOADS, PUT]
    assert server.asked[2].body == BLOB.content


def test_a_session_may_have_a_bare_address(server: Scripted, run: Run) -> None:
    """Then the digest is all of the query."""
    server.then(ABSENT, answer(202, Location=f"{server.url}/upload/1"), TAKEN)

    push(server, run)

    assert asked(server)[2].startswith("PUT /upload/1?digest=sha256")


def test_a_blob_that_is_there_is_not_sent(server: Scripted, run: Run) -> None:
    """An earlier run was cut off."""
    server.then(THERE)

    push(server, run)

    assert asked(server) == [LOOK]


def test_small_blobs_are_sent_unasked_where_nobody_was(server: Scripted, run: Run) -> None:
    """The first that is not there says so; a large one is asked for all the same."""
    large = Outgoing.of(b"x" * (1 << 20), "large")
    server.then(ABSENT, SESSION, TAKEN, SESSION, TAKEN, answer(200, length=large.size), THERE)
    ours = repository(server, PUSH)
    for blob in (BLOB, BLOB, large, BLOB):
        ours.push([blob], run.watch)

    assert [line.split()[0] for line in asked(server)] == ["HEAD", "POST", "PUT", "POST", "PUT", "HEAD", "HEAD"]


def test_a_file_is_read_as_it_goes_out(server: Scripted, run: Run, tmp_path: Path) -> None:
    """Its progress is told under its name."""
    wheel = factory.distribution(factory.wheel(tmp_path), "demo", "1.0")
    server.then(ABSENT, SESSION, TAKEN)

    repository(server, PUSH).push([Outgoing.of_file(wheel, run.watch)], run.watch)

    assert server.asked[2].body == wheel.path.read_bytes()
    assert sum(event.size for event in run.told if isinstance(event, Sent) and event.name == wheel.name) == wheel.size


@pytest.mark.parametrize("answers", [[TAKEN], [SESSION, TAKEN]], ids=["it can", "it cannot"])
def test_a_blob_is_taken_from_another_repository(server: Scripted, run: Run, answers: list[Step]) -> None:
    """Nothing is sent; a registry that does not do that opens a session."""
    server.then(ABSENT, *answers)

    push(server, run, source="octo/base")

    assert asked(server)[1] == f"{UPLOADS}?mount=sha256%3A{BLOB.digest.removeprefix('sha256:')}&from=octo%2Fbase"
    assert len(server.asked) == 1 + len(answers)


def test_an_upload_that_landed_unheard_is_not_sent_again(server: Scripted, run: Run) -> None:
    """The answer was lost; a look finds the blob."""
    server.then(ABSENT, SESSION, reset_after, THERE)

    push(server, run)

    assert asked(server) == [LOOK, UPLOADS, PUT, LOOK]


BROKEN = {
    "reset": reset_after,
    "502": answer(502),
    "429": answer(429, Retry_After="7"),
    "lost": error(404, "BLOB_UPLOAD_UNKNOWN"),
    "invalid": error(400, "BLOB_UPLOAD_INVALID"),
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_a_failed_upload_starts_anew(server: Scripted, run: Run, broken: Step) -> None:
    """In a session of its own, with all bytes, after a pause."""
    again = answer(202, Location="/upload/2")
    server.then(ABSENT, SESSION, broken, ABSENT, again, TAKEN)

    push(server, run)

    assert asked(server)[4:] == [UPLOADS, PUT.replace("/1?_state=x&", "/2?")]
    assert server.asked[5].body == BLOB.content
    assert len(run.pauses) == 1


def test_a_registry_that_asks_for_time_gets_it(server: Scripted, run: Run) -> None:
    """`Retry-After` counts for uploads too."""
    server.then(ABSENT, SESSION, answer(429, Retry_After="7"), ABSENT, SESSION, TAKEN)

    push(server, run)

    assert run.pauses == [7]


def test_uploads_that_always_fail_are_unavailable(server: Scripted, run: Run) -> None:
    """After five tries."""
    tries = [ABSENT, SESSION, answer(500)] * 5
    server.then(*tries, answer(500))

    problem = failure(lambda: push(server, run))

    assert isinstance(problem, Unavailable)
    assert asked(server).count(PUT) == 5


def test_a_session_that_never_opens_is_unavailable(server: Scripted, run: Run) -> None:
    """It is asked for as often as anything else."""
    server.then(ABSENT, answer(503))

    problem = failure(lambda: push(server, run))

    assert (problem.code, problem.details) == ("server-error", ("asked 5 times",))


def test_no_time_is_no_reason_to_wait(server: Scripted) -> None:
    """When the next try would come too late, the failure is told at once."""
    run = Run(seconds=60)
    server.then(ABSENT, SESSION, answer(429, Retry_After="100"))

    assert failure(lambda: push(server, run)).code == "rate-limited"
    assert run.pauses == []


def test_a_refused_upload_is_not_repeated(server: Scripted, run: Run) -> None:
    """A clear no."""
    server.then(ABSENT, SESSION, error(403, "DENIED", "permission_denied: write_package"))

    problem = failure(lambda: push(server, run))

    assert isinstance(problem, Refused)
    assert len(server.asked) == 3


def test_a_bit_that_flips_on_the_way_is_integrity(server: Scripted, run: Run) -> None:
    """The registry compares with the digest in the address."""
    server.then(ABSENT, SESSION, error(400, "DIGEST_INVALID"))

    assert isinstance(failure(lambda: push(server, run)), Integrity)


@pytest.mark.parametrize("location", ["{foreign}/upload/1", "", "http://example.org/upload", "//me:secret@127.0.0.1/x"])
def test_uploads_go_to_the_registry_alone(server: Scripted, run: Run, location: str) -> None:
    """A session anywhere else gets no byte, with a token or without."""
    with Scripted().then(TAKEN) as foreign:
        server.then(challenge(f"{server.url}/token"), token(), ABSENT, answer(202, Location=location.format(foreign=foreign.url)))

        problem = failure(lambda: push(server, run))

        assert isinstance(problem, Integrity)
        assert problem.code == "foreign-address"
        assert foreign.connections == 0


def test_a_write_follows_no_redirect(server: Scripted, run: Run) -> None:
    """Wherever the registry points."""
    with Scripted().then(TAKEN) as foreign:
        server.then(ABSENT, SESSION, answer(307, Location=foreign.url))

        assert failure(lambda: push(server, run)).code == "write-redirected-elsewhere"
        assert foreign.connections == 0


def put(server: Scripted, run: Run, *blobs: Outgoing) -> None:
    """Write a manifest."""
    repository(server, PUSH).put_manifest("1.0", MANIFEST, oci.MANIFEST, run.watch, blobs)


def test_a_manifest_is_written_with_its_type(server: Scripted, run: Run) -> None:
    """And its digest compared with what the registry made of it."""
    server.then(answer(201, Docker_Content_Digest=oci.digest_of(MANIFEST)))

    put(server, run)

    assert asked(server) == ["PUT /v2/octo/demo/manifests/1.0"]
    assert (server.asked[0].headers["Content-Type"], server.asked[0].body) == (oci.MANIFEST, MANIFEST)


def test_a_manifest_that_arrives_as_another_is_integrity(server: Scripted, run: Run) -> None:
    """The registry says what it stored."""
    server.then(answer(201, Docker_Content_Digest=f"sha256:{'0' * 64}"))

    assert isinstance(failure(lambda: put(server, run)), Integrity)


def test_a_manifest_may_come_twice(server: Scripted, run: Run) -> None:
    """After a reset it is written again: the same bytes do no harm."""
    server.then(reset_after, answer(201))

    put(server, run)

    assert asked(server) == ["PUT /v2/octo/demo/manifests/1.0"] * 2


LOST = {
    "named": ([error(400, "MANIFEST_BLOB_UNKNOWN", BLOB.digest)], [SESSION, TAKEN]),
    "gone": ([error(404, "BLOB_UNKNOWN"), ABSENT], [SESSION, TAKEN]),
    "late": ([error(403, "DENIED", "denied"), THERE], []),
}


@pytest.mark.parametrize(("said", "repaired"), LOST.values(), ids=LOST)
def test_a_blob_out_of_sight_is_sent_again(server: Scripted, run: Run, said: list[Step], repaired: list[Step]) -> None:
    """What the registry names or does not find; GHCR's passing `denied` needs nothing but patience."""
    server.then(*said, *repaired, answer(201))

    put(server, run, BLOB)

    assert [line.split()[0] for line in asked(server)].count("PUT") == (3 if repaired else 2)
    assert shown(server) == [None] * len(server.asked)


def test_a_blob_that_stays_out_of_sight_is_told(server: Scripted, run: Run) -> None:
    """After three tries."""
    lost = error(400, "MANIFEST_BLOB_UNKNOWN", BLOB.digest)
    server.then(lost, SESSION, TAKEN, lost, SESSION, TAKEN, lost)

    problem = failure(lambda: put(server, run, BLOB))

    assert isinstance(problem, Unavailable)
    assert problem.code == "part-unknown"
