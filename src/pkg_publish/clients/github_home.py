"""The one release at GitHub that a version of ours goes into: found or made as a draft, filled, published once; by many jobs at the same time.

Nothing at GitHub can be reserved: two jobs may make a draft each, one may publish while another still uploads. So every job looks for the same release
(`fitting`), clears away the empty drafts beside it, and looks again before and after it publishes whether that still is the one.
"""

from __future__ import annotations

import hashlib
import re
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from pkg_publish.clients.github_refusals import NAME_TAKEN
from pkg_publish.errors import Conflict, Integrity, Invalid
from pkg_publish.formats.filename import named
from pkg_publish.formats.github_release import AT_WORK, Marker, fitting, is_abandoned, is_latest, leftovers

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from pkg_publish.clients.attachments import File
    from pkg_publish.clients.github_api import GithubApi
    from pkg_publish.formats.github_release import Asset, TaggedRelease, Wish
    from pkg_publish.watch import Watch

COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
ROUNDS = 5
"""How often a release is looked for again, before the look at the end has the last word."""
PATIENCE = 60.0
"""Seconds for which another job may be uploading a file of the same name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GithubHome:
    """The release of one tag."""

    api: GithubApi
    wish: Wish
    marker: Marker
    many: bool
    """Other jobs may publish files of this version at the same time."""

    def find(self, watch: Watch) -> TaggedRelease | None:
        """The release that all jobs fill, if there is one."""
        return next(iter(fitting(self._known(watch), self.wish, self.marker)), None)

    def _known(self, watch: Watch) -> list[TaggedRelease]:
        """The published one of the tag, and all that may have to be looked at beside it; of two of one tag it is the one that readers find."""
        published = self.api.published(self.wish.tag, watch)
        if published and (self.wish.fixed or published.holds(self.wish.project, self.wish.version)):
            return [published]
        releases = self.api.releases(watch)
        return [published, *(each for each in releases if each.tag != self.wish.tag)] if published else releases

    def prepare(self, is_ours: Callable[[str], bool], watch: Watch) -> TaggedRelease:
        """Find it or make a draft, and delete drafts of ours that nobody needs: empty ones, and those of an earlier commit with nothing but our files."""
        known = {each.id: each for each in self._known(watch)}

        def look() -> bool:
            known.update((each.id, each) for each in self.api.releases(watch))
            return bool(fitting(known.values(), self.wish, self.marker))

        if not fitting(known.values(), self.wish, self.marker):
            notes = self.api.notes(self.wish, watch) if self.wish.notes is None else self.wish.notes
            made = self.api.draft(self.wish, f"{self.marker.on(self.wish.name, notes)}{notes}", watch, look)
            look()  # other jobs may have made theirs at the same time
            known |= {made.id: made} if made else {}
        chosen = fitting(known.values(), self.wish, self.marker)[0]

        def left(releases: Iterable[TaggedRelease]) -> list[TaggedRelease]:
            return leftovers(releases, chosen, self.marker, is_ours, time.time())

        for each in left(known.values()):
            self.api.delete_draft(each, lambda now: bool(left([now])), watch)
        return chosen

    def put(self, release: TaggedRelease, file: File, watch: Watch) -> None:
        """Send a file, unless it is there. Raises `Conflict` when another one has its name."""
        try:
            self._upload(release, file, watch)
        except Conflict as problem:
            if problem.code != NAME_TAKEN:
                raise
            if not self._holds(release, file, watch):
                self._upload(release, file, watch)

    def finish(self, release: TaggedRelease, sent: Collection[File], ours: Collection[str], watch: Watch) -> None:
        """Publish what was filled, once, unless it shall stay a draft; if other jobs have filled or published another one, bring what was sent there.

        Raises `Conflict` instead when by now there are another project's files beside `ours`, or the tag is on another commit.
        """
        for _ in range(ROUNDS):
            there = self.find(watch) or release
            present = {asset.name for asset in self.api.assets(there, watch) if asset.is_whole}
            self.check_names(there, present.difference(ours))
            for file in sent:
                if file.name not in present:
                    self.put(there, file, watch)
            if there.id != release.id:
                self._discard(release, {file.name for file in sent}, watch)
            if there.marker and self.wish.draft:
                self.api.change(there, {"body": Marker.without(there.notes)}, watch)
            if self.wish.draft or not there.draft:
                return
            self.check_commit(there, watch)
            self._publish(there, watch)

    def check_names(self, there: TaggedRelease, others: Iterable[str]) -> None:
        """Raise `Conflict` when there are wheels of another project among the assets that are none of ours; what looks like its sdist may be anything."""
        for name in others:
            found = named(name) if name.endswith(".whl") else None
            if found and found[0] != self.wish.project:
                raise Conflict(
                    f"the release {there.tag} of {self.api.name} has files of another project, {name!r}",
                    code="another-projects-release",
                    cure="Give each project of the GitHub repository a tag of its own.",
                    paste=f"targets: |\n  - github-release:\n      tag: {self.wish.project}-v{self.wish.version}",
                )

    def check_commit(self, there: TaggedRelease | None, watch: Watch, *, begun: bool = False) -> None:
        """Raise `Conflict` when the tag, or somebody's draft that will make it, is on another commit than the one built; `begun`: we have sent files."""
        built, tag = self.wish.commit, there.tag if there else self.wish.tag
        commit = self.api.commit_of(tag, watch) if built else ""
        if not commit and there and there.draft and COMMIT.fullmatch(there.target):
            commit = there.target
        if built and commit and commit != built:
            late = begun and there and not there.draft
            raise Conflict(
                f"the tag {tag} of {self.api.name} is on the commit {commit}, and {built} was built{'; the release is published all the same' if late else ''}",
                code="tag-on-another-commit",
                cure="Put the tag back on the commit that was built, or delete the release; then set a new version for the other commit."
                if late
                else "Run the workflow on that tag; or set a new version, which gets a tag of its own.",
                paste="" if late else "on:\n  push:\n    tags: ['v*']",
            )

    def sha256(self, asset: Asset, watch: Watch) -> str:
        """The digest that GitHub gives, else that of the bytes it gives."""
        if asset.sha256:
            return asset.sha256
        digest = hashlib.sha256()
        for block in self.api.fetch(str(asset.id), asset.name, watch):
            digest.update(block)
        return digest.hexdigest()

    def is_abandoned(self, asset: Asset, release: TaggedRelease) -> bool:
        """Whether a run of ours that has ended left it behind in a draft."""
        return is_abandoned(asset, release, self.marker, time.time(), many=self.many)

    def _upload(self, release: TaggedRelease, file: File, watch: Watch) -> None:
        """Send a file, and compare what GitHub says that it has; what is wrong is deleted again, before anybody takes it."""
        asset = self.api.upload(release, file, watch, partial(self._holds, release, file, watch, broken=True))
        if asset and (wrong := _difference(asset, file)):
            self.api.delete_asset(asset, watch)
            raise wrong

    def _holds(self, release: TaggedRelease, file: File, watch: Watch, *, broken: bool = False) -> bool:
        """Whether a release has a file, to the byte. What is not whole after some patience is deleted, and what a run of ours left behind.

        `broken`: an upload of ours has just broken off, so what is not whole is ours. Raises `Conflict` when it has another one of that name, or when
        somebody else may still be uploading it.
        """
        end = watch.now() + PATIENCE
        while True:
            asset = next((each for each in self.api.assets(release, watch) if each.name == file.name), None)
            if asset is None:
                return False
            if asset.is_whole and self.sha256(asset, watch) == file.sha256:
                return True
            if asset.is_whole and not self.is_abandoned(asset, release):
                raise _other_bytes(file, release)
            foreign = not release.marker and time.time() - asset.created <= AT_WORK
            if asset.is_whole or broken or not (self.many or foreign) or (watch.now() >= end and not foreign):
                self.api.delete_asset(asset, watch)
                return False
            if watch.now() >= end:
                raise _under_way(file, release)
            watch.wait(2, f"another job may be uploading {file.name}")

    def _publish(self, release: TaggedRelease, watch: Watch) -> None:
        """Reveal a draft; of somebody else's, name and notes stay as they are. When another one was published meanwhile, nothing happens."""
        prerelease = release.prerelease or self.wish.prerelease
        facts: dict[str, object] = {"tag_name": release.tag, "draft": False, "prerelease": prerelease}
        facts |= {"make_latest": str(not prerelease and self._is_latest(watch)).lower()}
        facts |= {"target_commitish": self.wish.commit} if self.wish.commit else {}
        facts |= {"body": Marker.without(release.notes)} if release.marker else {}
        with suppress(Conflict):
            self.api.change(release, facts, watch)

    def _is_latest(self, watch: Watch) -> bool:
        if self.wish.latest != "auto":
            return self.wish.latest == "true"
        return is_latest(self.wish.project, self.wish.version, self.wish.tag, self.api.releases(watch))

    def _discard(self, release: TaggedRelease, names: Collection[str], watch: Watch) -> None:
        """Delete a draft of ours if it has nothing but what was brought elsewhere."""
        self.api.delete_draft(release, lambda now: now.is_untouched and all(asset.name in names for asset in now.assets), watch)


