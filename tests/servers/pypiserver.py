"""A real pypiserver for each session, its folder empty for each test."""

from __future__ import annotations

import base64
import hashlib
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from tests.servers.front import Front
from tests.servers.process import answers, free_port, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

USERNAME, PASSWORD = "maintainer", "pypiserver-password"


@dataclass(frozen=True, slots=True, kw_only=True)
class PypiServer:
    """An index that answers a file it already has with 409, or 400 if it takes the client for twine, whatever the bytes."""

    folder: Path
    """Where it keeps its files, side by side."""
    front: Front
    username: str = USERNAME
    password: str = PASSWORD

    @property
    def url(self) -> str:
        """Where it takes uploads."""
        return f"{self.front.url}/"

    @property
    def index_url(self) -> str:
        """Where pip reads, without a login."""
        return f"{self.front.url}/simple/"

    def stored(self, prefix: str = "") -> dict[str, str]:
        """The sha256 of every file whose name begins so, read from its disk."""
        return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in self.folder.glob(f"{prefix}*")}

    def put(self, name: str, data: bytes) -> None:
        """Make it hold these bytes."""
        (self.folder / name).write_bytes(data)

    def remove(self, name: str) -> None:
        """Make it forget a file."""
        (self.folder / name).unlink()


@contextmanager
def serving(home: Path) -> Iterator[tuple[str, Path]]:
    """Run one that keeps all it has below a new folder; its address and the folder it serves."""
    folder, users, port = home / "files", home / "htpasswd", free_port()
    folder.mkdir(parents=True)
    users.write_text(f"{USERNAME}:{{SHA}}{base64.b64encode(hashlib.sha1(PASSWORD.encode(), usedforsecurity=False).digest()).decode()}\n")
    flags = ["--hash-algo", "sha256", "--disable-fallback", "--backend", "simple-dir", "--server", "auto", "-a", "update", "-P", str(users)]
    command = [sys.executable, "-m", "pypiserver", "run", "-i", "127.0.0.1", "-p", str(port), *flags, str(folder)]
    with running(command, ready=answers(port, "/health"), log=home / "log"):
        yield f"http://127.0.0.1:{port}", folder


@pytest.fixture(scope="session")
def pypiserver_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Its address and the folder it serves."""
    with serving(tmp_path_factory.mktemp("pypiserver") / "home") as served:
        yield served


@pytest.fixture
def pypiserver(pypiserver_process: tuple[str, Path]) -> Iterator[PypiServer]:
    """An empty pypiserver behind a front that records and fails on demand."""
    upstream, folder = pypiserver_process
    for path in folder.iterdir():
        path.unlink()
    with Front(upstream) as front:
        yield PypiServer(folder=folder, front=front)
