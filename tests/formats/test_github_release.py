"""What is decided by looking at GitHub's releases."""

from __future__ import annotations

from typing import Any

import pytest

from pkg_publish.formats.github_release import Asset, Marker, TaggedRelease, fitting, is_abandoned, is_latest, leftovers

OURS = Marker(run="7", attempt="1", commit="aa")


def release(number: int = 1, tag: str = "v1.0", marker: Marker | None = None, **facts: Any) -> TaggedRelease:  # noqa: ANN401 - fields of a release
    """A published release; a draft, when there is a marker."""
    usual: dict[str, Any] = {"notes": f"{marker or ''}Notes", "draft": marker is not None}
    return TaggedRelease(id=number, tag=tag, **usual | facts)


def test_a_marker_is_found_and_taken_out_again() -> None:
    """Whatever people wrote around it, and whichever line ends GitHub made of it."""
    notes = f"Before\r\n{str(OURS).strip()}\r\nAfter"

    assert Marker.read(notes) == OURS
    assert Marker.without(notes) == "Before\r\nAfter"
    assert Marker.read("Notes <!-- a comment -->") is None


def test_what_is_published_has_no_marker() -> None:
    """A person may have published a draft of ours by hand; then it is theirs."""
    assert release(notes=str(OURS)).marker is None


def test_the_published_one_comes_first_then_drafts_of_others() -> None:
    """And the oldest of our own; those of other tags, and of an earlier commit, are not for us."""
    moved = Marker(run="6", attempt="1", commit="bb")
    found = [release(1, marker=moved), release(2, marker=OURS), release(3, marker=OURS), release(4, draft=True), release(5), release(6, tag="v2")]

    assert [each.id for each in fitting(found, "v1.0", OURS)] == [5, 4, 2, 3]


def test_empty_drafts_of_ours_are_left_over() -> None:
    """And what an earlier commit left, unless somebody put a file of theirs there."""
    moved, ours, theirs = Marker(commit="bb"), Asset(id=1, name="ours", state="uploaded"), Asset(id=2, name="theirs", state="uploaded")
    chosen = release(1, marker=OURS)
    found = [
        chosen,
        release(2, marker=OURS),
        release(3, marker=OURS, assets=(ours,)),
        release(4, marker=moved, assets=(ours,)),
        release(5, marker=moved, assets=(ours, theirs)),
        release(6, draft=True),
        release(7, tag="v2", marker=OURS),
    ]

    assert [each.id for each in leftovers(found, chosen, OURS, lambda name: name == "ours")] == [2, 4]


@pytest.mark.parametrize(
    ("theirs", "age", "abandoned"),
    [
        (OURS, 9999, False),
        (Marker(run="7", attempt="2"), 0, True),
        (Marker(run="6", attempt="1"), 3599, False),
        (Marker(run="6", attempt="1"), 3601, True),
        (None, 9999, False),
    ],
    ids=["this run", "an earlier attempt", "another run", "a run that ended", "somebody else"],
)
def test_what_a_run_left_behind(theirs: Marker | None, age: int, abandoned: bool) -> None:  # noqa: FBT001 - a column
    """An attempt begins when the one before has ended; of another run nobody knows, for an hour."""
    asset = Asset(id=1, name="x", state="uploaded", created=1000.0)

    assert is_abandoned(asset, release(marker=theirs), OURS, 1000.0 + age) is abandoned


def test_at_home_only_time_tells() -> None:
    """There is no run to know it by."""
    asset = Asset(id=1, name="x", state="uploaded", created=1000.0)

    assert not is_abandoned(asset, release(marker=Marker()), Marker(), 1001.0)
    assert is_abandoned(asset, release(marker=Marker()), Marker(), 9999.0)


@pytest.mark.parametrize(
    ("version", "tags", "latest"),
    [
        ("1.0", [], True),
        ("1.0", ["v0.9", "nightly", "v2.0rc1"], True),
        ("1.0", ["v1.0"], True),
        ("1.0", ["v0.9", "v1.1"], False),
        ("1.0", ["1.1"], False),
        ("1.0", ["release-1.1"], False),
        ("1.0", ["Demo-v1.1"], False),
        ("1.0", ["other-v2.0"], True),
        ("1.1rc1", ["v1.0"], False),
        ("1.1.dev1", [], False),
        ("1.0.post1", ["v1.0"], True),
        ("1.0+cu124", ["v1.0"], True),
    ],
)
def test_which_version_is_the_latest(version: str, tags: list[str], latest: bool) -> None:  # noqa: FBT001 - a column
    """A final one, if none of the project's final ones is higher: never a backport."""
    assert is_latest("demo", version, f"v{version}", [release(tag=tag) for tag in tags]) is latest


@pytest.mark.parametrize(
    ("tag", "other", "latest"),
    [
        ("py-v1.5", "py-v2.0", False),
        ("python/v1.5", "python/v2.0", False),
        ("sdk-1.5", "sdk-1.4", True),
        ("demo-py-v1.5", "demo-py-v2.0", False),
        ("r1.5", "r2.0", False),
        ("py-v1.5", "v2.0", False),
        ("py-v1.5", "js-v2.0", True),
        ("py-v1.5", "py-v2.0rc1", True),
        ("v1.5", "version-2.0", False),
    ],
)
def test_what_stands_before_the_version_in_our_own_tag_is_ours(tag: str, other: str, latest: bool) -> None:  # noqa: FBT001
    """However a project of several in a GitHub repository marks its tags, a backport is not the latest release."""
    assert is_latest("demo", "1.5", tag, [release(tag=other)]) is latest


def test_what_is_not_published_or_not_final_does_not_count() -> None:
    """Whatever its tag says."""
    assert is_latest("demo", "1.0", "v1.0", [release(tag="v2.0", draft=True), release(tag="v3.0", prerelease=True)])
