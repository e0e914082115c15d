"""Sources as one package index, a plain WSGI application (PEP 3333): what `pip --index-url` reads, and a browser too.

It keeps no state but what it has read: any number of copies may run side by side. The pages are those of PEP 503, 691, 700 and 714.
"""

from __future__ import annotations

import hashlib
import re
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from itertools import chain
from typing import TYPE_CHECKING
from urllib.parse import quote

from packaging.utils import InvalidName, canonicalize_name

from pkg_publish import pages
from pkg_publish.catalog import metadata_of, proven
from pkg_publish.errors import ConfigError, PublishError, Refused
from pkg_publish.formats import index_pages, negotiation, simple_pages
from pkg_publish.formats.filename import LONGEST
from pkg_publish.formats.index_pages import Link
from pkg_publish.memory import Memory
from pkg_publish.targets.base import Describes
from pkg_publish.watch import Watch

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from pkg_publish.catalog import Catalog, Shelf
    from pkg_publish.model import RemoteFile

FRESH = 10.0
"""Seconds for which a page is served as it was read: a version is seen that late at most."""
PAGES, METADATA = 1000, 32 << 20
"""Projects, and bytes of metadata, that are remembered."""
SPELLINGS = 8
"""How many forms of a page are remembered: one in JSON, one in HTML for each name that readers have for this host."""
READING = 60.0
"""Seconds for a page."""
AHEAD = 10
"""Projects that are read before anybody asks."""

_FILE = re.compile(r"/files/([a-z0-9-]+)/([0-9a-f]{64})/([A-Za-z0-9._+!-]+)")
_HOST = re.compile(r"[A-Za-z0-9.\-\[\]:]{1,255}")
_FOR_EVER, _ASK_AGAIN = "max-age=31536000, immutable", "no-cache"
_SAFE = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Content-Security-Policy": index_pages.POLICY}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer."""

    status: HTTPStatus
    headers: Mapping[str, str]
    body: Iterable[bytes] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """A project, and its pages as they were written."""

    shelf: Shelf
    pages: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    """ETag and body."""


