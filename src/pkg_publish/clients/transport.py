"""All HTTP there is: one request, tried again where that is safe, its answer bounded.

What a client must know:

- A credential goes to its own origin only, whatever a redirect says. The headers of a request never carry `Authorization`.
- `read` may come twice and follows as many redirects as the request allows; `write` follows none.
- A write that may have arrived (reset after the body, time-out, 5xx) is repeated only when the client's `arrived` says that it did not.
- Statuses are the client's to judge (`refusals.py`); what broke on the way is raised: `Unavailable`, `Integrity`, or what the watch says.
- Whatever waits, waits on the watch: a cancel or the deadline ends it within a second.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Self

from pkg_publish.clients.network import Network, Origin, bare, joined
from pkg_publish.clients.request import LONGEST_REFUSAL, Answer
from pkg_publish.clients.retry import is_temporary, pause
from pkg_publish.errors import ConfigError, Integrity, PublishError, Refused, Unavailable

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator

    import requests

    from pkg_publish.clients.line import Line
    from pkg_publish.clients.request import Request
    from pkg_publish.watch import Watch

CUTS = 3
"""How often a download is taken up again."""
BLOCK = 1 << 20
"""Bytes handed on at once."""


def harmless() -> bool:
    """Say, as `arrived` of a write that may come twice without harm, that it should."""
    return False


class Transport:
    """Sends requests. Safe for threads: each request takes a session for itself, and leaves it with its open connections to the next."""

    def __init__(self, network: Network | None = None) -> None:
        self._network = network or Network()
        self._lines: list[Line] = []

    def read(self, request: Request, watch: Watch) -> Answer:
        """Ask, follow redirects as far as allowed, and return the answer whatever its status."""
        return _expected(request, self._follow(request, watch))

    def write(self, request: Request, watch: Watch, arrived: Callable[[], bool] | None = None) -> Answer:
        """Send a write and return the answer whatever its status; `lost` when none came but `arrived` says that it is there.

        `arrived` is asked before a repeat of a write that may have arrived: it looks whether the place shows exactly what was sent. Without it such a
        write is not repeated; `harmless` has it repeated blindly. A redirect is raised: `Refused`, or `Integrity` towards another origin. What is raised
        has `reached` set when the write may have arrived.
        """
        answer = self._persist(request, watch, arrived)
        if answer.location:
            raise _redirected(request, answer.location)
        return _expected(request, answer)

    def stream(self, request: Request, watch: Watch, refused: Callable[[Answer], PublishError]) -> Iterator[bytes]:
        """Yield the bytes of a read as they come, and go on where a connection broke off; the caller compares the digest.

        An answer that is no success is raised as what `refused` makes of it.
        """
        done, cuts = 0, 0
        while True:
            with _Open() as opened:
                answer = self._follow(request.from_byte(done), watch, opened)
                if not answer.ok:
                    raise refused(answer)
                try:
                    for block in opened.blocks(0 if answer.status == 206 else done):  # noqa: PLR2004 - partial content, as asked
                        done += len(block)
                        yield block
                except Unavailable as problem:
                    cuts += 1
                    if cuts > CUTS:
                        raise
                    why = problem.what
                else:
                    return
            watch.wait(pause(cuts, {}), f"{why}; going on at byte {done}")

    def _follow(self, request: Request, watch: Watch, opened: _Open | None = None) -> Answer:
        """Ask, and ask again where the answer sends us."""
        for _ in range(request.hops):
            answer = self._persist(request, watch, None, opened)
            if not answer.location:
                return answer
            request = request.to(answer.location)
        return self._persist(request, watch, None, opened)

    def _persist(self, request: Request, watch: Watch, arrived: Callable[[], bool] | None, opened: _Open | None = None) -> Answer:
        """Try until there is an answer to go by, a reason to stop, or no time."""
        began, tries = watch.now(), 0
        while True:
            tries += 1
            tried = self._try(request, watch, opened)
            if isinstance(tried, Answer) and not is_temporary(tried.status, tried.headers):
                return replace(tried, tries=tries)
            seconds = pause(tries, tried.headers if isinstance(tried, Answer) else {})
            reached = request.writes and (tried.may_have_arrived if isinstance(tried, Answer) else tried.reached)
            if tries == request.tries or seconds >= watch.left() or (reached and arrived is None):
                return _last(tried, tries, watch.now() - began)
            watch.wait(seconds, f"{_why(request, tried)}; then try {tries + 1} of {request.tries}")
            watch.left()
            if reached and arrived and _ask(arrived):
                return Answer(url=request.url, status=0, reason="", headers={}, lost=True, tries=tries)

    def _try(self, request: Request, watch: Watch, opened: _Open | None) -> Answer | Unavailable:
        """One try. With `opened`, a success keeps its body and its session until that is closed."""
        from pkg_publish.clients.faults import named

        line = self._line()
        with ExitStack() as stack:
            stack.callback(self._lines.append, line)
            try:
                with named(request.doing, request.origin, lambda: request.writes and line.sent):
                    response = line.send(request, watch)
                    stack.callback(response.close)
                    answer = _answer(request, response, streams=opened is not None)
            except Unavailable as problem:
                return problem
            if opened is not None and answer.ok:
                opened.keep(request, response, stack.pop_all())
            return answer

    def _line(self) -> Line:
        from pkg_publish.clients.line import Line

        try:
            return self._lines.pop()
        except IndexError:
            return Line(self._network, lambda: self._tls)

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        from pkg_publish.clients.line import tls_context

        return tls_context(self._network.ca_bundle)


class _Open:
    """An answer whose body waits to be read."""

    def __init__(self) -> None:
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def keep(self, request: Request, response: requests.Response, stack: ExitStack) -> None:
        self._request, self._response, self._stack = request, response, stack

    def blocks(self, skip: int) -> Iterator[bytes]:
        """The body as it was sent, without its first bytes."""
        from pkg_publish.clients.faults import named

        with named(self._request.doing, self._request.origin, lambda: False):
            for block in self._response.raw.stream(BLOCK, decode_content=False):
                if rest := block[skip:]:
                    yield rest
                skip = max(0, skip - len(block))


def _answer(request: Request, response: requests.Response, *, streams: bool) -> Answer:
    """Read the body as far as it may go; of a success that `streams`, nothing."""
    head = Answer(url=request.url, status=response.status_code, reason=response.reason or "", headers=response.headers)
    if streams and head.ok:
        return head
    most = request.most if head.ok else LONGEST_REFUSAL
    body = bytearray()
    for block in response.raw.stream(1 << 16, decode_content=True):
        body += block
        if len(body) > most:
            return replace(head, body=bytes(body[:most]), whole=False)
    return replace(head, body=bytes(body)) if head.ok else request.unecho(replace(head, body=bytes(body)))


def _expected(request: Request, answer: Answer) -> Answer:
    """Let a success through when it is what was asked for; raises `Unavailable` for another."""
    foreign = request.expects and answer.content_type not in request.expects
    if answer.lost or not answer.ok or (answer.whole and not foreign):
        return answer
    kind = answer.content_type[:80] or "no content type"
    what = f"answered {answer.status} with {kind!r}" if answer.whole else f"answered with more than {request.most} bytes"
    raise Unavailable(
        f"{request.doing} failed: {Origin.of(answer.url)} {what}",
        code="unexpected-answer" if answer.whole else "answer-too-large",
        cure="Look at the address in a browser: a proxy or a login page may stand in between.",
        reached=request.writes,
    )


def _redirected(request: Request, location: str) -> PublishError:
    """Why a write that is sent elsewhere is not sent there."""
    url = joined(request.url, location)
    what = f"{request.doing} failed: {request.origin} redirects to {bare(url)!r}, and a write follows no redirect"
    try:
        same = Origin.of(url) == request.origin
    except ConfigError:
        same = False
    if same:
        return Refused(what, code="write-redirected", cure="Configure that address, to the last slash.", paste=bare(url))
    return Integrity(what, code="write-redirected-elsewhere", cure="Nothing was sent there. If you know and trust that address, configure it instead.")


def _last(tried: Answer | Unavailable, tries: int, seconds: float) -> Answer:
    """What the last try came to; raises what it was."""
    if isinstance(tried, Answer):
        return replace(tried, tries=tries)
    if tries > 1:
        tried.details = (f"tried {tries} times in {seconds:.0f} s",)
    raise tried


def _why(request: Request, tried: Answer | Unavailable) -> str:
    return tried.what if isinstance(tried, Unavailable) else f"{request.doing}: {request.origin} answered {tried.status}"


def _ask(arrived: Callable[[], bool]) -> bool:
    """Whether a write arrived; a look that fails leaves that open."""
    try:
        return arrived()
    except PublishError as problem:
        problem.reached = True
        raise
