"""Projects that bring a backend of their own, so that a build needs no index; and a build of them."""

from __future__ import annotations

import os
import select
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pkg_publish import build
from pkg_publish.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable

PYPROJECT = """[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "demo"
version = "1.0"
"""

BACKEND = """
import io, os, sys, tarfile, zipfile

METADATA = b"Metadata-Version: 2.1\\nName: demo\\nVersion: 1.0\\n"


def build_sdist(where, config_settings=None):
    print("packing the sdist")
    with tarfile.open(os.path.join(where, "demo-1.0.tar.gz"), "w:gz") as archive:
        info = tarfile.TarInfo("demo-1.0/PKG-INFO")
        info.size = len(METADATA)
        archive.addfile(info, io.BytesIO(METADATA))
        for name in ("pyproject.toml", "backend.py"):
            archive.add(name, "demo-1.0/" + name)
    return "demo-1.0.tar.gz"


def build_wheel(where, config_settings=None, metadata_directory=None):
    print("packing the wheel in", os.getcwd())
    files = {"METADATA": METADATA, "WHEEL": b"Wheel-Version: 1.0\\n"}
    files["RECORD"] = "".join("demo-1.0.dist-info/%s,,\\n" % name for name in ("METADATA", "WHEEL", "RECORD")).encode()
    with zipfile.ZipFile(os.path.join(where, "demo-1.0-py3-none-any.whl"), "w") as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo("demo-1.0.dist-info/" + name), data)
    return "demo-1.0-py3-none-any.whl"
"""


def project(folder: Path, *, more: str = "", pyproject: str = PYPROJECT) -> Path:
    """Write a project whose backend does `more` than pack two files."""
    folder.mkdir()
    (folder / "pyproject.toml").write_text(pyproject)
    (folder / "backend.py").write_text(BACKEND + more)
    return folder


def environ(**more: str) -> dict[str, str]:
    """This environment, with the Python that runs the tests first on PATH, and no files of pip, which take long to read."""
    path = os.pathsep.join([str(Path(sys.base_prefix) / "bin"), "/usr/bin", "/bin"])
    return {**os.environ, "PATH": path, "PIP_CONFIG_FILE": os.devnull, **more}  # noqa: TID251 - the tests' own edge


@dataclass
class Bench:
    """A build and all it told."""

    folder: Path
    into: Path
    formats: tuple[str, ...] = ("wheel", "sdist")
    allow: tuple[str, ...] = ()
    environ: dict[str, str] = field(default_factory=environ)
    events: list[object] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    heard: Callable[[str], object] = len
    """Called with each line of the build."""

    def run(self) -> Path:
        """Build."""
        settings = build.BuildSettings(project=self.folder, formats=self.formats, into=self.into, environ=self.environ, allow=self.allow)
        return build.run(settings, Watch(float("inf"), self._tell, stop=self.stop))

    def _tell(self, event: object) -> None:
        self.events.append(event)
        if isinstance(event, build.BackendSaid):
            self.heard(event.line)

    @property
    def lines(self) -> list[str]:
        """What the build said."""
        return [event.line for event in self.events if isinstance(event, build.BackendSaid)]


def has_ended(process: int, within: float = 5.0) -> bool:
    """Whether a process ends in so many seconds; one that nobody has waited for yet is at its end."""
    try:
        handle = os.pidfd_open(process)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], within)[0])
    finally:
        os.close(handle)
