"""A wheel's list of its files."""

from __future__ import annotations

import pytest

from pkg_publish.formats import record
from pkg_publish.formats.archive import BadArchive, Contents, Member

SOUND = b"a.py,sha256=x,1\r\nd.dist-info/RECORD,,\r\n"


def wheel(text: bytes, *more: str) -> Contents:
    """A wheel with one module, and `text` in its RECORD."""
    member = Member(size=1, crc=0, mode=0, changed=0)
    return Contents(members=dict.fromkeys(["a.py", "d.dist-info/RECORD", *more], member), texts={"d.dist-info/RECORD": text})


@pytest.mark.parametrize("text", [SOUND, SOUND.replace(b"a.py", b'"a.py"'), SOUND.replace(b",1", b",")])
def test_a_complete_record_is_sound(text: bytes) -> None:
    """Sizes may be left out."""
    record.check(wheel(text), "d.dist-info")
    with pytest.raises(BadArchive):
        record.check(wheel(text, "unlisted"), "d.dist-info")


def test_signatures_are_not_listed() -> None:
    """They sign the record itself."""
    record.check(wheel(SOUND, "d.dist-info/RECORD.jws", "d.dist-info/RECORD.p7s"), "d.dist-info")
    with pytest.raises(BadArchive):
        record.check(wheel(SOUND, "d.dist-info/RECORD.sig"), "d.dist-info")


def test_paths_of_windows_are_understood() -> None:
    """Older tools wrote them."""
    record.check(wheel(SOUND + b"b\\c.py,,\n", "b/c.py"), "d.dist-info")
    with pytest.raises(BadArchive):
        record.check(wheel(SOUND + b"b/d.py,,\n", "b/c.py"), "d.dist-info")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"", "lacks 'a.py' and 1 more"),
        (SOUND.partition(b"\n")[2], "lacks 'a.py'"),
        (SOUND + b"b.py,,\n", "lists 'b.py', which is not there, or twice"),
        (SOUND + b"a.py,,\n", "lists 'a.py', which is not there, or twice"),
        (SOUND.replace(b",1", b",2"), "another size for 'a.py'"),
        (SOUND.replace(b",1", b",one"), "cannot be read"),
        (b"a.py\n", "cannot be read"),
        (b'"a.py', "cannot be read"),
        (b"\xff,,\n", "cannot be read"),
        (SOUND + b"x" * 33_000, "a line of more than 32,768 letters"),
        (SOUND.replace(b"a.py", b'"a\n.py"'), "cannot be read"),
    ],
)
def test_a_record_that_is_wrong_is_refused(text: bytes, why: str) -> None:
    """Incomplete, too complete, or no list at all."""
    with pytest.raises(BadArchive, match=why):
        record.check(wheel(text), "d.dist-info")
