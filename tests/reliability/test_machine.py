"""Random histories of one version: runs with any faults, rivals, kills and cancels, and what must be true after each of them."""

from __future__ import annotations

import atexit
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from tests import factory
from tests.reliability.clock import VirtualClock
from tests.toys import Shelf, error, sha256

from pkg_publish import publish, verdict
from pkg_publish.errors import Failure
from pkg_publish.model import Item, Release
from pkg_publish.plan import FALL_BACK_ON, Plan
from pkg_publish.state import Done, State
from pkg_publish.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pkg_publish.state import Attempt, Look

FOLDER = tempfile.TemporaryDirectory()
atexit.register(FOLDER.cleanup)


def built(name: str, content: bytes) -> Release:
    """Three wheels, as one of two builds makes them."""
    folder = Path(FOLDER.name, name)
    paths = [factory.wheel(folder, tag=f"cp3{minor}-none-any", content=content) for minor in (8, 9, 10)]
    return Release(project="demo", version="1.0", distributions=tuple(factory.distribution(path, "demo", "1.0") for path in paths))


BUILDS = (built("one", b"x = 1\n"), built("other", b"x = 2\n"))
NAMES = [each.name for each in BUILDS[0].distributions]
BYTES = [{each.name: each.path.read_bytes() for each in release.distributions} for release in BUILDS]


class Killed(BaseException):
    """The process is gone."""


@dataclass(frozen=True)
class Happens:
    """What happens to one write: how often it fails, whether it lands all the same, whether somebody pulls the plug."""

    kind: Failure | None = None
    times: int = 1
    landed: bool = False
    ends: str = ""
    """`kill` or `cancel`."""


HAPPENS = st.builds(
    Happens,
    kind=st.sampled_from([None, None, Failure.UNAVAILABLE, Failure.REFUSED, Failure.INVALID]),
    times=st.sampled_from([1, 9]),
    landed=st.booleans(),
    ends=st.sampled_from(["", "", "", "kill", "cancel"]),
)
FAULTS = st.dictionaries(st.sampled_from([*NAMES, "reveal"]), HAPPENS, max_size=2)


@dataclass(eq=False)
class Spot(Shelf):
    """A place that keeps what it has from run to run; `staged`: nothing shows before it is revealed."""

    staged: bool = False
    hidden: dict[str, bytes] = field(default_factory=dict)
    faults: dict[str, Happens] = field(default_factory=dict)
    met: dict[str, int] = field(default_factory=dict)
    shown: list[str] = field(default_factory=list)
    """What this run has made visible."""
    watch: Watch | None = None

    def held(self, release: Release, watch: Watch) -> Sequence[Item]:
        """What a reader sees, and what is staged."""
        waiting = [Item(name=name, sha256=sha256(data), visible=False) for name, data in self.hidden.items() if name not in self.store]
        return [*super().held(release, watch), *waiting]

    def send(self, item: Item, watch: Watch) -> None:
        """Take a file, as far as it comes."""
        with self.release[item.name].open() as file:
            data = watch.body(item.name, file).read()
        self._meet(item.name, {item.name: data}, watch)

    def finish(self, watch: Watch) -> None:
        """Show what is staged."""
        if self.staged:
            self._meet("reveal", self.hidden, watch)

    def _meet(self, step: str, files: dict[str, bytes], watch: Watch) -> None:
        found = self.faults.get(step, Happens())
        self.met[step] = self.met.get(step, 0) + 1
        fails = found.kind is not None and self.met[step] <= found.times
        if not fails or (found.landed and found.kind is Failure.UNAVAILABLE):
            self._keep(step, files)
        if found.ends == "cancel":
            watch.cancel()
        if found.ends == "kill" and self.met[step] == 1:
            raise Killed
        if fails and found.kind:
            raise error(found.kind, reached=found.kind is Failure.UNAVAILABLE)

    def _keep(self, step: str, files: dict[str, bytes]) -> None:
        if self.staged and step != "reveal":
            self.hidden |= files
            return
        self.shown += [name for name, data in files.items() if self.store.get(name) != data]
        self.store |= files


