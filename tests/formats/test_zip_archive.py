"""Reading the directory of a wheel, sound or hostile."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING

import pytest

from pkg_publish.formats import zip_archive
from pkg_publish.formats.archive import BadArchive

if TYPE_CHECKING:
    from collections.abc import Callable

LONG = b"x" * 100


def zipped(*members: str | zipfile.ZipInfo, data: bytes = LONG, long: bool = False) -> bytearray:
    """A zip archive with these members, all with the same content."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for member in members or ("one", "two"):
            with archive.open(member if isinstance(member, zipfile.ZipInfo) else info(member), "w", force_zip64=long) as file:
                file.write(data)
    return bytearray(buffer.getvalue())


def info(name: str, *, mode: int = 0, method: int = zipfile.ZIP_DEFLATED, extra: bytes = b"", comment: bytes = b"") -> zipfile.ZipInfo:
    """One member."""
    made = zipfile.ZipInfo(name)
    made.external_attr, made.compress_type, made.extra, made.comment = mode << 16, method, extra, comment
    return made


def refused(data: bytes | bytearray, code: str = "archive-malformed", **wanted: int) -> str:
    """Why an archive is refused."""
    with pytest.raises(BadArchive) as caught:
        zip_archive.read(io.BytesIO(data), wanted)
    assert caught.value.code == code
    return caught.value.why


def test_members_and_texts_are_read() -> None:
    """Folders are no members; a text that is not there is left out."""
    contents = zip_archive.read(io.BytesIO(zipped("a/", "a/b", data=b"")), {"a/b": 10, "c": 10})

    assert list(contents.members) == ["a/b"]
    assert contents.texts == {"a/b": b""}


def test_an_archive_without_members_is_sound() -> None:
    """What it must have is asked elsewhere."""
    assert not zip_archive.read(io.BytesIO(b"PK\5\6".ljust(22, b"\0")), {}).members


def test_a_member_tells_size_checksum_and_permissions() -> None:
    """All from the directory; nothing is inflated."""
    member = zip_archive.read(io.BytesIO(zipped(info("a", mode=stat.S_IFREG | 0o755))), {}).members["a"]

    assert (member.size, member.mode, member.changed) == (100, 0o755, (1980, 1, 1, 0, 0, 0))


def test_large_files_have_their_sizes_in_an_extra_field() -> None:
    """ZIP64, as for a member above 4 GiB, is read from the local header too."""
    assert "one" in zip_archive.read(io.BytesIO(zipped("one", long=True)), {}).members


@pytest.mark.parametrize(("held", "said"), [(b"x" * 10_000, LONG), (LONG, b"x" * 101), (LONG, b"y" * 100)], ids=["more", "less", "other"])
def test_a_text_is_what_the_directory_says(held: bytes, said: bytes) -> None:
    """`zipfile` would cut what is longer, after it has unpacked all of it."""
    data = zipped("one", data=held)
    packed = zipfile.ZipFile(io.BytesIO(data)).getinfo("one").compress_size
    before, after = (struct.pack("<3L", zlib.crc32(text), packed, len(text)) for text in (held, said))
    assert data.count(before) == 2

    assert "holds 'one' damaged" in refused(data.replace(before, after), one=20_000)


def test_what_is_packed_may_not_be_longer_either() -> None:
    """A stream of nothing but empty blocks unpacks to little."""
    assert "at most 50 are read" in refused(zipped("one", data=bytes(range(50))), "archive-bomb", one=50)


@pytest.mark.parametrize("names", [("a/b", "a/b/c"), ("a/b/c", "a/b"), ("a/b/", "a/b")])
def test_a_file_is_no_folder(names: tuple[str, str]) -> None:
    """No installer could unpack both."""
    assert "holds 'a/b' as a file and as a folder" in refused(zipped(*names))


def with_end64(data: bytearray, *, locator: int = 0, count: int = 2) -> bytes:
    """The same archive with a ZIP64 end."""
    fields = list(zip_archive.END.unpack(data[-22:]))
    begins, length = fields[6], fields[5]
    end64 = zip_archive.END64.pack(b"PK\6\6", 44, 45, 45, 0, 0, count, count, length, begins)
    fields[3:7] = [0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF]
    where = zip_archive.LOCATOR.pack(b"PK\6\7", 0, locator or len(data) - 22, 1)
    return bytes(data[:-22]) + end64 + where + zip_archive.END.pack(*fields)


def test_many_files_have_a_long_end() -> None:
    """The ZIP64 end record, as for more than 65,535 members."""
    assert len(zip_archive.read(io.BytesIO(with_end64(zipped())), {}).members) == 2


@pytest.mark.parametrize(("change", "why"), [({"locator": 5}, "two ends"), ({"count": 1}, "more members")])
def test_two_ends_must_agree(change: dict[str, int], why: str) -> None:
    """A reader that knows ZIP64 and one that does not would find other members."""
    assert why in refused(with_end64(zipped(), **change))


