"""The version that a tag of git names."""

from __future__ import annotations

from packaging.version import InvalidVersion, Version


def version_in(tag: str) -> tuple[str, Version | None]:
    """What stands before the version that a tag ends in, and that version (PEP 440): the longest one, so that `v1.0-rc1` is no version `rc1`."""
    for place in range(len(tag)):
        if place == 0 or tag[place - 1] in "-_/=@":
            try:
                return tag[: max(place - 1, 0)], Version(tag[place:])
            except InvalidVersion:
                continue
    return tag, None
