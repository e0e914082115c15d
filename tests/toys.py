"""Targets in memory, for what needs no server: the chain's decisions."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pkg_publish.errors import Failure, PublishError
from pkg_publish.model import Item, Place, Receipt, Visibility

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pkg_publish.model import Release
    from pkg_publish.watch import Watch


def error(kind: Failure, what: str = "as it is", *, reached: bool = False) -> PublishError:
    """An error of the class of that name."""
    classes = {each.kind: each for each in PublishError.__subclasses__()}
    return classes[kind](what, code=kind, reached=reached)


def sha256(data: bytes) -> str:
    """Hash."""
    return hashlib.sha256(data).hexdigest()


@dataclass(eq=False)
class Shelf:
    """Like PyPI: each file is visible at once."""

    name: str = "shelf"
    store: dict[str, bytes] = field(default_factory=dict)
    fails: dict[str, int] = field(default_factory=dict)
    """File name -> how often it fails."""
    kind: Failure = Failure.UNAVAILABLE
    landed: bool = False
    """A failing write lands all the same."""
    down: bool = False
    settles: float = 0
    writes: list[str] = field(default_factory=list)
    visibility: Visibility = Visibility.YOUR_CHOICE

    @property
    def place(self) -> Place:
        """A place of that name."""
        return Place(kind=self.name, name=self.name, title=self.name, visibility=self.visibility)

    def wanted(self, release: Release) -> Sequence[Item]:
        """Every file."""
        return release.distributions

    def held(self, release: Release, watch: Watch) -> Sequence[Item]:
        """What is in the store."""
        del release, watch
        if self.down:
            raise error(Failure.UNAVAILABLE, "connection refused")
        return [Item(name=name, sha256=sha256(data)) for name, data in self.store.items()]

    def open(self, release: Release, watch: Watch) -> Shelf:
        """Keep the release, for its files."""
        del watch
        self.release = release
        return self

    def receipt(self, release: Release, watch: Watch) -> Receipt:
        """An address."""
        del release, watch
        return Receipt(url=self.name, source=f"{self.name}=x")

    def send(self, item: Item, watch: Watch) -> None:
        """Store, or fail as told."""
        self.writes.append(item.name)
        with self.release[item.name].open() as file:
            data = watch.body(item.name, file).read()
        if self.fails.get(item.name, 0):
            self.fails[item.name] -= 1
            if self.landed:
                self.store[item.name] = data
            raise error(self.kind, "no", reached=self.kind is Failure.UNAVAILABLE)
        self.store[item.name] = data

    def finish(self, watch: Watch) -> None:
        """Nothing is left to do."""
        del watch


@dataclass(eq=False)
class Draft(Shelf):
    """Like a Release or a registry: staged first, revealed once."""

    shown: bool = False
    finish_fails: int = 0

    def held(self, release: Release, watch: Watch) -> Sequence[Item]:
        """Invisible until it is shown."""
        return [Item(name=item.name, sha256=item.sha256, visible=self.shown) for item in super().held(release, watch)]

    def finish(self, watch: Watch) -> None:
        """Show it, or fail as told."""
        del watch
        if self.finish_fails:
            self.finish_fails -= 1
            raise error(Failure.UNAVAILABLE, "502", reached=True)
        self.shown = True


@dataclass(eq=False)
class Failing(Shelf):
    """A place that cannot be read, for one reason."""

    why: Failure = Failure.UNSUPPORTED

    def held(self, release: Release, watch: Watch) -> Sequence[Item]:
        """Raise."""
        del release, watch
        raise error(self.why)


@dataclass(eq=False)
class Never(Shelf):
    """Takes everything, shows nothing."""

    def held(self, release: Release, watch: Watch) -> Sequence[Item]:
        """Show nothing."""
        del release, watch
        return []


@dataclass(eq=False)
class Slow(Shelf):
    """Takes for ever."""

    def send(self, item: Item, watch: Watch) -> None:
        """Wait for the end of the run."""
        self.writes.append(item.name)
        while True:
            watch.wait(0.05, "slow")
            watch.left()
