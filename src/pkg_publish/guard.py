"""The one index that an installer sees: what a source knows comes from that source alone, whoever needs it; all else from the indexes behind it.

It knows no list of names beforehand, so that it holds for what a dependency needs, what a build needs, and what metadata does not say.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field, replace
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING

from packaging.utils import InvalidName, canonicalize_name

from pkg_publish.catalog import Catalog
from pkg_publish.clients.disk import BLOCK, disk
from pkg_publish.clients.simple_api import SimpleIndex
from pkg_publish.errors import PublishError, Refused
from pkg_publish.index import Index, Reply, refusal
from pkg_publish.memory import Memory
from pkg_publish.model import Place, Visibility
from pkg_publish.targets.base import Describes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import Any

    from pkg_publish.catalog import NamedSource
    from pkg_publish.clients.network import Credential
    from pkg_publish.clients.transport import Transport
    from pkg_publish.model import RemoteFile
    from pkg_publish.watch import Watch

NAMES = 100_000
"""Projects of which is remembered whether a source knows them: as long as one install lasts, the answer is the same."""

NOTHING = Reply(status=HTTPStatus.NOT_FOUND, headers={"Content-Length": "0"})

_ASKED = re.compile(r"(\d{1,4})/(?:simple|files)/([^/]{1,255})(?:/.*)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """An index behind ours, for what no source knows."""

    url: str
    """Without a login."""
    credential: Credential | None = None
    """Then we read it, and hand on its files: no installer sees this, and no other host."""

    def source(self, transport: Transport) -> Upstreamed:
        """The same as something to be read."""
        place = Place(kind="index", name=self.url, title=self.url, visibility=Visibility.YOUR_CHOICE)
        return Upstreamed(SimpleIndex(self.url, transport, self.credential), place)


@dataclass(frozen=True, slots=True)
class Upstreamed:
    """An index that wants a login, as a source."""

    index: SimpleIndex
    place: Place

    def files(self, project: str, version: str | None, watch: Watch) -> Sequence[RemoteFile]:
        """What it lists."""
        return self.index.files_of(project, version, (), watch)

    def fetch(self, file: RemoteFile, watch: Watch) -> Iterator[bytes]:
        """The file's bytes."""
        return self.index.fetch(file, watch)

    def metadata(self, file: RemoteFile, watch: Watch) -> bytes:
        """What lies beside the file (PEP 658)."""
        return self.index.metadata(file, watch)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A source of one version: the one that was asked for. The file that was fetched is read from the disk."""

    source: NamedSource
    project: str
    listed: Sequence[RemoteFile]
    sha256: str
    path: Path
    taken: list[str] = field(default_factory=list)
    """The files that the installer has fetched."""

    @property
    def place(self) -> Place:
        """That of its source."""
        return self.source.place

    def files(self, project: str, version: str | None, watch: Watch) -> Sequence[RemoteFile]:
        """Those of the version."""
        del version, watch
        told = isinstance(self.source, Describes)
        return [each if told else replace(each, metadata_sha256=None) for each in self.listed] if project == self.project else []

    def fetch(self, file: RemoteFile, watch: Watch) -> Iterator[bytes]:
        """The file's bytes."""
        self.taken.append(file.name)
        if file.sha256 != self.sha256:
            yield from self.source.fetch(file, watch)
            return
        with disk(f"reading {file.name}"), self.path.open("rb") as opened:
            while block := opened.read(BLOCK):
                yield block

    def metadata(self, file: RemoteFile, watch: Watch) -> bytes:
        """As its source has it, which is asked for none that it did not promise."""
        return self.source.metadata(file, watch) if isinstance(self.source, Describes) else b""


class Guard:
    """The application (PEP 3333), at an address that nobody else on this machine can guess. Safe for threads."""

    def __init__(self, catalog: Catalog, upstreams: Sequence[Upstream], transport: Transport, watch: Watch) -> None:
        self._secret, self._watch, self._upstreams = secrets.token_urlsafe(16), watch, upstreams
        self._index = Index(catalog, watch.tell, prefix=f"/{self._secret}/0", stop=watch.stop)
        self._behind = [
            Index(Catalog([each.source(transport)]), watch.tell, prefix=f"/{self._secret}/{number}", stop=watch.stop) if each.credential else None
            for number, each in enumerate(upstreams)
        ]
        for each in (self._index, *self._behind):
            if each:
                each.refused = self._remember
        self._known: Memory[bool] = Memory(NAMES)
        self._problems: list[Any] = []
        self.tell = self._problems.append
        """Takes why a body was cut."""

    def _remember(self, problem: PublishError) -> None:
        """What nobody has is no reason."""
        if problem.code != "unknown-project":
            self._problems.append(problem)

    def addresses(self, base: str) -> list[str]:
        """Where an installer finds it, once for each index behind it: the main one, then the extra ones. `base` is where it is served."""
        return [f"{base}/{self._secret}/{number}/simple/" for number in range(max(1, len(self._upstreams)))]

    def raise_any(self) -> None:
        """Raise the first reason why it gave no answer, or no whole one, if there was any."""
        for problem in self._problems:
            raise problem

    def __call__(self, environ: Mapping[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        """Answer one request; nothing of it is to be kept, for the address is never used again."""

        def start(status: str, headers: Iterable[tuple[str, str]]) -> object:
            return start_response(status, [*((name, value) for name, value in headers if name != "Cache-Control"), ("Cache-Control", "no-store")])

        try:
            answer = self._answer(environ.get("PATH_INFO", ""))
        except PublishError as problem:
            self._problems.append(problem)
            answer = replace(refusal(problem), status=HTTPStatus.FORBIDDEN)  # after which no installer tries again
        if isinstance(answer, Index):
            return answer(environ, start)
        start(f"{answer.status.value} {answer.status.phrase}", answer.headers.items())
        return () if environ["REQUEST_METHOD"] == "HEAD" else answer.body

    def _answer(self, path: str) -> Index | Reply:
        """Who answers, or what."""
        secret, _, rest = path.removeprefix("/").partition("/")
        asked = _ASKED.fullmatch(rest)
        if secret != self._secret or not asked or int(asked[1]) >= len(self.addresses("")):
            return NOTHING
        place = int(asked[1])
        try:
            project = canonicalize_name(asked[2], validate=True)
        except InvalidName:
            return NOTHING
        if self._known.get(project, partial(self._knows, project), self._watch.now()):
            return NOTHING if place else self._index
        if not self._upstreams:
            return NOTHING
        return self._behind[place] or _elsewhere(self._upstreams[place], project)

    def _knows(self, project: str) -> bool:
        """Whether a source has a project; one that does not say might have it, so that nobody else supplies it: that is raised."""
        try:
            return self._index.knows(project)
        except Refused as problem:
            raise Refused(
                f"{project} is needed, and one of the places does not say whether it has that, so it is not taken from elsewhere: {problem.what}",
                code="name-not-shown",
                cure="Give a login that may read there. A registry may say the same to strangers of what it does not have, as GHCR does: "
                "when nothing that you need is private there, say so.",
                paste="--denied absent",
                said=problem.said,
                details=problem.details,
            ) from problem


def _elsewhere(upstream: Upstream, project: str) -> Reply:
    """The installer goes there itself, by its own proxies and certificates."""
    return Reply(status=HTTPStatus.FOUND, headers={"Location": f"{upstream.url.rstrip('/')}/{project}/", "Content-Length": "0"})
