"""What the doctor has found, and whether a publish is certain to fail: pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pkg_publish.errors import Failure
from pkg_publish.plan import Strategy

if TYPE_CHECKING:
    from pkg_publish.model import CheckRow, Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Rows about one thing."""

    title: str
    rows: tuple[CheckRow, ...]
    place: Place | None = None
    """The target that they are about; None: they are about all."""

    @property
    def cause(self) -> CheckRow | None:
        """Why a publish is certain to fail here; None: nothing is known to stand in its way.

        A no of no class that is about all is about some targets only, whose own rows tell what comes of it. A mistake in the configuration comes first,
        as a publish meets it before it asks anybody.
        """
        against = [row for row in self.rows if row.ok is False and (row.failure or self.place)]
        return min(against, key=lambda row: row.failure is not Failure.CONFIG, default=None)

    @property
    def failure(self) -> Failure | None:
        """What it is certain to end with."""
        return (self.cause.failure or Failure.REFUSED) if self.cause else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """Everything that the doctor has found: table, summary and JSON are made from this one value."""

    groups: tuple[Group, ...]
    strategy: Strategy = Strategy.FIRST
    fall_back_on: frozenset[Failure] = frozenset()
    project: str = ""
    version: str = ""
    dry: bool = False
    """On this event a publish writes nothing, so the rest is about a publish on another."""
    seconds: float = 0.0

    @property
    def targets(self) -> list[Group]:
        """The groups of targets, in their order."""
        return [each for each in self.groups if each.place]

    @property
    def home(self) -> Group | None:
        """Under `first`: the target that a publish would come to, as far as is known."""
        return next((each for each in self.targets if each.failure is None), None) if self.strategy is Strategy.FIRST else None

    @property
    def decisive(self) -> Group | None:
        """What a publish is certain to end at, by the chain's own rules; None: nothing is certain to fail."""
        common = [each for each in self.groups if not each.place and each.failure]
        return next(iter(common), None) or (self._end_of_all() if self.strategy is Strategy.ALL else self._end_of_first())

    def _end_of_first(self) -> Group | None:
        """What ends the walk before it comes to a target that may take the release."""
        last = None
        for each in self.targets:
            if each.failure is None:
                return None
            last = each
            if each.failure not in self.fall_back_on:
                break
        return last

    def _end_of_all(self) -> Group | None:
        """The first that fails; what is not supported is passed by, unless nothing else is left."""
        failing = [each for each in self.targets if each.failure]
        counted = [each for each in failing if each.failure is not Failure.UNSUPPORTED]
        return next(iter(counted), None) or (failing[-1] if failing and len(failing) == len(self.targets) else None)

    @property
    def failure(self) -> Failure | None:
        """The class that a publish is certain to end with."""
        return self.decisive.failure if self.decisive else None

    @property
    def exit_code(self) -> int:
        """0 when nothing is certain to fail, else that of the class."""
        return self.failure.exit_code if self.failure else 0