class History(RuleBasedStateMachine):
    """One version, three places, as many runs as it takes."""

    @initialize(staged=st.lists(st.booleans(), min_size=3, max_size=3))
    def begin(self, staged: list[bool]) -> None:
        """Nothing is anywhere."""
        self.spots = [Spot(name, staged=each) for name, each in zip("abc", staged, strict=True)]

    @rule(spot=st.integers(0, 2), build=st.integers(0, 1), name=st.sampled_from(NAMES))
    def rival(self, spot: int, build: int, name: str) -> None:
        """Another job puts a file where none is: no place replaces one."""
        self.spots[spot].store.setdefault(name, BYTES[build][name])

    @rule(
        build=st.sampled_from([0, 0, 0, 1]),
        order=st.permutations([0, 1, 2]),
        size=st.integers(1, 3),
        down=st.sets(st.integers(0, 2), max_size=1),
        faults=st.lists(FAULTS, min_size=3, max_size=3),
    )
    def run(self, build: int, order: list[int], size: int, down: set[int], faults: list[dict[str, Happens]]) -> None:
        """A job publishes under `first`, with these faults."""
        targets = [self.spots[number] for number in order[:size]]
        for number, spot in enumerate(self.spots):
            spot.down, spot.faults, spot.met, spot.shown = number in down, faults[number], {}, []
        watch, attempts, looks = self._publish(BUILDS[build], targets)
        wrote = [spot for spot in self.spots if spot.shown]
        self._one_home(wrote, looks)
        if attempts is not None:
            self._green_is_whole(targets, BUILDS[build], attempts, watch)
            self._stopped_is_stopped(attempts)

    def _publish(self, release: Release, targets: list[Spot]) -> tuple[Watch, list[Attempt] | None, dict[str, Look]]:
        """Run the chain; no attempts when the process was killed."""
        looks: dict[str, Look] = {}

        def tell(event: object) -> None:
            if isinstance(event, publish.Looked):
                looks.update((place.name, seen) for place, seen in event.looks)

        watch = Watch(600, tell, clock=VirtualClock())
        with suppress(Killed):
            return watch, list(publish.run(Plan(targets=targets), release, watch)), looks
        return watch, None, looks

    @staticmethod
    def _one_home(wrote: list[Spot], looks: dict[str, Look]) -> None:
        """A run shows files in one place; in none that is not the home of the version, if there is one that could be read."""
        assert len(wrote) <= 1
        if wrote:
            homes = {name for name, seen in looks.items() if seen.claimed}
            assert not homes or wrote[0].name in homes
            assert State.CONFLICT not in {seen.state for seen in looks.values()}, "another content is somewhere"

    @staticmethod
    def _green_is_whole(targets: list[Spot], release: Release, attempts: list[Attempt], watch: Watch) -> None:
        """Exit 0: a reader finds all files, with our bytes."""
        cut = watch.verdict() if watch.over else None
        report = verdict.conclude(Plan(targets=targets), release, attempts, cut=cut, seconds=0)
        stores = {spot.name: {name: sha256(data) for name, data in spot.store.items()} for spot in targets}
        ours = {each.name: each.sha256 for each in release.distributions}
        for each in report.holding:
            assert ours.items() <= stores[each.place.name].items()
        assert bool(report.holding) == (report.exit_code == 0)

    def _stopped_is_stopped(self, attempts: list[Attempt]) -> None:
        """After the attempt that ended the chain nothing is sent to anybody else."""
        tried = [each for each in attempts if each.outcome is not Done.SKIPPED]
        assert all(each.outcome in FALL_BACK_ON for each in tried[:-1])
        untried = {each.place.name for each in attempts} - {each.place.name for each in tried}
        assert not any(spot.met for spot in self.spots if spot.name in untried)


TestHistory = History.TestCase
TestHistory.settings = settings(max_examples=max(150, settings().max_examples // 10), stateful_step_count=12, deadline=None)
