"""Files that appear whole or not at all, and what killed processes leave of theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pkg_publish.clients import disk
from pkg_publish.clients.disk import appearing

if TYPE_CHECKING:
    from pathlib import Path

STALE = ".demo-1.0.tar.gz.0123456789abcdef.part"


def names(folder: Path) -> list[str]:
    """What is in a folder."""
    return sorted(path.name for path in folder.iterdir())


def test_what_a_killed_run_has_left_is_removed(tmp_path: Path) -> None:
    """By the next write in that folder, of whatever file; what is called otherwise is somebody else's."""
    (tmp_path / STALE).write_bytes(b"half of it")
    (tmp_path / ".theirs.part").write_bytes(b"theirs")

    with appearing(tmp_path / "other.whl") as file:
        file.write(b"whole")

    assert names(tmp_path) == [".theirs.part", "other.whl"]


def test_what_another_run_writes_stays(tmp_path: Path) -> None:
    """Its lock says that it lives."""
    with appearing(tmp_path / "one") as one:
        one.write(b"1")
        with appearing(tmp_path / "two") as two:
            two.write(b"2")

    assert names(tmp_path) == ["one", "two"]


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    """Neither the file nor a part of it."""
    with pytest.raises(ZeroDivisionError), appearing(tmp_path / "one") as file:
        file.write(b"%d" % (1 // 0))

    assert names(tmp_path) == []


def test_a_part_that_is_swept_away_at_once_gets_another_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody was there between its making and its lock."""
    answers = iter([False, True])
    monkeypatch.setattr(disk, "take", lambda _: next(answers))

    with appearing(tmp_path / "one") as file:
        file.write(b"1")

    assert (tmp_path / "one").read_bytes() == b"1"


def test_a_disk_without_locks_keeps_what_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody can say there whether it lives."""

    def take(_: object) -> bool:
        raise OSError

    monkeypatch.setattr(disk, "take", take)
    (tmp_path / STALE).write_bytes(b"half of it")

    with appearing(tmp_path / "one") as file:
        file.write(b"1")

    assert names(tmp_path) == [STALE, "one"]
