"""Jobs in processes of their own, each with a file of one version: forked from one that has imported all, for that takes most of a job's time."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE
from typing import TYPE_CHECKING, Self, TextIO

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pkg_publish.model import Distribution

MOTHER = """
import os, signal, socket, sys
from pathlib import Path
from tests import factory
from pkg_publish import publish
from pkg_publish.model import Release
from pkg_publish.plan import Plan
from pkg_publish.runner import Runner
from pkg_publish.targets.base import Ambient, TargetSpec
from pkg_publish.targets.oci import OciKind
from pkg_publish.watch import Watch
import pkg_publish.clients.faults, pkg_publish.clients.line

def work(path):
    release = Release(project="demo", version="1.0", distributions=(factory.distribution(Path(path), "demo", "1.0"),))
    ambient = Ambient(folder=Path(), environ={}, runner=Runner(run_id="1"))
    told = socket.socket(socket.AF_UNIX)
    told.connect(sys.argv[1])
    stream = told.makefile("rw")
    print(os.getpid(), file=stream, flush=True)
    for line in stream:
        target = OciKind().make(TargetSpec(kind="oci", options={"name": line.strip(), "jobs": "many"}), ambient)
        (attempt,) = publish.run(Plan(targets=[target]), release, Watch(300, lambda _: None))
        print(attempt.outcome, file=stream, flush=True)

signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for line in sys.stdin:
    if not os.fork():
        try:
            work(line.strip())
        finally:
            os._exit(0)
"""
"""Begins a job for each path that it reads; a job publishes its file to each place that is named to it."""


@dataclass(frozen=True, slots=True)
class Job:
    """One of them."""

    pid: int
    stream: TextIO

    def go(self, name: str) -> None:
        """Let it publish to a place."""
        self.stream.write(f"{name}\n")
        self.stream.flush()

    def said(self) -> str:
        """What came of it."""
        return self.stream.readline().strip()

    def kill(self) -> None:
        """End it wherever it is, and see it gone."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        with suppress(ConnectionError):
            self.stream.read()


class Nursery:
    """Begins jobs; a context manager with whose end they end."""

    def __init__(self, folder: Path) -> None:
        self._address, self._listening = str(folder / "jobs"), socket.socket(socket.AF_UNIX)
        self._jobs: list[Job] = []

    def __enter__(self) -> Self:
        self._listening.bind(self._address)
        self._listening.listen(64)
        self._listening.settimeout(60)
        root = Path(__file__).parents[2]
        self._mother = subprocess.Popen([sys.executable, "-c", MOTHER, self._address], stdin=PIPE, text=True, cwd=root)
        return self

    def __exit__(self, *_: object) -> None:
        for job in self._jobs:
            job.stream.close()
        self._mother.communicate()
        self._listening.close()

    def begin(self, files: Sequence[Distribution]) -> list[Job]:
        """A job for each file, in their order, ready to go."""
        return [self._born(file.path) for file in files]

    def _born(self, path: Path) -> Job:
        assert self._mother.stdin
        self._mother.stdin.write(f"{path}\n")
        self._mother.stdin.flush()
        connection, _ = self._listening.accept()
        with connection:
            connection.settimeout(None)
            stream = connection.makefile("rw")
        job = Job(int(stream.readline()), stream)
        self._jobs.append(job)
        return job
