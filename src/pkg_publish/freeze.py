"""Sources as an index of files, for any web server: the pages of `index.py` in HTML, each file copied, or linked to where anybody can fetch it.

A second run reads and writes only what has changed. A page forgets a file that its source has lost, and of a project that has lost all the page is
removed; no file is deleted.
"""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pkg_publish import pages, preflight
from pkg_publish.catalog import metadata_of, proven
from pkg_publish.clients.disk import appearing, disk, sha256_of
from pkg_publish.clients.network import Origin
from pkg_publish.clients.together import together
from pkg_publish.errors import ConfigError, Integrity, Unsupported
from pkg_publish.formats import index_pages, simple_pages
from pkg_publish.formats.filename import DAMAGED
from pkg_publish.formats.index_pages import Link
from pkg_publish.reading import Freezing
from pkg_publish.targets.base import Links

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pkg_publish.catalog import Catalog, Shelf
    from pkg_publish.model import RemoteFile
    from pkg_publish.watch import Watch

_HERE = "https://here/"
"""How a page of ours is read: what lies in the folder is below that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """What there is at the end of a run."""

    projects: int
    copied: int
    """Files that lie in the folder."""
    linked: int
    """Files that lie elsewhere."""


@dataclass(frozen=True, slots=True)
class _Before:
    """What an earlier run has written on the page of a project."""

    files: Mapping[tuple[str, str | None], RemoteFile]
    """By name and digest: what it has found out of a file is not looked for again."""
    at: int
    """When, in nanoseconds; 0: there is no such page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Freezer:
    """One folder, to become the root of a web site."""

    folder: Path
    base: str = ""
    """Its address, for the commands on the pages; empty where nobody knows it."""
    command: Sequence[str] = ()
    """What starts us where the pages are read; empty where nothing does."""

    def freeze(self, catalog: Catalog, watch: Watch) -> Frozen:
        """Write all projects; a page comes after its files, the list at the end.

        Raises `Unsupported` when no place says which projects it has, and `ConfigError` when there are none: an index of nothing would replace a good one.
        """
        names, silent = catalog.projects(watch)
        if silent and not names:
            raise Unsupported(silent[0].partition(".")[0], code="no-list-of-projects", cure="Name the projects with --project.")
        for each in silent:
            watch.wait(0, each)
        shelves = [shelf for name in names if (shelf := self._shelf(catalog, name, watch))]
        if not shelves:
            titles = " and ".join(each.place.title for each in catalog.sources)
            raise ConfigError(f"there is nothing to index: no project is in {titles}", code="nothing-to-index", cure="Look for a typo behind --from.")
        links = [link for shelf in shelves for link in self._project(shelf, watch)]
        projects = [shelf.project for shelf in shelves]
        self._write("simple/index.html", index_pages.projects_html(projects))
        if self._is_ours(self.folder / "index.html"):
            self._write("index.html", index_pages.projects_html(projects, below="simple/"))
        if not catalog.named and not silent:
            self._remove_others(projects)
        linked = sum(link.url.startswith("http") for link in links)
        return Frozen(projects=len(shelves), copied=len(links) - linked, linked=linked)

    def _shelf(self, catalog: Catalog, name: str, watch: Watch) -> Shelf | None:
        """A project; None for what is listed and is none, as an image in the same namespace.

        Raises `ConfigError` for one that was named, and `Integrity` for a damaged one that was named or has a page, which stays.
        """
        try:
            return catalog.shelf(name, watch)
        except ConfigError as problem:
            if catalog.named or problem.code != "unknown-project":
                raise
        except Integrity as problem:
            if catalog.named or problem.code != DAMAGED or (self.folder / _page_of(name)).is_file():
                raise
            watch.wait(0, f"{problem.what}; it is left out")
        return None

    def _project(self, shelf: Shelf, watch: Watch) -> Sequence[Link]:
        watch.tell(Freezing(shelf.project, len(shelf.files)))
        addresses = shelf.source.addresses(shelf.files, watch) if isinstance(shelf.source, Links) else [""] * len(shelf.files)
        page = _page_of(shelf.project)
        before = self._before(page)
        placed = zip(shelf.files, addresses, strict=True)
        links = together([partial(self._link, shelf, file, address, before, watch) for file, address in placed])
        command = () if self.base and shelf.source.place.local else self.command
        self._write(page, pages.html(shelf, links, self.base, command))
        return links

    def _before(self, page: str) -> _Before:
        path = self.folder / page
        with disk(f"reading {path}"):
            data = path.read_bytes() if path.is_file() else b""
        return _Before({(file.name, file.sha256): file for file in simple_pages.read(simple_pages.PLAIN, data, _HERE) or ()}, _changed(path))

    def _link(self, shelf: Shelf, file: RemoteFile, address: str, before: _Before, watch: Watch) -> Link:
        """Bring one file, and say where it is. What lies there as it was when its page was written is not read again."""
        known = before.files.get((file.name, file.sha256))
        if address and _is_address(address):
            told = file.requires_python or (known or self._described(shelf, file, watch)).requires_python
            return Link(file=replace(file, requires_python=told), url=address, described=False)
        path = self.folder / pages.path(shelf.project, file)
        with disk(f"copying {file.name} to {path.parent}"):
            path.parent.mkdir(parents=True, exist_ok=True)
            kept = path.is_file() and path.stat().st_size == file.size and _changed(path) <= before.at
            if not kept and (not path.is_file() or sha256_of(path) != file.sha256):
                _fetch(shelf, file, path, watch)
        return Link(file=self._with_metadata(shelf, file, known, path, watch), url=pages.address(shelf.project, file))

    def _with_metadata(self, shelf: Shelf, file: RemoteFile, known: RemoteFile | None, path: Path, watch: Watch) -> RemoteFile:
        """The file with what its metadata says; that of a wheel is written beside it. What an earlier run has `known` of it is not asked again."""
        beside = pages.path(shelf.project, file) + ".metadata"
        if known and known.url.startswith(_HERE) and self._has(beside, file, known.metadata_sha256):
            return replace(file, requires_python=file.requires_python or known.requires_python, metadata_sha256=known.metadata_sha256)
        data = metadata_of(shelf.source, file, watch)
        if data is None and (found := preflight.alone(path)):
            data, file = found.metadata, replace(file, requires_python=found.requires_python)
        if data is None or not file.name.endswith(".whl"):
            return replace(file, metadata_sha256=None)
        self._write(beside, data)
        return replace(file, metadata_sha256=hashlib.sha256(data).hexdigest())

    @staticmethod
    def _described(shelf: Shelf, file: RemoteFile, watch: Watch) -> RemoteFile:
        """What a linked file says of itself, for which it has to be fetched once."""
        with tempfile.TemporaryDirectory(prefix="pkg-publish-", ignore_cleanup_errors=True) as folder, disk(f"fetching {file.name}"):
            path = Path(folder) / file.name
            _fetch(shelf, file, path, watch)
            found = preflight.alone(path)
        return replace(file, requires_python=found.requires_python) if found else file

    def _has(self, beside: str, file: RemoteFile, sha256: str | None) -> bool:
        """Whether the metadata of a file lies beside it; that of an sdist never does."""
        path = self.folder / beside
        if not file.name.endswith(".whl"):
            return True
        with disk(f"reading {path}"):
            return file.metadata_sha256 in {None, sha256} and path.is_file() and sha256_of(path) == sha256

    def _remove_others(self, projects: Sequence[str]) -> None:
        """Remove the pages that an earlier run has written of projects that no place has any more."""
        for page in sorted(self.folder.glob("simple/*/index.html")):
            if page.parent.name not in projects and self._is_ours(page):
                with disk(f"removing {page}"):
                    page.unlink()
                    if not any(page.parent.iterdir()):
                        page.parent.rmdir()

    @staticmethod
    def _is_ours(page: Path) -> bool:
        """Whether a page is ours to replace: there is none, or one of an index."""
        with disk(f"reading {page}"):
            return not page.is_file() or simple_pages.read(simple_pages.PLAIN, page.read_bytes(), _HERE) is not None

    def _write(self, name: str, data: bytes) -> None:
        """Write a small file, unless it is there already as it shall be."""
        path = self.folder / name
        with disk(f"writing {path}"):
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.is_file() or path.read_bytes() != data:
                with appearing(path) as file:
                    file.write(data)


def _page_of(project: str) -> str:
    return f"simple/{project}/index.html"


def _fetch(shelf: Shelf, file: RemoteFile, path: Path, watch: Watch) -> None:
    with appearing(path) as target:
        for block in proven(shelf.source, file, watch):
            target.write(block)


def _changed(path: Path) -> int:
    """When a file was written last; 0 when it is not there."""
    with disk(f"reading {path}"):
        return path.stat().st_mtime_ns if path.is_file() else 0


def _is_address(url: str) -> bool:
    try:
        Origin.of(url)
    except ConfigError:
        return False
    return True
