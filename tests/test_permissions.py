"""The permissions that a job is told to have."""

from __future__ import annotations

import pytest
from tests.toys import Shelf

from pkg_publish.clients.oci_refusals import WRITE_PACKAGES
from pkg_publish.permissions import for_all

DEFAULT = ("github-packages", "ghcr", "github-release")
NEEDED = {
    "the default chain": (WRITE_PACKAGES, DEFAULT, (), "permissions:\n  contents: write\n  packages: write"),
    "one target": (WRITE_PACKAGES, ("ghcr",), (), "permissions:\n  contents: read\n  packages: write"),
    "an identity": ("permissions:\n  contents: write", ("pypi", "github-release"), (), "permissions:\n  contents: write\n  id-token: write"),
    "a token": (WRITE_PACKAGES, ("ghcr", "pypi"), {"pypi-token"}, "permissions:\n  contents: read\n  packages: write"),
    "more below": (f"{WRITE_PACKAGES}\nwith:\n  x: y", DEFAULT, (), "permissions:\n  contents: write\n  packages: write\nwith:\n  x: y"),
    "no permissions": ("with:\n  x: y", DEFAULT, (), "with:\n  x: y"),
    "nothing": ("", DEFAULT, (), ""),
}


@pytest.mark.parametrize(("paste", "kinds", "tokens", "told"), NEEDED.values(), ids=NEEDED)
def test_a_list_of_permissions_has_all_that_the_plan_needs(paste: str, kinds: tuple[str, ...], tokens: tuple[str, ...], told: str) -> None:
    """For a list takes away what is not in it."""
    assert for_all(paste, [Shelf(kind) for kind in kinds], tokens) == told
