"""GitHub as far as releases go: its API behind Prism, which judges by GitHub's own description, its upload host, its storage and its web site."""

from __future__ import annotations

import hashlib
import http.client
import json
import re
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import pytest
from tests.servers.front import HOP_BY_HOP, Fault, Front
from tests.servers.github_api import NOT_FOUND, Api, invalid, problem, refusal
from tests.servers.github_json import asset_json
from tests.servers.github_world import World, stored_name
from tests.servers.prism import judging
from tests.servers.serving import Call, Reply, Server
from tests.servers.storage import Storage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.servers.github_world import Asset, Release

    Tool = Callable[[str], Path]

TOKEN, READER, FOREIGN, ADMIN = "ghs_writer", "ghs_reader", "ghs_of_another_repository", "ghp_admin"
LARGEST = 1 << 31
MOST = 1000
SECONDARY = b'{"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.", "documentation_url": "https://docs.github.com/rest"}'


def secondary_limit(seconds: int | None = 60, status: int = 403) -> Fault:
    """What happens to somebody who writes too fast; `seconds` as `Retry-After`, None: it is left out."""
    headers = {"Content-Type": "application/json; charset=utf-8", "Content-Length": str(len(SECONDARY))}
    return Fault(status=status, headers=headers | ({"Retry-After": str(seconds)} if seconds is not None else {}), body=SECONDARY)


def primary_limit(reset: int) -> Fault:
    """What happens when the hour's requests are used up; `reset` is the time at which there are new ones, in seconds since 1970."""
    body = b'{"message": "API rate limit exceeded for installation.", "documentation_url": "https://docs.github.com/rest"}'
    headers = {"Content-Type": "application/json; charset=utf-8", "Content-Length": str(len(body))}
    return Fault(status=403, headers=headers | {"X-RateLimit-Limit": "1000", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(reset)}, body=body)


class Door(Server):
    """Leads all requests through Prism to the API, except for the bytes of an asset, which are no JSON to judge."""

    def __init__(self, api: Api) -> None:
        super().__init__()
        self.api, self.judge = api, ""
        self.violations: list[str] = []

    def reply_to(self, call: Call) -> Reply:
        """Hand on, several at once."""
        if "/releases/assets/" in call.path and call.headers.get("Accept") == "application/octet-stream":
            return self.api.reply_to(call)
        connection = http.client.HTTPConnection(urlsplit(self.judge).netloc, timeout=60)
        try:
            headers = {name: value for name, value in call.headers.items() if name.lower() not in HOP_BY_HOP}
            connection.request(call.method, call.target, call.body or None, headers)
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        if answer.getheader("Content-Type", "").startswith("application/problem+json"):
            self.violations.append(f"{call.method} {call.target}: {body.decode()}")
        kept = {name: value for name, value in answer.headers.items() if name.lower() not in HOP_BY_HOP | {"content-length"}}
        return Reply(status=answer.status, body=body, headers=kept)


class Uploads(Server):
    """`uploads.github.com`. Prism does not judge it: GitHub's description knows one content type only, and GitHub takes all."""

    def __init__(self, api: Api) -> None:
        super().__init__()
        self.api = api

    def refuse_unread(self, call: Call) -> Reply | None:
        """What is too large, or of unknown size, is refused at once."""
        size = call.headers.get("Content-Length")
        if not size or size == "0":
            return problem(400, "Bad Content-Length: ")
        return invalid("ReleaseAsset", "custom", "size", f"size must be less than or equal to {LARGEST}") if int(size) > LARGEST else None

    def answer(self, call: Call) -> Reply:
        """Take an asset."""
        world = self.api.world
        found = re.fullmatch(rf"/repos/{re.escape(world.full_name)}/releases/(\d+)/assets", call.path)
        release = next((each for each in world.releases if found and str(each.id) == found[1]), None)
        refused = refusal(world, call, writes=True)
        if call.method != "POST" or refused or not release:
            return refused or NOT_FOUND
        if not call.query.get("name") or not call.headers.get("Content-Type"):
            return problem(400, "Invalid request: a name and a Content-Type are needed")
        return self._no_asset(release, stored_name(call.query["name"])) or self._keep(release, call)

    def _no_asset(self, release: Release, name: str) -> Reply | None:
        if release.immutable:
            return problem(422, "Cannot upload assets to an immutable release.")
        if any(asset.name == name for asset in release.assets):
            return self._numbered(invalid("ReleaseAsset", "already_exists", "name"))
        if len(release.assets) >= MOST:
            return invalid("ReleaseAsset", "custom", "file_count", f"file_count limited to {MOST} assets per release")
        return None

    @staticmethod
    def _numbered(refused: Reply) -> Reply:
        """This host says in the body which request it was."""
        return Reply.of(json.loads(refused.body) | {"request_id": "0000:1"}, refused.status)

    def _keep(self, release: Release, call: Call) -> Reply:
        world = self.api.world
        facts = {"label": call.query.get("label", ""), "content_type": call.headers["Content-Type"]}
        if world.broken_uploads:
            world.broken_uploads -= 1
            world.attach(release, call.query["name"], b"", state="starter", **facts)
            return Reply(status=502, body=b"<html><h1>502 Bad Gateway</h1></html>", headers={"Content-Type": "text/html"})
        return Reply.of(asset_json(world, release, world.attach(release, call.query["name"], call.body, **facts)), 201)


