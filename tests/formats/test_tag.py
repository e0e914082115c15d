"""The version that a tag names."""

from __future__ import annotations

import pytest
from packaging.version import Version

from pkg_publish.formats.tag import version_in


@pytest.mark.parametrize(
    ("tag", "prefix", "version"),
    [("v1.0", "", "1.0"), ("1.0-rc.1", "", "1.0rc1"), ("demo-v1.0", "demo", "1.0"), ("my-lib/2.0", "my-lib", "2.0"), ("v1!2.0+cu124", "", "1!2.0+cu124")],
)
def test_a_version_may_follow_a_prefix(tag: str, prefix: str, version: str) -> None:
    """The longest version that the tag ends in."""
    assert version_in(tag) == (prefix, Version(version))


@pytest.mark.parametrize("tag", ["", "nightly", "test-run", "v", "v" + "1" * 5000, "1-" * 5000], ids=lambda tag: tag[:10])
def test_a_tag_may_name_none(tag: str) -> None:
    """Then it is all prefix."""
    assert version_in(tag) == (tag, None)
