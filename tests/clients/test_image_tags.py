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

    assert tagged.stays("latest", Version("1.0")) is newer


@pytest.mark.parametrize(("said", "tag", "stays"), [("1.0+cu1", "1.0-cu1", True), ("1!1.0", "1_1.0", True), ("1.0", "1", False)])
def test_a_version_s_own_tag_stays(said: str, tag: str, *, stays: bool) -> None:
    """Whoever asks for it as one that moves."""
    tagged = Tagged.of(json.dumps({"annotations": {"org.opencontainers.image.version": said}}).encode(), "octo/demo:tag")

    assert tagged.stays(tag, Version("1!2.0")) is stays
