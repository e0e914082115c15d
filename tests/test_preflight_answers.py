"""What preflight answers others: what differs in two files of one name, and whether a tag names the version."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from tests import factory

from pkg_publish import preflight
from pkg_publish.model import Distribution, Release

if TYPE_CHECKING:
    from pathlib import Path


def only(folder: Path) -> Distribution:
    """The one distribution in a folder."""
    return preflight.check(preflight.collect(folder)).distributions[0]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({}, "the same members with the same content, packed in another way"),
        ({"content": b"x = 2\n"}, "other content: 'demo-1.0.dist-info/RECORD', 'demo/__init__.py'"),
    ],
)
def test_what_differs_in_two_wheels_is_said(tmp_path: Path, change: dict[str, bytes], sentence: str) -> None:
    """For the sentence about a conflict."""
    factory.wheel(tmp_path)
    theirs = factory.wheel(tmp_path / "theirs", **change)  # type: ignore[arg-type]

    with theirs.open("rb") as file:
        assert preflight.differences(only(tmp_path), file).text == sentence


def test_what_differs_in_two_sdists_is_said(tmp_path: Path) -> None:
    """By their contents, not by their packing."""
    factory.sdist(tmp_path)
    theirs = factory.sdist(tmp_path / "theirs", content=b"x = 2\n")

    with theirs.open("rb") as file:
        assert preflight.differences(only(tmp_path), file).text == "other content: 'demo-1.0/demo/__init__.py'"


def test_what_is_no_archive_is_no_crash(tmp_path: Path) -> None:
    """A server may send anything."""
    factory.wheel(tmp_path)
    ours = only(tmp_path)
    assert preflight.differences(ours, io.BytesIO(b"<html>")).text.startswith("theirs is no readable zip archive")


TAGS = ("1.2.3", "v1.2.3", "V1.2.3", "1.2.3.0", "demo-1.2.3", "demo/v1.2.3", "demo==1.2.3", "demo@1.2.3", "python-v1.2.3", "release_1.2.3", "py3-1.2.3")


@pytest.mark.parametrize("tag", TAGS)
def test_a_tag_that_names_the_version_is_right(tag: str) -> None:
    """With the prefixes that people use."""
    assert preflight.tag_differs(Release(project="demo", version="1.2.3", distributions=()), tag) is None


@pytest.mark.parametrize("tag", ["v1.2.4", "v1.2.3-rc1", "nightly", "", "demo-1.2.3-final", "1.2.3+local"])
def test_a_tag_that_names_another_version_is_a_mistake(tag: str) -> None:
    """The error says both, and how to mend it."""
    found = preflight.tag_differs(Release(project="demo", version="1.2.3", distributions=()), tag)

    assert found is not None
    assert found.what == f"the tag {tag!r} does not name the version 1.2.3"
    assert found.paste.startswith("git tag ")


@pytest.mark.parametrize(
    ("tag", "right"),
    [
        ("v1.2.4", "v1.2.3"),
        ("1.2.4", "1.2.3"),
        ("demo-v1.2.4", "demo-v1.2.3"),
        ("demo/1.2.4", "demo/1.2.3"),
        ("nightly", "v1.2.3"),
        ("a b-1.2.4", "'a b-1.2.3'"),
    ],
)
def test_the_right_tag_can_be_pasted(tag: str, right: str) -> None:
    """As theirs begin."""
    found = preflight.tag_differs(Release(project="demo", version="1.2.3", distributions=()), tag)

    assert found is not None
    assert found.paste == f"git tag {right} && git push origin {right}"


def test_a_tag_of_a_release_candidate_is_read_whole() -> None:
    """Its last part alone would be no version, or another one."""
    assert preflight.tag_differs(Release(project="demo", version="1.0rc1", distributions=()), "demo-v1.0-rc.1") is None
    assert preflight.tag_differs(Release(project="demo", version="2", distributions=()), "1.0-2") is not None
