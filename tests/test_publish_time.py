"""The chain and time: what is late, stalls, ends or is cancelled."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any

import pytest
from tests import factory
from tests.toys import Draft, Never, Shelf, Slow, error

from pkg_publish import publish
from pkg_publish.errors import Failure
from pkg_publish.plan import Plan
from pkg_publish.state import Done, Outcome
from pkg_publish.watch import Waiting, Watch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pkg_publish.model import Item, Release


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    """Six wheels."""
    return factory.release(tmp_path_factory.mktemp("dist"), wheels=6, with_sdist=False)


def names(release: Release) -> list[str]:
    """The files' names, in order."""
    return [each.name for each in release.distributions]


def contents(release: Release) -> dict[str, bytes]:
    """The files, as a store would hold them."""
    return {each.name: each.path.read_bytes() for each in release.distributions}


def go(release: Release, *targets: Shelf, watch: Watch | None = None, **plan: Any) -> list[tuple[str, Outcome]]:  # noqa: ANN401 - the fields of a Plan
    """Run the chain; who was tried and what it came to."""
    attempts = publish.run(Plan(targets=targets, **plan), release, watch or Watch(20, lambda _: None))
    return [(each.place.name, each.outcome) for each in attempts if each.outcome is not Done.SKIPPED]


def test_a_late_index_is_waited_for(release: Release) -> None:
    """What does not show at once shows later."""

    @dataclass(eq=False)
    class Late(Shelf):
        looks: int = 0

        def held(self, release: Release, watch: Watch) -> Sequence[Item]:
            self.looks += 1
            return super().held(release, watch) if self.looks > 3 else []

    assert go(release, Late("late", settles=0.2)) == [("late", Done.PUBLISHED)]


@pytest.mark.parametrize(("how", "expected"), [("cancel", Failure.CANCELLED), ("deadline", Failure.DEADLINE)])
def test_cancel_and_deadline_end_a_slow_upload_soon(release: Release, how: str, expected: Failure) -> None:
    """A run ends when it is told to."""
    watch = Watch(0.3 if how == "deadline" else 60, lambda _: None)
    if how == "cancel":
        threading.Timer(0.2, watch.cancel).start()

    assert go(release, Slow("slow"), watch=watch) == [("slow", expected)]


def test_a_refusal_after_a_file_was_taken_waits_for_the_late_index(release: Release) -> None:
    """A clear no to the fourth file says nothing about the first three."""

    @dataclass(eq=False)
    class Late(Shelf):
        first_write: float = 0.0

        def send(self, item: Item, watch: Watch) -> None:
            super().send(item, watch)
            self.first_write = self.first_write or monotonic()

        def held(self, release: Release, watch: Watch) -> Sequence[Item]:
            return super().held(release, watch) if self.first_write and monotonic() - self.first_write > 0.6 else []

    second = Shelf("second")

    assert go(release, Late("late", settles=2, fails={names(release)[3]: 9}, kind=Failure.REFUSED), second) == [("late", Failure.PARTIAL)]
    assert not second.store


@pytest.mark.parametrize(("is_staged", "waits"), [(True, False), (False, True)], ids=["nobody else reveals it", "others may reveal it"])
def test_a_refusal_of_what_was_only_staged_needs_one_look(release: Release, *, is_staged: bool, waits: bool) -> None:
    """Where nobody could reveal what was sent, a clear no says everything."""

    @dataclass(eq=False)
    class Hidden(Draft):
        def finish(self, watch: Watch) -> None:
            raise error(Failure.REFUSED)

        @property
        def is_staged(self) -> bool:
            return is_staged

    told: list[object] = []
    hidden, second = Hidden("hidden", settles=0.1), Shelf("second")

    assert go(release, hidden, second, watch=Watch(20, told.append)) == [("hidden", Failure.REFUSED), ("second", Done.PUBLISHED)]
    assert any(isinstance(event, Waiting) for event in told) is waits


def test_a_target_that_is_not_the_last_leaves_half_of_the_time(release: Release) -> None:
    """A place that stalls is `unavailable`, and the next one still has time."""
    watch = Watch(1, lambda _: None)

    assert go(release, Slow("slow"), Shelf("second"), watch=watch) == [("slow", Failure.UNAVAILABLE), ("second", Done.PUBLISHED)]


def test_a_place_that_does_not_answer_holds_nobody_up(release: Release) -> None:
    """The looks have a time of their own."""
    let_go = threading.Event()

    class Hang(Shelf):
        def held(self, release: Release, watch: Watch) -> Sequence[Item]:
            let_go.wait(10)
            return super().held(release, watch)

    start = monotonic()

    assert go(release, Shelf("first"), Hang("hang"), watch=Watch(1, lambda _: None)) == [("first", Done.PUBLISHED)]
    assert monotonic() - start < 2
    let_go.set()


@pytest.mark.parametrize(("says", "expected"), [(True, Done.PUBLISHED), (False, Failure.UNCONFIRMED)])
def test_late_is_not_failed_where_the_place_compares_the_bytes_itself(release: Release, says: bool, expected: Outcome) -> None:  # noqa: FBT001
    """After a yes that no reader sees yet, the strongest witness is asked."""

    class Asked(Never):
        def confirms(self, item: Item, watch: Watch) -> bool:
            del item, watch
            return says

    assert go(release, Asked("asked", settles=0.2)) == [("asked", expected)]


def test_a_witness_that_cannot_be_asked_proves_nothing(release: Release) -> None:
    """No answer is no yes."""

    class Silent(Never):
        def confirms(self, item: Item, watch: Watch) -> bool:
            del item, watch
            raise error(Failure.UNAVAILABLE)

    assert go(release, Silent("silent", settles=0.2)) == [("silent", Failure.UNCONFIRMED)]


def test_a_wait_that_was_cut_short_proves_nothing(release: Release) -> None:
    """The time is up before the place had its time: nobody says `absent`."""
    never = Never("never", settles=30, fails={names(release)[0]: 9}, landed=True)

    assert go(release, never, watch=Watch(0.6, lambda _: None)) in ([("never", Failure.DEADLINE)], [("never", Failure.UNCONFIRMED)])


@pytest.mark.parametrize("failing", [0, 9], ids=["after a yes", "after a lost answer"])
def test_cancel_while_waiting_ends_cancelled_and_opens_nothing_else(release: Release, failing: int) -> None:
    """A cancelled run touches no other place."""
    watch, second = Watch(60, lambda _: None), Shelf("second")
    threading.Timer(0.3, watch.cancel).start()

    never = Never("never", settles=30, fails={names(release)[0]: failing})

    assert go(release, never, second, watch=watch) == [("never", Failure.CANCELLED)]
    assert not second.writes


def test_cancel_in_the_middle_is_cancelled_and_not_tried_again(release: Release) -> None:
    """A cancel in the middle of a file is reported as what it is."""
    watch, fourth = Watch(60, lambda _: None), names(release)[3]

    @dataclass(eq=False)
    class Middle(Shelf):
        opened: int = 0

        def open(self, release: Release, watch: Watch) -> Shelf:
            self.opened += 1
            return super().open(release, watch)

        def held(self, release: Release, watch: Watch) -> Sequence[Item]:
            watch.left()
            return super().held(release, watch)

        def send(self, item: Item, watch: Watch) -> None:
            if item.name == fourth:
                watch.cancel()
            super().send(item, watch)

    middle = Middle("middle")

    assert go(release, middle, Shelf("second"), watch=watch) == [("middle", Failure.CANCELLED)]
    assert middle.opened == 1
