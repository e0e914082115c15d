"""Targets made; contradictions and unasked publicity refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests import factory
from tests.toys import Failing, Shelf
from twine.utils import DEFAULT_REPOSITORY, TEST_REPOSITORY

from pkg_publish import grammar, plan, publish, targets
from pkg_publish.errors import Failure, Mistakes
from pkg_publish.model import Visibility
from pkg_publish.runner import Runner
from pkg_publish.state import Done
from pkg_publish.targets.base import Ambient, TargetSpec
from pkg_publish.watch import Watch


class ShelfKind:
    """A kind for places that have no kind yet."""

    def __init__(self, word: str, visibility: Visibility) -> None:
        self.word, self.visibility = word, visibility
        self.location = None
        self.options = ()

    def make(self, spec: TargetSpec, ambient: Ambient) -> Shelf:
        """A shelf of that name."""
        del ambient
        return Shelf(spec.kind, visibility=self.visibility)


@pytest.fixture(autouse=True)
def _kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some kinds, private and public."""
    public = [ShelfKind(word, Visibility.PUBLIC) for word in ("pypi", "testpypi")]
    private = [ShelfKind(word, Visibility.YOUR_CHOICE) for word in ("shelf", "container-image")]
    monkeypatch.setattr(plan, "KINDS", {"directory": targets.KINDS["directory"], **{kind.word: kind for kind in (*public, *private)}})


def make(*kinds: str, first: bool = True, allow_public: bool = True, **runner: Any) -> list[str]:  # noqa: ANN401 - the fields of a Runner
    """The codes of the mistakes; empty when the targets were made."""
    ambient = Ambient(folder=Path(), environ={}, runner=Runner(**runner))
    try:
        plan.make_targets([TargetSpec(kind=kind) for kind in kinds], ambient, first=first, allow_public=allow_public)
    except Mistakes as mistakes:
        return [each.code for each in mistakes.found]
    return []


