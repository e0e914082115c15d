"""A request and its answer, as values."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from pkg_publish.clients.network import Origin, bare, joined
from pkg_publish.clients.retry import TRIES
from pkg_publish.errors import ConfigError, Integrity, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pkg_publish.clients.network import Credential

LONGEST_REFUSAL = 1 << 16
"""Bytes that are read of an answer that is no success, and of any other unless the request allows more."""
REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Content(Protocol):
    """What a request carries, when it does not fit into memory: `watch.body()` makes one of a file."""

    def __len__(self) -> int: ...

    def read(self, size: int = -1, /) -> bytes:
        """Return the next block, at the end an empty one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One thing to ask of a server."""

    doing: str
    """How the sentence about its failure begins: `uploading demo-1.0.tar.gz`."""
    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | Callable[[], AbstractContextManager[Content]] = b""
    """The body: bytes, or what opens it anew for every try."""
    credential: Credential | None = None
    expects: frozenset[str] = frozenset()
    """Content types of a good answer, in lower case; a success with another one comes from somebody else. Empty: any."""
    most: int = LONGEST_REFUSAL
    """Bytes that a good answer may have."""
    hops: int = 0
    """How many redirects of a read are followed."""
    tries: int = TRIES

    @property
    def writes(self) -> bool:
        """It changes something."""
        return self.method not in {"GET", "HEAD"}

    @property
    def origin(self) -> Origin:
        """Whom it is for; raises `ConfigError` when that must not be spoken to."""
        return Origin.of(self.url)

    def opened(self) -> AbstractContextManager[bytes | Content]:
        """The body of one try."""
        return nullcontext(self.content) if isinstance(self.content, bytes) else self.content()

    def all_headers(self) -> dict[str, str]:
        """The headers, with the credential if this is its origin."""
        mine = self.credential is not None and self.credential.origin == self.origin
        return dict(self.headers) | ({"Authorization": self.credential.header()} if self.credential and mine else {})

    def unecho(self, answer: Answer) -> Answer:
        """A refusal without our secrets, which some servers repeat: it is quoted in logs and reports."""
        body, reason = answer.body, answer.reason
        for form in filter(None, self.credential.forms() if self.credential else ()):
            body, reason = body.replace(form.encode(), b"***"), reason.replace(form, "***")
        return replace(answer, body=body, reason=reason)

    def unechoed(self, text: str) -> str:
        """What a good answer says, without our secrets: it is shown."""
        for form in filter(None, self.credential.forms() if self.credential else ()):
            text = text.replace(form, "***")
        return text

    def from_byte(self, first: int) -> Request:
        """The same without the bytes before this one, if the server can (RFC 9110, 14.2)."""
        return replace(self, headers={**self.headers, "Range": f"bytes={first}-"}) if first else self

    def to(self, location: str) -> Request:
        """The same question at the place a redirect names; raises `Integrity` when the way there is not safe."""
        url = joined(self.url, location)
        try:
            safe = Origin.of(url).scheme in {"https", self.origin.scheme}
        except ConfigError:
            safe = False
        if not safe:
            raise Integrity(
                f"{self.doing} failed: {self.origin} redirects to {bare(url)!r}, which is no safe address",
                code="unsafe-redirect",
                cure="Ask who runs the server, and tell them; nothing was sent there.",
            )
        return replace(self, url=url)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a server said, read whole or up to a limit."""

    url: str
    """Who said it, after redirects."""
    status: int
    reason: str
    """The words beside the status; may be empty."""
    headers: Mapping[str, str]
    """In any case of letters."""
    body: bytes = b""
    whole: bool = True
    """There was no more of the body than this."""
    lost: bool = False
    """It never came, but the place shows what was sent: counts as a success."""
    tries: int = 1

    @property
    def ok(self) -> bool:
        """A success."""
        return self.lost or 200 <= self.status < 300  # noqa: PLR2004 - RFC 9110

    @property
    def may_have_arrived(self) -> bool:
        """If it answers a write: something may have been done although it was refused (5xx)."""
        return self.status >= 500  # noqa: PLR2004 - RFC 9110

    @property
    def content_type(self) -> str:
        """The media type in lower case, without parameters."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()

    @property
    def text(self) -> str:
        """The body as text, whatever it is."""
        return self.body.decode(errors="replace")

    @property
    def location(self) -> str:
        """Where a redirect leads; empty when it is none."""
        return self.headers.get("Location", "") if self.status in REDIRECTS else ""

    @property
    def next_page(self) -> str:
        """Where a list goes on (RFC 8288), maybe relative; empty on its last page."""
        from requests.utils import parse_header_links

        links = parse_header_links(self.headers.get("Link", ""))
        return next((link["url"] for link in links if link.get("rel") == "next"), "")

    def json(self) -> Any:  # noqa: ANN401 - JSON is anything
        """The body as JSON; raises `Unavailable` when it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise Unavailable(
                f"{Origin.of(self.url)} answered {self.status} with something that is not JSON",
                code="unexpected-answer",
                cure="Look at the address in a browser: a proxy or a login page may stand in between.",
            ) from error
