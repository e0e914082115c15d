"""Asking GitHub through PyGithub, on our transport."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.clients.stand import Run, cancel_at, failure, hang
from tests.servers import github as fake
from tests.servers.front import Fault
from tests.servers.github_json import asset_json
from tests.servers.scripted import answer

from pkg_publish.clients.attachments import Checksums
from pkg_publish.clients.github_api import GithubApi
from pkg_publish.clients.github_home import GithubHome
from pkg_publish.clients.github_refusals import immutable
from pkg_publish.clients.transport import Transport
from pkg_publish.errors import Failure, PublishError
from pkg_publish.formats.github_release import Marker, TaggedRelease, Wish
from pkg_publish.model import Item
from pkg_publish.secret import Secret

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.scripted import Scripted, Step

ITEM = Item(name="x", sha256="11")
FILE = Checksums.of("demo.txt", [ITEM])
RELEASE = TaggedRelease(id=1, tag="v1.0")


def api(url: str) -> GithubApi:
    """The repository `octo/demo` at an address."""
    return GithubApi(url=url, name="octo/demo", transport=Transport(), token=Secret(fake.TOKEN), immutable=immutable("push", many=False))


def put(github: fake.Github, name: str) -> PublishError:
    """What becomes of sending a file of this name to a release that is there."""
    wish = Wish(project="demo", version="1.0", tag="v1.0", fixed=False, commit="", name="", notes="", draft=False, prerelease=False, latest="auto")
    home = GithubHome(api=api(github.url), wish=wish, marker=Marker(), many=False)
    github.put_release("v1.0")
    run = Run()
    there = home.find(run.watch)
    assert there
    return failure(lambda: home.put(there, Checksums.of(name, [ITEM]), run.watch))


def says(value: object) -> Step:
    """200, with JSON."""
    return answer(200, json.dumps(value).encode(), Content_Type="application/json")


def test_no_netrc_comes_before_our_token(github: fake.Github, home: Path, run: Run) -> None:
    """Neither in what PyGithub asks nor in what we send ourselves."""
    (home / ".netrc").write_text("default login somebody password else\n")
    asking, made = api(github.url), github.put_release("v1.0")
    found = asking.published("v1.0", run.watch)
    assert found
    asking.upload(found, FILE, run.watch, lambda: False)

    seen = [*github.api.requests, *github.uploads.requests]
    assert {each.headers["Authorization"] for each in seen} == {f"Bearer {fake.TOKEN}"}
    assert [asset.name for asset in made.assets] == [FILE.name]


def test_every_page_is_read(github: fake.Github, run: Run) -> None:
    """Of releases, and of assets."""
    for number in range(101):
        github.put_release(f"v{number}")
    for number in range(101):
        github.put(github.release("v7"), f"{number}.txt", b"x")
    found = api(github.url).releases(run.watch)

    assert len({each.id for each in found}) == 101
    (seventh,) = (each for each in found if each.tag == "v7")
    assert len(api(github.url).assets(seventh, run.watch)) == 101


def test_what_an_old_server_does_not_say_is_not_asked_for(server: Scripted, run: Run) -> None:
    """PyGithub would ask for each release and asset once more."""
    asset = {"id": 2, "name": "a.txt", "state": "uploaded", "size": 1, "created_at": "2026-01-01T00:00:00Z", "url": f"{server.url}/a/2"}
    asset["browser_download_url"] = f"{server.url}/d/2"
    whole = {"tag_name": "v1.0", "name": "One", "target_commitish": "main", "body": None, "draft": False, "prerelease": False, "html_url": "", "upload_url": ""}
    server.then(says([{"id": 1, "url": f"{server.url}/r/1", "author": {"login": "x"}, "assets": [asset]} | whole]))

    (found,) = api(server.url).releases(run.watch)

    assert (found.immutable, found.assets[0].sha256) == (False, None)
    assert len(server.asked) == 1


@pytest.mark.parametrize("value", [None, 5, [1], {"assets": [1]}, {"id": "x", "tag_name": []}], ids=str)
def test_json_of_another_kind_is_no_answer(server: Scripted, run: Run, value: object) -> None:
    """Whoever sends it."""
    server.then(says(value))

    problem = failure(lambda: api(server.url).published("v1.0", run.watch))

    assert (problem.kind, problem.code) == (Failure.UNAVAILABLE, "unexpected-answer")


def test_a_page_of_html_is_no_answer(server: Scripted, run: Run) -> None:
    """A proxy may stand in between."""
    server.then(answer(200, b"<html>", Content_Type="text/html"))

    assert failure(lambda: api(server.url).releases(run.watch)).code == "unexpected-answer"


def test_tries_and_pauses_are_ours(github: fake.Github, run: Run) -> None:
    """PyGithub asks once, and does not wait by itself."""
    github.api.fail_reads(Fault(status=503), Fault(status=503))

    assert api(github.url).releases(run.watch) == []
    assert len(github.api.requests) == 3
    assert len(run.pauses) == 2


def test_a_cancel_ends_what_pygithub_asks(server: Scripted, run: Run) -> None:
    """Within a second, whatever the server does."""
    server.then(hang)
    cancel_at(server.hanging, run.watch)

    assert failure(lambda: api(server.url).releases(run.watch)).kind is Failure.CANCELLED


@pytest.mark.parametrize("host", ["localhost", "uploads.example.org", "github.com.example.org"])
def test_no_file_and_no_token_goes_to_a_foreign_host(github: fake.Github, run: Run, host: str) -> None:
    """Whatever the answer says of where uploads go."""
    there = TaggedRelease(id=1, tag="v1.0", upload_url=f"http{'' if host == 'localhost' else 's'}://{host}/up{{?name,label}}")

    problem = failure(lambda: api(github.url).upload(there, FILE, run.watch, lambda: False))

    assert (problem.kind, problem.code) == (Failure.INTEGRITY, "foreign-address")
    assert github.uploads.requests == []


@pytest.mark.parametrize(
    ("url", "uploads"),
    [
        ("https://api.github.com", "https://uploads.github.com/x"),
        ("https://api.octo.ghe.com", "https://uploads.octo.ghe.com/x"),
        ("https://git.example.org/api/v3", "https://git.example.org/api/uploads/x"),
    ],
)
def test_a_host_of_githubs_own_gets_the_token(url: str, uploads: str) -> None:
    """On github.com, with data residency, and on a server of one's own."""
    assert api(url)._credential(uploads)
    assert failure(lambda: api(url)._credential("https://uploads.other.ghe.com/x")).code == "foreign-address"


