"""The cells of the fault matrix: a fault at a step of a wire protocol, what must come of it, and what did."""

from __future__ import annotations

import gc
import hashlib
import itertools
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests import factory
from tests.reliability.clock import VirtualClock
from tests.reliability.rules import TROUBLES, Moment, Trouble, exit_code, falls_back, outcome
from tests.reliability.wires import FIRST, Step, Wire, writes
from tests.targets.contract import digests

from pkg_publish import publish, verdict
from pkg_publish.model import Release
from pkg_publish.plan import Plan
from pkg_publish.runner import Runner
from pkg_publish.state import Done
from pkg_publish.targets.base import Ambient, TargetSpec
from pkg_publish.targets.directory import DirectoryKind
from pkg_publish.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from pkg_publish.state import Outcome

_played = itertools.count()
TIMEOUT = 900.0
"""Seconds of a run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One of them."""

    wire: str
    step: Step
    trouble: Trouble

    def __str__(self) -> str:
        return " / ".join(filter(None, [self.wire, self.step.name, self.step.position, self.trouble.name]))

    @property
    def expected(self) -> Outcome:
        """What the attempt at the place must come to."""
        return outcome(self.trouble, self.step.moment, shown_before=self.step.shown_before, blinds=self.step.blinds)


def cells_of(wire: type[Wire] | Wire) -> Iterator[Cell]:
    """All cells of a wire protocol."""
    for step in wire.steps:
        for trouble in TROUBLES:
            fits = step.moment in trouble.moments and (trouble.reads or step.writes) and (not trouble.steps or step.name in trouble.steps)
            if fits and trouble.name not in step.harmless and not (trouble.slow and step.position not in {"", FIRST}):
                yield Cell(wire=wire.name, step=step, trouble=trouble)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """One run of the chain: the place in trouble, then a folder that takes everything."""

    outcome: Outcome
    """Of the attempt at the place."""
    status: verdict.Status
    exit_code: int
    why: str
    seconds: float
    """That were waited."""
    stored: Mapping[str, str | None]
    """What a reader finds at the place."""
    fallback: Mapping[str, str | None]
    """What is in the folder."""
    asked: list[tuple[str, str, bool]]
    """The writes that were sent to the place: method, path, whether they arrived."""


def run(wire: Wire, release: Release, folder: Path, before: Mapping[str, str | None] | None = None) -> Ran:
    """Publish once. `before`: what the place holds, which is read again only if something was written."""
    clock = VirtualClock()
    for front in wire.fronts().values():
        front.passes = clock.let_pass
    second = DirectoryKind().make(TargetSpec(kind="directory", options={"path": str(folder)}), Ambient(folder=folder, environ={}, runner=Runner()))
    plan = Plan(targets=[wire.target(), second])
    attempts = list(publish.run(plan, release, Watch(TIMEOUT, lambda _: None, clock=clock)))
    report = verdict.conclude(plan, release, attempts, seconds=clock.now())
    first = report.attempts[0]
    return Ran(
        outcome=first.outcome,
        status=report.status,
        exit_code=report.exit_code,
        why=f"{first.problem.code}: {first.problem.what}" if first.problem else "",
        seconds=clock.now(),
        stored=dict(wire.stored(release)) if before is None or writes(wire) else before,
        fallback={path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()} if folder.is_dir() else {},
        asked=[(seen.method, seen.path, seen.forwarded) for seen in writes(wire)],
    )


def play(cell: Cell, wire: Wire, release: Release, folder: Path) -> tuple[Ran, Ran]:
    """Publish with the fault, then again without it."""
    for front in wire.fronts().values():
        front.forget()
    wire.begin()
    wire.fronts()[cell.step.at].fail_at(wire.where(cell.step, release), cell.trouble.faults())
    first = run(wire, release, folder)
    for front in wire.fronts().values():
        front.forget()
    if not next(_played) % 30:
        gc.collect()  # connections of sessions that are over would add up
    return first, run(wire, release, folder, first.stored)


def complaints(cell: Cell, wire: Wire, release: Release, first: Ran, second: Ran) -> list[str]:
    """What is not as the rules have it; nothing, if all is well."""
    ours, expected, trouble = digests(release), cell.expected, cell.trouble
    most = trouble.most + wire.settles
    checks = {
        f"the outcome is {first.outcome} ({first.why}), not {expected}": first.outcome is expected,
        f"the exit code is {first.exit_code}, not {exit_code(expected)}": first.exit_code == exit_code(expected),
        f"it waited {first.seconds:.1f} s, not {trouble.least:.0f} to {most:.0f}": trouble.least <= first.seconds <= most,
        f"the place holds {sorted(first.stored)}": _holds(cell, first.stored, ours),
        f"the folder holds {sorted(first.fallback)}": first.fallback == (ours if falls_back(expected) else {}),
        f"writes were sent: {first.asked}": not (first.asked and cell.step.moment is Moment.LOOK and expected is not Done.PUBLISHED),
        f"a run again comes to {second.status} ({second.why})": second.exit_code == 0 and second.status in _again(expected),
        f"then the place holds {sorted(second.stored)}": second.stored == ({} if falls_back(expected) else ours),
        f"then the folder holds {sorted(second.fallback)}": second.fallback == first.fallback,
        f"a run again writes {second.asked}": not second.asked or verdict.Status.PUBLISHED in _again(expected),
    }
    return [complaint for complaint, is_well in checks.items() if not is_well]


def _holds(cell: Cell, stored: Mapping[str, str | None], ours: Mapping[str, str | None]) -> bool:
    """Nothing that is not ours; and as much as the outcome says."""
    if cell.expected is Done.PUBLISHED or cell.step.moment is Moment.READ_BACK:
        return stored == ours
    if cell.step.shown_before:
        return stored.items() < ours.items() and bool(stored)
    return not stored


def _again(expected: Outcome) -> set[verdict.Status]:
    """What a second run may come to: what is there is found, the rest is sent."""
    if expected is Done.PUBLISHED or falls_back(expected):
        return {verdict.Status.ALREADY_PUBLISHED}
    return {verdict.Status.PUBLISHED, verdict.Status.ALREADY_PUBLISHED}


def three_files(folder: Path) -> Release:
    """Two wheels and an sdist that do not compress, each of another size, so that requests can be told apart by theirs."""
    paths = [factory.wheel(folder, tag=f"cp3{size}-none-any", content=random.Random(size).randbytes(size << 10)) for size in (20, 40)]  # noqa: S311
    paths.append(factory.sdist(folder, content=random.Random(1).randbytes(60 << 10)))  # noqa: S311 - test data
    return Release(project="demo", version="1.0", distributions=tuple(factory.distribution(path, "demo", "1.0") for path in paths))
