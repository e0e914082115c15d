"""A string that never prints itself."""

from __future__ import annotations

from pkg_publish.secret import Secret


def test_prints_as_stars() -> None:
    """However it is asked."""
    secret = Secret("hunter2hunter2")

    assert f"{secret} {secret!r} {secret!s} {[secret]}" == "*** Secret('***') *** [Secret('***')]"
    assert secret.reveal() == "hunter2hunter2"


def test_compares_by_value() -> None:
    """Equal secrets are equal, an empty one is false, and a string is no secret."""
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a")}) == 1
    assert not Secret("")
