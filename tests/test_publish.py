"""The chain, on targets in memory: half of these cases were found by trying to break it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from tests import factory
from tests.toys import Draft, Failing, Shelf, error

from pkg_publish import preflight, publish
from pkg_publish.errors import Failure
from pkg_publish.model import Item, Receipt
from pkg_publish.plan import Plan, Strategy
from pkg_publish.state import Done, Outcome
from pkg_publish.watch import Sent, Watch

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pkg_publish.model import Release


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


def test_falls_back_and_is_then_already_published(release: Release) -> None:
    """The first target has no registry, the second takes it; a second run writes nothing."""
    shelf = Shelf()

    first = go(release, Failing("packages"), shelf)
    second = go(release, Failing("packages"), shelf)

    assert first == [("packages", Failure.UNSUPPORTED), ("shelf", Done.PUBLISHED)]
    assert second == [("shelf", Done.ALREADY_PUBLISHED)]
    assert sorted(shelf.writes) == sorted(names(release))


def test_the_smallest_opens_the_door_and_the_largest_follow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes longest begins first; an sdist is never there before its wheels, however small it is."""
    monkeypatch.setattr(publish, "AT_ONCE", 1)
    wheels = [factory.wheel(tmp_path, tag=f"cp3{minor}-none-any", content=os.urandom(1000 * size)) for minor, size in ((10, 2), (11, 1), (12, 3))]
    mixed = preflight.check(preflight.Found(paths=(factory.sdist(tmp_path), *wheels)))
    shelf = Shelf()

    go(mixed, shelf)

    assert [name.partition("-1.0")[2] for name in shelf.writes] == ["-cp311-none-any.whl", "-cp312-none-any.whl", "-cp310-none-any.whl", ".tar.gz"]


def test_progress_counts_every_byte(release: Release) -> None:
    """What is told as sent adds up to the files' sizes."""
    events: list[object] = []

    go(release, Shelf(), watch=Watch(20, events.append))

    assert sum(each.size for each in events if isinstance(each, Sent)) == sum(each.size for each in release.distributions)


def test_an_error_that_landed_is_a_success(release: Release) -> None:
    """The answer was lost and the file is there: read back, published."""
    assert go(release, Shelf(fails={names(release)[5]: 1}, landed=True)) == [("shelf", Done.PUBLISHED)]


def test_one_fault_among_six_heals(release: Release) -> None:
    """What a fault swallowed is sent once more."""
    assert go(release, Shelf(fails={names(release)[2]: 1})) == [("shelf", Done.PUBLISHED)]


def test_a_release_never_lives_in_two_places(release: Release) -> None:
    """Half published here: nothing goes there."""
    second = Shelf("second")

    assert go(release, Shelf("first", fails={names(release)[3]: 9}), second) == [("first", Failure.PARTIAL)]
    assert not second.store


def test_refused_at_the_door_goes_to_the_next(release: Release) -> None:
    """A door that is shut refuses one file, so the fallback is still clean."""
    first = Shelf("first", fails=dict.fromkeys(names(release), 9), kind=Failure.REFUSED)

    assert go(release, first, Shelf("second")) == [("first", Failure.REFUSED), ("second", Done.PUBLISHED)]
    assert len(first.writes) == 1


def test_a_refusal_left_out_of_fall_back_on_stops(release: Release) -> None:
    """The user decides which failures may go on."""
    first = Shelf("first", fails=dict.fromkeys(names(release), 9), kind=Failure.REFUSED)

    assert go(release, first, Shelf("second"), fall_back_on=frozenset({Failure.UNSUPPORTED})) == [("first", Failure.REFUSED)]


def test_a_draft_that_failed_half_way_was_seen_by_nobody(release: Release) -> None:
    """Staged files count for nothing."""
    first = Draft("first", fails={names(release)[3]: 9})

    assert go(release, first, Shelf("second")) == [("first", Failure.UNAVAILABLE), ("second", Done.PUBLISHED)]


def test_a_draft_with_all_files_needs_only_the_reveal(release: Release) -> None:
    """What is staged already is not sent again."""
    draft = Draft("draft", finish_fails=1)

    assert go(release, draft) == [("draft", Failure.UNAVAILABLE)]
    written = len(draft.writes)
    assert go(release, draft) == [("draft", Done.PUBLISHED)]
    assert len(draft.writes) == written


def test_a_version_stays_where_it_was_first_published(release: Release) -> None:
    """The home that a version has comes before the first target."""
    first, second = Shelf("first"), Shelf("second", store=contents(release))

    assert go(release, first, second) == [("second", Done.ALREADY_PUBLISHED)]
    assert not first.writes


def test_other_bytes_anywhere_stop_before_the_first_write(release: Release) -> None:
    """A conflict that is seen beforehand keeps everything as it was."""
    first, second = Shelf("first"), Shelf("second", store={names(release)[0]: b"other"})

    assert go(release, first, second) == [("second", Failure.CONFLICT)]
    assert not first.writes


def test_another_jobs_files_keep_the_version_in_one_place(release: Release) -> None:
    """A version that another job began elsewhere is finished there."""
    first, second = Shelf("first"), Shelf("second", store={"g.whl": b"another job's"})

    assert go(release, first, second) == [("second", Done.PUBLISHED)]
    assert not first.writes


def test_all_stops_at_the_first_that_fails_and_passes_by_what_cannot_exist(release: Release) -> None:
    """Under `all`, `unsupported` is passed by, and what follows a failure is not touched."""
    ok, bad, last = Shelf("ok"), Shelf("bad", fails=dict.fromkeys(names(release), 9)), Shelf("last")

    assert go(release, Failing("packages"), ok, bad, last, strategy=Strategy.ALL) == [
        ("packages", Failure.UNSUPPORTED),
        ("ok", Done.PUBLISHED),
        ("bad", Failure.UNAVAILABLE),
    ]
    assert not last.writes


