"""Reading an index."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest
from tests import factory
from tests.clients.stand import Run, failure
from tests.servers.scripted import Scripted, answer

from pkg_publish.clients.network import Credential
from pkg_publish.clients.simple_api import SimpleIndex
from pkg_publish.clients.transport import Transport
from pkg_publish.errors import Refused, Unavailable
from pkg_publish.formats.simple_pages import JSON
from pkg_publish.secret import Secret

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.devpi import Devpi
    from tests.servers.pypiserver import PypiServer

WHEEL = "demo-1.0-py3-none-any.whl"


def index(server: Scripted, *, beside: bool = False, credential: Credential | None = None) -> SimpleIndex:
    """An index on a scripted server."""
    return (SimpleIndex.beside if beside else SimpleIndex)(f"{server.url}/up", Transport(), credential)


def page(*files: dict[str, Any]) -> Any:  # noqa: ANN401 - a step
    """A step that answers with a project page."""
    body = json.dumps({"meta": {"api-version": "1.1"}, "name": "demo", "files": [{"filename": each["url"], **each} for each in files]})
    return answer(200, body.encode(), Content_Type=JSON)


@pytest.mark.parametrize("name", ["pypiserver", "devpi"])
def test_reads_real_indexes(name: str, request: pytest.FixtureRequest, run: Run, tmp_path: Path) -> None:
    """HTML and JSON, at their own places below the upload address; what is not there is an empty list."""
    server: PypiServer | Devpi = request.getfixturevalue(name)
    path = factory.wheel(tmp_path)
    put = server.put
    put(path.name, path.read_bytes(), *(["demo", "1.0"] if name == "devpi" else []))
    found = SimpleIndex.beside(server.url, Transport())

    (file,) = found.files("demo", run.watch)

    assert (file.name, file.sha256) == (path.name, hashlib.sha256(path.read_bytes()).hexdigest())
    assert found.url == server.index_url
    assert found.files("absent", run.watch) == []
    assert b"".join(found.fetch(file, run.watch)) == path.read_bytes()
    assert found.probe(run.watch) == ""


def test_metadata_lies_beside_the_file(server: Scripted, run: Run) -> None:
    """Or it does not."""
    server.then(page({"url": WHEEL}), answer(200, b"Name: demo"), answer(404))
    (file,) = index(server).files("demo", run.watch)

    assert index(server).metadata(file, run.watch) == b"Name: demo"
    assert server.asked[1].line == f"GET /up/demo/{WHEEL}.metadata HTTP/1.1"
    assert failure(lambda: index(server).metadata(file, run.watch)).code


def test_asks_past_caches_and_for_json(server: Scripted, run: Run) -> None:
    """Once, below the index, with a slash at the end."""
    server.then(page())

    assert index(server).files("demo", run.watch) == []

    headers = server.asked[0].headers
    assert server.asked[0].line == "GET /up/demo/ HTTP/1.1"
    assert headers["Accept"].startswith(JSON)
    assert (headers["Cache-Control"], headers["Accept-Encoding"]) == ("max-age=0", "gzip")


def test_finds_devpi_once(server: Scripted, run: Run) -> None:
    """A 404 that says so moves the index; a 404 of others does not."""
    server.then(answer(404), answer(404, X_Devpi_Api_Version="2"), page())
    found = index(server, beside=True)

    for _ in range(3):
        assert found.files("demo", run.watch) == []

    assert [asked.line.split()[1] for asked in server.asked] == ["/up/simple/demo/", "/up/simple/demo/", "/up/+simple/demo/", "/up/+simple/demo/"]


def test_one_version_of_one_project(server: Scripted, run: Run) -> None:
    """However the version is spelt."""
    server.then(page(*({"url": name} for name in (WHEEL, "demo-1.0.0.tar.gz", "demo-1.0.1.tar.gz", "demo_x-1.0.tar.gz"))))

    assert [file.name for file in index(server).files_of("demo", "1.0", (), run.watch)] == [WHEEL]
    assert [file.name for file in index(server).files_of("demo", None, (), run.watch)] == [WHEEL, "demo-1.0.0.tar.gz", "demo-1.0.1.tar.gz"]


def test_what_has_no_digest_is_fetched_and_hashed(server: Scripted, run: Run) -> None:
    """If it has one of our names; a redirect to a store of files is followed, without the credential."""
    with Scripted().then(answer(200, b"bytes")) as store:
        server.then(page({"url": WHEEL}, {"url": "demo-1.0.tar.gz"}), answer(302, Location=f"{store.url}/x"))
        found = index(server, credential=Credential.basic(server.url, "me", Secret("secret"))).files_of("demo", "1.0", {WHEEL}, run.watch)

        assert [file.sha256 for file in found] == [hashlib.sha256(b"bytes").hexdigest(), None]
        assert [asked.line.split()[1] for asked in server.asked] == ["/up/demo/", f"/up/demo/{WHEEL}"]
        assert "Authorization" not in store.asked[0].headers


def test_follows_redirects_at_home(server: Scripted, run: Run) -> None:
    """To the page's own address, and no further than five times."""
    server.then(answer(301, Location="/moved/"), page({"url": WHEEL}), answer(301, Location="/moved/"))

    assert [file.url for file in index(server).files("demo", run.watch)] == [f"{server.url}/moved/{WHEEL}"]
    assert isinstance(failure(lambda: index(server).files("demo", run.watch)), Refused)
    assert len(server.asked) == 2 + 6


