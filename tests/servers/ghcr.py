"""GitHub's container registry with its peculiarities, those that no registry at hand has; all in memory."""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import unquote

import pytest
from tests.servers.front import Front
from tests.servers.serving import Call, Reply, Server
from tests.servers.storage import Storage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Route = Callable[..., Reply]

SERVICE = "ghcr.io"
TOKEN, READER, CANNOT_CREATE = "ghs_writer", "ghs_reader", "ghs_cannot_create"
LARGEST_CHUNK = 4 << 20
INDEXES = {"application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json"}
NAME = re.compile(r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*")


def digest_of(data: bytes) -> str:
    """`sha256:` and the hash."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def refuse(status: int, code: str, message: str, **headers: str) -> Reply:
    """A refusal in a registry's shape."""
    return Reply.of({"errors": [{"code": code, "message": message}]}, status, **headers)


@dataclass(slots=True, kw_only=True)
class Package:
    """What is under one name."""

    public: bool
    linked: bool = True
    """The repository of the job may write it ("Manage Actions access")."""
    blobs: dict[str, bytes] = field(default_factory=dict)
    manifests: dict[str, bytes] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    """In the order of their making."""
    before: dict[str, tuple[int, str | None]] = field(default_factory=dict)
    """References that were just written: how many reads still see what was there before, and that."""


class Registry(Server):
    """`ghcr.io`. Every knob is a field: set it before the request."""

    def __init__(self) -> None:
        super().__init__()
        self.packages: dict[str, Package] = {}
        self.blobs = Storage(self._bytes)
        self.secrets = {TOKEN: "create", READER: "read", CANNOT_CREATE: "write"}
        """What each token of GitHub's may do with packages: `read`, `write`, `create`."""
        self.new_are_public = True
        self.given: list[tuple[str, tuple[str, ...]]] = []
        """Each bearer token that was given: to which secret, and for which scopes."""
        self.lag = 0
        """How many reads of a tag or digest see what was there before it was written."""
        self.page = 10_000
        """How many tags a list has at most, whatever is asked for; 100 where nothing is."""
        self.too_many = 0
        """How many requests are refused as too many."""
        self.loses = 0
        """How many manifests are refused because their first blob was lost."""
        self.loses_as = (404, "MANIFEST_BLOB_UNKNOWN")
        self.mounts = False
        self.head_redirects = False
        self.expired_as = 403
        """What a token that was `expire`d is answered with: 403 as any that is not known, or 401 with a challenge."""
        self.sessions: dict[str, bytes] = {}
        self._bearers: dict[str, tuple[str, tuple[str, ...]]] = {}
        self._expired: set[str] = set()
        self._numbers = itertools.count(1)

    def expire(self) -> None:
        """No bearer token is good any more."""
        self._expired |= set(self._bearers)
        self._bearers.clear()

    def known(self, name: str) -> Package | None:
        """A package: there is one from its first manifest on, not from the first upload."""
        package = self.packages.get(name)
        return package if package and package.manifests else None

    def answer(self, call: Call) -> Reply:
        """The token endpoint, or the registry for those who have a token of it."""
        if self.too_many:
            self.too_many -= 1
            return refuse(429, "TOOMANYREQUESTS", "retry-after: 10.3ms, allowed: 2000/minute")
        if call.path == "/token":
            return self._token(call)
        kind, _, bearer = (call.authorization or "").partition(" ")
        found = re.fullmatch(r"/v2/(?:(.+?)/(manifests|blobs/uploads|blobs/upload|blobs|tags|referrers)/?([^/]*))?", call.path)
        name, what, rest = (found[1] or "", found[2] or "", unquote(found[3] or "")) if found else ("", "", "")
        if not call.authorization or (bearer in self._expired and self.expired_as == 401):
            scope = f"repository:{name or 'user/image'}:pull"
            challenge = f'Bearer realm="http://{call.headers["Host"]}/token",service="{SERVICE}",scope="{scope}"'
            return refuse(401, "UNAUTHORIZED", "authentication required", WWW_Authenticate=challenge)
        if kind.lower() != "bearer" or bearer not in self._bearers:
            return refuse(403, "DENIED", "invalid token")
        if not found or not NAME.fullmatch(name or "x"):
            return refuse(400, "NAME_INVALID", "invalid repository name")
        return self._route(call, name, what, rest, bearer) if name else Reply.of({})

    def _token(self, call: Call) -> Reply:
        """Opaque, without an end; a stranger gets one for what is public, and all others one for whatever they ask."""
        scopes = tuple(scope for each in call.queries.get("scope", []) for scope in each.split())
        if call.authorization and not call.login:
            return refuse(401, "UNAUTHORIZED", "authentication required")
        secret = call.login[1] if call.login else ""
        if call.query.get("service") != SERVICE or (secret and secret not in self.secrets):
            return refuse(403, "DENIED", "denied")
        names = {scope.split(":")[1] for scope in scopes}
        if not secret and not (names and all((package := self.known(name)) and package.public for name in names)):
            return refuse(403, "DENIED", "requested access to the resource is denied")
        bearer = f"djE6b3BhcXVl{next(self._numbers):06}"
        self._bearers[bearer] = secret, scopes
        self.given.append((secret, scopes))
        return Reply.of({"token": bearer})

    def _route(self, call: Call, name: str, what: str, rest: str, bearer: str) -> Reply:
        writes = call.method in {"POST", "PUT", "PATCH", "DELETE"}
        refused = self._no_right(name, bearer, "push" if writes else "pull")
        if refused:
            return refused
        if call.method == "DELETE":
            return refuse(405, "UNSUPPORTED", "The operation is unsupported.")
        package = self.packages.get(name)
        if not writes and (package is None or what == "referrers"):
            return refuse(404, "MANIFEST_UNKNOWN" if package else "NAME_UNKNOWN", "manifest unknown" if package else "repository name not known to registry")
        route = self.ROUTES.get((what, "GET" if call.method == "HEAD" else call.method))
        if not route:
            return refuse(404, "UNSUPPORTED", "The operation is unsupported.")
        return route(self, call, name, self.packages.setdefault(name, Package(public=self.new_are_public)), rest)

    def _no_right(self, name: str, bearer: str, action: str) -> Reply | None:
        """What GHCR says to who may not do that."""
        secret, scopes = self._bearers[bearer]
        granted = {each for scope in scopes if scope.split(":")[1] == name for each in scope.split(":")[2].split(",")}
        if action not in granted:
            return refuse(403, "DENIED", "permission_denied: The token provided does not match expected scopes.")
        package, rights = self.known(name), self.secrets.get(secret, "")
        if action == "pull":
            return None
        if rights in {"", "read"}:
            return refuse(403, "DENIED", "installation not allowed to Write organization package")
        if package is None and rights != "create":
            return refuse(403, "DENIED", "installation not allowed to Create organization package")
        return refuse(403, "DENIED", "permission_denied: write_package") if package and not package.linked else None

    # Blobs.

    def _open(self, call: Call, name: str, package: Package, rest: str) -> Reply:
        mount, source = call.query.get("mount", ""), call.query.get("from", "")
        if self.mounts and source in self.packages and mount in self.packages[source].blobs:
            package.blobs[mount] = self.packages[source].blobs[mount]
            return Reply(status=201, headers={"Location": f"/v2/{name}/blobs/{mount}", "Docker-Content-Digest": mount})
        session = f"0000-{next(self._numbers):06}"
        self.sessions[session] = b""
        return Reply(status=202, headers={"Location": f"/v2/{name}/blobs/upload/{session}", "Docker-Upload-UUID": session, "Range": "0-0"})

    def _patch(self, call: Call, name: str, package: Package, session: str) -> Reply:
        if session not in self.sessions:
            return refuse(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry")
        if len(call.body) > LARGEST_CHUNK:
            said = "the request body is too large and exceeds the maximum permissible limit of 4.00MiB"
            return refuse(416, "REQUESTED_RANGE_NOT_SATISFIABLE", said)
        self.sessions[session] += call.body
        return Reply(status=202, headers={"Location": f"/v2/{name}/blobs/upload/{session}", "Range": f"0-{len(self.sessions[session]) - 1}"})

    def _close(self, call: Call, name: str, package: Package, session: str) -> Reply:
        """A session ends with its PUT, however that ends."""
        if session not in self.sessions:
            return refuse(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry")
        data, digest = self.sessions.pop(session) + call.body, call.query.get("digest", "")
        if digest_of(data) != digest:
            return refuse(400, "DIGEST_INVALID", "provided digest did not match uploaded content")
        package.blobs[digest] = data
        return Reply(status=201, headers={"Location": f"/v2/{name}/blobs/{digest}", "Docker-Content-Digest": digest})

    def _blob(self, call: Call, name: str, package: Package, digest: str) -> Reply:
        if digest not in package.blobs:
            return refuse(404, "BLOB_UNKNOWN", "blob unknown to registry")
        if call.method == "HEAD" and not self.head_redirects:
            return Reply(headers={"Content-Length": str(len(package.blobs[digest])), "Docker-Content-Digest": digest})
        return Reply(status=307, headers={"Location": self.blobs.address(f"{name}/{digest}")})

    def _bytes(self, where: str) -> bytes | None:
        name, _, digest = where.rpartition("/")
        return self.packages[name].blobs.get(digest) if name in self.packages else None

    # Manifests.

    def _put(self, call: Call, name: str, package: Package, reference: str) -> Reply:
        manifest = call.json()
        wanted = [each["digest"] for each in (manifest.get("config"), *manifest.get("layers", ())) if each]
        if self.loses and wanted:
            self.loses -= 1
            package.blobs.pop(wanted[0], None)
        if lost := [each for each in wanted if each not in package.blobs]:
            status, code = self.loses_as
            return Reply.of({"errors": [{"code": code, "message": "unknown blob", "detail": {"digest": lost[0]}}]}, status)
        if any(each["digest"] not in package.manifests for each in manifest.get("manifests", ())):
            return refuse(404, "MANIFEST_UNKNOWN", "manifest unknown")
        digest = digest_of(call.body)
        if reference.startswith("sha256:") and reference != digest:
            return refuse(400, "DIGEST_INVALID", "provided digest did not match uploaded content")
        self._keep(package, reference, digest, call.body)
        return Reply(status=201, headers={"Location": f"/v2/{name}/manifests/{digest}", "Docker-Content-Digest": digest})

    def _keep(self, package: Package, reference: str, digest: str, data: bytes) -> None:
        for each, there in ((reference, package.tags.get(reference)), (digest, digest if digest in package.manifests else None)):
            if self.lag and there != digest:
                package.before[each] = self.lag, there
        package.manifests[digest] = data
        if reference != digest:
            package.tags[reference] = digest

    def _manifest(self, call: Call, name: str, package: Package, reference: str) -> Reply:
        left, digest = package.before.pop(reference, (0, None))
        if left > 1:
            package.before[reference] = left - 1, digest
        if not left:
            digest = package.tags.get(reference, reference)
        if digest not in package.manifests:
            return refuse(404, "MANIFEST_UNKNOWN", "manifest unknown")
        data = package.manifests[digest]
        kind = str(json.loads(data).get("mediaType", "application/vnd.oci.image.manifest.v1+json"))
        if kind not in re.split(r"[,;\s]+", ",".join(call.headers.get_all("Accept", []))):
            what = "index" if kind in INDEXES else "manifest"
            plural = {"index": "indexes"}.get(what, "manifests")
            return refuse(404, "MANIFEST_UNKNOWN", f"OCI {what} found, but Accept header does not support OCI {plural}")
        return Reply(body=data, headers={"Content-Type": kind, "Docker-Content-Digest": digest or ""})

    def _tags(self, call: Call, name: str, package: Package, rest: str) -> Reply:
        """In the order of their making."""
        every = list(package.tags)
        size, last = min(int(call.query.get("n", "100")), self.page), call.query.get("last", "")
        start = every.index(last) + 1 if last in every else 0
        shown = every[start : start + size]
        more = start + size < len(every)
        link = {"Link": f'</v2/{name}/tags/list?last={shown[-1]}&n={size}>; rel="next"'} if more else {}
        return Reply.of({"name": name, "tags": shown}, 200, **link)

    ROUTES: ClassVar[dict[tuple[str, str], Route]] = {
        ("blobs/uploads", "POST"): _open,
        ("blobs/upload", "PATCH"): _patch,
        ("blobs/upload", "PUT"): _close,
        ("blobs", "GET"): _blob,
        ("manifests", "PUT"): _put,
        ("manifests", "GET"): _manifest,
        ("tags", "GET"): _tags,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Ghcr:
    """An empty registry behind a front that records and fails on demand."""

    registry: Registry
    """What is there and was asked (`calls`), and its knobs."""
    blobs: Storage
    """The host of the bytes; what it was asked is in `calls`."""
    front: Front
    token: str = TOKEN
    """It may write and make packages, with any user name."""

    @property
    def host(self) -> str:
        """`127.0.0.1:<port>`."""
        return self.front.url.removeprefix("http://")

    def package(self, name: str) -> Package:
        """What is under a name."""
        return self.registry.packages[name]

    def index(self, name: str, reference: str) -> dict[str, Any]:
        """A manifest by tag or digest."""
        package = self.package(name)
        read: dict[str, Any] = json.loads(package.manifests[package.tags.get(reference, reference)])
        return read


@pytest.fixture
def ghcr() -> Iterator[Ghcr]:
    """An empty registry."""
    with Registry() as registry, registry.blobs as blobs, Front(registry.url) as front:
        yield Ghcr(registry=registry, blobs=blobs, front=front)
