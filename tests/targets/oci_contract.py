"""What holds wherever a version is an OCI image index: on a disk, in a registry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import pytest
from tests import factory
from tests.targets.contract import digests, once, watch
from tests.targets.layouts import JOB

from pkg_publish.errors import Failure
from pkg_publish.state import Done
from pkg_publish.targets.base import Source

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pkg_publish.model import Release
    from pkg_publish.runner import Runner
    from pkg_publish.targets.base import Target


class OciStand(Protocol):
    """A real place, seen past our code."""

    def target(self, runner: Runner | None = None) -> Target:
        """A new target for this place."""

    def stored(self, release: Release) -> Mapping[str, str]:
        """What a reader finds of the release: sha256 by file name."""

    def index(self, release: Release) -> dict[str, Any]:
        """The version's index."""

    def point(self, release: Release, manifest: Mapping[str, Any]) -> None:
        """Make the version's tag point at this."""

    def lose(self, release: Release, part: str) -> None:
        """Delete a part of the first file: its `manifest`, `config` or `layer`."""


class OciContract:
    """Parts that are lost, digests that are missing, indexes that lie."""

    @pytest.fixture
    def release(self, tmp_path: Path) -> Release:
        """Two wheels and an sdist with a local version."""
        return factory.release(tmp_path / "dist", "hello-world", "1.0+cu1", wheels=2)

    def test_pyocis_own_files_are_read(self, stand: OciStand, release: Release) -> None:
        """Also those of its first versions, which give no digest in the index."""
        once(stand.target(), release)
        index = stand.index(release)
        stand.point(release, {**index, "manifests": [{**each, "annotations": {}} for each in index["manifests"]]})
        target = stand.target()
        assert isinstance(target, Source)

        files = target.files("hello-world", "1.0+cu1", watch())

        assert {file.name: file.sha256 for file in files} == digests(release)
        assert once(target, release).outcome is Done.ALREADY_PUBLISHED

    @pytest.mark.parametrize("part", ["manifest", "config", "layer"])
    def test_a_lost_part_is_sent_again(self, stand: OciStand, release: Release, part: str) -> None:
        """The file is not held before, and whole after, also from another commit."""
        once(stand.target(), release)
        stand.lose(release, part)

        attempt = once(stand.target(JOB), release)

        assert len(attempt.before.missing) == 1
        assert attempt.outcome is Done.PUBLISHED
        assert stand.stored(release) == digests(release)

    def test_an_index_that_promises_other_bytes_is_broken(self, stand: OciStand, release: Release) -> None:
        """Readers by index and readers by manifest would get different files."""
        once(stand.target(), release)
        index = stand.index(release)
        first = index["manifests"][0]
        lie = {**first, "annotations": {**first["annotations"], "com.pyoci.sha256_digest": "0" * 64}}
        stand.point(release, {**index, "manifests": [lie, *index["manifests"][1:]]})

        assert once(stand.target(), release).outcome is Failure.INTEGRITY
