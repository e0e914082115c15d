"""The way into a registry: who is asked for a token, what for, and who gets a password."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest
from tests.clients.scripts import MANIFEST, PASSWORD, USERNAME, asked, challenge, error, registry, repository, shown, token
from tests.clients.stand import failure
from tests.servers.scripted import Scripted, answer

from pkg_publish.clients.network import Credential
from pkg_publish.clients.oci_api import PUSH, Repository
from pkg_publish.clients.oci_login import Login, challenges, is_own
from pkg_publish.clients.oci_registry import Registry
from pkg_publish.clients.request import Answer, Request
from pkg_publish.clients.together import together
from pkg_publish.clients.transport import Transport
from pkg_publish.errors import ConfigError, Integrity, Refused, Unavailable
from pkg_publish.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.clients.stand import Run
    from tests.servers.scripted import Step

BASIC = "Basic " + base64.b64encode(f"{USERNAME}:{PASSWORD}".encode()).decode()
FINE = answer(200, MANIFEST)


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("", {}),
        ("Negotiate", {}),
        ('BASIC realm="Sonatype Nexus Repository Manager"', {"basic": {"realm": "Sonatype Nexus Repository Manager"}}),
        (
            'Bearer realm="https://r.example/token?a=b,c",service="r.example",scope="repository:a:pull,push"',
            {"bearer": {"realm": "https://r.example/token?a=b,c", "service": "r.example", "scope": "repository:a:pull,push"}},
        ),
        (
            'Basic realm="x", bearer realm=https://r.example/token , Service=r',
            {"basic": {"realm": "x"}, "bearer": {"realm": "https://r.example/token", "service": "r"}},
        ),
    ],
)
def test_challenges_are_read(header: str, found: object) -> None:
    """One or several in a line, quoted or not, in any case of letters."""
    assert challenges(header) == found


@pytest.mark.parametrize(
    ("host", "realm", "own"),
    [
        ("ghcr.io", "https://ghcr.io/token", True),
        ("registry.example.org", "https://registry.example.org:8443/auth", True),
        ("registry.example.org", "https://auth.registry.example.org/token", True),
        ("registry.example.org", "https://gitlab.example.org/jwt/auth", False),
        ("example.co.uk", "https://evil.co.uk/token", False),
        ("a.azurecr.io", "https://evil.azurecr.io/oauth2/token", False),
        ("registry.example.org", "https://evilregistry.example.org/token", False),
        ("registry-1.docker.io", "https://auth.docker.io/token", True),
        ("registry.gitlab.com", "https://gitlab.com/jwt/auth", True),
        ("127.0.0.1", "http://127.0.0.1:5001/token", True),
        ("ghcr.io", "https://quay.io/token", False),
        ("ghcr.io", "https://token.ghcr.io.example.org/", False),
        ("registry.example.org", "http://registry.example.org/token", False),
        ("registry.example.org", "https://me:secret@registry.example.org/token", False),
        ("registry.example.org", "http://127.0.0.1/token", False),
        ("127.0.0.1", "http://localhost:5001/token", False),
        ("10.0.0.1", "https://10.0.0.2/token", False),
        ("registry.example.org", "", False),
    ],
)
def test_whose_token_server_it_is(host: str, realm: str, own: bool) -> None:  # noqa: FBT001 - a table
    """Its own host, what is below it, or what it documents; over TLS, except on this machine."""
    assert is_own(host, realm) is own


def test_an_open_registry_is_told_nothing(server: Scripted, run: Run) -> None:
    """A password that nobody asks for stays here."""
    server.then(FINE)

    assert repository(server, login=True).manifest("1.0", run.watch) == MANIFEST
    assert shown(server) == [None]


def test_a_password_is_shown_once_asked_for(server: Scripted, run: Run) -> None:
    """From then on with every request, without another 401."""
    server.then(answer(401, WWW_Authenticate='Basic realm="x"'), FINE)
    ours = repository(server, login=True)

    ours.manifest("1.0", run.watch)
    ours.manifest("2.0", run.watch)

    assert shown(server) == [None, BASIC, BASIC]


@pytest.mark.parametrize("login", [True, False], ids=["wrong", "none"])
def test_a_password_that_does_not_help_is_refused(server: Scripted, run: Run, login: bool) -> None:  # noqa: FBT001 - a table
    """It is tried once; the message says what to check and quotes no secret."""
    server.then(answer(401, WWW_Authenticate='Basic realm="x"'))

    problem = failure(lambda: repository(server, login=login).manifest("1.0", run.watch))

    assert isinstance(problem, Refused)
    assert problem.code == "registry-login"
    assert ("it does not accept this login" in problem.what) is login
    assert ("Check the token or password" in problem.cure) is login
    assert f"name: 127.0.0.1:{server.port}/NAME\n      username: {USERNAME}\n" in problem.paste
    assert shown(server) == ([None, BASIC] if login else [None])
    assert PASSWORD not in repr(vars(problem))


@pytest.mark.parametrize("key", ["token", "access_token"])
def test_a_token_is_fetched_for_the_scope(server: Scripted, run: Run, key: str) -> None:
    """What we are about to do, not what the challenge says; the password goes to the token server alone."""
    server.then(challenge(f"{server.url}/token"), token("opaque.not-a-jwt", key), FINE)

    assert repository(server, PUSH, login=True).manifest("1.0", run.watch) == MANIFEST
    assert asked(server)[1] == "GET /token?service=registry&scope=repository%3Aocto%2Fdemo%3Apull%2Cpush"
    assert shown(server) == [None, BASIC, "Bearer opaque.not-a-jwt"]


def test_somebody_without_a_password_gets_a_token_too(server: Scripted, run: Run) -> None:
    """Public packages are read so; a realm may have a query of its own."""
    server.then(challenge(f"{server.url}/token?a=b"), token(), FINE)

    assert repository(server).manifest("1.0", run.watch) == MANIFEST
    assert asked(server)[1].startswith("GET /token?a=b&service=registry&scope=")
    assert shown(server) == [None, None, "Bearer opaque"]


def test_repositories_that_blobs_come_from_are_in_the_scope(server: Scripted, run: Run) -> None:
    """Each in a scope of its own."""
    server.then(challenge(f"{server.url}/token"), token(), FINE)

    repository(server, PUSH, sources=["octo/base"]).manifest("1.0", run.watch)

    assert asked(server)[1].endswith("&scope=repository%3Aocto%2Fdemo%3Apull%2Cpush&scope=repository%3Aocto%2Fbase%3Apull")


def test_one_token_serves_everybody(server: Scripted, run: Run) -> None:
    """Threads that begin together fetch one."""
    server.then(challenge(f"{server.url}/token"), token("first"), FINE, token("second"), FINE)
    ours = registry(server, login=True)
    ours.greet(("registry:catalog:*",), run.watch)

    together([lambda: ours.greet(("repository:octo/demo:pull",), run.watch)] * 8)

    assert sum("/token" in line for line in asked(server)) == 2
    assert shown(server)[4:] == ["Bearer second"] * 8


LATE = {
    "401": lambda server: challenge(f"{server.url}/token"),
    "401 without a word": lambda _: answer(401),
    "403 of GHCR": lambda _: error(403, "DENIED", "invalid token"),
}


@pytest.mark.parametrize("late", LATE.values(), ids=LATE)
def test_a_token_that_ran_out_is_renewed(server: Scripted, run: Run, late: Callable[[Scripted], Step]) -> None:
    """Once, and the request is repeated."""
    server.then(challenge(f"{server.url}/token"), token("old"), FINE, late(server), token("new"), FINE)
    ours = repository(server)
    ours.manifest("1.0", run.watch)

    assert ours.manifest("1.0", run.watch) == MANIFEST
    assert shown(server)[-3:] == ["Bearer old", None, "Bearer new"]


def test_a_token_that_somebody_else_renewed_is_taken(server: Scripted, run: Run) -> None:
    """Two requests were refused with the same old one: a single new one serves both."""
    server.then(token("new"))
    login = Login(server.url, Transport(), "", None)
    refusal = Answer(url=server.url, status=401, reason="", headers={"WWW-Authenticate": f'Bearer realm="{server.url}/token"'})
    old = Credential.bearer(server.url, Secret("old"))

    tokens = [login.after(refusal, old, ("repository:octo/demo:pull",), run.watch) for _ in range(2)]

    assert {each.header() for each in tokens if each} == {"Bearer new"}
    assert len(server.asked) == 1


def test_a_token_that_is_not_enough_is_refused(server: Scripted, run: Run) -> None:
    """It was fetched for this very request: another would be the same."""
    no = challenge(f"{server.url}/token")
    server.then(no, token("first"), no)

    problem = failure(lambda: repository(server, login=True).manifest("1.0", run.watch))

    assert isinstance(problem, Refused)
    assert shown(server) == [None, BASIC, "Bearer first"]


def test_a_token_server_that_refuses_is_quoted(server: Scripted, run: Run) -> None:
    """GHCR says so of what is private or not there."""
    server.then(challenge(f"{server.url}/token"), error(403, "DENIED", "requested access to the resource is denied"))

    problem = failure(lambda: repository(server).manifest("1.0", run.watch))

    assert isinstance(problem, Refused)
    assert (problem.code, problem.said) == ("registry-denied", "DENIED: requested access to the resource is denied")


@pytest.mark.parametrize("body", [b"{}", b'{"token": 1}', b'{"token": "two\\nlines"}', b'{"token": ""}', b"[]", b"<html>"])
def test_a_token_server_without_a_token_is_unavailable(server: Scripted, run: Run, body: bytes) -> None:
    """Whatever it says instead."""
    server.then(challenge(f"{server.url}/token"), answer(200, body))

    problem = failure(lambda: repository(server).manifest("1.0", run.watch))

    assert isinstance(problem, Unavailable)
    assert problem.code == "unexpected-answer"


def test_a_foreign_token_server_gets_nothing(server: Scripted, run: Run) -> None:
    """Neither the password nor a question."""
    with Scripted().then(token()) as foreign:
        server.then(challenge(f"http://localhost:{foreign.port}/token"))

        problem = failure(lambda: repository(server, login=True).manifest("1.0", run.watch))

        assert isinstance(problem, Integrity)
        assert problem.code == "foreign-token-server"
        assert "token-server: HOST" in problem.paste
        assert foreign.connections == 0


def test_a_token_server_that_somebody_named_gets_the_password(server: Scripted, run: Run) -> None:
    """As GitLab at home needs it."""
    with Scripted().then(token()) as other:
        server.then(challenge(f"http://localhost:{other.port}/token"), FINE)
        login = Registry(f"127.0.0.1:{server.port}", Transport(), USERNAME, Secret(PASSWORD), token_server="localhost")

        assert Repository(login, "octo/demo").manifest("1.0", run.watch) == MANIFEST
        assert shown(other) == [BASIC]


def test_without_a_password_any_token_server_is_asked(server: Scripted, run: Run) -> None:
    """There is nothing that it could take; over TLS all the same."""
    server.then(challenge("https://127.0.0.1:1/token"), challenge("http://localhost:1/token"))

    assert isinstance(failure(lambda: repository(server).manifest("1.0", run.watch)), Unavailable)
    assert isinstance(failure(lambda: Repository(registry(server), "octo/demo").manifest("1.0", run.watch)), Integrity)


def test_a_signed_address_is_not_shown(server: Scripted, run: Run) -> None:
    """What stands behind the question mark may let anybody in."""
    server.then(challenge("https://127.0.0.2/token?signature=let-me-in"))

    problem = failure(lambda: repository(server, login=True).manifest("1.0", run.watch))

    assert "127.0.0.2/token" in problem.what
    assert "let-me-in" not in repr(vars(problem))


def test_an_empty_token_beside_a_good_one_is_passed_by(server: Scripted, run: Run) -> None:
    """Some servers fill one of the two fields; and an empty secret takes nothing out of an answer."""
    server.then(challenge(f"{server.url}/token"), answer(200, b'{"token": "", "access_token": "good"}'), FINE)

    assert repository(server).manifest("1.0", run.watch) == MANIFEST
    assert shown(server)[-1] == "Bearer good"
    nothing = Request(doing="x", url=server.url, credential=Credential.bearer(server.url, Secret("")))
    assert nothing.unecho(Answer(url=server.url, status=400, reason="No", headers={}, body=b"no")).text == "no"


@pytest.mark.parametrize("host", ["", "me:secret@example.org", "exa mple.org", "example.org:port"])
def test_a_registry_has_a_host(host: str) -> None:
    """And nothing else."""
    with pytest.raises(ConfigError):
        Registry(host, Transport())


def test_a_registry_is_greeted_by_what_it_is(server: Scripted, run: Run) -> None:
    """A web site is none."""
    server.then(answer(404, b"<h1>Not here</h1>", Content_Type="text/html"))

    problem = failure(lambda: registry(server).greet((), run.watch))

    assert isinstance(problem, Refused)
    assert (problem.code, problem.said) == ("no-registry", "Not here")
    assert Registry("docker.io", Transport()).url == "https://registry-1.docker.io"
