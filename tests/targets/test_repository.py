"""`repository=URL` and `github-packages`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.servers.front import Fault
from tests.targets.contract import ServerContract

from pkg_publish.clients import retry
from pkg_publish.runner import Runner
from pkg_publish.targets.base import Ambient, Target, TargetSpec
from pkg_publish.targets.repository import RepositoryKind

if TYPE_CHECKING:
    from tests.servers.devpi import Devpi
    from tests.servers.pypiserver import PypiServer

    from pkg_publish.model import Release


def make(url: str, username: str | None = None, password: str | None = None, **options: str) -> Target:
    """A target as the configuration makes it."""
    environ = {"INDEX_PASSWORD": password} if password else {}
    login = {"username": username, "password-env": "INDEX_PASSWORD"} if username and password else {}
    spec = TargetSpec(kind="repository", options={"url": url} | login | {name.replace("_", "-"): value for name, value in options.items()})
    return RepositoryKind().make(spec, Ambient(folder=None, environ=environ, runner=Runner()))  # type: ignore[arg-type]


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries follow one another at once."""
    monkeypatch.setattr(retry, "BASE", 0.0)


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


@pytest.mark.usefixtures("no_pauses")
class TestContractOnPypiserver(ServerContract):
    """The contract, on pypiserver."""

    @pytest.fixture
    def stand(self, pypiserver: PypiServer) -> PypiServerStand:
        """An empty server."""
        return PypiServerStand(pypiserver)


@pytest.mark.usefixtures("no_pauses")
class TestContractOnDevpi(ServerContract):
    """The contract, on devpi."""

    @pytest.fixture
    def stand(self, devpi: Devpi) -> DevpiStand:
        """An empty index."""
        return DevpiStand(devpi)
