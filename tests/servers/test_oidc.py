"""A job's identity is signed as GitHub signs it, and exchanged as PyPI does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jwt
import pytest
import requests
from tests.servers.oidc import CLAIMS, Publisher

if TYPE_CHECKING:
    from tests.servers.pypi import Pypi


def identity(pypi: Pypi, audience: str = "pypi", token: str = "") -> requests.Response:
    """Ask the runner for an identity."""
    environ = pypi.identities.environ()
    headers = {"Authorization": f"bearer {token or environ['ACTIONS_ID_TOKEN_REQUEST_TOKEN']}"}
    return requests.get(f"{environ['ACTIONS_ID_TOKEN_REQUEST_URL']}&audience={audience}", headers=headers, timeout=10)


def exchange(pypi: Pypi, jwt_or_body: object = None) -> requests.Response:
    """Exchange an identity."""
    body = jwt_or_body if isinstance(jwt_or_body, dict) else {"token": jwt_or_body or pypi.identities.identity("pypi")}
    return requests.post(f"{pypi.url}/_/oidc/mint-token", json=body, timeout=10)


def why(answer: requests.Response) -> tuple[str, str]:
    """Code and words of a refusal."""
    said: dict[str, Any] = answer.json()
    assert (answer.status_code, said["message"]) == (422, "Token request failed")
    return said["errors"][0]["code"], said["errors"][0]["description"]


def test_an_identity_can_be_verified(pypi: Pypi) -> None:
    """By its signature, for its audience; with what GitHub says of a job."""
    value = identity(pypi).json()["value"]

    claims = jwt.decode(value, pypi.identities.signer.key.public_key(), algorithms=["RS256"], audience="pypi")

    assert CLAIMS.items() <= claims.items()
    assert claims["iss"] == "https://token.actions.githubusercontent.com"


def test_no_identity_without_the_jobs_token(pypi: Pypi) -> None:
    """Nor when the runner has a bad day."""
    stranger = identity(pypi, token="another").status_code
    pypi.identities.refusal = (503, "later")

    assert (stranger, identity(pypi).status_code) == (401, 503)


def test_an_identity_is_exchanged_once(pypi: Pypi) -> None:
    """For a token of 15 minutes; each identity is another one."""
    first = pypi.identities.identity("pypi")
    answers = [exchange(pypi, first), exchange(pypi, first), exchange(pypi)]

    assert [answer.status_code for answer in answers] == [200, 422, 200]
    assert answers[0].json()["token"].startswith("pypi-")
    assert 890 <= answers[0].json()["expires"] - pypi.now() <= 900
    assert why(answers[1]) == ("invalid-reuse-token", "invalid token: already used")


@pytest.mark.parametrize(
    ("claims", "code", "words"),
    [
        ({"iss": "https://github.example.org/_services/token"}, "invalid-payload", "unknown trusted publishing issuer"),
        ({"aud": "testpypi"}, "invalid-token", "malformed or invalid token"),
        ({"exp": 1_700_000_000}, "invalid-token", "malformed or invalid token"),
        ({"repository": "octo/fork"}, "invalid-publisher", "valid token, but no corresponding publisher"),
        ({"job_workflow_ref": "octo/demo/.github/workflows/test.yml@refs/heads/main"}, "invalid-publisher", "valid token, but no corresponding publisher"),
    ],
)
def test_another_identity_is_refused(pypi: Pypi, claims: dict[str, object], code: str, words: str) -> None:
    """In PyPI's words."""
    found, said = why(exchange(pypi, pypi.identities.identity("pypi", **claims)))

    assert (found, said[: len(words)]) == (code, words)


def test_an_environment_may_be_needed(pypi: Pypi) -> None:
    """The one that was registered."""
    pypi.exchange.publishers = [Publisher(environment="release")]
    without = why(exchange(pypi))[0]
    pypi.identities.claims["environment"] = "release"

    assert (without, exchange(pypi).status_code) == ("invalid-publisher", 200)


@pytest.mark.parametrize("body", [{"token": "no.jwt"}, {"token": "a.b.c"}, {"jwt": "x"}])
def test_what_is_no_identity_is_refused(pypi: Pypi, body: dict[str, str]) -> None:
    """As a payload."""
    assert why(exchange(pypi, body))[0] == "invalid-payload"


def test_a_forged_signature_is_refused(pypi: Pypi) -> None:
    """Of another key."""
    forged = jwt.encode(jwt.decode(pypi.identities.identity("pypi"), options={"verify_signature": False}), "x" * 32, algorithm="HS256")

    assert why(exchange(pypi, forged))[0] == "invalid-token"


def test_a_pending_publisher_makes_its_project(pypi: Pypi) -> None:
    """Once; where the project is there, it is void."""
    pypi.projects.clear()
    pypi.exchange.publishers, pypi.exchange.pending = [], [Publisher(project="demo")]
    first = exchange(pypi)
    pypi.exchange.pending = [Publisher(project="demo")]

    assert (first.status_code, pypi.projects) == (200, {"demo"})
    assert why(exchange(pypi)) == ("invalid-pending-publisher", "valid token, but project already exists")


def test_there_may_be_no_trusted_publishing(pypi: Pypi) -> None:
    """None for GitHub, or none at all."""
    pypi.exchange.not_enabled = True
    code = why(exchange(pypi))[0]
    pypi.exchange.disabled = True

    assert code == "not-enabled"
    assert requests.get(f"{pypi.url}/_/oidc/audience", timeout=10).status_code == 403