def _difference(asset: Asset, file: File) -> Invalid | Integrity | None:
    """What is wrong with an asset that was just made of a file."""
    if asset.name != file.name:
        return Invalid(
            f"GitHub keeps {file.name} under another name, {asset.name!r}, where no installer finds it",
            code="asset-name",
            cure="Give the file a name of letters, digits and `.-_+@`.",
        )
    if asset.sha256 not in {None, file.sha256}:
        return Integrity(
            f"GitHub has other bytes of {file.name} than were sent",
            code="wrong-digest",
            cure="Run again; if it stays so, something between here and GitHub changes them.",
            details=[f"there: sha256 {asset.sha256}", f"here: sha256 {file.sha256}"],
        )
    return None


def _other_bytes(file: File, release: TaggedRelease) -> Conflict:
    cure = "Publish a new version, or let one job publish a file."
    if release.draft:
        cure = f"Nobody has seen them: delete the draft at {release.url} if it was left behind, then run again."
    return Conflict(f"the release {release.tag} has other bytes under the name {file.name}", code="other-bytes", cure=cure)


def _under_way(file: File, release: TaggedRelease) -> Conflict:
    return Conflict(
        f"somebody else may be uploading {file.name} to the release {release.tag}",
        code="asset-under-way",
        cure=f"Wait until that is done, then run again; if it broke off, delete the asset at {release.url}, or run again after a quarter of an hour.",
    )
