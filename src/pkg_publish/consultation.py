"""The command and the action `doctor`: what was found is printed, and written to where people and machines look."""

from __future__ import annotations

import shlex
import shutil
from functools import partial
from typing import TYPE_CHECKING

from pkg_publish.config import Config, inputs
from pkg_publish.errors import ConfigError, Mistakes, PublishError
from pkg_publish.model import CheckRow
from pkg_publish.process import RunnerFiles, began, job_for, origin, scratch, watched
from pkg_publish.report import diagnosis as rendered
from pkg_publish.report.log import Log
from pkg_publish.runner import Runner
from pkg_publish.verdict import Level, Remark

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from typing import TextIO

    from pkg_publish.config import Input
    from pkg_publish.doctor import Diagnosis
    from pkg_publish.report.console import Console
    from pkg_publish.watch import Watch

INPUTS = (
    *("targets", "strategy", "fall-back-on", "on-conflict", "allow-public", "project-dir", "dist-dir", "build"),
    *("check-tag", "github-token", "pypi-token", "testpypi-token", "summary", "report"),
)
"""Those of publishing that the doctor needs too; the others are taken and not needed."""

IN_A_LOG = 160
"""Letters of a line in a workflow's log."""


def add_command(commands: argparse._SubParsersAction[argparse.ArgumentParser], help_of: Callable[[Input], str]) -> None:
    """The flags of `doctor`."""
    doctor = commands.add_parser(
        "doctor",
        help="check all that a publish needs, without writing anything",
        description="Check all that a publish needs, without writing anything, and say what each finding means and what to do.",
        epilog="Exit code: 0 when nothing is certain to fail, else that of the class a publish would end with. Tokens are read from the environment.",
        allow_abbrev=False,
    )
    doctor.add_argument("project", nargs="?", metavar="PROJECT_DIR", help="the same as --project-dir")
    for each in inputs():
        if not each.secret:
            metavar = "true|false" if each.is_boolean else "VALUE"
            says = help_of(each) if each.name in INPUTS else "taken as `publish` takes it, and not needed"
            doctor.add_argument(f"--{each.name}", nargs="?" if each.is_boolean else None, metavar=metavar, help=says)
    doctor.add_argument("--deep", action="store_true", help="also begin an upload at GHCR, which nobody can cancel, to learn whether it is allowed")
    doctor.add_argument("--debug", action="store_true", help="show the traceback of a bug of ours")


def at_the_terminal(given: Mapping[str, str], environ: Mapping[str, str], stream: TextIO, console: Console, *, deep: bool) -> int:
    """The command; returns its exit code. Raises `Mistakes`."""
    config = Config.read(given)
    runner = Runner.read(environ)
    with watched(console) as watch:
        width = IN_A_LOG if runner.is_actions else shutil.get_terminal_size().columns
        show = partial(_show, stream=stream, watch=watch, width=width, docs_url=RunnerFiles.of(environ).docs_url)
        found = _examined(config, environ, watch, show, deep=deep)
        if config.report is not None:
            _reported(found, config.report, watch.tell)
        if given.get("summary", "").lower() == "true":
            _summarized(found, RunnerFiles.of(environ), watch.tell)
        return found.exit_code


def in_a_step(given: Mapping[str, str], environ: Mapping[str, str], stream: TextIO, console: Console, mask: Callable[[Config], None]) -> int:
    """The action; returns its exit code. `mask` makes the runner hide what the configuration holds."""
    from pkg_publish.doctor import Diagnosis, Group

    runner, files = Runner.read(environ), RunnerFiles.of(environ)
    with watched(console) as watch:
        show = partial(_show, stream=stream, watch=watch, width=IN_A_LOG, docs_url=files.docs_url)
        try:
            deep = _deep(given.get("deep", ""))
            config = Config.read({name: text for name, text in given.items() if name != "deep"})
            mask(config)
            found = _examined(config, environ, watch, show, deep=deep)
        except Mistakes as mistakes:
            console.tell(mistakes)
            if watch.over:  # which says nothing of what a publish would meet
                _outputs(files, watch.tell, status="failed", report="")
            else:
                rows = tuple(CheckRow.of("inputs", each) for each in mistakes.found)
                known = Diagnosis(groups=(Group(title="the configuration", rows=rows),))
                _written(known, files, files.report_path(runner), watch.tell, summary=given.get("summary", "").lower() != "false")
            return mistakes.found[0].kind.exit_code
        _written(found, files, config.report or files.report_path(runner), watch.tell, summary=config.summary)
        if found.decisive and found.decisive.cause:
            console.tell(Remark(level=Level.ERROR, text=f"{rendered.verdict(found)}.", code=found.decisive.cause.code))
        return found.exit_code


def _written(found: Diagnosis, files: RunnerFiles, path: Path, tell: Callable[[object], None], *, summary: bool) -> None:
    """Write the report, the outputs and the summary."""
    written = _reported(found, path, tell)
    _outputs(files, tell, status="failed" if found.failure else "ready", report=str(path) if written else "")
    if summary:
        _summarized(found, files, tell)


def _examined(config: Config, environ: Mapping[str, str], watch: Watch, show: Callable[[Diagnosis], None], *, deep: bool) -> Diagnosis:
    """Examine, and show what is known; raises `Mistakes` when it was cut short, which says nothing of what a publish would meet."""
    from pkg_publish.doctor import Examination

    runner = Runner.read(environ)
    with scratch(runner) as folder:
        watch.tell(began(runner))
        found = Examination(job=job_for(config, runner, environ, watch, folder), deep=deep).run()
    if not runner.is_actions:
        found = rendered.at_home(found, shlex.join(origin(runner, environ).command))
    show(found)
    if watch.over:
        raise Mistakes([watch.verdict()])
    return found


def _show(found: Diagnosis, *, stream: TextIO, watch: Watch, width: int, docs_url: str) -> None:
    """Print the table; without its verdict, which is the last line, when it was cut short."""
    log = Log(stream, colour=False, now=watch.now)
    for line in [*rendered.table(found, width, docs_url)][: -1 if watch.over else None]:
        log.write(line)


def _reported(found: Diagnosis, path: Path, tell: Callable[[object], None]) -> bool:
    """Write the JSON report; a disk that refuses changes no finding, and is told."""
    try:
        rendered.write(found, path)
    except PublishError as error:
        tell(Remark(level=Level.WARNING, text=error.what, code=error.code))
        return False
    return True


def _summarized(found: Diagnosis, files: RunnerFiles, tell: Callable[[object], None]) -> None:
    files.add_to_summary(rendered.markdown(found, files.docs_url), tell)


def _outputs(files: RunnerFiles, tell: Callable[[object], None], **facts: str) -> None:
    for name, value in facts.items():
        files.set_output(name, value, tell)


def _deep(text: str) -> bool:
    """Raises `Mistakes`."""
    if text.strip().lower() in {"true", "false", ""}:
        return text.strip().lower() == "true"
    wrong = ConfigError(f"the input deep cannot be {text[:80]!r}", code="input-value", cure="Write true or false.", paste="with:\n  deep: true")
    raise Mistakes([wrong])
