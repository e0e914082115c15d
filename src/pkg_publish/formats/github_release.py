"""Releases at GitHub as values, and what is decided by looking at them: which one is ours to fill, what may go, which is the latest."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from packaging.utils import canonicalize_name
from packaging.version import Version

from pkg_publish.formats.filename import is_of
from pkg_publish.formats.tag import version_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

FRESH = 3600
"""Seconds in which another run may still be at work on a draft."""

AT_WORK = 900
"""Seconds in which another job of the same go at a run, or a person's upload, may still be at work on an asset."""

NO_PREFIX = frozenset({"", "v", "release", "releases", "version"})
"""What stands before the version in tags of a repository with one project."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marker:
    """What we write into the notes of a draft of ours, invisible there, until it is published: whose it is."""

    FORM: ClassVar[re.Pattern[str]] = re.compile(r"<!-- pkg-publish run=(\d*)\.(\d*) commit=([0-9a-f]*)(?: text=([0-9a-f]*))? -->\s*")

    run: str = ""
    """The workflow run; empty at home."""
    attempt: str = ""
    """Which go at that run: the next one begins when all jobs of the one before have ended."""
    commit: str = ""
    """The commit that was built; empty: nobody knows."""
    text: str = ""
    """The beginning of the sha256 of title and notes as we wrote them; empty: somebody else may have written them."""

    def __str__(self) -> str:
        return f"<!-- pkg-publish run={self.run}.{self.attempt} commit={self.commit} text={self.text} -->\n"

    def on(self, title: str, notes: str) -> Marker:
        """This marker for these words, however the ends of their lines are kept."""
        return replace(self, text=hashlib.sha256(" ".join(f"{title}\n{notes}".split()).encode()).hexdigest()[:16])

    @classmethod
    def read(cls, notes: str) -> Marker | None:
        """The marker in notes; None: somebody else wrote them."""
        found = cls.FORM.search(notes)
        return cls(run=found[1], attempt=found[2], commit=found[3], text=found[4] or "") if found else None

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
    name: str = ""
    """Its title."""
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

    @property
    def is_untouched(self) -> bool:
        """It is a draft of ours, and its title and notes are those that we gave it: no person has taken it over."""
        return self.marker is not None and self.marker == self.marker.on(self.name, Marker.without(self.notes))

    def holds(self, project: str, version: str) -> bool:
        """Whether a reader finds distributions of a version here."""
        return not self.draft and any(asset.is_whole and is_of(asset.name, project, version) for asset in self.assets)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """The release at GitHub that one of ours shall be in."""

    project: str
    """Normalised name (PEP 503)."""
    version: str
    """Normalised version (PEP 440)."""
    tag: str
    fixed: bool
    """It is to be under that tag, wherever the version may be already."""
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


def fitting(releases: Iterable[TaggedRelease], wish: Wish, ours: Marker) -> list[TaggedRelease]:
    """The releases that our job may fill, the one first that all jobs fill.

    That is the published one that has the version already, maybe under another tag that names it; else the published one of our tag, else somebody's
    draft, else our own oldest one.
    """
    homes = [each for each in releases if each.tag != wish.tag and _is_home(each, wish)]
    found = [each for each in releases if each.tag == wish.tag and each.is_for(ours)]
    return sorted(homes, key=lambda each: each.id) + sorted(found, key=lambda each: (each.draft, each.marker is not None, each.id))


def _is_home(release: TaggedRelease, wish: Wish) -> bool:
    """Whether the version lives in a release of another tag, one that names it: what a rehearsal left under `test-7` is no home."""
    return not wish.fixed and version_in(release.tag)[1] == Version(wish.version) and release.holds(wish.project, wish.version)


def leftovers(releases: Iterable[TaggedRelease], chosen: TaggedRelease, ours: Marker, is_ours: Callable[[str], bool], now: float) -> list[TaggedRelease]:
    """Drafts of ours for the same tag that nobody fills and nobody has changed.

    These are empty ones, and those of an earlier commit with nothing in them but what `is_ours` says of names and what no run may be at work on.
    """
    drafts = [each for each in releases if each.tag == chosen.tag and each.id != chosen.id and each.is_untouched]
    return [
        each
        for each in drafts
        if not each.assets or (not each.is_for(ours) and all(is_ours(asset.name) and now - asset.created > FRESH for asset in each.assets))
    ]


def is_abandoned(asset: Asset, release: TaggedRelease, ours: Marker, now: float, *, many: bool) -> bool:
    """Whether an asset of a draft was left behind by a run of ours that ended: one of which an hour nothing was heard, or an earlier attempt of this run.

    With `many`, another job of this attempt may be filling the draft of the earlier one, so what is young stays.
    """
    theirs = release.marker
    if theirs is None:
        return False
    if ours.run and theirs.run == ours.run:
        return theirs.attempt != ours.attempt and not (many and now - asset.created <= AT_WORK)
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
