"""An environment of its own for one build, made by uv with the user's Python: an `IsolatedEnv` of the `build` library."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from pkg_publish.build import child
from pkg_publish.build.environment import uv_environ, uv_flags

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from pkg_publish.build.tools import Python
    from pkg_publish.watch import Watch


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """What every environment of one run is made with."""

    project: Path
    """As the user named it."""
    uv: str
    python: Python
    environ: Mapping[str, str]
    """What the build may see."""
    pip: Mapping[str, str]
    """What pip's files say, as variables."""
    watch: Watch

    @property
    def told(self) -> dict[str, str]:
        """What an installer is told; a variable comes before a file."""
        return {**self.pip, **self.environ}


@dataclass(frozen=True, slots=True)
class Isolated:
    """One environment, in a folder that its maker removes."""

    folder: Path
    shop: Workshop

    def make(self) -> None:
        """Make the environment, empty; raises `ChildFailed`."""
        self._uv("venv", "--quiet", "--no-project", "--python", self.shop.python.path, str(self.folder))

    def install(self, requirements: Collection[str]) -> None:
        """Install what the build requires; raises `ChildFailed`."""
        if requirements:
            self._uv("pip", "install", *uv_flags(self.shop.told), "--python", self.python_executable, "--", *sorted(requirements))

    def _uv(self, *words: str) -> None:
        """Relative paths in variables are relative to the folder where the command runs, and no configuration of the project is read."""
        child.run([self.shop.uv, "--no-config", *words], cwd=Path.cwd(), environ=uv_environ(self.shop.told), watch=self.shop.watch)

    @property
    def _scripts(self) -> Path:
        return self.folder / ("Scripts" if sys.platform == "win32" else "bin")

    @property
    def python_executable(self) -> str:
        """The interpreter that runs the backend."""
        return str(self._scripts / "python")

    def make_extra_environ(self) -> dict[str, str]:
        """What `build` lays over the caller's environment: the programs of this environment come first."""
        path = [str(self._scripts), self.shop.environ.get("PATH", "")]
        return {"PATH": os.pathsep.join(path), "VIRTUAL_ENV": str(self.folder)}

    def name(self, backend: str) -> str:
        """The backend as people know it, `setuptools 80.9.0`: the distribution whose name begins that of the module."""
        parts = backend.partition(":")[0].replace("_", "-").split(".")
        names = {canonicalize_name("-".join(parts[:length])) for length in range(1, len(parts) + 1)}
        libraries = [str(folder) for pattern in ("lib/python*/site-packages", "Lib/site-packages") for folder in self.folder.glob(pattern)]
        found = [f"{each.name} {each.version}" for each in distributions(path=libraries) if canonicalize_name(each.name) in names]
        return next(iter(found), backend)
