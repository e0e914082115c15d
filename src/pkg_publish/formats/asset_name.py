"""What GitHub makes of the name of an asset: it renames what has other letters than a few."""

from __future__ import annotations

import re
import unicodedata

from pkg_publish.errors import Invalid

LARGEST = (2 << 30) - 1
"""Bytes of an asset."""
_OTHERS = re.compile(r"[^A-Za-z0-9_+@-]+")
"""What becomes one dot, and so does a dot."""


def stored_as(name: str) -> str:
    """The name that GitHub gives an asset which is uploaded as `name`; empty when nothing of it is left.

    Accents go, `default` comes before a leading dot, each run of other letters becomes a dot, and none is left at either end: so `demo-1!2.0.tar.gz`
    would become another version, `demo-1.2.0.tar.gz`.
    """
    plain = "".join(letter for letter in unicodedata.normalize("NFD", name) if not unicodedata.combining(letter))
    return _OTHERS.sub(".", f"default{plain}" if plain.startswith(".") else plain).strip(".")


def check(name: str, size: int) -> None:
    """Raise `Invalid` for a file that no release of GitHub can hold under its own name."""
    if stored_as(name) != name:
        raise Invalid(
            f"GitHub would keep {name!r} as {stored_as(name)!r}, where no installer finds it",
            code="asset-name",
            cure="Give the file a name of letters, digits and `.-_+@`; a version with an epoch (`1!2.0`) goes to `ghcr`, which takes it.",
        )
    if size == 0:
        raise Invalid(f"{name} is empty, and GitHub takes no empty asset", code="asset-empty", cure="Leave the file out, or put something into it.")
    if size > LARGEST:
        raise Invalid(
            f"{name} has {size} bytes, and an asset of a release at GitHub less than 2 GiB",
            code="file-too-large",
            cure="Make the file smaller, or publish it elsewhere: `ghcr` takes it.",
        )
