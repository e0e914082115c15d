"""The version that a tag of git names."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from pkg_publish.formats import foreign

if TYPE_CHECKING:
    from packaging.version import Version


def version_in(tag: str) -> tuple[str, Version | None]:
    """What stands before the version that a tag ends in, and that version (PEP 440): the longest one, so that `v1.0-rc1` is no version `rc1`."""
    for place in range(max(len(tag) - foreign.LONGEST, 0), len(tag)):
        if (place == 0 or tag[place - 1] in "-_/=@") and (found := foreign.version(tag[place:])):
            return tag[: max(place - 1, 0)], found
    return tag, None


def right_tag(wrong: str, version: str) -> str:
    """Return the tag of a version that begins as another one does, quoted for a shell."""
    before, named = version_in(wrong)
    start = wrong[: len(before) + 1] if named and before else ""
    letter = "" if named and wrong[len(start) :][:1].isdigit() else "v"
    return shlex.quote(f"{start}{letter}{version}")
