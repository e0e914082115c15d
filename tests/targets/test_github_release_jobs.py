"""`github-release`: many jobs publish one version at the same time."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from subprocess import PIPE
from typing import TYPE_CHECKING

import pytest
from tests import factory
from tests.servers.github_world import MAIN
from tests.targets.contract import digests, once
from tests.targets.releases import OnGithub

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.targets.releases import ReleaseStand

    from pkg_publish.model import Release

    Job = subprocess.Popen[str]

JOBS = 8

ONE_OF_MANY = """
import json, sys
from pathlib import Path
sys.path[:0] = [str(Path("src").resolve())]
from tests import factory
from pkg_publish import publish
from pkg_publish.model import Release
from pkg_publish.plan import Plan
from pkg_publish.runner import Runner
from pkg_publish.secret import Secret
from pkg_publish.targets.base import Ambient, TargetSpec
from pkg_publish.targets.github_release import GithubReleaseKind
from pkg_publish.watch import Watch
import pkg_publish.clients.github_requester, pkg_publish.clients.faults

files = tuple(factory.distribution(Path(path), "demo", "1.0") for path in sys.argv[3:])
release = Release(project="demo", version="1.0", distributions=files)
environ = {"PKG_PUBLISH_JOB_TOTAL": "8", "GITHUB_RUN_ATTEMPT": "1"}
ambient = Ambient(folder=Path(), environ=environ, runner=Runner(**json.loads(sys.argv[1])), tokens={"github-token": Secret(sys.argv[2])})
target = GithubReleaseKind().make(TargetSpec(kind="github-release"), ambient)
print("ready", flush=True)
sys.stdin.readline()
(attempt,) = publish.run(Plan(targets=[target]), release, Watch(120, lambda _: None))
print(attempt.outcome, attempt.problem and attempt.problem.code, flush=True)
"""
"""A job: it publishes its files when it is told to."""


@pytest.fixture
def jobs(stand: ReleaseStand) -> Iterator[Callable[[Release], list[Job]]]:
    """Start a process for each wheel of a release, which all publish its sdist as well; they end with the test."""
    started: list[Job] = []
    runner = {"repository": "octo/demo", "sha": MAIN, "run_id": "7", "api_url": stand.server.url, "server_url": stand.server.server_url}

    def start(release: Release) -> list[Job]:
        *wheels, sdist = release.distributions
        for wheel in wheels:
            command = [sys.executable, "-c", ONE_OF_MANY, json.dumps(runner), stand.server.token, str(wheel.path), str(sdist.path)]
            started.append(subprocess.Popen(command, stdin=PIPE, stdout=PIPE, text=True, cwd=Path(__file__).parents[2]))
        assert {said(job) for job in started} == {"ready"}
        return started

    yield start
    for job in started:
        job.communicate()


def go(job: Job) -> None:
    """Let a job publish."""
    assert job.stdin
    job.stdin.write("\n")
    job.stdin.flush()


def said(job: Job) -> str:
    """The next line of a job."""
    assert job.stdout
    return job.stdout.readline().strip()


class TestJobs(OnGithub):
    """A matrix: each job has a wheel of its own, and all the same sdist."""

    @pytest.fixture
    def release(self, tmp_path: Path) -> Release:
        """A wheel for each job."""
        return factory.release(tmp_path / "dist", wheels=JOBS)

    def test_eight_jobs_end_with_one_release_that_holds_all(self, stand: ReleaseStand, release: Release, jobs: Callable[[Release], list[Job]]) -> None:
        """Whoever is done publishes; the others go on into what is published."""
        started = jobs(release)
        for job in started:
            go(job)

        assert {said(job) for job in started} == {"published None"}
        assert len(stand.server.world.releases) == 1
        assert stand.stored(release) == digests(release)

    def test_a_job_that_dies_holds_nobody_up(self, stand: ReleaseStand, release: Release, jobs: Callable[[Release], list[Job]]) -> None:
        """Killed wherever it is: what it lacks is sent when it runs again."""
        first, *others = started = jobs(release)
        for job in started:
            go(job)
        first.send_signal(signal.SIGKILL)

        assert {said(job) for job in others} == {"published None"}
        first.wait()
        assert once(stand.target(), release).holds
        assert stand.stored(release) == digests(release)
        assert len(stand.server.world.releases) == 1

    def test_what_is_immutable_takes_one_job_only(self, stand: ReleaseStand, release: Release, jobs: Callable[[Release], list[Job]]) -> None:
        """The others are refused, and know what to write."""
        stand.server.world.immutable = True
        first, second, *_ = started = jobs(release)
        go(first)
        assert said(first) == "published None"

        go(second)

        assert said(second) == "partial release-immutable"
        for job in started[2:]:
            job.kill()
