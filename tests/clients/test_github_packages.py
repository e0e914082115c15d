"""Where people have looked for a Python registry at GitHub."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from tests.clients.stand import Run, cancel_at, hang_at_once
from tests.servers.scripted import Scripted, Visit, answer

from pkg_publish.clients import simple_api
from pkg_publish.clients.github_packages import addresses, find
from pkg_publish.clients.transport import Transport
from pkg_publish.errors import Cancelled
from pkg_publish.formats.simple_pages import JSON
from pkg_publish.runner import Runner
from pkg_publish.watch import Watch


def of(server_url: str) -> list[str]:
    """The addresses for one GitHub repository at a server."""
    return addresses(Runner(server_url=server_url, repository="Octo/the-repo"), "demo")


def test_the_five_forms() -> None:
    """Those that people have tried, in the order of the contract, and the one that was planned."""
    assert of("https://github.com") == [
        "https://upload.pkg.github.com/Octo/the-repo",
        "https://upload.pkg.github.com/Octo/demo",
        "https://upload.pkg.github.com/Octo/",
        "https://upload.pkg.github.com/Octo/_",
        "https://pypi.pkg.github.com/Octo/",
    ]


@pytest.mark.parametrize(
    "server", ["https://github.com", "https://ghes.example.org", "https://ghes.example.org:8443", "https://octo.ghe.com", "http://ghes.example.org"]
)
def test_hosts_follow_the_server(server: str) -> None:
    """A token goes no further than the runner's own domain, and never without encryption."""
    home = urlsplit(server).hostname

    assert len(of(server)) == 5
    for url in of(server):
        assert url.startswith("https://")
        assert f".{urlsplit(url).hostname}".endswith(f".{home}")


def test_a_server_on_this_machine_stands_for_all() -> None:
    """It has no names below its own."""
    assert of("http://127.0.0.1:80") == [f"http://127.0.0.1:80/Octo/{end}" for end in ("the-repo", "demo", "", "_")]


def test_the_first_with_an_index_is_found(server: Scripted, run: Run) -> None:
    """Asked by GET, without a credential and without a body; what each of the others answered is told."""

    def step(visit: Visit) -> None:
        there = "/c/" in visit.request().line or "/d/" in visit.server.asked[-1].line
        visit.say(200, b'{"meta": {"api-version": "1.0"}, "projects": []}', Content_Type=JSON) if there else visit.say(405)

    server.then(step)
    urls = [f"{server.url}/{name}" for name in "abcd"]

    assert find(urls, Transport(), run.watch) == (
        urls[2],
        [f"{urls[0]}: answered 405", f"{urls[1]}: answered 405", f"{urls[2]}: an index", f"{urls[3]}: an index"],
        True,
    )
    assert {asked.line.split()[0] for asked in server.asked} == {"GET"}
    assert all(asked.headers["Authorization"] is None and not asked.body for asked in server.asked)


def test_nobody_there_is_an_answer_too(server: Scripted, run: Run, free_port: int) -> None:
    """A line for each, however it failed."""
    server.then(answer(302, Location="/login"))
    urls = [f"http://127.0.0.1:{free_port}/x", server.url]

    assert find(urls, Transport(), run.watch) == ("", [f"{urls[0]}: no answer: 127.0.0.1:{free_port} refuses connections", f"{server.url}: answered 302"], True)


def test_an_answer_that_cannot_be_used_is_one(server: Scripted, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server is there, whatever is wrong with its page."""
    monkeypatch.setattr(simple_api, "LONGEST_PAGE", 10)
    server.then(answer(200, b"x" * 20))

    found, (line,), answered = find([server.url], Transport(), run.watch)

    assert (found, answered) == ("", True)
    assert line.endswith("answered with more than 10 bytes")


def test_a_cancel_is_no_answer(server: Scripted) -> None:
    """It says nothing about GitHub."""
    server.then(hang_at_once)
    watch = Watch(600, lambda _: None)
    cancel_at(server.hanging, watch)

    with pytest.raises(Cancelled):
        find([server.url], Transport(), watch)
