"""A WSGI application, served over HTTP/1.1 to this machine alone: a thread for each connection, nothing read but the head of a request."""

from __future__ import annotations

import re
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from io import BytesIO
from socketserver import TCPServer, ThreadingMixIn
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from pkg_publish.errors import Environment, PublishError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Any

    Application = Callable[[Mapping[str, Any], Callable[..., object]], Iterable[bytes]]

IDLE = 60.0
"""Seconds that a connection may be silent."""
CONNECTIONS = 500
"""How many there are at once, a thread for each: who comes then is asked to come back."""

_FULL = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_HERE = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:\d+)?", re.IGNORECASE)
"""What a client of this machine calls it; another name means that a web site has led a browser here."""


@contextmanager
def serving(application: Application, port: int, tell: Callable[[object], None]) -> Iterator[str]:
    """Serve on 127.0.0.1 until the end of the block; gives the address. Port 0 takes a free one. Raises `Environment` when the port is taken."""
    try:
        server = _Server(("127.0.0.1", port), _Connection)
    except (OSError, OverflowError) as error:
        raise Environment(
            f"nothing can be served on port {port} of 127.0.0.1: {getattr(error, 'strerror', None) or error}",
            code="port-not-free",
            cure="Take another one with --port; 0 takes any that is free.",
        ) from error
    server.application, server.tell = application, tell
    with server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


class _Server(ThreadingMixIn, TCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128
    application: Application
    tell: Callable[[object], None]

    def __init__(self, *args: Any) -> None:  # noqa: ANN401 - as the class above has it
        self._places = threading.BoundedSemaphore(CONNECTIONS)
        super().__init__(*args)

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as the class above has it
        """Give a connection a thread, if there is one left."""
        if self._places.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            request.sendall(_FULL)
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as the class above has it
        """Serve a connection until it ends."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: object, client_address: object) -> None:
        """What ended a connection early: a client that went away is nobody's fault, a body that was cut is told."""
        del request, client_address
        problem = sys.exception()
        if isinstance(problem, PublishError):
            self.tell(problem)
        elif not isinstance(problem, (ConnectionError, TimeoutError)):
            super().handle_error(None, None)  # type: ignore[arg-type] # it prints the traceback, for it is a bug


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = IDLE
    wbufsize = 1 << 16
    server: _Server

    def _answer(self) -> None:
        """Hand a request to the application, and send what it says. Raises what its body raises, so that the connection ends there."""
        if refusal := self._refusal():
            self.close_connection = True
            self.send_error(*refusal)
            return
        if {"content-length", "transfer-encoding"} & {name.lower() for name in self.headers}:
            self.close_connection = True  # its body stays unread
        blocks = self.server.application(self._environ(), self._begin)
        try:
            for block in blocks:
                self.wfile.write(block)
            self.wfile.flush()
        finally:
            getattr(blocks, "close", int)()

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _answer  # noqa: N815 - http.server's names

    def _refusal(self) -> tuple[int, None, str] | None:
        """Why a request is not for us: which host it means must be beyond doubt (RFC 9112, 3.2)."""
        hosts = self.headers.get_all("Host", [])
        if len(hosts) > 1 or (not hosts and self.request_version == "HTTP/1.1") or not self.path.startswith("/"):
            return 400, None, "A request names one host, in one header Host, and a path."
        if hosts and not _HERE.fullmatch(hosts[0]):
            return 421, None, "This index is for this machine alone."
        return None

    def _environ(self) -> dict[str, Any]:
        path, _, query = self.path.partition("?")
        headers = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in self.headers.items()}
        return {
            **headers,
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "QUERY_STRING": query,
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": str(self.server.server_address[1]),
            "SERVER_PROTOCOL": self.request_version,
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": BytesIO(),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }

    def _begin(self, status: str, headers: Iterable[tuple[str, str]]) -> None:
        """Send the head of an answer."""
        code, _, phrase = status.partition(" ")
        self.send_response(int(code), phrase)
        for name, value in headers:
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()

    def version_string(self) -> str:
        """Who serves."""
        return "pkg-publish"

    def log_message(self, *_: object) -> None:
        """Say nothing: what matters is told."""
