"""`github-release`: where a version lives already, and what is no sign of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests import factory
from tests.servers.github_world import MAIN
from tests.targets.contract import digests, once, watch
from tests.targets.releases import OnGithub, code

from pkg_publish import publish
from pkg_publish.errors import Conflict, Failure
from pkg_publish.plan import Plan
from pkg_publish.state import Done, State
from pkg_publish.targets.base import Ambient, TargetSpec
from pkg_publish.targets.directory import Directory, DirectoryKind

if TYPE_CHECKING:
    from tests.targets.releases import ReleaseStand

    from pkg_publish.model import Release
    from pkg_publish.targets.github_release import GithubRelease

pytestmark = pytest.mark.usefixtures("no_pauses")


def wheelhouse(stand: ReleaseStand) -> Directory:
    """An empty folder."""
    return DirectoryKind().make(TargetSpec(kind="directory", options={"path": "out"}), Ambient(folder=stand.folder, environ={}, runner=stand.job))


def chain(stand: ReleaseStand, target: GithubRelease, release: Release) -> list[tuple[str, object]]:
    """Publish to an empty folder first, then there; who was tried and what it came to."""
    attempts = publish.run(Plan(targets=[wheelhouse(stand), target]), release, watch())
    return [(each.place.kind, each.outcome) for each in attempts if each.outcome is not Done.SKIPPED]


class TestOneHome(OnGithub):
    """A version that was published under another tag."""

    @pytest.fixture
    def there(self, stand: ReleaseStand, release: Release) -> None:
        """By a run that a tag had triggered."""
        stand.server.world.tags["demo-1.0"] = MAIN
        assert once(stand.make(ref="refs/tags/demo-1.0"), release).outcome is Done.PUBLISHED

    @pytest.mark.usefixtures("there")
    def test_it_is_found_there(self, stand: ReleaseStand, release: Release) -> None:
        """By a run on a branch, which would have another tag."""
        target = stand.make(ref="refs/heads/main", event_name="workflow_dispatch")
        written = stand.writes()

        attempt = once(target, release)

        assert (attempt.outcome, attempt.receipt and attempt.receipt.tag) == (Done.ALREADY_PUBLISHED, "demo-1.0")
        assert stand.writes() == written

    @pytest.mark.usefixtures("there")
    def test_no_other_place_gets_it(self, stand: ReleaseStand, release: Release) -> None:
        """Although it stands before."""
        assert chain(stand, stand.make(ref="refs/heads/main"), release) == [("github-release", Done.ALREADY_PUBLISHED)]

    @pytest.mark.usefixtures("there")
    def test_what_is_missing_is_sent_there(self, stand: ReleaseStand, release: Release) -> None:
        """Into the one release."""
        (there,) = stand.server.world.releases
        del there.assets[0]

        assert once(stand.target(), release).outcome is Done.PUBLISHED
        assert stand.server.world.releases == [there]
        assert stand.server.stored("demo-1.0") == digests(release)

    @pytest.mark.usefixtures("there")
    def test_an_empty_release_of_our_own_tag_changes_nothing(self, stand: ReleaseStand, release: Release) -> None:
        """Somebody may have made it by hand."""
        stand.server.put_release("v1.0")

        assert once(stand.target(), release).outcome is Done.ALREADY_PUBLISHED
        assert stand.stored(release) == {}

    @pytest.mark.usefixtures("there")
    def test_a_tag_that_is_asked_for_stands_alone(self, stand: ReleaseStand, release: Release) -> None:
        """For rehearsals."""
        assert once(stand.target(tag="test-7"), release).outcome is Done.PUBLISHED
        assert stand.server.stored("test-7") == digests(release)

    def test_a_rehearsal_is_no_home(self, stand: ReleaseStand, release: Release) -> None:
        """Its tag does not name the version."""
        once(stand.target(tag="test-7"), release)

        assert once(stand.target(), release).outcome is Done.PUBLISHED
        assert stand.stored(release) == digests(release)


class TestExtraFiles(OnGithub):
    """What is no distribution is no sign of a version."""

    @pytest.fixture
    def target(self, stand: ReleaseStand) -> GithubRelease:
        """With a licence."""
        (stand.folder / "LICENSE").write_bytes(b"MIT")
        return stand.target(extra_files="LICENSE")

    @pytest.mark.parametrize("theirs", [b"MIT", b"BSD"], ids=["same", "other"])
    def test_another_place_may_have_the_version_first(self, stand: ReleaseStand, release: Release, target: GithubRelease, theirs: bytes) -> None:
        """A person has published a page with a licence."""
        stand.put("LICENSE", theirs, release)

        assert chain(stand, target, release) == [("directory", Done.PUBLISHED)]

    def test_the_same_is_left_as_it_is(self, stand: ReleaseStand, release: Release, target: GithubRelease) -> None:
        """Whoever has put it there."""
        stand.put("LICENSE", b"MIT", release)

        attempt = once(target, release)

        assert (attempt.before.state, attempt.outcome) == (State.ABSENT, Done.PUBLISHED)
        assert stand.stored(release).keys() == {*digests(release), "LICENSE"}

    def test_another_is_a_conflict_when_it_is_our_turn(self, stand: ReleaseStand, release: Release, target: GithubRelease) -> None:
        """Nothing is written."""
        stand.put("LICENSE", b"BSD", release)

        attempt = once(target, release)

        assert (attempt.outcome, attempt.after.differing) == (Failure.CONFLICT, ["LICENSE"])
        assert stand.writes() == 0


class TestSeveralProjects(OnGithub):
    """Each needs a tag of its own; two may find that out at the same time."""

    @pytest.fixture
    def other(self, stand: ReleaseStand) -> Release:
        """Another project's release of the same version."""
        return factory.release(stand.folder / "other", name="other")

    def test_what_the_other_has_published_meanwhile_is_seen_before_a_write(self, stand: ReleaseStand, release: Release, other: Release) -> None:
        """Both had found nothing."""
        target = stand.target()
        plan = Plan(targets=[target])
        before = publish.look(plan, target, other, watch())
        once(stand.target(), release)

        attempt = publish.publish_to(plan, target, other, before, watch())

        assert (attempt.outcome, code(attempt)) == (Failure.CONFLICT, "another-projects-release")
        assert stand.stored(release) == digests(release)

    def test_what_the_other_has_put_into_our_draft_is_seen_before_it_is_published(self, stand: ReleaseStand, release: Release, other: Release) -> None:
        """Nobody has seen anything."""
        ours, theirs = stand.target().open(release, watch()), stand.target().open(other, watch())
        theirs.send(other.distributions[0], watch())

        with pytest.raises(Conflict) as caught:
            ours.finish(watch())

        assert caught.value.code == "another-projects-release"
        assert stand.server.world.published() == []
