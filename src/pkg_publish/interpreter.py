"""The Python that something is installed into: which one, what fits it, and what installs there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging.utils import parse_wheel_filename

from pkg_publish.errors import Environment
from pkg_publish.formats import foreign

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pkg_publish.model import RemoteFile

# It looks for pip before our libraries are on its path, for there may be another pip.
_ASK = """
import sys
if sys.version_info < (3, 9):
    sys.exit("this is Python %d.%d" % sys.version_info[:2])
import json
from importlib.util import find_spec
pip = find_spec("pip") is not None
sys.path.insert(0, sys.argv[1])
from packaging.tags import sys_tags
print(json.dumps({"version": "%d.%d.%d" % sys.version_info[:3], "tags": [str(tag) for tag in sys_tags()], "pip": pip}))
"""

# pip's own reading of its files and variables; its words in `pip config` leave out what it takes by default. pip 25.3 keeps a table for each file.
_SETTINGS = """
import sys
sys.path = [each for each in sys.path if each]
import json
from pip._internal.commands import create_command
from pip._internal.configuration import Configuration
taken, _ = create_command("install").parse_args([])
known = Configuration(isolated=False)
known.load()
flat = {}
for name, value in known.items():
    flat.update(value if isinstance(value, dict) else {name: value})
said = {}
for section in ("global", "install", ":env:"):
    said.update((name.partition(".")[2], value) for name, value in flat.items() if name.partition(".")[0] == section and value)
