"""Single values that others wrote."""

from __future__ import annotations

import pytest
from packaging.version import Version

from pkg_publish.formats import foreign

ENDLESS = "9" * 5000
"""Python refuses to read such a number."""


@pytest.mark.parametrize(("text", "version"), [("v1.0-RC1", Version("1.0rc1")), ("one", None), ("", None), (ENDLESS, None), ("1+" + "a" * 300, None)])
def test_versions(text: str, version: Version | None) -> None:
    """As PEP 440 has them, of a length that fits into a name."""
    assert foreign.version(text) == version


@pytest.mark.parametrize(
    ("required", "allowed"),
    [(None, True), (">=3.8", True), (">=3.12.1", False), (">=3.13", False), ("three", True), (f">={ENDLESS}", True), (f"!=3.{ENDLESS}.*", True)],
)
def test_pythons(required: str | None, *, allowed: bool) -> None:
    """A Python that is not final counts as one; what cannot be read forbids nothing."""
    assert foreign.allows(required, "3.12.1rc1") is allowed


@pytest.mark.parametrize(
    ("value", "size"),
    [
        *((0, 0), (7, 7), ("7", 7), ("007", 7), (10**18 - 1, 10**18 - 1)),
        *((-1, None), (10**18, None), (10**5000, None), (True, None), (7.0, None), ("", None), ("-1", None), ("\u0667", None), (ENDLESS, None), (None, None)),
    ],
    ids=lambda value: f"{type(value).__name__} {str(value)[:20] if type(value) is not int or value < 10**30 else 'endless'}",
)
def test_sizes(value: object, size: int | None) -> None:
    """As many bytes as somebody may have."""
    assert foreign.size(value) == size


@pytest.mark.parametrize(("value", "text"), [("\xe9\U0001f40d", "\xe9\U0001f40d"), ("a\ud800b", "a?b"), (None, ""), (["a"], "")])
def test_texts(value: object, text: str) -> None:
    """Half of a letter is none."""
    assert foreign.text(value) == text
