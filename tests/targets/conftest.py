"""What the tests of several targets begin with."""

from __future__ import annotations

import pytest

from pkg_publish.clients import retry


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries follow one another at once."""
    monkeypatch.setattr(retry, "BASE", 0.0)
