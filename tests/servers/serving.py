"""The base of the servers that tests play themselves: requests in, answers out, everything recorded."""

from __future__ import annotations

import base64
import json
import ssl
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping
    from email.message import Message


@dataclass(slots=True, kw_only=True)
class Call:
    """One request, as it arrived."""

    method: str
    path: str
    """Without the query, as it was sent: percent signs and all."""
    target: str
    """With the query."""
    queries: dict[str, list[str]]
    headers: Message
    body: bytes = b""
    status: int = 0
    """What the client was told; 0 before the answer."""

    @property
    def query(self) -> dict[str, str]:
        """The last value of each name."""
        return {name: values[-1] for name, values in self.queries.items()}

    @property
    def authorization(self) -> str | None:
        """What was sent to prove who asks; None: nothing."""
        return self.headers.get("Authorization")

    @property
    def login(self) -> tuple[str, str] | None:
        """User and password of a Basic login; None: another kind, or none."""
        kind, _, words = (self.authorization or "").partition(" ")
        if kind.lower() != "basic":
            return None
        user, _, password = base64.b64decode(words).decode().partition(":")
        return user, password

    def json(self) -> dict[str, Any]:
        """The body as an object; raises `ValueError` or `TypeError` when it is none."""
        value = json.loads(self.body)
        if not isinstance(value, dict):
            raise TypeError("a JSON object is wanted")
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer; `Content-Length` and `Date` are added."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    """The words after the status; empty: the usual ones."""
    hang_up: bool = False
    """Close the connection in place of an answer."""

    @classmethod
    def of(cls, value: object, status: int = 200, /, **headers: str) -> Reply:
        """JSON; a header's name has `_` for `-`."""
        kind = {"Content-Type": "application/json; charset=utf-8"}
        return cls(status=status, body=json.dumps(value).encode(), headers=kind | {name.replace("_", "-"): value for name, value in headers.items()})


class Server:
    """Answers at `url` on 127.0.0.1 with what `answer` says, one request after another; a context manager."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.calls: list[Call] = []
        self._alone = threading.Lock()
        self._listening = _Listening(("127.0.0.1", 0), _Connection)
        self._listening.server = self
        self.host = f"127.0.0.1:{self._listening.server_address[1]}"
        if tls:
            self._listening.socket = tls.wrap_socket(self._listening.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"{'https' if tls else 'http'}://{self.host}"

    def answer(self, call: Call) -> Reply:
        """Decide; never called for two requests at once."""
        raise NotImplementedError

    def refuse_unread(self, call: Call) -> Reply | None:
        """Answer before the body is read, after which the connection is closed; None: read it."""
        return None

    def reply_to(self, call: Call) -> Reply:
        """Answer, and remember."""
        with self._alone:
            self.calls.append(call)
            reply = self.answer(call)
            call.status = reply.status
            return reply

    def __enter__(self) -> Self:
        threading.Thread(target=self._listening.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.shutdown()
        self._listening.server_close()


class _Listening(ThreadingHTTPServer):
    request_queue_size = 128
    server: Server


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Listening

    def handle(self) -> None:
        """Serve one connection; a client that goes away is none of our business."""
        try:
            super().handle()
        except (ConnectionError, ssl.SSLError):
            self.close_connection = True

    def _reply(self) -> None:
        address = urlsplit(self.path)
        queries = parse_qs(address.query, keep_blank_values=True)
        call = Call(method=self.command, path=address.path, target=self.path, queries=queries, headers=self.headers)
        ours = self.server.server
        reply = ours.refuse_unread(call)
        if reply:
            call.status = reply.status
            ours.calls.append(call)
            self.close_connection = True
        else:
            call.body = self._body()
            reply = ours.reply_to(call)
        self._send(reply)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _reply  # noqa: N815 - http.server's names

    def log_message(self, *_: object) -> None:
        """Say nothing: what was asked stands in `Server.calls`."""

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            size = int(self.headers.get("Content-Length", "0"))
            if len(body := self.rfile.read(size)) < size:
                raise ConnectionError("the client went away")
            return body
        blocks = []
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            blocks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(blocks)

    def _send(self, reply: Reply) -> None:
        if reply.hang_up:
            self.close_connection = True
            return
        self.send_response(reply.status, reply.reason or None)
        headers = dict(reply.headers)
        if reply.status != 204:
            headers.setdefault("Content-Length", str(len(reply.body)))
        for name, value in headers.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)
