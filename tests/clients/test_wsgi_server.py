"""A WSGI application on a port of this machine, as clients see it."""

from __future__ import annotations

import http.client
import socket
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from wsgiref.validate import validator

import pytest
import requests

from pkg_publish.clients import wsgi_server
from pkg_publish.clients.wsgi_server import serving
from pkg_publish.errors import Environment, Integrity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Echo:
    """Says what it was asked; below `/long` more than any buffer holds, below `/broken` the body breaks off, below `/bug` there is a bug."""

    def __init__(self) -> None:
        self.seen: list[Mapping[str, Any]] = []

    def __call__(self, environ: Mapping[str, Any], start_response: Any) -> Iterator[bytes]:  # noqa: ANN401 - PEP 3333
        """Answer."""
        self.seen.append(environ)
        text = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']} {environ['QUERY_STRING']}".encode("latin-1")
        text *= 1 << 19 if environ["PATH_INFO"] == "/long" else 1
        length = 10 * len(text) if environ["PATH_INFO"].startswith("/b") else len(text)
        start_response("200 Fine", [("Content-Type", "text/plain"), ("Content-Length", str(length))])
        yield b"" if environ["REQUEST_METHOD"] == "HEAD" else text
        if environ["PATH_INFO"] == "/broken":
            raise Integrity("other bytes came", code="wrong-digest")
        if environ["PATH_INFO"] == "/bug":
            raise ZeroDivisionError


