"""Many jobs publish one version while the server breaks one answer in ten and some of them are killed."""

from __future__ import annotations

import itertools
import random
import threading
from typing import TYPE_CHECKING, TypeVar

import pytest
from tests import factory
from tests.servers.front import READS, Fault
from tests.targets.contract import digests, once
from tests.targets.namespaces import RegistryStand
from tests.targets.releases import OnGithub
from tests.targets.test_github_release_jobs import JOBS
from tests.targets.test_github_release_jobs import go as go_on_github
from tests.targets.test_github_release_jobs import jobs as github_jobs
from tests.targets.test_github_release_jobs import said as said_on_github
from tests.targets.test_oci_jobs import THIS, jobs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.servers.front import Front, Seen
    from tests.servers.registries import NewRegistry
    from tests.targets.jobs import Job, Nursery
    from tests.targets.releases import ReleaseStand
    from tests.targets.test_github_release_jobs import Job as GithubJob

    from pkg_publish.model import Release

    AnyJob = TypeVar("AnyJob", Job, GithubJob)

__all__ = ["github_jobs", "jobs"]

BROKEN = (Fault(status=503), Fault(reset=True), Fault(status=502, late=True), Fault(late=True, reset=True), Fault(cut=3))
MANY = 20


def under_fire(front: Front, seed: int, seconds: float) -> None:
    """Every answer takes so long, and one in ten is broken in one of the ways; what is lost of a read is only a read."""
    chance, never = random.Random(seed), threading.Event()  # noqa: S311 - test data

    def breaks(seen: Seen) -> bool:
        never.wait(seconds)
        return chance.random() < 0.1 and (seen.method not in READS or chance.random() < 0.5)

    front.fail_at(breaks, itertools.cycle(BROKEN))


def kill_some(started: list[AnyJob], seed: int) -> list[AnyJob]:
    """Three of them, one after another, wherever they are."""
    chance = random.Random(seed)  # noqa: S311 - test data
    killed = chance.sample(started, 3)
    for job in killed:
        threading.Event().wait(chance.random() * 0.5)
        job.kill()
    return killed


@pytest.mark.parametrize("seconds", [0.0, 0.04])
@pytest.mark.parametrize("kind", ["open", "v3"])
def test_twenty_jobs_keep_every_file_that_one_of_them_reported(new_registry: NewRegistry, tmp_path: Path, jobs: Nursery, kind: str, seconds: float) -> None:
    """Nobody's success is undone by another job, and a run again brings the rest."""
    whole = factory.release(tmp_path / "dist", wheels=MANY, with_sdist=False)
    stand = RegistryStand(new_registry(kind))
    started = jobs.begin(whole.distributions)
    under_fire(stand.server.front, 7, seconds)
    for job in started:
        job.go(stand.server.reference)

    killed = kill_some(started, 7)
    told = {each.name: job.said() for each, job in zip(whole.distributions, started, strict=True) if job not in killed}

    published = {name for name, outcome in told.items() if outcome == "published"}
    assert len(published) > MANY // 2, told
    assert {name: digest for name, digest in digests(whole).items() if name in published}.items() <= dict(stand.stored(whole)).items()
    stand.server.front.forget()
    assert once(stand.target(THIS, jobs="many"), whole).holds
    assert stand.stored(whole) == digests(whole)


class TestReleases(OnGithub):
    """The same at GitHub."""

    @pytest.fixture
    def release(self, tmp_path: Path) -> Release:
        """A wheel for each job."""
        return factory.release(tmp_path / "dist", wheels=JOBS)

    def test_eight_jobs(self, stand: ReleaseStand, release: Release, github_jobs: Callable[[Release], Iterator[GithubJob]]) -> None:
        """Nobody's success is undone, and a run again brings the rest into one release."""
        started = list(github_jobs(release))
        for number, front in enumerate((stand.server.api, stand.server.uploads)):
            under_fire(front, number, 0.0)
        for job in started:
            go_on_github(job)

        killed = kill_some(started, 3)
        told = {each.name: said_on_github(job) for each, job in zip(release.distributions, started, strict=False) if job not in killed}

        published = {name for name, outcome in told.items() if outcome.startswith("published")}
        assert published, told
        assert {name: digest for name, digest in digests(release).items() if name in published}.items() <= stand.stored(release).items()
        for front in (stand.server.api, stand.server.uploads):
            front.forget()
        assert once(stand.target(), release).holds
        assert stand.stored(release) == digests(release)
        assert len(stand.server.world.releases) == 1
