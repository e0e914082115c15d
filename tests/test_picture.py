"""The picture of a summary is one of a real run."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest
from tests import picture

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.real("chromium")
def test_a_browser_shows_what_a_run_has_written(tmp_path: Path) -> None:
    """What was published, where, and how to install it."""
    shown = picture.show(tmp_path, picture.page(picture.summary(tmp_path)), "--dump-dom")

    assert "is published on" in shown
    assert "<strong>ghcr</strong>" in shown
    assert "run.py install hello-world-by-pkg-publish==1.0.0 --from oci=" in shown


def test_the_readme_shows_it() -> None:
    """It is there, of the size that it is made in."""
    width, height = struct.unpack(">II", picture.PICTURE.read_bytes()[16:24])

    assert f"{width},{height}" == picture.SIZE
    assert "](docs/summary.png)" in (picture.ROOT / "README.md").read_text(encoding="utf-8")
