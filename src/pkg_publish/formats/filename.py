"""Whose distribution a file name names."""

from __future__ import annotations

import string

from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, parse_sdist_filename, parse_wheel_filename

_LETTERS = frozenset(string.ascii_letters + string.digits + "._-+!")
"""All that the specifications of file names allow; a path, a control character or a look-alike letter is none of them."""


def is_of(name: str, project: str, version: str | None = None) -> bool:
    """Whether a file name is a distribution of this project (normalised name) and, if given, version (normalised)."""
    if not _LETTERS.issuperset(name):
        return False
    try:
        found = parse_wheel_filename(name)[:2] if name.endswith(".whl") else parse_sdist_filename(name)
    except (InvalidWheelFilename, InvalidSdistFilename):
        return False
    return found[0] == project and version in {None, str(found[1])}
