"""Real registries for each session, a new name in them for each test: Debian's docker-registry, its successor, and crane's."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import re
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import requests
from tests.servers.front import Front
from tests.servers.process import answers, free_port, running
from tests.servers.tokens import ISSUER, MAINTAINER, MAINTAINERS_PASSWORD, TokenServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    Tool = Callable[[str], Path]
    NewRegistry = Callable[[str], "Registry"]

USERNAME, PASSWORD = "maintainer", "registry-password"
HTPASSWD = f"{USERNAME}:$2b$04$pkgpublishtests000000uTi.aNPtbEHFzr2m5VqVltuerAXL9eHO\n"
"""bcrypt, which is all that a registry takes, at its lowest cost."""

ACCEPT = ", ".join(f"application/vnd.{each}+json" for each in ("oci.image.index.v1", "oci.image.manifest.v1", "docker.distribution.manifest.v2"))
KINDS = ("open", "htpasswd", "token", "v3", "crane")
"""The first three are Debian's."""


_KEPT = requests.Session()
"""Connections of all witnesses: one for each question would cost more than the answer."""
_KEPT.trust_env = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """A registry behind a front that records and fails on demand, and what a witness finds in it without our code."""

    kind: str
    """One of `KINDS`."""
    name: str
    """A name that is this test's alone, in lower case; names below it (`{name}/files`) are too."""
    upstream: str
    """The address of the registry itself, past the front."""
    front: Front
    username: str = ""
    """Empty: it is open to all."""
    password: str = ""
    token_server: TokenServer | None = None

    @property
    def host(self) -> str:
        """Where it is reached, `127.0.0.1:<port>`."""
        return self.front.url.removeprefix("http://")

    @property
    def reference(self) -> str:
        """`HOST/NAME`."""
        return f"{self.host}/{self.name}"

    def tags(self, name: str = "") -> list[str]:
        """All tags of a name, sorted; none where it is not known."""
        answer = self._ask("GET", name, "tags/list?n=1000")
        return [] if answer.status_code == requests.codes.not_found else sorted(_fine(answer).json()["tags"] or [])

    def has(self, reference: str, name: str = "") -> bool:
        """Whether a tag or a digest leads to a manifest."""
        return self._ask("GET", name, f"manifests/{reference}").ok

    def manifest(self, reference: str, name: str = "") -> bytes:
        """The bytes of a manifest, by tag or digest."""
        return _fine(self._ask("GET", name, f"manifests/{reference}")).content

    def index(self, reference: str, name: str = "") -> dict[str, Any]:
        """A manifest, read."""
        read: dict[str, Any] = json.loads(self.manifest(reference, name))
        return read

    def blob(self, digest: str, name: str = "") -> bytes:
        """The bytes of a blob, which have this digest."""
        data = _fine(self._ask("GET", name, f"blobs/{digest}")).content
        assert digest == digest_of(data)
        return data

    def layers(self, tag: str, name: str = "") -> dict[str, str]:
        """The sha256 of the layers of all manifests of an index, fetched and hashed, by their titles."""
        found = {}
        for child in self.index(tag, name)["manifests"]:
            for layer in self.index(child["digest"], name)["layers"]:
                found[layer["annotations"]["org.opencontainers.image.title"]] = hashlib.sha256(self.blob(layer["digest"], name)).hexdigest()
        return found

    def put_blob(self, data: bytes, name: str = "") -> str:
        """Make it hold these bytes; return their digest."""
        digest = digest_of(data)
        session = _fine(self._ask("POST", name, "blobs/uploads/"))
        address = requests.compat.urljoin(session.request.url or "", session.headers["Location"])
        address += f"{'&' if '?' in address else '?'}digest={digest}"
        _fine(requests.put(address, data=data, headers=self._headers(name) | {"Content-Type": "application/octet-stream"}, timeout=60))
        return digest

    def put_manifest(self, reference: str, manifest: Mapping[str, Any] | bytes, name: str = "") -> str:
        """Make it hold a manifest, with its `mediaType`; return its digest."""
        data = manifest if isinstance(manifest, bytes) else json.dumps(manifest).encode()
        _fine(self._ask("PUT", name, f"manifests/{reference}", data, {"Content-Type": json.loads(data)["mediaType"]}))
        return digest_of(data)

    def remove(self, reference: str, name: str = "") -> None:
        """Make it forget a manifest and all tags that lead to it."""
        digest = digest_of(self.manifest(reference, name))
        tags = [tag for tag in self.tags(name) if digest_of(self.manifest(tag, name)) == digest]
        for each in (digest, *tags) if self.kind == "crane" else (digest,):  # crane keeps each tag as a manifest of its own
            _fine(self._ask("DELETE", name, f"manifests/{each}"))

    def remove_blob(self, digest: str, name: str = "") -> None:
        """Make it forget a blob, whatever needs it."""
        _fine(self._ask("DELETE", name, f"blobs/{digest}"))

    def _ask(self, method: str, name: str, path: str, data: bytes | None = None, headers: Mapping[str, str] | None = None) -> requests.Response:
        every = self._headers(name) | {"Accept": ACCEPT} | dict(headers or {})
        return _KEPT.request(method, f"{self.upstream}/v2/{name or self.name}/{path}", data=data, headers=every, timeout=60)

    def _headers(self, name: str) -> dict[str, str]:
        if self.token_server:
            return {"Authorization": f"Bearer {self.token_server.token(name or self.name, 'pull,push,delete')}"}
        if self.username:
            return {"Authorization": "Basic " + base64.b64encode(f"{self.username}:{self.password}".encode()).decode()}
        return {}


