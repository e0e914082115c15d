"""The fake GitHub answers as GitHub does: by its description, and to PyGithub."""

from __future__ import annotations

import hashlib
import http.client
from typing import TYPE_CHECKING

import pytest
import requests
from github import Auth, Github, GithubException, UnknownObjectException
from tests.servers.front import Fault
from tests.servers.github import ADMIN, FOREIGN, READER, primary_limit, secondary_limit
from tests.servers.github_world import MAIN, Commit, stored_name

if TYPE_CHECKING:
    from github.Repository import Repository
    from tests.servers import github as server


def client(github: server.Github, token: str | None = None) -> Repository:
    """The repository, as PyGithub sees it."""
    auth = Auth.Token(github.token if token is None else token)
    made = Github(base_url=github.url, auth=auth, retry=None, seconds_between_requests=None, seconds_between_writes=None)
    return made.get_repo("octo/demo")


def upload(github: server.Github, number: int, name: str, data: bytes = b"the file", token: str = "") -> requests.Response:
    """Upload an asset."""
    every = {"Authorization": f"Bearer {token or github.token}", "Content-Type": "application/octet-stream"}
    address = f"{github.uploads.url}/repos/octo/demo/releases/{number}/assets"
    return requests.post(address, params={"name": name}, data=data, headers=every, timeout=10)


def ask(github: server.Github, method: str, path: str, content: object = None, token: str | None = None, **headers: str) -> requests.Response:
    """Ask the API."""
    every = {"Accept": "application/vnd.github+json", "Authorization": f"Bearer {token or github.token}"} | headers
    return requests.request(method, f"{github.url}/repos/octo/demo{path}", json=content, headers=every, timeout=10, allow_redirects=False)


def test_a_release_from_draft_to_download(github: server.Github) -> None:
    """PyGithub makes a draft, publishes and reads, and all of it is as GitHub describes it; it does not upload to another port of its host."""
    repository = client(github)
    draft = repository.create_git_release("v1.0", "One", "Notes", draft=True, target_commitish=MAIN, generate_release_notes=True, make_latest="false")
    assert upload(github, draft.id, "demo-1.0+local.tar.gz").status_code == 201
    (asset,) = draft.get_assets()
    assert "untagged-" in draft.html_url
    assert (asset.name, asset.state, asset.digest) == ("demo-1.0+local.tar.gz", "uploaded", f"sha256:{hashlib.sha256(b'the file').hexdigest()}")

    release = draft.update_release("One", "Notes", draft=False, tag_name="v1.0")

    assert release.html_url == f"{github.server_url}/octo/demo/releases/tag/v1.0"
    assert repository.get_release("v1.0").get_assets()[0].browser_download_url.endswith("/releases/download/v1.0/demo-1.0%2Blocal.tar.gz")
    assert repository.get_git_ref("tags/v1.0").object.sha == repository.get_commit("v1.0").sha == MAIN
    assert repository.get_latest_release().id == release.id
    assert github.stored("v1.0") == {"demo-1.0+local.tar.gz": hashlib.sha256(b"the file").hexdigest()}


def test_a_draft_is_not_found_by_its_tag(github: server.Github) -> None:
    """But in the list, of those who may write."""
    github.put_release("v1.0", draft=True)

    with pytest.raises(UnknownObjectException):
        client(github).get_release("v1.0")
    assert [release.draft for release in client(github).get_releases()] == [True]
    assert list(client(github, READER).get_releases()) == []
    assert "v1.0" not in github.world.tags


def test_a_tag_may_have_two_drafts_but_one_release(github: server.Github) -> None:
    """The second publication is refused, by making and by changing."""
    for _ in range(2):
        assert ask(github, "POST", "/releases", {"tag_name": "v1.0", "draft": True}).status_code == 201
    first, second = github.world.releases
    assert ask(github, "PATCH", f"/releases/{first.id}", {"draft": False}).status_code == 200

    answers = [ask(github, "PATCH", f"/releases/{second.id}", {"draft": False}), ask(github, "POST", "/releases", {"tag_name": "v1.0"})]

    assert [answer.json()["errors"] for answer in answers] == [[{"resource": "Release", "code": "already_exists", "field": "tag_name"}]] * 2


def test_two_at_the_same_time_make_two_releases(github: server.Github) -> None:
    """GitHub's own race."""
    github.put_release("v1.0")
    github.world.blind = 1

    assert [ask(github, "POST", "/releases", {"tag_name": "v1.0"}).status_code for _ in range(2)] == [201, 422]


