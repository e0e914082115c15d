"""Every wait ends with the run, and a stream goes on where it broke off."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest
from tests.clients.stand import (
    QuickClock,
    Run,
    Upload,
    cancel_at,
    cut_answer,
    failure,
    hang,
    hang_at_once,
    hang_in_answer,
    reading,
    writing,
)
from tests.servers.scripted import Scripted, Visit, answer

from pkg_publish.clients.refusals import TEMPORARY, refused
from pkg_publish.clients.request import Request
from pkg_publish.clients.transport import Transport
from pkg_publish.errors import Cancelled, Deadline, Failure
from pkg_publish.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable


def fetch(server: Scripted, run: Run) -> bytes:
    """A stream, joined."""
    return b"".join(Transport().stream(reading(server), run.watch, lambda said: refused(TEMPORARY, said, "fetching it")))


HANGS = [hang, hang_at_once, hang_in_answer]


@pytest.mark.parametrize("step", HANGS, ids=lambda step: step.__name__)
def test_a_cancel_ends_a_hang(server: Scripted, step: Callable[[Visit], None]) -> None:
    """While it waits for room, for an answer or for the rest of it."""
    server.then(step)
    watch = Watch(600, lambda _: None)
    cancel_at(server.hanging, watch)
    began = time.monotonic()

    with pytest.raises(Cancelled):
        Transport().write(writing(server, Upload(Run())), watch)

    assert time.monotonic() - began < 3


@pytest.mark.parametrize("step", HANGS, ids=lambda step: step.__name__)
def test_the_deadline_ends_a_hang(server: Scripted, step: Callable[[Visit], None]) -> None:
    """The run's end is the end of every wait."""
    server.then(step)

    with pytest.raises(Deadline) as caught:
        Transport().write(writing(server, Upload(Run())), Watch(0.5, lambda _: None))

    assert caught.value.reached


def test_the_end_of_a_part_of_the_run_is_unavailable(server: Scripted) -> None:
    """A target that is not the last may use half; then it is as if it had not answered."""
    server.then(hang)

    problem = failure(lambda: Transport().read(reading(server), Watch(60, lambda _: None).part(0.5)))

    assert (problem.kind, problem.code) == (Failure.UNAVAILABLE, "deadline")


class LongClock(QuickClock):
    """Every look at the clock takes twenty seconds."""

    def now(self) -> float:
        """Seconds."""
        self.paused += 20
        return super().now()


def test_a_server_that_gives_no_sign_is_given_up(server: Scripted) -> None:
    """After a minute, whatever the deadline."""
    server.then(hang)
    watch = Watch(100_000, lambda _: None, clock=LongClock())

    problem = failure(lambda: Transport().read(reading(server, tries=1), watch))

    assert (problem.code, problem.what) == ("no-answer", f"reading it failed: 127.0.0.1:{server.port} gave no sign for 60 s")


def test_a_cancel_ends_the_search_for_a_server(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name server that does not answer is not waited for, and what it finds later is closed."""
    import socket

    asked, done, found = threading.Event(), threading.Event(), socket.getaddrinfo

    def getaddrinfo(*args: object, **kwargs: object) -> object:
        asked.set()
        done.wait()
        return found("127.0.0.1", *args[1:], **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    cancel_at(asked, run.watch)
    try:
        with Scripted().then(answer()) as server, pytest.raises(Cancelled):
            Transport().read(Request(doing="reading it", url=f"http://localhost:{server.port}/"), run.watch)
    finally:
        done.set()


def test_a_stream_hands_on_the_bytes(server: Scripted, run: Run) -> None:
    """As they are sent, also when a server calls an sdist compressed; the connection serves again."""
    import gzip

    data = gzip.compress(b"x" * 3_000_000, compresslevel=0)
    server.then(answer(302, Location="/file"), answer(200, data, Content_Encoding="gzip"), answer(200, b"again"))
    transport = Transport()
    request = reading(server, hops=1)

    blocks = list(transport.stream(request, run.watch, lambda said: refused((), said, "fetching it")))

    assert b"".join(blocks) == data
    assert len(blocks) == 3
    assert transport.read(reading(server), run.watch).body == b"again"
    assert server.connections == 1


def test_a_stream_is_taken_up_where_it_broke_off(server: Scripted, run: Run) -> None:
    """With a server that can send a part, and with one that begins again."""

    def part(visit: Visit) -> None:
        visit.request()
        visit.say(206, b"3456", length=7)
        visit.socket.close()

    def begin(visit: Visit) -> None:
        visit.request()
        visit.say(200, b"012", length=10)
        visit.socket.close()

    server.then(begin, part, answer(200, b"0123456789"))

    assert fetch(server, run) == b"0123456789"
    assert [asked.headers.get("Range") for asked in server.asked] == [None, "bytes=3-", "bytes=7-"]
    assert len(run.pauses) == 2


def test_a_stream_that_breaks_for_ever_is_given_up(server: Scripted, run: Run) -> None:
    """Three times it goes on, then it fails."""
    server.then(cut_answer)

    problem = failure(lambda: fetch(server, run))

    assert (problem.code, len(server.asked)) == ("no-answer", 4)


def test_a_stream_that_is_refused_is_what_the_client_makes_of_it(server: Scripted, run: Run) -> None:
    """After the tries that any read gets."""
    server.then(answer(503, b"busy", Content_Type="text/plain"))

    problem = failure(lambda: fetch(server, run))

    assert (problem.code, problem.said, problem.details) == ("server-error", "busy", ("asked 5 times",))


def test_a_stream_that_nobody_reads_on_is_closed(server: Scripted, run: Run) -> None:
    """The connection is not used again."""
    server.then(answer(200, b"x" * 5_000_000), answer(200, b"next"))
    transport = Transport()
    blocks = transport.stream(reading(server), run.watch, lambda said: refused((), said, "fetching it"))

    assert len(next(blocks)) == 1 << 20
    blocks.close()  # type: ignore[attr-defined]

    assert transport.read(reading(server), run.watch).body == b"next"
    assert server.connections == 2


def test_a_cancel_ends_a_stream(server: Scripted) -> None:
    """In the middle of a body that stops coming."""
    server.then(hang_in_answer)
    watch = Watch(600, lambda _: None)
    cancel_at(server.hanging, watch)

    with pytest.raises(Cancelled):
        list(Transport().stream(reading(server), watch, lambda said: refused((), said, "fetching it")))
