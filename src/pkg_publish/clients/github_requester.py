"""PyGithub on our transport: it makes the questions and reads the answers, and opens no connection. Imported by what asks, for it loads PyGithub."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from github.GithubException import BadAttributeException
from github.Repository import Repository
from github.Requester import Requester

from pkg_publish.clients.line import AGENT
from pkg_publish.clients.request import Request
from pkg_publish.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pkg_publish.clients.network import Credential
    from pkg_publish.clients.request import Answer
    from pkg_publish.clients.transport import Transport
    from pkg_publish.errors import PublishError
    from pkg_publish.watch import Watch

LONGEST_JSON = 1 << 26
"""Bytes: a page of a hundred releases with a hundred assets each has a quarter of that."""
HOPS = 5
HEADERS = {"Accept": "application/vnd.github+json"}
JSON = frozenset({"application/json"})
PAGE = "per_page="
"""In the address of a part of a list."""
GIT = "/git/"
"""In the address of a tag, or of the object that it leads to."""

UNREAD = frozenset({"author", "uploader", "reactions"})
"""What nobody reads, and PyGithub would make many objects of."""
SINCE_LATER = {"immutable": False, "digest": None}
"""What older servers do not say; PyGithub would ask for it once for each release and asset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One thing that is asked of GitHub's API, in as many requests as that takes."""

    doing: str
    transport: Transport
    credential: Credential | None
    watch: Watch
    arrived: Callable[[], bool] | None = None
    """Whether a write has arrived, as `Transport.write` takes it."""
    refused: Callable[[str, Answer], PublishError]
    """What an answer that is no success means; takes what was done as well."""

    @contextmanager
    def repository(self, api_url: str, full_name: str) -> Iterator[Repository]:
        """The repository, as PyGithub has it; nothing is asked so far. What it cannot read is `Unavailable`."""
        try:
            yield Repository(Answering(self, api_url), url=f"{api_url}/repos/{full_name}")
        except BadAttributeException as error:
            raise _odd(self.doing) from error


class Answering(Requester):
    """Stands where PyGithub has its own connections, retries and pauses."""

    def __init__(self, call: Call, api_url: str) -> None:
        self._call = call
        super().__init__(
            auth=None, base_url=api_url, timeout=1, user_agent=AGENT, per_page=100, verify=True, retry=None, pool_size=None, lazy=True, api_version=None
        )

    def requestJsonAndCheck(  # type: ignore[override]  # noqa: N802 - as PyGithub has it, which calls it so and in no other way
        self,
        verb: str,
        url: str,
        parameters: dict[str, Any] | None = None,
        headers: object = None,
        **asked: Any,  # noqa: ANN401 - `input` is JSON
    ) -> tuple[dict[str, Any], Any]:
        """Ask once, and return headers and JSON; raises what the table of refusals makes of anything but a success."""
        del headers
        content = asked.get("input")
        call = self._call
        address = f"{url}?{urlencode(parameters)}" if parameters else url
        if PAGE not in address and not address.startswith(self.base_url):  # PyGithub goes there for what an answer has left out
            raise _odd(call.doing)
        request = Request(
            method=verb,
            doing=call.doing,
            url=address,
            headers=HEADERS if content is None else HEADERS | {"Content-Type": "application/json"},
            content=b"" if content is None else json.dumps(content).encode(),
            credential=call.credential,
            expects=JSON if verb != "DELETE" else frozenset(),
            most=LONGEST_JSON,
            hops=HOPS,
        )
        answer = call.transport.write(request, call.watch, call.arrived) if request.writes else call.transport.read(request, call.watch)
        if not answer.ok:
            raise call.refused(call.doing, answer)
        said = {name.lower(): value for name, value in answer.headers.items()}
        if request.writes and not answer.body:
            return said, {}
        found = answer.json()
        fits = isinstance(found, list) if PAGE in address else isinstance(found, dict) and ("object" in found) == (GIT in address)
        if not fits:
            raise _odd(call.doing)
        return said, _readable(found, call.doing)


def _readable(found: object, doing: str) -> object:
    """JSON as PyGithub understands it; raises `Unavailable` for anything but objects that it can go on with, and lists of them."""
    if isinstance(found, list):
        return [_readable(each, doing) for each in found]
    if not isinstance(found, dict) or not _is_known(found):
        raise _odd(doing)
    kept = {name: value for name, value in found.items() if name not in UNREAD}
    if isinstance(kept.get("assets"), list):
        kept["assets"] = _readable(kept["assets"], doing)
    return SINCE_LATER | kept


def _is_known(found: Mapping[Any, object]) -> bool:
    """Whether it is a repository, a release or an asset; a tag; or notes."""
    match found:
        case {"id": int(), "url": str()} | {"object": {"type": str(), "sha": str()}, "url": str()} | {"name": str(), "body": str()}:
            return True
        case _:
            return False


def _odd(doing: str) -> Unavailable:
    cure = "Look at the address in a browser: a proxy or a login page may stand in between."
    return Unavailable(f"{doing} failed: the answer is JSON of another kind", code="unexpected-answer", cure=cure)
