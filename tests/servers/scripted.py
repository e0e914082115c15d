"""A server on 127.0.0.1 that does to each connection what a test says, down to the last packet."""

from __future__ import annotations

import socket
import struct
import threading
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from email.parser import BytesParser
from http.client import responses
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from email.message import Message

    Step = Callable[["Visit"], None]
    """What happens to one connection."""


@dataclass(slots=True)
class Asked:
    """One request, as it arrived."""

    line: str
    headers: Message
    body: bytes = b""


@dataclass(slots=True)
class Visit:
    """One connection."""

    socket: socket.socket
    server: Scripted

    def head(self) -> Asked:
        """Read a request without its body; raises `ConnectionError` when the client has gone."""
        data = b""
        while not data.endswith(b"\r\n\r\n"):
            data += self._some(1)
        line, _, rest = data.partition(b"\r\n")
        asked = Asked(line.decode(), BytesParser().parsebytes(rest))
        self.server.asked.append(asked)
        return asked

    def request(self) -> Asked:
        """Read a whole request."""
        asked = self.head()
        while len(asked.body) < int(asked.headers.get("Content-Length", "0")):
            asked.body += self._some(1 << 16)
        return asked

    def _some(self, size: int) -> bytes:
        if data := self.socket.recv(size):
            return data
        raise ConnectionError

    def say(self, status: int = 200, body: bytes = b"", *, length: int | None = None, **headers: str) -> None:
        """Answer; `length` is what is claimed of the body, a header's name has `_` for `-`."""
        lines = [f"HTTP/1.1 {status} {headers.pop('reason', responses.get(status, ''))}", f"Content-Length: {len(body) if length is None else length}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode() + body)

    def reset(self) -> None:
        """Break the connection off."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def hang(self) -> None:
        """Do nothing until the test is over."""
        self.server.hanging.set()
        self.server.over.wait()


def answer(status: int = 200, body: bytes = b"", *, length: int | None = None, **headers: str) -> Step:
    """A step: read a request and answer it."""

    def step(visit: Visit) -> None:
        visit.request()
        visit.say(status, body, length=length, **headers)

    return step


@dataclass
class Scripted:
    """Does the next step with each connection and, without TLS, with each further request on it; the last step stays. A context manager."""

    steps: deque[Step] = field(default_factory=deque)
    tls: ssl.SSLContext | None = None
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0
    over: threading.Event = field(default_factory=threading.Event)
    hanging: threading.Event = field(default_factory=threading.Event)
    """Somebody waits for an answer that does not come."""

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def then(self, *steps: Step) -> Self:
        """Add steps."""
        self.steps.extend(steps)
        return self

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            visit = Visit(self.tls.wrap_socket(connection, server_side=True) if self.tls else connection, self)
            with visit.socket:
                self._next(visit)
                while not self.tls and connection.fileno() >= 0 and connection.recv(1, socket.MSG_PEEK):
                    self._next(visit)

    def _next(self, visit: Visit) -> None:
        (self.steps.popleft() if len(self.steps) > 1 else self.steps[0])(visit)
