"""The image that something is put on: found, pinned to a digest, read for each platform; its layers are handed on without touching the disk."""

from __future__ import annotations

import re
import tarfile
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from pkg_publish.clients.disk import BLOCK
from pkg_publish.clients.oci_api import Outgoing
from pkg_publish.clients.together import together
from pkg_publish.errors import ConfigError, PublishError
from pkg_publish.formats import image, oci

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pkg_publish.clients.oci_api import Repository
    from pkg_publish.clients.request import Content
    from pkg_publish.formats.image import Base, Platform, Reference
    from pkg_publish.formats.image_layers import Layer
    from pkg_publish.watch import Watch

_PYTHON = re.compile(r"(?:^|/)bin/python(3\.[0-9]+)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bases:
    """What a reference leads to."""

    digest: str
    """Of the index, or of the only image."""
    images: Mapping[Platform, Base]


def resolve(repository: Repository, reference: Reference, platforms: Sequence[Platform], watch: Watch) -> Bases:
    """Find the image for every platform; raises `ConfigError` for what is not there, `Integrity` for what is no image."""
    data = repository.manifest(reference.target, watch)
    if data is None:
        raise ConfigError(
            f"there is no base image {reference}",
            code="image-base-unknown",
            cure="Check its name and tag, and who may read it.",
            paste="targets: |\n  - container-image:\n      base: python:3.13-slim",
        )
    calls = [partial(_for_platform, repository, data, reference, platform, watch) for platform in platforms]
    return Bases(digest=oci.digest_of(data), images=dict(zip(platforms, together(calls), strict=True)))


def _for_platform(repository: Repository, data: bytes, reference: Reference, platform: Platform, watch: Watch) -> Base:
    found = oci.document(data, str(reference))
    if "manifests" in found:
        child = image.child_of(found, platform)
        manifest = repository.manifest(child, watch) if child else None
        if manifest is None:
            raise _no_platform(reference, platform, image.platforms_of(found))
        found = oci.document(manifest, str(reference))
    config = _config(repository, oci.Blob.read(found.get("config"), f"the config of {reference}"), watch)
    there = f"{config.get('os')}/{config.get('architecture')}"
    if there != str(platform):
        raise _no_platform(reference, platform, [there])
    return image.Base.read(found, config, str(reference))


def _config(repository: Repository, blob: oci.Blob, watch: Watch) -> dict[str, object]:
    if blob.size > oci.MANIFEST_LIMIT:
        raise oci.broken(f"{repository.name}@{blob.digest} is too large for a config")
    return oci.document(b"".join(repository.blob(blob.digest, blob.size, watch)), f"{repository.name}@{blob.digest}")


def _no_platform(reference: Reference, platform: Platform, known: Sequence[str]) -> ConfigError:
    return ConfigError(
        f"the base image {reference} is not there for {platform}",
        code="image-platform-missing",
        cure="Take another base, or name only platforms that it has.",
        paste=f"targets: |\n  - container-image:\n      platforms: {', '.join(each for each in known if each in image.PLATFORMS) or 'linux/amd64'}",
        details=[f"it is there for {', '.join(known)[:500]}"],
    )


def python_of(repository: Repository, base: Base, watch: Watch) -> str:
    """The version of its Python, `3.13`: as the image says it, else by the files of its layers, the last first; empty when there is none."""
    return base.python or next(filter(None, (_python_in(repository, layer, watch) for layer in reversed(base.layers))), "")


def _python_in(repository: Repository, layer: Layer, watch: Watch) -> str:
    with _opened(repository, layer, watch) as stream:
        try:
            with tarfile.open(fileobj=stream, mode="r|*") as tar:  # type: ignore[call-overload]  # it reads, and nothing more
                while member := tar.next():
                    tar.members.clear()  # else it keeps them all
                    if found := _PYTHON.search(member.name):
                        return found[1]
        except (tarfile.TarError, EOFError, ValueError, OverflowError):  # no tar, or packed by something that this Python cannot unpack
            return ""
    return ""


def layers_there(repository: Repository, tag: str, platforms: Sequence[Platform], watch: Watch) -> dict[tuple[str, str], Layer]:
    """The layers of an image that are there, by media type and `diff_id`; none where anything keeps us from knowing: that costs the time to pack them."""
    with suppress(PublishError):
        bases = resolve(repository, image.Reference(host=repository.registry.host, name=repository.name, tag=tag), platforms, watch)
        layers = [layer for base in bases.images.values() for layer in base.layers]
        there = together([partial(repository.has, layer.blob.digest, watch, layer.blob.size) for layer in layers])
        return {(layer.media_type, layer.diff_id): layer for layer, found in zip(layers, there, strict=True) if found}
    return {}


def outgoing(repository: Repository, layer: Layer, watch: Watch, *, mounted: bool) -> Outgoing:
    """A layer on its way from one registry to another; `mounted`: they are the same one, so it need not be sent at all."""

    @contextmanager
    def opened() -> Iterator[Content]:
        with _opened(repository, layer, watch) as stream:
            yield stream

    name = f"a layer of {repository.name}"
    return Outgoing(name=name, digest=layer.blob.digest, size=layer.blob.size, content=opened, source=repository.name if mounted else "")


@contextmanager
def _opened(repository: Repository, layer: Layer, watch: Watch) -> Iterator[_Stream]:
    with closing(repository.blob(layer.blob.digest, layer.blob.size, watch)) as blocks:  # type: ignore[type-var]  # it is a generator
        yield _Stream(blocks, layer.blob.size)


class _Stream:
    """The blocks of a blob as something to read from, of a known length."""

    def __init__(self, blocks: Iterator[bytes], size: int) -> None:
        self._blocks, self._size = blocks, size
        self._rest = b""

    def __len__(self) -> int:
        return self._size

    def read(self, size: int = BLOCK, /) -> bytes:
        """Return as many bytes, fewer only at the end."""
        found = [self._rest]
        length = len(self._rest)
        while length < size and (block := next(self._blocks, b"")):
            found.append(block)
            length += len(block)
        data = b"".join(found)
        self._rest = data[size:]
        return data[:size]
