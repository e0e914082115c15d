"""`github-release`, on a GitHub with its own rules."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from tests import factory
from tests.servers.github_world import MAIN, Commit
from tests.targets.contract import ODD, ServerContract, digests, once, watch
from tests.targets.releases import ANOTHER, OnGithub, code

from pkg_publish import publish
from pkg_publish.clients.github_api import GithubApi
from pkg_publish.errors import Failure
from pkg_publish.explain import explained
from pkg_publish.model import Receipt
from pkg_publish.plan import Plan
from pkg_publish.state import Done
from pkg_publish.verdict import conclude
from pkg_publish.watch import Sent, Watch

if TYPE_CHECKING:
    from pathlib import Path

    from tests.targets.releases import ReleaseStand

    from pkg_publish.model import Release

pytestmark = pytest.mark.usefixtures("no_pauses")


class TestContract(OnGithub, ServerContract):
    """The contract."""

    @pytest.fixture
    def release(self, tmp_path: Path) -> Release:
        """Three wheels and an sdist."""
        return factory.release(tmp_path / "dist", wheels=3)

    @pytest.mark.parametrize(("name", "version"), [each for each in ODD if "!" not in each[1]], ids="-".join)
    def test_odd_names_and_versions(self, stand: ReleaseStand, tmp_path: Path, name: str, version: str) -> None:  # type: ignore[override]
        """All but epochs, which GitHub would make another version of."""
        super().test_odd_names_and_versions(stand, tmp_path, name, version)


class TestTheRelease(OnGithub):
    """What GitHub has in the end."""

    def test_it_is_made_on_the_commit_that_was_built(self, stand: ReleaseStand, release: Release) -> None:
        """Titled by its tag, with GitHub's notes and nothing of ours in them."""
        attempt = once(stand.target(), release)

        made = stand.release(release)
        assert stand.server.world.tags == {"v1.0": MAIN}
        assert (made.name, made.draft, made.prerelease, made.target_commitish) == ("v1.0", False, False, MAIN)
        assert made.body == f"**Full Changelog**: {stand.server.server_url}/octo/demo/commits/v1.0"
        assert attempt.outcome is Done.PUBLISHED

    def test_the_receipt_says_where_it_is(self, stand: ReleaseStand, release: Release) -> None:
        """As it is called after it was published."""
        receipt = once(stand.target(), release).receipt

        made = stand.release(release)
        assert receipt
        assert (receipt.url, receipt.source) == (f"{stand.server.server_url}/octo/demo/releases/tag/v1.0", "github-release=octo/demo")
        assert (receipt.tag, receipt.release_id, receipt.visible_to, receipt.warning) == ("v1.0", str(made.id), "public", "")
        assert receipt.upload_url.startswith(f"{stand.server.uploads.url}/repos/octo/demo/releases/{made.id}/assets")

    def test_that_of_a_release_that_is_gone_is_empty(self, stand: ReleaseStand, release: Release) -> None:
        """Somebody has deleted it meanwhile."""
        assert stand.target().receipt(release, watch()) == Receipt()

    def test_that_of_a_private_repository_is_private(self, stand: ReleaseStand, release: Release) -> None:
        """Whoever installs from it needs a token."""
        stand.server.world.private = True

        receipt = once(stand.target(), release).receipt

        assert receipt
        assert receipt.visible_to == "private"

    @pytest.mark.parametrize(
        ("options", "ref", "tag"),
        [({}, "refs/tags/demo-v1.0", "demo-v1.0"), ({"tag": "test-7"}, "refs/tags/v1.0", "test-7"), ({}, "refs/heads/main", "v1.0")],
        ids=["of the event", "asked for", "of the version"],
    )
    def test_it_has_the_tag(self, stand: ReleaseStand, release: Release, options: dict[str, str], ref: str, tag: str) -> None:
        """That was asked for, or triggered the run, or names the version."""
        target = stand.make(options, ref=ref)

        assert once(target, release).outcome is Done.PUBLISHED
        assert stand.server.stored(tag) == digests(release)
        assert [file.name for file in target.files("demo", "1.0", watch())] == [each.name for each in release.distributions]

    def test_it_has_the_name_and_the_notes_that_were_asked_for(self, stand: ReleaseStand, release: Release) -> None:
        """The notes come from a file."""
        (stand.folder / "notes.md").write_text("# New\n")

        once(stand.target(name="Demo One", notes="notes.md"), release)

        made = stand.release(release)
        assert (made.name, made.body) == ("Demo One", "# New\n")

    @pytest.mark.parametrize(("version", "options", "expected"), [("1.0rc1", {}, True), ("1.0", {"prerelease": "true"}, True), ("1.0", {}, False)])
    def test_it_is_a_prerelease(self, stand: ReleaseStand, tmp_path: Path, version: str, options: dict[str, str], expected: bool) -> None:  # noqa: FBT001
        """By its version, or by word."""
        release = factory.release(tmp_path / "dist", version=version)

        once(stand.target(**options), release)

        assert stand.release(release).prerelease is expected

    @pytest.mark.parametrize(
        ("version", "latest", "before", "expected"),
        [
            ("1.1", "auto", "v1.0", "v1.1"),
            ("1.0.1", "auto", "v1.1", "v1.1"),
            ("1.2rc1", "auto", "v1.0", "v1.0"),
            ("1.2rc1", "true", "v1.0", "v1.0"),
            ("1.0.1", "true", "v1.1", "v1.0.1"),
            ("1.1", "false", "v1.0", "v1.0"),
        ],
    )
    def test_which_one_is_the_latest(  # noqa: PLR0917 - a table
        self, stand: ReleaseStand, tmp_path: Path, version: str, latest: str, before: str, expected: str
    ) -> None:
        """Never a pre-release, nor a backport unless it is asked for."""
        world = stand.server.world
        world.latest = stand.server.put_release(before).id

        once(stand.target(latest=latest), factory.release(tmp_path / "dist", version=version))

        found = world.find_latest()
        assert found
        assert found.tag_name == expected

    def test_a_backport_is_not_the_latest_whatever_its_tags_begin_with(self, stand: ReleaseStand, tmp_path: Path) -> None:
        """Neither `v` nor the project's name."""
        world = stand.server.world
        world.latest = stand.server.put_release("py-v2.0").id

        once(stand.target(tag="py-v1.5"), factory.release(tmp_path / "dist", version="1.5"))

        assert world.latest == world.releases[0].id

    def test_extra_files_and_checksums_are_in_it(self, stand: ReleaseStand, release: Release) -> None:
        """A distribution that a pattern matches is there once; everything is in the list."""
        (stand.folder / "guide.pdf").write_bytes(b"a guide")

        attempt = once(stand.target(extra_files="*.pdf\ndist/*.whl", checksums="true"), release)

        wanted = digests(release) | {"guide.pdf": hashlib.sha256(b"a guide").hexdigest()}
        stored = stand.stored(release)
        assert attempt.outcome is Done.PUBLISHED
        assert stored.pop("SHA256SUMS") == hashlib.sha256("".join(f"{wanted[name]}  {name}\n" for name in sorted(wanted)).encode()).hexdigest()
        assert stored == wanted
        assert once(stand.target(extra_files="*.pdf\ndist/*.whl", checksums="true"), release).outcome is Done.ALREADY_PUBLISHED

    @pytest.mark.parametrize("keep", [False, True], ids=["fail", "keep"])
    def test_other_checksums_are_explained_like_other_files(self, stand: ReleaseStand, release: Release, keep: bool) -> None:  # noqa: FBT001
        """Although they are no distribution of the release."""
        stand.put("SHA256SUMS", b"theirs", release)
        target = stand.target(checksums="true")

        attempt = explained(once(target, release, keep=keep), target, release, watch())
        report = conclude(Plan(targets=[target], keep=keep), release, [attempt], seconds=0)

        told = [remark.text for remark in report.remarks] if keep else attempt.problem.details if attempt.problem else ()
        assert attempt.outcome is (Done.PUBLISHED if keep else Failure.CONFLICT)
        assert any("SHA256SUMS: sha256" in each for each in told)

    def test_what_the_event_published_is_filled(self, stand: ReleaseStand, release: Release) -> None:
        """Its name, its notes and its tag stay."""
        stand.server.put_release("1.0-final", name="Theirs", body="Their notes")
        event = {"release": {"tag_name": "1.0-final"}, "repository": {"private": False}}

        attempt = once(stand.make(event_name="release", event=event), release)

        (made,) = stand.server.world.releases
        assert attempt.outcome is Done.PUBLISHED
        assert (made.name, made.body, [asset.name for asset in made.assets]) == ("Theirs", "Their notes", [each.name for each in release.distributions])


