"""Many jobs publish one version: the journal brings their files together, without a lock."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests import factory
from tests.servers.front import Fault
from tests.targets.contract import digests, once, watch
from tests.targets.jobs import Nursery
from tests.targets.layouts import JOB
from tests.targets.namespaces import RegistryStand

from pkg_publish import publish
from pkg_publish.errors import Conflict, Failure
from pkg_publish.plan import Plan
from pkg_publish.runner import Runner
from pkg_publish.state import Done, State
from pkg_publish.targets import oci
from pkg_publish.watch import Waiting, Watch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.servers.registries import NewRegistry, Registry

    from pkg_publish.model import Release

THIS, OTHER = Runner(run_id="1"), Runner(run_id="2")


@pytest.fixture
def stand(registry_open: Registry) -> RegistryStand:
    """An empty namespace where anybody may write."""
    return RegistryStand(registry_open)


@pytest.fixture
def release(tmp_path: Path) -> Release:
    """Three wheels, of which each could be a job's."""
    return factory.release(tmp_path / "dist", wheels=3, with_sdist=False)


def part(release: Release, *numbers: int) -> Release:
    """What one job publishes of it."""
    return replace(release, distributions=tuple(release.distributions[number] for number in numbers))


def journaled(stand: RegistryStand, release: Release, runner: Runner) -> None:
    """Send what a job sends, and stop before the index."""
    upload = stand.target(runner, jobs="many").open(release, watch())
    for each in release.distributions:
        upload.send(each, watch())


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[Nursery]:
    """Who begins jobs."""
    with Nursery(tmp_path) as nursery:
        yield nursery


def test_twenty_jobs_publish_one_version(new_registry: NewRegistry, tmp_path: Path, jobs: Nursery) -> None:
    """At once, twice: every file is kept, and each job says so."""
    whole = factory.release(tmp_path / "dist", wheels=20, with_sdist=False)
    started = jobs.begin(whole.distributions)
    for _ in range(2):
        stand = RegistryStand(new_registry("open"))
        for job in started:
            job.go(stand.server.reference)

        assert {job.said() for job in started} == {"published"}
        assert stand.stored(whole) == digests(whole)


def test_a_job_that_dies_holds_nobody_up(stand: RegistryStand, release: Release, jobs: Nursery) -> None:
    """Killed wherever it is: the others publish theirs, and the version is whole when it runs again."""
    first, *others = started = jobs.begin(release.distributions)
    for job in started:
        job.go(stand.server.reference)
    first.kill()

    assert {job.said() for job in others} == {"published"}
    assert digests(part(release, 1, 2)).items() <= dict(stand.stored(release)).items()
    assert once(stand.target(THIS, jobs="many"), part(release, 0)).holds
    assert stand.stored(release) == digests(release)


