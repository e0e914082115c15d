"""Namespaces in real registries: a target as the configuration makes it, and what a registry holds, read and written without our code."""

from __future__ import annotations

import hashlib
import json
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests import factory
from tests.servers.front import Fault
from tests.servers.ghcr import digest_of
from tests.targets.contract import once
from tests.targets.layouts import name_and_tag

from pkg_publish.runner import Runner
from pkg_publish.secret import Secret
from pkg_publish.state import Done
from pkg_publish.targets.base import Ambient, TargetSpec
from pkg_publish.targets.oci import GhcrKind, Oci, OciKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.servers.ghcr import Ghcr
    from tests.servers.registries import Registry

    from pkg_publish.model import Release


def make(name: str, username: str | None = None, password: str | None = None, runner: Runner | None = None, **options: str) -> Oci:
    """A target as the configuration makes it."""
    login = {"username": username, "password-env": "REGISTRY_PASSWORD"} if username and password else {}
    spec = TargetSpec(kind="oci", options={"name": name} | login | options)
    return OciKind().make(spec, Ambient(folder=Path(), environ={"REGISTRY_PASSWORD": password or ""}, runner=runner or Runner()))


def publish_as_another_job(target: Oci, name: str, data: bytes, release: Release) -> None:
    """Publish a file of the version."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        theirs = factory.distribution(path, release.project, release.version)
        assert once(target, replace(release, distributions=(theirs,))).outcome is Done.PUBLISHED


class RegistryStand:
    """A namespace in a real registry."""

    def __init__(self, server: Registry) -> None:
        self.server = server

    def target(self, runner: Runner | None = None, **options: str) -> Oci:
        """The namespace, with its user."""
        return make(self.server.reference, self.server.username, self.server.password, runner, **options)

    def target_with(self, username: str | None, password: str | None) -> Oci:
        """The namespace, with another user or none."""
        return make(self.server.reference, username, password)

    def answer_writes(self, *statuses: int) -> None:
        """Let the front fail."""
        self.server.front.fail_writes(*(Fault(status=status) for status in statuses))

    def writes(self) -> int:
        """What passed the front."""
        return self.server.front.writes()

    def repository(self, release: Release) -> str:
        """The project's repository."""
        return f"{self.server.name}/{name_and_tag(release)[0]}"

    def index(self, release: Release) -> dict[str, Any]:
        """The version's index, without files when there is none."""
        repository, tag = self.repository(release), name_and_tag(release)[1]
        return self.server.index(tag, repository) if self.server.has(tag, repository) else {"manifests": []}

    def manifest(self, release: Release, digest: str) -> dict[str, Any]:
        """The manifest of a file."""
        return self.server.index(digest, self.repository(release))

    def stored(self, release: Release) -> Mapping[str, str]:
        """Every file, fetched and hashed."""
        repository, tag = self.repository(release), name_and_tag(release)[1]
        return self.server.layers(tag, repository) if self.server.has(tag, repository) else {}

    def put(self, name: str, data: bytes, release: Release) -> None:
        """Publish it as another job would."""
        publish_as_another_job(self.target(), name, data, release)

    def remove(self, name: str, release: Release) -> None:
        """Write the index anew, without it."""
        left = [each for each in self.index(release)["manifests"] if name not in str(each)]
        self.point(release, {**self.index(release), "manifests": left})

    def point(self, release: Release, manifest: Mapping[str, Any]) -> None:
        """Make the version's tag point at this."""
        self.server.put_manifest(name_and_tag(release)[1], manifest, self.repository(release))

    def lose(self, release: Release, part: str) -> None:
        """Delete a part of the first file: its `manifest`, `config` or `layer`."""
        repository = self.repository(release)
        digest = self.index(release)["manifests"][0]["digest"]
        if part == "manifest":
            self.server.remove(digest, repository)
        else:
            parts = self.manifest(release, digest)
            self.server.remove_blob([parts["config"], *parts["layers"]][part == "layer"]["digest"], repository)

    def journal(self, release: Release) -> dict[str, Any]:
        """What the project's journal has, by tag."""
        name = f"{self.repository(release)}/files"
        return {tag: self.server.index(tag, name) for tag in self.server.tags(name)}


PUBLIC: dict[str, Any] = {"repository": {"visibility": "public", "owner": {"type": "User"}}}
PRIVATE: dict[str, Any] = {"repository": {"visibility": "private", "owner": {"type": "Organization"}}}
NAME = "octo/demo.py/demo"
"""Where demo is published from the GitHub repository `Octo/Demo.py`."""


@dataclass(frozen=True, slots=True)
class GhcrStand:
    """GHCR on this machine."""

    server: Ghcr

    def job(self, event: dict[str, Any], **facts: Any) -> Oci:  # noqa: ANN401 - any fact of a run
        """The target of a job."""
        runner = Runner(server_url=self.server.front.url, repository="Octo/Demo.py", event=event, run_id="1")
        ambient: dict[str, Any] = {"folder": Path(), "environ": {}, "runner": runner, "tokens": {"github-token": Secret(self.server.token)}}
        options = {"jobs": facts.pop("jobs", "one")}
        return GhcrKind().make(TargetSpec(kind="ghcr", options=options), Ambient(**ambient | facts))

    def target(self) -> Oci:
        """That of a job in a public repository."""
        return self.job(PUBLIC)

    def target_with(self, username: str | None, password: str | None) -> Oci:
        """That of a job with another token, or none; the user does not matter."""
        return self.job(PUBLIC, tokens={"github-token": Secret(password)} if username and password else {})

    def answer_writes(self, *statuses: int) -> None:
        """Let the front fail."""
        self.server.front.fail_writes(*(Fault(status=status) for status in statuses))

    def writes(self) -> int:
        """What passed the front."""
        return self.server.front.writes()

    def stored(self, release: Release) -> Mapping[str, str]:
        """Every file, hashed, that the version's index leads to."""
        project, tag = name_and_tag(release)
        package = self.server.registry.packages.get(f"octo/demo.py/{project}")
        if not package or tag not in package.tags:
            return {}
        manifests = [json.loads(package.manifests[each["digest"]]) for each in json.loads(package.manifests[package.tags[tag]])["manifests"]]
        layers = [layer for each in manifests for layer in each["layers"]]
        return {each["annotations"]["org.opencontainers.image.title"]: hashlib.sha256(package.blobs[each["digest"]]).hexdigest() for each in layers}

    def put(self, name: str, data: bytes, release: Release) -> None:
        """Publish it as another job would."""
        publish_as_another_job(self.target(), name, data, release)

    def remove(self, name: str, release: Release) -> None:
        """Write the index anew, without it."""
        project, tag = name_and_tag(release)
        package = self.server.package(f"octo/demo.py/{project}")
        index = json.loads(package.manifests[package.tags[tag]])
        data = json.dumps({**index, "manifests": [each for each in index["manifests"] if name not in str(each)]}).encode()
        package.tags[tag] = digest_of(data)
        package.manifests[package.tags[tag]] = data
