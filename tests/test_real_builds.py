"""Builds that fetch their backends from the index: projects of other people, and a compiler."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from typing import TYPE_CHECKING

import pytest
from tests import real_parts
from tests.build import projects
from tests.build.projects import Bench

from pkg_publish import preflight

if TYPE_CHECKING:
    from pathlib import Path

PROJECTS = ("six==1.17.0", "iniconfig==2.3.0", "platformdirs==4.5.0", "idna==3.11", "rich==14.2.0")
"""Of setuptools with setup.py, setuptools with setuptools-scm, hatchling with hatch-vcs, flit and poetry-core."""


def environ(**more: str) -> dict[str, str]:
    """The environment of a build that reaches the index as pip does here."""
    given = os.environ.get("PIP_CONFIG_FILE", "")  # noqa: TID251 - the tests' own edge
    return projects.environ(PIP_CONFIG_FILE=given, **more)


def sdist(requirement: str) -> Path:
    """The project's own sdist, kept between runs."""
    folder = real_parts.CACHE / "sdists" / requirement
    if not list(folder.glob("*.tar.gz")):
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", "--dest", str(folder), requirement]
        subprocess.run(command, check=True)
    return next(folder.glob("*.tar.gz"))


def unpacked(archive: Path, folder: Path) -> Path:
    """The project in a fresh folder."""
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    return folder / archive.name.removesuffix(".tar.gz")


@pytest.mark.parametrize("requirement", PROJECTS)
def test_a_real_project_gives_the_same_bytes_twice(tmp_path: Path, requirement: str) -> None:
    """Each time from a fresh checkout; and they are a sound release."""
    built = []
    for time in ("once", "twice"):
        bench = Bench(unpacked(sdist(requirement), tmp_path / time), tmp_path / f"{time}-dist", environ=environ())
        built.append(preflight.check(preflight.collect(bench.run())))

    once, twice = ([(each.name, each.sha256) for each in release.distributions] for release in built)
    assert once == twice
    assert f"{built[0].project}=={built[0].version}" == requirement


SETUP = """from setuptools import Extension, setup
setup(name="demo", version="1.0", ext_modules=[Extension("demo", ["demo.c"])])
"""

SOURCE = """#include <Python.h>
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "demo"};
PyMODINIT_FUNC PyInit_demo(void) { return PyModule_Create(&module); }
"""


@pytest.mark.parametrize("version", real_parts.interpreters())
def test_an_extension_is_built_for_the_users_python(tmp_path: Path, version: str) -> None:
    """Not for ours: the first on PATH decides, whatever its version."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "pyproject.toml").write_text('[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n')
    (folder / "setup.py").write_text(SETUP)
    (folder / "demo.c").write_text(SOURCE)
    users = tmp_path / "bin"
    users.mkdir()
    (users / "python3").symlink_to(real_parts.interpreters()[version])

    bench = Bench(folder, tmp_path / "dist", formats=("wheel",), environ=environ(PATH=f"{users}{os.pathsep}/usr/bin{os.pathsep}/bin"))

    (wheel,) = bench.run().iterdir()
    tag = f"cp{version.replace('.', '')}"
    assert wheel.name.startswith(f"demo-1.0-{tag}-{tag}-linux")
