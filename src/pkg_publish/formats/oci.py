"""Distributions as OCI artifacts: names, tags, and the manifest of one file.

A version is a tag, the tag an image index (`version_index.py`), each file in it a manifest with one layer: what pyoci writes and reads
(https://github.com/AllexVeldman/pyoci, docs/design.md), with what it leaves out as annotations of ours. Sorted and without times:
the same files give the same bytes. The specifications are https://github.com/opencontainers/image-spec and, for names and tags,
https://github.com/opencontainers/distribution-spec.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from packaging.metadata import parse_email

from pkg_publish.errors import Integrity, Invalid
from pkg_publish.formats import foreign
from pkg_publish.model import RemoteFile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pkg_publish.model import Distribution

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
ARTIFACT = "application/pyoci.package.v1"
CONFIG = "application/vnd.pkg-publish.file.v1+json"

MANIFEST_LIMIT = 4 << 20
"""Bytes: the largest manifest or index that registries promise to take, and that we read."""

LAYOUT = "1"
"""The version of all this."""

IMAGE, OURS, PYOCI = "org.opencontainers.image.", "io.github.pkg-publish-action.", "com.pyoci."
"""How the names of annotations begin."""

LONGEST = {"source": 256, "description": 512, "licenses": 256}
"""Characters: GHCR takes no longer annotations."""

_REPOSITORY = re.compile(r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_LONGEST_NAME, _LONGEST_TAG = 255, 128


def repository_name(project: str) -> str:
    """The last part of a project's repository: its normalised name with `_`, as pyoci has it."""
    return project.replace("-", "_")


def project_of(repository: str) -> str:
    """The project (normalised name) that the last part of a repository's name stands for."""
    return repository.replace("_", "-")


def is_repository(name: str) -> bool:
    """Whether a registry may hold a repository of this name (`owner/repo/name`)."""
    return len(name) <= _LONGEST_NAME and _REPOSITORY.fullmatch(name) is not None


def tag_of(version: str, *, room: int = 0) -> str:
    """The tag of a normalised version: no two versions share one. Raises `Invalid` for a version no tag can hold with `room` for more characters."""
    if len(version) + room > _LONGEST_TAG:
        raise Invalid(
            f"the version {version!r} has {len(version)} characters and a tag holds {_LONGEST_TAG - room}",
            code="version-too-long",
            cure="Shorten the local part of the version, behind the `+`.",
        )
    return version.replace("+", "-").replace("!", "_")


def version_of(tag: str) -> str | None:
    """The version of a tag, normalised; None: the tag names no version (`latest`, …)."""
    found = foreign.version(tag.replace("-", "+").replace("_", "!"))
    return str(found) if found else None


def digest_of(data: bytes) -> str:
    """The digest by which OCI finds these bytes: `sha256:…`."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def is_digest(text: str) -> bool:
    """Whether it is a digest by sha256."""
    return _DIGEST.fullmatch(text) is not None


def encode(value: Mapping[str, Any]) -> bytes:
    """One value, one spelling: sorted, compact, ASCII. Raises `Integrity` for what is nested without end, and for numbers that JSON does not have."""
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")
    except (RecursionError, ValueError) as error:
        raise broken("a manifest is nested too deeply, or holds a number that is none") from error


def document(data: bytes, what: str) -> dict[str, Any]:
    """A JSON object that somebody else may have written; raises `Integrity`."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise broken(f"{what} is no JSON") from error
    if not isinstance(found, dict):
        raise broken(f"{what} is no JSON object")
    return found


def broken(what: str) -> Integrity:
    """What lies there is not what the specification says."""
    return Integrity(what, code="oci-broken", cure="Look at it with crane, oras or skopeo; another program wrote it, or the disk or network damaged it.")


@dataclass(frozen=True, slots=True)
class Blob:
    """What a manifest says of one of its parts."""

    digest: str
    """`sha256:…`"""
    size: int
    """Bytes."""

    @classmethod
    def read(cls, descriptor: object, what: str) -> Blob:
        """From a descriptor; raises `Integrity`."""
        match descriptor:
            case {"digest": str(digest), "size": int(given)} if is_digest(digest) and (size := foreign.size(given)) is not None:
                return cls(digest, size)
            case _:
                raise broken(f"{what} has no digest by sha256, or no size")


