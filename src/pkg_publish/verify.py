"""`verify: install`: what was just published is installed from there into a clean environment, and imported."""

from __future__ import annotations

import re
import shutil
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pkg_publish.build import child_environ
from pkg_publish.build.child import ChildFailed
from pkg_publish.build.child import run as run_child
from pkg_publish.catalog import Catalog
from pkg_publish.clients.disk import disk
from pkg_publish.errors import ConfigError, Environment, Invalid, PublishError
from pkg_publish.formats.filename import DAMAGED
from pkg_publish.install import Asked, find, install
from pkg_publish.install_command import takes_denied_for_absent
from pkg_publish.installer import Installer
from pkg_publish.interpreter import Interpreter, find_python
from pkg_publish.publish import in_time
from pkg_publish.verdict import Level, Proof, Remark, Verifying

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pkg_publish.catalog import NamedSource
    from pkg_publish.model import Receipt, Release
    from pkg_publish.watch import Watch

LATE = 60.0
"""Seconds for which a place may be late to show installers what it holds."""
PAUSE = 5.0
"""Seconds between two looks."""
NOT_THERE_YET = frozenset({"unknown-project", "unknown-version", DAMAGED})
"""A list of tags may show a version before its index can be read."""
QUOTED = 5
"""Lines of what a program said last."""

