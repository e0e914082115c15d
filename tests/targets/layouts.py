"""OCI layouts on disk for tests: a target as the configuration makes it, and what lies there, read as JSON and files."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tests import factory
from tests.targets.contract import once

from pkg_publish.runner import Runner
from pkg_publish.state import Done
from pkg_publish.targets.base import Ambient, TargetSpec
from pkg_publish.targets.oci_layout import OciLayout, OciLayoutKind

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pkg_publish.model import Release

JOB = Runner(repository="octo/demo", sha="a" * 40)
"""A job of a workflow."""


def make(folder: Path, runner: Runner | None = None, **options: str) -> OciLayout:
    """A target as the configuration makes it."""
    return OciLayoutKind().make(TargetSpec(kind="oci-layout", options=options), Ambient(folder=folder, environ={}, runner=runner or Runner()))


def name_and_tag(release: Release) -> tuple[str, str]:
    """As the specification of the layout has it, without our code."""
    return release.project.replace("-", "_"), release.version.replace("+", "-").replace("!", "_")


class LayoutStand:
    """A namespace, read and written as JSON and files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def target(self, runner: Runner | None = None) -> OciLayout:
        """The folder as a target."""
        return make(self.folder.parent, runner, path=self.folder.name)

    def project(self, release: Release) -> Path:
        """The project's layout."""
        return self.folder / name_and_tag(release)[0]

    def blob(self, release: Release, digest: str) -> Path:
        """The file of a digest."""
        return self.project(release) / "blobs" / "sha256" / digest.removeprefix("sha256:")

    def json(self, release: Release, digest: str) -> Any:  # noqa: ANN401 - any JSON
        """What a digest leads to."""
        return json.loads(self.blob(release, digest).read_bytes())

    def index(self, release: Release) -> dict[str, Any]:
        """The version's index."""
        path = self.project(release) / "index.json"
        tags = json.loads(path.read_bytes())["manifests"] if path.exists() else []
        found = [each["digest"] for each in tags if each["annotations"]["org.opencontainers.image.ref.name"] == name_and_tag(release)[1]]
        return self.json(release, found[0]) if found else {"manifests": []}

    def stored(self, release: Release) -> Mapping[str, str]:
        """Follow index, manifest and layer to the bytes, and hash them."""
        layers = [self.json(release, each["digest"])["layers"][0] for each in self.index(release)["manifests"]]
        return {
            each["annotations"]["org.opencontainers.image.title"]: hashlib.sha256(self.blob(release, each["digest"]).read_bytes()).hexdigest()
            for each in layers
        }

    def put(self, name: str, data: bytes, release: Release) -> None:
        """Publish it as another job would."""
        path = self.folder.parent / "theirs" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
        theirs = factory.distribution(path, release.project, release.version)
        assert once(self.target(), replace(release, distributions=(theirs,))).outcome is Done.PUBLISHED

    def remove(self, name: str, release: Release) -> None:
        """Write the index anew, without it."""
        left = [each for each in self.index(release)["manifests"] if name not in str(each)]
        self.point(release, {**self.index(release), "manifests": left})

    def point(self, release: Release, index: object) -> None:
        """Make the version's tag point at this, and forget every other tag."""
        data = json.dumps(index).encode()
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        self.blob(release, digest).parent.mkdir(parents=True, exist_ok=True)
        self.blob(release, digest).write_bytes(data)
        tag = {"digest": digest, "size": len(data), "annotations": {"org.opencontainers.image.ref.name": name_and_tag(release)[1]}}
        (self.project(release) / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [tag]}))

    def part(self, release: Release, part: str) -> Path:
        """Where a part of the first file lies: its `manifest`, `config` or `layer`."""
        first = self.index(release)["manifests"][0]["digest"]
        manifest = self.json(release, first)
        return self.blob(release, {"manifest": first, "config": manifest["config"]["digest"], "layer": manifest["layers"][0]["digest"]}[part])

    def lose(self, release: Release, part: str) -> None:
        """Delete a part of the first file."""
        self.part(release, part).unlink()

    def state(self) -> dict[str, tuple[bytes, int]]:
        """Every file with its bytes and the time of its last change."""
        return {str(path): (path.read_bytes(), path.stat().st_mtime_ns) for path in self.folder.rglob("*") if path.is_file()}

    def writes(self) -> int:
        """How many files there are, and when each was written, say whether there was one."""
        return sum(time for _, time in self.state().values())
