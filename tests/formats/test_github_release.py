"""What is decided by looking at GitHub's releases."""

from __future__ import annotations

from typing import Any

import pytest

from pkg_publish.formats.github_release import AT_WORK, FRESH, Asset, Marker, TaggedRelease, Wish, fitting, is_abandoned, is_latest, leftovers

OURS = Marker(run="7", attempt="1", commit="aa")


def release(number: int = 1, tag: str = "v1.0", marker: Marker | None = None, **facts: Any) -> TaggedRelease:  # noqa: ANN401 - fields of a release
    """A published release; a draft, when there is a marker."""
    usual: dict[str, Any] = {"name": tag, "notes": f"{marker.on(tag, 'Notes') if marker else ''}Notes", "draft": marker is not None}
    return TaggedRelease(id=number, tag=tag, **usual | facts)


def wish(*, fixed: bool = False) -> Wish:
    """Version 1.0 under its own tag."""
    facts: dict[str, Any] = {"project": "demo", "version": "1.0", "tag": "v1.0", "commit": "aa", "name": "v1.0", "notes": None, "latest": "auto"}
    return Wish(fixed=fixed, draft=False, prerelease=False, **facts)


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

    assert [each.id for each in fitting(found, wish(), OURS)] == [5, 4, 2, 3]


def test_the_home_that_the_version_has_under_another_tag_comes_before_all() -> None:
    """If the tag names the version, and nobody asked for ours."""
    wheel, half = Asset(id=1, name="demo-1.0-py3-none-any.whl", state="uploaded"), Asset(id=2, name="demo-1.0.tar.gz", state="starter")
    other = Asset(id=3, name="demo-0.9.tar.gz", state="uploaded")
    found = [
        release(1),
        release(2, tag="demo-1.0", assets=(half,)),
        release(3, tag="test-7", assets=(wheel,)),
        release(4, tag="release-1.0", assets=(other,)),
        release(5, tag="demo-1.0", draft=True, assets=(wheel,)),
        release(7, tag="demo-1.0", assets=(half, wheel)),
        release(6, tag="1.0", assets=(wheel,)),
    ]

    assert [each.id for each in fitting(found, wish(), OURS)] == [6, 7, 1]
    assert [each.id for each in fitting(found, wish(fixed=True), OURS)] == [1]


def test_a_draft_that_a_person_has_taken_over_is_told_by_its_words() -> None:
    """Its title or its notes; the ends of lines are GitHub's own business."""
    draft = release(marker=OURS)

    assert draft.is_untouched
    assert release(marker=OURS, notes=draft.notes.replace("\n", "\r\n")).is_untouched
    assert not release(marker=OURS, name="The big one").is_untouched
    assert not release(marker=OURS, notes=f"{draft.notes}\nHours of work").is_untouched
    assert not release(marker=OURS, notes=f"{OURS}Notes").is_untouched
    assert not release(draft=True).is_untouched


def test_empty_drafts_of_ours_are_left_over() -> None:
    """And what an earlier commit left, unless somebody put a file of theirs there, or wrote its notes, or may still be at work."""
    moved, ours, theirs = Marker(commit="bb"), Asset(id=1, name="ours", state="uploaded"), Asset(id=2, name="theirs", state="uploaded")
    young = Asset(id=3, name="ours", state="uploaded", created=9000.0)
    chosen = release(1, marker=OURS)
    found = [
        chosen,
        release(2, marker=OURS),
        release(3, marker=OURS, assets=(ours,)),
        release(4, marker=moved, assets=(ours,)),
        release(5, marker=moved, assets=(ours, theirs)),
        release(6, draft=True),
        release(7, tag="v2", marker=OURS),
        release(8, marker=moved, assets=(ours,), name="Theirs"),
        release(9, marker=OURS, name="Theirs"),
        release(10, marker=moved, assets=(ours, young)),
    ]

    assert [each.id for each in leftovers(found, chosen, OURS, lambda name: name == "ours", 9000.0)] == [2, 4]
    assert [each.id for each in leftovers(found, chosen, OURS, lambda name: name == "ours", 9001.0 + FRESH)] == [2, 4, 10]


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

    assert is_abandoned(asset, release(marker=theirs), OURS, 1000.0 + age, many=False) is abandoned


def test_another_job_of_this_attempt_may_be_filling_the_draft_of_the_one_before() -> None:
    """What is young stays, where there are other jobs."""
    asset, draft = Asset(id=1, name="x", state="uploaded", created=1000.0), release(marker=Marker(run="7", attempt="2"))

    assert not is_abandoned(asset, draft, OURS, 1000.0 + AT_WORK, many=True)
    assert is_abandoned(asset, draft, OURS, 1001.0 + AT_WORK, many=True)


def test_at_home_only_time_tells() -> None:
    """There is no run to know it by."""
    asset = Asset(id=1, name="x", state="uploaded", created=1000.0)

    assert not is_abandoned(asset, release(marker=Marker()), Marker(), 1001.0, many=False)
    assert is_abandoned(asset, release(marker=Marker()), Marker(), 9999.0, many=True)


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
