"""The clock of a run."""

from __future__ import annotations

import io
import threading

import pytest

from pkg_publish.errors import Failure, PublishError
from pkg_publish.watch import MonotonicClock, Sent, Waiting, Watch


class VirtualClock:
    """Time that passes only when somebody waits."""

    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        """Seconds since the beginning."""
        return self.time

    def wait(self, stop: threading.Event, seconds: float) -> None:
        """Pass at once."""
        del stop
        self.time += seconds


def watch(seconds: float = 10, clock: VirtualClock | None = None) -> tuple[Watch, list[object]]:
    """A watch, and what it is told."""
    events: list[object] = []
    return Watch(seconds, events.append, clock=clock or VirtualClock()), events


def test_waiting_is_told_and_ends_with_the_time() -> None:
    """No sleep is longer than what is left."""
    clock = VirtualClock()
    run, events = watch(10, clock)

    run.wait(4, "a reason")
    run.wait(60, "another")

    assert events == [Waiting("a reason", 4), Waiting("another", 60)]
    assert clock.time == 10
    assert run.over


def test_the_end_is_a_deadline_and_that_of_a_part_is_unavailable() -> None:
    """A target that is not the last may use half, and its end lets the next one follow."""
    clock = VirtualClock()
    run, _ = watch(10, clock)
    part = run.part()
    clock.time = 6

    with pytest.raises(PublishError) as caught:
        part.left()
    assert caught.value.kind is Failure.UNAVAILABLE
    assert run.left() == 4

    clock.time = 11
    with pytest.raises(PublishError) as caught:
        run.left()
    assert (caught.value.kind, caught.value.reached) == (Failure.DEADLINE, True)


def test_a_part_can_be_bounded() -> None:
    """At most so many seconds."""
    assert watch(100)[0].part(5).left() == 5


def test_a_cancel_ends_the_run_and_all_its_parts() -> None:
    """But the last look has its own time."""
    run, _ = watch()
    part = run.part()

    run.cancel()

    assert run.over
    assert part.over
    assert run.verdict().kind is Failure.CANCELLED
    assert run.last().left() == 3


def test_all_last_looks_of_a_run_share_their_seconds() -> None:
    """However many parts of it look once more: after the deadline, and after a cancel."""
    for cancelled in (False, True):
        clock = VirtualClock()
        run, _ = watch(10, clock)
        part = run.part()
        clock.time = 4 if cancelled else 10
        if cancelled:
            run.cancel()
        assert (run.last().left(), part.last().left()) == (3, 3)

        clock.time += 2
        assert (run.last().left(), part.last().left()) == (1, 1)

        clock.time += 1
        assert run.last().over


def test_a_last_look_that_began_before_a_cancel_ends_with_the_others() -> None:
    """And is not cut off."""
    clock = VirtualClock()
    run, _ = watch(10, clock)
    last = run.last()
    clock.time = 2

    run.cancel()

    assert (last.left(), last.stop.is_set()) == (1, False)


def test_a_cancel_by_the_flag_alone_counts_from_when_it_is_seen() -> None:
    """Who has only the flag sets no time."""
    clock = VirtualClock()
    run, _ = watch(10, clock)
    run.stop.set()
    clock.time = 1
    assert run.last().left() == 3

    clock.time = 3
    assert run.last().left() == 1


def test_a_deadline_within_a_run_is_cancelled_with_it() -> None:
    """It has an end of its own, and last looks after it; the run goes on."""
    clock = VirtualClock()
    whole, events = watch(float("inf"), clock)
    run = whole.within(10)
    clock.time = 11
    assert (run.verdict().kind, run.last().left(), whole.over) == (Failure.DEADLINE, 2, False)

    clock.time = 11.5
    whole.cancel()
    assert (run.verdict().kind, run.last().left()) == (Failure.CANCELLED, 1.5)
    assert whole.within(10).last().left() == 3

    told: list[object] = []
    whole.quiet(told.append).tell("nothing")
    whole.quiet().tell("nothing")
    assert (told, events, whole.quiet().over) == (["nothing"], [], True)


def test_a_body_has_a_length_tells_its_blocks_and_stops_with_the_run() -> None:
    """What `requests` sends."""
    run, events = watch()
    body = run.body("a.whl", io.BytesIO(b"12345"))

    assert len(body) == 5
    assert body.read(3) + body.read() == b"12345"
    assert events == [Sent("a.whl", 3), Sent("a.whl", 2)]
    run.cancel()
    with pytest.raises(PublishError):
        body.read(1)


def test_the_clock_of_the_machine_wakes_up_when_it_is_stopped() -> None:
    """A set flag ends a wait."""
    stop = threading.Event()
    stop.set()
    clock = MonotonicClock()
    before = clock.now()

    clock.wait(stop, 60)

    assert clock.now() - before < 5
