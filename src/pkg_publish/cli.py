"""The command `pkg-publish`."""

from __future__ import annotations

import argparse
import itertools
import os
import re
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from pkg_publish import __version__, consultation, grammar, readers, verdict
from pkg_publish.config import Config, inputs
from pkg_publish.errors import ConfigError, Failure, Mistakes, PublishError
from pkg_publish.process import RunnerFiles, began, console_for, job_for, leave, scratch, watched, write_report
from pkg_publish.readers import TOKENS
from pkg_publish.report.at_home import at_home
from pkg_publish.runner import Runner

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import TextIO

    from pkg_publish.report.console import Console


_BOOLEANS = {f"--{each.name}" for each in inputs() if each.is_boolean}
_FLAG = re.compile(r"--?[A-Za-z][\w-]*")
_NO_BOOLEANS = {"yes", "no", "on", "off", "y", "n", "1", "0"}


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run the command and leave with its exit code."""
    environ = dict(os.environ)
    words = sys.argv[1:] if argv is None else argv
    debug = "--debug" in words or environ.get("RUNNER_DEBUG") == "1"
    console = console_for(Runner.read(environ), environ, sys.stdout, sys.stderr)
    leave(lambda: run(words, environ, sys.stdout, sys.stderr), console.tell, debug=debug)


def run(argv: Sequence[str], environ: Mapping[str, str], stream: TextIO, errors: TextIO | None = None) -> int:
    """Run one command; returns its exit code. What it fails with goes to `errors`, except in a workflow."""
    console = console_for(Runner.read(environ), environ, stream, errors)
    try:
        given = arguments(argv)
    except Mistakes as mistakes:
        console.tell(mistakes)
        return Failure.CONFIG.exit_code
    match given.command:
        case "publish":
            return _publish(given, environ, console)
        case "doctor":
            return _doctor(given, environ, stream, console)
        case _:
            return _read(given, environ, stream, console)


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    """What a command line says; raises `Mistakes`."""
    parser, commands = _parsers()
    Mistakes.raise_any([*_unknown_command(argv, commands), *_unknown_flags(argv, commands), *_odd_booleans(argv)])
    return parser.parse_args([*_spelled_out(argv)])


class Parser(argparse.ArgumentParser):
    """What is written on a command line, whose mistakes are told like all others."""

    def error(self, message: str) -> NoReturn:
        """Raise `Mistakes`."""
        raise Mistakes([ConfigError(message, code="bad-usage", cure="See what it takes.", paste=f"{self.prog} --help")])


def _unknown_command(argv: Sequence[str], commands: Mapping[str, argparse.ArgumentParser]) -> Iterator[ConfigError]:
    """What stands where the command belongs and is none."""
    word = argv[0] if argv else ""
    if word in commands or word in {"-h", "--help", "--version"}:
        return
    what = f"there is no command {word[:80]!r}" if word else "no command is given"
    if word.startswith("-"):
        what = "the command comes first, and its flags follow it"
    yield ConfigError(what, code="bad-usage", cure=grammar.nearest(word, commands), paste="pkg-publish --help")


def _unknown_flags(argv: Sequence[str], commands: Mapping[str, argparse.ArgumentParser]) -> Iterator[ConfigError]:
    """Each flag that its command does not have, without the value behind it, which may be a secret."""
    if not argv or argv[0] not in commands:
        return
    known = {*re.findall(r"--[a-z-]+", commands[argv[0]].format_usage()), "--help", "-h"}
    for flag in (word.partition("=")[0] for word in itertools.takewhile("--".__ne__, argv)):
        if not _FLAG.fullmatch(flag):
            continue
        if variable := TOKENS.get(flag.lstrip("-")):
            what, cure = f"there is no flag {flag}: a token never stands on a command line", "Set the variable."
            yield ConfigError(what, code="unknown-input", cure=cure, paste=f"export {variable}=…")
        elif flag not in known:
            yield ConfigError(f"there is no flag {flag[:80]!r}", code="unknown-input", cure=grammar.nearest(flag, known - {"-h"}))


def _odd_booleans(argv: Sequence[str]) -> Iterator[ConfigError]:
    """Other words for true and false behind a boolean flag, which would be taken for the project's folder."""
    for word, following in itertools.pairwise(argv):
        if word in _BOOLEANS and following.lower() in _NO_BOOLEANS:
            what = f"the input {word[2:]} cannot be {following!r}"
            yield ConfigError(what, code="input-value", cure="Write true or false.", paste=f"with:\n  {word[2:]}: true")


