"""Pages of the simple index: JSON (PEP 691, PEP 700) and HTML (PEP 503, 592, 658)."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

from packaging.utils import canonicalize_name

from pkg_publish.formats import foreign
from pkg_publish.formats.filename import named
from pkg_publish.formats.html import Page
from pkg_publish.model import RemoteFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

JSON = "application/vnd.pypi.simple.v1+json"
HTML = "application/vnd.pypi.simple.v1+html"
PLAIN = "text/html"
TYPES = frozenset({JSON, HTML, PLAIN})

ACCEPT = f"{JSON}, {HTML};q=0.2, {PLAIN};q=0.1"
"""What we ask for: JSON rather than HTML, HTML that says what it is rather than any."""

TITLES = re.compile(r"\b(links for|simple (index|list)|index of|package index)\b", re.IGNORECASE)
"""What the pages of indexes are called that have nothing else to be known by, as one without files."""

SUFFIX = re.compile(r"\.(whl|tar\.gz|zip)([?#]|$)")
"""How an address of a distribution ends."""

LONGEST_HEADING = 1000

DIGEST = re.compile(r"[0-9a-f]{64}")

LONGEST_HTML = 1 << 23
"""Letters: reading HTML takes a second for each million, at worst. Some projects have thirty thousand files, in half of that."""


def read(content_type: str, body: bytes, base: str) -> list[RemoteFile] | None:
    """The distributions on a page that was read at `base`; none on the list of all projects.

    None: this is no page of an index. `content_type` is a media type in lower case without parameters. Nothing is raised, whatever the page.
    """
    text = body.decode(errors="replace")
    if content_type == JSON:
        return _read_json(text, base)
    if len(text) > LONGEST_HTML:
        return None
    page = _IndexPage(base)
    page.read(text)
    if content_type == HTML or (content_type == PLAIN and page.is_index):
        return page.files
    return None


def lists_projects(content_type: str, body: bytes, base: str) -> bool:
    """Whether HTML that was read at `base` is a list of projects, by what PEP 503 asks of one and nothing else: its links, whatever it is called."""
    text = body.decode(errors="replace")
    if content_type != PLAIN or len(text) > LONGEST_HTML:
        return False
    page = _ProjectList(base)
    page.read(text)
    return page.some and not page.odd


def _read_json(text: str, base: str) -> list[RemoteFile] | None:
    try:
        page = json.loads(text)
    except (ValueError, RecursionError):
        return None
    match page:
        case {"meta": {"api-version": str(version)}, "files": list(files)} if version.startswith("1."):
            return [file for each in files if isinstance(each, dict) and (file := _of_json(each, base))]
        case {"meta": {"api-version": str(version)}, "projects": list()} if version.startswith("1."):
            return []
        case _:
            return None


def _of_json(entry: Mapping[str, Any], base: str) -> RemoteFile | None:
    url, size, yanked = (entry.get(name) for name in ("url", "size", "yanked"))
    return _file(
        foreign.text(entry.get("filename")),
        _address(base, url) if isinstance(url, str) else "",
        sha256=_digest(entry.get("hashes")),
        size=foreign.size(size) if isinstance(size, int) else None,
        requires_python=foreign.text(entry.get("requires-python")) or None,
        metadata_sha256=_digest(entry.get("core-metadata") or entry.get("dist-info-metadata")),
        yanked=foreign.text(yanked) if yanked or isinstance(yanked, str) else None,
    )


def _file(name: str, url: str, **facts: Any) -> RemoteFile | None:  # noqa: ANN401 - the fields of RemoteFile
    """A file, if its name is a distribution's and its address one that can be asked."""
    return RemoteFile(name=name, url=url, **facts) if url and named(name) else None


def _address(base: str, url: str) -> str:
    """An absolute address without its fragment; empty when it is none."""
    try:
        absolute = urldefrag(urljoin(base, url.strip())).url
        absolute.encode()  # what is no Unicode is a ValueError, too
        return absolute if urlsplit(absolute).scheme in {"http", "https"} else ""
    except ValueError:
        return ""


def _digest(hashes: object) -> str | None:
    """The sha256 among hashes, if it is one."""
    digest = foreign.text(hashes.get("sha256")).lower() if isinstance(hashes, dict) else ""
    return digest if DIGEST.fullmatch(digest) else None


class _IndexPage(Page):
    """Links to distributions, and what tells that a page is an index's."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self.files: list[RemoteFile] = []
        self._base = base
        self._marked = False
        self._heading, self._in_heading = "", False

    @property
    def is_index(self) -> bool:
        """It says so, or is called so, or has something to download."""
        return self._marked or bool(self.files) or TITLES.search(self._heading) is not None

    def handle_starttag(self, tag: str, attrs: Iterable[tuple[str, str | None]]) -> None:
        facts = {name: value or "" for name, value in attrs}
        self._in_heading = tag in {"title", "h1"}
        href = facts.get("href", "")
        if tag == "a" and SUFFIX.search(href):
            self._link(href, facts)
        elif tag == "base":
            self._base = _address(self._base, href) or self._base
        elif tag == "meta" and facts.get("name") == "pypi:repository-version":
            self._marked = facts.get("content", "").startswith("1.")

    def handle_data(self, data: str) -> None:
        if self._in_heading:
            self._heading = f"{self._heading} {data}"[:LONGEST_HEADING]

    def _link(self, href: str, facts: Mapping[str, str]) -> None:
        url = _address(self._base, href)
        metadata = facts.get("data-core-metadata") or facts.get("data-dist-info-metadata", "")
        file = _file(
            unquote(urlsplit(url).path.rpartition("/")[2]),
            url,
            sha256=_digest(_pairs(href.partition("#")[2])),
            requires_python=facts.get("data-requires-python") or None,
            metadata_sha256=_digest(_pairs(metadata)),
            yanked=facts.get("data-yanked"),
        )
        self.files.extend([file] if file else [])


class _ProjectList(Page):
    """Links that all lead to a page right below, of the project that they name; where people type something in, it is a page for people."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self.some = self.odd = False
        self._base, self._href, self._text = base, "", ""

    def handle_starttag(self, tag: str, attrs: Iterable[tuple[str, str | None]]) -> None:
        if tag == "a":
            self._href, self._text = dict(attrs).get("href") or "", ""
        self.odd |= tag in {"form", "input"}

    def handle_data(self, data: str) -> None:
        self._text = f"{self._text}{data}"[:LONGEST_HEADING]

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            above, _, last = _address(self._base, self._href).rstrip("/").rpartition("/")
            self.some = True
            self.odd |= f"{above}/" != self._base or canonicalize_name(unquote(last)) != canonicalize_name(self._text.strip())


def _pairs(text: str) -> dict[str, str]:
    """`name=value`, joined by `&`, as in a fragment."""
    return dict(part.split("=", 1) for part in text.split("&") if "=" in part)
