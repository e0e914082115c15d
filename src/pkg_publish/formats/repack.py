"""Packing an sdist once more, so that the same tree gives the same bytes: setuptools' own differ from run to run (measured).

Members are sorted; every time is the one given; nobody owns anything; permissions are 644, or 755 for what somebody may run; the gzip
header holds no name and the same time. A hard link becomes a file of its own, since what it points to may come later.
"""

from __future__ import annotations

import gzip
import shutil
import tarfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import BinaryIO


def repack(source: BinaryIO, unpacked: BinaryIO, target: BinaryIO, time: int) -> None:
    """Write the `tar.gz` in `source` to `target` with every time set to `time`, seconds since 1970.

    `unpacked` is scratch space on disk: sorting needs to go back and forth, which a packed stream cannot. Raises what `gzip`, `tarfile`
    and `zlib` raise on bytes that are no archive, and KeyError for a hard link to nothing.
    """
    with gzip.GzipFile(fileobj=source, mode="rb") as stream:
        shutil.copyfileobj(stream, unpacked, 1 << 20)
    unpacked.seek(0)
    with (
        tarfile.open(fileobj=unpacked, mode="r:") as old,
        gzip.GzipFile(filename="", fileobj=target, mode="wb", mtime=time) as packed,
        tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT, encoding="utf-8") as new,
    ):
        for member in sorted(old, key=lambda each: each.name):
            content = old.extractfile(member) if member.isreg() or member.islnk() else None
            plain = _plain(member, time)
            if content:
                plain.type, plain.size = tarfile.REGTYPE, content.seek(0, 2)
                content.seek(0)
            new.addfile(plain, content)


def _plain(member: tarfile.TarInfo, time: int) -> tarfile.TarInfo:
    """What we keep of a member: name, kind, whether it may be run, content or link."""
    plain = tarfile.TarInfo(member.name)
    plain.mtime, plain.type = time, member.type
    plain.mode = 0o755 if member.isdir() or member.mode & 0o111 else 0o644
    if member.issym():
        plain.linkname, plain.mode = member.linkname, 0o777
    return plain