def test_a_short_end_with_values_of_its_own_contradicts_the_long_one() -> None:
    """The short record either agrees or sends to the long one."""
    data = bytearray(with_end64(zipped()))
    struct.pack_into("<H", data, len(data) - 12, 7)
    assert "two ends" in refused(data)


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda _: b"", "no readable zip"),
        (lambda _: b"PK\5\6" * 30, "does not end"),
        (lambda data: data + b"PK", "does not end"),
        (lambda data: data[:-1], "does not end"),
        (lambda data: b"#!/bin/sh\n" + data, "contradicts its directory"),
        (lambda data: data.replace(b"PK\1\2", b"PK\1\3"), "other things"),
        (lambda data: data.replace(b"two", b"toe", 1), "says two things of 'two'"),
        (lambda data: data.replace(b"PK\3\4", b"PK\3\5", 1), "says two things"),
    ],
)
def test_bytes_that_are_no_plain_archive_are_refused(spoil: Callable[[bytearray], bytes], why: str) -> None:
    """Cut off, prefixed, followed, spoilt."""
    assert why in refused(spoil(zipped()))


def moved(data: bytearray, change: Callable[[bytearray, int], None]) -> bytearray:
    """The archive after `change`, which is told where the directory begins."""
    change(data, zip_archive.END.unpack(data[-22:])[6])
    return data


def test_a_member_that_the_directory_does_not_list_is_found() -> None:
    """Between members, a gap is a hiding place."""

    def hide(data: bytearray, begins: int) -> None:
        del data[begins : begins + 46 + 3]
        struct.pack_into("<4HL", data, len(data) - 18, 0, 0, 1, 1, 49)

    assert "gap" in refused(moved(zipped(), hide))


def test_a_member_hidden_before_the_directory_is_found() -> None:
    """The last member unlisted."""

    def hide(data: bytearray, begins: int) -> None:
        del data[begins + 49 : begins + 98]
        struct.pack_into("<4HL", data, len(data) - 18, 0, 0, 1, 1, 49)

    assert "between its last member" in refused(moved(zipped(), hide))


def test_members_the_end_does_not_count_are_found() -> None:
    """The end says one, the directory has two."""

    def miscount(data: bytearray, begins: int) -> None:
        del begins
        struct.pack_into("<2H", data, len(data) - 14, 1, 1)

    assert "more members" in refused(moved(zipped(), miscount))


def test_too_many_members_are_a_bomb_before_any_is_looked_at() -> None:
    """The count alone is enough."""
    data = bytearray(with_end64(zipped()))
    struct.pack_into("<2Q", data, len(data) - 98 + 24, 2**20, 2**20)
    assert "100,000" in refused(data, "archive-bomb")


def test_what_unpacks_to_fifty_times_its_size_is_a_bomb() -> None:
    """The rule of PyPI, above 64 MiB."""
    assert "archive bomb" in refused(zipped("zeros", data=bytes(65 << 20)), "archive-bomb")


def test_a_text_longer_than_honest_ones_is_a_bomb() -> None:
    """It is not inflated to find out."""
    assert "'one' with 100 bytes; at most 99" in refused(zipped(), "archive-bomb", one=99)


@pytest.mark.parametrize("name", ["/etc/passwd", "../up", "a/../../up", "a//b", "./a", "C:/x", "a\\b", "bell\x07", "line\nbreak"])
def test_names_that_lead_elsewhere_are_refused(name: str) -> None:
    """Absolute ones, climbing ones, those of Windows, control characters."""
    assert "holds" in refused(zipped(name))


def test_a_name_in_an_old_code_page_is_refused() -> None:
    """Some readers take it for UTF-8."""
    data = zipped("caf\u00e9").replace(b"caf\xc3\xa9", b"caf\x82\x82")
    assert "readable" in refused(data)


def test_names_beyond_ascii_are_welcome() -> None:
    """In UTF-8, and said to be so."""
    assert "caf\u00e9" in zip_archive.read(io.BytesIO(zipped("caf\u00e9")), {}).members


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_twice_is_refused() -> None:
    """Readers differ in which one they take."""
    assert "twice" in refused(zipped("a", "a"))


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_links_and_devices_are_refused(kind: int) -> None:
    """A wheel has none."""
    assert "a link or a device" in refused(zipped(info("a", mode=kind | 0o777)))


def test_rare_ways_of_packing_are_refused() -> None:
    """Not every installer has bzip2 or LZMA."""
    assert "packed in a way" in refused(zipped(info("a", method=zipfile.ZIP_LZMA)))


def test_a_stored_member_has_one_size() -> None:
    """A reader that trusts one would read into the next member."""
    data = zipped(info("a", method=zipfile.ZIP_STORED))
    for size_at in (22, zip_archive.END.unpack(data[-22:])[6] + 24):
        struct.pack_into("<L", data, size_at, 99)
    assert "the size of 'a'" in refused(data)


@pytest.mark.parametrize("flag", [0x01, 0x08])
def test_encrypted_and_streamed_members_are_refused(flag: int) -> None:
    """Nobody can read the one; the other hides where it ends."""
    data = zipped("a")
    data[6] |= flag
    assert "encrypted or with its sizes after the data" in refused(data)


def test_comments_are_refused() -> None:
    """An archive can hide in one."""
    assert "comments" in refused(zipped(info("a", comment=b"PK\5\6")))


def test_long_extra_fields_are_refused() -> None:
    """`zipfile` takes quadratic time for them."""
    assert "other things" in refused(zipped(info("a", extra=b"\x99\x99\x00\x04" + bytes(1024))))


def test_an_extra_field_twice_is_refused() -> None:
    """Readers differ in which one they take."""
    assert "extra fields" in refused(zipped(info("a", extra=b"\x99\x99\x00\x00" * 2)))
