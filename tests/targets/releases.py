"""GitHub's releases, seen past our code, for the tests of `github-release`."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests import factory
from tests.servers.front import READS, Fault
from tests.servers.github_world import MAIN

from pkg_publish.formats.github_release import Marker
from pkg_publish.runner import Runner
from pkg_publish.secret import Secret
from pkg_publish.targets.base import Ambient, TargetSpec
from pkg_publish.targets.github_release import GithubRelease, GithubReleaseKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.servers import github_world
    from tests.servers.github import Github

    from pkg_publish.model import Release
    from pkg_publish.state import Attempt

ANOTHER = "b" * 40
"""A commit that was not built."""
PUBLIC = {"repository": {"private": False}}


@dataclass(frozen=True, kw_only=True)
class ReleaseStand:
    """The repository `octo/demo`, and the job that publishes there."""

    server: Github
    folder: Path = Path()

    @property
    def job(self) -> Runner:
        """Run 7, on the commit at the end of the default branch."""
        runner = Runner(is_actions=True, repository="octo/demo", event_name="push", sha=MAIN, run_id="7", event=PUBLIC)
        return replace(runner, api_url=self.server.url, server_url=self.server.server_url)

    def target(self, **options: str) -> GithubRelease:
        """With a token that may write; an option's name has `_` for `-`."""
        return self.make(options)

    def make(
        self, options: Mapping[str, str] | None = None, *, token: str | None = "", jobs: int = 1, attempt: int = 1, public: bool = False, **facts: object
    ) -> GithubRelease:
        """With other options, another token (None: without), in one of several jobs, or in a runner with other facts."""
        tokens = {} if token is None else {"github-token": Secret(token or self.server.token)}
        environ = {"PKG_PUBLISH_JOB_TOTAL": str(jobs), "GITHUB_RUN_ATTEMPT": str(attempt)}
        runner = replace(self.job, **facts)  # type: ignore[arg-type]
        ambient = Ambient(folder=self.folder, environ=environ, runner=runner, tokens=tokens, allow_public=public)
        named = {name.replace("_", "-"): value for name, value in (options or {}).items()}
        return GithubReleaseKind().make(TargetSpec(kind="github-release", options=named), ambient)

    def ours(self, run: str = "7", attempt: str = "1", commit: str = MAIN) -> github_world.Release:
        """A draft of v1.0 that a run of ours has left behind."""
        notes = f"{Marker(run=run, attempt=attempt, commit=commit).on('v1.0', 'Notes')}Notes"
        return self.server.put_release("v1.0", draft=True, name="v1.0", body=notes, target_commitish=commit)

    def theirs(self, **facts: object) -> github_world.Release:
        """A draft of v1.0 that somebody has written."""
        return self.server.put_release("v1.0", draft=True, **{"name": "Theirs", "body": "Their notes"} | facts)

    def release(self, release: Release) -> github_world.Release:
        """The one release, or draft, of its tag."""
        return self.server.release(f"v{release.version}")

    def stored(self, release: Release) -> dict[str, str]:
        """What is published under its tag."""
        found = [each for each in self.server.world.published() if each.tag_name == f"v{release.version}"]
        assets = [asset for each in found for asset in each.assets if asset.state == "uploaded"]
        return {asset.name: hashlib.sha256(asset.data).hexdigest() for asset in assets}

    def put(self, name: str, data: bytes, release: Release) -> None:
        """Into the published release of its tag, which is made if need be."""
        tag = f"v{release.version}"
        there = next((each for each in self.server.world.releases if each.tag_name == tag), None)
        self.server.put(there or self.server.put_release(tag), name, data)

    def remove(self, name: str, release: Release) -> None:
        """From the release of its tag."""
        there = self.release(release)
        there.assets = [asset for asset in there.assets if asset.name != name]

    def writes(self) -> int:
        """Whatever changes something; asking for notes does not."""
        seen = [*self.server.api.requests, *self.server.uploads.requests]
        return sum(each.forwarded and each.method not in READS and not each.path.endswith("/generate-notes") for each in seen)

    def target_with(self, username: str | None, password: str | None) -> GithubRelease:
        """With that token."""
        del username
        return self.make(token=password)

    def answer_writes(self, *statuses: int) -> None:
        """The API and the host of the uploads alike."""
        for front in (self.server.api, self.server.uploads):
            front.fail_writes(*(Fault(status=status) for status in statuses))


class OnGithub:
    """Tests on a GitHub repository without releases, with a wheel and an sdist to publish."""

    @pytest.fixture
    def stand(self, github: Github, tmp_path: Path) -> ReleaseStand:
        """The repository, and the job that publishes there."""
        return ReleaseStand(server=github, folder=tmp_path)

    @pytest.fixture
    def release(self, tmp_path: Path) -> Release:
        """What is published."""
        return factory.release(tmp_path / "dist")


def code(attempt: Attempt) -> str:
    """The code of what went wrong."""
    assert attempt.problem
    return attempt.problem.code
