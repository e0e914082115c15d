"""One GitHub repository: its releases, their assets and its tags. JSON goes through PyGithub, bytes through our transport alone."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote

from pkg_publish.clients.github_refusals import ABSENT, IMMUTABLE, REFUSALS, REFUSED_UPLOADS
from pkg_publish.clients.network import Credential, Origin
from pkg_publish.clients.refusals import refused
from pkg_publish.clients.request import Request
from pkg_publish.clients.transport import harmless
from pkg_publish.errors import Integrity, Refused, Unavailable
from pkg_publish.formats.github_release import Asset, TaggedRelease

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from github.GitRelease import GitRelease
    from github.GitReleaseAsset import GitReleaseAsset
    from github.Repository import Repository

    from pkg_publish.clients.attachments import File
    from pkg_publish.clients.refusals import Refusal
    from pkg_publish.clients.request import Answer, Content
    from pkg_publish.clients.transport import Transport
    from pkg_publish.errors import PublishError
    from pkg_publish.formats.github_release import Wish
    from pkg_publish.secret import Secret
    from pkg_publish.watch import Watch

Found = TypeVar("Found")

BYTES = "application/octet-stream"
HOPS = 5
LONGEST_LIST = 1 << 25
"""Bytes: a hundred releases with a thousand assets each are less."""
PEELS = 5
"""How many annotated tags may lead to one another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GithubApi:
    """One GitHub repository. Safe for threads: each question is one of its own."""

    url: str
    """The address of the API (`GITHUB_API_URL`)."""
    name: str
    """`OWNER/NAME`"""
    transport: Transport
    token: Secret | None
    immutable: Mapping[str, str]
    """The facts `cause`, `cure` and `recipe` of what a locked release refuses."""

    def releases(self, watch: Watch) -> list[TaggedRelease]:
        """All releases, and drafts as far as the token may see them."""
        with self._asking(f"listing the releases of {self.name}", watch) as repository:
            return [_tagged(each) for each in repository.get_releases()]

    def published(self, tag: str, watch: Watch) -> TaggedRelease | None:
        """The published release of a tag; for a second after its publication GitHub may not find it."""
        with self._asking(f"looking for the release {tag} of {self.name}", watch) as repository:
            return _or_none(lambda: _tagged(repository.get_release(tag)))

    def assets(self, release: TaggedRelease, watch: Watch) -> list[Asset]:
        """All assets of a release, also those that are not whole; of one that is gone, none."""
        with self._asking(f"listing the assets of the release {release.tag} of {self.name}", watch) as repository:
            found = repository.get_release(release.id).get_assets()
            return _or_none(lambda: [_asset(each) for each in found]) or []

    def commit_of(self, tag: str, watch: Watch) -> str:
        """The commit that a tag leads to; empty: there is no such tag."""
        with self._asking(f"reading the tag {tag} of {self.name}", watch) as repository:
            return _or_none(lambda: _commit(repository, tag)) or ""

    def is_private(self, watch: Watch) -> bool:
        """Whether strangers see nothing of it."""
        with self._asking(f"reading {self.name}", watch) as repository:
            return bool(repository.private)

    def ask_to_write(self, tag: str, watch: Watch) -> None:
        """Ask for words that need `contents: write` and are saved nowhere; raises what that is refused with."""
        with self._asking(f"asking whether releases of {self.name} may be written", watch, harmless) as repository:
            repository.generate_release_notes(tag)

    def notes(self, wish: Wish, watch: Watch) -> str:
        """Those that GitHub makes for a release; they are saved nowhere."""
        from github.GithubObject import NotSet

        with self._asking(f"asking for notes of the release {wish.tag} of {self.name}", watch, harmless) as repository:
            return repository.generate_release_notes(wish.tag, target_commitish=wish.commit or NotSet).body

    def draft(self, wish: Wish, notes: str, watch: Watch, arrived: Callable[[], bool]) -> TaggedRelease | None:
        """Make a draft with these notes. None: it was made, but the answer was lost."""
        from github.GithubObject import NotSet

        with self._asking(f"making a draft of the release {wish.tag} of {self.name}", watch, arrived) as repository:
            made = repository.create_git_release(
                wish.tag,
                wish.name,
                notes,
                draft=True,
                prerelease=wish.prerelease,
                target_commitish=wish.commit or NotSet,
                make_latest="false",
            )
            return _tagged(made) if made.raw_data else None

    def change(self, release: TaggedRelease, facts: Mapping[str, object], watch: Watch) -> None:
        """Change what `facts` says of a release, and nothing else: PyGithub's own method always sends name and notes."""
        with self._asking(f"changing the release {release.tag} of {self.name}", watch, harmless) as repository:
            repository.requester.requestJsonAndCheck("PATCH", f"{repository.url}/releases/{release.id}", input=dict(facts))

    def delete_draft(self, release: TaggedRelease, may_go: Callable[[TaggedRelease], bool], watch: Watch) -> None:
        """Delete a draft, if it is there and may go as it is now: somebody may have put a file there, or written its notes, or published it meanwhile."""
        with self._asking(f"deleting a draft of the release {release.tag} of {self.name}", watch, harmless) as repository:
            there = repository.get_release(release.id)
            _or_none(lambda: there.delete_release() if there.draft and may_go(_tagged(there)) else None)

    def delete_asset(self, asset: Asset, watch: Watch) -> None:
        """Delete an asset, if it is there."""
        from github.GitReleaseAsset import GitReleaseAsset

        with self._asking(f"deleting {asset.name} from {self.name}", watch, harmless) as repository:
            there = GitReleaseAsset(repository.requester, url=f"{repository.url}/releases/assets/{asset.id}")
            _or_none(there.delete_asset)

    def upload(self, release: TaggedRelease, file: File, watch: Watch, arrived: Callable[[], bool]) -> Asset | None:
        """Send a file as an asset, and return that as GitHub has it; None: the answer was lost, and `arrived` found it there.

        Raises `Conflict` with the code `NAME_TAKEN` when there is one of its name.
        """

        @contextmanager
        def opened() -> Iterator[Content]:
            with file.open() as source:
                yield watch.body(file.name, source)

        url = release.upload_url.partition("{")[0]
        request = Request(
            method="POST",
            doing=f"uploading {file.name} to {self.name}",
            url=f"{url}?name={quote(file.name, safe='')}",
            headers={"Accept": "application/vnd.github+json", "Content-Type": BYTES},
            content=opened,
            credential=self._credential(url),
            expects=frozenset({"application/json"}),
        )
        answer = self.transport.write(request, watch, arrived)
        if not answer.ok:
            raise self._refused(REFUSED_UPLOADS, request.doing, answer)
        return None if answer.lost else _uploaded(answer)

    def fetch(self, number: str, name: str, watch: Watch) -> Iterator[bytes]:
        """The bytes of an asset as they come, from where GitHub sends us without our token; nobody has compared them."""
        url = f"{self.url}/repos/{self.name}/releases/assets/{number}"
        request = Request(doing=f"fetching {name}", url=url, headers={"Accept": BYTES}, credential=self._credential(url), hops=HOPS)
        return self.transport.stream(request, watch, partial(self._refused, REFUSALS, request.doing))

    def ask(self, path: str, doing: str, watch: Watch) -> Answer:
        """What the API says at a path below the repository's; a refusal is raised."""
        url = f"{self.url}/repos/{self.name}{path}"
        headers = {"Accept": "application/vnd.github+json"}
        answer = self.transport.read(Request(doing=doing, url=url, headers=headers, credential=self._credential(url), most=LONGEST_LIST, hops=HOPS), watch)
        if not answer.ok:
            raise self._refused(REFUSALS, doing, answer)
        return answer

    @contextmanager
    def _asking(self, doing: str, watch: Watch, arrived: Callable[[], bool] | None = None) -> Iterator[Repository]:
        from pkg_publish.clients.github_requester import Call

        credential = self._credential(self.url)
        call = Call(doing=doing, transport=self.transport, credential=credential, watch=watch, arrived=arrived, refused=partial(self._refused, REFUSALS))
        with call.repository(self.url, self.name) as repository:
            yield repository

    def locked(self, release: TaggedRelease) -> Refused:
        """Why nothing can be added to an immutable release."""
        what = f"the release {release.tag} of {self.name} takes no more files: {self.immutable['cause']}"
        return Refused(what, code=IMMUTABLE, cure=self.immutable["cure"], paste=self.immutable["recipe"])

    def _refused(self, table: tuple[Refusal, ...], doing: str, answer: Answer) -> PublishError:
        permissions = answer.headers.get("X-Accepted-GitHub-Permissions", "")[:200] or "not said"
        return refused(table, answer, doing, permissions=permissions, **self.immutable)

    def _credential(self, url: str) -> Credential | None:
        """The token, for the API and for hosts beside or below it; raises `Integrity` for any other, whatever said that we should go there."""
        api, there = Origin.of(self.url), Origin.of(url)
        home = api.host.removeprefix("api.")
        if not (there.scheme == api.scheme and (there.host == home or there.host.endswith(f".{home}"))):
            raise Integrity(
                f"{self.name} says that files are sent to {there}, which is no host of {api}",
                code="foreign-address",
                cure="Nothing was sent there. Ask who runs the server that answers as GitHub's API.",
            )
        return Credential.bearer(url, self.token) if self.token else None


