"""`github-release` and `github-release=OWNER/REPO`: the files of a version as assets of a release at GitHub."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING

from pkg_publish.clients import github_checks, github_reading
from pkg_publish.clients.attachments import Checksums, extra_files
from pkg_publish.clients.github_api import GithubApi
from pkg_publish.clients.github_home import GithubHome
from pkg_publish.clients.github_refusals import ABSENT, WRITE_CONTENTS, immutable
from pkg_publish.clients.github_wishes import Wishes, odd
from pkg_publish.clients.network import Network
from pkg_publish.clients.transport import Transport
from pkg_publish.errors import ConfigError, Failure, Invalid, PolicyError, Refused
from pkg_publish.formats import asset_name
from pkg_publish.formats.filename import damaged, is_of, leads, named
from pkg_publish.formats.github_release import Marker
from pkg_publish.model import CheckRow, Item, Place, Receipt, RemoteFile, Visibility
from pkg_publish.targets.base import Option

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pkg_publish.clients.attachments import File
    from pkg_publish.formats.github_release import Asset, TaggedRelease
    from pkg_publish.model import LocalFile, Release, Subject
    from pkg_publish.targets.base import Ambient, TargetSpec
    from pkg_publish.watch import Watch

MOST = 1000
"""Assets of a release."""

OPTIONS = (
    Option(name="repo", says="the GitHub repository, `OWNER/REPO`; by default the one that the workflow runs in"),
    Option(
        name="tag",
        says="the tag of the release; by default the one that the version is under already, else the one that triggered the run, else `v` and the version",
    ),
    Option(name="draft", says="`true`: it stays a draft, which somebody else publishes"),
    Option(name="prerelease", says="`true`, `false`, or `auto`: as the version is"),
    Option(name="latest", says="`true`, `false`, or `auto`: if the version is final, and none of the published ones is higher"),
    Option(name="name", says="its title; by default the tag"),
    Option(name="notes", says="`generate`: GitHub makes them; `none`; or a file"),
    Option(name="extra-files", says="patterns of other files that shall be in it, one a line; each must match"),
    Option(
        name="checksums",
        says="`true`, or a name other than `SHA256SUMS`, for a file with the sha256 of all that this step publishes; not in one of several jobs",
    ),
)


@dataclass(frozen=True, slots=True)
class GithubReleaseKind:
    """The kind `github-release`."""

    word: str = "github-release"
    location: str = "repo"
    options: Sequence[Option] = OPTIONS

    def make(self, spec: TargetSpec, ambient: Ambient) -> GithubRelease:
        """Make the target of one GitHub repository."""
        runner = ambient.runner
        name = spec.options.get("repo") or runner.home() or spec.require("repo", "OWNER/REPO")
        if not re.fullmatch(r"[\w.-]+/[\w.-]+", name, re.ASCII):
            raise odd(spec.options, "repo", "OWNER/REPO")
        token = ambient.tokens.get("github-token")
        api = GithubApi(
            url=runner.api_url,
            name=name,
            transport=Transport(Network.read(ambient.environ)),
            token=token,
            immutable=immutable(runner.event_name, many=ambient.has_rivals),
        )
        wishes = Wishes.read(spec.options, ambient.folder, runner.tag, many=ambient.has_rivals)
        home = name.lower() == runner.repository.lower()
        return GithubRelease(
            place=Place(
                kind=self.word,
                name=f"{self.word}={spec.options['repo']}" if spec.options.get("repo") else self.word,
                title=f"the release {wishes.tag} of {name}" if wishes.tag else f"GitHub Releases of {name}",
                visibility=Visibility.AS_REPOSITORY,
                source=f"{self.word}={name}",
            ),
            _api=api,
            _wishes=wishes,
            _marker=Marker(run=runner.run_id, attempt=ambient.environ.get("GITHUB_RUN_ATTEMPT", ""), commit=runner.sha if home else ""),
            _many=ambient.has_rivals,
            _guarded=bool(runner.repository) and not home and not runner.is_public and not ambient.allow_public,
        )


FRESH = 10.0
"""Seconds for which the list of all releases is taken as it was read."""


@dataclass(frozen=True, kw_only=True)
class GithubRelease:
    """The releases of one GitHub repository; each version is in the one of its tag."""

    place: Place
    _api: GithubApi
    _wishes: Wishes
    _marker: Marker
    _many: bool
    """Other jobs may publish files of the same version at the same time."""
    _guarded: bool
    """The source is private, the GitHub repository another one, and nobody said that the source may become public."""
    settles: float = 5.0
    _begun: set[str] = field(default_factory=set)
    """Versions that this run writes files of."""
    _listed: list[tuple[float, list[Asset]]] = field(default_factory=list)
    """The assets of all releases, and when they were read."""

    @cached_property
    def _extra(self) -> list[LocalFile]:
        return extra_files(self._wishes.patterns, self._wishes.folder)

    def wanted(self, release: Release) -> Sequence[Item]:
        """Every file, the extra ones, and their checksums; a name that GitHub would change is `Invalid`, and so is what is too large or too much."""
        files = list(self._files(release).values())
        for file in files:
            asset_name.check(file.name, file.size)
        if len(files) > MOST:
            raise Invalid(f"a release at GitHub has {MOST} assets at most, and {len(files)} are to be there", code="too-many-assets", cure="Publish fewer.")
        return files

    def _files(self, release: Release) -> dict[str, File]:
        """What is to be sent, by name; a file that matches a pattern and is a distribution of the release anyway is there once."""
        known = {(each.name, each.sha256) for each in release.distributions}
        files: list[File] = [*release.distributions, *(each for each in self._extra if (each.name, each.sha256) not in known)]
        if self._wishes.checksums:
            files.append(Checksums.of(self._wishes.checksums, files))
        name, count = Counter(file.name for file in files).most_common(1)[0]
        if count > 1:
            raise ConfigError(f"{count} files called {name!r} are to be in one release", code="extra-files", cure="Give each file a name of its own.")
        return {file.name: file for file in files}

    def held(self, release: Release, watch: Watch) -> Sequence[Item]:
        """The assets of this version, and those with a name that we want; in a draft they are staged, unless it shall stay one.

        Raises `Conflict` when something is missing and the tag is on another commit than the one built, or when another project's files are there.
        """
        if self._guarded and not self._api.is_private(watch):
            raise PolicyError(
                f"the source is private, or nobody can say that it is public, and {self._api.name} is readable for everybody",
                code="private-to-public",
                cure="If the world shall have it, say so; what was public once cannot be taken back.",
                paste="with:\n  allow-public: true",
            )
        home, ours = self._home(release), self._files(release)
        there = home.find(watch)
        assets = [each for each in self._api.assets(there, watch) if each.is_whole] if there else []
        if there:
            home.check_names(there, [each.name for each in assets if each.name not in ours])
        items = [item for each in assets if there and (item := self._item(release, home, there, each, ours.get(each.name), watch))]
        begun = release.version in self._begun
        if begun or ours.keys() - {item.name for item in items}:
            home.check_commit(there, watch, begun=begun)
        if any(is_of(item.name, release.project, release.version) for item in items):
            return items
        return [replace(item, visible=False) for item in items]  # a licence alone is no version that a reader finds

    def _item(self, release: Release, home: GithubHome, there: TaggedRelease, asset: Asset, ours: File | None, watch: Watch) -> RemoteFile | None:  # noqa: PLR0913, PLR0917
        """An asset as far as it concerns the release; None: it does not, or was left behind by a run of ours, so that it may be replaced."""
        shown = not there.draft or (home.wish.draft and not there.marker)
        if ours is None:
            return _remote(asset, visible=shown) if is_of(asset.name, release.project, release.version) else None
        sha256 = home.sha256(asset, watch)
        if sha256 != ours.sha256 and home.is_abandoned(asset, there):
            return None
        return replace(_remote(asset, visible=shown), sha256=sha256)

    def open(self, release: Release, watch: Watch) -> GithubUpload:
        """Find the release, or make a draft."""
        if not self._api.token:
            raise Refused(
                f"{self._api.name} takes nothing without a token",
                code="github-token",
                cure="Let the job have `contents: write`, and its token reach this step; at home, set GITHUB_TOKEN.",
                paste=WRITE_CONTENTS,
            )
        home, files = self._home(release), self._files(release)
        prepare = partial(home.prepare, lambda name: name in files or is_of(name, release.project, release.version))
        there = prepare(watch)
        if there.immutable:
            raise self._api.locked(there)
        home.check_names(there, [asset.name for asset in there.assets if asset.name not in files])
        self._begun.add(release.version)
        return GithubUpload(home, files, prepare, there)

    def receipt(self, release: Release, watch: Watch) -> Receipt:
        """Its page, as it is called now; a draft installs nothing, and says who can see it."""
        there = self._home(release).find(watch)
        if there is None:
            return Receipt()
        private = self._api.is_private(watch)
        return Receipt(
            url=there.url,
            source="" if there.draft else f"{self.place.kind}={self._api.name}",
            visible_to="private" if private or there.draft else "public",
            warning=f"The release {there.tag} is a draft: only who may write to {self._api.name} sees it, until somebody publishes it." if there.draft else "",
            tag=there.tag,
            release_id=str(there.id),
            upload_url=there.upload_url,
        )

    def files(self, project: str, version: str | None, watch: Watch) -> Sequence[RemoteFile]:
        """The project's distributions among the assets: of a version those in the release of its tag, if there are some, else those of all releases."""
        if version is not None and (there := github_reading.published(self._api, self._wishes.tag_of(version), watch)):
            found = [_remote(each) for each in github_reading.assets(self._api, there, watch) if each.is_whole and is_of(each.name, project, version)]
            if found:
                return found
        found = [_remote(each) for each in self._all(watch) if each.is_whole and is_of(each.name, project, version)]
        odd = [each.name for each in self._all(watch) if leads(each.name, project)]
        if version is None and odd and not found:
            raise damaged(project, f"the asset {odd[0]} is no file of a version that anybody could read")
        return found

    def _all(self, watch: Watch) -> list[Asset]:
        """The assets of all published releases, as they were read seconds ago: an installer asks for one name after the other, and GitHub counts."""
        if not self._listed or watch.now() - self._listed[0][0] >= FRESH:
            found = [asset for each in github_reading.releases(self._api, watch) for asset in each.assets]
            self._listed[:] = [(watch.now(), found)]
        return self._listed[0][1]

    def projects(self, watch: Watch) -> Sequence[str]:
        """Those that the assets' names name."""
        return sorted({found[0] for each in self._all(watch) if each.is_whole and (found := named(each.name))})

    def addresses(self, files: Sequence[RemoteFile], watch: Watch) -> Sequence[str]:
        """Where a browser downloads the assets; nowhere when the GitHub repository is private."""
        private = github_reading.is_private(self._api, watch)
        return ["" if private else file.url.partition("@")[2] for file in files]

    def fetch(self, file: RemoteFile, watch: Watch) -> Iterator[bytes]:
        """The file's bytes."""
        return self._api.fetch(file.url.partition("@")[0], file.name, watch)

    def check(self, watch: Watch) -> Iterator[CheckRow]:
        """The repository, the token's permission, the tag and its release, and the extra files."""
        yield from self._rows(self._wishes.tag, watch)

    def examine(self, subject: Subject, watch: Watch) -> Iterator[CheckRow]:
        """The same for the tag of a version, with drafts, and names that GitHub would change."""
        tag = self._wishes.tag_of(subject.version) if subject.version else self._wishes.tag
        rows = list(self._rows(tag, watch))
        yield from rows
        if tag and rows[0].failure is not Failure.UNAVAILABLE:
            yield from github_checks.drafts(self._api, tag, watch)
        yield github_checks.names(subject)

    def _rows(self, tag: str, watch: Watch) -> Iterator[CheckRow]:
        yield from github_checks.rows(self._api, tag, watch)
        if self._wishes.patterns:  # which lie here, whether GitHub answers or not
            yield github_checks.row("extra files", lambda: ", ".join(each.name for each in self._extra))

    def _home(self, release: Release) -> GithubHome:
        wish = self._wishes.wish(release.project, release.version, self._marker.commit)
        return GithubHome(api=self._api, wish=wish, marker=self._marker, many=self._many)


@dataclass(slots=True)
class GithubUpload:
    """Assets of one release, which is published when all are there."""

    home: GithubHome
    files: Mapping[str, File]
    prepare: Callable[[Watch], TaggedRelease]
    there: TaggedRelease
    sent: dict[str, File] = field(default_factory=dict)

    def send(self, item: Item, watch: Watch) -> None:
        """Upload one file; when another job has cleared the draft away meanwhile, into the one that it has left."""
        file = self.files[item.name]
        try:
            self.home.put(self.there, file, watch)
        except Refused as problem:
            if problem.code != ABSENT:
                raise
            self.there = self.prepare(watch)
            self.home.put(self.there, file, watch)
        self.sent[file.name] = file

    def finish(self, watch: Watch) -> None:
        """Publish the release."""
        self.home.finish(self.there, self.sent.values(), self.files, watch)


def _remote(asset: Asset, *, visible: bool = True) -> RemoteFile:
    return RemoteFile(name=asset.name, sha256=asset.sha256, size=asset.size, url=f"{asset.id}@{asset.address}", visible=visible)
