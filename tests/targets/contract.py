"""The contract that every target passes: inherit, and give a `stand`.

A class for a local place inherits `Contract`, one for a server `ServerContract` as well.
"""

from __future__ import annotations

import hashlib
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

import pytest
from tests import factory

from pkg_publish import publish
from pkg_publish.errors import Failure, Unsupported
from pkg_publish.model import RemoteFile, Subject
from pkg_publish.plan import Plan
from pkg_publish.state import Attempt, Done, State
from pkg_publish.targets.base import Checks, Describes, Examines, Lists, Source
from pkg_publish.watch import Sent, Watch

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pkg_publish.model import Release
    from pkg_publish.targets.base import Target

ODD = [("Foo.Bar_baz", "1.0"), ("demo", "1!2.0"), ("demo", "1.0+cu124.x"), ("demo", "2.0rc1.dev3"), ("d", "0")]
"""Names and versions that places spell in ways of their own."""


class Stand(Protocol):
    """A real place, set up for one test, seen past our code."""

    def target(self) -> Target:
        """A new target for this place, with credentials that are right."""

    def stored(self, release: Release) -> Mapping[str, str]:
        """What a reader finds of the release: sha256 by file name, read by other means than our code."""

    def put(self, name: str, data: bytes, release: Release) -> None:
        """Make the place hold these bytes under that name, as another job would have."""

    def remove(self, name: str, release: Release) -> None:
        """Make the place forget a file."""

    def writes(self) -> int:
        """How many writes have reached the place."""


class FaultyStand(Stand, Protocol):
    """A server that can be told to fail."""

    def target_with(self, username: str | None, password: str | None) -> Target:
        """A target with other credentials, or none."""

    def answer_writes(self, *statuses: int) -> None:
        """Answer the next writes with these statuses before any reaches the server; an empty call ends it."""


def watch(seconds: float = 30) -> Watch:
    """A watch that tells nobody."""
    return Watch(seconds, lambda _: None)


def once(target: Target, release: Release, seconds: float = 30, *, keep: bool = False) -> Attempt:
    """Publish to one target."""
    (attempt,) = publish.run(Plan(targets=[target], keep=keep), release, watch(seconds))
    return attempt


def digests(release: Release) -> dict[str, str | None]:
    """What a place must hold."""
    return {each.name: each.sha256 for each in release.distributions}


class ItemContract:
    """What holds at every place, whatever its items are."""

    def expected(self, release: Release) -> dict[str, str | None]:
        """What the place must hold of a release."""
        return digests(release)

    def made(self, folder: Path, name: str, version: str) -> Release:
        """A release that such a place takes."""
        return factory.release(folder, name, version)

    @pytest.fixture
    def release(self, tmp_path: Path) -> Release:
        """Three wheels and an sdist."""
        return factory.release(tmp_path / "dist", wheels=3)

    def test_publishes_and_reads_back(self, stand: Stand, release: Release) -> None:
        """After publishing, a look finds every file with its digest, and so does somebody else."""
        attempt = once(stand.target(), release)

        assert (attempt.outcome, attempt.problem) == (Done.PUBLISHED, None)
        assert {name: item.sha256 for name, item in attempt.after.held.items()} == self.expected(release)
        assert stand.stored(release) == self.expected(release)

    def test_publishing_again_writes_nothing(self, stand: Stand, release: Release) -> None:
        """The same bytes a second time are already published, and no write reaches the place."""
        once(stand.target(), release)
        written = stand.writes()

        attempt = once(stand.target(), release)

        assert attempt.outcome is Done.ALREADY_PUBLISHED
        assert attempt.receipt is not None
        assert stand.writes() == written

    def test_looks_and_checks_write_nothing(self, stand: Stand, release: Release) -> None:
        """Reading is reading."""
        target = stand.target()

        assert list(target.held(release, watch())) == []
        rows = list(target.check(watch())) if isinstance(target, Checks) else []
        if isinstance(target, Examines):
            rows += target.examine(Subject(project=release.project, version=release.version, files=release.distributions), watch())

        assert all(row.check and row.found for row in rows)
        assert all(row.failure and row.code for row in rows if row.ok is False)
        assert stand.writes() == 0
        assert stand.stored(release) == {}

    @pytest.mark.parametrize(("name", "version"), ODD, ids="-".join)
    def test_odd_names_and_versions(self, stand: Stand, tmp_path: Path, name: str, version: str) -> None:
        """However a name or version is spelt, it is found again."""
        release = self.made(tmp_path / "odd", name, version)

        assert once(stand.target(), release).outcome is Done.PUBLISHED
        assert once(stand.target(), release).outcome is Done.ALREADY_PUBLISHED
        assert stand.stored(release) == self.expected(release)


