"""What a fake GitHub knows of one repository: its commits, tags, releases and assets."""

from __future__ import annotations

import hashlib
import itertools
import re
import unicodedata
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAIN = hashlib.sha1(b"main", usedforsecurity=False).hexdigest()
"""The commit at the end of the default branch."""


def stored_name(name: str) -> str:
    """The name that GitHub gives an asset of this name: the model of the `gh` command."""
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", name) if not unicodedata.combining(letter))
    named = f"default{plain}" if plain.startswith(".") else plain
    return re.sub(r"\.+", ".", re.sub(r"[^A-Za-z0-9_+@-]+", ".", named)).strip(".")


@dataclass(slots=True, kw_only=True)
class Commit:
    """A commit."""

    sha: str
    date: str = "2026-11-20T09:00:00Z"
    touches_workflows: bool = False
    """It changes files below `.github/workflows`, for which a token needs more than `contents: write`."""


@dataclass(slots=True, kw_only=True)
class Asset:
    """A file of a release."""

    id: int
    name: str
    """As GitHub keeps it."""
    label: str = ""
    content_type: str = "application/octet-stream"
    data: bytes = b""
    state: str = "uploaded"
    """`starter` after an upload that went wrong."""
    created_at: str = ""
    downloads: int = 0


@dataclass(slots=True, kw_only=True)
class Release:
    """A release."""

    id: int
    tag_name: str
    target_commitish: str
    name: str | None = None
    body: str | None = None
    draft: bool = False
    prerelease: bool = False
    immutable: bool = False
    created_at: str = ""
    published_at: str | None = None
    assets: list[Asset] = field(default_factory=list)
    hidden_by_tag: int = 0
    """How many reads by tag do not find it."""
    hidden_in_list: int = 0
    """How many lists leave it out."""

    @property
    def address(self) -> str:
        """How it is called on the web: a draft by no tag."""
        return f"untagged-{hashlib.sha1(str(self.id).encode(), usedforsecurity=False).hexdigest()[:20]}" if self.draft else self.tag_name


@dataclass(slots=True, kw_only=True)
class World:
    """The repository, and what a test may change of GitHub's ways."""

    owner: str = "octo"
    name: str = "demo"
    api_url: str = ""
    upload_url: str = ""
    server_url: str = ""
    signed: Callable[[str], str] = str
    """The address of the bytes of an asset, by its id."""
    private: bool = False
    default_branch: str = "main"
    tokens: dict[str, str] = field(default_factory=dict)
    """What each may do with contents: `write`, `read`, `none`; `admin` may read the settings and change workflows, too."""
    commits: dict[str, Commit] = field(default_factory=lambda: {MAIN: Commit(sha=MAIN)})
    branches: dict[str, str] = field(default_factory=lambda: {"main": MAIN})
    tags: dict[str, str] = field(default_factory=dict)
    """The sha of the object that each tag leads to: a commit, or one of `annotated`."""
    annotated: dict[str, str] = field(default_factory=dict)
    """The commit of each annotated tag's object."""
    releases: list[Release] = field(default_factory=list)
    burned: set[str] = field(default_factory=set)
    """Tags of immutable releases that were removed."""
    latest: int | None = None
    """The release that was marked so; None: the one of the newest commit."""

    immutable: bool = False
    """Releases cannot be changed from their publication on."""
    digests: bool = True
    """Assets have a `digest`, which old ones and those of old servers have not."""
    redirects: bool = True
    """The bytes of an asset lie on another host."""
    lag_by_tag: int = 0
    """How many reads by tag do not find a release that was just published."""
    lag_in_list: int = 0
    """How many lists leave out a release that was just made."""
    blind: int = 0
    """How many publications do not see that the tag has a release: two at the same time do not."""
    broken_uploads: int = 0
    """How many uploads end with 502 and leave an asset that blocks the name."""

    _ids: Iterator[int] = field(default_factory=lambda: itertools.count(1000))
    _asset_ids: Iterator[int] = field(default_factory=lambda: itertools.count(1000))
    _seconds: Iterator[int] = field(default_factory=itertools.count)

    @property
    def full_name(self) -> str:
        """`owner/name`."""
        return f"{self.owner}/{self.name}"

    @property
    def repo_url(self) -> str:
        """The repository in the API."""
        return f"{self.api_url}/repos/{self.full_name}"

    def now(self) -> str:
        """A time; each is a second later than the one before."""
        return f"{datetime(2026, 11, 22, 10, tzinfo=UTC) + timedelta(seconds=next(self._seconds)):%Y-%m-%dT%H:%M:%SZ}"

    def commit_of(self, ref: str) -> str | None:
        """The commit of a branch, a tag or a sha."""
        sha = self.tags.get(ref.removeprefix("refs/").removeprefix("tags/")) or self.branches.get(ref.removeprefix("refs/").removeprefix("heads/")) or ref
        sha = self.annotated.get(sha, sha)
        return sha if sha in self.commits else None

    def make(self, tag_name: str, **facts: Any) -> Release:  # noqa: ANN401 - fields of a release
        """Make a release, without questions."""
        usual: dict[str, Any] = {"target_commitish": self.default_branch, "created_at": self.now(), "hidden_in_list": self.lag_in_list}
        release = Release(id=next(self._ids), tag_name=tag_name, **usual | facts)
        self.releases.append(release)
        return release

    def attach(self, release: Release, name: str, data: bytes, **facts: Any) -> Asset:  # noqa: ANN401 - fields of an asset
        """Give a release an asset, without questions."""
        asset = Asset(id=next(self._asset_ids), name=stored_name(name), data=data, created_at=self.now(), **facts)
        release.assets.append(asset)
        return asset

    def asset(self, number: int) -> tuple[Release, Asset] | None:
        """An asset and its release."""
        return next(((release, asset) for release in self.releases for asset in release.assets if asset.id == number), None)

    def published(self) -> list[Release]:
        """All but drafts."""
        return [release for release in self.releases if not release.draft]

    def find_latest(self) -> Release | None:
        """The latest one by GitHub's rules."""
        final = [release for release in self.published() if not release.prerelease]
        return next((release for release in final if release.id == self.latest), max(final, key=lambda release: release.created_at, default=None))
