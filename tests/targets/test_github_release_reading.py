"""`github-release`: other repositories, installing, checks."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from tests.servers.github_world import MAIN
from tests.targets.contract import digests, once, watch
from tests.targets.releases import ANOTHER, OnGithub

from pkg_publish.errors import ConfigError, Failure, Integrity, Refused
from pkg_publish.state import Done
from pkg_publish.watch import Watch

if TYPE_CHECKING:
    from tests.targets.releases import ReleaseStand

    from pkg_publish.model import Release

pytestmark = pytest.mark.usefixtures("no_pauses")


class TestAnotherRepository(OnGithub):
    """`github-release=OWNER/REPO`."""

    def test_it_knows_nothing_of_the_commit(self, stand: ReleaseStand, release: Release) -> None:
        """So its tag is made at the end of its default branch."""
        target = stand.make({"repo": "octo/demo"}, repository="octo/source", sha=ANOTHER)

        assert once(target, release).outcome is Done.PUBLISHED
        assert target.place.name == "github-release=octo/demo"
        assert stand.server.world.tags == {"v1.0": MAIN}

    @pytest.mark.parametrize(("public", "private"), [(False, False), (True, False), (False, True)], ids=["unasked", "asked", "private"])
    def test_a_private_source_goes_to_no_public_one_unasked(self, stand: ReleaseStand, release: Release, public: bool, private: bool) -> None:  # noqa: FBT001
        """Both may be private."""
        stand.server.world.private = private
        target = stand.make({"repo": "octo/demo"}, repository="octo/source", event={}, public=public)

        attempt = once(target, release)

        assert attempt.outcome is (Done.PUBLISHED if public or private else Failure.POLICY)
        assert bool(stand.writes()) is (public or private)

    def test_without_a_place_there_is_none(self, stand: ReleaseStand) -> None:
        """At home, the repository must be named."""
        with pytest.raises(ConfigError) as caught:
            stand.make(repository="")

        assert caught.value.paste == "targets: github-release=OWNER/REPO"

    @pytest.mark.parametrize("name", ["octo", "octo/demo/more", "https://github.com/octo/demo", "octo/démo"])
    def test_a_place_has_an_owner_and_a_name(self, stand: ReleaseStand, name: str) -> None:
        """Nothing else."""
        with pytest.raises(ConfigError) as caught:
            stand.target(repo=name)

        assert caught.value.code == "target-option"


class TestSource(OnGithub):
    """Installing from it."""

    def test_a_version_is_found_under_whatever_tag(self, stand: ReleaseStand, release: Release) -> None:
        """Among all releases, when that of its own tag does not have it; drafts are nobody's."""
        stand.server.put_release("v1.0")
        once(stand.target(tag="test-7"), release)
        stand.server.put(stand.server.put_release("v0.9", draft=True), "demo-0.9-py3-none-any.whl", b"x")
        reader = stand.make(token=None)

        assert {file.name: file.sha256 for file in reader.files("demo", "1.0", watch())} == digests(release)
        assert {file.name: file.sha256 for file in reader.files("demo", None, watch())} == digests(release)

    def test_many_names_are_one_question(self, stand: ReleaseStand, release: Release) -> None:
        """An installer asks for each that it needs, and GitHub lets strangers ask sixty times an hour."""
        once(stand.target(), release)
        reader = stand.make(token=None)
        stand.server.api.requests.clear()

        assert [len(reader.files(name, None, watch())) for name in ("demo", "numpy", "torch")] == [len(release.distributions), 0, 0]
        assert len(stand.server.api.requests) == 1

    def test_an_asset_that_begins_with_the_name_is_no_absent_project(self, stand: ReleaseStand, release: Release) -> None:
        """Else another index would supply it."""
        target = stand.target()
        once(target, release)
        for asset in stand.server.world.releases[0].assets:
            asset.name, asset.label = "demo-1.0.tar.bz2", ""

        with pytest.raises(Integrity) as caught:
            target.files("demo", None, watch())
        assert caught.value.code == "project-damaged"

    def test_a_browser_finds_the_files(self, stand: ReleaseStand, release: Release) -> None:
        """Those of a public repository, without a login; nobody finds a private one's."""
        target = stand.target()
        once(target, release)
        files = target.files("demo", None, watch())

        assert [each.rpartition("/")[2] for each in target.addresses(files, watch())] == [file.name for file in files]
        stand.server.world.private = True
        assert set(target.addresses(files, watch())) == {""}

    def test_projects_are_those_of_published_files(self, stand: ReleaseStand, release: Release) -> None:
        """Neither those of a draft nor what is no distribution."""
        once(stand.target(), release)
        stand.server.put(stand.server.put_release("v0.9", draft=True), "other-0.9-py3-none-any.whl", b"x")
        stand.server.put(stand.server.put_release("v0.8"), "guide.pdf", b"x")

        assert stand.target().projects(watch()) == ["demo"]

    def test_the_storage_sees_no_token(self, stand: ReleaseStand, release: Release) -> None:
        """It would refuse us if it did."""
        target = stand.target()
        once(target, release)
        file = target.files("demo", "1.0", watch())[0]

        assert hashlib.sha256(b"".join(target.fetch(file, watch()))).hexdigest() == file.sha256
        assert [call.authorization for call in stand.server.storage.calls] == [None]

    def test_a_file_that_is_gone_is_refused(self, stand: ReleaseStand, release: Release) -> None:
        """Between the list and the bytes."""
        target = stand.target()
        once(target, release)
        file = target.files("demo", "1.0", watch())[0]
        stand.remove(file.name, release)

        with pytest.raises(Refused) as caught:
            list(target.fetch(file, watch()))
        assert caught.value.code == "github-not-found"


class TestChecks(OnGithub):
    """What doctor and a dry run are told."""

    def test_all_is_well(self, stand: ReleaseStand) -> None:
        """Without a write."""
        (stand.folder / "guide.pdf").touch()

        rows = list(stand.target(tag="v1.0", extra_files="*.pdf").check(watch()))

        assert [(row.check, row.ok) for row in rows] == [(name, True) for name in ("repository", "permission", "tag", "release", "extra files")]
        assert [row.found for row in rows] == [
            "octo/demo is readable for everybody",
            "this token may write releases",
            "v1.0 will be made",
            "v1.0 has none that is published",
            "guide.pdf",
        ]
        assert stand.writes() == 0

    def test_what_would_not_work(self, stand: ReleaseStand) -> None:
        """Each with what to do."""
        rows = list(stand.make({"extra_files": "*.pdf"}, token="ghs_reader").check(watch()))

        assert [(row.check, row.ok) for row in rows] == [("repository", True), ("permission", False), ("extra files", False)]
        assert all(row.do for row in rows if not row.ok)

    def test_what_is_there(self, stand: ReleaseStand) -> None:
        """The tag's commit, and a release that is locked."""
        stand.server.put_release("v1.0", immutable=True)
        stand.server.world.private = True

        rows = list(stand.target(tag="v1.0").check(watch()))

        assert [row.found for row in rows if row.check != "permission"] == [
            "octo/demo is private",
            f"v1.0 is on {MAIN}",
            "v1.0 is published, and locked: nothing can be added",
        ]

    def test_nobody_answers(self, stand: ReleaseStand) -> None:
        """Nothing is raised."""
        rows = list(stand.make({"tag": "v1.0"}, api_url="http://127.0.0.1:9").check(Watch(1, print)))

        assert {row.ok for row in rows} == {False}
