"""A place of each kind for a step to publish to, seen past our code."""

from __future__ import annotations

import hashlib
import itertools
import json
import socket
import ssl
import threading
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import trustme
from tests.reliability.steps import Step
from tests.reliability.wires import wires
from tests.servers import ghcr
from tests.servers.front import Front
from tests.servers.oidc import Identities
from tests.servers.pypi import Pypi
from tests.servers.pypiserver import PASSWORD, USERNAME
from tests.servers.registries import Registry, distribution
from tests.servers.tokens import MAINTAINER, MAINTAINERS_PASSWORD
from tests.targets.contract import digests
from tests.targets.images import ImageStand
from tests.targets.layouts import LayoutStand
from tests.targets.namespaces import GhcrStand
from twine.utils import DEFAULT_REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from tests.reliability.wires import Wire

    from pkg_publish.model import Release

KINDS = ("directory", "oci-layout", "repository", "pypi", "oci", "ghcr", "github-release", "container-image")
LIBRARY = "directory"
"""The kind of the first step on a machine, which fetches the libraries: it needs nothing that could keep it from its index."""


@dataclass(frozen=True, kw_only=True)
class Spot:
    """An empty place."""

    targets: str
    stored: Callable[[], Mapping[str, str | None]]
    """Gives what a reader finds: sha256 by name."""
    environ: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)

    def step(self, temp: Path, folder: Path, dist: Path, **inputs: str) -> Step:
        """The step that publishes there."""
        return Step(temp=temp, folder=folder, dist=dist, targets=self.targets, environ=self.environ, inputs=dict(self.inputs) | inputs)


class _Tunnel(StreamRequestHandler):
    """Leads every `CONNECT` to one server, whoever was asked for."""

    def handle(self) -> None:
        while self.rfile.readline().strip():
            pass
        there = self.server.goal  # type: ignore[attr-defined]
        with socket.create_connection(there) as other:
            self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
            back = threading.Thread(target=_pump, args=[other, self.connection], daemon=True)
            back.start()
            _pump(self.connection, other)
            back.join()


def _pump(source: socket.socket, goal: socket.socket) -> None:
    """Hand on what comes, and then that nothing more does."""
    with suppress(OSError):
        while block := source.recv(1 << 16):
            goal.sendall(block)
    with suppress(OSError):
        goal.shutdown(socket.SHUT_WR)


@contextmanager
def _index(folder: Path) -> Iterator[tuple[Pypi, dict[str, str]]]:
    """An index that answers under PyPI's names, and the variables by which a step finds it."""
    folder.mkdir(parents=True)
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    host = urlsplit(DEFAULT_REPOSITORY).hostname or ""
    authority.issue_cert(host, host.removeprefix("upload.")).configure_cert(context)
    authority.cert_pem.write_to_path(str(folder / "trusted.pem"))
    with Identities() as identities, Pypi(identities, context) as pypi, ThreadingTCPServer(("127.0.0.1", 0), _Tunnel) as proxy:
        proxy.daemon_threads = True
        proxy.goal = ("127.0.0.1", int(pypi.host.partition(":")[2]))  # type: ignore[attr-defined]
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        yield (
            pypi,
            {
                "HTTPS_PROXY": f"http://127.0.0.1:{proxy.server_address[1]}",
                **dict.fromkeys(["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"], str(folder / "trusted.pem")),
            },
        )
        proxy.shutdown()


