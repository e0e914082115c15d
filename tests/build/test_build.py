"""What the folder shows of itself."""

from __future__ import annotations

from pkg_publish import build


def test_what_is_shown_is_there_and_nothing_else() -> None:
    """Wherever it lies, once it is asked for."""
    assert all(hasattr(build, name) for name in build.__all__)
    assert not hasattr(build, "rebuild")
