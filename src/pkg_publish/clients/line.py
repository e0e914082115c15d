"""A requests session whose sockets notice the end of the run while they wait.

A socket that waits a minute for a server would hold up a cancel for a minute. So no wait is longer than `SLICE`; between two of them the
`Watch` is asked. Finding and greeting a server (DNS, TCP, proxy, TLS) cannot be sliced: that happens in a thread of its own, which may be left behind.
"""

from __future__ import annotations

import socket
import ssl
from concurrent.futures import ThreadPoolExecutor, wait
from functools import partial
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any

import certifi
import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util import create_urllib3_context

import pkg_publish
from pkg_publish.errors import ConfigError
from pkg_publish.watch import LONGEST_WAIT

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed import ReadableBuffer

    from pkg_publish.clients.network import Network
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


class Line:
    """One session, for one thread at a time: it keeps its connections, follows no redirect, and reads no netrc, proxy or cookie by itself."""

    def __init__(self, network: Network, tls: Callable[[], ssl.SSLContext]) -> None:
        self.watch: Watch
        """Of the request that is on its way."""
        self.sent = False
        """The request is out, to the last byte: from then on only the server knows what became of it."""
        self._network = network
        self._session = _Session()
        self._session.trust_env = False
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._session.headers.update({"User-Agent": AGENT, "Accept-Encoding": "identity"})
        for prefix in ("http://", "https://"):
            self._session.mount(prefix, _Adapter(self, tls))

    def send(self, request: Request, watch: Watch) -> requests.Response:
        """Send a request and return when the head of the answer is there; its body waits to be read, and the response to be closed."""
        self.watch, self.sent = watch, False
        proxy = self._network.proxy_for(request.origin)
        with request.opened() as content:
            prepared = self._session.prepare_request(requests.Request(request.method, request.url, headers=request.all_headers(), data=content))
            return self._session.send(
                prepared,
                stream=True,
                timeout=(CONNECTING, LONGEST_WAIT),
                proxies={"all": proxy} if proxy else {},
                allow_redirects=False,
            )


class _Session(requests.Session):
    """Where an answer leads is decided by `Transport` alone."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        del resp


class _Adapter(HTTPAdapter):
    """Hands out patient connections, with certificates that are read once."""

    def __init__(self, line: Line, tls: Callable[[], ssl.SSLContext]) -> None:
        self._line, self._tls = line, tls
        super().__init__()

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **kwargs: Any) -> None:  # noqa: ANN401, FBT001, FBT002 - as requests has it
        super().init_poolmanager(connections, maxsize, block, blocksize=BLOCK, **kwargs)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:  # noqa: ANN401 - as requests has it
        return super().proxy_manager_for(proxy, blocksize=BLOCK, **kwargs)

    def cert_verify(self, *_: object) -> None:
        """The context verifies; requests would read its bundle again for every connection."""

    def build_connection_pool_key_attributes(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as requests has it
        host, _ = super().build_connection_pool_key_attributes(*args, **kwargs)
        return host, {"ssl_context": self._tls()} if host["scheme"] == "https" else {}

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as requests has it
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        pool.ConnectionCls = partial(_TLSConnection if pool.scheme == "https" else _Connection, self._line)
        return pool


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
