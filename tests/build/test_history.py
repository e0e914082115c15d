"""What git says of a project."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from pkg_publish.build import history, shallow_version

if TYPE_CHECKING:
    from pathlib import Path

ENVIRON = {"PATH": os.environ["PATH"], "HOME": "/nowhere"}  # noqa: TID251 - the tests' own edge
DATED = ENVIRON | {"GIT_COMMITTER_DATE": "1700000000 +0000", "GIT_CONFIG_COUNT": "0"}


def git(folder: Path, *words: str) -> None:
    """Run git as somebody."""
    subprocess.run(["git", "-C", folder, "-c", "user.name=me", "-c", "user.email=me@example.invalid", *words], env=DATED, check=True, capture_output=True)


@pytest.fixture
def full(tmp_path: Path) -> Path:
    """A checkout with all of its two commits."""
    folder = tmp_path / "full"
    folder.mkdir()
    git(folder, "init", "-q")
    for message in ("one", "two"):
        git(folder, "commit", "-q", "--allow-empty", "-m", message)
    return folder


@pytest.fixture
def shallow(tmp_path: Path, full: Path) -> Path:
    """A checkout as `actions/checkout` makes it."""
    git(tmp_path, "clone", "-q", "--depth", "1", full.as_uri(), "shallow")
    return tmp_path / "shallow"


def test_the_last_commit_tells_the_time(full: Path) -> None:
    """Also to a folder within."""
    (full / "python").mkdir()
    assert history.last_commit(full / "python", ENVIRON) == 1_700_000_000


@pytest.mark.parametrize("path", [ENVIRON["PATH"], "/nowhere"])
def test_without_history_the_time_is_the_same_for_everybody(tmp_path: Path, path: str) -> None:
    """No repository, or no git."""
    assert history.last_commit(tmp_path, ENVIRON | {"PATH": path}) == history.LONG_AGO


@pytest.mark.parametrize("version", ["0.1.dev1+g1a2b3c4", "0.1.dev1", "0.0.post1.dev0+1a2b3c4", "0.0.0+unknown"])
def test_a_version_that_was_made_up_is_a_mistake(shallow: Path, version: str) -> None:
    """The error says to fetch the history."""
    error = shallow_version(shallow, version, ENVIRON)
    assert error is not None
    assert (error.code, "fetch-depth: 0" in error.paste) == ("shallow-clone", True)


@pytest.mark.parametrize("version", ["1.2.3.dev1+g1a2b3c4", "1.0", "0.1", "0.0.0"])
def test_a_version_that_counts_from_a_tag_or_stands_in_a_file_is_none(shallow: Path, version: str) -> None:
    """Even where the clone is shallow."""
    assert shallow_version(shallow, version, ENVIRON) is None


@pytest.mark.parametrize(
    ("pyproject", "made_up"), [('[project]\ndynamic = ["version"]', True), ('[project]\nversion = "0.0.0"', False), ("project = 1", False), ("[", False)]
)
def test_a_bare_zero_is_made_up_where_a_tool_finds_the_version(shallow: Path, pyproject: str, made_up: bool) -> None:  # noqa: FBT001 - a parameter
    """Some tools fall back to it."""
    (shallow / "pyproject.toml").write_text(pyproject)
    assert (shallow_version(shallow, "0.0.0", ENVIRON) is not None) is made_up


def test_a_project_with_its_whole_history_has_no_tag_and_is_right(full: Path) -> None:
    """Its first development version is what it says."""
    assert shallow_version(full, "0.1.dev2+g1a2b3c4", ENVIRON) is None
