"""What a process of ours does at its borders: signals, streams, files for the runner, exit."""

from __future__ import annotations

import os
import platform
import secrets
import shlex
import signal
import sys
import tempfile
import traceback
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from pkg_publish import __version__, build, verdict
from pkg_publish.clients.disk import disk
from pkg_publish.errors import Bug, PublishError
from pkg_publish.formats import neutral
from pkg_publish.install_command import Origin
from pkg_publish.job import Began, Job
from pkg_publish.report import machine
from pkg_publish.report.console import Console
from pkg_publish.report.summary import summary as render
from pkg_publish.runner import Runner
from pkg_publish.targets.base import Ambient
from pkg_publish.verdict import Level, Remark
from pkg_publish.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import TextIO

    from pkg_publish.config import Config
    from pkg_publish.verdict import Report

FOR_EVER = float("inf")

ROOT = Path(__file__).resolve().parents[2]
"""The checkout, when we run from one."""


def leave(run: Callable[[], int], failed: Callable[[Report], None], *, debug: bool) -> NoReturn:
    """Run and end the process at once: a thread that hangs in a socket would hold the interpreter for ever.

    An exception nobody expected is given to `failed` as a report like any other.
    """
    try:
        code = run()
    except Exception as exception:  # noqa: BLE001 - the edge: what nobody expected is a bug of ours
        if debug:
            traceback.print_exc()
        bug = Bug(
            f"pkg-publish {__version__} has a bug: {type(exception).__name__}",
            code="bug",
            cure="Run again with --debug, or re-run the job with debug logging, and report what it shows.",
        )
        code = bug.kind.exit_code
        with suppress(OSError):
            failed(verdict.failed_early([bug]))
    with suppress(OSError):  # whoever listened may have left
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


@contextmanager
def watched(console: Console) -> Iterator[Watch]:
    """A watch that the signals of the system cancel; a second Ctrl-C ends the process at once."""
    watch = Watch(FOR_EVER, console.tell)

    def cancel(number: int, frame: object) -> None:
        del number, frame
        if watch.stop.is_set():
            os._exit(130)
        watch.cancel()

    signals = [signal.SIGINT, signal.SIGTERM]
    if sys.platform == "win32":
        signals.append(signal.SIGBREAK)
    before = {number: signal.signal(number, cancel) for number in signals}
    try:
        yield watch
    finally:
        for number, old in before.items():
            starter = callable(old) and old is not signal.default_int_handler  # that of `run.py` would say that nothing was begun
            signal.signal(number, signal.SIG_IGN if starter else old)


def console_for(runner: Runner, environ: Mapping[str, str], stream: TextIO, errors: TextIO | None = None) -> Console:
    """The log, as this process's stream can show it; a runner reads commands from that one alone."""
    terminal = stream.isatty() and not runner.is_actions
    colour = terminal and "NO_COLOR" not in environ
    errors = None if runner.is_actions else errors
    here = origin(runner, environ)
    return Console(
        stream,
        terminal=terminal,
        colour=colour,
        actions=runner.is_actions,
        docs_url=here.docs_url,
        command=shlex.join(here.command),
        errors=errors,
    )


def began(runner: Runner) -> Began:
    """The first line of the log."""
    return Began(version=__version__, runner=runner, python=platform.python_version(), system=runner.image or f"{platform.system()} {platform.machine()}")


