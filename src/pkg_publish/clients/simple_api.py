"""The simple index, read: which distributions of a project are there (PEP 503, PEP 691)."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pkg_publish.clients.network import bare, joined
from pkg_publish.clients.refusals import TEMPORARY, Refusal, refused
from pkg_publish.clients.request import Request
from pkg_publish.clients.retry import TRIES
from pkg_publish.errors import ConfigError, Refused, Unavailable
from pkg_publish.formats import simple_pages
from pkg_publish.formats.filename import damaged, is_of

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from pkg_publish.clients.network import Credential
    from pkg_publish.clients.request import Answer
    from pkg_publish.clients.transport import Transport
    from pkg_publish.model import RemoteFile
    from pkg_publish.watch import Watch

LONGEST_PAGE = 1 << 26
"""Bytes: the longest pages there are list tens of thousands of files in a quarter of that."""
HOPS = 5
NOT_FOUND = 404
HEADERS = {"Accept": simple_pages.ACCEPT, "Accept-Encoding": "gzip", "Cache-Control": "max-age=0"}

REFUSALS = (
    Refusal(
        statuses={401, 403, 407},
        raises=Refused,
        code="index-refused",
        cause="it shows its index to others only",
        cure="Give `username` and `password-env` of somebody who may read it.",
    ),
    *TEMPORARY,
)


class SimpleIndex:
    """An index at one address. A credential goes to its own origin only."""

    def __init__(self, url: str, transport: Transport, credential: Credential | None = None) -> None:
        self.url = url.rstrip("/") + "/"
        """What pip calls `--index-url`."""
        self._transport, self._credential = transport, credential
        self._devpi_url = ""
        self._answers = False
        """It has shown a page of its own."""

    @classmethod
    def beside(cls, upload_url: str, transport: Transport, credential: Credential | None = None) -> SimpleIndex:
        """The index of an upload address: `simple/` below it, or `+simple/` when what answers there says that it is devpi."""
        index = cls(f"{upload_url.rstrip('/')}/simple/", transport, credential)
        index._devpi_url = f"{upload_url.rstrip('/')}/+simple/"
        return index

    def files(self, project: str, watch: Watch) -> list[RemoteFile]:
        """All distributions of a project (normalised name); an empty list is a proof that there are none.

        Raises `Refused`, or `Unavailable` when no answer came, or one that is no index's.
        """
        return self._listed(project, watch) or []

    def _listed(self, project: str, watch: Watch) -> list[RemoteFile] | None:
        """The same; None: there is no page."""
        answer = self._page(f"{project}/", watch)
        if answer.status == NOT_FOUND or self._points_to_another_index(answer, project):
            return None
        if not answer.ok:
            raise refused(REFUSALS, answer, f"reading {bare(answer.url)}")
        if (found := simple_pages.read(answer.content_type, answer.body, answer.url)) is not None:
            return found
        raise Unavailable(
            f"reading {bare(answer.url)} failed: what is there is no page of a package index",
            code="no-index-page",
            cure="Check the address of the index (`index-url`): a proxy or a login page may stand in between.",
        )

    def files_of(self, project: str, version: str | None, ours: Container[str], watch: Watch) -> list[RemoteFile]:
        """Those of one version (normalised), or of all; one of our names that has no digest there is fetched and hashed."""
        found = [file for file in self.files(project, watch) if is_of(file.name, project, version)]
        return [replace(file, sha256=self._sha256(file, watch)) if file.sha256 is None and file.name in ours else file for file in found]

    def published(self, project: str, version: str | None, watch: Watch) -> list[RemoteFile]:
        """The same for readers: none of all versions is a proof that the index has no page of the project.

        Raises `Integrity` for a page without files that could be read, `Unavailable` and `ConfigError` where no index says that it has none.
        """
        listed = self._listed(project, watch)
        if listed is None:
            if not self._answers:
                self._find_index(watch)
            return []
        self._answers = True
        found = [file for file in listed if is_of(file.name, project, version)]
        if version is None and not found:
            raise damaged(project, f"{self.url}{project}/ names no file that could be read")
        return found

    def _find_index(self, watch: Watch) -> None:
        """Raise unless there is an index at the address: behind a wrong one there is no page of anything, and behind an old one pages of something else."""
        root = self._page("", watch)
        if root.status == NOT_FOUND or root.location:
            does = f"sends readers to {bare(joined(root.url, root.location))!r}" if root.location else "answers 404"
            raise ConfigError(
                f"there is no package index at {self.url}: it {does}",
                code="no-index",
                cure="Look for a typo in the address, or name the one where the index is now.",
            )
        self._answers = True

    def fetch(self, file: RemoteFile, watch: Watch) -> Iterator[bytes]:
        """The bytes of a file as they come; nobody has compared them."""
        request = Request(doing=f"fetching {file.name}", url=file.url, credential=self._credential, hops=HOPS)
        return self._transport.stream(request, watch, lambda answer: refused(REFUSALS, answer, request.doing))

    def metadata(self, file: RemoteFile, watch: Watch) -> bytes:
        """The core metadata that lies beside a file (PEP 658); nobody has compared it."""
        request = Request(doing=f"reading the metadata of {file.name}", url=f"{file.url}.metadata", credential=self._credential, hops=HOPS)
        answer = self._transport.read(request, watch)
        if not answer.ok:
            raise refused(REFUSALS, answer, request.doing)
        return answer.body

    def probe(self, watch: Watch) -> str:
        """Ask once for the list of projects; empty when an index answers, else in a few words what did. Raises when nobody does."""
        answer = self._page("", watch, tries=1, hops=0)
        if not answer.ok:
            return f"answered {answer.status}"
        page = answer.content_type, answer.body, answer.url
        if simple_pages.read(*page) is None and not simple_pages.lists_projects(*page):
            return f"answered {answer.status} with {answer.content_type[:80] or 'no content type'!r}, which is no package index"
        return ""

    def _page(self, path: str, watch: Watch, *, tries: int = TRIES, hops: int = HOPS) -> Answer:
        """The page at a path below the index, whatever its status; finds devpi's place of the index on the way."""
        answer = self._ask(self.url + path, watch, tries, hops)
        if answer.status == NOT_FOUND and self._devpi_url and "X-Devpi-Api-Version" in answer.headers:
            self.url, self._devpi_url = self._devpi_url, ""
            return self._ask(self.url + path, watch, tries, hops)
        return answer

    def _ask(self, url: str, watch: Watch, tries: int, hops: int) -> Answer:
        """Past caches, and following redirects as long as they stay at this server: another one is another index."""
        request = Request(doing=f"reading {url}", url=url, headers=HEADERS, credential=self._credential, most=LONGEST_PAGE, tries=tries)
        answer = self._transport.read(request, watch)
        for _ in range(hops):
            if not answer.location or (there := request.to(answer.location)).origin != request.origin:
                break
            request = there
            answer = self._transport.read(request, watch)
        return answer

    @staticmethod
    def _points_to_another_index(answer: Answer, project: str) -> bool:
        """It has no such project and sends pip on, as pypiserver and GitLab do unless told otherwise; that index is not this one."""
        there = urlsplit(joined(answer.url, answer.location))
        return bool(answer.location) and there.netloc != urlsplit(answer.url).netloc and there.path.rstrip("/").endswith(f"/{project}")

    def _sha256(self, file: RemoteFile, watch: Watch) -> str:
        digest = hashlib.sha256()
        for block in self.fetch(file, watch):
            digest.update(block)
        return digest.hexdigest()
