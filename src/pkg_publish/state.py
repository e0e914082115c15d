"""What readers see of a version at one place, and what an attempt came to: pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from pkg_publish.errors import Failure, PublishError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pkg_publish.model import CheckRow, Item, Place, Receipt


class State(StrEnum):
    """What a reader sees."""

    ABSENT = "absent"  # nothing visible of this version
    PARTIAL = "partial"  # something visible, ours or another job's, and not all of ours
    COMPLETE = "complete"  # all of ours, with our bytes
    CONFLICT = "conflict"  # one of our names with other bytes
    UNREADABLE = "unreadable"  # no answer to go by


class Done(StrEnum):
    """The ways an attempt ends that are no failure."""

    PUBLISHED = "published"
    ALREADY_PUBLISHED = "already-published"
    SKIPPED = "skipped"


Outcome = Done | Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One reading of one target beside what it must hold."""

    wanted: Mapping[str, Item]
    held: Mapping[str, Item]
    problem: PublishError | None = None
    """Why it could not be read."""
    settled: bool = True
    """The place has had the time to show what it took."""
    kept: Mapping[str, Item] = field(default_factory=dict)
    """`on-conflict: keep`: theirs, under our names."""

    @property
    def missing(self) -> list[Item]:
        """What we must still send."""
        return [item for name, item in self.wanted.items() if name not in self.held]

    @property
    def differing(self) -> list[str]:
        """The names under which other bytes lie."""
        return [name for name, item in self.wanted.items() if name in self.held and self.held[name].sha256 != item.sha256]

    @property
    def claimed(self) -> bool:
        """A reader finds this version here already."""
        return any(item.visible for item in self.held.values())

    @property
    def conflicts(self) -> bool:
        """Other bytes, or what the place itself calls a conflict: another project's files, a tag that leads elsewhere."""
        return self.state is State.CONFLICT or (self.problem is not None and self.problem.kind is Failure.CONFLICT)

    @property
    def state(self) -> State:
        """The one word for it."""
        if self.problem:
            return State.UNREADABLE
        if self.differing:
            return State.CONFLICT
        if not self.missing and all(self.held[name].visible and not self.held[name].late for name in self.wanted):
            return State.COMPLETE
        return State.PARTIAL if self.claimed else State.ABSENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What happened at one target, tried or skipped."""

    place: Place
    outcome: Outcome
    before: Look
    after: Look
    receipt: Receipt | None = None
    problem: PublishError | None = None
    seconds: float = 0.0
    checks: tuple[CheckRow, ...] = ()
    """What the target's own check said, for one that was not needed and in a dry run."""

    @property
    def would_work(self) -> bool | None:
        """What the checks say of a target that was not tried; None when that cannot be known before."""
        said = {row.ok for row in self.checks}
        return False if False in said else True if said == {True} else None

    @property
    def holds(self) -> bool:
        """The release is there, proven by reading."""
        return self.outcome in {Done.PUBLISHED, Done.ALREADY_PUBLISHED}


def outcome(before: Look, after: Look, problem: PublishError | None) -> Outcome:  # noqa: PLR0911 - a table, a return each
    """What an attempt came to: the contract's table, section 6."""
    match before.state, after.state:
        case State.COMPLETE, _:
            return Done.ALREADY_PUBLISHED
        case _, State.COMPLETE:
            return Done.PUBLISHED
        case _ if after.conflicts:
            return Failure.CONFLICT
        case State.UNREADABLE, _ if problem:  # never written to
            return problem.kind
        case _ if problem and problem.kind in {Failure.CANCELLED, Failure.DEADLINE}:  # the report still says what is there
            return problem.kind
        case _, State.PARTIAL if problem:
            return Failure.PARTIAL
        case _, State.ABSENT if problem and after.settled:  # proven untouched
            return problem.kind
        case State.ABSENT, State.UNREADABLE if problem and not problem.reached:
            return problem.kind
        case _:
            return Failure.UNCONFIRMED
