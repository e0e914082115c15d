"""What every edge shares: the commit that a run is about."""

from __future__ import annotations

import io
import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from tests import factory
from tests.servers.github_world import Commit

from pkg_publish import cli
from pkg_publish.config import Config
from pkg_publish.errors import Failure
from pkg_publish.process import job_for
from pkg_publish.runner import Runner
from pkg_publish.watch import Watch

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.github import Github

ENVIRON = {"PATH": os.environ["PATH"], "HOME": "/nowhere"}  # noqa: TID251 - the tests' own edge
EVENT = "e" * 40
"""The commit that the workflow runs on."""


@dataclass(frozen=True, slots=True)
class Checkout:
    """A clone with one commit, in the folder where the command runs."""

    folder: Path

    def git(self, *words: str) -> str:
        """Run git as somebody."""
        command = ["git", "-C", str(self.folder), "-c", "user.name=me", "-c", "user.email=me@example.invalid", *words]
        return subprocess.run(command, env=ENVIRON, check=True, capture_output=True, text=True).stdout.strip()

    @property
    def head(self) -> str:
        """Its commit."""
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    """Of `octo/demo`, with a project in a folder within."""
    monkeypatch.chdir(tmp_path)
    made = Checkout(tmp_path)
    made.git("init", "-q")
    made.git("commit", "-q", "--allow-empty", "-m", "one")
    made.git("remote", "add", "origin", "https://github.com/Octo/Demo.git")
    factory.project(tmp_path / "python")
    return made


def runner_of(folder: Path, **facts: str) -> Runner:
    """The runner as the job sees it."""
    config = Config.read({"targets": "directory=out", "project-dir": "python"})
    return job_for(config, Runner(**facts), ENVIRON, Watch(9, lambda _: None), folder).ambient.runner  # type: ignore[arg-type]


class TestTheCommit:
    """Which one a release is made of."""

    def test_it_is_the_one_that_is_checked_out(self, checkout: Checkout) -> None:
        """A workflow may run on one commit, and check out and build another."""
        assert runner_of(checkout.folder, repository="octo/demo", sha=EVENT).sha == checkout.head

    def test_at_home_the_checkout_tells_the_repository_too(self, checkout: Checkout) -> None:
        """By its remote."""
        found = runner_of(checkout.folder)

        assert (found.repository, found.sha) == ("Octo/Demo", checkout.head)

    @pytest.mark.parametrize("remote", ["https://github.com/octo/other", "https://gitlab.com/octo/demo"])
    def test_that_of_another_repository_says_nothing(self, checkout: Checkout, remote: str) -> None:
        """Its commits are not there."""
        checkout.git("remote", "set-url", "origin", remote)

        assert runner_of(checkout.folder, repository="octo/demo", sha=EVENT).sha == EVENT

    def test_without_a_checkout_it_is_the_one_of_the_event(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Files that another job has built are published without one; at home nothing is known."""
        monkeypatch.chdir(tmp_path)

        assert runner_of(tmp_path, repository="octo/demo", sha=EVENT).sha == EVENT
        assert runner_of(tmp_path) == Runner()

    def test_at_home_a_tag_on_another_commit_is_a_conflict(self, checkout: Checkout, github: Github) -> None:
        """As it is in a workflow."""
        checkout.git("remote", "set-url", "origin", f"git@{github.server_url.removeprefix('http://')}:octo/demo.git")
        factory.release(checkout.folder / "dist")
        github.world.commits[EVENT], github.world.tags["v1.0"] = Commit(sha=EVENT), EVENT
        environ = ENVIRON | {"GITHUB_API_URL": github.url, "GITHUB_SERVER_URL": github.server_url, "GITHUB_TOKEN": github.token}
        stream = io.StringIO()

        code = cli.run(["publish", "--build", "never", "--targets", "github-release"], environ, stream)

        assert code == Failure.CONFLICT.exit_code
        assert f"is on the commit {EVENT}, and {checkout.head} was built" in stream.getvalue()
        assert github.writes() == 0