def _or_none(ask: Callable[[], Found]) -> Found | None:
    """What is answered; None: there is no such thing."""
    try:
        return ask()
    except Refused as problem:
        if problem.code != ABSENT:
            raise
        return None


def _tagged(found: GitRelease) -> TaggedRelease:
    return TaggedRelease(
        id=found.id or 0,
        tag=found.tag_name or "",
        name=found.name or "",
        target=found.target_commitish or "",
        notes=found.body or "",
        draft=bool(found.draft),
        prerelease=bool(found.prerelease),
        immutable=bool(found.immutable),
        url=found.html_url or "",
        upload_url=found.upload_url or "",
        assets=tuple(_asset(each) for each in found.assets or ()),
    )


def _asset(found: GitReleaseAsset) -> Asset:
    return Asset(
        id=found.id or 0,
        name=found.name or "",
        state=found.state or "",
        size=found.size,
        sha256=_sha256(found.digest),
        created=_seconds(found.created_at),
        address=found.browser_download_url or "",
    )


def _uploaded(answer: Answer) -> Asset:
    """What an upload made."""
    match answer.json():
        case {"id": int(number), "name": str(name), "state": str(state), **rest}:
            return Asset(id=number, name=name, state=state, sha256=_sha256(rest.get("digest")))
        case _:
            cure = "Look whether a proxy stands in between; then run again."
            raise Unavailable("GitHub took an upload and says nothing of what it has", code="unexpected-answer", cure=cure, reached=True)


def _seconds(time: datetime | None) -> float:
    return time.timestamp() if time else 0.0


def _sha256(digest: object) -> str | None:
    algorithm, _, value = str(digest).partition(":")
    return value if algorithm == "sha256" and re.fullmatch(r"[0-9a-f]{64}", value) else None


def _commit(repository: Repository, tag: str) -> str:
    """The commit of a tag, past the objects of annotated ones."""
    there = repository.get_git_ref(f"tags/{tag}").object
    for _ in range(PEELS):
        if there.type == "tag":
            there = repository.get_git_tag(there.sha).object
    return there.sha
