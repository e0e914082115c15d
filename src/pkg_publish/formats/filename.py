"""Whose distribution a file name names."""

from __future__ import annotations

import string

from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, parse_sdist_filename, parse_wheel_filename

_LETTERS = frozenset(string.ascii_letters + string.digits + "._-+!")
"""All that the specifications of file names allow; a path, a control character or a look-alike letter is none of them."""


def named(name: str) -> tuple[str, str] | None:
    """Project and version that a file name names, both normalised; None: it is no distribution's."""
    if not _LETTERS.issuperset(name):
        return None
    try:
        project, version = parse_wheel_filename(name)[:2] if name.endswith(".whl") else parse_sdist_filename(name)
    except (InvalidWheelFilename, InvalidSdistFilename):
        return None
    return project, str(version)


def is_of(name: str, project: str, version: str | None = None) -> bool:
    """Whether a file name is a distribution of this project (normalised name) and, if given, version (normalised)."""
    found = named(name)
    return found is not None and found[0] == project and version in {None, found[1]}
