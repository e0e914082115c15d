"""`github-release`, on a GitHub with its own rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.targets.contract import ODD, ServerContract
from tests.targets.releases import ReleaseStand

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.github import Github

pytestmark = pytest.mark.usefixtures("no_pauses")


@pytest.fixture
def stand(github: Github, tmp_path: Path) -> ReleaseStand:
    """A repository without releases."""
    return ReleaseStand(server=github, folder=tmp_path)


class TestContract(ServerContract):
    """The contract."""

    @pytest.mark.parametrize(("name", "version"), [each for each in ODD if "!" not in each[1]], ids="-".join)
    def test_odd_names_and_versions(self, stand: ReleaseStand, tmp_path: Path, name: str, version: str) -> None:  # type: ignore[override]
        """All but epochs, which GitHub would make another version of."""
        super().test_odd_names_and_versions(stand, tmp_path, name, version)
