"""The command `pkg-publish`."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING, NoReturn

from pkg_publish import __version__, verdict
from pkg_publish.config import Config, inputs
from pkg_publish.errors import Mistakes
from pkg_publish.process import began, console_for, job_for, leave, scratch, watched
from pkg_publish.report import machine
from pkg_publish.runner import Runner

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import TextIO

TOKENS = {"github-token": "GITHUB_TOKEN", "pypi-token": "PYPI_TOKEN", "testpypi-token": "TESTPYPI_TOKEN"}
"""The environment variables that hold what never stands on a command line."""


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run the command and leave with its exit code."""
    environ = dict(os.environ)
    words = sys.argv[1:] if argv is None else argv
    leave(lambda: run(words, environ, sys.stdout), debug="--debug" in words or environ.get("RUNNER_DEBUG") == "1")


def run(argv: Sequence[str], environ: Mapping[str, str], stream: TextIO) -> int:
    """Run one command; returns its exit code."""
    arguments = _parser().parse_args(argv)
    match arguments.command:
        case "publish":
            return _publish(arguments, environ, stream)
        case _:
            return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="pkg-publish",
        description="Publish a Python project: build it, try each target in order, prove it, say what happened.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"pkg-publish {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_publish(commands)
    return parser


def _add_publish(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    publish = commands.add_parser(
        "publish",
        help="build, publish to the first target that takes it, read it back",
        description="Build a project and publish it to the first target that takes it, or to all.",
        epilog="Tokens are read from the environment: " + ", ".join(TOKENS.values()) + ". Exit codes and messages: docs/troubleshooting.md.",
        allow_abbrev=False,
    )
    publish.add_argument("project", nargs="?", metavar="PROJECT_DIR", help="the same as --project-dir")
    for each in inputs():
        if not each.secret:
            publish.add_argument(f"--{each.name}", metavar="VALUE", help=_help(each.says, each.default))
    publish.add_argument("--debug", action="store_true", help="show the traceback of a bug of ours")


def _help(says: str, default: str) -> str:
    text = says.replace("`", "") + (f" (default: {default})" if default else "")
    return text.replace("%", "%%")


def _given(arguments: argparse.Namespace, environ: Mapping[str, str]) -> dict[str, str]:
    """The inputs as the command line and the environment give them."""
    given = {each.name: value for each in inputs() if not each.secret and (value := getattr(arguments, each.name.replace("-", "_"))) is not None}
    if arguments.project is not None:
        given["project-dir"] = arguments.project
    return given | {name: environ[variable] for name, variable in TOKENS.items() if variable in environ}


def _publish(arguments: argparse.Namespace, environ: Mapping[str, str], stream: TextIO) -> int:
    runner = Runner.read(environ)
    with console_for(runner, environ, stream) as console, watched(console) as watch, scratch(runner) as folder:
        watch.tell(began(runner))
        report_path = None
        try:
            config = Config.read(_given(arguments, environ))
        except Mistakes as mistakes:
            report = verdict.failed_early(mistakes.found)
        else:
            report_path = config.report
            report = job_for(config, runner, environ, watch, folder).run()
        watch.tell(report)
        if report_path is not None:
            machine.write(report, report_path)
        return report.exit_code
