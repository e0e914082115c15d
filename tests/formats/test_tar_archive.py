"""Reading an sdist in one pass, sound or hostile."""

from __future__ import annotations

import gzip
import io
import tarfile
from typing import Any

import pytest

from pkg_publish.formats import tar_archive
from pkg_publish.formats.archive import BadArchive


def member(name: str, kind: bytes = tarfile.REGTYPE, **facts: Any) -> tarfile.TarInfo:  # noqa: ANN401 - as TarInfo's attributes
    """One member."""
    info = tarfile.TarInfo(name)
    info.type = kind
    for fact, value in facts.items():
        setattr(info, fact, value)
    return info


def tarred(*members: tarfile.TarInfo | str, form: int = tarfile.PAX_FORMAT, data: bytes = b"12345") -> bytes:
    """A tar stream in which every file has the same content."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as archive:
        for each in members:
            info = member(each) if isinstance(each, str) else each
            info.size = info.size or (0 if info.isdir() or info.issym() or info.islnk() or info.isdev() else len(data))
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def listed(tar: bytes, **wanted: int) -> dict[str, int]:
    """Names and sizes."""
    contents = tar_archive.read(io.BytesIO(gzip.compress(tar)), "demo-1.0", {f"demo-1.0/{name}": limit for name, limit in wanted.items()})
    return {name: each.size for name, each in contents.members.items()}


def refused(data: bytes, code: str = "archive-malformed", **wanted: int) -> str:
    """Why an archive is refused."""
    with pytest.raises(BadArchive) as caught:
        listed(data, **wanted)
    assert caught.value.code == code
    return caught.value.why


def test_members_and_texts_are_read() -> None:
    """Folders are no members; a text that is not there is left out."""
    data = gzip.compress(tarred(member("demo-1.0", tarfile.DIRTYPE), "demo-1.0/PKG-INFO", "demo-1.0/a"))

    contents = tar_archive.read(io.BytesIO(data), "demo-1.0", {"demo-1.0/PKG-INFO": 10, "demo-1.0/b": 10})

    assert list(contents.members) == ["demo-1.0/PKG-INFO", "demo-1.0/a"]
    assert contents.texts == {"demo-1.0/PKG-INFO": b"12345"}
    assert contents.members["demo-1.0/a"].crc == 0xCBF53A1C


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_long_names_are_read_in_both_ways_of_writing_them(form: int) -> None:
    """Records of pax, and members of GNU's own kinds; for names and for links."""
    name, link = f"demo-1.0/{'n' * 150}", "l" * 150

    tar = tarred(member(f"{name}/", tarfile.DIRTYPE), f"{name}/file", member(f"{name}/link", tarfile.SYMTYPE, linkname=link), form=form)

    assert list(listed(tar)) == [f"{name}/file", f"{name}/link"]


