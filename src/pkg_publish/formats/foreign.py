"""Single values that others wrote, read within bounds: a version, the Pythons that are allowed, a size, a text. Nothing is raised, whatever they hold.

Python refuses numbers of more than 4300 digits, and cannot write a lone surrogate: both come as a `ValueError` from where nobody expects one.
"""

from __future__ import annotations

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

LONGEST = 255
"""Letters of a version: it stands in the names of files, and no file system takes longer ones."""

DIGITS = 18
"""Of a size: as many as fit into 64 bits."""


def version(text: str) -> Version | None:
    """Read a version (PEP 440); None: it is none."""
    try:
        return Version(text) if len(text) <= LONGEST else None
    except InvalidVersion:
        return None


def allows(requires_python: str | None, python: str) -> bool:
    """Whether a Python may have a file (`Requires-Python`); installers take no notice of what cannot be read."""
    try:
        return SpecifierSet(requires_python or "").contains(python, prereleases=True)
    except ValueError:  # the library's own kind of it, and numbers that Python refuses to read
        return True


def size(value: object) -> int | None:
    """Bytes, as JSON has them or in digits; None: nobody can have so many, or it is no number of them."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**DIGITS else value
    return int(text) if isinstance(text, str) and len(text) <= DIGITS and text.isascii() and text.isdecimal() else None


def text(value: object) -> str:
    """A text that can be written; empty: it is none."""
    return value.encode(errors="replace").decode() if isinstance(value, str) else ""
