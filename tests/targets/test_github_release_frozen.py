"""`github-release` as an index of files: assets that anybody can fetch are linked to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests import factory
from tests.targets.contract import once
from tests.targets.releases import OnGithub
from tests.test_freeze import freeze, listed

from pkg_publish.freeze import Frozen

if TYPE_CHECKING:
    from pathlib import Path

    from tests.targets.releases import ReleaseStand

pytestmark = pytest.mark.usefixtures("no_pauses")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Where the index is to be."""
    return tmp_path / "site"


class TestRelease(OnGithub):
    """Assets of a release, which anybody can fetch."""

    def test_assets_are_linked_to(self, stand: ReleaseStand, site: Path, tmp_path: Path) -> None:
        """They were read once, for what their place does not say; there is no metadata beside them."""
        release = factory.release(tmp_path / "dist")
        once(stand.target(), release)

        assert freeze(site, stand.target()) == Frozen(projects=1, copied=0, linked=2)
        fetched = len(stand.server.storage.calls)
        assert freeze(site, stand.target()).linked == 2

        assert len(stand.server.storage.calls) == fetched
        assert {file.url.rpartition("/")[0] for file in listed(site)} == {f"{stand.server.server_url}/octo/demo/releases/download/v1.0"}
        assert {(file.requires_python, file.metadata_sha256) for file in listed(site)} == {(">=3.8", None)}

    def test_a_private_repositorys_assets_are_copied(self, stand: ReleaseStand, site: Path, tmp_path: Path) -> None:
        """Nobody could fetch them."""
        once(stand.target(), factory.release(tmp_path / "dist"))
        stand.server.world.private = True

        assert freeze(site, stand.target()).copied == 2
