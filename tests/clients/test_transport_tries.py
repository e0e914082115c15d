"""What is asked again, and what never blindly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.clients.stand import (
    Run,
    Upload,
    close_after,
    cut_answer,
    failure,
    nonsense,
    reading,
    reset_after,
    reset_before,
    reset_in_head,
    writing,
)
from tests.servers.scripted import Scripted, Visit, answer

from pkg_publish.clients.request import Request
from pkg_publish.clients.transport import Transport, harmless
from pkg_publish.errors import Cancelled, Failure, Refused, Unavailable
from pkg_publish.watch import Sent, Waiting

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize("status", [408, 425, 429, 499, 500, 502, 503, 504, 520, 524])
def test_what_may_pass_is_asked_again(server: Scripted, run: Run, status: int) -> None:
    """Twice a temporary answer, then a good one."""
    server.then(answer(status), answer(status), answer(200, b"there"))

    said = Transport().read(reading(server), run.watch)

    assert (said.body, said.tries) == (b"there", 3)
    assert len(run.pauses) == 2
    assert 0 <= run.pauses[0] <= 1
    assert 0 <= run.pauses[1] <= 2


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 422, 501, 505, 507, 511])
def test_what_will_not_pass_is_not_asked_again(server: Scripted, run: Run, status: int) -> None:
    """One try."""
    server.then(answer(status))

    assert (Transport().read(reading(server), run.watch).status, len(server.asked), run.pauses) == (status, 1, [])


def test_five_tries_and_no_more(server: Scripted, run: Run) -> None:
    """Then the answer is the client's to judge."""
    server.then(answer(503))

    said = Transport().read(reading(server), run.watch)

    assert (said.status, said.tries, len(server.asked)) == (503, 5, 5)


def test_a_server_says_how_long(server: Scripted, run: Run) -> None:
    """`Retry-After` counts where it is longer than our own pause, with a 403 too."""
    server.then(answer(403, Retry_After="77"), answer(200))

    assert Transport().read(reading(server), run.watch).ok
    assert run.pauses == [77]
    assert [event.why for event in run.told if isinstance(event, Waiting)] == [f"reading it: 127.0.0.1:{server.port} answered 403; then try 2 of 5"]


def test_a_pause_longer_than_the_run_is_not_begun(server: Scripted) -> None:
    """When the time left is too short, the answer stands as it is."""
    server.then(answer(503, Retry_After="100"))
    run = Run(seconds=50)

    assert Transport().read(reading(server), run.watch).tries == 1
    assert run.pauses == []


def test_a_run_that_ends_in_a_pause_is_over(server: Scripted) -> None:
    """A cancel is not followed by another request."""
    server.then(answer(503, Retry_After="10"))
    run = Run()
    run.watch.tell = lambda _: run.watch.cancel()

    with pytest.raises(Cancelled):
        Transport().read(reading(server), run.watch)
    assert len(server.asked) == 1


def test_nobody_listens(free_port: int, run: Run) -> None:
    """A refused connection is tried again, and reached nobody."""
    request = Request(doing="writing it", method="POST", url=f"http://127.0.0.1:{free_port}/")

    problem = failure(lambda: Transport().write(request, run.watch))

    assert (problem.kind, problem.code, problem.reached) == (Failure.UNAVAILABLE, "unreachable", False)
    assert problem.what == f"writing it failed: 127.0.0.1:{free_port} refuses connections"
    assert problem.details[0].startswith("tried 5 times in ")
    assert len(run.pauses) == 4


def test_nobody_knows_the_name(run: Run) -> None:
    """DNS."""
    problem = failure(lambda: Transport().read(Request(doing="reading it", url="https://no-such-host.invalid/", tries=1), run.watch))

    assert (problem.code, problem.what) == ("unreachable", "reading it failed: nobody knows where no-such-host.invalid is (DNS)")


BREAKS = [reset_after, close_after, cut_answer, nonsense]


@pytest.mark.parametrize("step", [reset_before, *BREAKS], ids=lambda step: step.__name__)
def test_a_read_survives_a_break(server: Scripted, run: Run, step: Callable[[Visit], None]) -> None:
    """Wherever the connection broke, the read is made again."""
    server.then(step, answer(200, b"there"))

    assert Transport().read(reading(server), run.watch).body == b"there"


