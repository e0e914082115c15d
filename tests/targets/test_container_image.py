"""`container-image`: the contract on real registries, and what an image is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.targets.contract import FaultContract, ItemContract, once
from tests.targets.images import ImageStand, program

from pkg_publish.errors import Failure
from pkg_publish.state import State

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.registries import NewRegistry

    from pkg_publish.model import Release

pytestmark = pytest.mark.usefixtures("no_pauses")


class ImageContract(ItemContract):
    """What holds for images: the item is the version's tag."""

    @pytest.fixture
    def release(self, tmp_path: Path) -> Release:
        """A project with a program."""
        return program(tmp_path / "dist")

    def expected(self, release: Release) -> dict[str, str | None]:
        """The tag, with the digest of the release's files."""
        return {item.name: item.sha256 for item in ImageStand.wanted(release)}

    def made(self, folder: Path, name: str, version: str) -> Release:
        """Any project with a program."""
        return program(folder, version, name=name)

    def test_says_how_it_runs(self, stand: ImageStand, release: Release) -> None:
        """The receipt has the command, with the digest of what the version's tag leads to."""
        receipt = once(stand.target(), release).receipt

        assert receipt is not None
        assert receipt.command == f"docker run --rm {stand.server.reference}@{receipt.digest}"
        assert receipt.digest == stand.digest("1.0")
        assert receipt.url == f"{stand.server.reference}:1.0"

    def test_other_files_are_a_conflict(self, stand: ImageStand, release: Release, tmp_path: Path) -> None:
        """Another build of the same version stops everything, and the tag stays."""
        once(stand.target(), program(tmp_path / "theirs", says="goodbye"))
        written, digest = stand.writes(), stand.digest("1.0")

        attempt = once(stand.target(), release)

        assert (attempt.outcome, attempt.before.state) == (Failure.CONFLICT, State.CONFLICT)
        assert (stand.writes(), stand.digest("1.0")) == (written, digest)


@pytest.mark.parametrize("kind", ["v3", "crane"])
class TestContractWhereAnybodyWrites(ImageContract):
    """The contract, on registries without users."""

    @pytest.fixture
    def stand(self, kind: str, new_registry: NewRegistry, tmp_path: Path) -> ImageStand:
        """No image."""
        return ImageStand(new_registry(kind), tmp_path)


@pytest.mark.parametrize("kind", ["token"])
class TestContractWithUsers(ImageContract, FaultContract):
    """The contract, on Debian's registry that wants tokens."""

    @pytest.fixture
    def stand(self, kind: str, new_registry: NewRegistry, tmp_path: Path) -> ImageStand:
        """No image."""
        return ImageStand(new_registry(kind), tmp_path)
