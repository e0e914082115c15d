"""What a build is made with: the Python that is first on the user's PATH, and uv, which installs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pkg_publish.build.environment import child_environ
from pkg_publish.build.steps import SETUP_PYTHON
from pkg_publish.errors import Environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ANSWERS_WITHIN = 30.0
"""Seconds for an interpreter to say who it is, on a cold disk."""

WHO = "import sys; print(sys.executable); print(sys.prefix); print('.'.join(map(str, sys.version_info[:3])))"
"""Behind a shim of pyenv, sys.executable is the real one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Python:
    """An interpreter of the user's."""

    path: str
    prefix: str
    """Its folder, or that of its virtual environment."""
    version: str
    """`3.12.7`"""


def find_python(folder: Path, environ: Mapping[str, str], own: Path | None) -> Python:
    """The first of `python3` and `python` on PATH that runs in `folder`, whatever its version; raises `Environment`.

    `own` is the environment in which we were installed as a tool: it is not the user's.
    """
    for command in _candidates(environ.get("PATH", ""), own):
        try:
            said = subprocess.run(  # noqa: S603 - the user's interpreter
                [command, "-I", "-c", WHO],
                cwd=folder,
                env=environ,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=ANSWERS_WITHIN,
                check=True,
            )
        except (OSError, subprocess.SubprocessError):  # a shim without a version, the stub of the Windows store, Python 2
            continue
        path, prefix, version = said.stdout.splitlines()[-3:]
        return Python(path=path, prefix=prefix, version=version)
    raise Environment(
        "no Python 3 was found on PATH to build the project with",
        code="build-python-missing",
        cure="Install one; in a workflow, add the step that does.",
        paste=SETUP_PYTHON,
    )


def _candidates(path: str, own: Path | None) -> Iterator[str]:
    folders = [folder for folder in path.split(os.pathsep) if own is None or not Path(folder).is_relative_to(own)]
    for name in ("python3", "python"):
        if command := shutil.which(name, path=os.pathsep.join(folders)):
            yield command


def builder(project: Path, library: Path | None, environ: Mapping[str, str]) -> Python:
    """What a build of a project would be made with, without beginning one; raises `Environment` if the Python or uv is missing."""
    seen = child_environ(environ, ())
    found = find_python(project, seen, own_environment(library, environ))
    find_uv(library, seen)
    return found


def own_environment(library: Path | None, environ: Mapping[str, str]) -> Path | None:
    """The environment that somebody made to hold us as a tool (uvx, pipx); none when we run from a folder of libraries, or from one the user activated."""
    prefix = Path(sys.prefix)
    if library is not None or sys.prefix == sys.base_prefix or environ.get("VIRTUAL_ENV") == sys.prefix:
        return None
    return prefix


def find_uv(library: Path | None, environ: Mapping[str, str]) -> str:
    """Find uv in the folder of locked libraries, on PATH, or beside our own interpreter; raises `Environment`."""
    beside = str(Path(sys.executable).parent)
    locked = [str(library / "bin")] if library else []
    for path in (*locked, environ.get("PATH", ""), beside):
        if found := shutil.which("uv", path=path):
            return found
    raise Environment(
        "uv, which installs what a build requires, was not found",
        code="uv-missing",
        cure="Install it, or start us with run.py, which brings it.",
        paste="pip install uv",
    )
