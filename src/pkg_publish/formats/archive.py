"""What lies in a wheel or an sdist: the rules both share, the bounds of what is read, and how two of them differ."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping

MOST_MEMBERS = 100_000
"""More files than any project on the public index has in one distribution."""

TINY, TINY_FROM = 32, 20_000
"""Packed bytes for one member, above so many members: only files that were made to cost time are smaller."""

MOST_BYTES = 32 << 30
"""Unpacked, all members together."""

RATIO = 50
"""Unpacked bytes for one packed byte, above `RATIO_FROM`: the rule of PyPI (`forklift/legacy.py`)."""

RATIO_FROM = 64 << 20
"""Bytes: what is smaller unpacked hurts nobody."""

DEEPEST = 100
"""Folders in one another: a path of 4096 letters, as long as systems take, has no more of them in any project."""

MALFORMED = "archive-malformed"
BOMB = "archive-bomb"

SHOWN = 5
"""Names in a sentence."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_DRIVE = re.compile(r"[A-Za-z]:")


class BadArchive(Exception):
    """The archive is unfit: why, as the end of a sentence that begins with its name."""

    def __init__(self, why: str, code: str = MALFORMED) -> None:
        super().__init__(why)
        self.why = why
        self.code = code
        """`archive-malformed` or `archive-bomb`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One file of an archive; folders are none."""

    size: int
    """Bytes, unpacked."""
    crc: int
    """CRC-32 of the content: as the directory of a wheel says, as computed from an sdist."""
    mode: int
    """The permission bits; 0 where none are kept."""
    changed: object
    """When, as the archive keeps it: only good to be compared with another of the same kind."""
    link: str = ""
    """Where a link leads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What an archive holds."""

    members: Mapping[str, Member]
    texts: Mapping[str, bytes]
    """The content of the members that were asked for and are there."""


def check_name(name: str) -> None:
    """Refuse what could land outside of the folder that it is unpacked to, and what two readers could take for two names."""
    if name.count("/") > DEEPEST:
        raise BadArchive(f"holds {shown(name)}, which lies in more than {DEEPEST} folders")
    if _CONTROL.search(name):
        raise BadArchive(f"holds {shown(name)}, a name with control characters")
    if "\\" in name or _DRIVE.match(name):
        raise BadArchive(f"holds {shown(name)}, which Windows takes for another place")
    if {"", ".", ".."} & set(name.split("/")):
        raise BadArchive(f"holds {shown(name)}, which is no plain path below its own folder")


def folders_of(name: str, known: Container[str]) -> list[str]:
    """The folders that a name lies in, up to the first that is known."""
    found = []
    while (name := name.rpartition("/")[0]) and name not in known:
        found.append(name)
    return found


def check_amount(members: int, unpacked: int, packed: int) -> None:
    """Refuse a bomb: too many members, too many bytes, or too many for the size of the file."""
    if members > MOST_MEMBERS or (members > TINY_FROM and packed < TINY * members):
        raise BadArchive(f"holds {members:,} members or more in {packed:,} bytes", BOMB)
    if unpacked > MOST_BYTES:
        raise BadArchive(f"unpacks to more than {MOST_BYTES >> 30} GiB", BOMB)
    if unpacked > RATIO_FROM and unpacked > RATIO * packed:
        raise BadArchive(f"is an archive bomb: its {packed:,} bytes unpack to more than {RATIO} times as many", BOMB)


def check_text(name: str, size: int, limit: int) -> None:
    """Refuse a member that is read whole and is larger than any honest one."""
    if size > limit:
        raise BadArchive(f"holds {shown(name)} with {size:,} bytes; at most {limit:,} are read", BOMB)


def shown(name: str) -> str:
    """A foreign name in a sentence of ours."""
    return ascii(name if len(name) <= 80 else f"{name[:77]}...")  # noqa: PLR2004 - as long as a line


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs inside of two archives of one name."""

    text: str
    """One sentence for people."""
    inside: bool
    """The contents differ, and not only how they are packed."""


def differences(ours: Contents, theirs: Contents) -> Difference:
    """Compare two archives of one name."""
    content = "; ".join(_content(ours.members, theirs.members))
    return Difference(content or _dress(ours.members, theirs.members), bool(content))


def _content(ours: Mapping[str, Member], theirs: Mapping[str, Member]) -> Iterator[str]:
    def changed(name: str) -> bool:
        here, there = ours[name], theirs[name]
        return (here.size, here.crc, here.link) != (there.size, there.crc, there.link)

    for names, verb in (
        (ours.keys() - theirs.keys(), "only here"),
        (theirs.keys() - ours.keys(), "only there"),
        ({name for name in ours.keys() & theirs.keys() if changed(name)}, "other content"),
    ):
        if names:
            more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
            yield f"{verb}: {', '.join(shown(name) for name in sorted(names)[:SHOWN])}{more}"


def _dress(ours: Mapping[str, Member], theirs: Mapping[str, Member]) -> str:
    """What differs where all contents are the same."""
    times = any(ours[name].changed != theirs[name].changed for name in ours)
    modes = any(ours[name].mode != theirs[name].mode for name in ours)
    match times, modes:
        case True, False:
            return "only the times of its members differ"
        case False, True:
            return "only the permissions of its members differ"
        case True, True:
            return "only times and permissions of its members differ"
        case _:
            return "the same members with the same content, packed in another way"
