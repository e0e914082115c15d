"""A program of the build, from its first line to the last process it leaves behind."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.build.projects import has_ended

from pkg_publish.build import child
from pkg_publish.build.child import ChildFailed
from pkg_publish.build.events import BackendSaid
from pkg_publish.errors import Cancelled
from pkg_publish.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable


class Ear:
    """Hears what a child says, and may cancel it."""

    def __init__(self, on_line: Callable[[str], object] = len) -> None:
        self.events: list[object] = []
        self.on_line = on_line
        self.stop = threading.Event()

    def tell(self, event: object) -> None:
        """Take an event."""
        self.events.append(event)
        if isinstance(event, BackendSaid):
            self.on_line(event.line)

    @property
    def lines(self) -> list[str]:
        """What was said."""
        return [event.line for event in self.events if isinstance(event, BackendSaid)]

    def run(self, code: str) -> None:
        """Run Python code as a child."""
        child.run([sys.executable, "-uc", code], cwd=Path.cwd(), environ=dict(os.environ), watch=Watch(float("inf"), self.tell, stop=self.stop))  # noqa: TID251 - the tests' own edge


def test_both_streams_are_told_line_by_line() -> None:
    """Whatever bytes they are."""
    ear = Ear()
    ear.run(r"import os; os.write(1, b'one\r\n'); os.write(2, b'\xfftwo\n'); os.write(1, b'three')")
    assert ear.lines == ["one", "\ufffdtwo", "three"]


def test_a_line_without_an_end_is_told_in_pieces() -> None:
    """Nothing is held whole."""
    ear = Ear()
    ear.run("print('x' * 20000)")
    assert [len(line) for line in ear.lines] == [8192, 8192, 3616]


def test_a_failure_holds_the_last_lines() -> None:
    """And no more than are read."""
    ear = Ear()
    with pytest.raises(ChildFailed, match="exit code 3") as caught:
        ear.run("import sys; [print(number) for number in range(100)]; sys.exit(3)")
    assert caught.value.lines == tuple(str(number) for number in range(60, 100))


def test_a_child_that_ignores_the_polite_signal_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """After some patience."""
    monkeypatch.setattr(child, "PATIENCE", 0.2)
    ear = Ear(lambda _: ear.stop.set())
    with pytest.raises(Cancelled):
        ear.run("import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(os.getpid()); time.sleep(600)")
    assert has_ended(int(ear.lines[0]))


LEAVES = "import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], start_new_session={}).pid)"


def test_nothing_is_left_behind() -> None:
    """A process of the build would see what the next step of the job is given."""
    ear = Ear()
    ear.run(LEAVES.format("False"))
    assert has_ended(int(ear.lines[0]))


def test_a_process_that_escaped_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """It keeps the pipe open, out of our reach."""
    monkeypatch.setattr(child, "PATIENCE", 0.2)
    ear = Ear()
    ear.run(LEAVES.format("True"))
    escaped = int(ear.lines[0])
    assert not has_ended(escaped, within=0)
    os.kill(escaped, signal.SIGKILL)


def test_what_an_escaped_process_says_later_is_not_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It is no part of the build any more."""
    monkeypatch.setattr(child, "PATIENCE", 0.2)
    before = set(threading.enumerate())
    later = f"import os, time\nwhile not os.path.exists({str(tmp_path / 'go')!r}): time.sleep(0.01)\nprint('later')"
    ear = Ear()
    ear.run(f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {later!r}], start_new_session=True)")
    (listener,) = set(threading.enumerate()) - before

    (tmp_path / "go").touch()
    listener.join()

    assert ear.lines == []
