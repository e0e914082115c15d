"""Servers that tests start: each is waited for until it answers, and ended by its own id."""

from __future__ import annotations

import http.client
import socket
import subprocess
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answers(port: int, path: str = "/") -> Callable[[], bool]:
    """Make the question whether an HTTP server on this port answers a GET with 2xx, 3xx or 4xx."""

    def ask() -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", path)
            return connection.getresponse().status < http.client.INTERNAL_SERVER_ERROR
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    return ask


@contextmanager
def running(
    command: Sequence[str | Path],
    *,
    ready: Callable[[], bool],
    log: Path,
    environ: Mapping[str, str] | None = None,
    seconds: float = 60,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server until the block ends; its output goes to `log`. Fails when it ends early or is not ready in time."""
    with log.open("ab") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environ, start_new_session=True)
    try:
        _wait(process, ready, log, time.monotonic() + seconds)
        yield process
    finally:
        _end(process)


def _wait(process: subprocess.Popen[bytes], ready: Callable[[], bool], log: Path, end: float) -> None:
    while not ready():
        try:
            process.wait(timeout=0.05)
        except subprocess.TimeoutExpired:
            if time.monotonic() < end:
                continue
        pytest.fail(f"{process.args!r} {'ended' if process.returncode is not None else 'did not answer in time'}:\n{log.read_text(errors='replace')[-2000:]}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask it to end, then make it."""
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
