"""Sockets, through TLS and through proxies."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
import trustme
from tests.clients.stand import Run, Upload, cancel_at, failure, hang, hang_at_once, hang_in_answer, writing
from tests.servers.scripted import Scripted, Visit, answer

from pkg_publish.clients.network import Network
from pkg_publish.clients.request import Request
from pkg_publish.clients.transport import Transport
from pkg_publish.errors import Cancelled, ConfigError, Failure
from pkg_publish.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Who signs certificates."""
    return trustme.CA()


@pytest.fixture
def bundle(authority: trustme.CA, tmp_path: Path) -> str:
    """The file that makes us trust them."""
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


def context(authority: trustme.CA, *names: str, expired: bool = False) -> ssl.SSLContext:
    """A server's side of TLS."""
    end = dt.datetime(2020, 1, 1, tzinfo=dt.UTC) if expired else None
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names, not_after=end).configure_cert(made)
    return made


@pytest.fixture
def secure(authority: trustme.CA) -> Iterator[Scripted]:
    """A server with a certificate for 127.0.0.1 and for a name that only a proxy knows."""
    with Scripted(tls=context(authority, "127.0.0.1", "index.example.org")) as server:
        yield server


def ask(server: Scripted, run: Run, network: Network | None = None) -> object:
    """Read from a server; without a network nobody is trusted but who the machine trusts."""
    return Transport(network).read(Request(doing="reading it", url=server.url), run.watch).body


# --- TLS -----------------------------------------------------------------------------------------------------------------


def test_speaks_tls(secure: Scripted, run: Run, bundle: str) -> None:
    """With a bundle that knows the authority; a large body arrives whole."""
    secure.then(answer(200, b"there"))

    said = Transport(Network(ca_bundle=bundle)).write(writing(secure, Upload(run)), run.watch)

    assert said.body == b"there"
    assert secure.asked[0].body == b"x" * Upload.size


def test_a_certificate_of_a_stranger_is_an_end(secure: Scripted, run: Run) -> None:
    """Nothing is sent, nothing is tried again, and no fallback follows."""
    secure.then(answer())

    problem = failure(lambda: ask(secure, run))

    assert (problem.kind, problem.code, problem.reached) == (Failure.INTEGRITY, "tls-certificate", False)
    assert problem.said == "unable to get local issuer certificate"
    assert (secure.connections, secure.asked) == (1, [])


def test_a_certificate_must_be_for_this_name(authority: trustme.CA, bundle: str, run: Run) -> None:
    """Another name of the same machine is another server."""
    with Scripted(tls=context(authority, "localhost")).then(answer()) as server:
        problem = failure(lambda: ask(server, run, Network(ca_bundle=bundle)))

    assert problem.code == "tls-certificate"
    assert "mismatch" in problem.said


def test_a_certificate_must_not_have_expired(authority: trustme.CA, bundle: str, run: Run) -> None:
    """Not by a day."""
    with Scripted(tls=context(authority, "127.0.0.1", expired=True)).then(answer()) as server:
        problem = failure(lambda: ask(server, run, Network(ca_bundle=bundle)))

    assert (problem.code, problem.said) == ("tls-certificate", "certificate has expired")


def test_a_server_without_tls(server: Scripted, run: Run) -> None:
    """It may be broken for the moment: tried again, then unavailable."""

    def step(visit: Visit) -> None:
        visit.socket.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        visit.socket.close()

    server.then(step)
    server.url = f"https://127.0.0.1:{server.port}"

    problem = failure(lambda: ask(server, run))

    assert (problem.kind, problem.code) == (Failure.UNAVAILABLE, "unreachable")
    assert problem.what.endswith("and we cannot agree on TLS")


def test_a_bundle_that_is_not_there(secure: Scripted, run: Run, tmp_path: Path) -> None:
    """A mistake in the configuration."""
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        ask(secure, run, Network(ca_bundle=str(tmp_path / "nothing")))