indexes = [] if taken.no_index else [taken.index_url, *(taken.extra_index_urls or [])]
print(json.dumps({"indexes": indexes, "trusted": taken.trusted_hosts or [], "said": said}))
"""

_RECORD = """
import sys
from importlib.metadata import distribution
print(distribution(sys.argv[1]).read_text("RECORD") or "")
"""

_PATIENCE = 60
"""Seconds that an interpreter may take to start."""

_QUOTED = 300
"""Characters of what it says when it fails."""


def find_python(environ: Mapping[str, str], executable: Path, own: Path | None) -> Path:
    """The interpreter to install into: the active environment's, else the first on PATH that is not ours, else the one that runs us.

    `own`: the virtual environment that we run in, None outside of one. It is ours alone (`uvx` makes it), so nothing is installed there
    unless it is the active one. Raises `Environment`.
    """
    if active := environ.get("VIRTUAL_ENV"):
        folders = [Path(active) / "bin", Path(active) / "Scripts"]
    else:
        folders = [Path(folder) for folder in environ.get("PATH", "").split(os.pathsep) if folder and not (own and Path(folder).is_relative_to(own))]
    found = (shutil.which(name, path=str(folder)) for folder in folders for name in ("python3", "python"))
    if python := next((path for path in found if path), None):
        return Path(python)
    if active or own:
        raise Environment(
            f"the active environment {active} has no Python" if active else "there is no Python on PATH to install into",
            code="no-python",
            cure="Activate a virtual environment, or name an interpreter with --python.",
            paste="python3 -m venv .venv && . .venv/bin/activate",
        )
    return executable


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    """A Python, as it describes itself."""

    path: Path
    version: str
    """`3.12.1`"""
    tags: tuple[str, ...]
    """The wheels it takes, the best first."""
    has_pip: bool

    @classmethod
    def ask(cls, path: Path, environ: Mapping[str, str] | None = None) -> Interpreter:
        """Start it, isolated, in an environment, by default ours, and let it say; raises `Environment` when it cannot."""
        import packaging

        libraries = Path(packaging.__file__).parents[1]
        try:
            done = subprocess.run(  # noqa: S603 - the interpreter that the user named or has active
                [str(path), "-I", "-B", "-c", _ASK, str(libraries)],
                env=environ,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=True,
                encoding="utf-8",
                errors="replace",
                timeout=_PATIENCE,
            )
            found = json.loads(done.stdout)
        except (OSError, subprocess.SubprocessError, ValueError) as error:
            inside = next((each for name in ("bin/python", "Scripts/python.exe") if (each := path / name).exists()), None)
            raise Environment(
                f"the Python {path} cannot be installed into",
                code="python-not-usable",
                cure=f"That is a folder: name the program in it, --python {inside}" if inside else "Name another one with --python: 3.9 or newer.",
                said=str(getattr(error, "stderr", "") or error).strip()[-_QUOTED:],
            ) from error
        return cls(path=path, version=found["version"], tags=tuple(found["tags"]), has_pip=found["pip"])

    @property
    def is_environment(self) -> bool:
        """It belongs to a virtual environment, and what is installed there disturbs nothing else."""
        return (self.path.parent.parent / "pyvenv.cfg").is_file()

    def best(self, files: Iterable[RemoteFile]) -> RemoteFile | None:
        """The wheel that fits best, else an sdist, else one of those that were yanked (PEP 592), else None. The names must be those of distributions."""
        ranks = {tag: rank for rank, tag in enumerate(self.tags)}

        def merit(file: RemoteFile) -> tuple[bool, int, tuple[int, str] | tuple[()]]:
            kept = file.yanked is None
            if not file.name.endswith(".whl"):
                return kept, -len(ranks), ()
            _, _, build, tags = parse_wheel_filename(file.name)
            return kept, -min((ranks[str(tag)] for tag in tags if str(tag) in ranks), default=len(ranks) + 1), build

        fitting = [file for file in files if merit(file)[1] >= -len(ranks) and foreign.allows(file.requires_python, self.version)]
        return max(fitting, key=merit, default=None)

    def settings(self, environ: Mapping[str, str]) -> dict[str, Any]:
        """How its pip is set up, by files and variables: `indexes` (none, or the main one and the extra ones), `trusted` hosts, and all that was `said`.

        Raises `Environment` when it does not say.
        """
        try:
            found: dict[str, Any] = json.loads(self._said(_SETTINGS, environ))
        except (OSError, subprocess.SubprocessError, ValueError) as error:
            raise Environment(
                f"the pip of {self.path} does not say how it is set up",
                code="installer-settings",
                cure="Mend what it complains about in its configuration or its variables (`PIP_…`), or let uv install: --installer uv.",
                said=str(getattr(error, "stderr", "") or error).strip()[-_QUOTED:],
            ) from error
        return found

    def record(self, project: str, environ: Mapping[str, str]) -> str:
        """The list of files of an installed project (`RECORD`); empty when there is none. What is installed there runs at the start, and sees `environ`."""
        try:
            return self._said(_RECORD, environ, "-I", words=[project])
        except (OSError, subprocess.SubprocessError):
            return ""

    def _said(self, code: str, environ: Mapping[str, str], *flags: str, words: Sequence[str] = ()) -> str:
        command = [str(self.path), *flags, "-B", "-c", code, *words]
        done = subprocess.run(  # noqa: S603 - as in `ask`
            command,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
            encoding="utf-8",
            errors="replace",
            timeout=_PATIENCE,
        )
        return done.stdout

    def installer(self, environ: Mapping[str, str], choice: str = "") -> list[str]:
        """The command that installs there: its own pip, else uv, or the one that is chosen; raises `Environment` without it."""
        if self.has_pip and choice != "uv":
            return [str(self.path), "-m", "pip", "install"]
        if choice != "pip" and (uv := shutil.which("uv", path=environ.get("PATH", ""))):
            return [uv, "pip", "install", "--python", str(self.path)]
        missing = {"pip": "has no pip", "uv": "is to be installed into by uv, which is not on PATH"}.get(choice, "has no pip, and there is no uv on PATH")
        raise Environment(
            f"the Python {self.path} {missing}",
            code="no-installer",
            cure="Give it pip, or install uv.",
            paste=f"{self.path} -m ensurepip",
        )
