"""Reading a wheel: its directory is read and held against every local header, and nothing but short texts is inflated.

The layout that is accepted is the plainest one: members from the first byte on, back to back, then the directory, then its end record.
So every reader finds the same members, whether it trusts the directory or walks the headers. PyPI wants the same and says why:
`docs/user/archives.md` of warehouse; the records are those of PKWARE's APPNOTE, section 4.3.
"""

from __future__ import annotations

import stat
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING

from pkg_publish.formats.archive import BOMB, MOST_MEMBERS, BadArchive, Contents, Member, check_amount, check_name, check_text, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import BinaryIO

LARGEST_DIRECTORY = 32 << 20
"""Bytes."""

END = struct.Struct("<4s4H2LH")
END64 = struct.Struct("<4sQ2H2L4Q")
LOCATOR = struct.Struct("<4sLQL")
LOCAL = struct.Struct("<4s5H3L2H")
FULL16, FULL32 = 0xFFFF, 0xFFFFFFFF
"""Stands where the value is in the ZIP64 record."""
ENCRYPTED, STREAMED, UTF_8 = 0x01, 0x08, 0x800

UNREADABLE = (zipfile.BadZipFile, zlib.error, struct.error, OSError, ValueError, EOFError, RuntimeError, OverflowError, LookupError)
"""What `zipfile` lets out on bytes that are no archive (found by fuzzing); NotImplementedError is a RuntimeError."""


def read(file: BinaryIO, wanted: Mapping[str, int]) -> Contents:
    """List the members; read those in `wanted`, which says how many bytes each may have. Raises `BadArchive`."""
    try:
        directory, count = _directory(file)
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            if len(members) != count:
                raise BadArchive("has a directory with more or fewer members than its end says")
            _check_layout(file, members, directory)
            _check_members(members, file.seek(0, 2))
            return Contents(
                members={each.filename: _member(each) for each in members if not each.is_dir()},
                texts={name: _text(archive, name, limit) for name, limit in wanted.items() if name in archive.NameToInfo},
            )
    except UNREADABLE as error:
        raise BadArchive(f"is no readable zip archive: {error}") from error


def _directory(file: BinaryIO) -> tuple[int, int]:
    """Where the directory begins and how many members it has: read from the last bytes, which must be its end record and nothing more."""
    size = file.seek(0, 2)
    signature, _, _, here, count, length, begins, comment = END.unpack(_at(file, size - END.size, END.size))
    if signature != b"PK\5\6" or comment:
        raise BadArchive("does not end as a zip archive does: it is cut off, or something follows it")
    ends = size - END.size
    if size >= END.size + LOCATOR.size + END64.size:
        signature, _, offset, _ = LOCATOR.unpack(_at(file, ends - LOCATOR.size, LOCATOR.size))
        if signature == b"PK\6\7":
            ends -= LOCATOR.size + END64.size
            here, count, length, begins = _end64(_at(file, ends, END64.size), offset == ends, (here, count, length, begins))
    if here != count or begins + length != ends:
        raise BadArchive("has an end that contradicts its directory")
    if count > MOST_MEMBERS or length > LARGEST_DIRECTORY:
        raise BadArchive(f"holds more than {MOST_MEMBERS:,} members, or their names are longer than {LARGEST_DIRECTORY >> 20} MiB", BOMB)
    if _at(file, begins, length).count(b"PK\1\2") > count:  # before `zipfile` makes an object of each
        raise BadArchive("has a directory with more members than its end says")
    return begins, count


def _end64(record: bytes, located: bool, short: tuple[int, int, int, int]) -> tuple[int, int, int, int]:  # noqa: FBT001 - one of three facts
    """The values of a ZIP64 end record; the short record must hold the same ones, or say that they are here."""
    signature, size, _, _, _, _, *values = END64.unpack(record)
    agrees = all(mine in {value, full} for mine, value, full in zip(short, values, (FULL16, FULL16, FULL32, FULL32), strict=True))
    if signature != b"PK\6\6" or size != END64.size - 12 or not located or not agrees:
        raise BadArchive("has two ends that contradict each other")
    here, count, length, begins = values
    return here, count, length, begins


