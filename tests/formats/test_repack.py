"""An sdist packed once more."""

from __future__ import annotations

import gzip
import io
import tarfile

import pytest

from pkg_publish.formats.repack import repack

TIME = 1_700_000_000


def packed(*members: tarfile.TarInfo, mtime: int = 5) -> bytes:
    """An sdist as a careless backend packs it."""
    buffer = io.BytesIO()
    with gzip.GzipFile("name.tar", fileobj=buffer, mode="wb", mtime=mtime) as stream, tarfile.open(fileobj=stream, mode="w") as archive:
        for member in members:
            archive.addfile(member, io.BytesIO(member.name.encode()))
    return buffer.getvalue()


def member(name: str, mode: int = 0o664, kind: bytes = tarfile.REGTYPE, *, link: str = "", mtime: float = 1.5) -> tarfile.TarInfo:
    """One member as somebody's disk has it."""
    info = tarfile.TarInfo(name)
    info.mode, info.type, info.linkname, info.mtime = mode, kind, link, mtime
    info.uid, info.gid, info.uname, info.gname = 1000, 1000, "me", "us"
    info.size = len(name) if info.isreg() else 0
    return info


def again(data: bytes, time: int = TIME) -> bytes:
    """The same sdist from our hands."""
    target = io.BytesIO()
    repack(io.BytesIO(data), io.BytesIO(), target, time)
    return target.getvalue()


def read(data: bytes) -> dict[str, tarfile.TarInfo]:
    """Members by name."""
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return {each.name: each for each in archive}


def test_the_same_tree_gives_the_same_bytes() -> None:
    """In whatever order and whenever it was packed."""
    one = packed(member("d/b"), member("d/a", mtime=1.5), mtime=1)
    two = packed(member("d/a", mtime=2.5), member("d/b"), mtime=2)

    assert one != two
    assert again(one) == again(two)


def test_times_and_owners_are_nobodys() -> None:
    """Of every member and of the stream."""
    data = again(packed(member("d", 0o700, tarfile.DIRTYPE), member("d/a")))

    assert {(each.mtime, each.uid, each.gid, each.uname, each.gname) for each in read(data).values()} == {(TIME, 0, 0, "", "")}
    assert (data[3], int.from_bytes(data[4:8], "little")) == (0, TIME)


@pytest.mark.parametrize(("mode", "kept"), [(0o600, 0o644), (0o777, 0o755), (0o6711, 0o755)])
def test_permissions_say_only_what_may_be_run(mode: int, kept: int) -> None:
    """Not how the builder's umask was."""
    assert read(again(packed(member("d/a", mode))))["d/a"].mode == kept


def test_links_stay_links() -> None:
    """With their targets."""
    link = read(again(packed(member("d/a"), member("d/b", kind=tarfile.SYMTYPE, link="a"))))["d/b"]

    assert (link.issym(), link.linkname) == (True, "a")


def test_hard_links_become_files() -> None:
    """Sorted, they could come before what they are a link to."""
    data = again(packed(member("d/z"), member("d/b", kind=tarfile.LNKTYPE, link="d/z"), member("d/a", kind=tarfile.LNKTYPE, link="d/b")))

    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        assert [(each.name, each.isreg()) for each in archive] == [("d/a", True), ("d/b", True), ("d/z", True)]
        file = archive.extractfile("d/a")
        assert file is not None
        assert file.read() == b"d/z"


def test_long_and_foreign_names_are_kept() -> None:
    """As pax has them."""
    names = {"d/" + "n" * 200, "d/café"}
    assert read(again(packed(*map(member, names)))).keys() == names