class Web(Server):
    """`github.com`: pages of releases, and downloads of public ones."""

    def __init__(self, api: Api) -> None:
        super().__init__()
        self.api = api

    def answer(self, call: Call) -> Reply:
        """A stranger sees what is published in a public repository."""
        world = self.api.world
        found = re.fullmatch(rf"/{re.escape(world.full_name)}/releases/(?:tag/(.+)|download/(.+)/([^/]+))", call.path)
        release = next((each for each in world.published() if found and each.tag_name == unquote(found[1] or found[2])), None)
        if not found or not release or world.private:
            return Reply(status=404, body=b"Not Found")
        if found[1]:
            return Reply(body=b"<html>a release</html>", headers={"Content-Type": "text/html"})
        asset = next((each for each in release.assets if each.name == unquote(found[3])), None)
        return Reply(status=302, headers={"Location": world.signed(str(asset.id))}) if asset else Reply(status=404)


@dataclass(frozen=True, slots=True, kw_only=True)
class Github:
    """A new repository `octo/demo`, without tags and releases, behind fronts that record and fail on demand."""

    world: World
    """What is there, and what may be changed of GitHub's ways."""
    api: Front
    uploads: Front
    storage: Storage
    web: Web
    door: Door
    token: str = TOKEN
    """It may write contents."""

    @property
    def url(self) -> str:
        """`GITHUB_API_URL`."""
        return self.api.url

    @property
    def server_url(self) -> str:
        """`GITHUB_SERVER_URL`."""
        return self.web.url

    @property
    def violations(self) -> list[str]:
        """What Prism did not let pass; a test that ends with some fails, so clear them if you mean it."""
        return self.door.violations

    def release(self, tag: str) -> Release:
        """The one release, draft or not, of a tag."""
        (found,) = (release for release in self.world.releases if release.tag_name == tag)
        return found

    def stored(self, tag: str) -> dict[str, str]:
        """The sha256 of each whole asset of all releases of a tag."""
        releases = (release for release in self.world.releases if release.tag_name == tag)
        return {asset.name: hashlib.sha256(asset.data).hexdigest() for release in releases for asset in release.assets if asset.state == "uploaded"}

    def put_release(self, tag: str, **facts: object) -> Release:
        """Make it hold a release, published unless `draft=True`, with its tag."""
        release = self.world.make(tag, **facts)
        if not release.draft:
            self.world.tags.setdefault(tag, self.world.branches["main"])
            release.published_at = release.created_at
        return release

    def put(self, release: Release, name: str, data: bytes, **facts: object) -> Asset:
        """Make it hold an asset."""
        return self.world.attach(release, name, data, **facts)

    def writes(self) -> int:
        """How many writes have reached it."""
        return self.api.writes() + self.uploads.writes()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosts:
    """The servers of a session."""

    api: Api
    door: Door
    uploads: Uploads
    storage: Storage
    web: Web

    def all(self) -> tuple[Server, ...]:
        """Each of them."""
        return (self.api, self.door, self.uploads, self.storage, self.web)


@pytest.fixture(scope="session")
def github_hosts(tool: Tool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosts]:
    """GitHub's hosts, all for the one repository of the test that runs."""
    with ExitStack() as servers:
        api = Api()
        hosts = Hosts(api=api, door=Door(api), uploads=Uploads(api), storage=Storage(api.bytes_of), web=Web(api))
        for server in hosts.all():
            servers.enter_context(server)
        hosts.door.judge = servers.enter_context(judging(tool, api.url, tmp_path_factory.mktemp("prism")))
        yield hosts


@pytest.fixture
def github(github_hosts: Hosts, tool: Tool) -> Iterator[Github]:
    """A repository without releases. The test fails if a request or an answer was not as GitHub describes it."""
    del tool  # named so that these tests count as bound to a real part
    hosts = github_hosts
    with Front(hosts.door.url) as api, Front(hosts.uploads.url) as uploads:
        hosts.api.world = World(api_url=api.url, upload_url=uploads.url, server_url=hosts.web.url, signed=hosts.storage.address)
        hosts.api.world.tokens |= {TOKEN: "write", READER: "read", FOREIGN: "none", ADMIN: "admin"}
        for server in hosts.all():
            server.calls.clear()
        hosts.door.violations.clear()
        yield Github(world=hosts.api.world, api=api, uploads=uploads, storage=hosts.storage, web=hosts.web, door=hosts.door)
        assert hosts.door.violations == []
