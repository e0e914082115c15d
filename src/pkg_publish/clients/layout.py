"""An OCI image layout on disk (https://github.com/opencontainers/image-spec/blob/main/image-layout.md): blobs by digest, tags in `index.json`."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from pkg_publish.clients.disk import BLOCK, appearing, disk, sha256_of
from pkg_publish.clients.lock import alone
from pkg_publish.formats import oci

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import BinaryIO

    from pkg_publish.watch import Watch

_REF_NAME = f"{oci.IMAGE}ref.name"


class Readable(Protocol):
    """Bytes that come block by block."""

    def read(self, size: int, /) -> bytes:
        """Return the next block, empty at the end."""


@dataclass(frozen=True, slots=True)
class Layout:
    """One layout. Every write appears whole or not at all, and writers of one machine do not undo each other's."""

    folder: Path

    def tags(self) -> dict[str, str]:
        """The digest that each tag points at; raises `Integrity` when `index.json` is broken."""
        return {name: each["digest"] for each in self._manifests() if (name := _tag(each)) and oci.is_digest(str(each.get("digest")))}

    def blob(self, digest: str) -> Path:
        """Where the blob of a digest lies, or would lie."""
        return self.folder / "blobs" / "sha256" / digest.removeprefix("sha256:")

    def manifest(self, digest: str) -> bytes | None:
        """A manifest or an index; None when it is not there. Raises `Integrity` for other bytes than the digest says."""
        with disk(f"reading {self.folder}"):
            data = _bounded(self.blob(digest))
        if data is not None and oci.digest_of(data) != digest:
            raise oci.broken(f"{self.blob(digest)} does not hold what its name says")
        return data

    def put(self, data: bytes) -> str:
        """Store some bytes; return their digest."""
        digest = oci.digest_of(data)
        self.put_stream(io.BytesIO(data), digest)
        return digest

    def put_stream(self, source: Readable, digest: str) -> None:
        """Store a file under its digest, in constant memory; raises `Integrity` when other bytes come."""
        path = self.blob(digest)
        with disk(f"writing to {self.folder}"):
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.is_file() and f"sha256:{sha256_of(path)}" == digest:
                return
            seen = hashlib.sha256()
            with appearing(path) as file:
                while block := source.read(BLOCK):
                    seen.update(block)
                    file.write(block)
                if f"sha256:{seen.hexdigest()}" != digest:
                    raise oci.broken(f"other bytes came than {digest}, so they were not kept")

    def tag(self, name: str, change: Callable[[bytes | None], bytes], watch: Watch) -> None:
        """Point a tag at what `change` makes of the image index that it points at, while no other process does the same."""
        with disk(f"writing to {self.folder}"), alone(self.folder / "oci-layout", watch) as marker:
            _mark(marker)
            there = self.tags().get(name)
            data = change(self.manifest(there) if there else None)
            digest = self.put(data)
            if digest != there:
                self._write([*(each for each in self._manifests() if _tag(each) != name), _descriptor(name, digest, len(data))])

    def _manifests(self) -> list[dict[str, Any]]:
        """What `index.json` lists; nothing when there is no layout."""
        path = self.folder / "index.json"
        with disk(f"reading {self.folder}"):
            data = _bounded(path)
        if data is None:
            return []
        match oci.document(data, str(path)):
            case {"manifests": list(found)} if all(isinstance(each, dict) for each in found):
                return found
            case _:
                raise oci.broken(f"{path} lists no manifests")

    def _write(self, manifests: list[dict[str, Any]]) -> None:
        data = oci.encode({"schemaVersion": 2, "mediaType": oci.INDEX, "manifests": sorted(manifests, key=oci.encode)})
        with appearing(self.folder / "index.json") as file:
            file.write(data)


def _bounded(path: Path) -> bytes | None:
    """A small file; None when it is not there."""
    if not path.is_file():
        return None
    with path.open("rb") as file:
        data = file.read(oci.MANIFEST_LIMIT + 1)
    if len(data) > oci.MANIFEST_LIMIT:
        raise oci.broken(f"{path} is larger than any manifest")
    return data


def _mark(marker: BinaryIO) -> None:
    """The file that says that this is a layout. It is written in place, since the lock lies on it; nothing is read before it is there."""
    if marker.seek(0, 2) == 0:
        marker.write(oci.encode({"imageLayoutVersion": "1.0.0"}))
        marker.flush()


def _tag(descriptor: dict[str, Any]) -> str | None:
    found = descriptor.get("annotations")
    name = found.get(_REF_NAME) if isinstance(found, dict) else None
    return name if isinstance(name, str) else None


def _descriptor(tag: str, digest: str, size: int) -> dict[str, Any]:
    return {"mediaType": oci.INDEX, "digest": digest, "size": size, "annotations": {_REF_NAME: tag}}
