"""What another job has written down, however it is broken."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests import factory

from pkg_publish.formats import oci
from pkg_publish.formats.journal import Job, JournalEntry

if TYPE_CHECKING:
    from pathlib import Path

KEY = "io.github.pkg-publish-action.entry"


def written(tmp_path: Path) -> bytes:
    """The manifest of an entry of ours."""
    artifact = oci.Artifact.of(factory.release(tmp_path).distributions[0], "1.0")
    return JournalEntry(entry=artifact.entry, job=Job(run="7", attempt="1", commit="abc"), time=1000).encode()[1]


def test_an_entry_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Who, when, what."""
    found = JournalEntry.read(written(tmp_path), "demo", "1.0")

    assert found
    assert (found.job, found.time) == (Job(run="7", attempt="1", commit="abc"), 1000)


@pytest.mark.parametrize(("old", "new"), [("1000", "1" + "0" * 400), ("1000", "-1"), ("{", "\ud800")], ids=["no time", "long ago", "half a letter"])
def test_a_broken_entry_counts_for_nothing(tmp_path: Path, old: str, new: str) -> None:
    """A time with which nobody can reckon, half of a letter."""
    manifest = json.loads(written(tmp_path))
    manifest["annotations"][KEY] = manifest["annotations"][KEY].replace(old, new)

    assert JournalEntry.read(json.dumps(manifest).encode(), "demo", "1.0") is None
