"""A recording proxy in front of a real server: it sees every request, and can be told to fail."""

from __future__ import annotations

import hashlib
import http.client
import select
import socket
import struct
import threading
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from email.message import Message

BLOCK = 1 << 16
KEPT = 1 << 24  # bytes of a body
READS = frozenset({"GET", "HEAD", "OPTIONS"})
HOP_BY_HOP = frozenset({"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "expect"})
ABORT = struct.pack("ii", 1, 0)
"""`SO_LINGER` of a socket that is closed with a reset."""
SILENCE = 61.0
"""Seconds that pass while nobody answers: longer than a client waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What happens to one request instead of the server's answer; by default nothing of it reaches the server."""

    status: int = 503
    reason: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    late: bool = False
    """The server gets the request and does what it says; only its answer is lost."""
    reset: bool = False
    """Reset the connection in place of an answer."""
    silent: bool = False
    """Never answer; the connection stays open until the front ends."""
    read: int | None = None
    """Bytes of the body that are taken before the answer, then the connection is closed; None: all."""

    flips: bool = False
    """The server gets the request with one bit of its body changed."""
    cut: int | None = None
    """Bytes of the server's answer that come, then the connection is reset."""
    spoils: bool = False
    """The server's answer comes with one bit of its body changed."""
    dribbles: float = 0.0
    """Seconds that each byte of the server's answer takes, the first 40 of them."""
    changed: Mapping[str, str] = field(default_factory=dict)
    """Headers of the server's answer that come with other values, also where it has none of that name."""

    @property
    def twists(self) -> bool:
        """The client gets the server's answer, or what is left of it."""
        return self.flips or self.cut is not None or self.spoils or bool(self.dribbles) or bool(self.changed)


def flipped(block: bytes) -> bytes:
    """The same with one bit changed, in the middle."""
    middle = len(block) // 2
    return block[:middle] + bytes([block[middle] ^ 1]) + block[middle + 1 :]


@dataclass(slots=True, kw_only=True)
class Seen:
    """One request, as it arrived."""

    method: str
    path: str
    headers: Message
    size: int = 0
    """Bytes of the body."""
    sha256: str = ""
    body: bytearray = field(default_factory=bytearray)  # the first `KEPT` bytes of it
    forwarded: bool = False
    """It reached the server."""
    status: int | None = None
    """What the client was told; None before the answer, and without one."""


class Front:
    """Stands at `url` before the server at `upstream`; a context manager. `passes` lets seconds pass on a client's virtual clock: for faults that take time."""

    def __init__(self, upstream: str, passes: Callable[[float], None] = lambda _: None) -> None:
        self.upstream, self.passes = urlsplit(upstream), passes
        self.requests: list[Seen] = []
        self.over = threading.Event()
        self._faults: dict[bool, deque[Fault]] = {True: deque(), False: deque()}
        self._steps: list[tuple[Callable[[Seen], bool], Iterator[Fault]]] = []
        self._server = _Server(("127.0.0.1", 0), _Connection)
        self._server.front = self
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()

    def fail_writes(self, *faults: Fault) -> None:
        """What happens to the next writes, one fault each; called with nothing, all is well again."""
        self._faults[False] = deque(faults)

    def fail_reads(self, *faults: Fault) -> None:
        """What happens to the next reads."""
        self._faults[True] = deque(faults)

    def fail_at(self, step: Callable[[Seen], bool], faults: Iterable[Fault]) -> None:
        """What happens to the next requests that a step is about, one fault each; `itertools.repeat` makes it last."""
        self._steps.append((step, iter(faults)))

    def forget(self) -> None:
        """Begin anew: no request was seen, nothing fails, nobody is kept waiting."""
        self.over.set()
        self.over = threading.Event()
        self.requests, self._steps = [], []
        self.fail_reads()
        self.fail_writes()

    def writes(self) -> int:
        """How many writes have reached the server."""
        return sum(seen.forwarded for seen in self.requests if seen.method not in READS)

    def fault_for(self, seen: Seen) -> Fault | None:
        """The next fault for a request."""
        for step, faults in self._steps:
            if step(seen) and (fault := next(faults, None)):
                return fault
        waiting = self._faults[seen.method in READS]
        try:
            return waiting.popleft()
        except IndexError:
            return None


class _Server(ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128
    front: Front


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def handle(self) -> None:
        """Serve one connection; a client that goes away is none of our business."""
        try:
            super().handle()
        except ConnectionError:
            self.close_connection = True

    def _answer(self) -> None:
        front = self.server.front
        seen = Seen(method=self.command, path=self.path, headers=self.headers)
        front.requests.append(seen)
        fault = front.fault_for(seen)
        if fault is None or fault.late or fault.twists:
            self._forward(seen, fault)
        else:
            deque(self._body(seen, fault.read), maxlen=0)
            self._fail(seen, fault)

    do_GET = do_HEAD = do_OPTIONS = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815 - http.server's names

    def log_message(self, *_: object) -> None:
        """Say nothing: what was seen stands in `Front.requests`."""

    def _body(self, seen: Seen, most: int | None = None) -> Iterator[bytes]:
        """The request's body in blocks, counted and hashed on the way."""
        digest = hashlib.sha256()
        for block in self._blocks(most):
            digest.update(block)
            seen.size += len(block)
            seen.body += block[: KEPT - len(seen.body)]
            yield block
        seen.sha256 = digest.hexdigest()

    def _blocks(self, most: int | None) -> Iterator[bytes]:
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            while size := int(self.rfile.readline().partition(b";")[0], 16):
                yield self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return
        left = int(self.headers.get("Content-Length", "0"))
        if most is not None:
            self.close_connection = self.close_connection or most < left
            left = min(left, most)
        while left:
            if not (block := self.rfile.read(min(BLOCK, left))):
                raise ConnectionResetError("the client went away")
            left -= len(block)
            yield block

    def _fail(self, seen: Seen, fault: Fault) -> None:
        if fault.silent:
            self._be_silent(self.server.front)
        if fault.silent or fault.reset:
            self._reset()
            return
        seen.status = fault.status
        self.send_response(fault.status, fault.reason or None)
        for name, value in ({"Content-Length": str(len(fault.body))} | dict(fault.headers)).items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else fault.body)

    def _forward(self, seen: Seen, fault: Fault | None) -> None:
        upstream = self.server.front.upstream
        connection = http.client.HTTPConnection(upstream.hostname or "", upstream.port, timeout=60)
        try:
            connection.connect()
            self._send(connection, seen, flips=fault is not None and fault.flips)
            seen.forwarded = True
            response = connection.getresponse()
            if fault is None or fault.twists:
                self._relay(seen, response, fault or Fault())
            else:
                response.read()
                self._fail(seen, fault)
        finally:
            connection.close()

    def _send(self, connection: http.client.HTTPConnection, seen: Seen, *, flips: bool) -> None:
        """Hand the request on as it comes; `Host` stays, so that the server's links lead back here."""
        connection.putrequest(seen.method, seen.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in HOP_BY_HOP:
                connection.putheader(name, value)
        chunked = "Content-Length" not in self.headers and "Transfer-Encoding" in self.headers
        if chunked:
            connection.putheader("Transfer-Encoding", "chunked")
        connection.putheader("Connection", "close")
        connection.endheaders()
        refused = False
        for whole in self._body(seen):
            block = flipped(whole) if flips else whole
            try:
                if not refused:
                    connection.send(b"%x\r\n%b\r\n" % (len(block), block) if chunked else block)
            except ConnectionError:
                refused = True  # it has answered early: the rest is read, the answer handed on
        if chunked and not refused:
            connection.send(b"0\r\n\r\n")

    def _relay(self, seen: Seen, response: http.client.HTTPResponse, fault: Fault) -> None:
        seen.status = response.status
        self.send_response_only(response.status, response.reason)
        others = {name.lower() for name in fault.changed}
        for name, value in [*response.headers.items(), *fault.changed.items()]:
            if name.lower() not in HOP_BY_HOP and (name.lower() not in others or name in fault.changed):
                self.send_header(name, value)
        self.close_connection = self.close_connection or response.length is None
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if fault.cut is not None:
            self.wfile.write(response.read()[: fault.cut])
            self._reset()
            return
        while block := response.read(BLOCK):
            self._say(flipped(block) if fault.spoils else block, fault.dribbles)

    def _say(self, block: bytes, seconds: float) -> None:
        """Send a block of an answer, its beginning byte by byte where each takes some seconds."""
        slow = 40 if seconds else 0
        for byte in block[:slow]:
            self.wfile.write(bytes([byte]))
            self.server.front.passes(seconds)
        self.wfile.write(block[slow:])

    def _be_silent(self, front: Front) -> None:
        """Let time pass once the client waits, until it goes away."""
        (over := front.over).wait(0.1)
        poll = select.poll()
        poll.register(self.connection, select.POLLIN)
        while not over.is_set() and not poll.poll(0):
            front.passes(SILENCE)
            over.wait(0.5)

    def _reset(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
        self.connection.close()
