"""A program of the build: all it says is told line by line, and nothing of it is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections import deque
from contextlib import suppress
from typing import IO, TYPE_CHECKING, cast

from pkg_publish.build.events import BackendSaid

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pkg_publish.watch import Watch

LONGEST_LINE = 8192
"""Bytes: a longer one is told in pieces."""

REMEMBERED = 40
"""The last lines, which say why it failed."""

PATIENCE = 2.0
"""Seconds between asking a program to end and ending it."""

HEARING = 1.0
"""Seconds for its last lines, once it has ended: a process outside of its group may hold the stream open."""


class ChildFailed(Exception):
    """The program ended with another code than 0."""

    def __init__(self, code: int, lines: Sequence[str]) -> None:
        super().__init__(f"exit code {code}")
        self.lines = tuple(lines)
        """The last it said."""


def run(command: Sequence[str], *, cwd: Path, environ: Mapping[str, str], watch: Watch) -> None:
    """Run a program to its end; raises `ChildFailed`, or what the watch says when the run is over.

    It runs in a process group of its own, and whatever of the group is left at the end is ended: a process that a build leaves behind
    would see what later steps of the job are given.
    """
    process = subprocess.Popen(  # noqa: S603 - the build, as the user asked
        command,
        cwd=cwd,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    listener = _Listener(cast("IO[bytes]", process.stdout), watch)
    try:
        while not _ended(process):
            if watch.over:
                raise watch.verdict()
    finally:
        _end(process)
        listener.leave()
    if process.returncode:
        raise ChildFailed(process.returncode, listener.lines)


class _Listener:
    """Tells each line from a thread of its own, which a process outside of the group may keep from ending: so it owns the stream."""

    def __init__(self, stream: IO[bytes], watch: Watch) -> None:
        self.lines: deque[str] = deque(maxlen=REMEMBERED)
        self._stream, self._watch = stream, watch
        self._left = False
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        with self._stream as stream:
            for line in iter(lambda: stream.readline(LONGEST_LINE), b""):
                if self._left:
                    break
                text = line.decode("utf-8", "replace").rstrip("\r\n")
                self.lines.append(text)
                self._watch.tell(BackendSaid(text))

    def leave(self) -> None:
        """Hear what was said, and nothing that is said later."""
        self._thread.join(HEARING)
        self._left = True


def _ended(process: subprocess.Popen[bytes]) -> bool:
    with suppress(subprocess.TimeoutExpired):
        process.wait(0.1)
    return process.returncode is not None


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the program and all that it started; nothing happens to those that have ended."""
    if sys.platform == "win32":
        process.kill()
        return
    if process.returncode is None:
        os.killpg(process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(PATIENCE)
    with suppress(ProcessLookupError, PermissionError):  # macOS refuses where Linux finds nobody
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
