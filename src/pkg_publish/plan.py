"""Config → Plan: the targets made, contradictions and unasked publicity refused."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from pkg_publish.errors import Failure
from pkg_publish.state import Attempt, Done, State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pkg_publish.state import Look
    from pkg_publish.targets.base import Target


class Strategy(StrEnum):
    """When the release is published."""

    FIRST = "first"  # the first target that takes it is enough
    ALL = "all"  # every target must hold it


FALL_BACK_ON = frozenset({Failure.UNSUPPORTED, Failure.UNAVAILABLE, Failure.REFUSED})
"""The only failures that may go on to the next target."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the chain will do."""

    targets: Sequence[Target]
    strategy: Strategy = Strategy.FIRST
    fall_back_on: frozenset[Failure] = FALL_BACK_ON
    keep: bool = False
    """`on-conflict: keep`"""
    dry_run: bool = False

    @property
    def first(self) -> bool:
        """One home is enough, and more than one is a mistake."""
        return self.strategy is Strategy.FIRST

    def order(self, looks: Sequence[tuple[Target, Look]]) -> Sequence[tuple[Target, Look]]:
        """What is sure to stop the run comes before any write; under `first`, then the home this version already has."""
        stops = {Failure.CONFLICT} if self.first else {Failure.CONFLICT, Failure.INTEGRITY, Failure.INVALID}

        def rank(pair: tuple[Target, Look]) -> tuple[bool, bool, bool]:
            _, seen = pair
            stop = seen.state is State.CONFLICT or (seen.problem is not None and seen.problem.kind in stops)
            return not stop, self.first and seen.state is not State.COMPLETE, self.first and not seen.claimed

        return sorted(looks, key=rank)

    def goes_on_after(self, attempt: Attempt) -> bool:
        """Whether the next target may follow."""
        if self.first:
            return attempt.outcome in self.fall_back_on
        return attempt.outcome in {Done.PUBLISHED, Done.ALREADY_PUBLISHED, Failure.UNSUPPORTED}