@contextmanager
def scratch(runner: Runner) -> Iterator[Path]:
    """A fresh folder for the time of the run, outside of the workspace."""
    with tempfile.TemporaryDirectory(prefix="pkg-publish-", dir=runner.temp, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def job_for(config: Config, runner: Runner, environ: Mapping[str, str], watch: Watch, folder: Path) -> Job:
    """The job that this process was started for."""
    library = environ.get("PKG_PUBLISH_LIBRARY")
    runner = _on_checkout(runner, Path.cwd() / config.project_dir, environ)
    return Job(
        config=config,
        ambient=Ambient(folder=Path.cwd(), environ=environ, runner=runner, tokens=config.tokens, allow_public=config.allow_public),
        watch=watch,
        scratch=folder,
        library=Path(library) if library else None,
        origin=origin(runner, environ),
    )


def _on_checkout(runner: Runner, project: Path, environ: Mapping[str, str]) -> Runner:
    """What the project's checkout knows better: at home the GitHub repository, by its remote; and, if it is one of that, the commit that is built.

    A workflow may check out another commit than the one that it runs on.
    """
    remote = build.github_repository(project, runner.server_url, environ)
    repository = runner.repository or remote
    here = build.commit(project, environ) if remote and remote.lower() == repository.lower() else ""
    return replace(runner, repository=repository, sha=here or runner.sha)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunnerFiles:
    """The files by which a step speaks to its runner; empty outside of a workflow."""

    output: str = ""
    summary: str = ""
    docs_url: str = ""

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> RunnerFiles:
        """As the runner names them."""
        docs_url = origin(Runner.read(environ), environ).docs_url
        return cls(output=environ.get("GITHUB_OUTPUT", ""), summary=environ.get("GITHUB_STEP_SUMMARY", ""), docs_url=docs_url)

    def report_path(self, runner: Runner) -> Path:
        """A file of its own for each run: the action may run twice in a job."""
        folder = runner.temp or Path(tempfile.gettempdir())
        return folder / f"pkg-publish-report-{secrets.token_hex(4)}.json"

    def write(self, report: Report, path: Path, tell: Callable[[object], None], *, summary: bool) -> None:
        """Write the JSON report, every output and the summary; a disk that refuses turns no good publish red, and is told."""
        written = path if write_report(report, path, tell) else None
        text = "".join(self._entry(name, value) for name, value in machine.outputs(report, written).items())
        self._append(self.output, text, tell)
        if summary:
            self.write_summary(report, tell)

    def write_summary(self, report: Report, tell: Callable[[object], None]) -> None:
        """Append the summary, where the runner names a file for it."""
        self._append(self.summary, render(report, self.docs_url), tell)

    def set_output(self, name: str, value: str, tell: Callable[[object], None]) -> None:
        """Append one output."""
        self._append(self.output, self._entry(name, value), tell)

    def add_to_summary(self, text: str, tell: Callable[[object], None]) -> None:
        """Append Markdown."""
        self._append(self.summary, text, tell)

    @staticmethod
    def _entry(name: str, value: str) -> str:
        return neutral.output(name, value, f"ghadelimiter_{secrets.token_hex(16)}")

    @staticmethod
    def _append(path: str, text: str, tell: Callable[[object], None]) -> None:
        if not path:
            return
        try:
            with disk(f"writing to {path}"), Path(path).open("a", encoding="utf-8", newline="\n") as file:
                file.write(text)
        except PublishError as error:
            tell(_warning(error))


def write_report(report: Report, path: Path, tell: Callable[[object], None]) -> bool:
    """Write the JSON report; whether that went well. What fails after the verdict turns no good publish red: it is told."""
    try:
        machine.write(report, path)
    except PublishError as error:
        tell(_warning(error))
        return False
    return True


def _warning(error: PublishError) -> Remark:
    return Remark(level=Level.WARNING, text=error.what, code=error.code)


def origin(runner: Runner, environ: Mapping[str, str]) -> Origin:
    """Where this copy of ours comes from."""
    stamp = ROOT / ".git_archival.txt"
    run = ROOT / "run.py"
    return Origin(
        server_url=runner.server_url,
        repository=environ.get("PKG_PUBLISH_ACTION_REPOSITORY", ""),
        ref=environ.get("PKG_PUBLISH_ACTION_REF", ""),
        archive=stamp.read_text(encoding="utf-8") if stamp.is_file() else "",
        run=_from_here(run) if run.is_file() else None,
    )


def _from_here(path: Path) -> Path:
    """As short as it can be typed in the folder where the command runs."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
