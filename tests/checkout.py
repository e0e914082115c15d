"""A checkout of ours as a runner fetches it, with a lock of two small wheels and an engine that only tells where it is."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import threading
import time
import zipfile
from dataclasses import dataclass, field
from importlib.metadata import distribution
from pathlib import Path
from typing import TYPE_CHECKING

from tests import factory

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ROOT = Path(__file__).resolve().parents[1]
ENGINE = """
import os, sys
def main(argv):
    import tool
    print("{edge}", *argv)
    print(os.path.dirname(os.path.dirname(tool.__file__)))
    print(os.environ["PKG_PUBLISH_LIBRARY"])
    print(sys.executable)
    return 3
"""


def packaging_wheel(folder: Path) -> Path:
    """The `packaging` of this test run, as the wheel that it came in."""
    installed = distribution("packaging")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"packaging-{installed.version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for file in installed.files or []:
            if file.suffix != ".pyc" and file.name not in {"INSTALLER", "REQUESTED", "direct_url.json"}:
                wheel.writestr(zipfile.ZipInfo(str(file)), file.read_binary())
    return path


def tool_wheel(folder: Path, *, content: bytes = b"", tag: str = "py3-none-any") -> Path:
    """A wheel with a module and a program."""
    path = factory.wheel(folder, "tool", "1.0", content=content, tag=tag)
    with zipfile.ZipFile(path, "a") as wheel:
        wheel.writestr("tool-1.0.data/scripts/tool", "#!/bin/sh\necho a program\n")
    return path


def lock_of(*wheels: Path) -> str:
    """A lock as uv writes it."""
    pins = []
    for wheel in wheels:
        name, version = wheel.name.split("-")[:2]
        pins.append(f"{name}=={version} \\\n    --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n    # via somebody\n")
    return "# This file was made by hand\n" + "".join(pins)


@dataclass(frozen=True, kw_only=True)
class Ended:
    """What is left of a process."""

    code: int
    stdout: str
    stderr: str

    @property
    def lines(self) -> list[str]:
        """What the engine told: its words, the library it imports from, the one it was handed, its Python."""
        return self.stdout.splitlines()


@dataclass(frozen=True, kw_only=True)
class Checkout:
    """Our files at `root`, a home and wheels in `folder`."""

    folder: Path
    root: Path
    environ: dict[str, str] = field(default_factory=dict)
    """What every process of this checkout starts with, and nothing else."""

    @classmethod
    def make(cls, folder: Path, name: str = "action") -> Checkout:
        """Copy the start, invent the rest."""
        root = folder / name
        engine = root / "src" / "pkg_publish"
        engine.mkdir(parents=True)
        for file in ("run.py", "start.sh"):
            shutil.copy(ROOT / file, root)
        shutil.copytree(ROOT / "library", root / "library", ignore=shutil.ignore_patterns("__pycache__"))
        (engine / "__init__.py").write_text('__version__ = "9.9"\n')
        for edge in ("action", "cli"):
            (engine / f"{edge}.py").write_text(ENGINE.replace("{edge}", edge))
        environ = {"PATH": os.defpath, "HOME": str(folder / "home"), "PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": "http://127.0.0.1:9"}
        made = cls(folder=folder, root=root, environ=environ)
        (root / "requirements.txt").write_text(lock_of(packaging_wheel(made.wheels), tool_wheel(made.wheels)))
        return made

    @property
    def wheels(self) -> Path:
        """A folder with the locked wheels."""
        return self.folder / "wheels"

    @property
    def shelf(self) -> Path:
        """Where the libraries are kept at home."""
        return self.folder / "home" / ".cache" / "pkg-publish"

    def command(self, *argv: str, python: str = sys.executable) -> list[str]:
        """How a user starts it by hand."""
        return [python, str(self.root / "run.py"), *argv]

    def run(self, *argv: str, python: str = sys.executable, cwd: str = "", **environ: str) -> Ended:
        """Start it by hand and wait; `environ` is added to what it starts with."""
        done = subprocess.run(
            self.command(*argv, python=python), env=self.environ | environ, cwd=cwd or self.folder, capture_output=True, text=True, check=False
        )
        return Ended(code=done.returncode, stdout=done.stdout, stderr=done.stderr)

    def start(self, *argv: str, **environ: str) -> subprocess.Popen[str]:
        """Start it and go on."""
        return subprocess.Popen(self.command(*argv), env=self.environ | environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def runner_files(folder: Path) -> dict[str, str]:
    """A step's environment, as far as the start looks at it."""
    temp = folder / "temp"
    temp.mkdir(exist_ok=True)
    return {
        "GITHUB_ACTIONS": "true",
        "RUNNER_TEMP": str(temp),
        "GITHUB_OUTPUT": str(folder / "output"),
        "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
    }


def outputs(environ: Mapping[str, str]) -> dict[str, str]:
    """The outputs of a step, read as the runner reads them."""
    lines = iter(Path(environ["GITHUB_OUTPUT"]).read_text(encoding="utf-8").splitlines())
    found = {}
    for line in lines:
        name, marked, delimiter = line.partition("<<")
        if marked:
            found[name] = "\n".join(iter(lambda: next(lines), delimiter))
        else:
            name, _, found[line.partition("=")[0]] = line.partition("=")
    return found


def until(true: Callable[[], bool], seconds: float = 20) -> bool:
    """Wait for something that another process does."""
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        threading.Event().wait(0.02)
    return true()