class Index:
    """The application. Safe for threads; `tell` takes the events of reading, from any thread."""

    def __init__(
        self,
        catalog: Catalog,
        tell: Callable[[object], None] = lambda _: None,
        *,
        prefix: str = "",
        command: Sequence[str] = (),
        stop: threading.Event | None = None,
    ) -> None:
        """`prefix` is where all of this is, `command` what starts us where the pages are read; empty: nothing does."""
        self._catalog, self._tell, self._prefix, self._command, self._stop = catalog, tell, prefix, command, stop
        self._read: Memory[_Read] = Memory(PAGES, fresh=FRESH)
        self._metadata: Memory[bytes] = Memory(METADATA, len)
        self._sizes: Memory[int] = Memory(PAGES)
        self._lists: Memory[tuple[list[str], list[str]]] = Memory(1, fresh=FRESH)
        self.refused: Callable[[PublishError], object] = lambda _: None
        """Takes why there was no answer."""

    def __call__(self, environ: Mapping[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        """Answer one request (PEP 3333)."""
        path = environ.get("PATH_INFO", "")
        if self._prefix:
            environ = {**environ, "SCRIPT_NAME": self._prefix, "PATH_INFO": path.removeprefix(self._prefix) if path.startswith(f"{self._prefix}/") else "/-"}
        if environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
            reply = _text(HTTPStatus.METHOD_NOT_ALLOWED, "This index is only read.", Allow="GET, HEAD")
        else:
            try:
                reply = self._reply(environ)
            except PublishError as problem:
                self.refused(problem)
                reply = refusal(problem)
        start_response(f"{reply.status.value} {reply.status.phrase}", list(reply.headers.items()))
        return () if environ["REQUEST_METHOD"] == "HEAD" else reply.body

    def knows(self, project: str) -> bool:
        """Whether a source has a project (normalised name); raises what a source says that does not tell."""
        try:
            self._known(project)
        except ConfigError as problem:
            if problem.code != "unknown-project":
                raise
            return False
        return True

    def _reply(self, environ: Mapping[str, Any]) -> Reply:
        path: str = environ.get("PATH_INFO", "")
        if path in {"", "/", "/simple"}:
            return _moved(environ, "/simple/")
        if path == "/simple/":
            return self._list(environ)
        if file := _FILE.fullmatch(path):
            return self._file(environ, *file.groups())
        place, _, name = path.removesuffix("/").rpartition("/")
        if place != "/simple" or len(name) > LONGEST:
            return _not_found(path)
        try:
            project = canonicalize_name(name, validate=True)
        except InvalidName:
            return _not_found(path)
        return self._project(environ, project) if path == f"/simple/{project}/" else _moved(environ, f"/simple/{project}/")

    def read_ahead(self) -> None:
        """Read the first of the projects that are listed, since somebody will ask soon. What fails is told to whoever does."""
        watch = self._watch(READING)
        with suppress(PublishError):
            names, _ = self._lists.get(None, partial(self._catalog.projects, watch), watch.now())
            for name in names[:AHEAD]:
                self._known(name)

    def _list(self, environ: Mapping[str, Any]) -> Reply:
        watch = self._watch(READING)
        names, silent = self._lists.get(None, partial(self._catalog.projects, watch), watch.now())
        if silent and not names:
            return _text(HTTPStatus.NOT_FOUND, "\n".join(silent))
        return _page(environ, lambda kind: index_pages.projects_json(names) if kind == simple_pages.JSON else index_pages.projects_html(names, silent))

    def _project(self, environ: Mapping[str, Any], project: str) -> Reply:
        read, base = self._known(project), _base(environ)
        return _page(environ, lambda kind: self._write(read.shelf, kind, base), read.pages, base)

    def _write(self, shelf: Shelf, kind: str, base: str) -> bytes:
        described = isinstance(shelf.source, Describes)
        links = [Link(file=each, url=pages.address(shelf.project, each), described=described) for each in shelf.files]
        return pages.json(shelf, links) if kind == simple_pages.JSON else pages.html(shelf, links, base, self._command)

    def _file(self, environ: Mapping[str, Any], project: str, sha256: str, name: str) -> Reply:
        shelf = self._known(project).shelf
        try:
            file = shelf[name.removesuffix(".metadata")]
        except KeyError:
            return _not_found(environ["PATH_INFO"])
        if file.sha256 != sha256:
            return _not_found(environ["PATH_INFO"])
        if name != file.name:
            return self._described(environ, shelf, file)
        watch = self._watch()
        fetch = partial(proven, shelf.source, file, watch)
        return _File(environ, file, fetch, lambda: self._size(file, fetch, watch)).reply()

    def _size(self, file: RemoteFile, fetch: Callable[[], Iterator[bytes]], watch: Watch) -> int:
        """The size; a file of which the source tells none is read for it, since an answer without one could break off unseen."""
        if file.size is not None:
            return file.size
        return self._sizes.get(file.sha256, lambda: sum(len(block) for block in fetch()), watch.now())

    def _described(self, environ: Mapping[str, Any], shelf: Shelf, file: RemoteFile) -> Reply:
        watch = self._watch(READING)
        data = self._metadata.get(file.metadata_sha256, lambda: metadata_of(shelf.source, file, watch) or b"", watch.now())
        if not data:
            return _not_found(environ["PATH_INFO"])
        return _whole(environ, data, f'"{file.metadata_sha256}"', {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": _FOR_EVER})

    def _known(self, project: str) -> _Read:
        watch = self._watch(READING)
        return self._read.get(project, lambda: _Read(shelf=self._catalog.shelf(project, watch)), watch.now())

    def _watch(self, seconds: float = float("inf")) -> Watch:
        return Watch(seconds, self._tell, stop=self._stop)


@dataclass(frozen=True, slots=True)
class _File:
    """One file, whole or in part, as it comes."""

    environ: Mapping[str, Any]
    file: RemoteFile
    fetch: Callable[[], Iterator[bytes]]
    size: Callable[[], int]

    def reply(self) -> Reply:
        """The answer; nothing is fetched for one without a body. A source that refuses does so before the answer begins."""
        etag, get = f'"{self.file.sha256}"', self.environ["REQUEST_METHOD"] == "GET"
        headers = {"ETag": etag, "Cache-Control": _FOR_EVER, "Content-Type": "application/octet-stream", "Accept-Ranges": "bytes", **_SAFE}
        if negotiation.has_already(self.environ.get("HTTP_IF_NONE_MATCH", ""), etag):
            return Reply(status=HTTPStatus.NOT_MODIFIED, headers=headers)
        size = self.size()
        ranged = get and self.environ.get("HTTP_IF_RANGE", etag) == etag
        part = negotiation.span(self.environ.get("HTTP_RANGE", ""), size) if ranged else None
        if part is None:
            headers |= {"Content-Length": str(size)}
            return Reply(status=HTTPStatus.OK, headers=headers, body=_begun(self.fetch()) if get else ())
        if not part:
            return _text(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, "There are no such bytes.", **{"Content-Range": f"bytes */{size}"})
        headers |= {"Content-Length": str(len(part)), "Content-Range": f"bytes {part.start}-{part.stop - 1}/{size}"}
        return Reply(status=HTTPStatus.PARTIAL_CONTENT, headers=headers, body=_begun(_cut(self.fetch(), part)))


def _begun(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The same, the first one fetched."""
    return chain((next(blocks, b""),), blocks)


def _cut(blocks: Iterator[bytes], part: range) -> Iterator[bytes]:
    """A part of the bytes. All are read, and the last of the part is kept back until all were compared."""
    at, held = 0, b""
    for block in blocks:
        piece = block[max(0, part.start - at) : max(0, part.stop - at)]
        at += len(block)
        if piece and held:
            yield held
        held = piece or held
    yield held


def _base(environ: Mapping[str, Any]) -> str:
    """Where the reader says that we are; empty when that is no host."""
    host: str = environ.get("HTTP_HOST", "")
    return f"{environ['wsgi.url_scheme']}://{host}{quote(environ.get('SCRIPT_NAME', ''))}" if _HOST.fullmatch(host) else ""


def _page(environ: Mapping[str, Any], write: Callable[[str], bytes], written: dict[str, tuple[str, bytes]] | None = None, base: str = "") -> Reply:
    """A page in the form that the reader likes best, written once for all who like the same."""
    kind = negotiation.best(environ.get("HTTP_ACCEPT", "").replace(".simple.latest+", ".simple.v1+"), index_pages.OFFERED)
    if kind is None:
        return _text(HTTPStatus.NOT_ACCEPTABLE, f"This index speaks {', '.join(index_pages.OFFERED)}.")
    key = "" if kind == simple_pages.JSON else f"at {base}"
    etag, body = (written or {}).get(key, ("", b""))
    if not etag:
        body = write(kind)
        etag = f'"{hashlib.sha256(body).hexdigest()}"'
        if written is not None and len(written) < SPELLINGS:
            written[key] = (etag, body)
    charset = "" if kind == simple_pages.JSON else "; charset=utf-8"
    return _whole(environ, body, etag, {"Content-Type": f"{kind}{charset}", "Cache-Control": _ASK_AGAIN, "Vary": "Accept"})


def _whole(environ: Mapping[str, Any], body: bytes, etag: str, headers: Mapping[str, str]) -> Reply:
    """Something small; nothing at all for who has it already."""
    every = {**headers, "ETag": etag, **_SAFE}
    if negotiation.has_already(environ.get("HTTP_IF_NONE_MATCH", ""), etag):
        return Reply(status=HTTPStatus.NOT_MODIFIED, headers=every)
    return Reply(status=HTTPStatus.OK, headers={**every, "Content-Length": str(len(body))}, body=(body,))


def _moved(environ: Mapping[str, Any], path: str) -> Reply:
    return _text(HTTPStatus.MOVED_PERMANENTLY, f"It is at {path}.", Location=quote(environ.get("SCRIPT_NAME", "")) + path)


def _not_found(path: str) -> Reply:
    return _text(HTTPStatus.NOT_FOUND, f"There is nothing at {path[:200]!r}. Projects are below /simple/.")


def refusal(problem: PublishError) -> Reply:
    """A project that nobody knows is not found; what a source refused, or did not answer, is said in the words of the catalogue.

    What it refused it might have, so that it is never called unknown; and installers ask no second time after a 403.
    """
    status = HTTPStatus.FORBIDDEN if isinstance(problem, Refused) else HTTPStatus.BAD_GATEWAY
    status = HTTPStatus.NOT_FOUND if problem.code == "unknown-project" else status
    return _text(status, "\n".join([f"{problem.what}. {problem.cure}".strip(), *problem.details, problem.help_path]))


def _text(status: HTTPStatus, text: str, **headers: str) -> Reply:
    body = "".join(char if char.isprintable() or char == "\n" else "?" for char in f"{text}\n").encode("utf-8", "replace")
    kind = {"Content-Type": "text/plain; charset=utf-8", "Content-Length": str(len(body)), "Cache-Control": "no-store"}
    return Reply(status=status, headers={**kind, **_SAFE, **headers}, body=(body,))
