"""The page of a project, served or frozen: where its files are, and how a person installs them."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING
from urllib.parse import quote

from packaging.version import Version

from pkg_publish.formats import index_pages

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pkg_publish.catalog import Shelf
    from pkg_publish.formats.index_pages import Link
    from pkg_publish.model import RemoteFile


def path(project: str, file: RemoteFile) -> str:
    """Where a file is below the root of an index; its name there never means anything else."""
    return f"files/{project}/{file.sha256}/{file.name}"


def address(project: str, file: RemoteFile) -> str:
    """The same, as the page of the project says it."""
    return f"../../{quote(path(project, file))}"


def json(shelf: Shelf, links: Iterable[Link]) -> bytes:
    """For installers."""
    return index_pages.project_json(shelf.project, index_pages.sorted_links(links))


def html(shelf: Shelf, links: Iterable[Link], base: str, command: Sequence[str] = ()) -> bytes:
    """For installers and people.

    `base` is the address of the root of the index, empty where nobody knows it; `command` is what starts us where the page is read, empty where
    nothing does.
    """
    ordered = index_pages.sorted_links(links)
    notes = [f"{shelf.unproven} files have no digest there and are left out."] if shelf.unproven else []
    return index_pages.project_html(shelf.project, ordered, _commands(shelf, ordered, base, command), notes)


def _commands(shelf: Shelf, links: Sequence[Link], base: str, command: Sequence[str]) -> list[str]:
    """How a person installs the newest version: through this index, and past it."""
    newest = f"{shelf.project}=={max(links, key=_merit).version}" if links else shelf.project
    commands = [["python3", "-m", "pip", "install", "--index-url", f"{base}/simple/", newest]] if base else []
    if links and command:
        commands.append([*command, "install", newest, "--from", shelf.source.place.source or shelf.source.place.name])
    return [shlex.join(words) for words in commands]


def _merit(link: Link) -> tuple[bool, bool, Version]:
    """Which version people should have: neither a withdrawn nor an unfinished one, as long as there is another."""
    version = Version(link.version)
    return link.file.yanked is None, not version.is_prerelease, version