class Contract(ItemContract):
    """What holds at every place whose items are distributions."""

    def test_says_where_it_is(self, stand: Stand, release: Release) -> None:
        """The receipt tells people where to look and installers what to name."""
        receipt = once(stand.target(), release).receipt

        assert receipt is not None
        assert receipt.url
        assert receipt.source

    def test_sends_only_what_is_missing(self, stand: Stand, release: Release) -> None:
        """When one file is gone, the rest stay as they are and it is sent."""
        once(stand.target(), release)
        gone = release.distributions[1].name
        stand.remove(gone, release)
        target = stand.target()

        attempt = once(target, release)

        assert [item.name for item in attempt.before.missing] == [gone]
        assert attempt.outcome is Done.PUBLISHED
        assert stand.stored(release) == digests(release)

    def test_other_bytes_are_a_conflict(self, stand: Stand, release: Release, tmp_path: Path) -> None:
        """Other bytes under one of our names stop everything, and stay."""
        theirs = self._theirs(stand, release, tmp_path)
        written = stand.writes()

        attempt = once(stand.target(), release)

        assert attempt.outcome is Failure.CONFLICT
        assert attempt.before.state is State.CONFLICT
        assert stand.writes() == written
        assert stand.stored(release) == theirs

    def test_other_bytes_can_be_kept(self, stand: Stand, release: Release, tmp_path: Path) -> None:
        """With `on-conflict: keep` they stay and what is missing is sent."""
        theirs = self._theirs(stand, release, tmp_path)

        attempt = once(stand.target(), release, keep=True)

        assert attempt.outcome is Done.PUBLISHED
        assert stand.stored(release) == digests(release) | theirs

    @staticmethod
    def _theirs(stand: Stand, release: Release, folder: Path) -> dict[str, str]:
        """Put another wheel under the name of our first; return what the place holds then."""
        first = release.distributions[0]
        tag = "-".join(first.name.removesuffix(".whl").split("-")[2:])
        other = factory.wheel(folder / "theirs", release.project, release.version, tag=tag, content=b"x = 2\n")
        stand.put(first.name, other.read_bytes(), release)
        return {first.name: hashlib.sha256(other.read_bytes()).hexdigest()}

    def test_fetches_the_same_bytes(self, stand: Stand, release: Release) -> None:
        """What a source hands out is what was published."""
        target = stand.target()
        once(target, release)
        assert isinstance(target, Source)

        files = target.files(release.project, release.version, watch())

        assert {file.name: file.sha256 for file in files} == digests(release)
        for file in files:
            assert hashlib.sha256(b"".join(target.fetch(file, watch()))).hexdigest() == file.sha256

    def test_knows_no_other_project_or_version(self, stand: Stand, release: Release) -> None:
        """A source answers an empty list for what it does not hold."""
        target = stand.target()
        once(target, release)
        assert isinstance(target, Source)

        assert list(target.files("another-project", None, watch())) == []
        assert list(target.files(release.project, "9.9", watch())) == []
        assert all(isinstance(file, RemoteFile) for file in target.files(release.project, None, watch()))

    def test_describes_its_files(self, stand: Stand, release: Release) -> None:
        """A source that promises metadata has just that, without the file; one that lists its projects lists this one."""
        target = stand.target()
        once(target, release)

        assert isinstance(target, Source)
        for file in target.files(release.project, release.version, watch()):
            if file.metadata_sha256 and isinstance(target, Describes):
                assert hashlib.sha256(target.metadata(file, watch())).hexdigest() == file.metadata_sha256
        if isinstance(target, Lists):
            with suppress(Unsupported):
                assert list(target.projects(watch())) == [release.project]

    def test_a_cancel_leaves_nothing_half_visible(self, stand: Stand, release: Release) -> None:
        """Cancelled in the middle of a file: what a reader finds is whole, and a second run completes it."""
        stop = threading.Event()

        def tell(event: object) -> None:
            if isinstance(event, Sent) and event.name == release.distributions[1].name:
                stop.set()

        (attempt,) = publish.run(Plan(targets=[stand.target()]), release, Watch(30, tell, stop=stop))

        assert attempt.outcome in {Failure.CANCELLED, Done.PUBLISHED}
        assert stand.stored(release).items() <= digests(release).items()
        assert once(stand.target(), release).holds
        assert stand.stored(release) == digests(release)


class FaultContract(ItemContract):
    """What holds at every place that is a server with users, whatever its items are."""

    @pytest.mark.parametrize("credentials", [(None, None), ("nobody", "wrong-password")], ids=["none", "wrong"])
    def test_refuses_bad_credentials(self, stand: FaultyStand, release: Release, credentials: tuple[str | None, str | None]) -> None:
        """Without or with wrong credentials it is refused, untouched, with the setting to change; no secret is in the message."""
        attempt = once(stand.target_with(*credentials), release)

        assert attempt.outcome is Failure.REFUSED
        assert attempt.problem is not None
        assert attempt.problem.cure
        assert "wrong-password" not in repr(vars(attempt.problem))
        assert stand.stored(release) == {}

    def test_two_failures_are_survived(self, stand: FaultyStand, release: Release) -> None:
        """503 twice, then fine: published."""
        stand.answer_writes(503, 503)

        assert once(stand.target(), release).outcome is Done.PUBLISHED
        assert stand.stored(release) == self.expected(release)

    def test_failing_for_ever_is_unavailable(self, stand: FaultyStand, release: Release) -> None:
        """503 to every write: unavailable, and proven untouched."""
        stand.answer_writes(*[503] * 100)

        attempt = once(stand.target(), release, seconds=60)
        stand.answer_writes()

        assert attempt.outcome is Failure.UNAVAILABLE
        assert attempt.after.state is State.ABSENT
        assert stand.stored(release) == {}


class ServerContract(FaultContract, Contract):
    """What holds at every place that is a server with users and whose items are distributions."""
