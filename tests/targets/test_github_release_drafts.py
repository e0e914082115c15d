"""`github-release`: drafts, ours and others', and what earlier runs and lost answers leave behind."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.clients.stand import Run
from tests.servers.github_world import MAIN
from tests.targets.contract import digests, once, watch
from tests.targets.releases import ANOTHER, OnGithub, code

from pkg_publish.clients.github_api import GithubApi
from pkg_publish.clients.github_home import PATIENCE
from pkg_publish.errors import Conflict, Failure
from pkg_publish.state import Done, State

if TYPE_CHECKING:
    from tests.targets.releases import ReleaseStand

    from pkg_publish.model import Release

pytestmark = pytest.mark.usefixtures("no_pauses")
LONG_AGO = "2026-01-01T00:00:00Z"


def now() -> str:
    """As GitHub writes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


class TestTheirs(OnGithub):
    """Drafts of somebody else."""

    def test_one_is_filled_and_published_as_it_is_written(self, stand: ReleaseStand, release: Release) -> None:
        """With its name and notes, on the commit that was built."""
        draft = stand.theirs(prerelease=True)

        assert once(stand.target(name="Ours", notes="none"), release).outcome is Done.PUBLISHED
        assert stand.server.world.releases == [draft]
        assert (draft.name, draft.body, draft.prerelease, draft.draft) == ("Theirs", "Their notes", True, False)
        assert stand.server.world.tags == {"v1.0": MAIN}

    @pytest.mark.parametrize("draft", [True, False], ids=["draft", "published"])
    def test_an_upload_of_theirs_is_waited_for_and_never_deleted(self, stand: ReleaseStand, release: Release, draft: bool) -> None:  # noqa: FBT001
        """Under a name of ours, just begun: it ends, or the error says what to do."""
        theirs, first, run = stand.server.put_release("v1.0", draft=draft), release.distributions[0], Run()
        asset = stand.server.put(theirs, first.name, b"", state="starter")
        asset.created_at = now()

        with pytest.raises(Conflict) as caught:
            stand.target().open(release, run.watch).send(first, run.watch)

        assert (caught.value.code, theirs.assets) == ("asset-under-way", [asset])
        assert sum(run.pauses) >= PATIENCE

    def test_what_is_left_of_an_upload_long_ago_is_replaced(self, stand: ReleaseStand, release: Release) -> None:
        """It blocks the name."""
        theirs = stand.server.put_release("v1.0")
        stand.server.put(theirs, release.distributions[0].name, b"", state="starter").created_at = LONG_AGO

        assert once(stand.target(), release).outcome is Done.PUBLISHED

    def test_one_that_names_another_commit_is_a_conflict(self, stand: ReleaseStand, release: Release) -> None:
        """It would tag what was not built."""
        draft = stand.theirs(target_commitish=ANOTHER)

        attempt = once(stand.target(), release)

        assert attempt.outcome is Failure.CONFLICT
        assert code(attempt) == "tag-on-another-commit"
        assert draft.draft
        assert stand.writes() == 0

    def test_other_bytes_in_one_are_a_conflict(self, stand: ReleaseStand, release: Release) -> None:
        """Nothing of others is ever deleted."""
        draft = stand.theirs()
        stand.server.put(draft, release.distributions[0].name, b"other")

        attempt = once(stand.target(), release)

        assert (attempt.outcome, attempt.before.state) == (Failure.CONFLICT, State.CONFLICT)
        assert stand.writes() == 0

    def test_of_several_the_oldest_is_filled(self, stand: ReleaseStand, release: Release) -> None:
        """The others stay; a draft of ours beside them goes if it is empty."""
        oldest, other, _ = stand.theirs(), stand.theirs(), stand.ours()

        once(stand.target(), release)

        assert stand.server.world.releases == [oldest, other]
        assert (oldest.draft, other.draft) == (False, True)