@pytest.mark.parametrize("step", BREAKS, ids=lambda step: step.__name__)
def test_a_break_that_stays_is_no_answer(server: Scripted, run: Run, step: Callable[[Visit], None]) -> None:
    """With a word for it, and without one of the libraries'."""
    server.then(step)

    problem = failure(lambda: Transport().read(reading(server), run.watch))

    assert (problem.kind, problem.code, problem.reached) == (Failure.UNAVAILABLE, "no-answer", False)
    assert problem.what.endswith("broke the connection off")
    assert "urllib3" not in repr(vars(problem))


def test_a_body_is_sent_as_it_is_read(server: Scripted, run: Run) -> None:
    """With a known length, in blocks of a MiB, each told."""
    server.then(answer(200))

    assert Transport().write(writing(server, Upload(run)), run.watch).ok
    assert (server.asked[0].headers["Content-Length"], server.asked[0].headers["Transfer-Encoding"]) == (str(Upload.size), None)
    assert server.asked[0].body == b"x" * Upload.size
    assert [event.size for event in run.told if isinstance(event, Sent)] == [1 << 20] * 8 + [0]


def test_an_empty_write_says_so(server: Scripted, run: Run) -> None:
    """A POST without a body has a length of 0."""
    server.then(answer(202))

    assert Transport().write(writing(server, b""), run.watch).status == 202
    assert server.asked[0].headers["Content-Length"] == "0"


def test_a_write_that_cannot_have_arrived_is_sent_again(server: Scripted, run: Run) -> None:
    """Broken off before its end, or refused for the moment: the body is opened anew, and nobody is asked."""
    server.then(reset_before, reset_in_head, answer(429), answer(200))
    upload = Upload(run)

    said = Transport().write(writing(server, upload), run.watch)

    assert (said.status, said.tries, upload.opened, upload.closed) == (200, 4, 4, 4)
    assert server.asked[-1].body == b"x" * Upload.size


@pytest.mark.parametrize("step", [reset_after, close_after, cut_answer, answer(502)], ids=["reset", "closed", "cut", "502"])
def test_a_write_that_may_have_arrived_is_not_sent_again_blindly(server: Scripted, run: Run, step: Callable[[Visit], None]) -> None:
    """Without a way to look, one try is all, and the failure says that it may be there."""
    server.then(step, answer(200))

    try:
        reached = Transport().write(writing(server, Upload(run)), run.watch).may_have_arrived
    except Unavailable as problem:
        reached = problem.reached

    assert reached
    assert len(server.asked) == 1


@pytest.mark.parametrize("step", [reset_after, close_after, answer(502)], ids=["reset", "closed", "502"])
def test_a_lost_answer_is_reconciled(server: Scripted, run: Run, step: Callable[[Visit], None]) -> None:
    """When the place shows what was sent, nothing is sent again."""
    server.then(step, answer(200))

    said = Transport().write(writing(server, Upload(run)), run.watch, lambda: True)

    assert (said.ok, said.lost, len(server.asked), len(run.pauses)) == (True, True, 1, 1)


def test_what_did_not_arrive_is_sent_again(server: Scripted, run: Run) -> None:
    """The look comes before each repeat."""
    server.then(reset_after, answer(503), answer(200))
    looks: list[int] = []

    def arrived() -> bool:
        looks.append(len(server.asked))
        return False

    assert Transport().write(writing(server, Upload(run)), run.watch, arrived).tries == 3
    assert looks == [1, 2]


def test_a_write_that_does_no_harm_is_sent_again(server: Scripted, run: Run) -> None:
    """Small bodies cannot be told apart on the way: they may always have arrived."""
    server.then(reset_after, answer(201))

    assert Transport().write(writing(server, b"{}"), run.watch, harmless).status == 201


def test_a_look_that_fails_leaves_it_open(server: Scripted, run: Run) -> None:
    """Its failure is raised, and says that the write may be there."""
    server.then(answer(502))

    def arrived() -> bool:
        raise Refused("no", code="no")

    problem = failure(lambda: Transport().write(writing(server, Upload(run)), run.watch, arrived))

    assert (problem.code, problem.reached) == ("no", True)


def test_an_answer_before_the_end_of_the_body_is_heard(server: Scripted, run: Run) -> None:
    """A server that has seen enough says why, although it reads no more."""

    def step(visit: Visit) -> None:
        visit.head()
        visit.say(413, b"too large", Connection="close")
        visit.socket.close()

    server.then(step)

    try:
        assert Transport().write(writing(server, Upload(run), tries=1), run.watch).status == 413
    except Unavailable as problem:  # the reset overtook the answer, as TCP allows
        assert not problem.reached  # noqa: PT017