def test_a_bundle_that_is_none(secure: Scripted, run: Run, tmp_path: Path) -> None:
    """A file without certificates."""
    (tmp_path / "notes").write_text("no certificate")

    with pytest.raises(ConfigError) as caught:
        ask(secure, run, Network(ca_bundle=str(tmp_path / "notes")))
    assert caught.value.code == "ca-bundle"


@pytest.mark.parametrize("step", [hang, hang_at_once, hang_in_answer], ids=lambda step: step.__name__)
def test_a_cancel_ends_a_hang_through_tls(secure: Scripted, bundle: str, step: Callable[[Visit], None]) -> None:
    """As without it."""
    secure.then(step)
    watch = Watch(600, lambda _: None)
    cancel_at(secure.hanging, watch)

    with pytest.raises(Cancelled):
        Transport(Network(ca_bundle=bundle)).write(writing(secure, Upload(Run())), watch)


def test_a_cancel_ends_a_greeting(server: Scripted) -> None:
    """A server that accepts and never speaks TLS."""
    server.then(hang_at_once)
    server.url = f"https://127.0.0.1:{server.port}"
    watch = Watch(600, lambda _: None)
    cancel_at(server.hanging, watch)

    with pytest.raises(Cancelled):
        Transport().read(Request(doing="reading it", url=server.url), watch)


# --- proxies ---------------------------------------------------------------------------------------------------------------


def tunnel(port: int) -> Callable[[Visit], None]:
    """A step of a proxy: whoever is asked for, connect to this port of our own."""

    def step(visit: Visit) -> None:
        visit.head()
        visit.socket.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
        with socket.create_connection(("127.0.0.1", port)) as there:
            threading.Thread(target=pump, args=(there, visit.socket), daemon=True).start()
            pump(visit.socket, there)

    return step


def pump(source: socket.socket, sink: socket.socket) -> None:
    """Hand on what comes until nothing does."""
    with suppress(OSError):
        while block := source.recv(1 << 16):
            sink.sendall(block)


def through(proxy: Scripted, bundle: str = "") -> Network:
    """A network whose only way out is a proxy with a password."""
    return Network(proxies={"https": f"http://me:secret@127.0.0.1:{proxy.port}"}, ca_bundle=bundle)


def reading_elsewhere() -> Request:
    """What goes through a proxy."""
    return Request(doing="reading it", url="https://index.example.org/", tries=1)


def test_tls_passes_through_a_proxy(server: Scripted, secure: Scripted, run: Run, bundle: str) -> None:
    """The proxy gets its own credentials and the name of the server, and sees nothing else."""
    server.then(tunnel(secure.port))
    secure.then(answer(200, b"there"))
    secure.url = "https://index.example.org"

    assert ask(secure, run, through(server, bundle)) == b"there"
    assert server.asked[0].line.startswith("CONNECT index.example.org:443 ")
    assert server.asked[0].headers["Proxy-Authorization"] == "Basic bWU6c2VjcmV0"
    assert "Proxy-Authorization" not in secure.asked[0].headers


def test_a_proxy_may_be_named_without_a_scheme(server: Scripted, run: Run) -> None:
    """As curl takes it."""
    server.then(answer(403))

    problem = failure(lambda: Transport(Network(proxies={"https": f"127.0.0.1:{server.port}"})).read(reading_elsewhere(), run.watch))

    assert "the proxy on the way to index.example.org" in problem.what


def test_a_proxy_that_refuses(server: Scripted, run: Run) -> None:
    """Is named as such, and its password is not."""
    server.then(answer(403))

    problem = failure(lambda: Transport(through(server)).read(reading_elsewhere(), run.watch))

    assert (problem.code, problem.what) == ("unreachable", "reading it failed: the proxy on the way to index.example.org lets nothing through")
    assert "secret" not in f"{problem!r} {problem.__cause__!r} {vars(problem)}"
