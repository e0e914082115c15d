"""The chain and places that hold something already: what is there, what contradicts it, what is found after the write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests import factory
from tests.toys import Failing, Shelf, error

from pkg_publish import publish
from pkg_publish.errors import Failure
from pkg_publish.model import Item
from pkg_publish.plan import Plan, Strategy
from pkg_publish.state import Done, Outcome
from pkg_publish.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pkg_publish.model import Release


@pytest.fixture
def release(tmp_path: Path) -> Release:
    """A wheel and an sdist."""
    return factory.release(tmp_path)


def contents(release: Release) -> dict[str, bytes]:
    """The files, as a store would hold them."""
    return {each.name: each.path.read_bytes() for each in release.distributions}


def go(release: Release, *targets: Shelf, **plan: Any) -> list[tuple[str, Outcome]]:  # noqa: ANN401 - the fields of a Plan
    """Run the chain; who was tried and what it came to."""
    attempts = publish.run(Plan(targets=targets, **plan), release, Watch(20, lambda _: None))
    return [(each.place.name, each.outcome) for each in attempts if each.outcome is not Done.SKIPPED]


@pytest.mark.parametrize("why", [Failure.CONFLICT, Failure.CONFIG, Failure.POLICY])
def test_where_the_release_is_whole_nothing_is_written_so_nothing_stops(release: Release, why: Failure) -> None:
    """A tag that was moved, a policy that changed: they concern a place that is not needed."""
    home = Shelf("home", store=contents(release))

    assert go(release, home, Failing("later", why=why)) == [("home", Done.ALREADY_PUBLISHED)]
    assert go(release, Failing("before", why=why), home) == [("home", Done.ALREADY_PUBLISHED)]
    assert go(release, home, Failing("later", why=why), strategy=Strategy.ALL) == [("later", why)]


def test_another_content_of_what_is_no_distribution_waits_for_its_turn(release: Release) -> None:
    """It keeps the version from being published there, and nowhere else."""
    extra = Item(name="LICENSE", sha256="ours")

    class Page(Shelf):
        def wanted(self, release: Release) -> Sequence[Item]:
            return [*release.distributions, extra]

        def held(self, release: Release, watch: Watch) -> Sequence[Item]:
            return [*super().held(release, watch), Item(name="LICENSE", sha256="theirs", visible=False)]

    first = Shelf("first")

    assert go(release, first, Page("page")) == [("first", Done.PUBLISHED)]
    assert go(release, Failing("packages"), Page("page")) == [("packages", Failure.UNSUPPORTED), ("page", Failure.CONFLICT)]
    assert go(release, Shelf("first"), Page("page"), strategy=Strategy.ALL) == [("page", Failure.CONFLICT)]


def test_a_place_that_finds_a_conflict_after_the_write_ends_with_it(release: Release) -> None:
    """Somebody else has put something beside it that does not fit: the problem is the place's own."""

    class Raced(Shelf):
        def held(self, release: Release, watch: Watch) -> Sequence[Item]:
            if self.writes:
                raise error(Failure.CONFLICT, "another project's files")
            return super().held(release, watch)

    target = Raced("raced", settles=9)
    (attempt,) = publish.run(Plan(targets=[target]), release, Watch(20, lambda _: None))

    assert (attempt.outcome, attempt.problem and attempt.problem.what) == (Failure.CONFLICT, "another project's files")


def test_a_complete_home_comes_before_a_partial_one(release: Release) -> None:
    """Of two places that show the version, the one that has it whole is its home."""
    first, second = Shelf("first", store={"g.whl": b"another job's"}), Shelf("second", store=contents(release))

    assert go(release, first, second) == [("second", Done.ALREADY_PUBLISHED)]
    assert not first.writes
