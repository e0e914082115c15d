"""One writer at a time on one machine; the system frees the lock when a process ends, however it ends."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

    from pkg_publish.watch import Watch

_FIRST_WAIT, _LONGEST_WAIT = 0.01, 1.0
"""Seconds."""

if sys.platform == "win32":
    import msvcrt

    _BEYOND = 1 << 30
    """Windows refuses others what is locked: so a byte far behind the end, which nobody reads."""

    def take(file: BinaryIO) -> bool:
        """Lock an open file until it is closed; False: somebody else holds it."""
        file.seek(_BEYOND)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _free(file: BinaryIO) -> None:
        file.seek(_BEYOND)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def take(file: BinaryIO) -> bool:
        """Lock an open file until it is closed; False: somebody else holds it."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _free(file: BinaryIO) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)


@contextmanager
def alone(path: Path, watch: Watch) -> Iterator[BinaryIO]:
    """Hold the lock of a file, which is made if it is not there and must never be replaced; waits as long as `watch` allows."""
    with path.open("a+b") as file:
        pause = _FIRST_WAIT
        while not take(file):
            watch.left()
            watch.wait(pause, f"another process writes to {path.parent}")
            pause = min(2 * pause, _LONGEST_WAIT)
        try:
            yield file
        finally:
            _free(file)