class Stage:
    """The application at its address, and what was told."""

    def __init__(self, url: str, echo: Echo, told: list[object]) -> None:
        self.url, self.echo, self.told = url, echo, told
        self.port = int(urlsplit(url).port or 0)

    def raw(self, *lines: str) -> http.client.HTTPResponse:
        """Send these lines, and read the answer."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            connection.sendall("\r\n".join([*lines, "", ""]).encode())
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            return answer


@pytest.fixture
def stage() -> Iterator[Stage]:
    """A server."""
    echo, told = Echo(), []  # type: ignore[var-annotated]
    with serving(echo, 0, told.append) as url:
        yield Stage(url, echo, told)


def test_the_application_is_asked(stage: Stage) -> None:
    """Path, query and headers reach it as PEP 3333 has them."""
    answer = requests.get(f"{stage.url}/a%2Fb/%C3%BC?x=%20y", headers={"If-None-Match": '"e"'}, timeout=10)

    assert (answer.status_code, answer.reason, answer.content) == (200, "Fine", "GET /a/b/ü x=%20y".encode())
    assert stage.echo.seen[0]["HTTP_IF_NONE_MATCH"] == '"e"'


def test_it_is_wsgi() -> None:
    """By the validator of the standard library."""

    def plain(_: object, start_response: Any) -> list[bytes]:  # noqa: ANN401 - PEP 3333
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "4")])
        return [b"fine"]

    with serving(validator(plain), 0, print) as url:  # type: ignore[arg-type]
        assert requests.get(url, timeout=10).text == "fine"


def test_a_connection_is_kept(stage: Stage) -> None:
    """For many requests, a HEAD among them."""
    with requests.Session() as session:
        ports = set()
        for method in ("GET", "HEAD", "GET"):
            with session.request(method, f"{stage.url}/x", stream=True, timeout=10) as answer:
                connection: Any = answer.raw.connection
                ports.add(connection.sock.getsockname()[1])
                assert answer.content == (b"" if method == "HEAD" else b"GET /x ")
    assert len(ports) == 1


def test_a_body_that_is_wrong_is_cut(stage: Stage) -> None:
    """The client sees that it broke off; that is told, and the next request is answered."""
    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.exceptions.ConnectionError)):
        requests.get(f"{stage.url}/broken", timeout=10)

    assert requests.get(f"{stage.url}/x", timeout=10).ok
    assert [problem.code for problem in stage.told if isinstance(problem, Integrity)] == ["wrong-digest"]


def test_a_bug_is_shown(stage: Stage, capfd: pytest.CaptureFixture[str]) -> None:
    """To whoever runs the server."""
    with pytest.raises(requests.exceptions.RequestException):
        requests.get(f"{stage.url}/bug", timeout=10)

    assert requests.get(f"{stage.url}/x", timeout=10).ok
    assert "ZeroDivisionError" in capfd.readouterr().err


def test_a_client_that_goes_away_is_none_of_our_business(stage: Stage, capfd: pytest.CaptureFixture[str]) -> None:
    """In the middle of its request."""
    with socket.create_connection(("127.0.0.1", stage.port)) as connection:
        connection.sendall(b"GET /x HTTP/1.1\r\nHost: loc")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    assert requests.get(f"{stage.url}/x", timeout=10).ok
    assert (stage.told, capfd.readouterr().err) == ([], "")


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:80", "localhost.evil", "", "localhost,localhost", "localhost:x"])
def test_a_browser_that_was_led_here_reads_nothing(stage: Stage, host: str) -> None:
    """A name of somebody else may lead to this machine, and what is served may be private."""
    assert stage.raw("GET /x HTTP/1.1", f"Host: {host}").status == 421
    assert stage.echo.seen == []


@pytest.mark.parametrize(
    "lines",
    [
        ["GET /x HTTP/1.1", "Host: localhost", "Host: evil.example"],
        ["GET /x HTTP/1.1", "Host: localhost", "host: localhost"],
        ["GET http://evil.example/x HTTP/1.1", "Host: localhost"],
        ["GET /x HTTP/1.1"],
        ["GET x HTTP/1.1", "Host: localhost"],
    ],
    ids=["two-hosts", "one-host-twice", "an-address", "no-host", "no-path"],
)
def test_which_host_is_meant_is_beyond_doubt(stage: Stage, lines: list[str]) -> None:
    """Or a server in between might have let another request through than the one that is answered."""
    answer = stage.raw(*lines)

    assert (answer.status, answer.getheader("Connection")) == (400, "close")
    assert stage.echo.seen == []


def test_old_clients_name_no_host(stage: Stage) -> None:
    """HTTP/1.0: answered, and that is the end of the connection."""
    answer = stage.raw("GET /x HTTP/1.0")

    assert answer.status == 200
    assert answer.getheader("Connection") == "close"


def test_a_body_is_not_read(stage: Stage) -> None:
    """So nothing after it is taken for a request."""
    answer = stage.raw("POST /x HTTP/1.1", "Host: localhost", "Content-Length: 5")

    assert (answer.status, answer.getheader("Connection")) == (200, "close")


def test_many_at_once(stage: Stage) -> None:
    """Two hundred that say nothing, or read nothing, hold nobody up."""
    with ExitStack() as stack:
        for number in range(200):
            silent = stack.enter_context(socket.create_connection(("127.0.0.1", stage.port), timeout=10))
            silent.sendall(b"GET /long HTTP/1.1\r\nHost: localhost\r\n\r\n" if number < 10 else b"GET")

        assert requests.get(stage.url, timeout=10).status_code == 200


def test_who_comes_when_all_places_are_taken_may_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """So no flood of connections takes all threads of the machine; a place is free again when a connection has ended."""
    monkeypatch.setattr(wsgi_server, "CONNECTIONS", 1)
    with serving(Echo(), 0, print) as url:
        with socket.create_connection(("127.0.0.1", int(urlsplit(url).port or 0)), timeout=10) as first:
            first.sendall(b"GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert first.recv(12) == b"HTTP/1.1 200"
            answer = requests.get(url, timeout=10)
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
        while (status := requests.get(url, timeout=10).status_code) == 503:
            pass
        assert status == 200


@pytest.mark.parametrize("port", [None, 70000], ids=["taken", "too-high"])
def test_a_port_that_is_not_free(stage: Stage, port: int | None) -> None:
    """What to do is said."""
    with pytest.raises(Environment) as caught, serving(Echo(), port or stage.port, print):
        pass
    assert caught.value.code == "port-not-free"