def test_another_index_is_not_this_one(server: Scripted, run: Run) -> None:
    """Servers that send pip on to PyPI for what they lack have it not."""
    server.then(answer(302, Location="https://index.example.org/simple/demo/"))

    assert index(server).files("demo", run.watch) == []


def test_a_reader_takes_no_word_of_what_is_no_index(server: Scripted, run: Run) -> None:
    """No page is a proof where the index is; behind a wrong address, or an old one, nothing is. It is looked for once."""
    sent_on = answer(302, Location="https://index.example.org/simple/demo/")
    server.then(sent_on, page(), answer(404), answer(404), answer(404), sent_on, answer(301, Location="https://index.example.org/simple/"))
    found = index(server)

    assert [found.published("demo", each, run.watch) for each in (None, "1.0")] == [[], []]
    assert [failure(lambda: index(server).published("demo", None, run.watch)).code for _ in range(2)] == ["no-index", "no-index"]


def test_a_page_without_files_is_no_absent_project(server: Scripted, run: Run) -> None:
    """It has the name, so that no other index supplies it; of one version it may have none."""
    server.then(page(), page({"url": "demo-1.0-corp.tar.gz"}), page({"url": WHEEL}))
    found = index(server)

    assert [failure(lambda: found.published("demo", None, run.watch)).code for _ in range(2)] == ["project-damaged"] * 2
    assert found.published("demo", "2.0", run.watch) == []


def test_a_login_page_is_no_index(server: Scripted, run: Run) -> None:
    """Neither behind a redirect nor with 200."""
    server.then(answer(302, Location="https://login.example.org/?next=demo"), answer(200, b"<title>Sign in", Content_Type="text/html"))

    problems = [failure(lambda: index(server).files("demo", run.watch)) for _ in range(2)]

    assert [(type(each), each.code) for each in problems] == [(Refused, "unexpected-answer"), (Unavailable, "no-index-page")]


@pytest.mark.parametrize(("status", "code"), [(401, "index-refused"), (403, "index-refused"), (503, "server-error"), (429, "rate-limited")])
def test_no_answer_is_no_proof(server: Scripted, run: Run, status: int, code: str) -> None:
    """Only a 404 is."""
    server.then(answer(status))

    assert failure(lambda: index(server).files("demo", run.watch)).code == code


def test_a_file_that_is_refused(server: Scripted, run: Run) -> None:
    """Says which."""
    server.then(page({"url": WHEEL}), answer(404))
    found = index(server)
    (file,) = found.files("demo", run.watch)

    problem = failure(lambda: list(found.fetch(file, run.watch)))

    assert problem.what.startswith(f"fetching {WHEEL} failed: 127.0.0.1:{server.port} answered 404")


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (answer(503), "answered 503"),
        (answer(302, Location="/login"), "answered 302"),
        (answer(200, b'<a href="0/">0</a>', Content_Type="text/html"), ""),
        (answer(200, b"<h1>Hello", Content_Type="text/html"), "answered 200 with 'text/html', which is no package index"),
        (answer(200), "answered 200 with 'no content type', which is no package index"),
    ],
)
def test_a_probe_asks_once(server: Scripted, run: Run, step: Any, said: str) -> None:  # noqa: ANN401 - a step
    """And says in a few words what answered."""
    server.then(step)

    assert index(server).probe(run.watch) == said
    assert run.pauses == []
