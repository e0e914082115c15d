"""Whose distribution a file name names."""

from __future__ import annotations

import math
import string
from functools import lru_cache

from packaging.utils import parse_sdist_filename, parse_wheel_filename

_LETTERS = frozenset(string.ascii_letters + string.digits + "._-+!")
"""All that the specifications of file names allow; a path, a control character or a look-alike letter is none of them."""

LONGEST = 255
"""Letters: no file system takes more. A name also stands for each combination of the parts of its tags, of which `MOST` are read."""
MOST = 1000


@lru_cache(4096)
def named(name: str) -> tuple[str, str] | None:
    """Project and version that a file name names, both normalised; None: it is no distribution's."""
    if len(name) > LONGEST or not _LETTERS.issuperset(name) or math.prod(part.count(".") + 1 for part in name.split("-")[-3:]) > MOST:
        return None
    try:
        project, version = parse_wheel_filename(name)[:2] if name.endswith(".whl") else parse_sdist_filename(name)
    except ValueError:  # the library's own kinds of it, and numbers that Python refuses to read
        return None
    return project, str(version)


def is_of(name: str, project: str, version: str | None = None) -> bool:
    """Whether a file name is a distribution of this project (normalised name) and, if given, version (normalised)."""
    found = named(name)
    return found is not None and found[0] == project and version in {None, found[1]}