def test_an_asset_name_is_taken_once(github: server.Github) -> None:
    """As it is stored, whoever uploads."""
    release = github.put_release("v1.0")
    statuses = [upload(github, release.id, name).status_code for name in ("demo~1.txt", "demo.1.txt")]

    assert statuses == [201, 422]
    assert list(github.stored("v1.0")) == ["demo.1.txt"]


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("pkg-1.0+cu121-cp311-cp311-linux_x86_64.whl", "pkg-1.0+cu121-cp311-cp311-linux_x86_64.whl"),
        ("pkg-1.0~rc1.tar.gz", "pkg-1.0.rc1.tar.gz"),
        ("pkg-1!2.0-py3-none-any.whl", "pkg-1.2.0-py3-none-any.whl"),
        ("a b(1).whl", "a.b.1.whl"),
        (".hidden", "default.hidden"),
        ("naïve.txt", "naive.txt"),
    ],
)
def test_github_renames(name: str, stored: str) -> None:
    """What is no letter, digit or one of `-_+@` becomes a dot."""
    assert stored_name(name) == stored


def test_a_broken_upload_leaves_a_starter(github: server.Github) -> None:
    """It blocks the name until it is removed."""
    release = github.put_release("v1.0")
    github.world.broken_uploads = 1

    statuses = [upload(github, release.id, "demo.txt").status_code for _ in range(2)]

    assert statuses == [502, 422]
    (asset,) = client(github).get_release("v1.0").get_assets()
    assert (asset.state, asset.digest) == ("starter", None)
    asset.delete_asset()
    assert upload(github, release.id, "demo.txt").status_code == 201


def test_an_immutable_release_is_locked(github: server.Github) -> None:
    """Its assets and its tag, for ever; not its notes."""
    github.world.immutable = True
    draft = client(github).create_git_release("v1.0", "One", "", draft=True)
    upload(github, draft.id, "demo.txt")
    release = draft.update_release("One", "", draft=False)

    assert release.immutable
    assert upload(github, release.id, "other.txt").json()["message"] == "Cannot upload assets to an immutable release."
    with pytest.raises(GithubException, match="Cannot delete asset from an immutable release"):
        release.get_assets()[0].delete_asset()
    release.update_release("One", "Better notes").delete_release()
    assert "tag_name was used by an immutable release" in ask(github, "POST", "/releases", {"tag_name": "v1.0"}).text


def test_a_release_has_no_more_than_a_thousand_assets(github: server.Github) -> None:
    """The next is refused."""
    release = github.put_release("v1.0")
    for number in range(1000):
        github.put(release, f"{number}.txt", b"x")

    assert "file_count limited to 1000 assets per release" in upload(github, release.id, "more.txt").text
    assert len(list(client(github).get_release("v1.0").get_assets())) == 1000


def test_an_asset_has_a_size_below_2_gib(github: server.Github) -> None:
    """More is refused before it is sent, and nothing, or what has no known size, is too."""
    release = github.put_release("v1.0")
    connection = http.client.HTTPConnection(github.uploads.upstream.netloc, timeout=10)
    headers = {"Authorization": f"Bearer {github.token}", "Content-Type": "text/plain", "Content-Length": str((1 << 31) + 1)}
    connection.request("POST", f"/repos/octo/demo/releases/{release.id}/assets?name=demo.txt", headers=headers)
    said = connection.getresponse().read()
    connection.close()

    assert b"size must be less than or equal to 2147483648" in said
    assert upload(github, release.id, "empty.txt", b"").status_code == 400


@pytest.mark.parametrize(("token", "status", "accepted"), [("ghs_expired", 401, None), (READER, 403, "contents=write"), (FOREIGN, 403, "contents=write")])
def test_who_may_not_write_is_told_why(github: server.Github, token: str, status: int, accepted: str | None) -> None:
    """Releases, notes and uploads."""
    release = github.put_release("v1.0")
    answers = [
        ask(github, "POST", "/releases", {"tag_name": "v2.0"}, token),
        ask(github, "POST", "/releases/generate-notes", {"tag_name": "v2.0"}, token),
        upload(github, release.id, "demo.txt", token=token),
    ]

    assert [answer.status_code for answer in answers] == [status] * 3
    assert [answer.headers.get("X-Accepted-GitHub-Permissions") for answer in answers] == [accepted] * 3
    assert {answer.json()["message"] for answer in answers} == {"Bad credentials" if status == 401 else "Resource not accessible by integration"}


def test_a_private_repository_is_not_there_for_strangers(github: server.Github) -> None:
    """A public one is."""
    url = f"{github.url}/repos/octo/demo"
    public = requests.get(url, timeout=10).status_code
    github.world.private = True

    assert (public, requests.get(url, timeout=10).status_code, client(github).private) == (200, 404, True)


