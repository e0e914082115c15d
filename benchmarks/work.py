"""The words of a comparison: a place to publish to, work to do there, and who does it in which way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from benchmarks.measure import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A server, empty and all for one contender."""

    address: str
    """`HOST:PORT`."""
    holds: Callable[[Sequence[Path]], bool]
    """Whether it has these files."""
    heard: Callable[[], float | None] = lambda: None
    """When the first request came to it, on the clock of `time.monotonic`."""
    peak: Callable[[], int] = lambda: 0
    """Bytes of memory that it had at most, where the server is what is measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a contender gets."""

    files: Sequence[Path]
    address: str
    folder: Path
    """An empty folder of its own."""

    @property
    def dist(self) -> Path:
        """The folder of the files, in which there is nothing else."""
        return self.files[0].parent


def nothing(work: Work) -> None:
    """Prepare nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """One way to do some work."""

    name: str
    commands: Callable[[Work], Iterator[Command]]
    """Each is asked for when the one before has ended."""
    prepare: Callable[[Work], None] = nothing
    """What comes before and is not measured."""
    missing: str = ""
    """The program that it needs and that is not here."""
    place: Callable[[Path, Sequence[Path]], AbstractContextManager[Place]] | None = None
    """A place of its own, with the files, instead of the row's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """What we want to reach."""

    against: str = ""
    """The contender; empty: by itself."""
    times: float = 0.0
    """At most so many times as long."""
    seconds: float = 0.0
    mebibytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Some work, and all who do it. The first contender is ours."""

    word: str
    """How the command line calls it."""
    title: str
    notes: Sequence[str]
    """What a reader must know to judge the numbers."""
    contenders: Sequence[Contender]
    files: Callable[[Path], Sequence[Path]]
    """Makes them in a folder."""
    place: Callable[[Path], AbstractContextManager[Place]]
    """Starts a server that keeps what it must in a folder."""
    rounds: int
    goals: Sequence[Goal] = ()
    warm_up: bool = True
    """One round more comes first, and does not count."""
    first_byte: bool = False
    """What counts is the time until the first request has come to the place."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How much of each."""

    many: int
    """Files for the registry, and the bytes of each."""
    small: int
    huge: int
    """Bytes of the one large file for the registry."""
    some: int
    """Files for the index, and the bytes of the smallest and the largest."""
    least: int
    most: int
    large: int
    """Bytes of the one large file for the index."""
    registry_away: float
    index_away: float
    """Seconds of round trip."""
    rounds: int
    """Of what takes long; short work is done more often."""
    files: int = 500
    """Of one project, on a page."""
    asked: int = 100
    """How often a page is asked for."""


FULL = Shape(50, 100_000, 1_500_000_000, 30, 10_000, 5_000_000, 1_000_000_000, 0.040, 0.050, 3)
QUICK = Shape(3, 10_000, 3_000_000, 3, 10_000, 50_000, 3_000_000, 0.002, 0.002, 1, files=6, asked=3)


def environment(environ: Mapping[str, str], home: Path) -> dict[str, str]:
    """What every contender gets: how this machine reaches its index, and a home of its own; nothing of a runner, and no proxy to this machine."""
    foreign = ("GITHUB_", "ACTIONS_", "RUNNER_", "INPUT_", "PKG_PUBLISH_", "TWINE_", "UV_PUBLISH", "XDG_", "PYTHON", "VIRTUAL_ENV", "COVERAGE_", "COV_")
    kept = {name: value for name, value in environ.items() if not name.upper().startswith(foreign)}
    near = {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    return kept | near | {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache")}
