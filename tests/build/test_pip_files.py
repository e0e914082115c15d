"""pip's configuration files, read by pip."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest
from tests import factory
from tests.build.projects import PYPROJECT, Bench, environ, project

from pkg_publish.build.pip_files import settings
from pkg_publish.build.tools import Python

if TYPE_CHECKING:
    from pathlib import Path

OURS = Python(path=sys.executable, prefix=sys.prefix, version="3")
FILE = "[global]\nindex-url = https://global.invalid\ntrusted-host =\n  one\n  two\n[install]\nindex-url = https://install.invalid\n[list]\nformat = json\n"


def plain(home: Path, **more: str) -> dict[str, str]:
    """An environment in which no variable speaks to pip."""
    return {"PATH": os.environ["PATH"], "HOME": str(home), **more}  # noqa: TID251 - the tests' own edge


@pytest.mark.parametrize("place", [".config/pip/pip.conf", ".pip/pip.conf", "named"])
def test_the_users_file_is_read(tmp_path: Path, place: str) -> None:
    """As the variables that would say the same; what is said for installing comes first."""
    path = tmp_path / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(FILE)

    said = settings(OURS, plain(tmp_path, **({"PIP_CONFIG_FILE": str(path)} if place == "named" else {})))

    assert said["PIP_INDEX_URL"] == "https://install.invalid"
    assert said["PIP_TRUSTED_HOST"].split() == ["one", "two"]
    assert "PIP_FORMAT" not in said


def test_a_file_that_pip_cannot_read_says_nothing(tmp_path: Path) -> None:
    """What is missing then, uv says."""
    path = tmp_path / "broken"
    path.write_text("no section")
    assert settings(OURS, plain(tmp_path, PIP_CONFIG_FILE=str(path))) == {}


def test_where_no_file_counts_nobody_is_asked(tmp_path: Path) -> None:
    """Starting pip takes longer than all the rest."""
    asked = tmp_path / "asked"
    (tmp_path / "python").write_text(f"#!/bin/sh\ntouch {asked}\n")
    (tmp_path / "python").chmod(0o755)
    python = Python(path=str(tmp_path / "python"), prefix=sys.prefix, version="3")

    assert settings(python, plain(tmp_path, PIP_CONFIG_FILE=os.devnull)) == {}
    assert not asked.exists()
    settings(python, plain(tmp_path, PIP_CONFIG_FILE=str(tmp_path / "python")))
    assert asked.exists()


def test_a_build_finds_what_only_a_file_names(tmp_path: Path) -> None:
    """The index of a company, here a folder."""
    wheelhouse = tmp_path / "wheelhouse"
    factory.wheel(wheelhouse, "demo-dependency")
    (tmp_path / "pip.conf").write_text(f"[global]\nno-index = yes\nfind-links = {wheelhouse}\n")
    folder = project(tmp_path / "needs", pyproject=PYPROJECT.replace("requires = []", 'requires = ["demo-dependency"]'))
    users = tmp_path / "bin"
    users.mkdir()
    (users / "python3").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (users / "python3").chmod(0o755)

    bench = Bench(folder, tmp_path / "dist", environ=environ(PATH=f"{users}:/usr/bin:/bin", PIP_CONFIG_FILE=str(tmp_path / "pip.conf")))
    bench.environ.pop("PIP_FIND_LINKS", None)
    bench.run()

    assert " + demo-dependency==1.0" in bench.lines
