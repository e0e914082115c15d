"""Files that appear whole or not at all, and what killed processes leave of theirs."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from pkg_publish.clients import disk
from pkg_publish.clients.disk import appearing
from pkg_publish.errors import Environment

STALE = ".demo-1.0.tar.gz.0123456789abcdef.part"


POSIX = pytest.mark.skipif(sys.platform == "win32", reason="pipes and devices with names")


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


@POSIX
def test_a_pipe_is_written_into(tmp_path: Path) -> None:
    """Whoever reads it gets the bytes, and it is a pipe still."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)

    with appearing(pipe) as file:
        file.write(b"whole")

    assert os.read(reader, 99) == b"whole"
    assert pipe.is_fifo()
    os.close(reader)


@POSIX
def test_a_pipe_that_nobody_reads_is_never_waited_for(tmp_path: Path) -> None:
    """The system says so."""
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(Environment, match="writing failed: No such device"), disk.disk("writing"), appearing(tmp_path / "pipe"):
        pass


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_device_that_is_full_says_so_and_stays() -> None:
    """It is no file that could be replaced."""
    with pytest.raises(Environment, match="writing failed: No space left"), disk.disk("writing"), appearing(Path("/dev/full")) as file:
        file.write(b"whole")

    assert Path("/dev/full").is_char_device()


@POSIX
def test_a_link_leads_to_the_file_that_is_replaced(tmp_path: Path) -> None:
    """The link stays a link, whether the file was there or not."""
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to("there/file")

    for text in (b"first", b"next"):
        with appearing(tmp_path / "link") as file:
            file.write(text)
        assert (tmp_path / "there" / "file").read_bytes() == text

    assert (tmp_path / "link").is_symlink()


@POSIX
def test_what_we_print_to_is_written_behind_what_was_printed(capfd: pytest.CaptureFixture[str]) -> None:
    """`--report /dev/stdout` in a shell that sends both to one file."""
    os.write(1, b"printed, ")

    with appearing(Path("/dev/stdout")) as file:
        file.write(b"then written")
    os.write(1, b", then printed")

    assert capfd.readouterr().out == "printed, then written, then printed"