OURS = "modules:"
_NAMES = """
import keyword, sys
from importlib.metadata import files
names = set()
for path in files(sys.argv[1]) or ():
    top, rest = path.parts[0], path.parts[1:]
    name = top if rest == ("__init__.py",) else top.partition(".")[0] if not rest and path.suffix in {".py", ".so", ".pyd"} else ""
    if name.isidentifier() and not name.startswith("_") and not keyword.iskeyword(name):
        names.add(name)
print("modules:", *sorted(names))
"""
"""The modules that a distribution brings, its own underscored ones excepted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verifier:
    """One release at one place, and where it is tried."""

    release: Release
    source: NamedSource
    receipt: Receipt
    folder: Path
    """A fresh one, for the environment."""
    environ: Mapping[str, str]
    """The caller's; what is installed sees no more of it than a build does."""
    watch: Watch
    """Of the publishing: its deadline ends every program of the proof, an import that hangs too."""

    def verify(self) -> Proof | Remark:
        """Install and import. A place that is late, or has nothing for this Python, is a remark; what fails is raised."""
        if not self.receipt.source and not self.receipt.index_url:
            return self._unproven(Level.NOTICE, "nothing can be installed from there as it is")
        began = self.watch.now()
        self.watch.tell(Verifying(self.source.place))
        with disk(f"making an environment in {self.folder}"):
            python = self._environment()
        beyond = None
        while beyond is None:
            try:
                beyond = self._install(python)
            except PublishError as problem:
                if problem.code == "no-file-fits":
                    return self._unproven(Level.NOTICE, f"it has no file for Python {python.version} on this machine")
                late = self.watch.now() - began > LATE
                if problem.code not in NOT_THERE_YET or (late and problem.code == DAMAGED):
                    raise
                if late:
                    return self._unproven(Level.WARNING, f"after {LATE:.0f} seconds installers were not shown it yet")
                self.watch.wait(PAUSE, f"{self.source.place.title} does not show it to installers yet")
        modules = self._modules(python)
        if modules:
            self._import(python, modules)
        return Proof(python=python.version, modules=tuple(modules), beyond=beyond)

    def _unproven(self, level: Level, why: str) -> Remark:
        text = f"{self.release.project} {self.release.version} is in {self.source.place.title}, and was not installed from there to prove it: {why}."
        return Remark(level=level, text=text, code="install-not-proven")

    def _environment(self) -> Interpreter:
        """Make a clean one, with the Python that the user has; with pip if that Python can, else for uv."""
        python = in_time(partial(find_python, {"PATH": self.environ.get("PATH", "")}, Path(sys.executable), None), self.watch)
        folder = self.folder / "environment"
        try:
            self._run([str(python), "-I", "-m", "venv", str(folder)])
        except ChildFailed as problem:
            uv = shutil.which("uv", path=self.environ.get("PATH", ""))
            try:
                self._run([uv or "uv", "venv", "--quiet", "--clear", "--python", str(python), str(folder)])
            except (ChildFailed, OSError):
                raise _no_environment(python, problem.lines) from problem
        made = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
        return in_time(partial(Interpreter.ask, made, child_environ(self.environ, ())), self.watch)

    def _install(self, python: Interpreter) -> bool:
        """As the printed command does; returns whether that takes more than the index of the place, which may lack what the release needs."""
        command, environ = python.installer(self.environ), child_environ(self.environ, ())
        requirement = f"{self.release.project}=={self.release.version}"
        catalog = Catalog([self.source], denied_is_absent=takes_denied_for_absent(self.release, self.receipt))
        installer = Installer(python=python, command=command, environ=environ, catalog=catalog, call=self._installed, watch=self.watch, folder=self.folder)
        if self.receipt.index_url:
            find(Asked.parse(requirement), catalog, self.watch)
            try:
                self._installed([*command, requirement], installer.setup(self.folder).behind([self.receipt.index_url]))
            except Invalid as problem:
                if _lacks(self.release, problem):
                    raise ConfigError(f"installers are not shown {requirement} yet", code="unknown-version") from problem
            else:
                return False
        install(requirement, catalog, python, installer, self.watch)
        return bool(self.receipt.index_url)

    def _modules(self, python: Interpreter) -> list[str]:
        """The names to import; what was installed may say something too when Python starts."""
        try:
            lines = self._said([str(python.path), "-I", "-c", _NAMES, self.release.project])
        except ChildFailed as problem:
            raise self._broken("python", problem) from problem
        ours = [line.removeprefix(OURS) for line in lines if line.startswith(OURS)]
        return [name for name in "".join(ours[-1:]).split() if name.isidentifier()]

    def _installed(self, command: Sequence[str], environ: Mapping[str, str]) -> int:
        try:
            self._run(command, environ)
        except ChildFailed as problem:
            raise Invalid(
                f"{self.release.project} {self.release.version} is published in {self.source.place.title}, and cannot be installed from there: {problem}",
                code="install-fails",
                cure="The release is there. Read what the installer said; when the files are at fault, mend them and release a new version.",
                said=_last(problem.lines),
                details=problem.lines[-QUOTED:],
            ) from problem
        return 0

    def _import(self, python: Interpreter, modules: Sequence[str]) -> None:
        words = f"import {', '.join(modules)}"
        try:
            self._run([str(python.path), "-I", "-c", words])
        except ChildFailed as problem:
            raise self._broken(words, problem) from problem

    def _broken(self, words: str, problem: ChildFailed) -> Invalid:
        return Invalid(
            f"{self.release.project} {self.release.version} is published in {self.source.place.title} and was installed from there, but `{words}` fails",
            code="import-fails",
            cure="The release is there. Whoever installs it meets the same: mend it, and release a new version.",
            said=_last(problem.lines),
            details=problem.lines[-QUOTED:],
        )

    def _run(self, command: Sequence[str], environ: Mapping[str, str] | None = None) -> None:
        """Run a program that sees no secret and none of the runner's files, in a folder of its own; raises `ChildFailed`."""
        run_child(command, cwd=self.folder, environ=environ or child_environ(self.environ, ()), watch=self.watch.quiet())

    def _said(self, command: Sequence[str]) -> list[str]:
        """The lines that a small program of ours prints."""
        lines: list[str] = []
        listening = self.watch.quiet(lambda event: lines.append(getattr(event, "line", "")))
        run_child(command, cwd=self.folder, environ=child_environ(self.environ, ()), watch=listening)
        return lines


def _lacks(release: Release, problem: Invalid) -> bool:
    """Whether pip or uv says that the index does not have the version itself."""
    ways = rf"No matching distribution found for {release.project}==|no version of {release.project}==|{release.project} was not found in the package registry"
    return re.search(ways, " ".join(problem.details)) is not None


def _last(lines: Sequence[str]) -> str:
    return next((line for line in reversed(lines) if line.strip()), "")


def _no_environment(python: Path, lines: Sequence[str]) -> Environment:
    return Environment(
        f"the Python {python} makes no virtual environment, and there is no uv on PATH",
        code="no-environment",
        cure="The release is there, and was not proven. Install the rest of that Python (Debian: apt-get install python3-venv), or uv.",
        said=_last(lines),
    )
