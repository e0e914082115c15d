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

from pkg_publish.formats.archive import BOMB, MOST_MEMBERS, BadArchive, Contents, Member, check_amount, check_name, check_text, folders_of, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import BinaryIO

LARGEST_DIRECTORY = 32 << 20
"""Bytes."""

LONGEST_EXTRA = 1024
"""Bytes of extra fields of one member: honest ones have a few dozen, and `zipfile` takes quadratic time for them."""

END = struct.Struct("<4s4H2LH")
END64 = struct.Struct("<4sQ2H2L4Q")
LOCATOR = struct.Struct("<4sLQL")
ENTRY = struct.Struct("<4s24x3H12x")
LOCAL = struct.Struct("<4s5H3L2H")
FULL16, FULL32 = 0xFFFF, 0xFFFFFFFF
"""Stands where the value is in the ZIP64 record."""
ENCRYPTED, STREAMED, UTF_8 = 0x01, 0x08, 0x800

UNREADABLE = (zipfile.BadZipFile, zlib.error, struct.error, OSError, ValueError, EOFError, RuntimeError, OverflowError, LookupError)
"""What `zipfile` lets out on bytes that are no archive (found by fuzzing); NotImplementedError is a RuntimeError."""


def read(file: BinaryIO, wanted: Mapping[str, int]) -> Contents:
    """List the members; read those in `wanted`, which says how many bytes each may have. Raises `BadArchive`."""
    try:
        directory = _directory(file)
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            _check_layout(file, members, directory)
            _check_members(members, file.seek(0, 2))
            return Contents(
                members={each.filename: _member(each) for each in members if not each.is_dir()},
                texts={name: _text(file, archive.getinfo(name), limit) for name, limit in wanted.items() if name in archive.NameToInfo},
            )
    except UNREADABLE as error:
        raise BadArchive(f"is no readable zip archive: {error}") from error


def _directory(file: BinaryIO) -> int:
    """Where the directory begins; the file must end with its end record and nothing more."""
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
    _check_directory(_at(file, begins, length), count)
    return int(begins)


def _end64(record: bytes, located: bool, short: tuple[int, int, int, int]) -> tuple[int, int, int, int]:  # noqa: FBT001 - one of three facts
    """The values of a ZIP64 end record; the short record must hold the same ones, or say that they are here."""
    signature, size, _, _, _, _, *values = END64.unpack(record)
    agrees = all(mine in {value, full} for mine, value, full in zip(short, values, (FULL16, FULL16, FULL32, FULL32), strict=True))
    if signature != b"PK\6\6" or size != END64.size - 12 or not located or not agrees:
        raise BadArchive("has two ends that contradict each other")
    here, count, length, begins = values
    return here, count, length, begins


def _check_directory(directory: bytes, count: int) -> None:
    """Walk the directory before `zipfile` makes an object of each entry."""
    place = 0
    for _ in range(count):
        signature, name, extra, comment = ENTRY.unpack_from(directory, place)
        if signature != b"PK\1\2" or extra > LONGEST_EXTRA or comment:
            raise BadArchive("has a directory with comments, or with other things that no wheel has")
        place += ENTRY.size + name + extra
    if place != len(directory):
        raise BadArchive("has a directory with more members than its end says")


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
    if long := _fields(extra).get(1):  # ZIP64, APPNOTE 4.5.3: a local header holds both
        size, packed = struct.unpack_from("<QQ", long)
    if (flags | member.flag_bits) & (ENCRYPTED | STREAMED):
        raise BadArchive(f"holds {shown(member.filename)} encrypted or with its sizes after the data, which hides members from some readers")
    here = (name, flags & UTF_8, method, crc, packed, size)
    said = (member.orig_filename.encode(), member.flag_bits & UTF_8, member.compress_type, member.CRC, member.compress_size, member.file_size)
    if signature != b"PK\3\4" or here != said or member.filename != member.orig_filename:
        raise BadArchive(f"says two things of {shown(member.orig_filename)}: its header and the directory differ")
    return member.header_offset + LOCAL.size + len(name) + len(extra) + member.compress_size


def _fields(extra: bytes) -> dict[int, bytes]:
    """The extra fields of a local header, by their numbers."""
    found: dict[int, bytes] = {}
    place = 0
    while place < len(extra):
        kind, length = struct.unpack_from("<HH", extra, place)
        place += 4 + length
        if place > len(extra) or kind in found:
            raise BadArchive("has a member with extra fields that readers understand in different ways")
        found[kind] = extra[place - length : place]
    return found


def _check_members(members: list[zipfile.ZipInfo], packed: int) -> None:
    check_amount(len(members), sum(each.file_size for each in members), packed)
    seen, folders = set[str](), set[str]()
    for each in members:
        check_name(each.filename.removesuffix("/"))
        if each.filename in seen:
            raise BadArchive(f"holds {shown(each.filename)} twice")
        seen.add(each.filename)
        folders.update(folders_of(each.filename, folders))
        _check_form(each)
    if both := seen & folders:
        raise BadArchive(f"holds {shown(min(both))} as a file and as a folder")


def _check_form(member: zipfile.ZipInfo) -> None:
    """Only plain files and folders, only the two ways of packing that every installer knows."""
    if stat.S_IFMT(member.external_attr >> 16) not in {0, stat.S_IFREG, stat.S_IFDIR}:
        raise BadArchive(f"holds {shown(member.filename)}, a link or a device")
    if member.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise BadArchive(f"holds {shown(member.filename)}, packed in a way that not every installer knows")
    if member.compress_type == zipfile.ZIP_STORED and member.compress_size != member.file_size:
        raise BadArchive(f"says two things of the size of {shown(member.filename)}")


def _member(info: zipfile.ZipInfo) -> Member:
    return Member(size=info.file_size, crc=info.CRC, mode=stat.S_IMODE(info.external_attr >> 16), changed=info.date_time)


def _text(file: BinaryIO, info: zipfile.ZipInfo, limit: int) -> bytes:
    """The content of a member, inflated no further than its size: `zipfile` inflates all there is, and cuts it afterwards."""
    check_text(info.filename, max(info.file_size, info.compress_size), limit)
    *_, name_size, extra_size = LOCAL.unpack(_at(file, info.header_offset, LOCAL.size))
    found = _at(file, info.header_offset + LOCAL.size + name_size + extra_size, info.compress_size)
    whole = True
    if info.compress_type == zipfile.ZIP_DEFLATED:
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        found = inflater.decompress(found, info.file_size + 1)
        whole = inflater.eof and not inflater.unused_data
    if not whole or len(found) != info.file_size or zlib.crc32(found) != info.CRC:
        raise BadArchive(f"holds {shown(info.filename)} damaged: its content is not what the directory says")
    return found
