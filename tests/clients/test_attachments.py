"""Files of the user's choice, and checksums."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from pkg_publish.clients.attachments import Checksums, extra_files
from pkg_publish.errors import ConfigError, Integrity
from pkg_publish.model import Item

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three files, one in a folder of its own, and one that is hidden."""
    (tmp_path / "deep" / "er").mkdir(parents=True)
    for name in ("b.txt", "a.txt", "deep/er/c.json", ".hidden"):
        (tmp_path / name).write_text(name)
    return tmp_path


@pytest.mark.parametrize(
    ("patterns", "names"),
    [(["*.txt"], ["a.txt", "b.txt"]), (["*", "b.*"], ["a.txt", "b.txt"]), (["**/*.json"], ["c.json"]), (["b.txt", "deep/**"], ["b.txt", "c.json"])],
    ids=str,
)
def test_patterns_find_files(folder: Path, patterns: list[str], names: list[str]) -> None:
    """Each once, in order, hashed; no folders, and nothing that is hidden."""
    found = extra_files(patterns, folder)

    assert [file.name for file in found] == names
    assert all(file.sha256 == hashlib.sha256(file.path.read_bytes()).hexdigest() for file in found)


def test_a_pattern_may_be_absolute(folder: Path) -> None:
    """As the runner's paths are."""
    assert [file.name for file in extra_files([f"{folder}/a*"], folder / "deep")] == ["a.txt"]


@pytest.mark.parametrize("pattern", ["*.missing", "deep", "x\n"])
def test_a_pattern_that_matches_nothing_is_a_mistake(folder: Path, pattern: str) -> None:
    """A folder is no file."""
    with pytest.raises(ConfigError) as caught:
        extra_files(["a.txt", pattern], folder)

    assert caught.value.code == "extra-files"
    assert repr(pattern) in caught.value.what


def test_what_changes_afterwards_is_not_sent(folder: Path) -> None:
    """What is sent is what was hashed."""
    (file,) = extra_files(["a.txt"], folder)
    file.path.write_text("something else")

    with pytest.raises(Integrity):
        file.open()


def test_checksums_are_as_sha256sum_reads_them() -> None:
    """In the order of the names."""
    made = Checksums.of("SHA256SUMS", [Item(name="b", sha256="22"), Item(name="a", sha256="11")])

    assert made.open().read() == made.content == b"11  a\n22  b\n"
    assert (made.size, made.sha256) == (12, hashlib.sha256(made.content).hexdigest())
