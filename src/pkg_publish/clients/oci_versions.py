"""The versions of a project in a registry, for reading: a repository for the project, a tag for each version, an index behind each tag."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from pkg_publish.clients.oci_api import PUSH, Repository
from pkg_publish.clients.retry import pause
from pkg_publish.clients.together import together
from pkg_publish.errors import Conflict, Refused, Unavailable
from pkg_publish.formats import oci
from pkg_publish.formats.filename import damaged
from pkg_publish.formats.version_index import VersionIndex

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Sequence

    from pkg_publish.clients.oci_registry import Registry
    from pkg_publish.model import RemoteFile
    from pkg_publish.watch import Watch

Found = TypeVar("Found")

LOOKS = 4
"""How often an index is written before a manifest that the registry does not find counts as lost."""


def first_look(registry: Registry, name: str, look: Callable[[Repository], Found]) -> Found:
    """Look into a repository that may not be there.

    Somebody who asks for no more than reading may be refused then, for GHCR tells strangers nothing of what is not there: with a login we ask as a
    writer. What the registry says to that counts, unless it is another refusal.
    """
    try:
        return look(Repository(registry, name))
    except Refused:
        if not registry.is_anonymous:
            with suppress(Refused):
                return look(Repository(registry, name, PUSH))
        raise


def index_of(repository: Repository, project: str, version: str, watch: Watch) -> VersionIndex:
    """The index of a version (both normalised), empty when there is none. Raises `Conflict` when the tag holds something else."""
    return VersionIndex.read(repository.manifest(oci.tag_of(version), watch), project, version)


def write_index(repository: Repository, tag: str, index: VersionIndex, ours: Container[str], watch: Watch) -> set[str]:
    """Write the index of a version; return the digests of manifests without which it had to be written.

    A registry that does not find the manifest of a file is asked again: GHCR shows late what it took. When it is lost for good (somebody deleted what
    had no tag), the file is left out, unless it is one of ours.
    """
    lost: dict[str, str] = {}
    for tries in range(1, LOOKS + 1):
        try:
            repository.put_manifest(tag, index.encode(), oci.INDEX, watch)
        except Unavailable as problem:
            if problem.code != "part-unknown":
                raise
            manifests = together([partial(repository.manifest, entry.manifest, watch) for entry in index.entries])
            lost = {entry.manifest: entry.file.name for entry, found in zip(index.entries, manifests, strict=True) if found is None}
            if tries == LOOKS and (not lost or any(name in ours for name in lost.values())):
                raise
            watch.wait(pause(tries, {}), f"{problem.what}; looking again for {', '.join(lost.values()) or 'what it misses'}")
        else:
            return set()
    watch.wait(0, f"the registry has lost {', '.join(lost.values())}: the index of {tag} is written without, publish again what shall be in it")
    left = tuple(entry for entry in index.entries if entry.manifest not in lost)
    repository.put_manifest(tag, replace(index, entries=left).encode(), oci.INDEX, watch)
    return set(lost)


def files_of(repository: Repository, project: str, version: str | None, watch: Watch) -> list[RemoteFile]:
    """The files of a version, or of all: then none is a proof that there is no such repository.

    Raises `Integrity` for a repository without versions, and for a version that cannot be read: a reader would take an older one for the newest.
    """
    if version is not None:
        entries = index_of(repository, project, version, watch).entries
        if all(entry.file.sha256 for entry in entries):
            return [entry.file for entry in entries]
        return together([partial(_with_digest, repository, entry, watch) for entry in entries])
    tags = repository.tags_if_there(watch)
    if tags is None:
        return []
    versions = sorted({found for tag in tags if (found := oci.version_of(tag))})
    if not versions:
        raise damaged(project, f"{repository.registry.host}/{repository.name} holds no version")
    return [file for files in together([partial(_files_in, repository, project, each, watch) for each in versions]) for file in files]


def _files_in(repository: Repository, project: str, version: str, watch: Watch) -> list[RemoteFile]:
    """The files of a version that has a tag."""
    try:
        files = files_of(repository, project, version, watch)
    except Conflict as problem:
        raise damaged(project, problem.what) from problem
    if not files:
        raise damaged(project, f"the index of {repository.registry.host}/{repository.name}:{oci.tag_of(version)} is not there, or names no file of it")
    return files


def _with_digest(repository: Repository, entry: oci.Entry, watch: Watch) -> RemoteFile:
    """A file with the digest that its manifest has: the index gives none of some."""
    manifest = repository.manifest(entry.manifest, watch)
    if manifest is None:
        raise oci.broken(f"the manifest of {entry.file.name} is not there")
    return entry.with_parts(oci.FileManifest.read(manifest, entry.file.name))


def whole(repository: Repository, entries: Sequence[oci.Entry], taken: Container[str], watch: Watch) -> list[RemoteFile]:
    """The files of which all parts are there. What was `taken` in this run (digests of manifests) was compared by the registry and is not read again.

    Raises `Integrity` when index, manifest and blobs disagree.
    """
    found = together([partial(_whole, repository, entry, watch) for entry in entries if entry.manifest not in taken])
    return [*(entry.file for entry in entries if entry.manifest in taken), *(file for file in found if file)]


def _whole(repository: Repository, entry: oci.Entry, watch: Watch) -> RemoteFile | None:
    manifest = repository.manifest(entry.manifest, watch)
    if manifest is None:
        return None
    parts = oci.FileManifest.read(manifest, entry.file.name)
    there = [repository.has(part.digest, watch, part.size) for part in (parts.config, parts.layer)]
    return entry.with_parts(parts) if all(there) else None


def is_public(registry: Registry, name: str, watch: Watch) -> bool:
    """Whether somebody without a login finds anything in a repository. Raises when there is no answer to go by."""
    try:
        return bool(Repository(registry.anonymous, name).tags(watch))
    except Refused:
        return False
