"""Releases at GitHub as values, and what is decided by looking at them: which one is ours to fill, what may go, which is the latest."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from packaging.utils import canonicalize_name
from packaging.version import Version

from pkg_publish.formats.tag import version_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

FRESH = 3600
"""Seconds in which another run may still be at work on a draft."""

NO_PREFIX = frozenset({"", "v", "release", "releases", "version"})
"""What stands before the version in tags of a repository with one project."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marker:
    """What we write into the notes of a draft of ours, invisible there, until it is published: whose it is."""

    FORM: ClassVar[re.Pattern[str]] = re.compile(r"<!-- pkg-publish run=(\d*)\.(\d*) commit=([0-9a-f]*) -->\s*")

    run: str = ""
    """The workflow run; empty at home."""
    attempt: str = ""
    """Which go at that run: the next one begins when all jobs of the one before have ended."""
    commit: str = ""
    """The commit that was built; empty: nobody knows."""

    def __str__(self) -> str:
        return f"<!-- pkg-publish run={self.run}.{self.attempt} commit={self.commit} -->\n"

    @classmethod
    def read(cls, notes: str) -> Marker | None:
        """The marker in notes; None: somebody else wrote them."""
        found = cls.FORM.search(notes)
        return cls(run=found[1], attempt=found[2], commit=found[3]) if found else None

    @classmethod
    def without(cls, notes: str) -> str:
        """The notes as people shall read them."""
        return cls.FORM.sub("", notes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """A file of a release at GitHub."""

    id: int
    name: str
    state: str
    """`uploaded`; `starter` or `open` while it comes in, or when that broke off."""
    size: int | None = None
    """Bytes."""
    sha256: str | None = None
    """None: GitHub says none, as of old assets."""
    created: float = 0.0
    """Seconds since 1970."""
    address: str = ""
    """Where a browser downloads it."""

    @property
    def is_whole(self) -> bool:
        """It is there, to the last byte."""
        return self.state == "uploaded"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaggedRelease:
    """A release at GitHub, published or a draft."""

    id: int
    tag: str
    target: str = ""
    """The branch or commit that the tag is made of, if it is not there when the release is published."""
    notes: str = ""
    draft: bool = False
    prerelease: bool = False
    immutable: bool = False
    url: str = ""
    """Its page; a draft's changes when it is published."""
    upload_url: str = ""
    assets: tuple[Asset, ...] = ()

    @property
    def marker(self) -> Marker | None:
        """Whose draft it is, if it is one of ours."""
        return Marker.read(self.notes) if self.draft else None

    def is_for(self, ours: Marker) -> bool:
        """Whether our job may fill it: not a draft of ours that an earlier commit began, the tag of which was moved."""
        return self.marker is None or self.marker.commit == ours.commit


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """The release at GitHub that one of ours shall be in."""

    project: str
    """Normalised name (PEP 503)."""
    version: str
    """Normalised version (PEP 440)."""
    tag: str
    commit: str
    """What the tag is made of if it is not there; empty: of the end of the default branch."""
    name: str
    notes: str | None
    """None: GitHub makes some."""
    draft: bool
    """It stays one."""
    prerelease: bool
    latest: str
    """`true`, `false`, or `auto`: as `is_latest` finds."""


def fitting(releases: Iterable[TaggedRelease], tag: str, ours: Marker) -> list[TaggedRelease]:
    """The releases of a tag that our job may fill, the one first that all jobs fill: the published one, else somebody's draft, else our own oldest one."""
    found = [each for each in releases if each.tag == tag and each.is_for(ours)]
    return sorted(found, key=lambda each: (each.draft, each.marker is not None, each.id))


def leftovers(releases: Iterable[TaggedRelease], chosen: TaggedRelease, ours: Marker, is_ours: Callable[[str], bool]) -> list[TaggedRelease]:
    """Drafts of ours for the same tag that nobody fills: empty ones, and those of an earlier commit with nothing in them but what `is_ours` says of names."""
    drafts = [each for each in releases if each.tag == chosen.tag and each.marker and each.id != chosen.id]
    return [each for each in drafts if not each.assets or (not each.is_for(ours) and all(is_ours(asset.name) for asset in each.assets))]


def is_abandoned(asset: Asset, release: TaggedRelease, ours: Marker, now: float) -> bool:
    """Whether an asset of a draft was left behind by a run of ours that ended: an earlier attempt of this run, or one of which an hour nothing was heard."""
    theirs = release.marker
    if theirs is None:
        return False
    if ours.run and theirs.run == ours.run:
        return theirs.attempt != ours.attempt
    return now - asset.created > FRESH


def is_latest(project: str, version: str, tag: str, releases: Sequence[TaggedRelease]) -> bool:
    """Whether a version is to be GitHub's latest release: a final one, and none of the final ones that are published is higher."""
    mine = Version(version)
    if mine.is_prerelease:
        return False
    begin = tag.removesuffix(version)
    finals = (each.tag for each in releases if not each.draft and not each.prerelease)
    return all(mine >= other for other in (_final(each, begin, project) for each in finals) if other)


def _final(tag: str, begin: str, project: str) -> Version | None:
    """The final version that a tag gives this project, maybe behind the same `begin` as our own tag's; None for what is none, or another project's."""
    for prefix, version in map(version_in, (tag, tag.removeprefix(begin))):
        if version and canonicalize_name(prefix) in NO_PREFIX | {project}:
            return None if version.is_prerelease else version
    return None
