"""The action's two steps: the build, which holds no secret, and the publishing."""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from pkg_publish import build, consultation, verdict
from pkg_publish.config import Config, inputs
from pkg_publish.errors import Mistakes, PublishError
from pkg_publish.formats import neutral
from pkg_publish.process import RunnerFiles, began, console_for, job_for, leave, scratch, watched
from pkg_publish.runner import Runner

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import TextIO

    from pkg_publish.verdict import Report


PATHS = ("project-dir", "dist-dir", "report", "targets")
"""Inputs that may begin with, or hold, a path of the host."""

STATES = {"empty": "", "oidc": "oidc", "token": "held-by-the-publish-step"}
"""What the build step is told of a token, and what stands for it there."""

FACTS = re.compile(
    r"GITHUB_(ACTIONS|REPOSITORY|SERVER_URL|API_URL|EVENT_NAME|EVENT_PATH|REF|REF_TYPE|SHA|RUN_ID)|RUNNER_(TEMP|OS|DEBUG)|ImageOS|PKG_PUBLISH_ACTION_(REPOSITORY|REF)"
)
"""Variables of the runner that are no secret and lead to no command file."""


def main(argv: Sequence[str]) -> NoReturn:
    """Run one step and leave with its exit code."""
    environ = dict(os.environ)
    runner, files = Runner.read(environ), RunnerFiles.of(environ)
    console = console_for(runner, environ, sys.stdout)

    def failed(report: Report) -> None:
        console.tell(report)
        files.write(report, files.report_path(runner), console.tell, summary=True)

    leave(lambda: run(argv, environ, sys.stdout), failed, debug=environ.get("RUNNER_DEBUG") == "1")


def run(argv: Sequence[str], environ: Mapping[str, str], stream: TextIO) -> int:
    """Run the step that the first argument names; returns its exit code."""
    match argv[0]:
        case "build":
            return _begin_build(environ, stream)
        case "handed-build":
            return _build(json.load(sys.stdin), environ, stream)
        case "doctor":
            return _doctor(environ, stream)
        case _:
            return _publish(environ, stream)


def _publish(environ: Mapping[str, str], stream: TextIO) -> int:
    """The second step: everything but the build."""
    runner, files = Runner.read(environ), RunnerFiles.of(environ)
    built = environ.get("PKG_PUBLISH_BUILT", "")
    given = _mapped({name: str(value) for name, value in json.loads(environ["PKG_PUBLISH_INPUTS"]).items()}, environ)
    with console_for(runner, environ, stream) as console, watched(console) as watch, scratch(runner) as folder:
        if not built:
            watch.tell(began(runner))
        try:
            config = Config.read(given)
        except Mistakes as mistakes:
            report, path = verdict.failed_early(mistakes.found), None
        else:
            _mask(config, environ, stream)
            job = replace(job_for(config, runner, environ, watch, folder), built=Path(built) if built else None, may_build=False)
            report, path = job.run(), config.report
        watch.tell(report)
        files.write(report, path or files.report_path(runner), watch.tell, summary=given.get("summary", "").lower() != "false")
        return report.exit_code


def _doctor(environ: Mapping[str, str], stream: TextIO) -> int:
    """The step of the action `doctor`."""
    given = _mapped({name: str(value) for name, value in json.loads(environ["PKG_PUBLISH_INPUTS"]).items()}, environ)
    with console_for(Runner.read(environ), environ, stream) as console:
        return consultation.in_a_step(given, environ, stream, console, lambda config: _mask(config, environ, stream))


