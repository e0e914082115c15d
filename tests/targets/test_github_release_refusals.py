"""`github-release`: what GitHub, or we, say no to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests import factory
from tests.servers.github_world import MAIN
from tests.targets.contract import once
from tests.targets.releases import ANOTHER, OnGithub, code

from pkg_publish.errors import Failure
from pkg_publish.formats import asset_name
from pkg_publish.state import Done
from pkg_publish.targets import github_release

if TYPE_CHECKING:
    from pathlib import Path

    from tests.targets.releases import ReleaseStand

    from pkg_publish.model import Release

pytestmark = pytest.mark.usefixtures("no_pauses")


class TestRefusals(OnGithub):
    """What GitHub, or we, say no to."""

    def test_a_name_that_github_changes(self, stand: ReleaseStand, tmp_path: Path) -> None:
        """It would be another version."""
        attempt = once(stand.target(), factory.release(tmp_path / "dist", version="1!2.0"))

        assert (attempt.outcome, code(attempt)) == (Failure.INVALID, "asset-name")
        assert attempt.problem
        assert "'demo-1.2.0-py3-none-any.whl'" in attempt.problem.what
        assert stand.server.api.requests == []

    def test_what_is_too_large_or_too_much(self, stand: ReleaseStand, release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
        """Nothing is asked."""
        with monkeypatch.context() as patch:
            patch.setattr(asset_name, "LARGEST", 10)
            assert code(once(stand.target(), release)) == "file-too-large"
        monkeypatch.setattr(github_release, "MOST", 1)
        assert code(once(stand.target(), release)) == "too-many-assets"
        assert stand.server.api.requests == []

    def test_the_thousandth_asset_is_the_last(self, stand: ReleaseStand, release: Release) -> None:
        """GitHub counts, too."""
        there = stand.server.put_release("v1.0")
        for number in range(1000):
            stand.server.put(there, f"{number}.txt", b"x")

        attempt = once(stand.target(), release)

        assert (attempt.outcome, code(attempt)) == (Failure.INVALID, "too-many-assets")

    @pytest.mark.parametrize(
        "options", [{"extra_files": "*.missing"}, {"notes": "missing.md"}, {"extra_files": "a/x\nb/x"}, {"extra_files": "dist/y\ny"}], ids=str
    )
    def test_files_that_are_not_there_or_there_twice(self, stand: ReleaseStand, release: Release, options: dict[str, str]) -> None:
        """It is a mistake, before anything is written."""
        for path in ("a/x", "b/x", "dist/y", "y"):
            (stand.folder / path).parent.mkdir(exist_ok=True)
            (stand.folder / path).write_text(path)

        assert once(stand.target(**options), release).outcome is Failure.CONFIG
        assert stand.writes() == 0

    @pytest.mark.parametrize("token", ["ghs_reader", "ghs_of_another_repository"])
    def test_a_token_without_the_permission(self, stand: ReleaseStand, release: Release, token: str) -> None:
        """The error names it, with the YAML to paste; the chain may go on."""
        attempt = once(stand.make(token=token), release)

        assert (attempt.outcome, code(attempt)) == (Failure.REFUSED, "github-no-permission")
        assert attempt.problem
        assert "contents=write" in attempt.problem.what
        assert attempt.problem.paste == "permissions:\n  contents: write"

    def test_a_commit_that_changes_workflows(self, stand: ReleaseStand, release: Release) -> None:
        """No job may publish it, unless its tag is there before."""
        stand.server.world.commits[MAIN].touches_workflows = True

        attempt = once(stand.target(), release)

        assert (attempt.outcome, code(attempt)) == (Failure.REFUSED, "github-no-permission")
        assert attempt.problem
        assert "contents=write,workflows=write" in attempt.problem.what

    def test_a_commit_that_was_never_pushed(self, stand: ReleaseStand, release: Release) -> None:
        """GitHub cannot tag it."""
        assert code(once(stand.make(sha=ANOTHER), release)) == "commit-not-there"

    def test_a_repository_that_is_not_there(self, stand: ReleaseStand, release: Release) -> None:
        """Or that the token may not see, which is the same to GitHub."""
        attempt = once(stand.target(repo="octo/missing"), release)

        assert (attempt.outcome, code(attempt)) == (Failure.REFUSED, "github-not-found")

    def test_an_immutable_release_is_published_once_it_is_whole(self, stand: ReleaseStand, release: Release) -> None:
        """And found to be there afterwards."""
        stand.server.world.immutable = True

        assert once(stand.target(), release).outcome is Done.PUBLISHED
        assert stand.release(release).immutable
        assert once(stand.target(), release).outcome is Done.ALREADY_PUBLISHED

    @pytest.mark.parametrize(
        ("event", "jobs", "recipe"),
        [("release", 1, "on:\n  push:\n    tags: ['v*']"), ("push", 8, "needs: build"), ("push", 1, "")],
        ids=["event", "jobs", "else"],
    )
    def test_one_that_was_locked_before(self, stand: ReleaseStand, release: Release, event: str, jobs: int, recipe: str) -> None:
        """How that came about decides on the remedy."""
        stand.server.put_release("v1.0", immutable=True)
        tag = {"release": {"tag_name": "v1.0"}, "repository": {"private": False}}

        attempt = once(stand.make(jobs=jobs, event_name=event, event=tag), release)

        assert (attempt.outcome, code(attempt)) == (Failure.REFUSED, "release-immutable")
        assert attempt.problem
        assert recipe in attempt.problem.paste
        assert stand.writes() == 0

    def test_a_tag_that_an_immutable_release_has_used_up(self, stand: ReleaseStand, release: Release) -> None:
        """For ever."""
        stand.server.world.burned.add("v1.0")

        attempt = once(stand.target(), release)

        assert (attempt.outcome, code(attempt)) == (Failure.REFUSED, "tag-used-up")
