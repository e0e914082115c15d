"""`github-release` and `github-packages`: what doctor learns there, beside the check."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests import factory
from tests.servers.scripted import Scripted, answer
from tests.targets.indexes import GithubStand
from tests.targets.releases import OnGithub
from tests.targets.test_github_packages import github as packages

from pkg_publish.doctor import Group
from pkg_publish.errors import Failure
from pkg_publish.model import Subject
from pkg_publish.targets.base import Examines
from pkg_publish.watch import Watch

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.devpi import Devpi
    from tests.targets.releases import ReleaseStand

    from pkg_publish.model import CheckRow
    from pkg_publish.targets.base import Target

DEMO = Subject(project="demo", version="1.0")


def rows(target: Target, subject: Subject = DEMO, seconds: float = 30) -> dict[str, CheckRow]:
    """What the doctor is told, by the name of the check."""
    assert isinstance(target, Examines)
    return {row.check: row for row in target.examine(subject, Watch(seconds, print))}


@pytest.mark.usefixtures("no_pauses")
class TestReleases(OnGithub):
    """`github-release`."""

    def test_before_the_first_publish(self, stand: ReleaseStand) -> None:
        """The tag and the release of the version will be made."""
        found = rows(stand.target())

        assert (found["tag"].found, found["release"].found, found["drafts"].found) == ("v1.0 will be made", "v1.0 has none that is published", "none of v1.0")
        assert found["asset names"].ok
        assert stand.writes() == 0

    def test_a_version_that_is_not_known(self, stand: ReleaseStand) -> None:
        """Has no tag."""
        found = rows(stand.target(), Subject())

        assert found.keys() & {"tag", "release", "drafts"} == set()
        assert found["asset names"].ok is None

    def test_drafts_are_ours_or_somebodys(self, stand: ReleaseStand) -> None:
        """A publish goes on in either."""
        stand.ours()
        ours = rows(stand.target())["drafts"]
        stand.theirs()
        both = rows(stand.target())["drafts"]

        assert (ours.found, "a run of ours" in ours.means) == ("1 of v1.0", True)
        assert (both.found, "somebody" in both.means) == ("2 of v1.0", True)

    def test_a_locked_release(self, stand: ReleaseStand) -> None:
        """What is not there cannot be added; whether something is missing shows elsewhere."""
        stand.server.put_release("v1.0", immutable=True)

        row = rows(stand.target())["release"]

        assert (row.ok, row.code) == (None, "release-immutable")

    def test_an_epoch_becomes_another_version(self, stand: ReleaseStand, tmp_path: Path) -> None:
        """As the files show, or without files the version."""
        release = factory.release(tmp_path / "dist", version="1!2.0")
        for subject in (Subject(project="demo", version="1!2.0"), Subject(project="demo", version="1!2.0", files=release.distributions)):
            row = rows(stand.target(), subject)["asset names"]
            assert (row.ok, row.failure, row.code) == (False, Failure.INVALID, "asset-name")
            assert "demo-1.2.0" in row.found

    def test_an_api_that_does_not_answer(self, stand: ReleaseStand) -> None:
        """It is said once."""
        found = rows(stand.make(api_url="http://127.0.0.1:9"), seconds=1)

        assert [(name, row.ok) for name, row in found.items()] == [("repository", False), ("asset names", True)]

    def test_an_api_that_answers_little(self, stand: ReleaseStand) -> None:
        """The repository, and nothing else: each row says so; drafts fail nothing, being nobody's need."""
        there = answer(200, json.dumps({"id": 1, "url": "x", "private": True}).encode(), Content_Type="application/json")
        broken = answer(400, b'{"message": "no"}', Content_Type="application/json")
        with Scripted().then(there, broken) as server:
            found = rows(stand.make(api_url=server.url))

        assert [(name, found[name].ok) for name in ("repository", "permission", "tag", "release", "drafts")] == [
            ("repository", True),
            ("permission", None),
            ("tag", False),
            ("release", False),
            ("drafts", None),
        ]


class TestPackages:
    """`github-packages`."""

    def test_every_address_and_why_nothing_helps(self) -> None:
        """A row for each form with what it answered, the package API, and what people try."""
        with Scripted().then(answer(404)) as server:
            found = rows(packages(server.url))

        addresses = [name for name in found if name.startswith(server.url)]
        assert len(addresses) == 4
        assert all(found[name].found == "answered 404" for name in addresses)
        assert "creates nothing" in found["package API"].means
        assert "support" in list(found)[-1]
        assert {row.failure for row in found.values()} == {Failure.UNSUPPORTED}

    def test_where_nobody_answers_the_cause_comes_first(self, free_port: int) -> None:
        """It is what the verdict and the annotation name."""
        target = packages(f"http://127.0.0.1:{free_port}")

        group = Group(title="github-packages", rows=tuple(rows(target).values()), place=target.place)

        assert group.cause
        why = "none of its addresses answered, and none is known to serve an index, so nothing can be published there"
        assert group.cause.found == f"GitHub Packages has no Python registry: {why}"
        assert not any("not asked" in row.found for row in group.rows)

    def test_without_a_github_repository_nothing_is_asked(self) -> None:
        """There is no address."""
        found = rows(packages("https://github.com", repository=""))

        assert found["addresses"].found == "the GitHub repository is not known, so nothing was asked"

    def test_a_time_that_is_up(self) -> None:
        """Nothing is known then."""
        row = rows(packages("http://127.0.0.1:9"), seconds=0)["Python registry"]

        assert (row.ok, row.code) == (None, "deadline")

    def test_the_day_it_is_there(self, devpi: Devpi) -> None:
        """Its own check."""
        assert list(rows(GithubStand(devpi).target())) == ["index", "login"]
