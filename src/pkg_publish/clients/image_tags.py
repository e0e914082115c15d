"""What a tag of an image leads to: by which release it was made, and whether all of it is there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from pkg_publish.clients.together import together
from pkg_publish.formats import foreign, image, oci

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packaging.version import Version

    from pkg_publish.clients.oci_api import Repository
    from pkg_publish.watch import Watch


@dataclass(frozen=True, slots=True, kw_only=True)
class Tagged:
    """An image index, or whatever else somebody has put there."""

    data: bytes
    index: Mapping[str, Any]

    @classmethod
    def read(cls, repository: Repository, tag: str, watch: Watch) -> Tagged | None:
        """Read what a tag leads to; None: nothing. Raises `Integrity` for what is no JSON."""
        data = repository.manifest(tag, watch)
        return None if data is None else cls.of(data, f"{repository.name}:{tag}")

    @classmethod
    def of(cls, data: bytes, what: str) -> Tagged:
        """From the bytes of a manifest; raises `Integrity`."""
        return cls(data=data, index=oci.document(data, what))

    @property
    def digest(self) -> str:
        """Its digest."""
        return oci.digest_of(self.data)

    @property
    def files(self) -> str | None:
        """The digest of the release's files that it was made of; None: nobody says."""
        return image.annotation(self.index, image.FILES)

    def stays(self, tag: str, version: Version) -> bool:
        """Whether a tag that leads here is not to be moved to another version: it says that it is of a later one, or the tag is its own version's."""
        text = image.annotation(self.index, f"{oci.IMAGE}version") or ""
        said = foreign.version(text)
        return said is not None and (said > version or text.replace("+", "-").replace("!", "_") == tag)

    def is_whole(self, repository: Repository, watch: Watch) -> bool:
        """Whether all that it leads to is there; raises `Integrity` when sizes disagree."""
        match self.index:
            case {"manifests": list(listed)}:
                digests = [oci.Blob.read(each, repository.name).digest for each in listed]
            case _:
                raise oci.broken(f"{repository.name}@{self.digest} is no image for several platforms")
        manifests = together([partial(repository.manifest, each, watch) for each in digests])
        parts: dict[oci.Blob, None] = {}
        for digest, data in zip(digests, manifests, strict=True):
            if data is None:
                return False
            parts |= dict.fromkeys(_parts(data, f"{repository.name}@{digest}"))
        return all(together([partial(repository.has, each.digest, watch, each.size) for each in parts]))


def _parts(manifest: bytes, what: str) -> list[oci.Blob]:
    """All that the manifest of an image leads to; raises `Integrity`."""
    match oci.document(manifest, what):
        case {"config": config, "layers": list(layers)}:
            return [oci.Blob.read(each, what) for each in (config, *layers)]
        case _:
            raise oci.broken(f"{what} is no image")
