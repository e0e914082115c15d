"""`repository=URL` and `github-packages`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests import factory
from tests.servers.front import Fault
from tests.targets.contract import ServerContract, once, watch
from tests.targets.indexes import DevpiStand, GithubStand, PypiServerStand, check, from_options, make
from twine.utils import DEFAULT_REPOSITORY

from pkg_publish.clients import retry
from pkg_publish.clients.network import Credential
from pkg_publish.errors import ConfigError, PublishError
from pkg_publish.model import Receipt, Visibility
from pkg_publish.secret import Secret
from pkg_publish.targets import repository

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.devpi import Devpi
    from tests.servers.pypiserver import PypiServer

    from pkg_publish.model import Release


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries follow one another at once."""
    monkeypatch.setattr(retry, "BASE", 0.0)
    monkeypatch.setattr(repository, "ELSEWHERE", 0.0)


@pytest.fixture
def release(tmp_path: Path) -> Release:
    """A wheel and an sdist."""
    return factory.release(tmp_path / "dist")


@pytest.mark.usefixtures("no_pauses")
class TestContractOnPypiserver(ServerContract):
    """The contract, on pypiserver."""

    @pytest.fixture
    def stand(self, pypiserver: PypiServer) -> PypiServerStand:
        """An empty server."""
        return PypiServerStand(pypiserver)


@pytest.mark.usefixtures("no_pauses")
class TestContractOnDevpi(ServerContract):
    """The contract, on devpi."""

    @pytest.fixture
    def stand(self, devpi: Devpi) -> DevpiStand:
        """An empty index."""
        return DevpiStand(devpi)


@pytest.mark.usefixtures("no_pauses")
class TestContractOnGithubPackages(ServerContract):
    """The contract, on the day when GitHub has a registry."""

    @pytest.fixture
    def stand(self, devpi: Devpi) -> GithubStand:
        """An empty index."""
        return GithubStand(devpi)


MISTAKES = [
    ({}, "target-without-place"),
    ({"url": "http://index.example.org/"}, "insecure-url"),
    ({"url": "https://me:secret@index.example.org/"}, "credentials-in-url"),
    ({"url": "https://index.example.org/", "index-url": "http://index.example.org/"}, "insecure-url"),
    ({"url": "https://index.example.org/", "username": "me"}, "half-a-login"),
    ({"url": "https://index.example.org/", "password-env": "GIVEN"}, "half-a-login"),
    ({"url": "https://index.example.org/", "username": "me", "password-env": "EMPTY"}, "secret-is-empty"),
    ({"url": "https://index.example.org/", "username": "me", "password-env": "BROKEN"}, "secret-is-odd"),
    ({"url": DEFAULT_REPOSITORY}, "no-index-url"),
]


@pytest.mark.parametrize(("options", "code"), MISTAKES, ids=[str(number) for number in range(len(MISTAKES))])
def test_mistakes_are_found_before_anybody_is_asked(options: dict[str, str], code: str) -> None:
    """Each with what to write instead."""
    with pytest.raises(ConfigError) as caught:
        from_options(options, {"GIVEN": "secret", "EMPTY": "", "BROKEN": "two\nlines"})

    assert caught.value.code == code
    assert caught.value.cure
    assert "secret" not in caught.value.what


def test_pypi_is_public_and_late() -> None:
    """By whatever word it is named; others are the user's own choice."""
    pypi = from_options({"url": DEFAULT_REPOSITORY, "index-url": "https://index.example.org/simple/"})
    other = from_options({"url": "https://index.example.org/"})
    local = from_options({"url": "http://localhost:8080"})

    assert [(each.place.visibility, each.settles) for each in (pypi, other, local)] == [
        (Visibility.PUBLIC, 120),
        (Visibility.YOUR_CHOICE, repository.ELSEWHERE),
        (Visibility.YOUR_CHOICE, repository.ELSEWHERE),
    ]
    assert other.place.title == "the index at index.example.org"