@pytest.mark.parametrize("value", [{}, [], {"id": 1, "name": "demo.txt"}], ids=str)
def test_an_upload_of_which_nothing_is_said_may_have_arrived(server: Scripted, run: Run, value: object) -> None:
    """So the look has to find out."""
    server.then(says(value))
    there = TaggedRelease(id=1, tag="v1.0", upload_url=f"{server.url}/up")

    problem = failure(lambda: api(server.url).upload(there, FILE, run.watch, lambda: False))

    assert (problem.code, problem.reached) == ("unexpected-answer", True)


def test_what_github_renames_is_deleted_again(github: fake.Github) -> None:
    """Should it follow other rules than we know."""
    problem = put(github, "demo~1.txt")

    assert (problem.kind, problem.code) == (Failure.INVALID, "asset-name")
    assert github.stored("v1.0") == {}


def test_other_bytes_than_were_sent_are_deleted_again(github: fake.Github, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anybody takes them."""
    monkeypatch.setattr("tests.servers.github.asset_json", lambda *facts: asset_json(*facts) | {"digest": f"sha256:{'0' * 64}"})

    problem = put(github, "demo.txt")

    assert (problem.kind, problem.code) == (Failure.INTEGRITY, "wrong-digest")
    assert github.stored("v1.0") == {}


def test_what_is_gone_is_as_good_as_deleted(github: fake.Github, run: Run) -> None:
    """And has no assets."""
    asking = api(github.url)
    asking.delete_draft(RELEASE, lambda _: True, run.watch)

    assert asking.assets(RELEASE, run.watch) == []
    assert github.writes() == 0


def test_a_draft_that_somebody_has_published_is_not_deleted(github: fake.Github, run: Run) -> None:
    """However empty it is."""
    made = github.put_release("v1.0")

    api(github.url).delete_draft(TaggedRelease(id=made.id, tag="v1.0", draft=True), lambda _: True, run.watch)

    assert github.world.releases == [made]
