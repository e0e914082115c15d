"""What happens while something that was published is read, for those who tell people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pkg_publish.interpreter import Interpreter
    from pkg_publish.model import Place, RemoteFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An event: this file will be fetched from there."""

    place: Place
    file: RemoteFile
    python: Interpreter


@dataclass(frozen=True, slots=True)
class Received:
    """An event: so many bytes of this file came in."""

    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Freezing:
    """An event: the page of this project is written, and its files are brought."""

    project: str
    files: int