def _spelled_out(argv: Sequence[str]) -> Iterator[str]:
    """A boolean flag means true, unless its value follows it."""
    for word, following in itertools.zip_longest(argv, argv[1:], fillvalue="--"):
        yield f"{word}=true" if word in _BOOLEANS and following.lower() not in {"true", "false", ""} else word


def _parsers() -> tuple[argparse.ArgumentParser, Mapping[str, argparse.ArgumentParser]]:
    """The whole command line, and that of each command."""
    parser: argparse.ArgumentParser = Parser(
        prog="pkg-publish",
        description="Publish a Python project: build it, try each target in order, prove it, say what happened.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"pkg-publish {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_publish(commands)
    consultation.add_command(commands, lambda each: _help(each.says, each.default))
    readers.add_commands(commands)
    return parser, commands.choices


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
            metavar = "true|false" if each.is_boolean else "VALUE"
            publish.add_argument(f"--{each.name}", nargs="?" if each.is_boolean else None, metavar=metavar, help=_help(each.says, each.default))
    publish.add_argument("--debug", action="store_true", help="show the traceback of a bug of ours")


def _help(says: str, default: str) -> str:
    text = says.replace("`", "") + (f" (default: {default})" if default else "")
    return text.replace("%", "%%")


def _given(arguments: argparse.Namespace, environ: Mapping[str, str]) -> dict[str, str]:
    """The inputs as the command line and the environment give them; raises `Mistakes`."""
    given = {each.name: value for each in inputs() if not each.secret and (value := getattr(arguments, each.name.replace("-", "_"), None)) is not None}
    if arguments.project is not None:
        named = given.setdefault("project-dir", arguments.project)
        if Path(named) != Path(arguments.project):
            what = f"two projects are named: {arguments.project[:80]!r}, and {named[:80]!r} with --project-dir"
            raise Mistakes([ConfigError(what, code="input-value", cure="Publish one project at a time, and name it once.")])
    return given | {name: environ[variable] for name, variable in TOKENS.items() if variable in environ}


def _publish(arguments: argparse.Namespace, environ: Mapping[str, str], console: Console) -> int:
    runner = Runner.read(environ)
    with console, watched(console) as watch, scratch(runner) as folder:
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
        if (arguments.summary or "").lower() == "true":
            RunnerFiles.of(environ).write_summary(report, watch.tell)
        return report.exit_code


def _doctor(arguments: argparse.Namespace, environ: Mapping[str, str], stream: TextIO, console: Console) -> int:
    with console:
        try:
            return consultation.at_the_terminal(_given(arguments, environ), environ, stream, console, deep=arguments.deep)
        except Mistakes as mistakes:
            console.tell(mistakes)
            return mistakes.found[0].kind.exit_code


def _read(arguments: argparse.Namespace, environ: Mapping[str, str], stream: TextIO, console: Console) -> int:
    """One of the commands that read; a server has nothing to say while nobody asks."""
    with nullcontext() if arguments.command == "serve" else console:
        try:
            readers.run(arguments, environ, stream, console)
        except Mistakes as mistakes:
            for each in mistakes.found:
                each.paste = at_home(each.paste, targets="--from")
            console.tell(mistakes)
            return mistakes.found[0].kind.exit_code
        except PublishError as error:
            error.paste = at_home(error.paste, targets="--from")
            console.tell(error)
            return error.kind.exit_code
    return 0
