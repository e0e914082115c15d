"""Sources as an index of files, for any web server: the pages of `index.py` in HTML, each file copied, or linked to where anybody can fetch it.

A second run writes only what has changed. Nothing is deleted: a page forgets a file that its source has lost, the copy stays.
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
from pkg_publish.errors import ConfigError, Unsupported
from pkg_publish.formats import index_pages, simple_pages
from pkg_publish.formats.index_pages import Link
from pkg_publish.targets.base import Links

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pkg_publish.catalog import Catalog, Shelf
    from pkg_publish.model import RemoteFile
    from pkg_publish.watch import Watch


@dataclass(frozen=True, slots=True)
class Freezing:
    """An event: the page of this project is written, and its files are brought."""

    project: str
    files: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """What there is at the end of a run."""

    projects: int
    copied: int
    """Files that lie in the folder."""
    linked: int
    """Files that lie elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Freezer:
    """One folder, to become the root of a web site."""

    folder: Path
    base: str = ""
    """Its address, for the commands on the pages; empty where nobody knows it."""

    def freeze(self, catalog: Catalog, watch: Watch) -> Frozen:
        """Write all projects; a page comes after its files, the list at the end.

        Raises `Unsupported` when no place says which projects it has, and `ConfigError` when there are none: an index of nothing would replace a good one.
        """
        names, silent = catalog.projects(watch)
        if silent and not names:
            raise Unsupported(silent[0].partition(".")[0], code="no-list-of-projects", cure="Name the projects with --project.")
        for each in silent:
            watch.wait(0, each)
        if not names:
            titles = " and ".join(each.place.title for each in catalog.sources)
            raise ConfigError(f"there is nothing to index: no project is in {titles}", code="nothing-to-index", cure="Look for a typo behind --from.")
        shelves = [shelf for name in names if (shelf := _shelf(catalog, name, watch))]
        links = [link for shelf in shelves for link in self._project(shelf, watch)]
        self._write("simple/index.html", index_pages.projects_html([shelf.project for shelf in shelves]))
        linked = sum(link.url.startswith("http") for link in links)
        return Frozen(projects=len(shelves), copied=len(links) - linked, linked=linked)

    def _project(self, shelf: Shelf, watch: Watch) -> Sequence[Link]:
        watch.tell(Freezing(shelf.project, len(shelf.files)))
        addresses = shelf.source.addresses(shelf.files, watch) if isinstance(shelf.source, Links) else [""] * len(shelf.files)
        page = f"simple/{shelf.project}/index.html"
        known = self._known(page)
        placed = zip(shelf.files, addresses, strict=True)
        links = together([partial(self._link, shelf, file, address, known.get(file.sha256), watch) for file, address in placed])
        self._write(page, pages.html(shelf, links, self.base))
        return links

    def _known(self, page: str) -> dict[str | None, RemoteFile]:
        """What an earlier run has found out of each file, by digest: a linked one is not fetched again."""
        path = self.folder / page
        with disk(f"reading {path}"):
            data = path.read_bytes() if path.is_file() else b""
        return {file.sha256: file for file in simple_pages.read(simple_pages.PLAIN, data, "https://here/") or ()}

    def _link(self, shelf: Shelf, file: RemoteFile, address: str, known: RemoteFile | None, watch: Watch) -> Link:
        """Bring one file, and say where it is."""
        if address and _is_address(address):
            told = file.requires_python or (known or self._described(shelf, file, watch)).requires_python
            return Link(file=replace(file, requires_python=told), url=address, described=False)
        path = self.folder / pages.path(shelf.project, file)
        with disk(f"copying {file.name} to {path.parent}"):
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.is_file() or sha256_of(path) != file.sha256:
                _fetch(shelf, file, path, watch)
        return Link(file=self._with_metadata(shelf, file, path, watch), url=pages.address(shelf.project, file))

    def _with_metadata(self, shelf: Shelf, file: RemoteFile, path: Path, watch: Watch) -> RemoteFile:
        """The file with what its metadata says; that of a wheel is written beside it."""
        beside = pages.path(shelf.project, file) + ".metadata"
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

    def _write(self, name: str, data: bytes) -> None:
        """Write a small file, unless it is there already as it shall be."""
        path = self.folder / name
        with disk(f"writing {path}"):
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.is_file() or path.read_bytes() != data:
                with appearing(path) as file:
                    file.write(data)


def _shelf(catalog: Catalog, name: str, watch: Watch) -> Shelf | None:
    """A project; None for what is listed and is none, as an image in the same namespace. Raises `ConfigError` for one that was named."""
    try:
        return catalog.shelf(name, watch)
    except ConfigError as problem:
        if catalog.named or problem.code != "unknown-project":
            raise
        return None


def _fetch(shelf: Shelf, file: RemoteFile, path: Path, watch: Watch) -> None:
    with appearing(path) as target:
        for block in proven(shelf.source, file, watch):
            target.write(block)


def _is_address(url: str) -> bool:
    try:
        Origin.of(url)
    except ConfigError:
        return False
    return True
