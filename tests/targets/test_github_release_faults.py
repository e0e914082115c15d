"""`github-release`: what gets lost on the way."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests import factory
from tests.servers.front import Fault
from tests.servers.github import primary_limit, secondary_limit
from tests.targets.contract import digests, once, watch
from tests.targets.releases import OnGithub, code

from pkg_publish import publish
from pkg_publish.clients import github_home, retry
from pkg_publish.clients.transport import Transport
from pkg_publish.errors import Conflict, Failure, Refused
from pkg_publish.plan import Plan
from pkg_publish.state import Done
from pkg_publish.targets.base import Ambient, TargetSpec
from pkg_publish.targets.directory import DirectoryKind

if TYPE_CHECKING:
    from pathlib import Path

    from tests.targets.releases import ReleaseStand

    from pkg_publish.clients.request import Request
    from pkg_publish.model import Distribution, Release

pytestmark = pytest.mark.usefixtures("no_pauses")

NOT_THERE = Fault(status=404, headers={"Content-Type": "application/json", "Content-Length": "24"}, body=b'{"message": "Not Found"}')
NO_RELEASES = Fault(status=200, headers={"Content-Type": "application/json", "Content-Length": "2"}, body=b"[]")
ODD_JSON = [
    *(
        b"",
        b"null",
        b"5",
        b"[]",
        b"[1]",
        b"{}",
        b'{"id": 1}',
        b'{"id": "x", "url": "x"}',
        b'{"id": 1, "url": "x", "tag_name": 5}',
        b'{"object": null, "url": "x"}',
    ),
    *(b'[{"id": 1}]', b'[{"id": 1, "url": "x", "assets": {}}]', b'[{"id": 1, "url": "x", "assets": [5]}]', b'[{"id": 1, "url": "x", "draft": "yes"}]'),
]


class TestFaults(OnGithub):
    """What gets lost on the way."""

    @pytest.mark.parametrize("fault", [Fault(late=True, status=502), Fault(late=True, reset=True)], ids=["502", "reset"])
    @pytest.mark.parametrize("host", ["api", "uploads"])
    def test_every_lost_answer_is_found_out(self, stand: ReleaseStand, release: Release, host: str, fault: Fault) -> None:
        """Nothing is made twice: the draft, an asset, the publication."""
        getattr(stand.server, host).fail_writes(fault, fault)

        assert once(stand.target(), release).outcome is Done.PUBLISHED
        assert len(stand.server.world.releases) == 1
        assert stand.stored(release) == digests(release)

    def test_a_lost_publication_is_asked_for_again(self, stand: ReleaseStand, release: Release) -> None:
        """It does no harm."""
        draft = stand.ours()
        for each in release.distributions:
            stand.server.put(draft, each.name, each.path.read_bytes())
        stand.server.api.fail_writes(Fault(late=True, reset=True))

        assert once(stand.target(), release).outcome is Done.PUBLISHED

    def test_an_upload_that_broke_off_is_repeated(self, stand: ReleaseStand, release: Release) -> None:
        """GitHub answers 502 and leaves half an asset."""
        stand.server.world.broken_uploads = 2

        assert once(stand.target(), release).outcome is Done.PUBLISHED
        assert stand.stored(release) == digests(release)

    @pytest.mark.parametrize("lags", [{"lag_in_list": 2}, {"lag_by_tag": 2}, {"lag_in_list": 1, "lag_by_tag": 3}], ids=str)
    def test_what_was_written_is_seen_late(self, stand: ReleaseStand, release: Release, lags: dict[str, int]) -> None:
        """By its tag, and in the list."""
        for name, value in lags.items():
            setattr(stand.server.world, name, value)

        assert once(stand.target(), release).outcome is Done.PUBLISHED
        assert len(stand.server.world.releases) == 1

    def test_too_many_writes_are_waited_for(self, stand: ReleaseStand, release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
        """As long as GitHub says."""
        monkeypatch.setattr(retry, "LONGEST_ASKED", 0.1)
        for front in (stand.server.api, stand.server.uploads):
            front.fail_writes(secondary_limit(60), secondary_limit(60, status=429))

        assert once(stand.target(), release).outcome is Done.PUBLISHED

    @pytest.mark.parametrize("fault", [secondary_limit(None), primary_limit(1)], ids=["no time said", "the hour is used up"])
    def test_a_limit_that_lasts_is_unavailable(self, stand: ReleaseStand, release: Release, fault: Fault) -> None:
        """Not refused: it goes by."""
        stand.server.api.fail_reads(*[fault] * 20)

        attempt = once(stand.target(), release)

        assert attempt.outcome is Failure.UNAVAILABLE
        assert code(attempt) == "rate-limited"

    @pytest.mark.parametrize("before", [[], [NOT_THERE], [NOT_THERE, NO_RELEASES]], ids=["by tag", "list", "tag"])
    @pytest.mark.parametrize("body", ODD_JSON)
    def test_odd_json_is_no_crash(self, stand: ReleaseStand, release: Release, tmp_path: Path, body: bytes, before: list[Fault]) -> None:
        """GitHub has a bad hour, or a proxy answers in its place: the chain goes on."""
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body))}
        stand.server.api.fail_reads(*before, *[Fault(status=200, headers=headers, body=body)] * 5)
        wheelhouse = DirectoryKind().make(TargetSpec(kind="directory", options={"path": "out"}), Ambient(folder=tmp_path, environ={}, runner=stand.job))

        first, second = publish.run(Plan(targets=[stand.target(), wheelhouse]), release, watch())

        assert (first.outcome, code(first), second.outcome) == (Failure.UNAVAILABLE, "unexpected-answer", Done.PUBLISHED)

    def test_a_draft_that_is_gone_is_made_again(self, stand: ReleaseStand, release: Release) -> None:
        """Another job has cleared it away, for it was empty; what was sent before is sent again."""
        target, first, second = stand.target(), *release.distributions
        upload = target.open(release, watch())
        upload.send(first, watch())
        stand.server.world.releases.clear()

        upload.send(second, watch())
        upload.finish(watch())

        assert len(stand.server.world.releases) == 1
        assert stand.stored(release) == digests(release)

    def test_what_another_job_has_published_meanwhile_is_filled(self, stand: ReleaseStand, release: Release) -> None:
        """Ours goes, since all that it had is there."""
        target = stand.target()
        upload = target.open(release, watch())
        for each in release.distributions:
            upload.send(each, watch())
        other = stand.server.put_release("v1.0")

        upload.finish(watch())

        assert stand.server.world.releases == [other]
        assert stand.stored(release) == digests(release)

    def test_two_published_at_the_same_time_end_as_one_that_holds_all(self, stand: ReleaseStand, release: Release) -> None:
        """GitHub's own race: readers find one by the tag, and what they find is whole."""
        stand.server.world.blind = 1
        upload = stand.target().open(release, watch())
        for each in release.distributions:
            upload.send(each, watch())
        other = stand.server.put_release("v1.0", hidden_by_tag=1, hidden_in_list=1)
        stand.server.world.releases.reverse()

        upload.finish(watch())

        assert {asset.name for asset in other.assets} == set(digests(release))

    def test_what_is_published_between_two_looks_is_found_by_the_next(self, stand: ReleaseStand, release: Release) -> None:
        """GitHub refuses a second release of the tag; ours is cleared away."""
        upload = stand.target().open(release, watch())
        for each in release.distributions:
            upload.send(each, watch())
        other = stand.server.put_release("v1.0", hidden_by_tag=1, hidden_in_list=2)

        upload.finish(watch())

        assert stand.server.world.releases == [other]
        assert stand.stored(release) == digests(release)

    def test_a_draft_with_a_file_of_somebody_else_stays(self, stand: ReleaseStand, release: Release) -> None:
        """Although another release was published."""
        upload = stand.target().open(release, watch())
        stand.server.put(stand.release(release), "photo.jpg", b"theirs")
        other = stand.server.put_release("v1.0")

        upload.finish(watch())

        assert [each.draft for each in stand.server.world.releases] == [True, False]
        assert other.assets == []

    def test_a_file_that_came_from_another_job_meanwhile_is_as_good(self, stand: ReleaseStand, release: Release) -> None:
        """If it has our bytes."""
        first = release.distributions[0]
        upload = stand.target().open(release, watch())
        asset = stand.server.put(stand.release(release), first.name, first.path.read_bytes())

        upload.send(first, watch())

        assert stand.release(release).assets == [asset]

    @pytest.mark.parametrize("phrase", ["Unprocessable Entity", "Unprocessable Content"])
    def test_a_name_that_is_taken_is_understood_by_either_phrase(self, stand: ReleaseStand, release: Release, phrase: str) -> None:
        """Servers and Pythons call the status 422 by its old name or its new one; the reason stands in the body."""
        first = release.distributions[0]
        upload = stand.target().open(release, watch())
        asset = stand.server.put(stand.release(release), first.name, first.path.read_bytes())
        body = b'{"message": "Validation Failed", "errors": [{"resource": "ReleaseAsset", "code": "already_exists", "field": "name"}]}'
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body))}
        stand.server.uploads.fail_writes(Fault(status=422, reason=phrase, headers=headers, body=body))

        upload.send(first, watch())

        assert stand.release(release).assets == [asset]

    @pytest.mark.parametrize("broken", [0, 1], ids=["refused", "broken off"])
    def test_other_bytes_that_came_meanwhile_are_a_conflict(self, stand: ReleaseStand, release: Release, broken: int) -> None:
        """Found when GitHub refuses the name, or when we look what became of an upload."""
        first = release.distributions[0]
        upload = stand.target().open(release, watch())
        stand.server.put(stand.release(release), first.name, b"other")
        stand.server.uploads.fail_writes(*[Fault(status=502)] * broken)

        with pytest.raises(Conflict) as caught:
            upload.send(first, watch())
        assert caught.value.code == "other-bytes"

    def test_other_bytes_that_readers_may_have_are_never_touched(self, stand: ReleaseStand, release: Release) -> None:
        """The error does not say that they could be deleted."""
        first = release.distributions[0]
        stand.server.put_release("v1.0")
        upload = stand.target().open(release, watch())
        asset = stand.server.put(stand.release(release), first.name, b"other")

        with pytest.raises(Conflict) as caught:
            upload.send(first, watch())
        assert "delete" not in caught.value.cure
        assert stand.release(release).assets == [asset]

    def test_a_publication_that_never_settles_is_left_to_the_look(self, stand: ReleaseStand, release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
        """After some rounds it has the last word."""
        monkeypatch.setattr(github_home, "ROUNDS", 1)

        assert once(stand.target(), release).outcome is Done.PUBLISHED

    def test_what_was_locked_meanwhile_takes_nothing(self, stand: ReleaseStand, release: Release) -> None:
        """Another job was faster."""
        upload = stand.make(jobs=8).open(release, watch())
        stand.release(release).immutable = True

        with pytest.raises(Refused) as caught:
            upload.send(release.distributions[0], watch())
        assert caught.value.code == "release-immutable"
        assert "needs: build" in caught.value.paste


class Killed(BaseException):
    """The end of a process, whatever it was doing."""


def die_at(patch: pytest.MonkeyPatch, number: int, *, sent: bool) -> None:
    """Let this write be the last that is begun, or that arrives."""
    write, done = Transport.write, iter(range(1, 100))

    def dying(self: Transport, request: Request, *rest: object) -> object:
        last = next(done) >= number
        if last and not sent:
            raise Killed
        answer = write(self, request, *rest)  # type: ignore[arg-type]
        if last:
            raise Killed
        return answer

    patch.setattr(Transport, "write", dying)


def rebuilt(folder: Path) -> Distribution:
    """The first wheel, with other bytes."""
    return factory.distribution(factory.wheel(folder / "again", content=b"x = 2\n"), "demo", "1.0")


class TestKills(OnGithub):
    """A process may end anywhere."""

    @pytest.mark.parametrize("sent", [False, True], ids=["before", "after"])
    @pytest.mark.parametrize("number", [1, 2, 3, 4])
    def test_the_next_run_heals_whatever_was_killed(  # noqa: PLR0917 - a table
        self,
        stand: ReleaseStand,
        release: Release,
        monkeypatch: pytest.MonkeyPatch,
        tmp_path: Path,
        number: int,
        sent: bool,  # noqa: FBT001
    ) -> None:
        """Before or after any write; the next attempt may even have built other bytes."""
        with monkeypatch.context() as patch:
            die_at(patch, number, sent=sent)
            with pytest.raises(Killed):
                once(stand.target(), release)
        published = any(not each.draft for each in stand.server.world.releases)
        again = release if published else replace(release, distributions=(rebuilt(tmp_path), *release.distributions[1:]))

        assert once(stand.make(attempt=2), again).holds
        assert stand.stored(again) == digests(again)
        assert len(stand.server.world.releases) == 1