@dataclass(frozen=True, slots=True)
class FileManifest:
    """The manifest of one file."""

    config: Blob
    layer: Blob
    """The file itself."""

    @classmethod
    def read(cls, data: bytes, name: str) -> FileManifest:
        """Of ours or of pyoci's; raises `Integrity`."""
        what = f"the manifest of {name}"
        match document(data, what):
            case {"config": config, "layers": [layer]}:
                return cls(Blob.read(config, what), Blob.read(layer, what))
            case _:
                raise broken(f"{what} has not exactly one layer")


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a version index."""

    file: RemoteFile
    descriptor: Mapping[str, Any]
    """Of its manifest, as it stands in the index."""

    @property
    def manifest(self) -> str:
        """The digest of its manifest."""
        return str(self.descriptor["digest"])

    def with_parts(self, parts: FileManifest) -> RemoteFile:
        """The file as its manifest has it; raises `Integrity` when the index of the version promises other bytes."""
        if self.file.sha256 and parts.layer.digest != f"sha256:{self.file.sha256}":
            raise broken(f"{self.file.name}: its manifest and the index of its version do not agree")
        return replace(self.file, sha256=parts.layer.digest.removeprefix("sha256:"), size=parts.layer.size)


@dataclass(frozen=True, slots=True)
class Artifact:
    """A distribution as OCI holds it; the file itself is the one layer."""

    config: bytes
    manifest: bytes
    entry: Entry

    @classmethod
    def of(cls, distribution: Distribution, version: str, *, source: str = "", revision: str = "") -> Artifact:
        """Make it; `source` is the address of the GitHub repository and `revision` the commit, where they are known."""
        # Metadata that is not UTF-8 comes back byte for byte all the same: its digest is promised to installers.
        config = encode({"filename": distribution.name, "metadata": distribution.metadata.decode("utf-8", "surrogateescape")})
        layer = {"mediaType": ARTIFACT, "digest": f"sha256:{distribution.sha256}", "size": distribution.size}
        manifest = encode(
            {
                "schemaVersion": 2,
                "mediaType": MANIFEST,
                "artifactType": ARTIFACT,
                "config": {"mediaType": CONFIG, "digest": digest_of(config), "size": len(config)},
                "layers": [{**layer, "annotations": {f"{IMAGE}title": distribution.name}}],
                "annotations": {f"{OURS}layout": LAYOUT, **standard(source=source, version=version, revision=revision)},
            }
        )
        return cls(config, manifest, _made(distribution, manifest))


def standard(**known: str) -> dict[str, str]:
    """Standard annotations, those that have a value of a length that is taken."""
    return {f"{IMAGE}{name}": value for name, value in known.items() if value and len(value) <= LONGEST.get(name, len(value))}


def _made(distribution: Distribution, manifest: bytes) -> Entry:
    """The entry of a file of ours.

    It has no `title`: `oras pull` would save the manifest under that name. It has no `artifactType`: skopeo would write the index anew without.
    """
    file = RemoteFile(
        name=distribution.name,
        sha256=distribution.sha256,
        size=distribution.size,
        requires_python=distribution.requires_python,
        metadata_sha256=hashlib.sha256(distribution.metadata).hexdigest(),
    )
    annotations = {
        f"{PYOCI}sha256_digest": file.sha256,
        f"{PYOCI}project_urls": encode(parse_email(distribution.metadata)[0].get("project_urls", {})).decode(),
        f"{OURS}filename": file.name,
        f"{OURS}size": str(file.size),
        f"{OURS}requires-python": file.requires_python,
        f"{OURS}core-metadata.sha256": file.metadata_sha256,
    }
    descriptor = {
        "mediaType": MANIFEST,
        "digest": digest_of(manifest),
        "size": len(manifest),
        "platform": {"architecture": _architecture(distribution.name), "os": "any"},
        "annotations": {name: value for name, value in annotations.items() if value is not None},
    }
    return Entry(file, descriptor)


def _architecture(name: str) -> str:
    """What pyoci tells the files of a version by: the file name behind name and version."""
    if name.endswith(".whl"):
        return name.split("-", 2)[2]
    return ".tar.gz" if name.endswith(".tar.gz") else ".zip"


def metadata_in(config: bytes, name: str) -> bytes:
    """The core metadata that a config blob holds, empty when it has none; raises `Integrity`."""
    metadata = document(config, f"the config of {name}").get("metadata")
    try:
        return str(metadata or "").encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise broken(f"the config of {name} holds no metadata") from error
