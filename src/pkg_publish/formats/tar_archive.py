"""Reading an sdist: one pass through the stream, in constant memory, stopped as soon as it unpacks to too much.

`tarfile` itself keeps every member, and reads extended headers of any length; so only its reading of a single header is used.
What other readers could understand in two ways (sizes given twice, sparse files, links that lead out, bytes after the end) is refused.
"""

from __future__ import annotations

import io
import stat
import tarfile
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pkg_publish.formats.archive import (
    BOMB,
    DEEPEST,
    TINY,
    TINY_FROM,
    BadArchive,
    Contents,
    Member,
    check_amount,
    check_name,
    check_text,
    folders_of,
    shown,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import BinaryIO

    from _typeshed import WriteableBuffer

CHUNK = 1 << 18
"""Bytes unpacked at once."""

LONGEST_HEADER = 1 << 16
"""Bytes of an extended header: a path and a few numbers."""

EXTENDED = {tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE, tarfile.XGLTYPE}

RECORDS, MORE_RECORDS = 16, 1000
"""Extended headers and the records in them: for each member, and in all beside that. Those of all known packers have about ten for one member."""

UNREADABLE = (OSError, EOFError, zlib.error, tarfile.TarError, ValueError)
"""What `zlib` and `tarfile` let out on bytes that are no archive."""


def read(file: BinaryIO, top: str, wanted: Mapping[str, int]) -> Contents:
    """List the members, all below the folder `top`; read those in `wanted`, which says how many bytes each may have.

    Raises `BadArchive`.
    """
    packed = file.seek(0, 2)
    file.seek(0)
    try:
        with io.BufferedReader(_Stream(file), CHUNK) as unpacked:
            tree, source = _Tree(top), _Source(unpacked, packed)
            texts = {}
            for info in _infos(source):
                tree.add(info)
                check_amount(max(len(tree.seen), len(tree.folders)), source.size, packed)
                if info.name in wanted and info.isreg():
                    check_text(info.name, info.size, wanted[info.name])
                    texts[info.name] = source.take(info.size)
                    crc = zlib.crc32(texts[info.name])
                else:
                    crc = source.crc32(info.size)
                source.take(-info.size % tarfile.BLOCKSIZE)
                tree.keep(info, crc)
            source.check_rest()
    except UNREADABLE as error:
        raise BadArchive(f"is no readable tar.gz archive: {error}") from error
    return Contents(members=tree.members, texts=texts)


class _Stream(io.RawIOBase):
    """What one gzip stream unpacks to. More than one, or bytes behind it, are refused: `gzip` takes a second for each hundred thousand of either."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._unpacking = file, zlib.decompressobj(wbits=31)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer)
        while not self._unpacking.eof:
            packed = self._unpacking.unconsumed_tail or self._file.read(CHUNK)
            if not packed:
                raise BadArchive("is cut off")
            if data := self._unpacking.decompress(packed, len(view)):
                view[: len(data)] = data
                return len(data)
        if self._unpacking.unused_data or self._file.read(1):
            raise BadArchive("has something behind the stream that it is")
        return 0


@dataclass(slots=True)
class _Source:
    """The unpacked stream, counted."""

    unpacked: io.BufferedIOBase
    packed: int
    size: int = 0
    headers: int = 0

    def take(self, size: int) -> bytes:
        """Return exactly so many bytes."""
        data = self.unpacked.read(size)
        if len(data) < size:
            raise BadArchive("is cut off")
        self._count(data)
        return data

    def block(self) -> bytes:
        """Return the next header block; empty at the end, and at the zeros that mark it."""
        data = self.unpacked.read(tarfile.BLOCKSIZE)
        self._count(data)
        self.headers += 1
        if self.headers > TINY_FROM and self.packed < TINY * self.headers:
            raise BadArchive(f"holds {self.headers:,} headers or more in {self.packed:,} bytes", BOMB)
        return data if data.strip(b"\0") else b""

    def crc32(self, size: int) -> int:
        """Pass over so many bytes."""
        crc = 0
        while size:
            data = self.take(min(size, CHUNK))
            crc = zlib.crc32(data, crc)
            size -= len(data)
        return crc

    def check_rest(self) -> None:
        """Nothing but zeros may follow the end."""
        while data := self.unpacked.read(CHUNK):
            self._count(data)
            if data.strip(b"\0"):
                raise BadArchive("has data after its end")

    def _count(self, data: bytes) -> None:
        self.size += len(data)
        check_amount(0, self.size, self.packed)


@dataclass(slots=True)
class _Tree:
    """What was seen of the archive so far."""

    top: str
    seen: set[str] = field(default_factory=set)
    folders: set[str] = field(default_factory=set)
    members: dict[str, Member] = field(default_factory=dict)

    def add(self, info: tarfile.TarInfo) -> None:
        """Take in the next member, before its content is read; raises `BadArchive`."""
        check_name(info.name)
        if info.name.partition("/")[0] != self.top or ("/" not in info.name and not info.isdir()):
            raise BadArchive(f"holds {shown(info.name)}, which does not lie in its folder {shown(self.top)}")
        if info.name in self.seen or (info.name in self.folders and not info.isdir()):
            raise BadArchive(f"holds {shown(info.name)} twice")
        parents = folders_of(info.name, self.folders)
        if not self.members.keys().isdisjoint(parents):
            raise BadArchive(f"holds {shown(info.name)}, whose folder is a file or a link")
        self._check_form(info)
        self.seen.add(info.name)
        self.folders.update(parents)

    def _check_form(self, info: tarfile.TarInfo) -> None:
        if info.type not in {tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE}:
            raise BadArchive(f"holds {shown(info.name)}, which is no file, folder or link")
        if info.size < 0 or (info.size and not info.isreg()):
            raise BadArchive(f"holds {shown(info.name)} with an impossible size")
        if info.islnk() and info.linkname not in self.members:
            raise BadArchive(f"holds {shown(info.name)}, a link to a file that does not come before it")
        if info.issym():
            _check_link(info)

    def keep(self, info: tarfile.TarInfo, crc: int) -> None:
        """Remember a member whose content was read."""
        if not info.isdir():
            self.members[info.name] = Member(size=info.size, crc=crc, mode=stat.S_IMODE(info.mode), changed=info.mtime, link=info.linkname)


def _check_link(info: tarfile.TarInfo) -> None:
    """A link first climbs, not above the top folder, and then only descends: so it stays inside wherever other links lead."""
    if info.linkname.count("/") > DEEPEST:
        raise BadArchive(f"holds {shown(info.name)}, a link that leads through more than {DEEPEST} folders")
    parts = [part for part in info.linkname.split("/") if part != "."]
    climbs = next((index for index, part in enumerate(parts) if part != ".."), len(parts))
    if rest := parts[climbs:]:
        check_name("/".join(rest))
    if climbs >= info.name.count("/"):
        raise BadArchive(f"holds {shown(info.name)}, a link that leads out of it")


def _infos(source: _Source) -> Iterator[tarfile.TarInfo]:
    """Every member; its content must be taken before the next is asked for."""
    names: dict[str, str] = {}
    room = MORE_RECORDS
    while block := source.block():
        info = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        if info.type not in EXTENDED:
            _complete(info, names)
            yield info
            names, room = {}, room + RECORDS
            continue
        given = _given(source, info)
        room -= 1 + len(given)
        if room < 0:
            raise BadArchive("has more extended headers than its members need", BOMB)
        if info.type == tarfile.XGLTYPE:
            if {"path", "linkpath", "size"} & given.keys():
                raise BadArchive("renames or resizes all of its members at once")
        elif names.keys() & given.keys():
            raise BadArchive("has a member with two names")
        else:
            names |= {name: value.decode("utf-8", "surrogateescape") for name, value in given.items()}


def _given(source: _Source, info: tarfile.TarInfo) -> dict[str, bytes]:
    """What an extended header says of the next member, or of all."""
    data = _long(source, info)
    match info.type:
        case tarfile.GNUTYPE_LONGNAME:
            return {"path": data.rstrip(b"\0")}
        case tarfile.GNUTYPE_LONGLINK:
            return {"linkpath": data.rstrip(b"\0")}
        case _:
            return _records(data)


def _long(source: _Source, info: tarfile.TarInfo) -> bytes:
    """The content of an extended header."""
    check_text("an extended header", info.size, LONGEST_HEADER)
    data = source.take(max(info.size, 0))
    source.take(-info.size % tarfile.BLOCKSIZE)
    return data


def _records(data: bytes) -> dict[str, bytes]:
    """The records of a pax header: `LENGTH KEY=VALUE` and a newline each, the length being that of the whole record."""
    found: dict[str, bytes] = {}
    place = 0
    while place < len(data):
        space = data.index(b" ", place)
        end = place + int(data[place:space])
        key, _, value = data[space + 1 : end - 1].partition(b"=")
        name = key.decode()
        if end <= space or data[end - 1 : end] != b"\n" or name in found or name.startswith("GNU.sparse"):
            raise BadArchive("has an extended header that readers understand in different ways")
        found[name] = value
        place = end
    return found


def _complete(info: tarfile.TarInfo, given: Mapping[str, str]) -> None:
    """What extended headers say of a member."""
    if "size" in given and int(given["size"]) != info.size:
        raise BadArchive(f"gives two sizes for {shown(info.name)}")
    info.name = given.get("path", info.name)
    info.linkname = given.get("linkpath", info.linkname)
    if info.isdir():
        info.name = info.name.rstrip("/")
