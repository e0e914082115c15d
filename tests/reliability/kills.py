"""Kills: a step is ended with SIGKILL wherever it is, then run again."""

from __future__ import annotations

import random
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests import factory
from tests.reliability.spots import KINDS, LIBRARY
from tests.targets.contract import digests

from pkg_publish.model import Release

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.reliability.spots import Spot, Stands
    from tests.reliability.steps import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """When a step is killed, and where it publishes to."""

    number: int
    kind: str
    moment: float
    """From 0 to 1: how far the step is, by the time it takes."""

    def __str__(self) -> str:
        return f"{self.number} {self.kind} at {self.moment:.3f}"


def kills(seed: int, count: int) -> Iterator[Kill]:
    """As many, on each kind of target in turn."""
    chance = random.Random(seed)  # noqa: S311 - test data
    for number in range(count):
        yield Kill(number=number, kind=KINDS[number % len(KINDS)], moment=chance.random())


def large_files(folder: Path) -> Release:
    """Two wheels and an sdist that take a while to be sent."""
    chance = random.Random(1)  # noqa: S311 - test data
    paths = [factory.wheel(folder, tag=tag, content=b"# " + chance.randbytes(4 << 20).hex().encode()) for tag in ("cp39-none-any", "py3-none-any")]
    paths.append(factory.sdist(folder, content=chance.randbytes(4 << 20)))
    return Release(project="demo", version="1.0", distributions=tuple(factory.distribution(path, "demo", "1.0") for path in paths))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What all kills share."""

    stands: Stands
    temp: Path
    """The runner's folder, with the libraries of the first step in it."""
    release: Release

    def warm(self, folder: Path) -> None:
        """Have the libraries fetched."""
        self.usual(LIBRARY, folder)

    def spot(self, kind: str, folder: Path) -> Spot:
        """An empty place of a kind."""
        return self.stands.spot(kind, folder, self.release)

    def usual(self, kind: str, folder: Path) -> float:
        """Seconds that a step takes which nobody kills."""
        ours = folder / f"usual-{kind}"
        ours.mkdir(parents=True)
        began = time.monotonic()
        process = self.step(self.spot(kind, ours), ours).start()
        said, _ = process.communicate(timeout=120)
        assert process.returncode == 0, said
        return time.monotonic() - began

    def survive(self, kill: Kill, seconds: float, folder: Path) -> list[str]:
        """What is not as it should be after a kill, and after the run that follows it."""
        folder.mkdir()
        place = self.spot(kill.kind, folder)
        step, ours = self.step(place, folder), digests(self.release)
        process = step.start()
        try:
            process.communicate(timeout=kill.moment * seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
        left = _left(place, ours)
        again = step.start()
        said, _ = again.communicate(timeout=120)
        checks = {
            f"a reader found {left}": left.items() <= ours.items(),
            f"the run again ended with {again.returncode}: {said[-2000:]}": again.returncode == 0,
            f"the status is {step.outputs().get('status')}": step.outputs().get("status") in {"published", "already-published"},
            f"then a reader found {place.stored()}": place.stored() == ours,
            f"it left {[path.name for path in folder.rglob('*.part')]}": not [*folder.rglob("*.part")],
        }
        return [f"{kill}: {complaint}" for complaint, is_well in checks.items() if not is_well]

    def step(self, place: Spot, folder: Path, **inputs: str) -> Step:
        """The step that publishes the release there."""
        return place.step(self.temp, folder, self.release.distributions[0].path.parent, **inputs)


def _left(place: Spot, ours: Mapping[str, str | None]) -> Mapping[str, str | None]:
    """What a reader finds when the server has done with what it had received: pypiserver writes that, too, under its last name."""
    end = time.monotonic() + 10
    left = place.stored()
    while not left.items() <= ours.items() and time.monotonic() < end:
        left = place.stored()
    return left
