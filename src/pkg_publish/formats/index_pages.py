"""Pages of the simple index, written: JSON (PEP 691, 700, 714) for installers, HTML (PEP 503, 592, 658) for them and for people."""

from __future__ import annotations

import json
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from packaging.version import Version

from pkg_publish.formats.filename import named
from pkg_publish.formats.simple_pages import HTML, JSON, PLAIN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pkg_publish.model import RemoteFile

OFFERED = (PLAIN, JSON, HTML)
"""What there is; the first for those who do not care."""

POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
"""What a browser may do with a page: show it."""

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.2rem .6rem;border-top:1px solid #8884;vertical-align:top}"
    "td:nth-child(3){white-space:nowrap}"
    "code,pre{font-family:ui-monospace,monospace;font-size:.85em;overflow-wrap:anywhere;white-space:pre-wrap}pre{background:#8882;padding:.6rem}"
    ":root{color-scheme:light dark}"
)
_UNITS = ("B", "kB", "MB", "GB")
_STEP = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A file and where a reader of the page finds it."""

    file: RemoteFile
    url: str
    """Absolute, or relative to the page; without a fragment."""
    described: bool = True
    """Its metadata lies beside it, if it has any."""

    @property
    def version(self) -> str:
        """The normalised version."""
        return (named(self.file.name) or ("", "0"))[1]


def sorted_links(links: Iterable[Link]) -> list[Link]:
    """In one order, whatever the order of the place: by version, then by name."""
    return sorted(links, key=lambda each: (Version(each.version), each.file.name))


def project_json(project: str, links: Sequence[Link]) -> bytes:
    """The page of a project; of the API's version 1.1 when every size is known, which that one asks for."""
    versions = list(dict.fromkeys(each.version for each in links))
    sized = all(each.file.size is not None for each in links)
    page = {"meta": {"api-version": "1.1" if sized else "1.0"}, "name": project, "versions": versions, "files": [_json(each) for each in links]}
    return _dumped(page)


def _dumped(page: Mapping[str, Any]) -> bytes:
    """What is no Unicode, as half of a surrogate pair in the answer of a source, would have readers refuse the whole page."""
    return json.dumps(page, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")


def _json(link: Link) -> dict[str, Any]:
    file, metadata = link.file, _metadata(link)
    described: Any = {"sha256": metadata} if metadata else False
    facts = {
        "filename": file.name,
        "url": link.url,
        "hashes": {"sha256": file.sha256},
        "requires-python": file.requires_python,
        "size": file.size,
        "core-metadata": described,
        "yanked": file.yanked or (file.yanked is not None),
    }
    return {name: value for name, value in facts.items() if value is not None}


def _metadata(link: Link) -> str | None:
    """That of a wheel alone: what an sdist says of itself may be otherwise once it is built (PEP 658)."""
    return link.file.metadata_sha256 if link.described and link.file.name.endswith(".whl") else None


def project_html(project: str, links: Sequence[Link], commands: Sequence[str], notes: Sequence[str] = ()) -> bytes:
    """The page of a project, of which installers read the links alone; the newest version is on top."""
    versions: dict[str, list[Link]] = {}
    for each in links:
        versions.setdefault(each.version, []).append(each)
    rows = [_row(each, version) for version in reversed(versions) for each in versions[version]]
    how = "".join(f"<pre>{escape(command)}</pre>\n" for command in commands)
    body = f"{how}<table>\n<tr><th>version<th>file<th>size<th>sha256</tr>\n{''.join(rows)}</table>\n<form action='../'><button>All projects</button></form>"
    return _page(f"Links for {project}", body, notes)


def _row(link: Link, version: str) -> str:
    file = link.file
    metadata = f"sha256={found}" if (found := _metadata(link)) else None
    facts = {
        "data-requires-python": file.requires_python,
        "data-core-metadata": metadata,
        "data-dist-info-metadata": metadata,
        "data-yanked": file.yanked,
    }
    more = "".join(f' {name}="{escape(value)}"' for name, value in facts.items() if value is not None)
    yanked = "" if file.yanked is None else f" <em>yanked{f': {escape(file.yanked)}' if file.yanked else ''}</em>"
    python = f" <small>Python {escape(file.requires_python)}</small>" if file.requires_python else ""
    link_text = f'<a href="{escape(link.url)}#sha256={file.sha256}"{more}>{escape(file.name)}</a>{python}{yanked}'
    return f"<tr><td>{escape(version)}<td>{link_text}<td>{_size(file.size)}<td><code>{file.sha256}</code></tr>\n"


def _size(size: int | None) -> str:
    """A size as people read it."""
    if size is None:
        return "unknown"
    value, units = float(size), list(_UNITS)
    while value >= _STEP and len(units) > 1:
        value /= _STEP
        units.pop(0)
    return f"{value:.0f} {units[0]}" if units[0] == "B" else f"{value:.1f} {units[0]}"


def projects_json(names: Sequence[str]) -> bytes:
    """The list of projects."""
    return _dumped({"meta": {"api-version": "1.1"}, "projects": [{"name": name} for name in names]})


def projects_html(names: Sequence[str], notes: Sequence[str] = (), below: str = "") -> bytes:
    """The list of projects, for people too; their pages are `below` the list."""
    rows = "".join(f'<li><a href="{below}{quote(name, errors="replace")}/">{escape(name)}</a></li>\n' for name in names)
    return _page("Simple index", f"<ul>\n{rows}</ul>", notes)


def _page(title: str, body: str, notes: Sequence[str]) -> bytes:
    said = "".join(f"<p>{escape(note)}</p>\n" for note in notes)
    head = f'<meta charset="utf-8">\n<meta name="pypi:repository-version" content="1.0">\n<title>{escape(title)}</title>\n<style>{_STYLE}</style>'
    page = f'<!DOCTYPE html>\n<html lang="en">\n<head>\n{head}\n</head>\n<body>\n<h1>{escape(title)}</h1>\n{said}{body}\n</body>\n</html>\n'
    return page.encode("utf-8", "replace")
