"""Real indexes as places to publish to, and targets for them as the configuration makes them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tests.servers.front import Fault
from tests.targets.contract import watch

from pkg_publish.runner import Runner
from pkg_publish.secret import Secret
from pkg_publish.targets.base import Ambient, Checks, Target, TargetSpec
from pkg_publish.targets.repository import GithubPackagesKind, Repository, RepositoryKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.servers.devpi import Devpi
    from tests.servers.pypiserver import PypiServer

    from pkg_publish.model import CheckRow, Release


def make(url: str, username: str | None = None, password: str | None = None, **options: str) -> Target:
    """A target as the configuration makes it."""
    login = {"username": username, "password-env": "INDEX_PASSWORD"} if username and password else {}
    return from_options({"url": url} | login | options, {"INDEX_PASSWORD": password or ""})


def from_options(options: Mapping[str, str], environ: Mapping[str, str] | None = None) -> Repository:
    """A target by its options."""
    return RepositoryKind().make(TargetSpec(kind="repository", options=options), Ambient(folder=Path(), environ=environ or {}, runner=Runner()))


def check(target: Target) -> list[CheckRow]:
    """All rows of a target's check."""
    assert isinstance(target, Checks)
    return list(target.check(watch()))


class IndexStand:
    """A real index behind a front."""

    def __init__(self, server: PypiServer | Devpi) -> None:
        self.server = server

    def target(self) -> Target:
        """The index, with its user."""
        return make(self.server.url, self.server.username, self.server.password)

    def target_with(self, username: str | None, password: str | None) -> Target:
        """The index, with another user or none."""
        return make(self.server.url, username, password)

    def answer_writes(self, *statuses: int) -> None:
        """Let the front fail."""
        self.server.front.fail_writes(*(Fault(status=status) for status in statuses))

    def writes(self) -> int:
        """What passed the front."""
        return self.server.front.writes()


class PypiServerStand(IndexStand):
    """pypiserver."""

    server: PypiServer

    def stored(self, release: Release) -> dict[str, str]:
        """From its disk."""
        del release
        return self.server.stored()

    def put(self, name: str, data: bytes, release: Release) -> None:
        """To its disk."""
        del release
        self.server.put(name, data)

    def remove(self, name: str, release: Release) -> None:
        """From its disk."""
        del release
        self.server.remove(name)


class DevpiStand(IndexStand):
    """devpi."""

    server: Devpi

    def stored(self, release: Release) -> dict[str, str]:
        """Fetched and hashed."""
        return self.server.stored(release.project)

    def put(self, name: str, data: bytes, release: Release) -> None:
        """By another upload."""
        self.server.put(name, data, release.project, release.version)

    def remove(self, name: str, release: Release) -> None:
        """By its owner."""
        self.server.remove(name, release.project)


class GithubStand(DevpiStand):
    """A GitHub on 127.0.0.1 that has a Python registry: devpi, in the place of GitHub's."""

    def target(self) -> Target:
        """Found by search, with the token of the job."""
        return self.target_with(self.server.username, self.server.password)

    def target_with(self, username: str | None, password: str | None) -> Target:
        """With another token or none; the owner is the user."""
        del username
        runner = Runner(server_url=self.server.front.url, repository=self.server.name)
        tokens = {"github-token": Secret(password)} if password else {}
        return GithubPackagesKind().make(TargetSpec(kind="github-packages"), Ambient(folder=Path(), environ={}, runner=runner, tokens=tokens))
