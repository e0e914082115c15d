"""Sources as one package index: the pages, and who gets which."""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import requests
from tests.index_client import DATA, FILES, SHA256, WHEEL, Counted
from tests.test_catalog import Library, Toy

from pkg_publish.catalog import Catalog
from pkg_publish.errors import Refused
from pkg_publish.formats.simple_pages import HTML, JSON
from pkg_publish.index import Index
from pkg_publish.model import RemoteFile

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.index_client import Client


@pytest.mark.parametrize(
    ("accept", "kind"),
    [("*/*", "text/html; charset=utf-8"), (JSON, JSON), (f"{HTML}, text/html;q=0.1", f"{HTML}; charset=utf-8"), (f"text/html;q=0.2, {JSON}", JSON)],
)
def test_a_page_in_the_form_that_is_liked(client: Client, accept: str, kind: str) -> None:
    """PEP 503 and PEP 691."""
    for path in ("/simple/", "/simple/demo/"):
        answer = client.get(path, Accept=accept)
        assert (answer.status_code, answer.headers["Content-Type"], answer.headers["Vary"]) == (200, kind, "Accept")


def test_the_newest_form_is_the_one_there_is(client: Client) -> None:
    """By the name that PEP 691 gives to it."""
    assert client.get("/simple/demo/", Accept="application/vnd.pypi.simple.latest+json").headers["Content-Type"] == JSON


def test_a_client_that_likes_no_form(client: Client) -> None:
    """Is told which there are."""
    answer = client.get("/simple/demo/", Accept="image/png")

    assert answer.status_code == 406
    assert JSON in answer.text


def test_links_lead_to_the_files(client: Client) -> None:
    """Also of a version with an epoch and a local part; the metadata lies beside the file."""
    (file,) = client.get("/simple/demo/", Accept=JSON).json()["files"]
    url = requests.compat.urljoin(f"{client.url}/simple/demo/", file["url"])

    assert requests.get(url, timeout=10).content == DATA
    assert requests.get(f"{url}.metadata", timeout=10).content == Library.said
    assert file["core-metadata"] == {"sha256": WHEEL.metadata_sha256}


def test_what_was_read_is_not_read_again(client: Client, source: Counted) -> None:
    """Neither the page nor the metadata, as long as they are fresh, however many ask at once."""
    source.said = b"Name: demo"
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: client.get("/simple/demo/", Accept=JSON).content, range(40)))
    client.get(f"{FILES}.metadata")
    source.said = b"changed"

    assert client.get(f"{FILES}.metadata").content == b"Name: demo"
    assert len(set(answers)) == 1
    assert source.asked == 1


def test_what_was_read_ahead_is_there_when_it_is_asked_for(source: Counted) -> None:
    """A place that refuses spoils nothing beforehand."""
    index = Index(Catalog([source]))
    index.read_ahead()
    source.listing = Refused("no", code="registry-denied")
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/simple/demo/", "wsgi.url_scheme": "http"}

    assert WHEEL.name.encode() in b"".join(index(environ, lambda *_: None))
    Index(Catalog([source])).read_ahead()
    assert source.asked == 2


def test_a_page_that_is_known_is_not_sent_again(client: Client) -> None:
    """By its ETag; each form has its own, and it is that of the content, whoever serves it."""
    first = client.get("/simple/demo/", Accept=JSON)
    again = client.get("/simple/demo/", Accept=JSON, If_None_Match=first.headers["ETag"])

    assert first.headers["ETag"] == f'"{hashlib.sha256(first.content).hexdigest()}"'
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    assert client.get("/simple/demo/", Accept="text/html", If_None_Match=first.headers["ETag"]).status_code == 200


def test_two_copies_serve_the_same(serve: Callable[..., Client]) -> None:
    """They keep no state."""
    answers = [serve(Toy(WHEEL)).get("/simple/demo/", Accept=JSON) for _ in range(2)]

    assert answers[0].headers["ETag"] == answers[1].headers["ETag"]


def test_an_unknown_project_is_not_found(client: Client) -> None:
    """And it is said where it was looked for."""
    answer = client.get("/simple/nothing-here/")

    assert answer.status_code == 404
    assert "toy=here has no nothing-here" in answer.text


def test_a_source_that_refuses(serve: Callable[..., Client]) -> None:
    """Is quoted in the words of the catalogue of errors; nobody else is asked."""
    problem = Refused("the registry\x1b[31m says no", code="registry-denied", cure="Log in.", details=["a detail"])

    answer = serve(Toy(listing=problem), Toy(WHEEL)).get("/simple/demo/")

    assert answer.status_code == 403
    assert answer.text.splitlines() == ["the registry?[31m says no. Log in.", "a detail", "docs/troubleshooting.md#registry-denied"]