@pytest.mark.usefixtures("no_pauses")
class TestTheJournal:
    """What counts, for whom, and for how long."""

    def test_what_others_wrote_down_comes_along(self, stand: RegistryStand, release: Release) -> None:
        """A job that died after its entry is finished by the next one, of whatever run, for an hour."""
        journaled(stand, part(release, 0), OTHER)

        assert once(stand.target(THIS, jobs="many"), part(release, 1)).outcome is Done.PUBLISHED
        assert stand.stored(release) == digests(part(release, 0, 1))

    def test_what_was_sent_needs_only_the_index(self, stand: RegistryStand, release: Release) -> None:
        """Our own entry is found staged; nothing is sent again."""
        journaled(stand, release, THIS)
        written = stand.writes()

        attempt = once(stand.target(THIS, jobs="many"), release)

        assert (attempt.before.state, attempt.before.missing) == (State.ABSENT, [])
        assert attempt.outcome is Done.PUBLISHED
        assert stand.writes() == written + 1
        assert stand.stored(release) == digests(release)

    def test_readers_never_look_into_it(self, stand: RegistryStand, release: Release) -> None:
        """What the index does not show is not published."""
        journaled(stand, release, OTHER)

        assert list(stand.target(THIS).files("demo", "1.0", watch())) == []
        assert stand.stored(release) == {}

    def test_other_bytes_of_a_running_job_are_a_conflict(self, stand: RegistryStand, release: Release, tmp_path: Path) -> None:
        """Seen before anything is written, and by a job that comes between."""
        other = factory.release(tmp_path / "other", wheels=3, with_sdist=False)
        first = other.distributions[0]
        changed = factory.wheel(tmp_path / "changed", tag="cp38-none-any", content=b"x = 2\n")
        other = replace(other, distributions=(factory.distribution(changed, "demo", "1.0"),))
        upload = stand.target(THIS, jobs="many").open(other, watch())
        journaled(stand, release, OTHER)

        assert once(stand.target(THIS, jobs="many"), other).outcome is Failure.CONFLICT
        with pytest.raises(Conflict, match=first.name):
            upload.send(other.distributions[0], watch())

    def test_the_same_bytes_are_written_down_once(self, stand: RegistryStand, release: Release) -> None:
        """Two jobs that publish one file do not disturb one another."""
        journaled(stand, release, OTHER)
        entries = stand.journal(release)

        journaled(stand, release, THIS)

        assert stand.journal(release) == entries
        assert len(entries) == 3

    def test_an_old_entry_is_stale(self, stand: RegistryStand, release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
        """A file that somebody deleted on purpose does not come back; ours is written down anew, and the log says so."""
        with monkeypatch.context() as earlier:
            earlier.setattr(time, "time", lambda: 1_000_000_000.0)
            journaled(stand, release, OTHER)
        told: list[object] = []

        (attempt,) = publish.run(Plan(targets=[stand.target(THIS, jobs="many")]), part(release, 0), Watch(60, told.append))

        assert attempt.outcome is Done.PUBLISHED
        assert stand.stored(release) == digests(part(release, 0))
        assert any(isinstance(event, Waiting) and "an earlier run" in event.why for event in told)

    def test_a_job_that_died_is_run_again_with_other_bytes(self, stand: RegistryStand, release: Release, tmp_path: Path) -> None:
        """Nobody has seen what it wrote down, and it is dead when its run is run again: that is no conflict."""
        journaled(stand, part(release, 0), replace(THIS, run_attempt="1"))
        rebuilt = factory.wheel(tmp_path / "rebuilt", tag=release.distributions[0].name.split("-", 2)[2].removesuffix(".whl"), content=b"x = 2\n")
        again = replace(release, distributions=(factory.distribution(rebuilt, "demo", "1.0"),))

        assert again.distributions[0].name == release.distributions[0].name
        assert once(stand.target(replace(THIS, run_attempt="2"), jobs="many"), again).outcome is Done.PUBLISHED
        assert stand.stored(release) == digests(again)

    @pytest.mark.parametrize("run", [THIS, OTHER], ids=["the same run", "another run"])
    def test_builds_of_two_commits_do_not_mix(self, stand: RegistryStand, release: Release, run: Runner) -> None:
        """What a run of another commit wrote down comes into nobody else's index, and a file of ours that it wrote down is sent by us."""
        journaled(stand, part(release, 0, 1), replace(OTHER, sha="a" * 40))

        assert once(stand.target(replace(run, sha="b" * 40), jobs="many"), part(release, 1, 2)).outcome is Done.PUBLISHED
        assert stand.stored(release) == digests(part(release, 1, 2))
        revisions = {stand.manifest(release, each["digest"])["annotations"]["org.opencontainers.image.revision"] for each in stand.index(release)["manifests"]}
        assert revisions == {"b" * 40}

    def test_a_run_knows_its_own_entries_for_ever(self, stand: RegistryStand, release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
        """A matrix may take longer than an hour."""
        with monkeypatch.context() as earlier:
            earlier.setattr(time, "time", lambda: 1_000_000_000.0)
            journaled(stand, part(release, 0), THIS)

        once(stand.target(THIS, jobs="many"), part(release, 1))

        assert stand.stored(release) == digests(part(release, 0, 1))

    @pytest.mark.parametrize("annotations", [None, {}, {"io.github.pkg-publish-action.entry": "no JSON"}, {"io.github.pkg-publish-action.entry": "{}"}])
    def test_what_is_no_entry_counts_for_nothing(self, stand: RegistryStand, release: Release, annotations: object) -> None:
        """Whatever lies under one of its tags."""
        journaled(stand, part(release, 0), OTHER)
        ((tag, entry),) = stand.journal(release).items()
        stand.server.put_manifest(tag, {**entry, "annotations": annotations}, f"{stand.repository(release)}/files")

        assert once(stand.target(THIS, jobs="many"), part(release, 1)).outcome is Done.PUBLISHED
        assert stand.stored(release) == digests(part(release, 1))

    def test_an_entry_says_where_it_belongs(self, stand: RegistryStand, release: Release) -> None:
        """GitHub links the second package by it; job and time say when it counts."""
        journaled(stand, part(release, 0), replace(JOB, run_id="7", run_attempt="2"))

        (entry,) = stand.journal(release).values()
        assert entry["annotations"]["org.opencontainers.image.source"] == "https://github.com/octo/demo"
        found = json.loads(entry["annotations"]["io.github.pkg-publish-action.entry"])
        assert (found["run"], found["attempt"], found["commit"], abs(found["time"] - time.time()) < 60) == ("7", "2", JOB.sha, True)
        assert entry["artifactType"] == "application/vnd.pkg-publish.entry.v1+json"

    def test_a_job_alone_keeps_none(self, stand: RegistryStand, release: Release) -> None:
        """It would be a second package in the owner's list."""
        once(stand.target(THIS), release)

        assert stand.journal(release) == {}

    def test_an_index_that_never_lasts_is_left_to_the_look(self, stand: RegistryStand, release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
        """Somebody else writes it all the time: after some rounds the look has the last word."""
        monkeypatch.setattr(oci, "ROUNDS", 2)

        assert once(stand.target(THIS, jobs="many"), release).outcome is Done.PUBLISHED

    def test_a_failing_journal_may_have_arrived(self, stand: RegistryStand, release: Release) -> None:
        """Other jobs show what stands in it, so this failure is not the same as a blob's."""
        upload = stand.target(THIS, jobs="many").open(part(release, 0), watch())
        upload.send(release.distributions[0], watch())
        stand.server.front.fail_writes(*[Fault(status=503)] * 100)

        attempt = once(stand.target(THIS, jobs="many"), part(release, 1), seconds=60)

        assert attempt.outcome is Failure.UNAVAILABLE
