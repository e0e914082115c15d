"""The routes of GitHub's REST API that have to do with releases, with its rules and its refusals."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import unquote

from tests.servers.github_json import asset_json, commit_json, ref_json, release_json, repository_json, tag_json
from tests.servers.github_world import World
from tests.servers.serving import Call, Reply, Server

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.servers.github_world import Asset, Release

    Route = Callable[..., Reply]

DOCS = "https://docs.github.com/rest"
LONGEST_BODY = 125_000
FACTS = ("tag_name", "target_commitish", "name", "body", "draft", "prerelease")


def problem(status: int, message: str, errors: Sequence[object] = (), **headers: str) -> Reply:
    """A refusal in GitHub's shape."""
    said: dict[str, object] = {"message": message, "documentation_url": DOCS, "status": str(status)}
    return Reply.of(said | ({"errors": list(errors)} if errors else {}), status, **headers)


def invalid(resource: str, code: str, field: str, message: str = "") -> Reply:
    """422 "Validation Failed"."""
    error = {"resource": resource, "code": code, "field": field}
    return problem(422, "Validation Failed", [error | ({"message": message} if message else {})])


NOT_FOUND = problem(404, "Not Found")


def refusal(world: World, call: Call, *, writes: bool, needs: str = "") -> Reply | None:
    """Whether this token may not do that: by what GitHub says to it."""
    kind, _, token = (call.authorization or "").partition(" ")
    if call.authorization and (kind.lower() not in {"token", "bearer"} or token not in world.tokens):
        return problem(401, "Bad credentials")
    if not call.authorization:
        return NOT_FOUND if world.private else problem(401, "Requires authentication") if writes or needs else None
    rights = world.tokens[token]
    wanted = needs or ("contents=write" if writes else "contents=read")
    enough = {"contents=read": {"read", "write", "admin"}, "contents=write": {"write", "admin"}}.get(wanted, {"admin"})
    if rights in enough or (wanted == "contents=read" and not world.private):
        return None
    return problem(403, "Resource not accessible by integration", X_Accepted_GitHub_Permissions=wanted)


def may_write(world: World, call: Call) -> bool:
    """Whether this token sees drafts."""
    return refusal(world, call, writes=True) is None


