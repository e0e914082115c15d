"""What a tag of an image says of itself, whoever wrote it."""

from __future__ import annotations

import json

import pytest
from packaging.version import Version

from pkg_publish.clients.image_tags import Tagged


@pytest.mark.parametrize(
    ("said", "newer"), [("1.1", True), ("1.0", False), ("latest", False), ("9" * 5000, False), (7, False), (None, False)], ids=lambda value: str(value)[:10]
)
def test_what_names_no_version_is_not_newer(said: object, *, newer: bool) -> None:
    """Nor does it stop a run."""
    annotations = {} if said is None else {"org.opencontainers.image.version": said}
    tagged = Tagged.of(json.dumps({"annotations": annotations}).encode(), "octo/demo:latest")

    assert tagged.is_newer_than(Version("1.0")) is newer