def test_the_tag_is_made_on_the_target(github: server.Github) -> None:
    """If it is not there: else the target means nothing. A commit that changes workflows needs more."""
    work, flows = (hashlib.sha1(word, usedforsecurity=False).hexdigest() for word in (b"work", b"flows"))
    github.world.commits |= {work: Commit(sha=work), flows: Commit(sha=flows, touches_workflows=True)}
    github.world.tags["v1.0"] = MAIN
    statuses = [
        ask(github, "POST", "/releases", {"tag_name": tag, "target_commitish": target}, token).status_code
        for tag, target, token in [("v1.0", work, None), ("v2.0", work, None), ("v3.0", flows, None), ("v3.0", flows, ADMIN), ("v4.0", "no-branch", None)]
    ]

    assert statuses == [201, 201, 403, 201, 422]
    assert github.world.tags == {"v1.0": MAIN, "v2.0": work, "v3.0": flows}


def test_an_annotated_tag_leads_to_its_commit(github: server.Github) -> None:
    """In two steps."""
    github.world.tags["v1.0"], github.world.annotated["a" * 40] = "a" * 40, MAIN
    ref = client(github).get_git_ref("tags/v1.0")

    assert (ref.object.type, client(github).get_git_tag(ref.object.sha).object.sha) == ("tag", MAIN)
    assert client(github).create_git_ref("refs/tags/v2.0", MAIN).object.sha == MAIN


def test_latest_is_never_a_prerelease(github: server.Github) -> None:
    """Nor what says that it is not."""
    for facts in ({"tag_name": "v2.0"}, {"tag_name": "v1.1", "make_latest": "false"}, {"tag_name": "v3.0rc1", "prerelease": True}):
        ask(github, "POST", "/releases", facts)

    assert client(github).get_latest_release().tag_name == "v2.0"


def test_bytes_lie_elsewhere(github: server.Github) -> None:
    """Whoever brings the login there is refused."""
    asset = github.put(github.put_release("v1.0"), "demo.txt", b"0123456789")

    found = ask(github, "GET", f"/releases/assets/{asset.id}", Accept="application/octet-stream")

    assert found.status_code == 302
    assert requests.get(found.headers["Location"], timeout=10).content == b"0123456789"
    assert requests.get(found.headers["Location"], headers={"Range": "bytes=2-4"}, timeout=10).content == b"234"
    assert requests.get(found.headers["Location"], headers={"Authorization": "Bearer x"}, timeout=10).status_code == 400
    assert [call.authorization for call in github.storage.calls] == [None, None, "Bearer x"]


def test_the_web_site_shows_what_is_public(github: server.Github) -> None:
    """And hides drafts."""
    github.put(github.put_release("v1.0"), "demo.txt", b"the file")
    github.put(github.put_release("v2.0", draft=True), "demo.txt", b"the draft")
    addresses = [asset.browser_download_url for release in client(github).get_releases() for asset in release.get_assets()]

    assert [requests.get(address, timeout=10).status_code for address in addresses] == [404, 200]
    assert requests.get(f"{github.server_url}/octo/demo/releases/tag/v1.0", timeout=10).ok


def test_lists_have_pages(github: server.Github) -> None:
    """With links to the next."""
    for number in range(5):
        github.put_release(f"v{number}")
    links = [ask(github, "GET", f"/releases?per_page=2&page={page}").links for page in (1, 2, 3)]

    assert [sorted(each) for each in links] == [["last", "next"], ["first", "last", "next", "prev"], ["first", "prev"]]
    assert [release.tag_name for release in client(github).get_releases()] == ["v4", "v3", "v2", "v1", "v0"]


def test_what_was_just_written_may_not_be_seen(github: server.Github) -> None:
    """For as many reads as a test says."""
    github.world.lag_by_tag = github.world.lag_in_list = 1
    ask(github, "POST", "/releases", {"tag_name": "v1.0"})

    assert [ask(github, "GET", "/releases/tags/v1.0").status_code for _ in range(2)] == [404, 200]
    assert [len(ask(github, "GET", "/releases").json()) for _ in range(2)] == [0, 1]


def test_limits_are_faults(github: server.Github) -> None:
    """In GitHub's words, before anything happens."""
    github.api.fail_writes(secondary_limit(30), secondary_limit(None, 429), primary_limit(1_800_000_000), Fault(status=502))
    answers = [ask(github, "POST", "/releases", {"tag_name": "v1.0"}) for _ in range(5)]

    assert [answer.status_code for answer in answers] == [403, 429, 403, 502, 201]
    assert answers[0].headers["Retry-After"] == "30"
    assert "secondary rate limit" in answers[0].json()["message"]


def test_prism_judges(github: server.Github) -> None:
    """A request that GitHub does not describe does not get through, nor does such an answer."""
    github.put_release("v1.0", name=1)
    answers = [ask(github, "POST", "/releases", {"name": "no tag"}), ask(github, "GET", "/releases/tags/v1.0")]

    assert [answer.status_code for answer in answers] == [422, 500]
    assert len(github.violations) == 2
    github.violations.clear()
