"""What GitHub makes of names, as its own command `gh` models it and as reports say."""

from __future__ import annotations

import pytest

from pkg_publish.errors import Invalid
from pkg_publish.formats.asset_name import LARGEST, check, stored_as


@pytest.mark.parametrize(
    "name",
    [
        "flash_attn-2.7.4.post1+cu12torch2.6cxx11abiFALSE-cp311-cp311-linux_x86_64.whl",
        "demo-1.0.tar.gz",
        "SHA256SUMS",
        "this+has+plusses@home.jpg",
        "demo-1.0-py3-none-any.whl.sigstore.json",
    ],
)
def test_what_stays(name: str) -> None:
    """Letters, digits and `.-_+@`."""
    assert stored_as(name) == name
    check(name, LARGEST)


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("pkg-1.0~rc1.tar.gz", "pkg-1.0.rc1.tar.gz"),
        ("pkg-1!2.0-py3-none-any.whl", "pkg-1.2.0-py3-none-any.whl"),
        ("a b(1).whl", "a.b.1.whl"),
        (".hidden", "default.hidden"),
        ("naïve.txt", "naive.txt"),
        ("two..dots.txt", "two.dots.txt"),
        ("end.", "end"),
        ("日本", ""),
    ],
)
def test_what_changes(name: str, stored: str) -> None:
    """Refused, with what it would be called."""
    assert stored_as(name) == stored
    with pytest.raises(Invalid, match="would keep") as caught:
        check(name, 1)
    assert repr(stored) in caught.value.what


def test_what_is_too_large() -> None:
    """2 GiB are."""
    with pytest.raises(Invalid) as caught:
        check("demo.bin", 2 << 30)

    assert caught.value.code == "file-too-large"


def test_what_is_empty() -> None:
    """GitHub answers such an upload with 400."""
    with pytest.raises(Invalid) as caught:
        check("demo.txt", 0)

    assert caught.value.code == "asset-empty"