def test_an_index_of_its_own(pypiserver: PypiServer, release: Release) -> None:
    """`index-url` is where it is read, and what readers are told."""
    url = f"{pypiserver.front.url}/simple"
    target = from_options({"url": pypiserver.url, "index-url": url})

    assert target.held(release, watch()) == []
    assert pypiserver.front.requests[0].path == "/simple/demo/"
    assert target.receipt(release, watch()) == Receipt(
        url=f"{url}/demo/",
        source=json.dumps({"repository": {"url": pypiserver.url, "index-url": url}}),
        index_url=f"{url}/",
    )


def test_an_index_that_has_no_metadata_beside_a_file_says_so(pypiserver: PypiServer, release: Release) -> None:
    """As pypiserver: readers then look into the file."""
    target = from_options({"url": pypiserver.url, "username": pypiserver.username, "password-env": "PASSWORD"}, {"PASSWORD": pypiserver.password})
    once(target, release)

    with pytest.raises(PublishError):
        target.metadata(target.files("demo", "1.0", watch())[0], watch())


def test_readers_need_no_login_where_the_index_is_open(pypiserver: PypiServer, release: Release) -> None:
    """What uploads needs a login, what installs does not; it is tried without one."""
    attempt = once(make(pypiserver.url, pypiserver.username, pypiserver.password), release)

    assert attempt.receipt == Receipt(url=f"{pypiserver.index_url}demo/", source=f"repository={pypiserver.url}", index_url=pypiserver.index_url)
    assert "Authorization" not in pypiserver.front.requests[-1].headers


@pytest.mark.parametrize("fault", [Fault(status=401), Fault(status=404)], ids=["401", "404"])
def test_readers_need_the_login_where_the_index_is_closed(pypiserver: PypiServer, release: Release, fault: Fault) -> None:
    """The receipt names the variable, never the password."""
    target = make(pypiserver.url, pypiserver.username, pypiserver.password)
    once(target, release)
    pypiserver.front.fail_reads(fault)

    receipt = target.receipt(release, watch())

    assert receipt.index_url == ""
    assert json.loads(receipt.source)["repository"] == {"url": pypiserver.url, "username": pypiserver.username, "password-env": "INDEX_PASSWORD"}


def test_checks_read_only(pypiserver: PypiServer, free_port: int) -> None:
    """Whether an index answers, and who would upload."""
    answers, silent = make(pypiserver.url, "me", "secret"), make(f"{pypiserver.front.url}/nowhere/")
    nobody = make(f"http://127.0.0.1:{free_port}/")

    rows = [[(row.check, row.ok) for row in check(target)] for target in (answers, silent, nobody)]

    assert rows == [[("index", True), ("login", None)], [("index", None), ("login", None)], [("index", False), ("login", None)]]
    assert "me" in check(answers)[1].found
    assert "secret" not in repr(check(answers))
    assert {seen.method for seen in pypiserver.front.requests} == {"GET"}


@pytest.mark.parametrize("url", ["https://index.example.org/?token=x", "https://index.example.org/#x"])
def test_an_address_has_no_query(url: str) -> None:
    """What stands there ends up in logs."""
    with pytest.raises(ConfigError):
        from_options({"url": url})


def test_pypi_is_known_with_a_dot_at_its_end() -> None:
    """DNS knows it so; nobody gets past the guard of private sources by it."""
    pypi = from_options({"url": DEFAULT_REPOSITORY.replace(".org/", ".org./"), "index-url": "https://index.example.org/simple/"})

    assert pypi.place.visibility is Visibility.PUBLIC


def test_a_server_that_repeats_the_login_is_not_quoted_with_it(pypiserver: PypiServer, tmp_path: Path) -> None:
    """Neither the password nor its header is in a message."""
    login = Credential.basic("http://localhost", pypiserver.username, Secret(pypiserver.password)).header()
    pypiserver.front.fail_writes(Fault(status=403, body=f"no: you sent {login} and {pypiserver.password}".encode()))

    attempt = once(make(pypiserver.url, pypiserver.username, pypiserver.password), factory.release(tmp_path))

    assert attempt.problem is not None
    assert attempt.problem.said == "no: you sent Basic *** and ***"
