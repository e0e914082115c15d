"""A real devpi-server for each session, a new index for each test."""

from __future__ import annotations

import hashlib
import itertools
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
from tests.servers.front import Front
from tests.servers.process import answers, free_port, running

if TYPE_CHECKING:
    from collections.abc import Iterator

USERNAME, PASSWORD = "maintainer", "devpi-password"
LIST = "application/vnd.pypi.simple.v1+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Devpi:
    """An index with PyPI's manners: the same bytes again are 200, other bytes 409, a bad password 401; JSON with sha256."""

    upstream: str
    """The server itself, past the front."""
    name: str
    """`user/index`."""
    front: Front
    username: str = USERNAME
    password: str = PASSWORD

    @property
    def url(self) -> str:
        """Where it takes uploads."""
        return f"{self.front.url}/{self.name}/"

    @property
    def index_url(self) -> str:
        """Where pip reads, without a login."""
        return f"{self.front.url}/{self.name}/+simple/"

    def stored(self, project: str) -> dict[str, str]:
        """The sha256 of every file of a project (normalised name); the bytes are fetched and hashed."""
        return {file["filename"]: hashlib.sha256(self._get(self._address(project, file)).content).hexdigest() for file in self._list(project)}

    def put(self, name: str, data: bytes, project: str, version: str) -> None:
        """Make it hold these bytes, by an upload as another job would send it."""
        form = {":action": "file_upload", "metadata_version": "2.1", "name": project, "version": version}
        form |= {"filetype": "bdist_wheel", "pyversion": "py3"} if name.endswith(".whl") else {"filetype": "sdist", "pyversion": "source"}
        login = (self.username, self.password)
        requests.post(f"{self.upstream}/{self.name}/", data=form, files={"content": (name, data)}, auth=login, timeout=60).raise_for_status()

    def remove(self, name: str, project: str) -> None:
        """Make it forget a file, by the right of its owner."""
        address = next(self._address(project, file) for file in self._list(project) if file["filename"] == name)
        requests.delete(f"{address}?force", auth=(self.username, self.password), timeout=60).raise_for_status()

    def _list(self, project: str) -> list[dict[str, Any]]:
        answer = requests.get(f"{self.upstream}/{self.name}/+simple/{project}/", headers={"Accept": LIST}, timeout=60)
        return [] if answer.status_code == requests.codes.not_found else answer.json()["files"]

    def _address(self, project: str, file: dict[str, Any]) -> str:
        found: str = requests.compat.urljoin(f"{self.upstream}/{self.name}/+simple/{project}/", file["url"])
        return found.partition("#")[0]

    @staticmethod
    def _get(address: str) -> requests.Response:
        answer = requests.get(address, timeout=60)
        answer.raise_for_status()
        return answer


@pytest.fixture(scope="session")
def devpi_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Its address; the user is made."""
    home = tmp_path_factory.mktemp("devpi")
    state, port, programs = home / "state", free_port(), Path(sys.executable).parent
    subprocess.run(
        [programs / "devpi-init", "--serverdir", state, "--root-passwd", "root-password", "--no-root-pypi"],
        check=True,
        capture_output=True,
    )
    cheap = ["--argon2-memory-cost", "1024", "--argon2-time-cost", "1"]  # its secret signs logins that live for one session
    flags = ["--host", "127.0.0.1", "--port", str(port), "--offline-mode", "--threads", "8", *cheap]
    command: list[str | Path] = [programs / "devpi-server", "--serverdir", state, *flags]
    with running(command, ready=answers(port, "/+api"), log=home / "log"):
        address = f"http://127.0.0.1:{port}"
        requests.put(f"{address}/{USERNAME}", json={"password": PASSWORD, "email": "maintainer@example.org"}, timeout=60).raise_for_status()
        yield address


_numbers = itertools.count(1)


@pytest.fixture
def devpi(devpi_process: str, request: pytest.FixtureRequest) -> Iterator[Devpi]:
    """A new index behind a front that records and fails on demand."""
    name = f"{USERNAME}/{re.sub(r'[^a-z0-9]+', '-', request.node.originalname)[:40]}{next(_numbers)}"
    settings = {"type": "stage", "bases": [], "volatile": False}
    requests.put(f"{devpi_process}/{name}", json=settings, auth=(USERNAME, PASSWORD), timeout=60).raise_for_status()
    with Front(devpi_process) as front:
        yield Devpi(upstream=devpi_process, name=name, front=front)