def _at(file: BinaryIO, offset: int, size: int) -> bytes:
    file.seek(offset)
    return file.read(size)


def _check_layout(file: BinaryIO, members: Iterable[zipfile.ZipInfo], directory: int) -> None:
    """Every member lies where the one before it ends, and its own header says what the directory says."""
    place = 0
    for each in sorted(members, key=lambda each: each.header_offset):
        if each.header_offset != place:
            raise BadArchive(f"has a gap or an overlap before {shown(each.filename)}")
        place = _check_header(file, each)
    if place != directory:
        raise BadArchive("has bytes between its last member and its directory")


def _check_header(file: BinaryIO, member: zipfile.ZipInfo) -> int:
    """Hold the local header against the directory's entry; returns where the member ends."""
    signature, _, flags, method, _, _, crc, packed, size, name_size, extra_size = LOCAL.unpack(_at(file, member.header_offset, LOCAL.size))
    name, extra = file.read(name_size), file.read(extra_size)
    if FULL32 in {packed, size}:
        size, packed = _sizes64(extra)
    if (flags | member.flag_bits) & (ENCRYPTED | STREAMED):
        raise BadArchive(f"holds {shown(member.filename)} encrypted or with its sizes after the data, which hides members from some readers")
    here = (name, flags & UTF_8, method, crc, packed, size)
    said = (member.orig_filename.encode(), member.flag_bits & UTF_8, member.compress_type, member.CRC, member.compress_size, member.file_size)
    if signature != b"PK\3\4" or here != said or member.filename != member.orig_filename:
        raise BadArchive(f"says two things of {shown(member.orig_filename)}: its header and the directory differ")
    return member.header_offset + LOCAL.size + len(name) + len(extra) + member.compress_size


def _sizes64(extra: bytes) -> tuple[int, int]:
    """Unpacked and packed size from the ZIP64 field of a local header, which holds both (APPNOTE 4.5.3)."""
    while extra:
        kind, length = struct.unpack_from("<HH", extra)
        if kind == 1:
            size, packed = map(int, struct.unpack_from("<QQ", extra, 4))
            return size, packed
        extra = extra[4 + length :]
    raise BadArchive("has a member of unknown size")


def _check_members(members: list[zipfile.ZipInfo], packed: int) -> None:
    check_amount(len(members), sum(each.file_size for each in members), packed)
    seen = set()
    for each in members:
        check_name(each.filename.removesuffix("/"))
        if each.filename in seen:
            raise BadArchive(f"holds {shown(each.filename)} twice")
        seen.add(each.filename)
        _check_form(each)


def _check_form(member: zipfile.ZipInfo) -> None:
    """Only plain files and folders, only the two ways of packing that every installer knows."""
    if stat.S_IFMT(member.external_attr >> 16) not in {0, stat.S_IFREG, stat.S_IFDIR}:
        raise BadArchive(f"holds {shown(member.filename)}, a link or a device")
    if member.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise BadArchive(f"holds {shown(member.filename)}, packed in a way that not every installer knows")
    if member.compress_type == zipfile.ZIP_STORED and member.compress_size != member.file_size:
        raise BadArchive(f"says two things of the size of {shown(member.filename)}")
    if member.comment:
        raise BadArchive(f"has a comment on {shown(member.filename)}")


def _member(info: zipfile.ZipInfo) -> Member:
    return Member(size=info.file_size, crc=info.CRC, mode=stat.S_IMODE(info.external_attr >> 16), changed=info.date_time)


def _text(archive: zipfile.ZipFile, name: str, limit: int) -> bytes:
    info = archive.getinfo(name)
    check_text(name, info.file_size, limit)
    return archive.read(info)
