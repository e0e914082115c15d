"""Whoever reads an index of ours: one source, served, and what it is asked."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import requests
from tests.test_catalog import Library

from pkg_publish.catalog import Catalog
from pkg_publish.clients.wsgi_server import serving
from pkg_publish.index import Index
from pkg_publish.model import RemoteFile

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pkg_publish.watch import Watch

DATA = bytes(range(256)) * 40
BLOCKS = (DATA[:3000], DATA[3000:6000], DATA[6000:9000], DATA[9000:])
SHA256 = hashlib.sha256(DATA).hexdigest()
WHEEL = RemoteFile(
    name="demo-1!1.0+cu1-py3-none-any.whl",
    sha256=SHA256,
    size=len(DATA),
    requires_python=">=3.8",
    metadata_sha256=hashlib.sha256(Library.said).hexdigest(),
)
FILES = f"/files/demo/{SHA256}/demo-1%211.0%2Bcu1-py3-none-any.whl"
"""Where the wheel is."""


class Counted(Library):
    """A library that counts what it is asked."""

    asked = 0
    fetched = 0

    def files(self, project: str, version: str | None, watch: Watch) -> Sequence[RemoteFile]:
        """One question more."""
        self.asked += 1
        return super().files(project, version, watch)

    def fetch(self, file: RemoteFile, watch: Watch) -> Iterator[bytes]:
        """One file more."""
        self.fetched += 1
        return super().fetch(file, watch)


@dataclass
class Client:
    """Who asks."""

    url: str = ""
    told: list[object] = field(default_factory=list)

    def get(self, path: str, method: str = "GET", **headers: str) -> requests.Response:
        """Ask; a header's name has `_` for `-`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return requests.request(method, self.url + path, headers=named, allow_redirects=False, timeout=20)


@contextmanager
def asking(*sources: Any, named: Sequence[str] = (), **how: Any) -> Iterator[Client]:  # noqa: ANN401 - anything that is a source
    """Serve sources to a client, as `Index` is told how."""
    client = Client()
    with serving(Index(Catalog(sources, named), client.told.append, **how), 0, client.told.append) as client.url:
        yield client
