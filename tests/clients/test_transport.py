"""One request and its answer, its credentials and its redirects."""

from __future__ import annotations

from typing import Any

import pytest
from tests.clients.stand import (
    Run,
    failure,
    reading,
    writing,
)
from tests.servers.scripted import Scripted, Visit, answer

import pkg_publish
from pkg_publish.clients.network import Credential, Network
from pkg_publish.clients.request import Answer, Request
from pkg_publish.clients.transport import Transport
from pkg_publish.errors import Failure, Integrity, Refused
from pkg_publish.secret import Secret

JSON = "application/json"


def test_an_answer_is_a_value(server: Scripted, run: Run) -> None:
    """Status, phrase, headers in any case, and the body as bytes, text and JSON."""
    server.then(answer(201, b'{"a": 1}', reason="Made It", Content_Type="Application/JSON; charset=utf-8"))

    said = Transport().read(reading(server, "/x?y=1"), run.watch)

    assert (said.status, said.reason, said.ok, said.headers["content-type"]) == (201, "Made It", True, "Application/JSON; charset=utf-8")
    assert (said.content_type, said.text, said.json(), said.tries, said.whole) == (JSON, '{"a": 1}', {"a": 1}, 1, True)
    assert server.asked[0].line == "GET /x?y=1 HTTP/1.1"


def test_says_who_we_are_and_nothing_else(server: Scripted, run: Run) -> None:
    """Our own name, not twine's; no cookie that was set, no credential."""
    server.then(answer(200, Set_Cookie="a=b"))
    transport = Transport()

    for _ in range(2):
        transport.read(reading(server, headers={"Accept": "text/plain"}), run.watch)

    headers = dict(server.asked[1].headers)
    assert headers.pop("Connection") == "keep-alive"
    assert headers.pop("Host") == f"127.0.0.1:{server.port}"
    assert headers == {"User-Agent": f"pkg-publish-action/{pkg_publish.__version__}", "Accept-Encoding": "identity", "Accept": "text/plain"}


def test_connections_are_kept(server: Scripted, run: Run) -> None:
    """Requests that follow one another use one connection, after refusals and empty answers too."""
    server.then(answer(200, b"x"), answer(404, b"y"), answer(204), answer(200))
    transport = Transport()

    for _ in range(4):
        transport.read(reading(server), run.watch)

    assert (server.connections, len(server.asked)) == (1, 4)


def test_a_refusal_is_an_answer_and_bounded(server: Scripted, run: Run) -> None:
    """Of an answer that is no success, 64 KiB are read."""
    server.then(answer(400, b"x" * 1_000_000))

    said = Transport().read(reading(server, most=10), run.watch)

    assert (said.ok, len(said.body), said.whole) == (False, 65536, False)


def test_a_success_that_is_too_long_is_none(server: Scripted, run: Run) -> None:
    """A good answer has as many bytes as the request allows, or it is not the one that was meant."""
    server.then(answer(200, b"x" * 11))

    problem = failure(lambda: Transport().read(reading(server, most=10), run.watch))

    assert (problem.kind, problem.code, problem.reached) == (Failure.UNAVAILABLE, "answer-too-large", False)


@pytest.mark.parametrize(("kind", "found"), [({"Content_Type": "text/html"}, "'text/html'"), ({}, "'no content type'")], ids=["html", "none"])
def test_a_success_of_another_type_is_none(server: Scripted, run: Run, kind: dict[str, Any], found: str) -> None:
    """What a captive portal says with 200 is not what was asked for; a write may have arrived all the same."""
    server.then(answer(200, b"<p>Log in", **kind))

    problem = failure(lambda: Transport().write(writing(server, expects=frozenset({JSON})), run.watch))

    assert (problem.code, problem.reached) == ("unexpected-answer", True)
    assert found in problem.what


def test_json_that_is_none_is_no_traceback(server: Scripted, run: Run) -> None:
    """Broken or bottomless JSON is a failure of the server."""
    server.then(answer(200, b"{"), answer(200, b"[" * 100_000))
    transport = Transport()

    problems = [failure(transport.read(reading(server, most=1 << 20), run.watch).json) for _ in range(2)]

    assert [problem.code for problem in problems] == ["unexpected-answer"] * 2


def test_compressed_answers_are_read(server: Scripted, run: Run) -> None:
    """A client may ask for gzip; the limit counts what comes out of it."""
    import gzip

    server.then(answer(200, gzip.compress(b"x" * 100_000), Content_Encoding="gzip"))
    request = reading(server, headers={"Accept-Encoding": "gzip"}, most=100_000)

    assert Transport().read(request, run.watch).body == b"x" * 100_000
    assert failure(lambda: Transport().read(reading(server, most=99_999), run.watch)).code == "answer-too-large"