@pytest.mark.parametrize(
    ("path", "there"),
    [
        ("", "/simple/"),
        ("/", "/simple/"),
        ("/simple", "/simple/"),
        ("/simple/demo", "/simple/demo/"),
        ("/simple/De_mo/", "/simple/de-mo/"),
        ("/simple/De.mo", "/simple/de-mo/"),
    ],
)
def test_one_address_for_each_page(client: Client, path: str, there: str) -> None:
    """That of the normalised name, with a slash."""
    answer = client.get(path)

    assert (answer.status_code, answer.headers["Location"]) == (301, there)


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/simple/../demo/",
            "/simple/%2e%2e/",
            "/simple/a%2Fb/",
            "/simple/-demo/",
            "/simple/demo/x/",
            "/simple/d%00mo/",
            "/simple/%c3%bc/",
            f"/simple/{'a' * 300}/",
            "/other/",
            "/files/",
        ),
        *(f"/files/demo/{'0' * 64}/{WHEEL.name}", f"/files/demo/{SHA256}/other-1.0.tar.gz", f"/files/demo/{SHA256}/..%2F{WHEEL.name}"),
        *(f"/files/../{SHA256}/{WHEEL.name}", f"/files/other/{SHA256}/{WHEEL.name}", "//evil.example/simple/demo/", "/simple//demo/"),
    ],
)
def test_nothing_leaves_the_namespace(client: Client, path: str) -> None:
    """What is no page and no file is not there."""
    session = requests.Session()
    request = requests.Request("GET", client.url).prepare()
    request.url = client.url + path

    answer = session.send(request, allow_redirects=False, timeout=10)
    session.close()

    assert answer.status_code == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_it_is_only_read(client: Client, method: str) -> None:
    """Everything else is refused."""
    answer = client.get("/simple/demo/", method)

    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")


def test_a_place_that_cannot_list(serve: Callable[..., Client]) -> None:
    """Says so; beside another that can, the list says it to people."""
    assert "cannot list" in serve(Toy(WHEEL)).get("/simple/").text
    assert serve(Toy(WHEEL)).get("/simple/").status_code == 404
    assert "cannot list" in serve(Toy(WHEEL), Library(WHEEL)).get("/simple/").text
    assert serve(Toy(WHEEL), named=["demo"]).get("/simple/", Accept=JSON).json()["projects"] == [{"name": "demo"}]


def test_people_are_told_how_to_install(serve: Callable[..., Client], client: Client) -> None:
    """Through this index, and past it where it is known how; what is left out is said."""
    text = serve(Toy(WHEEL), command=["python3", "/a b/run.py"]).get("/simple/demo/").text
    less = client.get("/simple/demo/").text
    without = serve(Toy(RemoteFile(name="demo-1.0.tar.gz"))).get("/simple/demo/").text

    assert f"pip install --index-url {client.url}/simple/ &#x27;demo==1!1.0+cu1&#x27;" in less
    assert less.count("<pre>") == 1
    assert "python3 &#x27;/a b/run.py&#x27; install &#x27;demo==1!1.0+cu1&#x27; --from toy=here" in text
    assert "1 files have no digest" in without
    assert f"--index-url {client.url.rpartition(':')[0]}" in without


def test_people_are_told_of_the_version_that_they_should_have(serve: Callable[..., Client]) -> None:
    """Neither one that was withdrawn nor an unfinished one, as long as there is another."""
    files = [replace(WHEEL, name=f"demo-{version}.tar.gz", yanked=yanked) for version, yanked in (("1.0", None), ("2.0", "bad"), ("3.0rc1", None))]

    assert "&#x27;" not in serve(Toy(*files)).get("/simple/demo/").text
    assert "/simple/ demo==1.0<" in serve(Toy(*files)).get("/simple/demo/").text
    assert "/simple/ demo==3.0rc1<" in serve(Toy(*files[1:])).get("/simple/demo/").text


def test_behind_another_server(source: Counted) -> None:
    """The prefix is kept, and a host that is none is not shown."""
    index, heads = Index(Catalog([source])), []
    environ = {"REQUEST_METHOD": "GET", "SCRIPT_NAME": "/py", "PATH_INFO": "/simple/demo/", "wsgi.url_scheme": "https"}

    def ask(**more: str) -> str:
        return b"".join(index({**environ, **more}, lambda status, headers: heads.append((status, dict(headers))))).decode()

    assert "--index-url https://packages.example/py/simple/" in ask(HTTP_HOST="packages.example")
    assert "--index-url" not in ask(HTTP_HOST="x y; rm")
    ask(PATH_INFO="/simple")
    assert heads[-1][1]["Location"] == "/py/simple/"


def test_few_spellings_of_a_page_are_kept(source: Counted) -> None:
    """Whatever the client calls this host."""
    index = Index(Catalog([source]))
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/simple/demo/", "wsgi.url_scheme": "https"}
    pages = [b"".join(index({**environ, "HTTP_HOST": f"host{number}"}, lambda *_: None)) for number in range(20)]

    assert len(set(pages)) == 20
    assert len(index._known("demo").pages) == 8


def test_below_a_prefix() -> None:
    """All of it is there, and nothing elsewhere."""
    index, heads = Index(Catalog([Toy(WHEEL)]), prefix="/secret"), []

    def ask(path: str) -> str:
        environ = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "wsgi.url_scheme": "http", "HTTP_HOST": "localhost"}
        index(environ, lambda status, headers: heads.append((status[:3], dict(headers).get("Location", ""))))
        return str(heads[-1][0])

    assert [ask(path) for path in ("/secret/simple/demo/", "/simple/demo/", "/secretsimple/demo/", "/secret")] == ["200", "404", "404", "404"]
    ask("/secret/simple/De_mo")
    assert heads[-1] == ("301", "/secret/simple/de-mo/")


def test_json_is_json(client: Client) -> None:
    """To the last byte."""
    assert json.loads(client.get("/simple/demo/", Accept=JSON).content)["name"] == "demo"
