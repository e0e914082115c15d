"""Files on disk that appear whole or not at all."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import stat
import sys
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from pkg_publish.clients.lock import take
from pkg_publish.errors import ConfigError, Environment, Failure, Mistakes
from pkg_publish.model import CheckRow

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

BLOCK = 1 << 20
"""Bytes read at once."""
PART = re.compile(r"\..+\.[0-9a-f]{16}\.part", re.DOTALL)
"""How a file of ours is called that is not whole."""


@contextmanager
def disk(doing: str) -> Iterator[None]:
    """Turn what the disk refuses into `Environment`, in the words of the system."""
    try:
        yield
    except OSError as error:
        raise Environment(
            f"{doing} failed: {error.strerror or error}",
            code="disk",
            cure="Check that the folder can be written to and that the disk has room, then run again: what is there already stays.",
        ) from error


@contextmanager
def appearing(path: Path, *, replacing: bool = True) -> Iterator[BinaryIO]:
    """Write under a temporary name beside `path`; on success it takes the name in one step, on failure nothing is left.

    Not `replacing`: a file that somebody else has put there meanwhile stays, and ours is thrown away. What killed processes have left of theirs is removed.
    What is no regular file, and whatever this process prints to, is written into instead; a link leads to the file that is replaced.
    """
    if replacing:
        if _is_stream(path):
            with _into(path) as file:
                yield file
            return
        path = Path(os.path.realpath(path))
    _sweep(path.parent)
    hidden, file = _begun(path)
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
            if sys.platform != "win32":  # as long as it is locked, nobody sweeps it away
                _take_name(hidden, path, replacing=replacing)
        if sys.platform == "win32":
            _take_name(hidden, path, replacing=replacing)
    finally:
        with suppress(FileNotFoundError):
            hidden.unlink()


def _is_stream(path: Path) -> bool:
    """Something is there that a file must not take the place of: a device, a pipe, a folder, or what our own output goes to."""
    try:
        facts = path.stat()
    except FileNotFoundError:
        return False
    return not stat.S_ISREG(facts.st_mode) or _printed_to(facts) is not None


def _into(path: Path) -> BinaryIO:
    """Open it as it is; a pipe that nobody reads is refused by the system, and never waited for."""
    ours = _printed_to(path.stat())
    if ours is not None:  # behind what was printed, not over it
        return os.fdopen(os.dup(ours), "wb")
    number = os.open(path, os.O_WRONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0))
    if sys.platform == "win32":  # it has no such pipes
        return os.fdopen(number, "wb")
    os.set_blocking(number, True)
    return os.fdopen(number, "wb")


def _printed_to(facts: os.stat_result) -> int | None:
    """Standard output or error, if it goes there."""
    for number in (1, 2):
        with suppress(OSError):
            if os.path.samestat(facts, os.fstat(number)):
                return number
    return None


def _begun(path: Path) -> tuple[Path, BinaryIO]:
    """A locked file with a temporary name; another one if it was swept away before it was locked."""
    while True:
        hidden = path.with_name(f".{path.name[:200]}.{secrets.token_hex(8)}.part")
        file = hidden.open("xb")
        if _is_kept(file):
            return hidden, file
        file.close()


def _is_kept(file: BinaryIO) -> bool:
    """Lock a file that was just made; whether nobody was quicker."""
    try:
        return take(file) and bool(os.fstat(file.fileno()).st_nlink)
    except OSError:  # a disk without locks, where nobody sweeps
        return True


def _take_name(hidden: Path, path: Path, *, replacing: bool) -> None:
    if replacing:
        hidden.replace(path)
    else:
        with suppress(FileExistsError):
            os.link(hidden, path)


def _sweep(folder: Path) -> None:
    """Remove what nobody writes any more: the system has freed the lock of a process that was killed."""
    for path in folder.glob(".*.part"):
        if PART.fullmatch(path.name):
            with suppress(OSError), path.open("rb") as file:
                if take(file):
                    path.unlink()


def sha256_of(path: Path) -> str:
    """Hash a file in constant memory, with OpenSSL."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def names_in(folder: Path) -> list[str]:
    """What lies in a folder, nothing if there is none. Raises `Mistakes` for one that cannot be read."""
    try:
        return [entry.name for entry in folder.iterdir()] if folder.is_dir() else []
    except OSError as error:
        what = f"the folder {folder} cannot be read: {error.strerror or error}"
        raise Mistakes([ConfigError(what, code="disk", cure="Let the user that runs this read the folder, or name another.")]) from error


def folder_check(folder: Path) -> CheckRow:
    """Whether a folder can be written to, or made: a file is begun in the nearest that is there, and never gets a name where the system can do that."""
    nearest = next(path for path in (folder, *folder.absolute().parents) if os.path.lexists(path))
    try:
        with tempfile.TemporaryFile(dir=nearest):
            return CheckRow(check="folder", found=f"{folder} {'is there, and can be written to' if nearest == folder else 'will be made'}")
    except OSError as error:
        found, means = f"{nearest} cannot be written to: {error.strerror}", "" if nearest == folder else f"{folder} cannot be made there"
        return CheckRow(check="folder", found=found, means=means, do="name another folder", ok=False, failure=Failure.ENVIRONMENT, code="disk")
