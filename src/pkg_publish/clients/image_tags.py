"""What a tag of an image leads to: by which release it was made, and whether all of it is there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from packaging.version import InvalidVersion, Version

from pkg_publish.clients.together import together
from pkg_publish.formats import image, oci

if TYPE_CHECKING:
    from collections.abc import Mapping

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

    def is_newer_than(self, version: Version) -> bool:
        """Whether it says that it is of a later version; what says nothing is not."""
        try:
            return Version(image.annotation(self.index, f"{oci.IMAGE}version") or "") > version
        except InvalidVersion:
            return False

    def is_whole(self, repository: Repository, watch: Watch) -> bool:
        """Whether all that it leads to is there; raises `Integrity` when sizes disagree."""
        digests = [str(each.get("digest")) for each in self.index.get("manifests", ())]
        manifests = together([partial(repository.manifest, each, watch) for each in digests])
        parts: list[oci.Blob] = []
        for data in manifests:
            if data is None:
                return False
            found = oci.document(data, repository.name)
            parts += [oci.Blob.read(each, repository.name) for each in (found.get("config"), *found.get("layers", ()))]
        return all(together([partial(repository.has, each.digest, watch, each.size) for each in dict.fromkeys(parts)]))
