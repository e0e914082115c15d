"""An image for several platforms: each base read, wheels installed beside it, two layers of ours on it; nothing of it runs."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from time import gmtime, strftime
from typing import TYPE_CHECKING

from pkg_publish.clients import image_base
from pkg_publish.clients.disk import disk
from pkg_publish.clients.installed import LONG_AGO, Installed
from pkg_publish.clients.oci_api import Outgoing
from pkg_publish.clients.together import together
from pkg_publish.errors import ConfigError
from pkg_publish.formats import foreign, image, image_layers, oci
from pkg_publish.formats.image import Image, Machine, Recipe
from pkg_publish.formats.image_layers import LAYERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from pkg_publish.clients.oci_api import Repository
    from pkg_publish.clients.request import Content
    from pkg_publish.formats.image import Base, Platform
    from pkg_publish.formats.image_layers import Layer, Member
    from pkg_publish.formats.image_options import Wishes
    from pkg_publish.watch import Watch


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What an image shall be made of."""

    project: str
    """Normalised name (PEP 503)."""
    version: str
    requires_python: str | None
    wishes: Wishes
    annotations: Mapping[str, str]
    time: int
    """Seconds since 1970, of the project's files."""
    install: Callable[[Machine], Path]
    """Installs the project for a machine into a fresh folder, beside which there is room for layers."""
    known: Mapping[tuple[str, str], Layer] = field(default_factory=dict)
    """Layers that are there already, by media type and `diff_id`: they are neither packed nor sent again."""

    @property
    def created(self) -> str:
        """The time, as images have it (RFC 3339)."""
        return strftime("%Y-%m-%dT%H:%M:%SZ", gmtime(self.time))


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """An image, and what must be sent so that it is there."""

    index: bytes
    images: Sequence[tuple[Image, Sequence[Outgoing]]]


def make(order: Order, repository: Repository, watch: Watch, *, mounted: bool) -> Made:
    """Make the image on a base out of `repository`; `mounted`: it lies in the registry that the image is for.

    Raises `ConfigError` for a base, a platform or an entry point that is not there, and what `order.install` raises.
    """
    wishes = order.wishes
    bases = image_base.resolve(repository, wishes.base, wishes.platforms, watch)
    named = {f"{oci.IMAGE}base.name": str(wishes.base).partition("@")[0], f"{oci.IMAGE}base.digest": bases.digest}
    annotations = {**order.annotations, **named, f"{oci.IMAGE}created": order.created}
    maker = _Maker(order, repository, annotations, watch, mounted)
    images = together([partial(maker.image, platform, base) for platform, base in bases.images.items()])
    return Made(index=image.index([each for each, _ in images], annotations), images=images)


@dataclass(frozen=True, slots=True)
class _Maker:
    order: Order
    repository: Repository
    annotations: Mapping[str, str]
    watch: Watch
    mounted: bool

    def image(self, platform: Platform, base: Base) -> tuple[Image, Sequence[Outgoing]]:
        """The image for one platform, and its blobs."""
        order, watch = self.order, self.watch
        folder = order.install(self._machine(platform, base))
        installed = Installed.read(folder, order.project)
        recipe = Recipe(entrypoint=entrypoint(order, installed), user=order.wishes.user, labels=order.wishes.labels, created=order.created)
        parts = {f"what {order.project} depends on": (installed.others, LONG_AGO), f"{order.project} {order.version}": (installed.project, order.time)}
        # What it depends on has a time of its own, so that a new release does not change that layer.
        layers = {name: self._layer(folder.with_name(f"{number}.tar"), *part) for number, (name, part) in enumerate(parts.items()) if part[0]}
        made = Image.of(base, platform, {name: layer for name, (layer, _) in layers.items()}, recipe, self.annotations)
        ours = [_outgoing(f"{name} for {platform}", layer, path, watch) for name, (layer, path) in layers.items() if path]
        theirs = [image_base.outgoing(self.repository, layer, watch, mounted=self.mounted) for layer in dict.fromkeys(base.layers)]
        return made, [*ours, Outgoing.of(made.config, f"the config for {platform}"), *theirs]

    def _layer(self, path: Path, members: Sequence[Member], time: int) -> tuple[Layer, Path | None]:
        """A layer, and where it lies if it must be sent."""
        with disk(f"writing a layer to {path}"):
            known, compression = self.order.known, self.order.wishes.compression
            if known and (there := known.get((LAYERS[compression], image_layers.diff_id(members, time)))):
                return there, None
            with path.open("wb") as target:
                return image_layers.write(members, target, time, compression), path

    def _machine(self, platform: Platform, base: Base) -> Machine:
        python, name, required = image_base.python_of(self.repository, base, self.watch), self.order.wishes.base, self.order.requires_python
        if not python:
            what, cure = f"the base image {name} has no Python", "Take a base that has one: `python:3.13-slim`."
            raise ConfigError(what, code="image-base-python", cure=cure)
        if not foreign.allows(required, python):
            what, cure = f"the base image {name} has Python {python}, and {self.order.project} wants {required}", "Take a base with another Python."
            raise ConfigError(what, code="image-base-python", cure=cure)
        return Machine(platform=platform, libc=base.libc, python=python)


def entrypoint(order: Order, installed: Installed) -> list[str]:
    """The command of an image: what was asked for, else the project's only program, else its module; raises `ConfigError` for what is not there."""
    first, *words = order.wishes.entrypoint or installed.scripts or [""]
    module = order.project.replace("-", "_")
    if not order.wishes.entrypoint and words:
        raise ConfigError(
            f"{order.project} has several programs, and the image can start one: {', '.join(installed.scripts)}",
            code="image-entrypoint",
            cure="Choose one.",
            paste=f"targets: |\n  - container-image:\n      entrypoint: {first}",
        )
    if first in {"python", "python3"}:
        return ["python3", *words]
    if first in installed.programs:
        return ["python3", f"/{image.SCRIPTS}/{first}", *words]
    if not first and installed.has_module(module):
        return ["python3", "-m", module]
    known = ", ".join(installed.programs[:20]) or "none"
    raise ConfigError(
        f"the image has no program {first!r} to start" if first else f"{order.project} has no program to start, and no module {module}.__main__",
        code="image-entrypoint",
        cure="Give the project a script, or name a program of what it depends on, or a command that begins with python.",
        paste=f'targets: |\n  - container-image:\n      entrypoint: python -c "import {module}"',
        details=[f"programs in the image: {known}"],
    )


def _outgoing(name: str, layer: Layer, path: Path, watch: Watch) -> Outgoing:
    return Outgoing(name=name, digest=layer.blob.digest, size=layer.blob.size, content=partial(_opened, name, path, watch))


@contextmanager
def _opened(name: str, path: Path, watch: Watch) -> Iterator[Content]:
    with path.open("rb") as file:
        yield watch.body(name, file)