class TestOurs(OnGithub):
    """Drafts that runs of ours have left behind."""

    @pytest.mark.parametrize("attempt", [1, 2])
    def test_one_is_completed(self, stand: ReleaseStand, release: Release, attempt: int) -> None:
        """What is there with our bytes is not sent again; the marker goes, the notes stay as somebody may have written them by now."""
        draft, first = stand.ours(), release.distributions[0]
        stand.server.put(draft, first.name, first.path.read_bytes())

        done = once(stand.make(attempt=attempt), release)

        assert (done.before.state, [item.name for item in done.before.missing]) == (State.ABSENT, [release.distributions[1].name])
        assert done.outcome is Done.PUBLISHED
        assert stand.server.world.releases == [draft]
        assert (draft.body, stand.stored(release)) == ("Notes", digests(release))

    def test_one_that_is_whole_is_only_published(self, stand: ReleaseStand, release: Release) -> None:
        """One write."""
        draft = stand.ours()
        for each in release.distributions:
            stand.server.put(draft, each.name, each.path.read_bytes())

        assert once(stand.target(), release).outcome is Done.PUBLISHED
        assert stand.writes() == 1

    @pytest.mark.parametrize(("run", "attempt"), [("7", 2), ("8", 1)], ids=["the next attempt", "another run, an hour later"])
    def test_other_bytes_of_a_run_that_ended_are_replaced(self, stand: ReleaseStand, release: Release, run: str, attempt: int) -> None:
        """A build may differ from one run to the next, and nobody has seen them."""
        draft = stand.ours()
        stand.server.put(draft, release.distributions[0].name, b"other").created_at = LONG_AGO

        assert once(stand.make(attempt=attempt, run_id=run), release).outcome is Done.PUBLISHED
        assert stand.stored(release) == digests(release)

    @pytest.mark.parametrize("run", ["7", "8"], ids=["another job of this run", "another run, at the same time"])
    def test_other_bytes_of_a_run_at_work_are_a_conflict(self, stand: ReleaseStand, release: Release, run: str) -> None:
        """They are its own business, until an hour has gone by."""
        draft = stand.ours()
        stand.server.put(draft, release.distributions[0].name, b"other").created_at = now()

        assert once(stand.make(run_id=run), release).outcome is Failure.CONFLICT
        assert stand.writes() == 0

    def test_one_of_an_earlier_commit_goes(self, stand: ReleaseStand, release: Release) -> None:
        """The tag was moved after a run that failed; what it had sent is of another commit."""
        draft = stand.ours(commit=ANOTHER)
        for name in (release.distributions[0].name, "demo-1.0-cp39-none-any.whl"):
            stand.server.put(draft, name, b"not built any more").created_at = LONG_AGO

        assert once(stand.target(), release).outcome is Done.PUBLISHED
        assert len(stand.server.world.releases) == 1
        assert stand.stored(release) == digests(release)

    def test_it_stays_while_its_run_may_be_at_work(self, stand: ReleaseStand, release: Release) -> None:
        """For an hour."""
        draft = stand.ours(commit=ANOTHER)
        stand.server.put(draft, release.distributions[0].name, b"other").created_at = now()

        stand.target().open(release, watch())

        assert draft in stand.server.world.releases

    @pytest.mark.parametrize("change", [{"name": "The big one"}, {"body": "Hours of work"}], ids=["title", "notes"])
    def test_it_stays_when_a_person_has_taken_it_over(self, stand: ReleaseStand, release: Release, change: dict[str, str]) -> None:
        """By its words; the marker may still be there."""
        draft = stand.ours(commit=ANOTHER)
        draft.name, draft.body = change.get("name", draft.name), f"{draft.body}{change.get('body', '')}"

        assert once(stand.target(), release).outcome is Done.PUBLISHED
        assert draft in stand.server.world.releases

    def test_one_that_is_empty_no_more_stays(self, stand: ReleaseStand, release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
        """Another job, or a person, has put a file there since the drafts were listed."""
        _, empty, delete = stand.ours(), stand.ours(), GithubApi.delete_draft
        late = lambda *facts: (stand.server.put(empty, "photo.jpg", b"theirs"), delete(*facts))  # noqa: E731 - one line
        monkeypatch.setattr(GithubApi, "delete_draft", late)

        stand.target().open(release, watch())

        assert empty in stand.server.world.releases

    def test_it_stays_with_a_file_of_somebody_else(self, stand: ReleaseStand, release: Release) -> None:
        """They may want it back."""
        draft = stand.ours(commit=ANOTHER)
        stand.server.put(draft, "photo.jpg", b"theirs")

        assert once(stand.target(), release).outcome is Done.PUBLISHED
        assert draft in stand.server.world.releases
        assert stand.stored(release) == digests(release)

    @pytest.mark.parametrize("state", ["starter", "open"])
    def test_an_asset_that_is_not_whole_is_replaced(self, stand: ReleaseStand, release: Release, state: str) -> None:
        """It counts for nothing, and blocks the name."""
        stand.server.put(stand.ours(), release.distributions[0].name, b"", state=state)

        attempt = once(stand.target(), release)

        assert (attempt.before.held, attempt.outcome) == ({}, Done.PUBLISHED)
        assert stand.stored(release) == digests(release)

    def test_what_another_job_of_this_attempt_has_sent_is_not_replaced(self, stand: ReleaseStand, release: Release) -> None:
        """Into the draft that the attempt before has left."""
        draft = stand.ours(attempt="1")
        asset = stand.server.put(draft, release.distributions[0].name, b"other")
        asset.created_at = now()

        assert once(stand.make(jobs=2, attempt=2), release).outcome is Failure.CONFLICT
        assert draft.assets == [asset]

    def test_another_job_may_still_be_uploading(self, stand: ReleaseStand, release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
        """What is not whole is waited for, if there are other jobs."""
        first = release.distributions[0]
        asset = stand.server.put(stand.ours(), first.name, first.path.read_bytes(), state="starter")
        run = watch()
        monkeypatch.setattr(run, "wait", lambda *_: setattr(asset, "state", "uploaded"))
        target = stand.make(jobs=8)

        target.open(release, run).send(first, run)

        assert stand.server.stored("v1.0") == {first.name: first.sha256}
        assert stand.release(release).assets == [asset]

    def test_patience_ends(self, stand: ReleaseStand, release: Release) -> None:
        """The other job has died."""
        first = release.distributions[0]
        stand.server.put(stand.ours(), first.name, b"", state="starter")
        run = Run()
        began = run.watch.now()

        stand.make(jobs=8).open(release, run.watch).send(first, run.watch)

        assert run.pauses
        assert run.watch.now() - began >= PATIENCE
        assert stand.server.stored("v1.0") == {first.name: first.sha256}


class TestKeptDrafts(OnGithub):
    """`draft: true`."""

    def test_it_stays_a_draft(self, stand: ReleaseStand, release: Release) -> None:
        """It counts as published, for the next run too; nobody but a person publishes it, so nothing of ours is in its notes."""
        attempt = once(stand.target(draft="true", notes="none"), release)

        draft = stand.release(release)
        assert (attempt.outcome, draft.draft, draft.body) == (Done.PUBLISHED, True, "")
        assert stand.server.stored("v1.0") == digests(release)
        assert once(stand.target(draft="true"), release).outcome is Done.ALREADY_PUBLISHED

    def test_one_that_was_cut_off_before_its_end_is_finished(self, stand: ReleaseStand, release: Release) -> None:
        """So that a person finds it without our marker, and no later run takes it for its own."""
        draft = stand.ours()
        for each in release.distributions:
            stand.server.put(draft, each.name, each.path.read_bytes())

        attempt = once(stand.target(draft="true"), release)

        assert (attempt.outcome, draft.body, draft.draft) == (Done.PUBLISHED, "Notes", True)
        assert once(stand.target(draft="true"), release).outcome is Done.ALREADY_PUBLISHED
        assert once(stand.make({"draft": "true"}, sha=ANOTHER), replace(release, distributions=release.distributions[:1])).holds
        assert stand.server.world.releases == [draft]

    def test_it_installs_nothing_and_says_who_sees_it(self, stand: ReleaseStand, release: Release) -> None:
        """No command is printed."""
        receipt = once(stand.target(draft="true"), release).receipt

        assert receipt
        assert (receipt.source, receipt.visible_to) == ("", "private")
        assert "untagged-" in receipt.url
        assert receipt.warning == "The release v1.0 is a draft: only who may write to octo/demo sees it, until somebody publishes it."

    def test_without_the_option_it_is_published(self, stand: ReleaseStand, release: Release) -> None:
        """By the next run."""
        once(stand.target(draft="true"), release)

        assert once(stand.target(), release).outcome is Done.PUBLISHED
        assert stand.stored(release) == digests(release)
