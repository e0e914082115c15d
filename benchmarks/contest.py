"""Let the contenders of a row do its work, one after another, round by round, and see that it was done."""

from __future__ import annotations

import shutil
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from tests.real_parts import ENVIRON

from benchmarks import wheels
from benchmarks.index_ways import OURS
from benchmarks.machine import load
from benchmarks.measure import Command, Failed, Measured, timed
from benchmarks.places import sink
from benchmarks.registry_ways import base_python
from benchmarks.work import Work, environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from benchmarks.work import Contender, Row

ROOM = 8 << 30
"""Bytes that must be free in memory for files to lie there."""
LINGERING = 30.0
"""Seconds that a process may go on after the command that left it behind."""


@dataclass(frozen=True, slots=True)
class Result:
    """What came out of a row."""

    row: Row
    load: str
    """Of the machine, when the row began."""
    rounds: list[Mapping[str, Measured]] = field(default_factory=list)
    """By the names of the contenders."""

    @property
    def names(self) -> list[str]:
        """The contenders that were there to the end, ours first."""
        return [each.name for each in self.row.contenders if all(each.name in measured for measured in self.rounds)]

    def seconds(self, name: str) -> list[float]:
        """Of each round."""
        return [each[name].seconds for each in self.rounds]

    def ratios(self, name: str) -> list[float]:
        """How many times as long as this contender we took in the same round."""
        return [each[self.names[0]].seconds / each[name].seconds for each in self.rounds]

    def peak(self, name: str) -> float:
        """MiB at most in all rounds."""
        return max(each[name].peak for each in self.rounds) / 2**20

    def reached(self) -> list[tuple[str, bool]]:
        """What was wanted, and whether it was reached, by the medians."""
        us = self.names[0]
        found = []
        for goal in self.row.goals:
            if goal.against in self.names:
                found.append((f"at most {goal.times:g} times {goal.against}", round(median(self.ratios(goal.against)), 2) <= goal.times))
            if goal.seconds:
                found.append((f"at most {goal.seconds:g} s", round(median(self.seconds(us)), 2) <= goal.seconds))
            if goal.mebibytes:
                found.append((f"at most {goal.mebibytes} MiB", self.peak(us) <= goal.mebibytes))
        return found


class Contest:
    """Everything lies in one folder, or what may be there already in the `cache` of somebody; `tell` hears what is going on."""

    def __init__(self, folder: Path, tell: Callable[[str], None], cache: Path | None = None) -> None:
        self._folder, self._tell = folder, tell
        self._environ = environment(ENVIRON, folder / "home") | ({"XDG_CACHE_HOME": str(cache)} if cache else {})
        (folder / "home").mkdir()

    def warm_up(self) -> None:
        """Let our command make its folder of libraries, and Python compile all that is imported: the first run of all is a row of its own."""
        with self._new_folder() as folder, sink(folder) as place:
            work = Work(files=wheels.make(folder / "dist", [1000]), address=place.address, folder=folder)
            compiling: list[str | Path] = [base_python(), "-I", "-m", "compileall", "-q", self._folder / "home" / "cache" / "pkg-publish"]
            timed([*OURS.commands(work), Command(compiling)], self._environ, folder / "log")

    def hold(self, row: Row, rounds: int) -> Result:
        """So many rounds of a row; in each another contender begins. Raises `Failed`."""
        there = [each for each in row.contenders if not each.missing]
        for each in (each for each in row.contenders if each.missing):
            self._tell(f"  {each.name} is left out: {each.missing} is missing")
        result = Result(row, load())
        with self._new_folder() as folder:
            files = row.files(folder / "dist")
            for number in range(-1 if row.warm_up else 0, rounds):
                measured = self._round(row, files, there, number)
                there = [each for each in there if each.name in measured]
                if number >= 0:
                    result.rounds.append(measured)
        return result

    def _round(self, row: Row, files: Sequence[Path], there: Sequence[Contender], number: int) -> Mapping[str, Measured]:
        """What each took; a peer that fails is left out of what follows, aloud, for a table without it is better than none."""
        begin, measured = number % len(there), dict[str, Measured]()
        for each in (*there[begin:], *there[:begin]):
            try:
                measured[each.name] = self._once(row, files, each)
            except Failed as problem:
                if each is there[0]:
                    raise
                self._tell(f"  {each.name} failed and is left out: {problem}")
        self._tell(
            "  " + ("warm-up" if number < 0 else f"round {number + 1}") + ": " + ", ".join(f"{name} {each.seconds:.2f} s" for name, each in measured.items())
        )
        return measured

    def _once(self, row: Row, files: Sequence[Path], contender: Contender) -> Measured:
        with self._new_folder() as folder, contender.place(folder, files) if contender.place else row.place(folder) as place:
            work = Work(files=files, address=place.address, folder=folder / "work")
            work.folder.mkdir()
            contender.prepare(work)
            measured = timed(contender.commands(work), self._environ, folder / "log")
            heard, peak = place.heard(), max(measured.peak, place.peak())
            if not place.holds(files):
                raise Failed(f"{contender.name}: not everything is there\n{(folder / 'log').read_text(encoding='utf-8', errors='replace')[-2000:]}")
        return Measured(measured.began, heard - measured.began if row.first_byte and heard else measured.seconds, peak)

    @contextmanager
    def _new_folder(self) -> Iterator[Path]:
        folder = Path(tempfile.mkdtemp(dir=self._folder))
        try:
            yield folder
        finally:
            _wait_for_all(folder)
            shutil.rmtree(folder)


def _wait_for_all(folder: Path) -> None:
    """Wait until nobody works with the folder any more: our first run leaves a process behind that compiles."""
    end, word = time.monotonic() + LINGERING, bytes(folder)
    while time.monotonic() < end and any(word in _words(process) for process in Path("/proc").glob("[0-9]*/cmdline")):
        time.sleep(0.05)


def _words(process: Path) -> bytes:
    try:
        return process.read_bytes()
    except OSError:
        return b""


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder for everything, in memory where there is room, so that no disk is measured."""
    memory = Path("/dev/shm")  # noqa: S108 - the folder in it is ours alone
    there = memory.is_dir() and shutil.disk_usage(memory).free > ROOM
    with tempfile.TemporaryDirectory(prefix="benchmarks-", ignore_cleanup_errors=True, dir=memory if there else None) as folder:
        yield Path(folder)
