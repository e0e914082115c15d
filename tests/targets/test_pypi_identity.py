"""Trusted publishing: the job's own identity, exchanged for a token."""

from __future__ import annotations

import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest
from tests import factory
from tests.servers.oidc import decoded, refused
from tests.servers.serving import Reply
from tests.targets.contract import once
from tests.targets.test_pypi import _addresses, make  # noqa: F401 - a fixture

from pkg_publish import publish
from pkg_publish.errors import Failure
from pkg_publish.plan import Plan
from pkg_publish.state import Done
from pkg_publish.watch import Hidden, Watch

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.pypi import Pypi
    from tests.servers.serving import Call

    from pkg_publish.model import Release


@pytest.fixture
def release(tmp_path: Path) -> Release:
    """A wheel and an sdist."""
    return factory.release(tmp_path / "dist")


def identity(pypi: Pypi, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process be a job that may ask for its identity."""
    for name, value in pypi.identities.environ().items():
        monkeypatch.setenv(name, value)


def test_publishes_by_the_jobs_identity(pypi: Pypi, release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    """One token for all files; it and the identity are told to be hidden before they are used."""
    identity(pypi, monkeypatch)
    events: list[object] = []
    target = make(None)

    upload = target.open(release, Watch(30, events.append))
    for each in release.distributions:
        upload.send(each, Watch(30, events.append))

    identified, minted = [event.secret.reveal() for event in events if isinstance(event, Hidden)]
    assert decoded(identified)
    assert minted == "pypi-minted-1-0123456789"
    assert len(pypi.files) == 2
    assert "pypi-minted" not in repr(events)


def test_a_token_that_ends_soon_is_renewed(pypi: Pypi, release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    """An upload of minutes outlives it otherwise."""
    identity(pypi, monkeypatch)
    pypi.exchange.lives = 10

    assert once(make(None), release).outcome is Done.PUBLISHED
    assert sum(call.path == "/_/oidc/mint-token" for call in pypi.calls) == 2


def test_an_identity_that_was_used_is_asked_for_anew(pypi: Pypi, release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    """It can be exchanged once."""
    identity(pypi, monkeypatch)
    pypi.exchange.lives, pypi.exchange.error = None, "invalid-reuse-token"

    assert once(make(None), release).outcome is Done.PUBLISHED


@pytest.mark.parametrize(
    ("code", "kind", "slug"),
    [
        ("invalid-publisher", Failure.REFUSED, "no-such-publisher"),
        ("invalid-pending-publisher", Failure.REFUSED, "pending-publisher-late"),
        ("not-enabled", Failure.UNAVAILABLE, "trusted-publishing-off"),
        ("invalid-payload", Failure.REFUSED, "identity-refused"),
    ],
)
def test_a_refused_identity_shows_what_was_compared(  # noqa: PLR0917
    pypi: Pypi, release: Release, monkeypatch: pytest.MonkeyPatch, code: str, kind: Failure, slug: str
) -> None:
    """With the form to register it, filled in; nothing was sent."""
    identity(pypi, monkeypatch)
    pypi.exchange.error, pypi.identities.claims["environment"] = code, "release"

    attempt = once(make(None), release)

    assert attempt.problem is not None
    assert (attempt.outcome, attempt.problem.code) == (kind, slug)
    assert "repository: octo/demo" in attempt.problem.details
    if slug in {"no-such-publisher", "pending-publisher-late"}:
        assert attempt.problem.paste.endswith("?provider=github&owner=octo&repository=demo&workflow_filename=release.yml&environment=release")
    assert not pypi.files


def test_a_job_without_the_permission_is_told_which(pypi: Pypi, release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    """The YAML to paste."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")

    attempt = once(make(None), release)

    assert attempt.problem is not None
    assert (attempt.outcome, attempt.problem.code) == (Failure.REFUSED, "id-token-permission")
    assert "id-token: write" in attempt.problem.paste
    assert not pypi.files
    assert not [call.path for call in pypi.calls if "oidc" in call.path]


@pytest.mark.parametrize(("token", "outcome"), [("", Failure.REFUSED), ("another", Failure.UNAVAILABLE)])
def test_no_identity_to_be_had(pypi: Pypi, release: Release, monkeypatch: pytest.MonkeyPatch, token: str, outcome: Failure) -> None:
    """A job that may not ask for one is refused; a runner that gives none is unavailable."""
    identity(pypi, monkeypatch)
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", token)

    assert once(make(None), release).outcome is outcome


@pytest.mark.parametrize("body", [b"\xff\xfe", b"[]", b"{}", b'{"value": ""}', b'{"value": "a.b.c"}', b'{"value": "e30.WzFd.x"}', b'{"value": "e30"}'])
def test_what_is_no_identity_is_none(pypi: Pypi, release: Release, monkeypatch: pytest.MonkeyPatch, body: bytes) -> None:
    """Whatever the runner answers: nothing is sent to the index."""
    identity(pypi, monkeypatch)
    monkeypatch.setattr(pypi.identities, "answer", lambda _: Reply(body=body, headers={"Content-Type": "application/json"}))

    attempt = once(make(None), release)

    assert attempt.problem is not None
    assert (attempt.outcome, attempt.problem.code in {"no-identity", "unexpected-answer"}) == (Failure.UNAVAILABLE, True)
    assert not any(call.path.endswith("mint-token") for call in pypi.calls)


