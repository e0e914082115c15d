"""The command `pkg-publish`."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from pkg_publish import __version__, grammar, verdict
from pkg_publish.config import Config, inputs
from pkg_publish.errors import ConfigError, Mistakes, PublishError
from pkg_publish.install import install
from pkg_publish.interpreter import Interpreter, find_python
from pkg_publish.plan import make_targets
from pkg_publish.process import began, console_for, job_for, leave, scratch, watched, write_report
from pkg_publish.runner import Runner
from pkg_publish.secret import Secret
from pkg_publish.targets.base import Ambient, Source

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import TextIO

    from pkg_publish.install import NamedSource

TOKENS = {"github-token": "GITHUB_TOKEN", "pypi-token": "PYPI_TOKEN", "testpypi-token": "TESTPYPI_TOKEN"}
"""The environment variables that hold what never stands on a command line."""


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run the command and leave with its exit code."""
    environ = dict(os.environ)
    words = sys.argv[1:] if argv is None else argv
    debug = "--debug" in words or environ.get("RUNNER_DEBUG") == "1"
    leave(lambda: run(words, environ, sys.stdout), console_for(Runner.read(environ), environ, sys.stdout).tell, debug=debug)


def run(argv: Sequence[str], environ: Mapping[str, str], stream: TextIO) -> int:
    """Run one command; returns its exit code."""
    arguments = _parser().parse_args(argv)
    match arguments.command:
        case "publish":
            return _publish(arguments, environ, stream)
        case _:
            return _install(arguments, environ, stream)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="pkg-publish",
        description="Publish a Python project: build it, try each target in order, prove it, say what happened.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"pkg-publish {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_publish(commands)
    _add_install(commands)
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


def _add_install(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    install = commands.add_parser(
        "install",
        help="install one version from where it was published",
        description="Fetch one version from a target, compare it by digest, and let pip install that very file.",
        epilog="Dependencies come from where pip's own settings say (PIP_INDEX_URL and the like). A login is named by options of the target, as for publish.",
        allow_abbrev=False,
    )
    install.add_argument("requirement", metavar="NAME==VERSION")
    install.add_argument("--from", dest="source", metavar="TARGET", required=True, help="where it was published: the same text as in targets")
    install.add_argument("--python", metavar="PATH", help="the Python to install into (default: the active environment's, else the first on PATH)")
    install.add_argument("--debug", action="store_true", help="show the traceback of a bug of ours")


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
            write_report(report, report_path, watch.tell)
        return report.exit_code


def _install(arguments: argparse.Namespace, environ: Mapping[str, str], stream: TextIO) -> int:
    runner = Runner.read(environ)
    with console_for(runner, environ, stream) as console, watched(console) as watch:
        try:
            sources = _sources(arguments.source, Ambient(folder=Path.cwd(), environ=environ, runner=runner, tokens=_tokens(environ)))
            python = Interpreter.ask(Path(arguments.python) if arguments.python else _python(environ))
            command = python.installer(environ)
            stream.flush()
            install(arguments.requirement, sources, python, lambda reference: _call([*command, reference], environ), watch)
        except Mistakes as mistakes:
            watch.tell(mistakes)
            return mistakes.found[0].kind.exit_code
        except PublishError as error:
            watch.tell(error)
            return error.kind.exit_code
    return 0


def _sources(text: str, ambient: Ambient) -> list[NamedSource]:
    """The targets that can be read; raises `Mistakes`."""
    specs, mistakes = grammar.parse(text)
    Mistakes.raise_any(mistakes)
    sources: list[NamedSource] = []
    for target in make_targets(specs, ambient, first=False, allow_public=True):
        if isinstance(target, Source):
            sources.append(target)
        else:
            mistakes.append(ConfigError(f"nothing can be installed from {target.place.title}", code="no-source", cure="Name another target after --from."))
    Mistakes.raise_any(mistakes)
    return sources


def _tokens(environ: Mapping[str, str]) -> dict[str, Secret]:
    return {name: Secret(value) for name, variable in TOKENS.items() if (value := environ.get(variable, "").strip())}


def _python(environ: Mapping[str, str]) -> Path:
    """Who starts `run.py` with the Python of an environment means that one; an environment that we were installed into is ours alone."""
    started = Path(sys.executable)
    in_environment = (started.parent.parent / "pyvenv.cfg").is_file()
    if in_environment and "PKG_PUBLISH_LIBRARY" in environ and "VIRTUAL_ENV" not in environ:
        return started
    return find_python(environ, started, started.parent.parent if in_environment else None)


def _call(command: Sequence[str], environ: Mapping[str, str]) -> int:
    """Let pip speak for itself."""
    return subprocess.run(command, env=dict(environ), check=False).returncode  # noqa: S603 - the user's own pip
