"""What happens while something is built, for those who tell people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildBegan:
    """An event: the environment for a build is ready."""

    project: Path
    kind: str
    """`sdist` or `wheel`."""
    backend: str
    """`setuptools 80.9.0`"""
    python: str
    """`3.12.7`: the user's, not ours."""


@dataclass(frozen=True, slots=True)
class BackendSaid:
    """An event: a line of the build's own output, foreign text."""

    line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """An event: the distributions are there."""

    paths: Sequence[Path]
    seconds: float
