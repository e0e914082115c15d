"""The commands that read what was published: `install`, `serve`, `index`."""

from __future__ import annotations

import shlex
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from pkg_publish import grammar
from pkg_publish.clients.network import Origin
from pkg_publish.errors import ConfigError, Mistakes
from pkg_publish.interpreter import Interpreter, find_python
from pkg_publish.plan import make_targets
from pkg_publish.process import origin, watched
from pkg_publish.runner import Runner
from pkg_publish.secret import Secret
from pkg_publish.targets.base import Ambient, Source

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import TextIO

    from pkg_publish.catalog import NamedSource
    from pkg_publish.report.console import Console

TOKENS = {"github-token": "GITHUB_TOKEN", "pypi-token": "PYPI_TOKEN", "testpypi-token": "TESTPYPI_TOKEN"}
"""The environment variables that hold what never stands on a command line."""

PORT = 8080
AHEAD = 0.5
"""Seconds for which `serve` waits until it has read what is there, so that the first who asks need not."""


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The flags of the commands."""
    _add_install(commands)
    _add_serve(commands)
    _add_index(commands)


def _add_install(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser(
        "install",
        help="install one version from where it was published",
        description="Fetch one version from a target, compare it by digest, and let pip install that very file.",
        epilog="What the targets have comes from them alone, whoever needs it, all else from where the installer's own settings say (PIP_INDEX_URL and "
        "the like) or --upstream. A login is named by options of the target, as for publish.",
        allow_abbrev=False,
    )
    command.add_argument("requirement", metavar="NAME==VERSION")
    _add_sources(command)
    command.add_argument("--python", metavar="PATH", help="the Python to install into (default: the active environment's, else the first on PATH)")
    command.add_argument(
        "--installer", choices=["pip", "uv", ""], default="", metavar="pip|uv", help="who installs (default: pip where that Python has it, else uv)"
    )
    command.add_argument("--upstream", metavar="URL", default="", help="the index for dependencies that no target has, or none (default: the installer's)")
    command.add_argument(
        "--denied",
        choices=["stop", "absent", ""],
        default="",
        metavar="stop|absent",
        help="what a registry denies might be private there, or not be there: stop, or take it from upstream (default: stop)",
    )


def _add_serve(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser(
        "serve",
        help="be the package index of what was published, for pip, uv and browsers of this machine",
        description="Serve targets as one package index on 127.0.0.1, until Ctrl-C. It keeps no state: the targets are the store.",
        epilog="Behind a server of your own: the WSGI application pkg_publish.wsgi:application(), which reads PKG_PUBLISH_FROM.",
        allow_abbrev=False,
    )
    _add_sources(command)
    command.add_argument("--port", type=int, default=PORT, metavar="N", help=f"the port; 0: any that is free (default: {PORT})")
    command.add_argument("--project", action="append", default=[], metavar="NAME", help="a project to list, where a registry cannot; may come several times")


def _add_index(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser(
        "index",
        help="write the package index of what was published as files, for any web server",
        description="Write a folder that is a package index (PEP 503): files are copied, or linked to where anybody can fetch them, as release assets.",
        epilog="A second run reads and writes only what has changed. The page of a project that no target has any more is removed, and no file is.",
        allow_abbrev=False,
    )
    _add_sources(command)
    command.add_argument("--to", metavar="DIR", required=True, help="the folder, which becomes the root of a web site")
    command.add_argument("--url", default="", metavar="URL", help="the address of that site, for the commands on its pages")
    command.add_argument("--project", action="append", default=[], metavar="NAME", help="a project to write; may come several times (default: all)")


def _add_sources(command: argparse.ArgumentParser) -> None:
    says = "where it was published: the same text as in targets; may come several times: the first that knows a project is the only one for it"
    command.add_argument("--from", dest="sources", metavar="TARGET", action="append", required=True, help=says)
    command.add_argument("--debug", action="store_true", help="show the traceback of a bug of ours")


def run(arguments: argparse.Namespace, environ: Mapping[str, str], stream: TextIO, console: Console) -> None:
    """Run one of the commands; raises `PublishError` and `Mistakes`."""
    match arguments.command:
        case "serve":
            _serve(arguments, environ, stream, console)
        case "index":
            _index(arguments, environ, stream, console)
        case _:
            _install(arguments, environ, stream, console)


def _install(arguments: argparse.Namespace, environ: Mapping[str, str], stream: TextIO, console: Console) -> None:
    from pkg_publish.catalog import Catalog
    from pkg_publish.install import install
    from pkg_publish.installer import Installer

    with watched(console) as watch:
        catalog = Catalog(sources(arguments.sources, environ), denied_is_absent=arguments.denied == "absent")
        python = Interpreter.ask(Path(arguments.python) if arguments.python else active_python(environ))
        installer = Installer(
            python=python,
            command=python.installer(environ, arguments.installer),
            environ=_without_secrets(environ, arguments.sources),
            catalog=catalog,
            call=_call,
            watch=watch,
            folder=Path.cwd(),
            upstream=_upstream(arguments.upstream),
        )
        stream.flush()
        install(arguments.requirement, catalog, python, installer, watch)


def _without_secrets(environ: Mapping[str, str], texts: Iterable[str]) -> dict[str, str]:
    """What the installer may see, and the builds that it starts: no token of ours, and no password that a target names."""
    options = [(option, name) for text in texts for spec in grammar.parse(text)[0] for option, name in spec.options.items()]
    secrets = {*TOKENS.values(), *(name for option, name in options if option.endswith("-env"))}
    return {name: value for name, value in environ.items() if name not in secrets}


def _upstream(text: str) -> str:
    """The address of an index that may be spoken to, or `none`; raises `ConfigError`."""
    from pkg_publish.installer import NOWHERE

    if text not in {"", NOWHERE}:
        Origin.of(text)
    return text


def _serve(arguments: argparse.Namespace, environ: Mapping[str, str], stream: TextIO, console: Console) -> None:
    from pkg_publish.catalog import Catalog
    from pkg_publish.clients.wsgi_server import serving
    from pkg_publish.index import Index

    with watched(console) as watch:
        found = sources(arguments.sources, environ)
        index = Index(Catalog(found, projects(arguments.project)), console.tell, command=started(environ), stop=watch.stop)
        ahead = threading.Thread(target=index.read_ahead, daemon=True)
        ahead.start()
        ahead.join(AHEAD)
        with serving(index, arguments.port, console.tell) as address:
            stream.write(f"{address}/simple/ is the index of {', '.join(each.place.title for each in found)}, until Ctrl-C\n")
            stream.write(f"{shlex.join(['python3', '-m', 'pip', 'install', '--index-url', f'{address}/simple/', 'NAME'])}\n")
            stream.flush()
            watch.stop.wait()


def _index(arguments: argparse.Namespace, environ: Mapping[str, str], stream: TextIO, console: Console) -> None:
    from pkg_publish.catalog import Catalog
    from pkg_publish.freeze import Freezer

    if arguments.url:
        Origin.of(arguments.url)
    with watched(console) as watch:
        catalog = Catalog(sources(arguments.sources, environ), projects(arguments.project))
        command = started(environ, elsewhere=bool(arguments.url))
        frozen = Freezer(folder=Path(arguments.to), base=arguments.url.rstrip("/"), command=command).freeze(catalog, watch)
    stream.write(f"{arguments.to} is the index of {frozen.projects} projects: {frozen.copied} files are in it, {frozen.linked} are linked to\n")


def started(environ: Mapping[str, str], *, elsewhere: bool = False) -> list[str]:
    """What starts us, in any folder of this machine or, for readers `elsewhere`, on any machine; empty when nothing is known that does."""
    found = origin(Runner.read(environ), environ)
    if elsewhere and not found.repository:
        return []
    return replace(found, run=found.run.absolute() if found.run else None).command


def projects(names: Iterable[str]) -> list[str]:
    """Names of projects as people write them, normalised."""
    return [canonicalize_name(each) for each in names]


def sources(texts: Iterable[str], environ: Mapping[str, str]) -> list[NamedSource]:
    """The targets that `--from` names, in order; raises `Mistakes`."""
    parsed = [grammar.parse(text) for text in texts]
    specs, mistakes = [spec for found, _ in parsed for spec in found], [each for _, wrong in parsed for each in wrong]
    Mistakes.raise_any(mistakes)
    runner = replace(Runner.read(environ), event_name="", event={})  # whoever may start a run may read what it can reach
    tokens = {name: Secret(value) for name, variable in TOKENS.items() if (value := environ.get(variable, "").strip())}
    found: list[NamedSource] = []
    for target in make_targets(
        specs, Ambient(folder=Path.cwd(), environ=environ, runner=runner, tokens=tokens, reads_only=True), first=False, allow_public=True
    ):
        if isinstance(target, Source):
            found.append(target)
        else:
            mistakes.append(ConfigError(f"nothing can be installed from {target.place.title}", code="no-source", cure="Name another target after --from."))
    Mistakes.raise_any([*mistakes, *(each for target in found for each in _misspelt(target))])
    return found


def _misspelt(target: object) -> Iterator[ConfigError]:
    """A folder that is not there has nothing to read: a name in it would be taken for one that nobody has."""
    folder = getattr(target, "folder", None)
    if isinstance(folder, Path) and not folder.is_dir():
        yield ConfigError(
            f"there is no folder {folder} to read from", code="no-folder", cure="Look for a typo behind --from, or publish something there first."
        )


def active_python(environ: Mapping[str, str]) -> Path:
    """Who starts `run.py` with the Python of an environment means that one; an environment that we were installed into is ours alone."""
    started = Path(sys.executable)
    in_environment = (started.parent.parent / "pyvenv.cfg").is_file()
    if in_environment and "PKG_PUBLISH_LIBRARY" in environ and "VIRTUAL_ENV" not in environ:
        return started
    return find_python(environ, started, started.parent.parent if in_environment else None)


def _call(command: Sequence[str], environ: Mapping[str, str]) -> int:
    """Let pip speak for itself."""
    return subprocess.run(command, env=dict(environ), check=False).returncode  # noqa: S603 - the user's own pip