@pytest.mark.parametrize("name", ["nonsense", "a/b/c", "octo/de mo", "/demo", "octo/"])
def test_a_github_repository_that_can_be_none_is_told_once(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the variable that says so, whatever targets need it; one that names its own place does not."""
    monkeypatch.setattr(plan, "KINDS", targets.KINDS)

    assert make("github-packages", "ghcr", "github-release", repository=name) == ["odd-github-repository"]
    assert make("container-image", repository=name) == ["odd-github-repository"]
    with pytest.raises(Mistakes, match="GITHUB_REPOSITORY is"):
        plan.make_targets(
            [TargetSpec(kind="github-release")], Ambient(folder=Path(), environ={}, runner=Runner(repository=name)), first=True, allow_public=True
        )
    elsewhere = TargetSpec(kind="github-release", options={"repo": "octo/demo"})
    assert plan.make_targets([elsewhere], Ambient(folder=Path(), environ={}, runner=Runner(repository=name)), first=True, allow_public=True)


def test_all_that_keeps_a_project_from_an_index_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """At home there is no token, and nobody who could say that the source is public."""
    monkeypatch.setattr(plan, "KINDS", targets.KINDS)

    assert make("pypi", allow_public=False) == ["no-token", "private-to-public"]


@pytest.mark.parametrize(
    ("written", "pastes"),
    [
        (
            "github-packages, directory=out, ghcr, github-release",
            ["targets: github-packages, directory=out, oci=ghcr.io/OWNER/NAME, github-release=OWNER/REPO"] * 2,
        ),
        ("{ghcr: {}, repository: {url: 'https://index.example.org/', username: u}}", ["targets: oci=ghcr.io/OWNER/NAME", ""]),
    ],
    ids=["places", "options"],
)
def test_one_list_mends_all_that_lack_a_place(written: str, pastes: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Two that contradict each other mend nothing; options do not fit into a line."""
    monkeypatch.setattr(plan, "KINDS", targets.KINDS)
    specs, _ = grammar.parse(written)

    with pytest.raises(Mistakes) as caught:
        plan.make_targets(specs, Ambient(folder=Path(), environ={}, runner=Runner()), first=True, allow_public=True)

    assert [each.paste.partition("\n")[0] if each.code.endswith("place") else "" for each in caught.value.found] == pastes


def test_a_token_that_stands_where_a_name_belongs_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told what belongs there, with the other options as they were."""
    monkeypatch.setattr(plan, "KINDS", targets.KINDS)
    spec = TargetSpec(kind="repository", options={"url": "https://index.example.org/", "username": "u", "password-env": "ghp_0123456789abcdef"})

    with pytest.raises(Mistakes) as caught:
        plan.make_targets([spec], Ambient(folder=Path(), environ={}, runner=Runner()), first=True, allow_public=True)

    (problem,) = caught.value.found
    assert problem.code == "secret-is-empty"
    assert "password-env: MY_PASSWORD" in problem.paste
    assert "ghp_" not in f"{problem.what}{problem.cure}{problem.paste}"


def test_makes_the_targets_in_order() -> None:
    """As they were named."""
    ambient = Ambient(folder=Path(), environ={}, runner=Runner())

    made = plan.make_targets([TargetSpec(kind="shelf"), TargetSpec(kind="pypi")], ambient, first=True, allow_public=True)

    assert [each.place.kind for each in made] == ["shelf", "pypi"]


def test_what_a_kind_refuses_is_a_mistake() -> None:
    """And comes with those of others."""
    assert make("directory", "pypi", "testpypi") == ["target-without-place", "rehearsal-is-no-fallback"]


SAME = {
    "folders": ("directory=out", "directory=./nowhere/../out/"),
    "hosts": ("oci=registry.example.org/octo", "oci=Registry.Example.ORG/octo"),
    "addresses": ("repository=https://index.example.org/upload", "repository=https://INDEX.example.org:443/upload/"),
    "kinds": ("ghcr", "oci=ghcr.io/octo/demo"),
    "owners": ("github-release", "github-release=Octo/Demo"),
}


@pytest.mark.parametrize("strategy", ["first", "all"])
@pytest.mark.parametrize("written", SAME.values(), ids=SAME)
def test_one_place_written_in_two_ways_is_a_mistake(monkeypatch: pytest.MonkeyPatch, written: tuple[str, ...], strategy: str) -> None:
    """Under `all` it would count as two places that hold the release."""
    monkeypatch.setattr(plan, "KINDS", targets.KINDS)
    specs, _ = grammar.parse(", ".join([*written, "oci-layout=out", "repository=https://index.example.org/other/"]))
    ambient = Ambient(folder=Path(), environ={}, runner=Runner(repository="octo/demo"))

    with pytest.raises(Mistakes) as caught:
        plan.make_targets(specs, ambient, first=strategy == "first", allow_public=True)

    assert [each.what for each in caught.value.found] == [f"{written[0]} and {written[1]} are one place"]


@pytest.mark.parametrize(
    ("event", "allow_public", "codes"),
    [
        ({"repository": {"visibility": "public"}}, False, []),
        ({"repository": {"visibility": "private"}}, False, ["private-to-public"]),
        ({"repository": {"visibility": "internal"}}, False, ["private-to-public"]),
        ({}, False, ["private-to-public"]),
        ({}, True, []),
    ],
)
def test_a_private_source_never_becomes_public_unasked(event: dict[str, Any], allow_public: bool, codes: list[str]) -> None:  # noqa: FBT001
    """Unknown counts as private."""
    assert make("shelf", "pypi", allow_public=allow_public, event=event) == codes


@pytest.mark.parametrize(
    ("kinds", "first", "codes"),
    [
        (("testpypi", "pypi"), True, ["rehearsal-is-no-fallback"]),
        (("testpypi", "pypi"), False, []),
        (("container-image", "shelf"), True, ["image-is-no-fallback"]),
        (("container-image",), True, []),
    ],
)
def test_what_is_no_fallback(kinds: tuple[str, ...], first: bool, codes: list[str]) -> None:  # noqa: FBT001
    """A rehearsal is none, nor is an image."""
    assert make(*kinds, first=first) == codes


@pytest.mark.parametrize(
    ("kind", "url", "codes"),
    [
        ("testpypi", DEFAULT_REPOSITORY, ["rehearsal-is-no-fallback"]),
        ("pypi", TEST_REPOSITORY, ["rehearsal-is-no-fallback"]),
        ("pypi", DEFAULT_REPOSITORY, ["target-twice"]),
        ("pypi", "https://[", ["no-url"]),
    ],
)
def test_an_upload_address_is_the_index_that_it_belongs_to(monkeypatch: pytest.MonkeyPatch, kind: str, url: str, codes: list[str]) -> None:
    """PyPI by another name is no other place."""
    monkeypatch.setattr(plan, "KINDS", targets.KINDS)
    options = {"url": url, "index-url": "https://index.example.org/simple/"}
    specs = [TargetSpec(kind=kind), TargetSpec(kind="repository", options=options)]
    ambient = Ambient(folder=Path(), environ={}, runner=Runner(is_actions=True, repository="octo/demo"))

    with pytest.raises(Mistakes) as caught:
        plan.make_targets(specs, ambient, first=True, allow_public=True)

    assert [each.code for each in caught.value.found] == codes


@pytest.mark.parametrize("event_name", ["pull_request_target", "issue_comment", "pull_request", "workflow_run"])
def test_events_of_strangers_publish_nothing(event_name: str) -> None:
    """With a payload that does not say that they come from home."""
    assert make("shelf", event_name=event_name) == ["untrusted-event"]


def test_an_ordinary_event_publishes() -> None:
    """A push, also inside of a fork."""
    assert make("shelf", event_name="push", event={"repository": {"fork": True}}) == []


def test_only_three_failures_can_go_on() -> None:
    """The rest stops, whatever the user says."""
    assert set(plan.FALL_BACK_ON) == {Failure.UNSUPPORTED, Failure.UNAVAILABLE, Failure.REFUSED}


@pytest.mark.parametrize("strategy", plan.Strategy)
@pytest.mark.parametrize("failure", [Failure.CONFLICT, Failure.CONFIG, Failure.POLICY])
def test_what_is_sure_to_stop_the_run_comes_before_any_write(tmp_path: Path, strategy: plan.Strategy, failure: Failure) -> None:
    """Whatever the strategy is, a later target may end the run by what was seen of it."""
    first, later = Shelf("first"), Failing("later", why=failure)
    made = plan.Plan(targets=[first, later], strategy=strategy)

    attempts = list(publish.run(made, factory.release(tmp_path), Watch(10, lambda _: None)))

    assert [each.outcome for each in attempts] == [failure, Done.SKIPPED]
    assert first.writes == []
