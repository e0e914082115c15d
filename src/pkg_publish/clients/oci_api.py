"""A registry (https://github.com/opencontainers/distribution-spec): blobs, manifests and tags of one repository, every digest checked.

- A blob goes out as one POST and one PUT, in one pass: no PATCH, of which GHCR takes 4 MiB.
- After a failure the blob is looked for, then sent from the start in a session of its own: a session that failed is never used again.
- Addresses that a registry hands out for writing or listing are followed on its own origin only; a blob may be read from elsewhere, without our login.
"""

from __future__ import annotations

import hashlib
import re
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urljoin

from pkg_publish.clients.network import Origin, bare
from pkg_publish.clients.request import Answer, Request
from pkg_publish.clients.retry import TRIES, pause
from pkg_publish.clients.together import together
from pkg_publish.clients.transport import harmless
from pkg_publish.errors import ConfigError, Integrity, PublishError, Unavailable
from pkg_publish.formats import foreign, oci

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from pkg_publish.clients.oci_registry import Registry
    from pkg_publish.clients.request import Content
    from pkg_publish.model import Distribution
    from pkg_publish.watch import Watch

PULL, PUSH = "pull", "pull,push"
"""What a token is for."""

MANIFESTS = (oci.INDEX, oci.MANIFEST, *(f"application/vnd.docker.distribution.manifest.{each}v2+json" for each in ("", "list.")))
"""All there is: GHCR answers 404 to somebody who does not accept what it has."""

OLD = frozenset(f"application/vnd.docker.distribution.manifest.v1+{each}" for each in ("json", "prettyjws"))
"""What some registries have of before 2016, and show to anybody."""

ABSENT = frozenset(["NAME_UNKNOWN", "MANIFEST_UNKNOWN", "NOT_FOUND"])
"""What registries call a repository, a tag or a manifest that they do not have; the last is Harbor's."""

