"""The wire protocols, each at a real server behind a front, or at the tests' own where no package is one, and their steps."""

from __future__ import annotations

import hashlib
import itertools
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote

from tests.reliability.rules import Moment
from tests.servers.front import READS, Front, Seen
from tests.servers.github import TOKEN, Uploads
from tests.servers.github_api import Api
from tests.servers.github_world import MAIN, World
from tests.servers.pypiserver import PASSWORD, USERNAME, serving
from tests.servers.registries import Registry, distribution
from tests.servers.storage import Storage
from tests.servers.tokens import ISSUER, MAINTAINER, MAINTAINERS_PASSWORD, TokenServer
from tests.targets.indexes import make as make_index
from tests.targets.namespaces import RegistryStand

from pkg_publish.runner import Runner
from pkg_publish.secret import Secret
from pkg_publish.targets.base import Ambient, TargetSpec
from pkg_publish.targets.github_release import GithubReleaseKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pkg_publish.model import Release
    from pkg_publish.targets.base import Target

    Where = Callable[[Seen], bool]

FIRST, MIDDLE, LAST = "first", "middle", "last"
POSITIONS = (FIRST, MIDDLE, LAST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a wire protocol."""

    name: str
    moment: Moment
    position: str = ""
    """Of the file it is about; empty: it is about none."""
    writes: bool = False
    at: str = "main"
    """Which of the wire's fronts it passes."""
    blinds: bool = False
    """The look at the end is the same read, so it meets the same fault if that lasts."""
    harmless: frozenset[str] = frozenset()
    """Troubles that mean nothing there."""

    @property
    def shown_before(self) -> bool:
        """A reader sees an earlier file by then."""
        return self.moment is Moment.SHOWN and self.position != FIRST


class Wire(Protocol):
    """A place to publish to, seen past our code; one for all cells."""

    name: str
    steps: tuple[Step, ...]
    settles: float
    """Seconds that a look at the end may wait."""

    def begin(self) -> None:
        """Have a place where nothing is, for the next cell."""

    def fronts(self) -> Mapping[str, Front]:
        """All that requests pass through."""

    def where(self, step: Step, release: Release) -> Where:
        """Which requests the step is."""

    def target(self) -> Target:
        """As the configuration makes it."""

    def stored(self, release: Release) -> Mapping[str, str | None]:
        """What a reader finds: sha256 by name."""


def nth(number: int, matches: Where) -> Where:
    """The matching request of that number, from 1, and all after it."""
    count = itertools.count(1)
    return lambda seen: matches(seen) and next(count) >= number


def asks(method: str, *parts: str, without: str = "\0") -> Where:
    """A method, and parts of an address."""
    return lambda seen: seen.method == method and all(part in seen.path for part in parts) and without not in seen.path


def after(front: Front, write: Where, read: Where) -> Where:
    """A read that comes after a write was answered."""
    return lambda seen: read(seen) and any(write(each) and each.forwarded for each in front.requests)


@dataclass
class UploadWire:
    """The upload API, at pypiserver."""

    folder: Path
    front: Front
    name: str = "upload API"
    settles: float = 60.0
    steps: tuple[Step, ...] = (
        Step(name="read the index", moment=Moment.LOOK),
        *(Step(name="POST the file", moment=Moment.SHOWN, position=each, writes=True) for each in POSITIONS),
        Step(name="read the index again", moment=Moment.READ_BACK, blinds=True),
    )

    def begin(self) -> None:
        for path in self.folder.iterdir():
            path.unlink()

    def fronts(self) -> Mapping[str, Front]:
        return {"main": self.front}

    def where(self, step: Step, release: Release) -> Where:
        if not step.writes:
            read = asks("GET", "/simple/")
            return read if step.moment is Moment.LOOK else after(self.front, nth(len(release.distributions), asks("POST")), read)
        size = release.distributions[POSITIONS.index(step.position)].size
        return lambda seen: seen.method == "POST" and size < int(seen.headers["Content-Length"]) < size + 8000

    def target(self) -> Target:
        return make_index(f"{self.front.url}/", USERNAME, PASSWORD)

    def stored(self, release: Release) -> Mapping[str, str | None]:
        del release
        return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in self.folder.iterdir()}