class Api(Server):
    """`api.github.com`, with one repository."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()

    def answer(self, call: Call) -> Reply:
        """Find the route; a repository that is not there is 404, and so is a private one for strangers."""
        rest = call.path.removeprefix(f"/repos/{self.world.full_name}")
        for method, pattern, route, writes, needs in self.ROUTES:
            if method == call.method and rest != call.path and (found := re.fullmatch(pattern, rest)):
                refused = refusal(self.world, call, writes=writes, needs=needs)
                reply = refused or route(self, call, *map(unquote, found.groups()))
                limits = {"X-RateLimit-Limit": "1000", "X-RateLimit-Remaining": "999", "X-RateLimit-Reset": "1795000000", "X-GitHub-Request-Id": "0000:1"}
                return Reply(status=reply.status, body=reply.body, headers=limits | dict(reply.headers))
        return NOT_FOUND

    def bytes_of(self, number: str) -> bytes | None:
        """What an asset holds."""
        found = self.world.asset(int(number)) if number.isdecimal() else None
        return found[1].data if found else None

    # What is read.

    def _repository(self, call: Call) -> Reply:
        return Reply.of(repository_json(self.world))

    def _commit(self, call: Call, ref: str) -> Reply:
        sha = self.world.commit_of(ref)
        return Reply.of(commit_json(self.world, sha)) if sha else problem(422, f"No commit found for SHA: {ref}")

    def _ref(self, call: Call, tag: str) -> Reply:
        return Reply.of(ref_json(self.world, tag)) if tag in self.world.tags else NOT_FOUND

    def _tag(self, call: Call, sha: str) -> Reply:
        return Reply.of(tag_json(self.world, sha)) if sha in self.world.annotated else NOT_FOUND

    def _list(self, call: Call) -> Reply:
        """Newest first, drafts for those who may write."""
        shown = []
        for release in reversed(self.world.releases):
            release.hidden_in_list -= 1
            if release.hidden_in_list < 0 and (not release.draft or may_write(self.world, call)):
                shown.append(release_json(self.world, release))
        return self._page(call, shown)

    def _by_tag(self, call: Call, tag: str) -> Reply:
        """Published ones only."""
        found = next((release for release in self.world.published() if release.tag_name == tag), None)
        if not found:
            return NOT_FOUND
        found.hidden_by_tag -= 1
        return NOT_FOUND if found.hidden_by_tag >= 0 else Reply.of(release_json(self.world, found))

    def _latest(self, call: Call) -> Reply:
        found = self.world.find_latest()
        return Reply.of(release_json(self.world, found)) if found else NOT_FOUND

    def _release(self, call: Call, number: str) -> Reply:
        found = self._find(call, number)
        return Reply.of(release_json(self.world, found)) if found else NOT_FOUND

    def _assets(self, call: Call, number: str) -> Reply:
        found = self._find(call, number)
        return self._page(call, [asset_json(self.world, found, asset) for asset in found.assets]) if found else NOT_FOUND

    def _asset(self, call: Call, number: str) -> Reply:
        """What it is, or where its bytes are."""
        found = self._find_asset(call, number)
        if not found:
            return NOT_FOUND
        if call.headers.get("Accept") != "application/octet-stream":
            return Reply.of(asset_json(self.world, *found))
        found[1].downloads += 1
        if self.world.redirects:
            return Reply(status=302, headers={"Location": self.world.signed(number)})
        return Reply(body=found[1].data, headers={"Content-Type": "application/octet-stream"})

    def _immutable(self, call: Call) -> Reply:
        return Reply.of({"enabled": True, "enforced_by_owner": False}) if self.world.immutable else NOT_FOUND

    def _notes(self, call: Call) -> Reply:
        """Words for a tag, saved nowhere."""
        return Reply.of(self._generated(str(call.json()["tag_name"])))

    # What is written.

    def _create(self, call: Call) -> Reply:
        asked = call.json()
        if not re.fullmatch(r"(?!-)[^\s~^:?*\\\[]+", asked["tag_name"]):
            return invalid("Release", "custom", "tag_name", "tag_name is not a valid tag")
        facts = {name: asked[name] for name in FACTS if asked.get(name) is not None}
        if asked.get("generate_release_notes"):
            notes = self._generated(asked["tag_name"])
            facts["body"] = "\n\n".join(filter(None, [asked.get("body"), notes["body"]]))
            facts["name"] = asked.get("name") or notes["name"]
        return self._save(call, None, facts, asked, 201)

    def _change(self, call: Call, number: str) -> Reply:
        found, asked = self._find(call, number), call.json()
        if not found:
            return NOT_FOUND
        facts = {name: asked[name] for name in FACTS if asked.get(name) is not None}
        if found.immutable and any(facts.get(name, getattr(found, name)) != getattr(found, name) for name in ("tag_name", "target_commitish", "draft")):
            return problem(422, "Validation Failed", ["Cannot change the tag of an immutable release"])
        return self._save(call, found, facts, asked, 200)

    def _save(self, call: Call, release: Release | None, facts: dict[str, Any], asked: dict[str, Any], status: int) -> Reply:
        """Make or change a release; what comes out as published is given its tag, or refused."""
        if len(facts.get("body", "")) > LONGEST_BODY:
            return invalid("Release", "custom", "body", f"body is too long (maximum is {LONGEST_BODY} characters)")
        publishes = not facts.get("draft", release.draft if release else False) and (release is None or release.draft)
        tag = facts.get("tag_name", release.tag_name if release else "")
        target = facts.get("target_commitish", release.target_commitish if release else self.world.default_branch)
        if publishes and (refused := self._no_publication(call, tag, target, release)):
            return refused
        release = release or self.world.make(tag)
        for name, value in facts.items():
            setattr(release, name, value)
        if publishes:
            self._publish(release, str(asked.get("make_latest", "true")))
        return Reply.of(release_json(self.world, release), status)

    def _no_publication(self, call: Call, tag: str, target: str, release: Release | None) -> Reply | None:
        """Why a release may not be published under a tag, which is made if it is not there."""
        world = self.world
        others = [each for each in world.published() if each.tag_name == tag and each is not release]
        if others and not world.blind:
            return invalid("Release", "already_exists", "tag_name")
        world.blind = max(0, world.blind - 1)
        if tag in world.burned:
            return invalid("Release", "custom", "tag_name", "tag_name was used by an immutable release")
        if tag in world.tags:
            return None
        if not (commit := world.commit_of(target)):
            return invalid("Release", "invalid", "target_commitish")
        if world.commits[commit].touches_workflows and world.tokens.get((call.authorization or "").partition(" ")[2]) != "admin":
            return problem(403, "Resource not accessible by integration", X_Accepted_GitHub_Permissions="contents=write,workflows=write")
        world.tags[tag] = commit
        return None

    def _publish(self, release: Release, make_latest: str) -> None:
        world = self.world
        release.draft, release.immutable, release.hidden_by_tag = False, world.immutable, world.lag_by_tag
        release.published_at = world.now()
        release.created_at = world.commits[world.commit_of(release.tag_name) or ""].date
        if make_latest == "true" and not release.prerelease:
            world.latest = release.id

    def _remove(self, call: Call, number: str) -> Reply:
        """Its tag stays; that of an immutable one is used up."""
        found = self._find(call, number)
        if not found:
            return NOT_FOUND
        self.world.releases.remove(found)
        self.world.burned |= {found.tag_name} if found.immutable else set()
        return Reply(status=204)

    def _change_asset(self, call: Call, number: str) -> Reply:
        found, asked = self._find_asset(call, number), call.json()
        if not found:
            return NOT_FOUND
        release, asset = found
        if any(each.name == asked.get("name") for each in release.assets if each is not asset):
            return invalid("ReleaseAsset", "already_exists", "name")
        asset.name, asset.label = asked.get("name", asset.name), asked.get("label", asset.label)
        return Reply.of(asset_json(self.world, release, asset))

    def _remove_asset(self, call: Call, number: str) -> Reply:
        found = self._find_asset(call, number)
        if not found:
            return NOT_FOUND
        if found[0].immutable:
            return problem(422, "Cannot delete asset from an immutable release")
        found[0].assets.remove(found[1])
        return Reply(status=204)

    def _create_ref(self, call: Call) -> Reply:
        asked = call.json()
        tag = str(asked["ref"]).removeprefix("refs/tags/")
        if tag in self.world.tags:
            return problem(422, "Reference already exists")
        if asked["sha"] not in self.world.commits:
            return problem(422, "Object does not exist")
        self.world.tags[tag] = asked["sha"]
        return Reply.of(ref_json(self.world, tag), 201)

    # Shared.

    def _generated(self, tag: str) -> dict[str, str]:
        return {"name": tag, "body": f"**Full Changelog**: {self.world.server_url}/{self.world.full_name}/commits/{tag}"}

    def _find(self, call: Call, number: str) -> Release | None:
        found = next((release for release in self.world.releases if str(release.id) == number), None)
        return found if found and (not found.draft or may_write(self.world, call)) else None

    def _find_asset(self, call: Call, number: str) -> tuple[Release, Asset] | None:
        found = self.world.asset(int(number))
        return found if found and (not found[0].draft or may_write(self.world, call)) else None

    def _page(self, call: Call, every: Sequence[object]) -> Reply:
        """A page of a list, with links to the others."""
        size, page = min(int(call.query.get("per_page", "30")), 100), int(call.query.get("page", "1"))
        last = max(1, -(-len(every) // size))
        links = {"prev": page - 1, "next": page + 1, "last": last, "first": 1} if page > 1 else {"next": page + 1, "last": last}
        url = f"{self.world.api_url}{call.path}?per_page={size}&page="
        words = [f'<{url}{number}>; rel="{name}"' for name, number in links.items() if number <= last and (page < last or name in {"prev", "first"})]
        return Reply.of(every[(page - 1) * size : page * size], 200, **({"Link": ", ".join(words)} if words else {}))

    ROUTES: ClassVar[list[tuple[str, str, Route, bool, str]]] = [
        ("GET", "", _repository, False, ""),
        ("GET", "/commits/(.+)", _commit, False, ""),
        ("GET", "/git/ref/tags/(.+)", _ref, False, ""),
        ("GET", "/git/tags/([^/]+)", _tag, False, ""),
        ("GET", "/immutable-releases", _immutable, False, "administration=read"),
        ("GET", "/releases", _list, False, ""),
        ("GET", "/releases/latest", _latest, False, ""),
        ("GET", "/releases/tags/(.+)", _by_tag, False, ""),
        ("GET", r"/releases/assets/(\d+)", _asset, False, ""),
        ("GET", r"/releases/(\d+)", _release, False, ""),
        ("GET", r"/releases/(\d+)/assets", _assets, False, ""),
        ("POST", "/git/refs", _create_ref, True, ""),
        ("POST", "/releases", _create, True, ""),
        ("POST", "/releases/generate-notes", _notes, True, ""),
        ("PATCH", r"/releases/(\d+)", _change, True, ""),
        ("DELETE", r"/releases/(\d+)", _remove, True, ""),
        ("PATCH", r"/releases/assets/(\d+)", _change_asset, True, ""),
        ("DELETE", r"/releases/assets/(\d+)", _remove_asset, True, ""),
    ]
