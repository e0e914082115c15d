"""Whose distribution a file name names."""

from __future__ import annotations

import math
import re
import string
from functools import lru_cache

from packaging.utils import canonicalize_name, parse_sdist_filename, parse_wheel_filename

from pkg_publish.errors import Integrity

_LETTERS = frozenset(string.ascii_letters + string.digits + "._-+!")
"""All that the specifications of file names allow; a path, a control character or a look-alike letter is none of them."""

LONGEST = 255
"""Letters: no file system takes more. A name also stands for each combination of the parts of its tags, of which `MOST` are read."""
MOST = 1000

DAMAGED = "project-damaged"
"""The code of a name that is there, and not whole."""


_LEADING = re.compile(r"(.+?)-(?:v?[0-9]|[^-]*$)")


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


def leads(name: str, project: str) -> bool:
    """Whether a file name begins with the name of this project (normalised), whatever it is a file of: `demo-1.0.tar.bz2`, `demo-1.0-corp.tar.gz`."""
    found = named(name)
    if found:
        return found[0] == project
    leading = _LEADING.match(name[:LONGEST])
    return leading is not None and canonicalize_name(leading[1]) == project


def damaged(project: str, what: str) -> Integrity:
    """A place has a project's name (normalised), and not all that it names there can be read: then no other place may supply it."""
    return Integrity(
        f"{project} is there, and not as it was published: {what}",
        code=DAMAGED,
        cure="It is taken neither from there nor from elsewhere: publish it again, or remove all of the name from that place.",
    )
