"""What readers need of releases at GitHub, in plain JSON: who installs has no library for more."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pkg_publish.clients.github_refusals import ABSENT
from pkg_publish.errors import Refused
from pkg_publish.formats import foreign
from pkg_publish.formats.github_release import Asset, TaggedRelease

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pkg_publish.clients.github_api import GithubApi
    from pkg_publish.watch import Watch

PAGE = 100
"""Entries that are asked for at once: the most there are."""
PAGES = 100


def releases(api: GithubApi, watch: Watch) -> list[TaggedRelease]:
    """All published releases, with their assets."""
    return [found for each in _pages(api, "/releases", f"listing the releases of {api.name}", watch) if not (found := _tagged(each)).draft]


def published(api: GithubApi, tag: str, watch: Watch) -> TaggedRelease | None:
    """The published release of a tag, with its assets; None: there is none, or the GitHub repository is not shown to us."""
    doing = f"looking for the release {tag} of {api.name}"
    try:
        found = api.ask(f"/releases/tags/{quote(tag, safe='')}", doing, watch).json()
    except Refused as problem:
        if problem.code != ABSENT:
            raise
        return None
    return _tagged(found) if isinstance(found, dict) else None


def assets(api: GithubApi, release: TaggedRelease, watch: Watch) -> list[Asset]:
    """All assets of a release, more than it has with itself."""
    return [_asset(each) for each in _pages(api, f"/releases/{release.id}/assets", f"listing the assets of the release {release.tag} of {api.name}", watch)]


def is_private(api: GithubApi, watch: Watch) -> bool:
    """Whether strangers see nothing of the GitHub repository; what does not say otherwise is private."""
    found = api.ask("", f"reading {api.name}", watch).json()
    return not (isinstance(found, dict) and found.get("private") is False)


def _pages(api: GithubApi, path: str, doing: str, watch: Watch) -> Iterator[dict[str, Any]]:
    """The entries of a list, page by page."""
    for page in range(1, PAGES + 1):
        found = api.ask(f"{path}?per_page={PAGE}&page={page}", doing, watch).json()
        entries = [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
        yield from entries
        if len(entries) < PAGE:
            return


def _tagged(found: dict[str, Any]) -> TaggedRelease:
    listed = found.get("assets")
    files = tuple(_asset(each) for each in listed if isinstance(each, dict)) if isinstance(listed, list) else ()
    return TaggedRelease(id=_number(found.get("id")), tag=str(found.get("tag_name") or ""), draft=bool(found.get("draft")), assets=files)


def _asset(found: dict[str, Any]) -> Asset:
    algorithm, _, digest = str(found.get("digest") or "").partition(":")
    return Asset(
        id=_number(found.get("id")),
        name=str(found.get("name") or ""),
        state=str(found.get("state") or ""),
        size=foreign.size(found.get("size")),
        sha256=digest if algorithm == "sha256" and re.fullmatch(r"[0-9a-f]{64}", digest) else None,
        address=str(found.get("browser_download_url") or ""),
    )


def _number(found: object) -> int:
    return found if isinstance(found, int) else 0
