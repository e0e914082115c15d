"""Run programs and say how long they took, and how much memory they and their children had."""

from __future__ import annotations

import os
import resource
import subprocess
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

EVERY = 0.1
"""Seconds between two looks at the memory."""
LONGEST = 600
"""Seconds that a program may take."""


class Failed(Exception):
    """A program did not do its work; the last of what it printed."""


@dataclass(frozen=True, slots=True)
class Command:
    """A program to run."""

    words: Sequence[str | Path]
    environ: Mapping[str, str] = field(default_factory=dict)
    """Added to that of the run."""
    folder: Path | None = None
    """Where it runs; None: where we do."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What some work took."""

    began: float
    """On the clock of `time.monotonic`."""
    seconds: float
    peak: int
    """Bytes: the most that a process and its children had together, as the system counts the peak of each (`VmHWM`); 0 where it does not."""


def timed(commands: Iterable[Command], environ: Mapping[str, str], log: Path) -> Measured:
    """Run commands one after another, each made when the one before has ended; raises `Failed`.

    The time between two of them counts: it is what a script around them would need, and less.
    """
    began, peak = time.monotonic(), 0
    for command in commands:
        peak = max(peak, _run(command, environ, log))
    return Measured(began, time.monotonic() - began, peak)


def _run(command: Command, environ: Mapping[str, str], log: Path) -> int:
    words = [str(word) for word in command.words]
    with log.open("wb") as output:
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env={**environ, **command.environ}, cwd=command.folder)
    timer = _end_after(process)
    try:
        with process, _Sampler(process.pid) as sampler:
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
    finally:
        timer.cancel()
    if process.returncode:
        raise Failed(f"{' '.join(words)[:300]}: exit {process.returncode}\n{log.read_text(encoding='utf-8', errors='replace')[-2000:]}")
    return max(sampler.peak, usage.ru_maxrss << 10 if usage.ru_maxrss > _ours() else 0)


def _ours() -> int:
    """KiB that we had at most: the system counts them for a child, too, since that begins as a copy of us."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _end_after(process: subprocess.Popen[bytes]) -> threading.Timer:
    """A program that hangs is killed; waiting with a time-out would poll, and cost the precision."""
    timer = threading.Timer(LONGEST, process.kill)
    timer.daemon = True
    timer.start()
    return timer


class _Sampler:
    """Looks at the memory of a process and all below it until the block ends."""

    def __init__(self, pid: int) -> None:
        self.peak = 0
        self._pid, self._over = pid, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while True:
            self.peak = max(self.peak, sum(map(most, _tree(self._pid))))
            if self._over.wait(EVERY):
                return


def _tree(pid: int) -> list[int]:
    """A process and all below it."""
    found = [pid]
    for each in found:
        with suppress(OSError):
            for children in Path(f"/proc/{each}/task").glob("*/children"):
                found += map(int, children.read_text().split())
    return found


def most(pid: int) -> int:
    """Bytes of memory that a process had at most since its program was started."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) << 10
    return 0