def test_a_runner_that_is_busy_is_asked_again(pypi: Pypi, release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    """As any server that is read."""
    identity(pypi, monkeypatch)
    answer, refusals = pypi.identities.answer, [Reply(status=503, body=b"\xff")] * 2
    monkeypatch.setattr(pypi.identities, "answer", lambda call: refusals.pop() if refusals else answer(call))

    assert once(make(None), release).outcome is Done.PUBLISHED


def test_a_runner_that_is_silent_holds_up_no_cancel(pypi: Pypi, release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes the question and says nothing."""
    identity(pypi, monkeypatch)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", f"http://127.0.0.1:{silent.getsockname()[1]}/?x=1")
        ours = Watch(600, lambda _: None)
        ended: list[float] = []

        def cancel() -> None:
            with silent.accept()[0]:
                began = time.monotonic()
                ours.cancel()
                over.wait()
                ended.append(time.monotonic() - began)

        over, waiter = threading.Event(), threading.Thread(target=cancel)
        waiter.start()

        (attempt,) = publish.run(Plan(targets=[make(None)]), release, ours)
        over.set()
        waiter.join()

    assert attempt.outcome is Failure.CANCELLED
    assert ended[0] < 5


@pytest.mark.parametrize("audience", [None, [], "", "sigstore", "sts.example.org"], ids=str)
def test_an_identity_is_for_the_index_alone(pypi: Pypi, release: Release, monkeypatch: pytest.MonkeyPatch, audience: object) -> None:
    """One for somebody else would let the index be this job there."""
    identity(pypi, monkeypatch)
    monkeypatch.setattr(pypi.exchange, "audience", audience)

    attempt = once(make(None), release)

    assert attempt.problem is not None
    assert (attempt.outcome, attempt.problem.code) == (Failure.UNAVAILABLE, "unexpected-answer")
    assert pypi.identities.calls == []


def test_an_identity_that_is_echoed_is_not_shown(pypi: Pypi, release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither whole nor in pieces."""
    identity(pypi, monkeypatch)
    echoed: list[str] = []
    answer = pypi.answer

    def echoing(call: Call) -> Reply:
        if not call.path.endswith("mint-token"):
            return answer(call)
        jwt = call.json()["token"]
        echoed.extend([jwt, *jwt.split("."), jwt[:10], jwt[-10:]])
        return refused("invalid-payload", f"input_value='{jwt[:10]}...{jwt[-10:]}' of {jwt.split('.')[2]}: {jwt}")

    monkeypatch.setattr(pypi, "answer", echoing)

    problem = once(make(None), release).problem

    assert problem is not None
    assert "input_value='***...***' of ***: ***" in problem.said
    assert not any(piece in repr(vars(problem)) for piece in echoed)


def test_a_token_that_ends_while_a_file_goes_up_is_renewed_once(pypi: Pypi, release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is sent again; a token that ends again is told, with what helps."""
    identity(pypi, monkeypatch)
    answer, slow = pypi.answer, [True, False, True]

    def slowly(call: Call) -> Reply:
        if call.path == "/legacy/" and slow and slow.pop():
            pypi.exchange.minted = {token: (projects, 0) for token, (projects, _) in pypi.exchange.minted.items()}
        return answer(call)

    monkeypatch.setattr(pypi, "answer", slowly)

    assert once(make(None), release).outcome is Done.PUBLISHED
    assert (len(pypi.files), len(pypi.exchange.used)) == (2, 3)

    pypi.files.clear()
    slow.extend([True] * 9)
    problem = once(make(None), release).problem
    assert problem is not None
    assert (problem.code, "15 minutes" in problem.cure) == ("pypi-token-ended", True)


def test_an_answer_without_a_token_is_no_token(pypi: Pypi, release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    """Something else answers there."""
    identity(pypi, monkeypatch)
    pypi.exchange.token_in_answer = False

    assert once(make(None), release).outcome is Failure.UNAVAILABLE


def test_attestations_beside_a_file_are_sent_with_it(pypi: Pypi, release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a list (PEP 740), by the identity that signed them: PyPI takes none from a user's token."""
    identity(pypi, monkeypatch)
    first = release.distributions[0]
    first.path.with_name(f"{first.name}.publish.attestation").write_text('{"version": 1}')

    assert once(make(None), release).outcome is Done.PUBLISHED
    assert pypi.attestations == {first.name: '[{"version": 1}]'}


@pytest.mark.parametrize("text", ["no json", "[" * 100_000], ids=["text", "deep"])
def test_an_attestation_that_is_no_json_is_invalid(pypi: Pypi, release: Release, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Nothing is sent without it."""
    identity(pypi, monkeypatch)
    first = release.distributions[0]
    first.path.with_name(f"{first.name}.publish.attestation").write_text(text)

    assert once(make(None), release).outcome is Failure.INVALID
    assert not pypi.files


def test_a_job_without_an_identity_confirms_nothing(release: Release) -> None:
    """It could not have uploaded."""
    assert make(None, environ={}).confirms(release.distributions[0], Watch(30, lambda _: None)) is False
