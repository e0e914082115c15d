"""Somebody who installs: a fresh environment, an installer in it, and what was told; and projects that a build needs others for."""

from __future__ import annotations

import gzip
import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pip as pip_itself
from tests import factory
from tests.targets.contract import once
from uv import find_uv_bin

from pkg_publish import preflight
from pkg_publish.catalog import Catalog
from pkg_publish.install import install
from pkg_publish.installer import Installer
from pkg_publish.interpreter import Interpreter
from pkg_publish.model import Release
from pkg_publish.watch import Waiting, Watch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pkg_publish.catalog import NamedSource

PATHS = os.pathsep.join([str(Path(find_uv_bin()).parent), os.environ["PATH"]])  # noqa: TID251 - the tests' own edge
THEIRS = b"x = 'theirs'\n"

BACKEND = b"""import zipfile
def build_wheel(folder, config_settings=None, metadata_directory=None):
    said = "Metadata-Version: 2.1\\nName: demo\\nVersion: 1.0\\nRequires-Dist: third\\n"
    files = {"demo.py": "x = 1\\n", "demo-1.0.dist-info/METADATA": said}
    files["demo-1.0.dist-info/WHEEL"] = "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
    files["demo-1.0.dist-info/RECORD"] = "".join(f"{name},,\\n" for name in [*files, "demo-1.0.dist-info/RECORD"])
    with zipfile.ZipFile(f"{folder}/demo-1.0-py3-none-any.whl", "w") as wheel:
        for name, text in files.items():
            wheel.writestr(name, text)
    return "demo-1.0-py3-none-any.whl"
"""
"""A build backend by whose wheel demo needs `third`, of which its sdist says nothing."""

BUNDLED = """
import ensurepip, sys, zipfile
from pathlib import Path
(wheel,) = (Path(ensurepip.__file__).parent / "_bundled").glob("pip-*.whl")
zipfile.ZipFile(wheel).extractall(sys.argv[1])
"""
"""Unpack the pip that a Python brings."""


def dynamic_sdist(folder: Path) -> Path:
    """An sdist that says what it needs when it is built, by a backend that is a project of its own."""
    files = {
        "PKG-INFO": b"Metadata-Version: 2.2\nName: demo\nVersion: 1.0\nDynamic: Requires-Dist\n",
        "pyproject.toml": b'[build-system]\nrequires = ["Back.End"]\nbuild-backend = "back_end"\n[project]\nname = "demo"\nversion = "1.0"\n'
        b'dynamic = ["dependencies"]\n',
    }
    folder.mkdir(parents=True, exist_ok=True)
    path, buffer = folder / "demo-1.0.tar.gz", io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0) as zipped, tarfile.open(fileobj=zipped, mode="w") as archive:
        for member, data in files.items():
            info = tarfile.TarInfo(f"demo-1.0/{member}")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    path.write_bytes(buffer.getvalue())
    return path


def put(target: Any, path: Path, name: str = "demo", version: str = "1.0") -> None:  # noqa: ANN401 - a target that is a source
    """Publish a file."""
    file = preflight.alone(path)
    assert file
    assert once(target, Release(project=name, version=version, distributions=(file,))).holds


class Desk:
    """A fresh environment, and what was told."""

    def __init__(self, folder: Path, installer: str, python: Path = Path(sys.executable)) -> None:
        """`installer`: pip, uv, the version of a pip, or `its own`, which is the one that a Python brings."""
        self.folder, self.told = folder, list[object]()
        self.environ = {"PATH": PATHS, "HOME": str(folder), "PIP_NO_CACHE_DIR": "1", "UV_NO_CACHE": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        subprocess.run([find_uv_bin(), "venv", "--quiet", "--python", python, folder / "fresh"], check=True)
        self.site = Path(self._run("import sysconfig; print(sysconfig.get_path('purelib'))"))
        if installer == "pip":  # that of the tests, which is compiled
            (self.site / "pip").symlink_to(Path(pip_itself.__file__).parent)
        elif installer == "its own":
            self._run(BUNDLED, str(self.site))
        elif installer != "uv":
            subprocess.run([find_uv_bin(), "pip", "install", "--quiet", "--python", folder / "fresh", f"pip=={installer}"], check=True)
        self.installer = "uv" if installer == "uv" else "pip"
        self.python = Interpreter.ask(folder / "fresh" / "bin" / "python")

    def install(self, text: str, *sources: NamedSource, upstream: str = "", denied: str = "stop", **environ: str) -> int:
        """Install; the exit code of the installer."""
        codes: list[int] = []

        def call(command: Sequence[str], seen: Mapping[str, str]) -> int:
            codes.append(subprocess.run(command, env=dict(seen), cwd=self.folder, check=False).returncode)
            return codes[-1]

        every, watch = self.environ | environ, Watch(120, self.told.append)
        command = self.python.installer(every, self.installer)
        catalog = Catalog(sources, denied_is_absent=denied == "absent")
        installer = Installer(
            python=self.python, command=command, environ=every, catalog=catalog, call=call, watch=watch, folder=self.folder, upstream=upstream
        )
        install(text, catalog, self.python, installer, watch)
        return codes[-1]

    @property
    def remarks(self) -> list[str]:
        """What people were told beside the course of things."""
        return [each.why for each in self.told if isinstance(each, Waiting)]

    def says(self, *modules: str) -> str:
        """The `x` of each module, as its Python prints them."""
        return self._run(f"import {', '.join(modules)}; print({', '.join(f'{each}.x' for each in modules)})")

    def _run(self, code: str, *words: str) -> str:
        return subprocess.run([self.folder / "fresh" / "bin" / "python", "-c", code, *words], check=True, capture_output=True, text=True).stdout.strip()


def attack(folder: Path, *names: str) -> None:
    """Fill the folder of an index with 99.0 of all that we have."""
    for name in names:
        factory.wheel(folder, name, "99.0", content=THEIRS)
