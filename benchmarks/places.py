"""The servers that are published to, a new one for each contender."""

from __future__ import annotations

import hashlib
from contextlib import ExitStack, contextmanager
from functools import cache, partial
from typing import TYPE_CHECKING

from tests.real_parts import find
from tests.servers.registries import distribution

from benchmarks.delay import Delay
from benchmarks.sink import Sink
from benchmarks.work import Place

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


@cache
def digest(path: Path) -> str:
    """The sha256 of a file, which nobody changes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def registry(folder: Path, *, away: float = 0.0) -> Iterator[Place]:
    """Debian's docker-registry, so many seconds of round trip away."""
    program = find("docker-registry")
    if program is None:
        raise FileNotFoundError("docker-registry is missing: python3 tests/real_parts.py brings it")
    with distribution(program, folder) as url, ExitStack() as stack:
        blobs = folder / "storage" / "docker" / "registry" / "v2" / "blobs" / "sha256"
        yield Place(address=_away(stack, url.removeprefix("http://"), away), holds=partial(_in_registry, blobs))


def _in_registry(blobs: Path, files: Sequence[Path]) -> bool:
    return all((blobs / digest(path)[:2] / digest(path) / "data").exists() for path in files)


@contextmanager
def sink(folder: Path, *, away: float = 0.0) -> Iterator[Place]:
    """An index that keeps nothing but names and digests."""
    del folder
    with Sink() as index, ExitStack() as stack:
        yield Place(
            address=_away(stack, index.address, away),
            holds=lambda files: all(index.files.get(path.name) == digest(path) for path in files),
            heard=lambda: index.heard,
        )


def _away(stack: ExitStack, address: str, seconds: float) -> str:
    return stack.enter_context(Delay(address, seconds)).address if seconds else address
