"""Several sources as one: the first that knows a project is the only one for it, and no byte leaves before it was compared."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from pkg_publish.errors import ConfigError, Integrity, Refused, Unsupported
from pkg_publish.formats.filename import is_of
from pkg_publish.targets.base import Describes, Lists, Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pkg_publish.model import Place, RemoteFile
    from pkg_publish.watch import Watch


DENIED = "registry-denied"
"""The code of what GHCR answers to strangers, of what is private and of what it does not have."""


class NamedSource(Source, Protocol):
    """A target that can be read."""

    @property
    def place(self) -> Place:
        """How people read of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """A project as one source has it."""

    source: NamedSource
    project: str
    files: tuple[RemoteFile, ...]
    """Those that have a digest."""
    unproven: int
    """How many have none, so that nobody could say whether they came as they were published."""

    def __getitem__(self, name: str) -> RemoteFile:
        """The file of that name; raises `KeyError`."""
        for file in self.files:
            if file.name == name:
                return file
        raise KeyError(name)


@dataclass(frozen=True, slots=True)
class Catalog:
    """Sources in the order in which they are asked."""

    sources: Sequence[NamedSource]
    named: Sequence[str] = ()
    """Projects (normalised names) that are listed, if any are named."""

    denied_is_absent: bool = False
    """What a registry denies to us is not there: somebody said so."""

    def files(self, source: NamedSource, project: str, version: str | None, watch: Watch) -> Sequence[RemoteFile]:
        """The files of a project (normalised name) at one of the sources, of one version or of all; raises what it says when it does not tell."""
        try:
            found = source.files(project, version, watch)
        except Refused as problem:
            if self.denied_is_absent and problem.code == DENIED:
                return []
            raise
        return [file for file in found if is_of(file.name, project)]

    def shelf(self, project: str, watch: Watch) -> Shelf:
        """All files of a project (normalised name) at the first source that knows it; raises `ConfigError` with the code `unknown-project`.

        A source that does not answer, or refuses, is not passed by: it might know the project. What it raises is raised.
        """
        for source in self.sources:
            if files := self.files(source, project, None, watch):
                proven = tuple(file for file in files if file.sha256)
                return Shelf(source=source, project=project, files=proven, unproven=len(files) - len(proven))
        raise unknown_project(project, self.sources)

    def projects(self, watch: Watch) -> tuple[list[str], list[str]]:
        """The projects that are listed, sorted, and a sentence for each source that lists none."""
        if self.named:
            return sorted(self.named), []
        names: set[str] = set()
        silent = []
        for source in self.sources:
            try:
                names |= set(_listed(source, watch))
            except Unsupported as problem:
                silent.append(f"{problem.what}. The page of each project is there all the same.")
        return sorted(names), silent


def _listed(source: NamedSource, watch: Watch) -> Sequence[str]:
    if isinstance(source, Lists):
        return source.projects(watch)
    raise Unsupported(f"{source.place.title} cannot list its projects", code="no-list-of-projects", cure="Name them with --project.")


def unknown_project(project: str, sources: Sequence[NamedSource]) -> ConfigError:
    """Why there is no such project."""
    return ConfigError(
        f"the project {project} was published to none of the places that were named",
        code="unknown-project",
        cure="Check the name, and the place after --from.",
        details=[f"{source.place.name} has no {project}" for source in sources],
    )


def metadata_of(source: Source, file: RemoteFile, watch: Watch) -> bytes | None:
    """The core metadata of a file, compared; None where the source gives none. Raises `Integrity` for other bytes than promised."""
    if file.metadata_sha256 is None or not isinstance(source, Describes):
        return None
    data = source.metadata(file, watch)
    if hashlib.sha256(data).hexdigest() != file.metadata_sha256:
        raise _differs(f"the metadata of {file.name}", f"sha256 {file.metadata_sha256}", f"sha256 {hashlib.sha256(data).hexdigest()}")
    return data


def proven(source: Source, file: RemoteFile, watch: Watch) -> Iterator[bytes]:
    """The bytes of a file, of which the last block comes only when all were compared, in constant memory. Raises `Integrity` for other ones.

    A block is hashed while the one before is handed on and the next one comes: OpenSSL lets other threads run.
    """
    if file.sha256 is None:
        raise Integrity(f"the place gives no digest of {file.name}, so nobody can say whether it is the right one", code="no-digest")
    digest, size, held = hashlib.sha256(), 0, b""
    with ThreadPoolExecutor(1) as beside:
        hashed = beside.submit(digest.update, held)
        for block in source.fetch(file, watch):
            hashed.result()
            hashed = beside.submit(digest.update, block)
            if held:
                yield held
            held = block
            size += len(block)
            if file.size is not None and size > file.size:
                break
    if digest.hexdigest() != file.sha256 or file.size not in {None, size}:
        raise _differs(file.name, f"sha256 {file.sha256}, {file.size} bytes", f"sha256 {digest.hexdigest()}, {size} bytes")
    yield held


def _differs(what: str, promised: str, came: str) -> Integrity:
    return Integrity(
        f"{what} came with other bytes than were published, so it was not handed on",
        code="wrong-digest",
        cure="Fetch it again; if it stays so, somebody or something changed it where it lies.",
        details=[f"promised: {promised}", f"came: {came}"],
    )
