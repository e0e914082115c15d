"""Trusted publishing: the job's own identity, exchanged for an upload token that lives for minutes."""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from pkg_publish.clients.network import Origin
from pkg_publish.clients.refusals import TEMPORARY, Refusal, refused
from pkg_publish.clients.request import Request
from pkg_publish.clients.transport import harmless
from pkg_publish.errors import PublishError, Refused, Unavailable
from pkg_publish.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pkg_publish.clients.transport import Transport
    from pkg_publish.watch import Watch

LIVES = 900.0
"""Seconds that a token lives, where the answer does not say."""

JSON = frozenset({"application/json"})

CLAIMS = ("repository_owner", "repository", "workflow_ref", "job_workflow_ref", "environment", "ref", "event_name")
"""What the index compares with the publisher that was registered there."""

PERMISSION = "permissions:\n  contents: read\n  id-token: write"

REFUSALS = (
    Refusal(
        statuses={403, 404},
        raises=Refused,
        code="no-trusted-publishing",
        cause="it takes no trusted publishers",
        cure="Give a token instead.",
    ),
    Refusal(
        statuses={422},
        words=r"invalid-publisher|no corresponding publisher",
        raises=Refused,
        code="no-such-publisher",
        cause="it has no trusted publisher that is like this job",
        cure="Register one at the index with exactly these facts: what was compared stands below. A run of a reusable workflow cannot be one.",
        paste="{link}",
    ),
    Refusal(
        statuses={422},
        words=r"invalid-pending-publisher",
        raises=Refused,
        code="pending-publisher-late",
        cause="this job has a pending publisher there, for a project that was made in the meantime",
        cure="Its owner must add this job as a trusted publisher of the project; if you do not own the project, publish under another name.",
        paste="{link}",
    ),
    Refusal(
        statuses={422},
        words=r"not-enabled",
        raises=Unavailable,
        code="trusted-publishing-off",
        cause="trusted publishing is switched off there for the time being",
        cure="Wait until it is on again, or give a token instead.",
    ),
    Refusal(
        statuses={422},
        words=r"invalid-reuse-token|already used",
        raises=Unavailable,
        code="identity-used",
        cause="this identity was exchanged before, and each can be once",
        cure="Run again: a new one is asked for.",
    ),
    Refusal(
        statuses={422},
        words=r"unknown trusted publishing issuer",
        raises=Refused,
        code="identity-issuer",
        cause="it takes no identities from this server",
        cure="Identities of GitHub Enterprise Server and ghe.com are not taken: give a token instead.",
    ),
    Refusal(
        statuses={422},
        raises=Refused,
        code="identity-refused",
        cause="it does not take this job's identity",
        cure="Run again: an identity grows old in minutes; report it if it stays so.",
    ),
    *TEMPORARY,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Minted:
    """An upload token, and how long it lives."""

    token: Secret
    seconds: float


def mint(index: str, transport: Transport, watch: Watch) -> Minted:
    """Exchange the job's identity for an upload token of the index at this address.

    Raises `Refused` when the job may not ask for an identity, or the index does not know it, with what was compared.
    """
    audience = _asked(
        Request(doing=f"asking {Origin.of(index)} for the audience of the job's identity", url=f"{index}/_/oidc/audience", expects=JSON), transport, watch
    )
    return _exchange(index, str(audience.get("audience", "")), transport, watch, again=True)


def _exchange(index: str, audience: str, transport: Transport, watch: Watch, *, again: bool) -> Minted:
    identity = _identity(audience)
    request = Request(
        doing="exchanging the job's identity for a token",
        method="POST",
        url=f"{index}/_/oidc/mint-token",
        headers={"Content-Type": "application/json"},
        content=json.dumps({"token": identity}).encode(),
        expects=JSON,
        tries=1,  # an identity can be exchanged once
    )
    try:
        answer = _asked(request, transport, watch, claims=dict(_claims(identity)))
    except PublishError as problem:
        if again and ("invalid-reuse-token" in problem.said or problem.reached):
            return _exchange(index, audience, transport, watch, again=False)
        raise
    token = answer.get("token")
    if not isinstance(token, str) or not token:
        raise Unavailable(f"{Origin.of(index)} answered without a token", code="unexpected-answer", cure="Run again.")
    ends = answer.get("expires")  # seconds since 1970
    return Minted(token=Secret(token), seconds=ends - time.time() if isinstance(ends, int | float) else LIVES)


def _asked(request: Request, transport: Transport, watch: Watch, claims: Mapping[str, str] | None = None) -> Mapping[str, object]:
    """The JSON object of a good answer; a refusal is raised with the claims it was about."""
    answer = transport.write(request, watch, harmless) if request.writes else transport.read(request, watch)
    if not answer.ok:
        link = registration(request.url.partition("/_/")[0], claims or {})
        problem = refused(REFUSALS, answer, request.doing, link=link)
        problem.details += tuple(f"{name}: {value}" for name, value in (claims or {}).items())
        raise problem
    found = answer.json()
    return found if isinstance(found, dict) else {}


def _identity(audience: str) -> str:
    """The job's identity, a JWT that is never shown; raises `Refused` where the job may not have one."""
    from id import AmbientCredentialError, GitHubOidcPermissionCredentialError, detect_credential

    try:
        identity = detect_credential(audience)
    except GitHubOidcPermissionCredentialError as error:
        raise no_identity() from error
    except AmbientCredentialError as error:
        raise Unavailable(
            "the runner gave the job no identity",
            code="no-identity",
            cure="Run again; if it stays so, look at GitHub's status page.",
            said=str(error)[:300],
        ) from error
    if identity is None:
        raise no_identity()
    return identity


def no_identity() -> Refused:
    """The job lacks the permission."""
    return Refused(
        "the job may not ask for an identity, which trusted publishing needs",
        code="id-token-permission",
        cure="Give the job the permission; a reusable workflow gets it from the job that calls it, and a fork's pull request never does.",
        paste=PERMISSION,
    )


def _claims(identity: str) -> Iterator[tuple[str, str]]:
    """What an identity says of the job: read, not verified, for people to compare. That it is a JWT was seen when it was asked for."""
    part = identity.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    for name in CLAIMS:
        yield name, str(claims.get(name) or "none")[:200]


def claims() -> dict[str, str]:
    """What the job's identity says of the job, by an identity that is for nobody but us and goes nowhere; raises `Refused` where the job may not have one."""
    return dict(_claims(_identity("pkg-publish-doctor")))


def workflow_file(claims: Mapping[str, str]) -> str:
    """The file of the workflow that an identity names: `release.yml`."""
    return claims.get("workflow_ref", "").partition("@")[0].rpartition("/")[2]


def registration(index: str, claims: Mapping[str, str]) -> str:
    """The address of the form for a new trusted publisher, filled in."""
    owner, _, name = claims.get("repository", "").partition("/")
    environment = claims.get("environment", "")
    facts = {"provider": "github", "owner": owner, "repository": name, "workflow_filename": workflow_file(claims)}
    if environment not in {"", "none"}:
        facts["environment"] = environment
    return f"{index}/manage/account/publishing/?{urlencode(facts)}"