def _begin_build(environ: Mapping[str, str], stream: TextIO) -> int:
    """The first step, as long as it sees the caller's environment: judge the configuration, then go on without all that."""
    runner, files = Runner.read(environ), RunnerFiles.of(environ)
    given = _mapped(dict(_single_variables(environ)), environ)
    with console_for(runner, environ, stream) as console, watched(console) as watch:
        try:
            config = Config.read(given)
            job = job_for(config, runner, environ, watch, Path())
            plan = job.plan()
            allowed = build.child_environ(environ, config.build_env)
        except Mistakes as mistakes:
            report = verdict.failed_early(mistakes.found)
            watch.tell(began(runner))
            watch.tell(report)
            files.write(report, files.report_path(runner), watch.tell, summary=given.get("summary", "").lower() != "false")
            return report.exit_code
        if not job.builds:
            return 0
        watch.tell(began(runner))
        job.announce(plan)
    folder = tempfile.mkdtemp(prefix="pkg-publish-built-", dir=runner.temp)
    handed = {
        "given": {name: text for name, text in given.items() if not name.endswith("-token")},
        "runner": {name: value for name, value in environ.items() if FACTS.fullmatch(name)},
        "files": asdict(files),
        "library": environ.get("PKG_PUBLISH_LIBRARY", ""),
        "folder": folder,
    }
    return _go_on(handed, allowed)


def _go_on(handed: Mapping[str, Any], environ: Mapping[str, str]) -> NoReturn:
    """Become a process whose environment holds nothing that the build may not see; what it must know comes by a file that has no name."""
    package = Path(__file__).resolve().parents[1]
    code = f"import sys; sys.path[:0] = [{handed['library']!r}, {str(package)!r}]; from pkg_publish.action import main; main(['handed-build'])"
    command = [sys.executable, "-I", "-S", "-X", "utf8", "-c", code]
    text = json.dumps(handed).encode()
    if sys.platform == "win32":
        import subprocess

        code = subprocess.run(command, env=dict(environ), input=text, check=False).returncode  # noqa: S603 - ourselves
        leave(lambda: code, lambda _: None, debug=False)
    with tempfile.TemporaryFile() as file:
        file.write(text)
        file.seek(0)
        os.dup2(file.fileno(), 0)
    sys.stdout.flush()
    os.execve(sys.executable, command, dict(environ))  # noqa: S606 - ourselves


def _build(handed: Mapping[str, Any], environ: Mapping[str, str], stream: TextIO) -> int:
    """The first step, once it has nothing to hide."""
    runner, files = Runner.read(handed["runner"]), RunnerFiles(**handed["files"])
    folder = Path(handed["folder"])
    with console_for(runner, handed["runner"], stream) as console, watched(console) as watch:
        config = Config.read(handed["given"])
        job = job_for(config, runner, {**environ, "PKG_PUBLISH_LIBRARY": handed["library"]}, watch, folder)
        try:
            job.distributions()
        except PublishError as error:
            report = verdict.failed_early([error])
            watch.tell(report)
            files.write(report, files.report_path(runner), watch.tell, summary=config.summary)
            return report.exit_code
        files.set_output("built", str(folder / "dist"), watch.tell)
    return 0


def _single_variables(environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The inputs of the build step: a variable each, and of tokens only their state."""
    for each in inputs():
        word = each.name.upper().replace("-", "_")
        if each.secret:
            yield each.name, STATES[environ.get(f"PKG_PUBLISH_HAS_{word}", "oidc" if "pypi" in each.name else "token")]
        else:
            yield each.name, environ.get(f"PKG_PUBLISH_{word}", "")


def _mapped(given: dict[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """In a container job the host's workspace and temp folder have other names; an input that was made from the host's is mapped."""
    host = environ.get("PKG_PUBLISH_HOST_PATHS", "").removeprefix("host:").split("|")
    here = [environ.get("GITHUB_WORKSPACE", ""), environ.get("RUNNER_TEMP", "")]
    for theirs, ours in zip(host, here, strict=False):
        if theirs and ours and theirs != ours:
            whole = re.compile(rf"(?<![^\s=,:'\"]){re.escape(theirs)}(?![^\s/\\,'\"])")
            given |= {name: whole.sub(ours.replace("\\", r"\\"), text) for name, text in given.items() if name.lower() in PATHS}
    return given


def _mask(config: Config, environ: Mapping[str, str], stream: TextIO) -> None:
    """Tell the runner every secret we were given before the first foreign byte is printed."""
    named = [environ.get(name, "") for spec in config.targets for option, name in spec.options.items() if option.endswith("-env")]
    for value in (*(token.reveal() for token in config.tokens.values()), *named):
        stream.writelines(f"{line}\n" for line in neutral.masks(value))
