"""One writer at a time."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from pkg_publish.clients.lock import alone
from pkg_publish.errors import Cancelled, Deadline
from pkg_publish.watch import Waiting, Watch

if TYPE_CHECKING:
    from pathlib import Path

HOLDER = """
import sys
from pathlib import Path
from pkg_publish.clients.lock import alone
from pkg_publish.watch import Watch
with alone(Path(sys.argv[1]), Watch(60, lambda _: None)):
    print("held", flush=True)
    sys.stdin.read()
"""


def quiet(seconds: float) -> Watch:
    """A watch that tells nobody."""
    return Watch(seconds, lambda _: None)


def test_a_second_writer_waits_and_says_so(tmp_path: Path) -> None:
    """Its time ends before the first one's work, and the log says what it waited for."""
    told: list[object] = []
    with alone(tmp_path / "file", quiet(30)), pytest.raises(Deadline), alone(tmp_path / "file", Watch(0.05, told.append)):
        pass
    assert next(event.why for event in told if isinstance(event, Waiting)) == f"another process writes to {tmp_path}"


def test_a_cancel_ends_the_wait(tmp_path: Path) -> None:
    """Somebody stops the run while it waits."""
    waiting = Watch(30, lambda _: waiting.cancel())
    with alone(tmp_path / "file", quiet(30)), pytest.raises(Cancelled), alone(tmp_path / "file", waiting):
        pass


def test_a_lock_is_free_after_an_error(tmp_path: Path) -> None:
    """However the first writer's work ended."""
    with pytest.raises(ZeroDivisionError), alone(tmp_path / "file", quiet(30)):
        _ = 1 / 0
    with alone(tmp_path / "file", quiet(0.05)) as file:
        assert file.writable()


def test_a_killed_process_holds_nothing(tmp_path: Path) -> None:
    """The lock is the system's, not a file's existence."""
    with subprocess.Popen([sys.executable, "-c", HOLDER, tmp_path / "file"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(Deadline), alone(tmp_path / "file", quiet(0.05)):
            pass
        holder.kill()
    with alone(tmp_path / "file", quiet(0.05)) as file:
        assert file.writable()