SMALL = 1 << 20
"""Bytes: a smaller blob is sent sooner than asked for, unless the very first was there: then an earlier run has been here."""
REDIRECTS = 3
REPAIRS = 3
"""How often a manifest is sent whose blobs the registry has lost sight of."""
PAGE = 1000
"""Tags that are asked for at once."""
PAGES = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A blob to send."""

    name: str
    """What sentences call it, and progress counts it under."""
    digest: str
    size: int
    content: bytes | Callable[[], AbstractContextManager[Content]]
    """Opened anew for every try."""
    source: str = ""
    """Another repository of the same registry that may hold it: then it need not be sent."""

    @classmethod
    def of(cls, data: bytes, name: str) -> Outgoing:
        """Some bytes."""
        return cls(name=name, digest=oci.digest_of(data), size=len(data), content=data)

    @classmethod
    def of_file(cls, file: Distribution, watch: Watch) -> Outgoing:
        """A distribution, read from the disk as it is sent."""

        @contextmanager
        def opened() -> Iterator[Content]:
            with file.open() as source:
                yield watch.body(file.name, source)

        return cls(name=file.name, digest=f"sha256:{file.sha256}", size=file.size, content=opened)


class Repository:
    """A repository of a registry, for reading (`PULL`) or for writing (`PUSH`). Safe for threads."""

    def __init__(self, registry: Registry, name: str, actions: str = PULL, sources: Sequence[str] = ()) -> None:
        """`sources` are the repositories that blobs may be taken from."""
        self.registry, self.name = registry, name
        self._url = f"{registry.url}/v2/{name}"
        self._scopes = (f"repository:{name}:{actions}", *(f"repository:{each}:{PULL}" for each in sources))
        self._resumes: bool | None = None
        """An earlier run has been here: None, nobody has looked."""

    def manifest(self, reference: str, watch: Watch) -> bytes | None:
        """What a tag or a digest leads to; None: the registry says that there is nothing. Raises `Integrity` for other bytes than the digest says."""
        request = Request(
            doing=f"reading {self.name}{'@' if oci.is_digest(reference) else ':'}{reference}",
            url=f"{self._url}/manifests/{reference}",
            headers={"Accept": ", ".join(MANIFESTS)},
            expects=frozenset({*MANIFESTS, *OLD, "application/json", ""}),  # "": some do not say
            most=oci.MANIFEST_LIMIT,
            hops=REDIRECTS,
        )
        answer = self._read(request, watch)
        if _says_absent(answer):
            return None
        if not answer.ok:
            raise self._refused(answer, request.doing)
        _compare(answer.body, reference, request.doing)
        _compare(answer.body, answer.headers.get("Docker-Content-Digest", ""), request.doing)
        return answer.body

    def has(self, digest: str, watch: Watch, size: int | None = None) -> bool:
        """Whether a blob is there; raises `Integrity` when it has another size. Where it really lies is not asked: that may be a storage elsewhere."""
        request = Request(doing=f"looking for a blob of {self.name}", method="HEAD", url=f"{self._url}/blobs/{digest}")
        answer = self._read(request, watch)
        if answer.status == 404:  # noqa: PLR2004 - a HEAD says nothing else
            return False
        if not answer.ok and not answer.location:
            raise self._refused(answer, request.doing)
        there = foreign.size(answer.headers.get("Content-Length"))
        if answer.ok and size is not None and there is not None and there != size:
            raise oci.broken(f"{self.name}@{digest} has {there} bytes, and its manifest says {size}")
        return True

    def blob(self, digest: str, size: int | None, watch: Watch) -> Iterator[bytes]:
        """The bytes of a blob as they come; raises `Integrity` at their end when they are others than the digest says."""
        seen = hashlib.sha256()
        for block in self.unjudged(digest, size, watch):
            seen.update(block)
            yield block
        if f"sha256:{seen.hexdigest()}" != digest:
            raise oci.broken(f"fetching {self.name}@{digest} brought other bytes")

    def unjudged(self, digest: str, size: int | None, watch: Watch) -> Iterator[bytes]:
        """The same for those who compare by themselves."""
        doing = f"fetching {self.name}@{digest}"
        if not oci.is_digest(digest) or not self.has(digest, watch, size):
            raise oci.broken(f"{doing} failed: it is not there")
        request = Request(doing=doing, url=f"{self._url}/blobs/{digest}", credential=self.registry.credential(self._scopes, watch), hops=REDIRECTS)
        yield from self.registry.transport.stream(request, watch, lambda answer: self._refused(answer, doing))

    def tags(self, watch: Watch) -> list[str]:
        """All tags, in any order; none where there is no repository."""
        return self.tags_if_there(watch) or []

    def tags_if_there(self, watch: Watch) -> list[str] | None:
        """All tags, in any order; None: the registry says that there is no such repository. One that has lost its tags has an empty list."""
        url, found = f"{self._url}/tags/list?n={PAGE}", list[str]()
        for _ in range(PAGES):
            request = Request(doing=f"listing the tags of {self.name}", url=url, most=oci.MANIFEST_LIMIT)
            answer = self._read(request, watch)
            if _says_absent(answer):
                return found or None
            if not answer.ok:
                raise self._refused(answer, request.doing)
            found += _listed(answer, request.doing)
            if not answer.next_page:
                break
            url = self._mine(answer, answer.next_page, "the next page of tags")
        return found

    def ask_to_write(self, watch: Watch) -> None:
        """Begin an upload and leave it: some day the registry forgets it. Raises what keeps us from writing."""
        self._session(Outgoing.of(b"", "nothing, to learn whether we may"), watch)

    def push(self, blobs: Sequence[Outgoing], watch: Watch) -> None:
        """Send those that are not there, all at the same time."""
        together([partial(self._push, each, watch, first=each is blobs[0]) for each in blobs])

    def put_manifest(self, reference: str, data: bytes, media_type: str, watch: Watch, blobs: Sequence[Outgoing] = ()) -> None:
        """Store a manifest under a digest or a tag.

        Blobs that the registry has lost sight of are sent again: it happens to those who write at the same time.
        """
        request = Request(
            doing=f"writing {self.name}{'@' if oci.is_digest(reference) else ':'}{reference}",
            method="PUT",
            url=f"{self._url}/manifests/{reference}",
            headers={"Content-Type": media_type},
            content=data,
        )
        tries = 0
        while True:
            tries += 1
            answer = self._write(request, watch, harmless)
            if answer.ok:
                _compare(data, answer.headers.get("Docker-Content-Digest", ""), request.doing)
                return
            if not blobs or tries == REPAIRS or not _LOST.search(answer.text):
                raise self._refused(answer, request.doing)
            watch.wait(pause(tries, answer.headers), f"{request.doing}: the registry does not find what it took; sending it again")
            lost = [each for each in blobs if each.digest in answer.text or not self.has(each.digest, watch)]
            together([partial(self._send, replace(each, source=""), watch) for each in lost])

    def _push(self, blob: Outgoing, watch: Watch, *, first: bool) -> None:
        if blob.size >= SMALL or self._resumes or (first and self._resumes is None):
            there = self.has(blob.digest, watch, blob.size)
            self._resumes = self._resumes or there
            if there:
                return
        self._send(blob, watch)

    def _send(self, blob: Outgoing, watch: Watch) -> None:
        """Send a blob until it is there, each time from the start."""
        tries = 0
        while True:
            tries += 1
            tried = self._try(blob, watch)
            if isinstance(tried, Answer) and tried.ok:
                return
            problem = tried if isinstance(tried, Unavailable) else self._refused(tried, f"uploading {blob.name}")
            seconds = pause(tries, tried.headers if isinstance(tried, Answer) else {})
            if not isinstance(problem, Unavailable) or tries == TRIES or seconds >= watch.left():
                raise problem
            watch.wait(seconds, f"{problem.what}; sending it anew")
            if self.has(blob.digest, watch, blob.size):
                return

    def _try(self, blob: Outgoing, watch: Watch) -> Answer | Unavailable:
        """One session with one write; a failure to open the session is raised, for that was tried often enough."""
        opened = self._session(blob, watch)
        if opened.status == 201:  # noqa: PLR2004 - taken from the other repository
            return opened
        location = self._mine(opened, opened.headers.get("Location", ""), "its upload")
        request = Request(
            doing=f"uploading {blob.name}",
            method="PUT",
            url=f"{location}{'&' if '?' in location else '?'}{urlencode({'digest': blob.digest})}",
            headers={"Content-Type": "application/octet-stream"},
            content=blob.content,
            tries=1,
        )
        try:
            return self._write(request, watch)
        except Unavailable as problem:
            return problem

    def _session(self, blob: Outgoing, watch: Watch) -> Answer:
        query = f"?{urlencode({'mount': blob.digest, 'from': blob.source})}" if blob.source else ""
        request = Request(doing=f"uploading {blob.name}", method="POST", url=f"{self._url}/blobs/uploads/{query}")
        answer = self._write(request, watch, harmless)
        if not answer.ok:
            raise self._refused(answer, request.doing)
        return answer

    def _mine(self, answer: Answer, location: str, what: str) -> str:
        """An address that the registry hands out; raises `Integrity` when it is not on its own origin."""
        url = urljoin(answer.url, location)
        try:
            same = bool(location) and Origin.of(url) == Origin.of(self._url)
        except ConfigError:
            same = False
        if same:
            return url
        raise Integrity(
            f"{self.registry.host} sends us to {bare(location)!r} for {what}, and that is not its own address",
            code="foreign-address",
            cure="Nothing was sent there. Whoever runs the registry must give addresses relative to it, or tell it how it is reached from outside.",
        )

    def _read(self, request: Request, watch: Watch) -> Answer:
        return self.registry.ask(request, self._scopes, watch, lambda each: self.registry.transport.read(each, watch))

    def _write(self, request: Request, watch: Watch, arrived: Callable[[], bool] | None = None) -> Answer:
        return self.registry.ask(request, self._scopes, watch, lambda each: self.registry.transport.write(each, watch, arrived))

    def _refused(self, answer: Answer, doing: str) -> PublishError:
        return self.registry.refused(answer, doing, self.name)


_LOST = re.compile(r"BLOB_UNKNOWN|unknown blob|denied", re.IGNORECASE)
"""GHCR says `denied` of a manifest now and then, right after it took the blobs with the same token."""


def _says_absent(answer: Answer) -> bool:
    """A 404 in a registry's own words: that of a proxy or a web site is no proof, and one that says `DENIED` says something else."""
    try:
        return answer.status == 404 and {each["code"] for each in answer.json()["errors"]} <= ABSENT  # noqa: PLR2004 - known by its number
    except (Unavailable, TypeError, KeyError):
        return False


def _listed(answer: Answer, doing: str) -> list[str]:
    """The tags of one page; a registry that has lost its last tag says `null`."""
    match answer.json():
        case {"tags": list() | None as tags}:
            return [tag for tag in tags or () if isinstance(tag, str)]
        case _:
            raise Unavailable(f"{doing} failed: the answer lists none", code="unexpected-answer", cure="Ask who runs the registry: it does not speak OCI.")


def _compare(data: bytes, digest: str, doing: str) -> None:
    """Raise `Integrity` unless the digest, if it is one, is that of the data."""
    if oci.is_digest(digest) and oci.digest_of(data) != digest:
        raise oci.broken(f"{doing} failed: other bytes came than {digest}")
