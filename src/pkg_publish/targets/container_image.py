"""`container-image`: the release, installed, as an image that runs, made without Docker: layers of ours on a base that lies in a registry."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from packaging.version import Version

from pkg_publish.clients import ghcr, oci_checks
from pkg_publish.clients.image_tags import Tagged
from pkg_publish.clients.installed import newest
from pkg_publish.clients.network import Network, Origin
from pkg_publish.clients.oci_api import PUSH, Repository
from pkg_publish.clients.oci_registry import Registry
from pkg_publish.clients.oci_versions import first_look, is_public
from pkg_publish.clients.together import together
from pkg_publish.clients.transport import Transport
from pkg_publish.errors import ConfigError, Invalid, PolicyError, PublishError, Unavailable
from pkg_publish.formats import image, oci
from pkg_publish.formats.image_options import LATEST, Wishes
from pkg_publish.formats.version_index import describing
from pkg_publish.model import CheckRow, Filetype, Item, Place, Receipt, Visibility
from pkg_publish.targets.base import Option

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pkg_publish.clients.image_build import Made
    from pkg_publish.formats.image import Machine
    from pkg_publish.model import Distribution, Release
    from pkg_publish.runner import Runner
    from pkg_publish.secret import Secret
    from pkg_publish.targets.base import Ambient, TargetSpec
    from pkg_publish.watch import Watch

AT_GHCR, ELSEWHERE = 30.0, 5.0
"""Seconds until a registry surely shows what it took."""


@dataclass(frozen=True, slots=True)
class ContainerImageKind:
    """The kind `container-image`."""

    word: str = "container-image"
    location: str = "name"
    options: Sequence[Option] = (
        Option(name="name", says="the registry and the image's name in it; default `ghcr.io/<owner>/<repo>`"),
        Option(name="base", says="the image to build on, by tag or digest; it has a Python; default `python:3.13-slim`"),
        Option(name="platforms", says="default `linux/amd64, linux/arm64`"),
        Option(name="entrypoint", says="the program to start, with arguments; default: the project's only script, else `python -m <name>`"),
        Option(name="extras", says="extras of the project to install"),
        Option(name="tags", says="default `version, latest, commit`, which have a meaning; others are moved to every release"),
        Option(name="labels", says="one `name=value` a line"),
        Option(name="user", says="who runs it, `1000:1000`; default: as the base says"),
        Option(name="compression", says="of our layers: `gzip`, or `zstd`, which needs Python 3.14; default `gzip`"),
        Option(name="username", says="who publishes; with a name only"),
        Option(name="password-env", says="the environment variable that holds the password or token"),
        Option(name="base-username", says="who may read a private base in another registry"),
        Option(name="base-password-env", says="the environment variable that holds the password or token for it"),
    )

    def make(self, spec: TargetSpec, ambient: Ambient) -> ContainerImage:
        """Make the target of one image."""
        wishes, runner = Wishes.read(spec.options), ambient.runner
        transport = Transport(Network.read(ambient.environ))
        if "name" in spec.options:
            host, name = _place(spec.options["name"])
            username, password = spec.login(ambient)
            visibility, settings = Visibility.YOUR_CHOICE, None
        else:
            host, name = ghcr.host(runner), _default(runner)
            username, password = runner.owner, ambient.tokens.get("github-token")
            visibility, settings = Visibility.AS_REPOSITORY, partial(ghcr.settings, runner)
        word = self.word if settings else f"{self.word}={host}/{name}"
        return ContainerImage(
            place=Place(kind=self.word, name=word, title=f"the image {host}/{name}", visibility=visibility),
            settles=AT_GHCR if settings else 0.0 if Origin.of(f"https://{host}").loopback else ELSEWHERE,
            registry=Registry(host, transport, username, password, settings),
            base_login=spec.login(ambient, "base-"),
            name=name,
            wishes=wishes,
            ambient=ambient,
            github=settings is not None,
            guarded=settings is not None and not runner.is_public and not ambient.allow_public,
        )


def _place(text: str) -> tuple[str, str]:
    host, _, name = text.partition("/")
    if oci.is_repository(name) and (Origin.of(f"https://{host}").loopback or "." in host or ":" in host):
        return host, name
    raise ConfigError(
        f"{text[:200]!r} is no name of an image",
        code="no-oci-place",
        cure="Write the host of the registry and a name in it, in lower case and without a tag.",
        paste="targets: container-image=ghcr.io/OWNER/NAME",
    )


def _default(runner: Runner) -> str:
    """The image of the GitHub repository."""
    name = runner.home().lower()
    if oci.is_repository(name):
        return name
    what = f"the GitHub repository {runner.repository!r} has a name that no registry takes" if name else "the GitHub repository is not known"
    raise ConfigError(
        f"{what}, so container-image has no place of its own",
        code="ghcr-without-place",
        cure="Name the place.",
        paste=f"targets: container-image={ghcr.host(runner)}/{runner.owner.lower() or 'OWNER'}/NAME",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerImage:
    """The tags of one image."""

    place: Place
    settles: float
    registry: Registry
    base_login: tuple[str, Secret | None]
    """For the base alone; without it our own is for a base in our own registry, and none for any other."""
    name: str
    wishes: Wishes
    ambient: Ambient
    github: bool
    """It is the image of the GitHub repository, in GitHub's own registry."""
    guarded: bool
    """The source is private, and nobody said that it may become public."""
    pins: set[str] = field(default_factory=set)
    """What was resolved in this run."""
    taken: set[str] = field(default_factory=set)
    """Digests of the indexes that the registry took in this run with all that they lead to."""

    def wanted(self, release: Release) -> Sequence[Item]:
        """The version's tag, with the digest of the release's files; a release without a wheel is `Invalid`."""
        if all(each.filetype is not Filetype.WHEEL for each in release.distributions):
            raise Invalid(
                f"{release.project} {release.version} has no wheel, and nothing else is installed into an image",
                code="image-wheel-missing",
                cure="Build a wheel as well.",
                paste="with:\n  formats: wheel, sdist",
            )
        files = {each.name: each.sha256 for each in release.distributions}
        return [Item(name=oci.tag_of(release.version), sha256=image.digest_of_files(files))]

    def held(self, release: Release, watch: Watch) -> Sequence[Item]:
        """The version's tag, with the digest of the files that its image was made of; late while another tag does not follow.

        Raises `PolicyError` when the source is private and the image public.
        """
        if self.guarded and not self.taken and is_public(self.registry, self.name, watch):
            raise PolicyError(
                f"the source is private, or nobody can say that it is public, and {self.registry.host}/{self.name} is readable for everybody",
                code="private-to-public",
                cure="If the world shall have it, say so; else publish to another place: what was public once cannot be taken back.",
                paste="with:\n  allow-public: true",
            )
        return first_look(self.registry, self.name, lambda found: self._held(found, release, watch))

    def _held(self, repository: Repository, release: Release, watch: Watch) -> Sequence[Item]:
        (wanted,) = self.wanted(release)
        tagged = Tagged.read(repository, wanted.name, watch)
        if tagged is None:
            return []
        if tagged.files != wanted.sha256:
            return [Item(name=wanted.name, sha256=tagged.files)]
        if tagged.digest not in self.taken and not tagged.is_whole(repository, watch):
            return []
        return [Item(name=wanted.name, sha256=tagged.files, late=bool(self.behind(repository, release, tagged, watch)))]

    def behind(self, repository: Repository, release: Release, tagged: Tagged, watch: Watch) -> list[str]:
        """The tags that must be moved to an image: all of ours but those that lead to a newer version."""
        version = Version(release.version)
        tags = self.wishes.moving(commit=self.ambient.runner.sha, prerelease=version.is_prerelease)
        found = together([partial(Tagged.read, repository, tag, watch) for tag in tags])
        return [tag for tag, there in zip(tags, found, strict=True) if there is None or not (there.digest == tagged.digest or there.stays(tag, version))]

    def open(self, release: Release, watch: Watch) -> ImageUpload:
        """Nothing is asked beforehand: the image is made when it is sent."""
        sources = [self.wishes.base.name] if self.near and self.wishes.base.name != self.name else []
        return ImageUpload(self, Repository(self.registry, self.name, PUSH, sources), release)

    def receipt(self, release: Release, watch: Watch) -> Receipt:
        """How it is run, by the digest that the version's tag leads to, and who may do so."""
        tag = oci.tag_of(release.version)
        data = Repository(self.registry, self.name).manifest(tag, watch)
        digest = oci.digest_of(data) if data else ""
        public = self._is_public(watch)
        return Receipt(
            url=ghcr.page(self.ambient.runner, self.name) if self.github else f"{self.registry.host}/{self.name}:{tag}",
            digest=digest,
            command=f"docker run --rm {self.registry.host}/{self.name}@{digest}" if digest else "",
            resolved=" ".join(sorted(self.pins)),
            visible_to={True: "public", False: "private", None: ""}[public],
            warning=ghcr.surprise(self.ambient.runner, self.name, public=public) if self.github else "",
        )

    def _is_public(self, watch: Watch) -> bool | None:
        try:
            return is_public(self.registry, self.name, watch)
        except PublishError:
            return None

    def check(self, watch: Watch) -> Iterator[CheckRow]:
        """Whether the registry answers, and lets us in as writers, and whether the base is there for every platform."""
        from pkg_publish.clients import image_base

        yield from oci_checks.access(self.registry, self.name, watch, github=self.ambient.runner if self.github else None)
        base = self.wishes.base
        try:
            image_base.resolve(self.base, base, self.wishes.platforms, watch)
        except PublishError as problem:
            yield CheckRow.of("base image", problem)
        else:
            yield CheckRow(check="base image", found=f"{base} is there for {' and '.join(map(str, self.wishes.platforms))}")

    @property
    def near(self) -> bool:
        """The base lies in the registry that we publish to."""
        return self.wishes.base.host == self.registry.host

    @property
    def base(self) -> Repository:
        """Where the base lies, with the login that is for it."""
        own = self.near and not self.base_login[0]
        registry = self.registry if own else Registry(self.wishes.base.host, self.registry.transport, *self.base_login)
        return Repository(registry, self.wishes.base.name)