@dataclass
class RegistryWire:
    """A registry with tokens, at docker-registry."""

    upstream: str
    front: Front
    tokens: TokenServer
    token_front: Front
    name: str = "registry"
    settles: float = 1.0
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    steps: tuple[Step, ...] = (
        Step(name="GET the index", moment=Moment.LOOK),
        Step(name="GET a token to read", moment=Moment.LOOK, at="tokens", harmless=frozenset({"403"})),
        Step(name="GET a token to write", moment=Moment.STAGED, at="tokens"),
        Step(name="HEAD the first blob", moment=Moment.STAGED),
        *(Step(name="POST a session", moment=Moment.STAGED, position=each, writes=True) for each in POSITIONS),
        *(Step(name="PUT the blob", moment=Moment.STAGED, position=each, writes=True) for each in POSITIONS),
        *(Step(name="PUT the manifest", moment=Moment.STAGED, position=each, writes=True) for each in POSITIONS),
        Step(name="GET the index before it is written", moment=Moment.STAGED),
        Step(name="PUT the index", moment=Moment.REVEAL, writes=True),
        Step(name="GET the index again", moment=Moment.READ_BACK, blinds=True),
    )

    def begin(self) -> None:
        self.tokens.forget()
        self.stand = RegistryStand(
            Registry(
                kind="token",
                name=f"octo/cell-{next(self.numbers)}",
                upstream=self.upstream,
                front=self.front,
                username=MAINTAINER,
                password=MAINTAINERS_PASSWORD,
                token_server=self.tokens,
            )
        )

    def fronts(self) -> Mapping[str, Front]:
        return {"main": self.front, "tokens": self.token_front}

    def where(self, step: Step, release: Release) -> Where:
        number, tag = POSITIONS.index(step.position or FIRST), f"/manifests/{release.version}"
        manifest = asks("PUT", "/manifests/", without=tag)
        known = {
            "GET the index": asks("GET", tag),
            "GET a token to read": asks("GET", quote(":pull"), without="push"),
            "GET a token to write": asks("GET", quote(":pull,push")),
            "HEAD the first blob": asks("HEAD"),
            "POST a session": nth(2 * number + 1, asks("POST")),
            "PUT the blob": asks("PUT", quote(f"sha256:{release.distributions[number].sha256}", safe="")),
            "PUT the manifest": nth(number + 1, manifest),
            "GET the index before it is written": after(self.front, nth(3, manifest), asks("GET", tag)),
            "PUT the index": asks("PUT", tag),
            "GET the index again": after(self.front, asks("PUT", tag), asks("GET", tag)),
        }
        return known[step.name]

    def target(self) -> Target:
        return self.stand.target()

    def stored(self, release: Release) -> Mapping[str, str | None]:
        return self.stand.stored(release)


@dataclass
class ReleaseWire:
    """GitHub's release API, at the tests' own, without Prism before it: that one judges elsewhere, and takes its time."""

    api_server: Api
    api: Front
    uploads: Front
    storage: Storage
    name: str = "release API"
    settles: float = 10.0
    steps: tuple[Step, ...] = (
        Step(name="GET the release by tag", moment=Moment.LOOK),
        Step(name="list releases", moment=Moment.LOOK),
        Step(name="POST a draft", moment=Moment.STAGED, writes=True),
        *(Step(name="POST the asset", moment=Moment.STAGED, position=each, writes=True, at="uploads") for each in POSITIONS),
        Step(name="list the assets", moment=Moment.STAGED, blinds=True),
        Step(name="publish the draft", moment=Moment.REVEAL, writes=True),
        Step(name="GET the release again", moment=Moment.READ_BACK, blinds=True),
    )

    def begin(self) -> None:
        self.api_server.world = World(api_url=self.api.url, upload_url=self.uploads.url, signed=self.storage.address)
        self.api_server.world.tokens[TOKEN] = "write"

    def fronts(self) -> Mapping[str, Front]:
        return {"main": self.api, "uploads": self.uploads}

    def where(self, step: Step, release: Release) -> Where:
        by_tag = asks("GET", "/releases/tags/")
        if step.position:
            name = release.distributions[POSITIONS.index(step.position)].name
            return asks("POST", f"name={quote(name, safe='')}")
        known = {
            "GET the release by tag": by_tag,
            "list releases": asks("GET", "/releases?"),
            "POST a draft": asks("POST", "/releases"),
            "list the assets": asks("GET", "/assets"),
            "publish the draft": asks("PATCH", "/releases/"),
            "GET the release again": after(self.api, asks("PATCH", "/releases/"), by_tag),
        }
        return known[step.name]

    def target(self) -> Target:
        runner = Runner(repository="octo/demo", sha=MAIN, run_id="7", api_url=self.api.url, event={"repository": {"private": False}})
        ambient = Ambient(folder=Path(), environ={"GITHUB_RUN_ATTEMPT": "1"}, runner=runner, tokens={"github-token": Secret(TOKEN)})
        return GithubReleaseKind().make(TargetSpec(kind="github-release"), ambient)

    def stored(self, release: Release) -> Mapping[str, str | None]:
        found = [each for each in self.api_server.world.published() if each.tag_name == f"v{release.version}"]
        return {asset.name: hashlib.sha256(asset.data).hexdigest() for each in found for asset in each.assets if asset.state == "uploaded"}


@contextmanager
def wires(tool: Callable[[str], Path], folder: Path) -> Iterator[list[Wire]]:
    """All of them, their servers running."""
    with ExitStack() as stack:
        address, files = stack.enter_context(serving(folder / "pypiserver"))
        upload = UploadWire(folder=files, front=stack.enter_context(Front(address)))

        tokens = stack.enter_context(TokenServer("registry.test"))
        token_front = stack.enter_context(Front(tokens.url))
        home = folder / "registry"
        home.mkdir()
        tokens.signer.write_bundle(home / "trusted.pem")
        settings = {"realm": f"{token_front.url}/token", "service": tokens.service, "issuer": ISSUER, "rootcertbundle": str(home / "trusted.pem")}
        registry = stack.enter_context(distribution(tool("docker-registry"), home, {"token": settings}, in_memory=True))
        oci = RegistryWire(upstream=registry, front=stack.enter_context(Front(registry)), tokens=tokens, token_front=token_front)

        api = stack.enter_context(Api())
        uploads = stack.enter_context(Uploads(api))
        storage = stack.enter_context(Storage(api.bytes_of))
        release = ReleaseWire(api_server=api, api=stack.enter_context(Front(api.url)), uploads=stack.enter_context(Front(uploads.url)), storage=storage)
        yield [upload, oci, release]


def writes(wire: Wire) -> list[Seen]:
    """All that would change something, whether it arrived or not."""
    return [seen for front in wire.fronts().values() for seen in front.requests if seen.method not in READS]


WIRES: tuple[type[Wire], ...] = (UploadWire, RegistryWire, ReleaseWire)