@dataclass(kw_only=True)
class Stands:
    """The servers of all kinds, running."""

    wires: Mapping[str, Wire]
    pypi: Pypi
    names: Mapping[str, str]
    """The variables by which a step finds that one."""
    ghcr: ghcr.Ghcr
    open: Registry
    """Where anybody may write, for images."""
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def spot(self, kind: str, folder: Path, release: Release) -> Spot:
        """An empty place of a kind."""
        made: dict[str, Callable[[Path, Release], Spot]] = {
            "directory": _directory,
            "oci-layout": _layout,
            "pypi": self._pypi,
            "ghcr": self._ghcr,
            "container-image": self._image,
        }
        return made[kind](folder, release) if kind in made else self._of_wire(kind, release)

    def _pypi(self, folder: Path, release: Release) -> Spot:
        del folder, release
        pypi = self.pypi
        pypi.files.clear()
        stored = lambda: {name: hashlib.sha256(data).hexdigest() for name, data in pypi.files.copy().items()}  # noqa: E731 - one of a table
        return Spot(targets="pypi", stored=stored, environ=self.names, inputs={"pypi-token": min(pypi.tokens)})

    def _ghcr(self, folder: Path, release: Release) -> Spot:
        del folder
        self.ghcr.front.forget()
        self.ghcr.registry.packages.clear()
        stand = GhcrStand(self.ghcr)
        server = {"GITHUB_REPOSITORY": "Octo/Demo.py", "GITHUB_SERVER_URL": self.ghcr.front.url, "GITHUB_API_URL": "http://127.0.0.1:9"}
        return Spot(targets="ghcr", stored=lambda: stand.stored(release), environ=server, inputs={"github-token": self.ghcr.token})

    def _image(self, folder: Path, release: Release) -> Spot:
        stand = ImageStand(replace(self.open, name=f"octo/image-{next(self.numbers)}"), folder)
        place = {"name": stand.server.reference, "base": stand.bases.reference, "platforms": "linux/amd64", "entrypoint": 'python -c "import demo"'}

        def stored() -> dict[str, str | None]:
            (wanted,) = stand.wanted(release)
            found = stand.stored(release)
            return dict(digests(release)) if found == {wanted.name: wanted.sha256} else dict(found)

        return Spot(targets=json.dumps([{"container-image": place}]), stored=stored, environ={"PIP_NO_INDEX": "1"})

    def _of_wire(self, kind: str, release: Release) -> Spot:
        wire: Any = self.wires[{"repository": "upload API", "oci": "registry", "github-release": "release API"}[kind]]
        for front in wire.fronts().values():
            front.forget()
            front.passes = lambda _: None
        wire.begin()
        stored = lambda: wire.stored(release)  # noqa: E731 - one of a table
        if kind == "github-release":
            return Spot(targets=kind, stored=stored, environ={"GITHUB_API_URL": wire.api.url})
        where = {"url": f"{wire.front.url}/", "username": USERNAME} if kind == "repository" else {"name": wire.stand.server.reference, "username": MAINTAINER}
        password = PASSWORD if kind == "repository" else MAINTAINERS_PASSWORD
        return Spot(targets=json.dumps([{kind: where | {"password-env": "PASSWORD"}}]), stored=stored, environ={"PASSWORD": password})


def _directory(folder: Path, release: Release) -> Spot:
    del release
    return Spot(targets=f"directory={folder}/out", stored=lambda: found_by_pip(folder / "out"))


def _layout(folder: Path, release: Release) -> Spot:
    return Spot(targets=f"oci-layout={folder}/out", stored=lambda: LayoutStand(folder / "out").stored(release))


def found_by_pip(folder: Path) -> dict[str, str | None]:
    """What `pip --find-links` takes for distributions."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*") if path.name.endswith((".whl", ".tar.gz"))}


@contextmanager
def stands(tool: Callable[[str], Path], folder: Path, found: Mapping[str, Wire] | None = None) -> Iterator[Stands]:
    """All of them, their servers running; wires that run already are taken as they are."""
    with ExitStack() as stack:
        pypi, names = stack.enter_context(_index(folder / "index"))
        registry = stack.enter_context(ghcr.Registry())
        blobs, front = stack.enter_context(registry.blobs), stack.enter_context(Front(registry.url))
        (folder / "open").mkdir()
        address = stack.enter_context(distribution(tool("docker-registry"), folder / "open"))
        images = Registry(kind="open", name="octo/image", upstream=address, front=stack.enter_context(Front(address)))
        found = found or {wire.name: wire for wire in stack.enter_context(wires(tool, folder / "wires"))}
        yield Stands(wires=found, pypi=pypi, names=names, ghcr=ghcr.Ghcr(registry=registry, blobs=blobs, front=front), open=images)
