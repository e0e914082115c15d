"""`github-packages`: the search, and what becomes of it; its contract runs in `test_repository.py`, as its file does."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests import factory
from tests.clients.stand import hang
from tests.servers.scripted import Scripted, Visit, answer
from tests.targets.contract import once, watch
from tests.targets.indexes import GithubStand, check

from pkg_publish.errors import Failure
from pkg_publish.runner import Runner
from pkg_publish.secret import Secret
from pkg_publish.state import Done
from pkg_publish.targets.base import Ambient, Target, TargetSpec
from pkg_publish.targets.repository import GithubPackagesKind

if TYPE_CHECKING:
    from tests.servers.devpi import Devpi
    from tests.servers.pypiserver import PypiServer
    from tests.servers.scripted import Step

    from pkg_publish.model import Release


@pytest.fixture
def release(tmp_path: Path) -> Release:
    """A wheel and an sdist."""
    return factory.release(tmp_path / "dist")


def github(server_url: str, repository: str = "octo/the-repo", **options: str) -> Target:
    """The target, with a token that must not get about."""
    runner = Runner(server_url=server_url, repository=repository)
    ambient = Ambient(folder=Path(), environ={}, runner=runner, tokens={"github-token": Secret("ghs_canary")})
    return GithubPackagesKind().make(TargetSpec(kind="github-packages", options=options), ambient)


def block_page(visit: Visit) -> None:
    """What a firewall answers."""
    visit.request()
    visit.say(200, b"<title>Blocked</title><h1>This page is blocked</h1>", Content_Type="text/html")


@pytest.mark.parametrize("step", [answer(404), answer(401), answer(405), answer(503), answer(302, Location="/login"), block_page, hang], ids=range(7))
def test_github_has_no_registry(step: Step, release: Release) -> None:
    """Whatever its addresses answer: unsupported in three seconds, each answer told, nothing sent but the question."""
    with Scripted().then(step) as server:
        began = time.monotonic()
        attempt = once(github(server.url), release)

        assert time.monotonic() - began < 3
        assert (attempt.outcome, attempt.problem and attempt.problem.code) == (Failure.UNSUPPORTED, "github-packages-has-no-python-registry")
        assert attempt.problem
        assert "limit of GitHub" in attempt.problem.cure
        assert [line.partition(": ")[0] for line in attempt.problem.details] == [f"{server.url}/octo/{end}" for end in ("the-repo", "demo", "", "_")]
        assert len(server.asked) == 4
        assert all(asked.line.startswith("GET ") and not asked.body and "Authorization" not in asked.headers for asked in server.asked)


def test_addresses_that_do_not_answer_serve_no_index_either(release: Release, free_port: int) -> None:
    """Still unsupported, for GitHub has no such registry; but nobody is said to have answered."""
    attempt = once(github(f"http://127.0.0.1:{free_port}"), release)

    assert (attempt.outcome, attempt.problem and attempt.problem.code) == (Failure.UNSUPPORTED, "github-packages-has-no-python-registry")
    assert attempt.problem
    assert attempt.problem.what.endswith("none of its addresses answered, and none is known to serve an index")


def test_github_is_asked_once_a_run(release: Release) -> None:
    """The answer of the first look is that of all later ones."""
    with Scripted().then(answer(404)) as server:
        target = github(server.url)
        outcomes = [once(target, release).outcome for _ in range(2)]

        assert outcomes == [Failure.UNSUPPORTED] * 2
        assert len(server.asked) == 4


def test_without_a_repository_nothing_is_asked(release: Release) -> None:
    """There is no address to ask."""
    with Scripted().then(answer(404)) as server:
        attempt = once(github(server.url, repository=""), release)

        assert attempt.outcome is Failure.UNSUPPORTED
        assert attempt.problem
        assert attempt.problem.details == ("the GitHub repository is not known, so nothing was asked",)
        assert server.connections == 0


def test_the_token_is_sent_to_no_other_host(devpi: Devpi, release: Release) -> None:
    """Not with the search, and afterwards only to the address that was found."""
    attempt = once(GithubStand(devpi).target(), release)

    searched = [seen for seen in devpi.front.requests if not seen.path.startswith(f"/{devpi.name}")]
    assert attempt.outcome is Done.PUBLISHED
    assert searched
    assert all("Authorization" not in seen.headers for seen in searched)
    assert attempt.receipt
    assert attempt.receipt.source == f"repository={devpi.front.url}/{devpi.name}"


def test_an_address_that_is_given_is_a_repository(pypiserver: PypiServer, release: Release) -> None:
    """Nothing is searched, and the token of the job stays at home."""
    target = github("https://github.com", url=pypiserver.url)

    attempt = once(target, release)

    assert attempt.outcome is Failure.REFUSED
    assert (target.place.kind, target.place.name) == ("github-packages", f"github-packages={pypiserver.url}")
    assert all("Authorization" not in seen.headers for seen in pypiserver.front.requests)


def test_the_check_says_what_is_known(devpi: Devpi, release: Release) -> None:
    """That GitHub has none, without asking; or what the repository says that was found."""
    target = GithubStand(devpi).target()

    before = check(target)
    asked = len(devpi.front.requests)
    target.held(release, watch())

    assert [(row.check, row.ok) for row in before] == [("Python registry", None)]
    assert asked == 0
    assert [row.check for row in check(target)] == ["index", "login"]
