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
        request = Request(
            method=verb,
            doing=call.doing,
            url=f"{url}?{urlencode(parameters)}" if parameters else url,
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
        return said, _readable(answer.json(), call.doing) if answer.body else {}


def _readable(found: object, doing: str) -> object:
    """JSON as PyGithub understands it; raises `Unavailable` for anything but objects, and lists of them."""
    match found:
        case {"assets": list(assets), **rest}:
            return {**SINCE_LATER, **_kept(rest), "assets": _readable(assets, doing)}
        case dict():
            return {**SINCE_LATER, **_kept(found)}
        case list() if all(isinstance(each, dict) for each in found):
            return [_readable(each, doing) for each in found]
        case _:
            raise _odd(doing)


def _odd(doing: str) -> Unavailable:
    cure = "Look at the address in a browser: a proxy or a login page may stand in between."
    return Unavailable(f"{doing} failed: the answer is JSON of another kind", code="unexpected-answer", cure=cure)


def _kept(found: Mapping[Any, object]) -> dict[Any, object]:
    return {name: value for name, value in found.items() if name not in UNREAD}
