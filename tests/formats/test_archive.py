"""The rules that wheels and sdists share, and how two of them differ."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pkg_publish.formats.archive import BadArchive, Contents, Member, check_amount, differences, shown

PLAIN = Member(size=1, crc=1, mode=0o644, changed=0)


def contents(**members: Member) -> Contents:
    """What an archive with these members holds."""
    return Contents(members=members, texts={})


@pytest.mark.parametrize(
    ("theirs", "sentence"),
    [
        (contents(a=PLAIN), "the same members with the same content, packed in another way"),
        (contents(a=replace(PLAIN, changed=1)), "only the times of its members differ"),
        (contents(a=replace(PLAIN, mode=0o755)), "only the permissions of its members differ"),
        (contents(a=replace(PLAIN, changed=1, mode=0o755)), "only times and permissions of its members differ"),
        (contents(a=replace(PLAIN, crc=2)), "other content: 'a'"),
        (contents(a=replace(PLAIN, link="b")), "other content: 'a'"),
        (contents(b=PLAIN), "only here: 'a'; only there: 'b'"),
    ],
)
def test_what_differs_is_one_sentence(theirs: Contents, sentence: str) -> None:
    """Content first; times and permissions only where nothing else differs."""
    assert differences(contents(a=PLAIN), theirs).text == sentence


def test_many_differences_are_counted() -> None:
    """Five are named."""
    many = {f"m{number}": PLAIN for number in range(9)}
    assert differences(contents(), contents(**many)).text == "only there: 'm0', 'm1', 'm2', 'm3', 'm4' and 4 more"


def test_a_foreign_name_is_shown_short_and_harmless() -> None:
    """Neither control characters nor letters that look like others get into a sentence of ours."""
    assert shown("a\n::error::\u202e") == r"'a\n::error::\u202e'"
    assert len(shown("x" * 1000)) == 82


@pytest.mark.parametrize("amount", [(100_001, 1, 1 << 30), (20_001, 1, 20_001), (1, (32 << 30) + 1, 32 << 30), (1, (64 << 20) + 1, 1 << 20)])
def test_too_much_is_a_bomb(amount: tuple[int, int, int]) -> None:
    """Members, bytes, or bytes for the size of the file."""
    with pytest.raises(BadArchive) as caught:
        check_amount(*amount)
    assert caught.value.code == "archive-bomb"


def test_as_much_as_honest_archives_have_is_no_bomb() -> None:
    """Small ones may be packed as tightly as they can."""
    check_amount(20_000, 64 << 20, 1)
    check_amount(100_000, 64 << 20, 3_200_000)
    with pytest.raises(BadArchive):
        check_amount(100_000, (64 << 20) + 1, 1)