class TestConflicts(OnGithub):
    """What others have there."""

    def test_a_tag_on_another_commit(self, stand: ReleaseStand, release: Release) -> None:
        """Than the one built: nothing is written."""
        stand.server.world.commits[ANOTHER] = Commit(sha=ANOTHER)
        stand.server.world.tags["v1.0"] = ANOTHER

        attempt = once(stand.target(), release)

        assert (attempt.outcome, code(attempt)) == (Failure.CONFLICT, "tag-on-another-commit")
        assert stand.writes() == 0

    def test_the_same_bytes_are_there_whatever_the_tag_is_on(self, stand: ReleaseStand, release: Release) -> None:
        """Nothing needs to be written."""
        once(stand.target(), release)

        assert once(stand.make(sha=ANOTHER), release).outcome is Done.ALREADY_PUBLISHED

    def test_a_tag_that_is_pushed_elsewhere_during_the_upload(self, stand: ReleaseStand, release: Release) -> None:
        """Nothing is published."""
        stand.server.world.commits[ANOTHER] = Commit(sha=ANOTHER)

        def push(event: object) -> None:
            if isinstance(event, Sent):
                stand.server.world.tags["v1.0"] = ANOTHER

        run = Watch(30, push)
        (attempt,) = publish.run(Plan(targets=[stand.target()]), release, run)

        assert (attempt.outcome, code(attempt)) == (Failure.CONFLICT, "tag-on-another-commit")
        assert stand.server.world.published() == []

    def test_a_tag_that_is_pushed_elsewhere_while_we_publish(self, stand: ReleaseStand, release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
        """The error says that the release is there; a later run finds it whole."""
        world = stand.server.world
        world.commits[ANOTHER] = Commit(sha=ANOTHER)
        change = GithubApi.change
        monkeypatch.setattr(GithubApi, "change", lambda *facts: (change(*facts), world.tags.update({"v1.0": ANOTHER})))

        attempt = once(stand.target(), release)

        assert (attempt.outcome, code(attempt)) == (Failure.CONFLICT, "tag-on-another-commit")
        assert attempt.problem
        assert attempt.problem.what.endswith("; the release is published all the same")
        assert once(stand.target(), release).outcome is Done.ALREADY_PUBLISHED

    def test_an_annotated_tag_leads_to_its_commit(self, stand: ReleaseStand, release: Release) -> None:
        """Past its own object."""
        stand.server.world.tags["v1.0"], stand.server.world.annotated["c" * 40] = "c" * 40, MAIN

        assert once(stand.target(), release).outcome is Done.PUBLISHED

    def test_the_files_of_another_project(self, stand: ReleaseStand, release: Release, tmp_path: Path) -> None:
        """Each project needs a tag of its own."""
        stand.put("other-1.0-py3-none-any.whl", factory.wheel(tmp_path, "other").read_bytes(), release)

        attempt = once(stand.target(), release)

        assert (attempt.outcome, code(attempt)) == (Failure.CONFLICT, "another-projects-release")
        assert attempt.problem
        assert "tag: demo-v1.0" in attempt.problem.paste
        assert stand.writes() == 0

    def test_other_files_and_other_versions_are_nobodys_business(self, stand: ReleaseStand, release: Release) -> None:
        """A tarball may be anything."""
        for name in ("demo-linux-1.0.tar.gz", "guide.pdf", "demo-0.9-py3-none-any.whl"):
            stand.put(name, b"theirs", release)

        attempt = once(stand.target(), release)

        assert attempt.outcome is Done.PUBLISHED
        assert attempt.after.held.keys() == digests(release).keys()

    def test_an_asset_without_a_digest_is_fetched_and_hashed(self, stand: ReleaseStand, release: Release) -> None:
        """As old ones are, and those of old servers."""
        stand.server.world.digests = False
        first = release.distributions[0]

        assert once(stand.target(), release).outcome is Done.PUBLISHED
        stand.release(release).assets[0].data = b"other"
        attempt = once(stand.target(), release)
        assert (attempt.outcome, attempt.after.differing) == (Failure.CONFLICT, [first.name])
