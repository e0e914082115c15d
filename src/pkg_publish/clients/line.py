"""HTTP connections whose sockets notice the end of the run while they wait.

A socket that waits a minute for a server would hold up a cancel for a minute. So no wait is longer than `SLICE`; between two of them the
`Watch` is asked. Finding and greeting a server (DNS, TCP, proxy, TLS) cannot be sliced: that happens in a thread of its own, which may be left behind.
"""

from __future__ import annotations

import socket
import ssl
from concurrent.futures import ThreadPoolExecutor, wait
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager, ProxyManager, Timeout, make_headers
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util import create_urllib3_context

import pkg_publish
from pkg_publish.errors import ConfigError
from pkg_publish.watch import LONGEST_WAIT

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed import ReadableBuffer
    from urllib3 import BaseHTTPResponse

    from pkg_publish.clients.network import Network, Origin
    from pkg_publish.clients.request import Request
    from pkg_publish.watch import Watch

SLICE = 0.25
"""Seconds between two questions whether the run is over."""
CONNECTING = 10.0
"""Seconds to find and greet a server, at each of its addresses."""
BLOCK = 1 << 20
"""Bytes sent at once."""
AGENT = f"{pkg_publish.__name__.replace('_', '-')}-action/{pkg_publish.__version__}"
"""Our name. Not a word of twine in it: pypiserver answers twine 400 where it answers others 409."""
HEADERS = {"User-Agent": AGENT, "Accept": "*/*", "Accept-Encoding": "identity", "Connection": "keep-alive"}


class Line:
    """Connections for one thread at a time: they are kept, follow no redirect, and know no netrc, proxy or cookie but what they are told."""

    def __init__(self, network: Network, tls: Callable[[], ssl.SSLContext]) -> None:
        self.watch: Watch
        """Of the request that is on its way."""
        self.sent = False
        """The request is out, to the last byte: from then on only the server knows what became of it."""
        self._network, self._tls = network, tls
        self._managers: dict[tuple[str, str], PoolManager] = {}

    def send(self, request: Request, watch: Watch) -> BaseHTTPResponse:
        """Send a request and return when the head of the answer is there; its body waits to be read, and the response to be closed."""
        self.watch, self.sent = watch, False
        headers = HEADERS | request.all_headers()
        with request.opened() as content:
            if not isinstance(content, bytes):
                headers["Content-Length"] = str(len(content))
            return self._manager(request.origin).urlopen(
                request.method,
                request.url,
                body=content or None,
                headers=headers,
                timeout=Timeout(connect=CONNECTING, read=LONGEST_WAIT),
                retries=False,
                redirect=False,
                preload_content=False,
            )

    def _manager(self, origin: Origin) -> PoolManager:
        """Who keeps the connections to an origin."""
        way = origin.scheme, self._network.proxy_for(origin)
        if way not in self._managers:
            self._managers[way] = self._new_manager(*way)
        return self._managers[way]

    def _new_manager(self, scheme: str, proxy: str) -> PoolManager:
        known: dict[str, Any] = {"blocksize": BLOCK} | ({"ssl_context": self._tls()} if scheme == "https" else {})
        address = proxy if "://" in proxy else f"http://{proxy}"
        manager = ProxyManager(address, proxy_headers=_login(address), **known) if proxy else PoolManager(**known)
        manager.pool_classes_by_scheme = {
            "http": partial(_pool, HTTPConnectionPool, partial(_Connection, self)),  # type: ignore[dict-item] # it is called, no more
            "https": partial(_pool, HTTPSConnectionPool, partial(_TLSConnection, self)),  # type: ignore[dict-item]
        }
        return manager


def _pool(kind: type[HTTPConnectionPool], connection: Any, *args: Any, **kwargs: Any) -> HTTPConnectionPool:  # noqa: ANN401 - as urllib3 has it
    """Open connections of our own."""
    pool = kind(*args, **kwargs)
    pool.ConnectionCls = connection
    return pool


def _login(proxy: str) -> dict[str, str]:
    """What shows a proxy who we are, if its address says that."""
    parts = urlsplit(proxy)
    return make_headers(proxy_basic_auth=unquote(f"{parts.username}:{parts.password or ''}")) if parts.username else {}


class _Connection(HTTPConnection):
    """Connects in a thread that may be left behind, then waits patiently."""

    def __init__(self, line: Line, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as urllib3 has it
        self._line = line
        super().__init__(*args, **kwargs)

    def connect(self) -> None:
        """Raises what the watch says when the run is over before somebody answers."""
        pool = ThreadPoolExecutor(1)
        dialled = pool.submit(super().connect)
        pool.shutdown(wait=False)
        try:
            while not wait([dialled], SLICE).done:
                self._line.watch.left()
        finally:
            if not dialled.done():
                dialled.add_done_callback(lambda _: self.close())
        dialled.result()
        self._attend()

    def request(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as urllib3 has it
        self._attend()
        super().request(*args, **kwargs)
        self._line.sent = True

    def _attend(self) -> None:
        """Let the socket, if there is one, know whose run it serves."""
        if type(self.sock) is socket.socket:
            self.sock = _Patient(self.sock.family, self.sock.type, self.sock.proto, self.sock.detach())
        if isinstance(self.sock, _Patient):
            self.sock.attend(self._line.watch)


class _TLSConnection(_Connection, HTTPSConnection):
    """The same through TLS."""


class _Patient(socket.socket):
    """A connected socket that waits in slices, and for `LONGEST_WAIT` at most, whatever time it is set to."""

    watch: Watch
    attended = False

    def attend(self, watch: Watch) -> None:
        """Serve this run from now on."""
        self.watch, self.attended = watch, True
        super().settimeout(SLICE)

    def settimeout(self, value: float | None, /) -> None:
        if not self.attended:  # TLS is being agreed upon, in time of its own
            super().settimeout(value)

    def recv_into(self, *args: Any) -> int:  # noqa: ANN401 - as the class above has it
        return self._wait(partial(super().recv_into, *args))

    def send(self, *args: Any) -> int:  # noqa: ANN401 - as the class above has it
        return self._wait(partial(super().send, *args))

    def sendall(self, data: ReadableBuffer, flags: int = 0, /) -> None:
        with memoryview(data) as view, view.cast("B") as rest:
            done = 0
            while done < len(rest):
                done += self.send(rest[done:], flags)

    def _wait(self, attempt: Callable[[], int]) -> int:
        since = self.watch.now()
        while True:
            self.watch.left()
            try:
                return attempt()
            except TimeoutError:
                if self.watch.now() - since >= LONGEST_WAIT:
                    raise


class _PatientTLS(_Patient, ssl.SSLSocket):
    """The same through TLS; its context makes it."""


def tls_context(ca_bundle: str) -> ssl.SSLContext:
    """Trust the certificates of a bundle, or those of the system and of certifi. Raises `ConfigError` when the bundle cannot be read."""
    import certifi

    context = create_urllib3_context()
    context.sslsocket_class = _PatientTLS
    if not ca_bundle:
        context.load_default_certs()
    try:
        context.load_verify_locations(ca_bundle or certifi.where())
    except OSError as error:
        raise ConfigError(
            f"the file of trusted certificates {ca_bundle!r} cannot be read: {error.strerror or error}",
            code="ca-bundle",
            cure="Correct the environment variable that names it: REQUESTS_CA_BUNDLE, SSL_CERT_FILE or PIP_CERT.",
        ) from error
    return context