def test_an_archive_of_git_is_read() -> None:
    """It begins with a header that holds the commit for all members."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT, pax_headers={"comment": "1a2b3c4"}) as archive:
        archive.addfile(member("demo-1.0/a"))
    assert list(listed(buffer.getvalue())) == ["demo-1.0/a"]


def test_an_archive_without_an_end_is_read() -> None:
    """As `tarfile` and pip do."""
    assert list(listed(tarred("demo-1.0/a")[:1024])) == ["demo-1.0/a"]


@pytest.mark.parametrize(
    ("tar", "why"),
    [
        (b"no tar at all" * 100, "no readable"),
        (tarred("demo-1.0/a")[:515], "cut off"),
        (tarred("demo-1.0/a")[:700], "cut off"),
        (tarred("demo-1.0/a")[:100], "no readable"),
        (tarred("demo-1.0/a") + b"more", "after its end"),
        (tarred("demo-1.0/a", "other/a"), "does not lie in its folder 'demo-1.0'"),
        (tarred("demo-1.0"), "does not lie in its folder"),
        (tarred("demo-1.0/../a"), "no plain path"),
        (tarred("demo-1.0/a", "demo-1.0/a"), "twice"),
        (tarred(f"demo-1.0/{'d/' * 32_000}f"), "in more than 100 folders"),
        (tarred("demo-1.0/a/b", "demo-1.0/a"), "twice"),
        (tarred("demo-1.0/a", "demo-1.0/a/b"), "whose folder is a file or a link"),
        (tarred(member("demo-1.0/a", tarfile.FIFOTYPE)), "no file, folder or link"),
        (tarred(member("demo-1.0/a", tarfile.GNUTYPE_SPARSE)), "no file, folder or link"),
        (tarred(member("demo-1.0/a", tarfile.DIRTYPE, size=5)), "impossible size"),
        (tarred(member("demo-1.0/a", tarfile.LNKTYPE, linkname="/etc/passwd")), "does not come before"),
        (tarred(member("demo-1.0/a", tarfile.SYMTYPE, linkname="b/" * 101)), "leads through more than 100 folders"),
    ],
)
def test_what_is_no_plain_tree_is_refused(tar: bytes, why: str) -> None:
    """Cut off, followed, outside, twice, of a kind that no project has."""
    assert why in refused(tar)


def test_a_stream_that_is_no_gzip_is_refused() -> None:
    """In the words of the reader."""
    with pytest.raises(BadArchive, match="incorrect header check"):
        tar_archive.read(io.BytesIO(b"nothing"), "demo-1.0", {})


@pytest.mark.parametrize("more", [b"\0", gzip.compress(b""), b"x" * 300_000], ids=["zeros", "a stream", "junk"])
def test_one_stream_is_all(more: bytes) -> None:
    """Readers do not agree on what a second one is, and it takes `gzip` long to find the end of many."""
    with pytest.raises(BadArchive, match="behind the stream"):
        tar_archive.read(io.BytesIO(gzip.compress(tarred("demo-1.0/a")) + more), "demo-1.0", {})


def test_a_stream_that_ends_too_soon_is_refused() -> None:
    """Wherever it was cut."""
    data = gzip.compress(tarred("demo-1.0/a"))
    for size in (0, 5, 30, len(data) - 8, len(data) - 1):
        with pytest.raises(BadArchive, match="cut off"):
            tar_archive.read(io.BytesIO(data[:size]), "demo-1.0", {})


def test_many_folders_are_a_bomb() -> None:
    """A few hundred paths hold them, and each is remembered."""
    names = ["/".join(["demo-1.0", str(number), *map(str, range(98)), "f"]) for number in range(205)]
    assert "holds 20," in refused(tarred(*names, form=tarfile.GNU_FORMAT), "archive-bomb")


@pytest.mark.parametrize("target", ["b", "./b", "sub/b", "..", "../x/b"])
def test_links_inside_are_welcome(target: str) -> None:
    """As pip unpacks them."""
    assert list(listed(tarred(member("demo-1.0/x/a", tarfile.SYMTYPE, linkname=target)))) == ["demo-1.0/x/a"]


@pytest.mark.parametrize("target", ["/etc/passwd", "../../b", "b/../../../c", "C:\\b", ""])
def test_links_that_lead_out_are_refused(target: str) -> None:
    """Also those that would only together with another link."""
    assert "holds" in refused(tarred(member("demo-1.0/x/a", tarfile.SYMTYPE, linkname=target)))


def test_a_hard_link_to_a_file_before_it_is_welcome() -> None:
    """As tar packs files that share their bytes."""
    assert "demo-1.0/b" in listed(tarred("demo-1.0/a", member("demo-1.0/b", tarfile.LNKTYPE, linkname="demo-1.0/a")))


def with_records(kind: bytes, records: bytes, *after: tarfile.TarInfo | str) -> bytes:
    """An extended header of our own making before other members."""
    return tarred(member("x", kind), form=tarfile.USTAR_FORMAT, data=records)[:1024] + tarred(*after, form=tarfile.GNU_FORMAT)


@pytest.mark.parametrize(
    ("kind", "records", "why"),
    [
        (tarfile.XHDTYPE, b"9 size=4\n", "two sizes"),
        (tarfile.XHDTYPE, b"9 path=a\n9 path=b\n", "different ways"),
        (tarfile.XHDTYPE, b"25 GNU.sparse.major=1.00\n", "different ways"),
        (tarfile.XHDTYPE, b"9 path=ab", "different ways"),
        (tarfile.XHDTYPE, b"0 path=a\n", "different ways"),
        (tarfile.XHDTYPE, b"no records", "no readable"),
        (tarfile.XGLTYPE, b"9 path=a\n", "at once"),
    ],
)
def test_headers_that_readers_understand_in_different_ways_are_refused(kind: bytes, records: bytes, why: str) -> None:
    """Sizes given twice let a file in that only some readers see."""
    assert why in refused(with_records(kind, records, "demo-1.0/a"))


def test_a_name_given_twice_is_refused() -> None:
    """In GNU's way and in that of pax."""
    gnu = tarred("demo-1.0/" + "n" * 150, form=tarfile.GNU_FORMAT)
    assert "two names" in refused(tarred(member("x", tarfile.XHDTYPE), form=tarfile.USTAR_FORMAT, data=b"19 path=demo-1.0/b\n")[:1024] + gnu)


def test_an_honest_size_in_records_is_welcome() -> None:
    """The same size twice is one size."""
    assert listed(with_records(tarfile.XHDTYPE, b"9 size=5\n", "demo-1.0/a")) == {"demo-1.0/a": 5}


def test_long_headers_are_a_bomb() -> None:
    """An extended header is held in memory."""
    records = bytes(1 << 17)
    tar = tarred(member("x", tarfile.XHDTYPE), form=tarfile.USTAR_FORMAT, data=records)
    assert "an extended header" in refused(tar, "archive-bomb")


def test_settings_for_nobody_are_a_bomb() -> None:
    """Each record takes longer to read than a byte of a member."""
    header = tarred(member("x", tarfile.XGLTYPE), form=tarfile.USTAR_FORMAT, data=b"6 a=b\n")[:1024]
    assert "more extended headers" in refused(header * 501 + tarred("demo-1.0/a"), "archive-bomb")
    assert list(listed(header * 500 + tarred("demo-1.0/a"))) == ["demo-1.0/a"]


def test_many_small_headers_are_a_bomb() -> None:
    """Each costs time and hardly a byte; here every second one is a member's own."""
    header = tarred(member("x", tarfile.XHDTYPE), form=tarfile.USTAR_FORMAT, data=b"6 a=b\n")[:1024]
    members = [member(f"demo-1.0/{number}").tobuf(tarfile.USTAR_FORMAT) for number in range(10_001)]
    assert "headers or more" in refused(b"".join(header + each for each in members), "archive-bomb")


@pytest.mark.parametrize("after_the_end", [False, True])
def test_what_unpacks_to_fifty_times_its_size_is_a_bomb(after_the_end: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """Inside of a member, or after all of them."""
    zeros = bytes(65 << 20)
    tar = tarred("demo-1.0/a") + zeros if after_the_end else tarred("demo-1.0/a", data=zeros)
    assert "archive bomb" in refused(tar, "archive-bomb")


def test_a_text_longer_than_honest_ones_is_a_bomb() -> None:
    """It is not kept to find out."""
    assert "'demo-1.0/a' with 5 bytes; at most 4" in refused(tarred("demo-1.0/a"), "archive-bomb", a=4)