def test_dark_after_a_write_that_may_have_arrived_is_not_guessed(release: Release) -> None:
    """When the place cannot be read after a write, nobody knows."""

    class Dark(Shelf):
        def held(self, release: Release, watch: Watch) -> Sequence[Item]:
            if self.writes:
                raise error(Failure.UNAVAILABLE, "500")
            return super().held(release, watch)

    assert go(release, Dark("dark"), Shelf("second")) == [("dark", Failure.UNCONFIRMED)]


def test_down_between_look_and_write_goes_to_the_next(release: Release) -> None:
    """A refused connection proves that nothing arrived."""

    class Gone(Shelf):
        def open(self, release: Release, watch: Watch) -> Shelf:
            del release, watch
            self.down = True
            raise error(Failure.UNAVAILABLE, "connection refused")

    assert go(release, Gone("gone"), Shelf("second")) == [("gone", Failure.UNAVAILABLE), ("second", Done.PUBLISHED)]


@pytest.mark.parametrize(
    "second",
    [Failing("invalid", why=Failure.INVALID), Failing("conflict", why=Failure.CONFLICT), Failing("integrity", why=Failure.INTEGRITY)],
    ids=lambda each: each.name,
)
def test_all_writes_nothing_when_a_later_place_is_sure_to_stop(release: Release, second: Shelf) -> None:
    """Under `all`, what can never succeed is found before the first write."""
    first = Shelf("first")

    assert go(release, first, second, strategy=Strategy.ALL) == [(second.name, second.why)]  # type: ignore[attr-defined]
    assert not first.writes


def test_all_stops_at_an_unreadable_place_in_the_middle(release: Release) -> None:
    """Under `all`, a place that is down ends the run."""
    last = Shelf("last")

    assert go(release, Shelf("a"), Shelf("b", down=True), last, strategy=Strategy.ALL) == [("a", Done.PUBLISHED), ("b", Failure.UNAVAILABLE)]
    assert not last.writes


def test_a_conflict_that_a_later_place_reports_stops_before_the_first_write(release: Release) -> None:
    """A place may say `conflict` itself (a tag on another commit)."""
    first = Shelf("first")

    assert go(release, first, Failing("later", why=Failure.CONFLICT)) == [("later", Failure.CONFLICT)]
    assert not first.writes


def test_complete_here_and_other_bytes_there_is_no_success(release: Release) -> None:
    """Two contents of one version are the worst outcome."""
    here, there = Shelf("here", store=contents(release)), Shelf("there", store={names(release)[0]: b"other"})

    assert go(release, here, there) == [("there", Failure.CONFLICT)]


def test_a_place_that_wants_nothing_is_never_green(release: Release) -> None:
    """No file to hold is no success."""

    class Picky(Shelf):
        def wanted(self, release: Release) -> Sequence[Item]:
            del release
            return []

    assert go(release, Picky("picky")) == [("picky", Failure.INVALID)]


def test_keep_leaves_other_bytes_and_sends_what_is_missing(release: Release) -> None:
    """`on-conflict: keep`."""
    first = names(release)[0]
    shelf = Shelf(store={first: b"other"})

    assert go(release, shelf, keep=True) == [("shelf", Done.PUBLISHED)]
    assert go(release, shelf, keep=True) == [("shelf", Done.ALREADY_PUBLISHED)]
    assert shelf.store[first] == b"other"
    assert len(shelf.writes) == 5


def test_a_receipt_comes_also_when_nothing_was_sent_or_the_answer_was_lost(release: Release) -> None:
    """Whoever holds the release says where it is."""

    class Lost(Draft):
        def finish(self, watch: Watch) -> None:
            del watch
            self.shown = True
            raise error(Failure.UNAVAILABLE, "502", reached=True)

    for target, expected in ((Lost("lost"), Done.PUBLISHED), (Shelf("there", store=contents(release)), Done.ALREADY_PUBLISHED)):
        (attempt,) = publish.run(Plan(targets=[target]), release, Watch(5, lambda _: None))
        assert attempt.outcome is expected
        assert isinstance(attempt.receipt, Receipt)


def test_every_target_has_its_attempt(release: Release) -> None:
    """Who was not needed is in the report too."""
    attempts = publish.run(Plan(targets=[Failing("p"), Shelf("a"), Shelf("b")]), release, Watch(9, lambda _: None))

    assert [each.outcome for each in attempts] == [Failure.UNSUPPORTED, Done.PUBLISHED, Done.SKIPPED]


def test_a_dry_run_looks_everywhere_and_writes_nothing(release: Release) -> None:
    """All looks, no write."""
    shelf = Shelf()

    attempts = list(publish.run(Plan(targets=[Failing("p"), shelf], dry_run=True), release, Watch(9, lambda _: None)))

    assert [each.outcome for each in attempts] == [Done.SKIPPED, Done.SKIPPED]
    assert not shelf.writes


def test_what_is_sent_is_told_after_everything_was_looked_at(release: Release, tmp_path: Path) -> None:
    """The log can say what was found before it says what is sent."""
    del tmp_path
    events: list[object] = []

    go(release, Shelf(), watch=Watch(9, events.append))

    kinds = [type(each).__name__ for each in events if isinstance(each, publish.Looked | publish.Sending)]
    assert kinds == ["Looked", "Sending"]