def test_a_credential_goes_to_its_origin_only(server: Scripted, run: Run) -> None:
    """Same host on another port is somebody else."""
    server.then(answer())
    mine, other = (Credential.basic(url, "me", Secret("secret")) for url in (server.url, "http://127.0.0.1:1"))

    for credential in (mine, other):
        Transport().read(reading(server, credential=credential), run.watch)

    assert [asked.headers.get("Authorization") for asked in server.asked] == ["Basic bWU6c2VjcmV0", None]


def test_a_redirect_of_a_read_drops_the_credential_elsewhere(server: Scripted, run: Run) -> None:
    """It is followed as far as allowed, and the credential comes along only while the origin stays."""
    with Scripted().then(answer(200, b"there")) as other:
        server.then(answer(302, Location="/next"), answer(307, Location=f"{other.url}/file"))
        credential = Credential.bearer(server.url, Secret("token"))

        said = Transport().read(reading(server, credential=credential, hops=2), run.watch)

        assert (said.body, said.url) == (b"there", f"{other.url}/file")
        assert [asked.headers.get("Authorization") for asked in [*server.asked, *other.asked]] == ["Bearer token", "Bearer token", None]


def test_a_redirect_is_not_followed_unless_asked(server: Scripted, run: Run) -> None:
    """Without hops, or with too few, it is the answer."""
    server.then(answer(303, Location="/again"))

    for hops in (0, 2):
        said = Transport().read(reading(server, hops=hops), run.watch)
        assert (said.status, said.location) == (303, "/again")
    assert len(server.asked) == 4


@pytest.mark.parametrize("location", ["http://example.org/", "ftp://127.0.0.1/", "https://me:secret@example.org/", "https://[/"])
def test_a_redirect_to_no_safe_address_is_refused(server: Scripted, run: Run, location: str) -> None:
    """Nothing is asked without encryption, with credentials, or at what is no address."""
    server.then(answer(302, Location=location))

    problem = failure(lambda: Transport().read(reading(server, hops=5), run.watch))

    assert (problem.kind, problem.code) == (Failure.INTEGRITY, "unsafe-redirect")


def test_a_redirect_never_leads_from_encryption_to_plain_text() -> None:
    """Not even to this machine, where plain http is allowed."""
    with pytest.raises(Integrity, match="no safe address"):
        Request(doing="reading it", url="https://example.org/").to("http://127.0.0.1/")


def test_a_write_follows_no_redirect(server: Scripted, run: Run) -> None:
    """At the same server the address to configure is named; to another one it may be an attack."""
    server.then(answer(308, Location="/up/"), answer(307, Location="https://example.org/up"), answer(307, Location="ftp://example.org/"))

    problems = [failure(lambda: Transport().write(writing(server), run.watch)) for _ in range(3)]

    assert [(type(each), each.code, each.reached) for each in problems] == [
        (Refused, "write-redirected", False),
        (Integrity, "write-redirected-elsewhere", False),
        (Integrity, "write-redirected-elsewhere", False),
    ]
    assert problems[0].paste == f"{server.url}/up/"
    assert "https://example.org/up" in problems[1].what
    assert len(server.asked) == 3


def test_nothing_of_the_machine_is_used(server: Scripted, run: Run, monkeypatch: pytest.MonkeyPatch, home: object) -> None:
    """No netrc, no proxy and no bundle out of the environment."""
    (home / ".netrc").write_text("machine 127.0.0.1 login me password secret\n")  # type: ignore[operator]
    for name, value in {"HTTP_PROXY": "http://127.0.0.1:1", "REQUESTS_CA_BUNDLE": "/no/such/file"}.items():
        monkeypatch.setenv(name, value)
    server.then(answer())

    Transport().read(reading(server), run.watch)

    assert "Authorization" not in server.asked[0].headers


def test_threads_do_not_share_a_session(server: Scripted, run: Run) -> None:
    """Eight at once, and each hears its own answer; those that follow use the same connections."""
    from concurrent.futures import ThreadPoolExecutor

    def echo(visit: Visit) -> None:
        visit.say(200, visit.request().line.encode())

    server.then(echo)
    transport = Transport()

    def ask(number: int) -> Answer:
        return transport.read(reading(server, f"/{number}"), run.watch)

    for _ in range(2):
        with ThreadPoolExecutor(8) as pool:
            assert [said.text.split()[1] for said in pool.map(ask, range(100))] == [f"/{number}" for number in range(100)]
    assert server.connections <= 8


def test_no_network_says_nothing() -> None:
    """Without settings there is no proxy and no bundle."""
    assert Network() == Network.read({})