def digest_of(data: bytes) -> str:
    """`sha256:` and the hash."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _fine(answer: requests.Response) -> requests.Response:
    assert answer.ok, f"{answer.request.method} {answer.url}: {answer.status_code} {answer.text[:500]}"
    return answer


@contextmanager
def distribution(program: Path, home: Path, auth: Mapping[str, Any] | None = None, *, in_memory: bool = False) -> Iterator[str]:
    """Run a registry of the Distribution project, whichever version; its address. `in_memory`: it keeps nothing on a disk, which is faster."""
    port = free_port()
    settings = {
        "version": 0.1,
        "log": {"level": "error", "accesslog": {"disabled": True}},
        "storage": {**({"inmemory": {}} if in_memory else {"filesystem": {"rootdirectory": str(home / "storage")}}), "delete": {"enabled": True}},
        "http": {"addr": f"127.0.0.1:{port}", "secret": "of-the-tests"},
        "auth": dict(auth or {}),
    }
    (home / "config.yml").write_text(json.dumps(settings))
    with running(
        [program, "serve", home / "config.yml"],
        ready=answers(port, "/v2/"),
        log=home / "log",
        environ={"OTEL_TRACES_EXPORTER": "none", "GOGC": "1000", "GOMAXPROCS": "1"},
    ):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="session")
def registry_open_process(tool: Tool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Debian's docker-registry, open to all; its address."""
    with distribution(tool("docker-registry"), tmp_path_factory.mktemp("registry-open")) as address:
        yield address


@pytest.fixture(scope="session")
def registry_htpasswd_process(tool: Tool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Debian's docker-registry with one user and a password; its address."""
    home = tmp_path_factory.mktemp("registry-basic")
    (home / "htpasswd").write_text(HTPASSWD)
    with distribution(tool("docker-registry"), home, {"htpasswd": {"realm": "tests", "path": str(home / "htpasswd")}}) as address:
        yield address


@pytest.fixture(scope="session")
def registry_token_process(tool: Tool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, TokenServer]]:
    """Debian's docker-registry that wants tokens; its address and who gives them."""
    home = tmp_path_factory.mktemp("registry-token")
    with TokenServer("registry.test") as tokens:
        tokens.signer.write_bundle(home / "trusted.pem")
        settings = {"realm": tokens.realm, "service": tokens.service, "issuer": ISSUER, "rootcertbundle": str(home / "trusted.pem")}
        with distribution(tool("docker-registry"), home, {"token": settings}) as address:
            yield address, tokens


@pytest.fixture(scope="session")
def registry_v3_process(tool: Tool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Version 3 of the Distribution project's registry, open to all; its address."""
    with distribution(tool("registry"), tmp_path_factory.mktemp("registry-v3")) as address:
        yield address


@pytest.fixture(scope="session")
def registry_crane_process(tool: Tool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The registry in crane, open to all; its address."""
    home, port = tmp_path_factory.mktemp("registry-crane"), free_port()
    (home / "disk").mkdir()
    command: list[str | Path] = [tool("crane"), "registry", "serve", "--address", f"127.0.0.1:{port}", "--disk", home / "disk"]
    with running(command, ready=answers(port, "/v2/"), log=home / "log"):
        yield f"http://127.0.0.1:{port}"


_numbers = itertools.count(1)


@pytest.fixture
def new_registry(request: pytest.FixtureRequest, tool: Tool) -> Iterator[NewRegistry]:
    """Make the function that gives a registry of a kind, with a name in it that nobody has used; each call another one."""
    del tool  # it is named here so that these tests count as bound to a real part

    def make(kind: str) -> Registry:
        process: Any = request.getfixturevalue(f"registry_{kind}_process")
        upstream, tokens = process if isinstance(process, tuple) else (process, None)
        login = {"htpasswd": (USERNAME, PASSWORD), "token": (MAINTAINER, MAINTAINERS_PASSWORD)}.get(kind, ("", ""))
        if tokens:
            tokens.forget()
        name = f"octo/{re.sub(r'[^a-z0-9]+', '-', request.node.originalname)[:40].strip('-')}-{next(_numbers)}"
        front = fronts.enter_context(Front(upstream))
        return Registry(kind=kind, name=name, upstream=upstream, front=front, username=login[0], password=login[1], token_server=tokens)

    with ExitStack() as fronts:
        yield make


@pytest.fixture
def registry_open(new_registry: NewRegistry) -> Registry:
    """Debian's docker-registry 2.8.2, open to all."""
    return new_registry("open")


@pytest.fixture
def registry_htpasswd(new_registry: NewRegistry) -> Registry:
    """Debian's docker-registry with `username` and `password`."""
    return new_registry("htpasswd")


@pytest.fixture
def registry_token(new_registry: NewRegistry) -> Registry:
    """Debian's docker-registry with tokens of `token_server`, whose settings are those of a new one."""
    return new_registry("token")


@pytest.fixture
def registry_v3(new_registry: NewRegistry) -> Registry:
    """The Distribution project's registry, version 3, open to all."""
    return new_registry("v3")


@pytest.fixture
def registry_crane(new_registry: NewRegistry) -> Registry:
    """The registry in crane, open to all."""
    return new_registry("crane")


@pytest.fixture(params=KINDS)
def any_registry(request: pytest.FixtureRequest, new_registry: NewRegistry) -> Registry:
    """Each kind in turn."""
    return new_registry(request.param)
