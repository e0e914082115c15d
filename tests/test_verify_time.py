"""`verify: install` and time: the proof ends with the publishing."""

from __future__ import annotations

import sys
import threading
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING

import pytest
from tests import factory
from tests.test_job import Desk

from pkg_publish.verdict import Status
from pkg_publish.watch import Watch

if TYPE_CHECKING:
    from pathlib import Path


class UntilItHangs:
    """A clock that stands still until a file is there; then the time is up."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def now(self) -> float:
        """0, or after every deadline."""
        return 1e6 if self.file.exists() else 0.0

    def wait(self, stop: threading.Event, seconds: float) -> None:
        """Hardly."""
        stop.wait(min(seconds, 0.01))


def cancel_when(run: Watch, file: Path) -> None:
    """Cancel a run as soon as a file is there."""
    while not file.exists():
        run.stop.wait(0.01)
    run.cancel()


@pytest.mark.parametrize(("how", "code"), [("deadline", 7), ("cancel", 130)])
def test_a_proof_that_hangs_ends_with_the_publishing(tmp_path: Path, how: str, code: int) -> None:
    """Whatever program of it does; the release is there, and its report says so."""
    desk = Desk(tmp_path)
    factory.release(desk.folder / "dist")
    hangs, folder = tmp_path / "hangs", tmp_path / "bin"
    folder.mkdir()
    script = f'#!/bin/sh\nfor word in "$@"; do [ "$word" = venv ] && touch {hangs} && sleep 600; done\nexec {sys.executable} "$@"\n'
    (folder / "python3").write_text(script)
    (folder / "python3").chmod(0o755)
    desk.environ["PATH"] = f"{folder}:/usr/bin:/bin"
    run = Watch(float("inf"), desk.events.append, clock=UntilItHangs(hangs if how == "deadline" else tmp_path / "never"))
    if how == "cancel":
        threading.Thread(target=cancel_when, args=[run, hangs], daemon=True).start()
    began = monotonic()

    report = replace(desk.job(build="never", verify="install"), watch=run).run()

    assert monotonic() - began < 10
    assert (report.status, report.exit_code, report.proof) == (Status.PUBLISHED, code, None)
    assert report.problems[0].what.endswith("and the release, which is there, was not yet installed to prove it")