@dataclass(frozen=True, slots=True)
class ImageUpload:
    """Layers and manifests by their digests, then the tags, those that move at the end."""

    target: ContainerImage
    repository: Repository
    release: Release
    sent: list[Tagged] = field(default_factory=list)

    def send(self, item: Item, watch: Watch) -> None:
        """Make the image for all platforms, send it, and let the version's tag lead there, unless another job's does meanwhile."""
        made = self._made(item, watch)
        try:
            for each, blobs in made.images:
                self.repository.push(blobs, watch)
                self.repository.put_manifest(oci.digest_of(each.manifest), each.manifest, oci.MANIFEST, watch, blobs)
        except Unavailable as problem:
            problem.reached = False  # whatever arrived: nothing leads there
            raise
        there = Tagged.read(self.repository, item.name, watch)
        if there is None or (there.files == item.sha256 and not there.is_whole(self.repository, watch)):
            self.repository.put_manifest(item.name, made.index, oci.INDEX, watch)
            there = Tagged.of(made.index, item.name)
            self.target.taken.add(there.digest)
        self.sent.append(there)

    def finish(self, watch: Watch) -> None:
        """Let the other tags follow that of the version."""
        (wanted,) = self.target.wanted(self.release)
        tagged = self.sent[-1] if self.sent else Tagged.read(self.repository, wanted.name, watch)
        if tagged and tagged.files == wanted.sha256:
            for tag in self.target.behind(self.repository, self.release, tagged, watch):
                self.repository.put_manifest(tag, tagged.data, oci.INDEX, watch)

    def _made(self, item: Item, watch: Watch) -> Made:
        from pkg_publish.clients import image_base, image_build

        target, release = self.target, self.release
        wheels = [each for each in release.distributions if each.filetype is Filetype.WHEEL]
        runner = target.ambient.runner
        known = oci.standard(source=runner.repository_url, revision=runner.sha, version=release.version)
        order = image_build.Order(
            project=release.project,
            version=release.version,
            requires_python=wheels[0].requires_python,
            wishes=target.wishes,
            annotations={**describing(wheels[0].metadata), **known, image.FILES: str(item.sha256)},
            time=_time(target.ambient.environ.get("SOURCE_DATE_EPOCH", ""), wheels),
            install=partial(self._install, watch),
            known=image_base.layers_there(self.repository, LATEST, target.wishes.platforms, watch),
        )
        return image_build.make(order, target.base, watch, mounted=target.near)

    def _install(self, watch: Watch, machine: Machine) -> Path:
        gathered = self.target.ambient.gather(self.release, self.target.wishes.extras, machine, watch)
        self.target.pins.update(gathered.pins)
        return gathered.folder


def _time(epoch: str, wheels: Sequence[Distribution]) -> int:
    """That of the build, where it is given; else of the newest file in the wheels."""
    return int(epoch) if re.fullmatch("[0-9]{1,11}", epoch) else max(map(newest, wheels))
