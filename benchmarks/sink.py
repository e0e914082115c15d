"""An index that is never the slow one: it drops the bytes, believes the form's digest, and lists what it was given (PEP 691)."""

from __future__ import annotations

import json
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Self

from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Callable

BLOCK = 1 << 20
"""Bytes read at once."""
ENDS = 1 << 16
"""Bytes at each end of a form in which its fields are looked for."""

FILE = re.compile(rb'name="content"; filename="([^"]+)"')
DIGEST = re.compile(rb'name="sha256_digest"(?:\r\n[^\r\n]+)*\r\n\r\n([0-9a-fA-F]{64})')
KIND = "application/vnd.pypi.simple.v1+json"


class Sink:
    """Takes uploads below any address and lists them below any `simple/`; a context manager."""

    def __init__(self) -> None:
        self.files: dict[str, str] = {}
        """The sha256 of each file, as the form said."""
        self.heard: float | None = None
        """When the first request came, on the clock of `time.monotonic`."""
        self._server = _Listening(("127.0.0.1", 0), _Connection)
        self._server.sink = self
        self.address = f"127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def page(self, project: str) -> bytes:
        """The project's page; empty when there is none."""
        files = {name: digest for name, digest in self.files.items() if canonicalize_name(name.partition("-")[0]) == project}
        listed = [{"filename": name, "url": f"/files/{name}", "hashes": {"sha256": digest}} for name, digest in files.items()]
        return json.dumps({"meta": {"api-version": "1.0"}, "name": project, "files": listed}).encode() if files else b""

    def take(self, form: bytes) -> bool:
        """Take the file of a form of which both ends are here; return whether it has what an index needs."""
        name, digest = FILE.search(form), DIGEST.search(form)
        if name and digest:
            self.files[name[1].decode()] = digest[1].decode().lower()
        return bool(name and digest)


class _Listening(ThreadingHTTPServer):
    request_queue_size = 128
    sink: Sink


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Listening

    def parse_request(self) -> bool:
        """Remember when the first came."""
        self.server.sink.heard = self.server.sink.heard or time.monotonic()
        return super().parse_request()

    def do_GET(self) -> None:
        """A project's page."""
        project = self.path.partition("/simple/")[2].strip("/")
        page = self.server.sink.page(project)
        self._reply(200 if page else 404, page)

    def do_POST(self) -> None:
        """An upload."""
        self._reply(200 if self.server.sink.take(self._form()) else 400)

    def handle_expect_100(self) -> bool:
        """Let the body come."""
        super().handle_expect_100()
        self.wfile.flush()
        return True

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _form(self) -> bytes:
        """Both ends of the body; what is between them is dropped."""
        kept, last = bytearray(), b""
        block = memoryview(bytearray(BLOCK))
        for size in iter(self._reader(block), 0):
            kept += block[: min(size, ENDS - len(kept))] if len(kept) < ENDS else b""
            last = (last + bytes(block[max(0, size - ENDS) : size]))[-ENDS:]
        return bytes(kept) + last

    def _reader(self, block: memoryview) -> Callable[[], int]:
        """Make the call that fills the block, as far as the body goes, and says how far."""
        left = int(self.headers["Content-Length"])

        def read() -> int:
            nonlocal left
            size = self.rfile.readinto1(block[: min(left, BLOCK)]) if left else 0
            left -= size
            return int(size)

        return read

    def _reply(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("Content-Type", KIND)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()
