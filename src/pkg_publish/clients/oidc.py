"""Trusted publishing: the job's own identity, exchanged for an upload token that lives for minutes."""

from __future__ import annotations

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
    from collections.abc import Mapping

    from pkg_publish.clients.identity import Identity, Provider
    from pkg_publish.clients.request import Answer
    from pkg_publish.clients.transport import Transport
    from pkg_publish.watch import Watch

LIVES = 900.0
"""Seconds that a token lives, where the answer does not say."""

JSON = frozenset({"application/json"})

AUDIENCES = ("pypi", "testpypi")
"""What PyPI and TestPyPI call themselves."""

USED = "identity-used"

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
        code=USED,
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


def mint(index: str, provider: Provider | None, transport: Transport, watch: Watch) -> Minted:
    """Exchange the job's identity for an upload token of the index at this address; None: the job may not ask for one.

    Raises `Refused` when that is so, or when the index does not know the job, with what was compared.
    """
    if provider is None:
        raise no_identity()
    audience = _audience(index, transport, watch)
    try:
        return _exchange(index, provider.identity(audience, transport, watch), transport, watch)
    except PublishError as problem:
        if problem.code != USED and not problem.reached:
            raise
    return _exchange(index, provider.identity(audience, transport, watch), transport, watch)


def no_identity() -> Refused:
    """The job lacks the permission."""
    return Refused(
        "the job may not ask for an identity, which trusted publishing needs",
        code="id-token-permission",
        cure="Give the job the permission; a reusable workflow gets it from the job that calls it, and a fork's pull request never does.",
        paste=PERMISSION,
    )


def _audience(index: str, transport: Transport, watch: Watch) -> str:
    """For whom an identity must be. An index names itself: an identity that is for somebody else would let it be us there."""
    origin = Origin.of(index)
    request = Request(doing=f"asking {origin} for the audience of the job's identity", url=f"{index}/_/oidc/audience", expects=JSON)
    audience = _object(transport.read(request, watch), request).get("audience")
    if isinstance(audience, str) and audience in {*AUDIENCES, origin.host}:
        return audience
    raise Unavailable(
        f"{request.doing} failed: it says {str(audience)[:80]!r}, and that is not itself",
        code="unexpected-answer",
        cure="No identity was asked for. Look at the index's status page; give a token instead if it stays so.",
    )


def _exchange(index: str, identity: Identity, transport: Transport, watch: Watch) -> Minted:
    request = Request(
        doing="exchanging the job's identity for a token",
        method="POST",
        url=f"{index}/_/oidc/mint-token",
        headers={"Content-Type": "application/json"},
        content=json.dumps({"token": identity.secret.reveal()}).encode(),
        expects=JSON,
        tries=1,  # an identity can be exchanged once
    )
    found = _object(transport.write(request, watch, harmless), request, identity)
    token = found.get("token")
    if not (isinstance(token, str) and token and token.isascii() and token.isprintable()):
        raise Unavailable(f"{Origin.of(index)} answered without a token", code="unexpected-answer", cure="Run again.")
    ends = found.get("expires")  # seconds since 1970
    return Minted(token=Secret(token), seconds=ends - time.time() if isinstance(ends, int | float) else LIVES)


def _object(answer: Answer, request: Request, identity: Identity | None = None) -> Mapping[str, object]:
    """The JSON object of a good answer; a refusal is raised with the claims it was about."""
    if not answer.ok:
        claims = identity.claims if identity else {}
        link = registration(request.url.partition("/_/")[0], claims)
        problem = refused(REFUSALS, identity.unecho(answer) if identity else answer, request.doing, link=link)
        problem.details += tuple(f"{name}: {value}" for name, value in claims.items())
        raise problem
    found = answer.json()
    return found if isinstance(found, dict) else {}


def workflow_file(claims: Mapping[str, str]) -> str:
    """The file of the workflow that an identity names: `release.yml`."""
    return claims.get("workflow_ref", "").partition("@")[0].rpartition("/")[2]


def registration(index: str, claims: Mapping[str, str], project: str = "") -> str:
    """The address of the form for a new trusted publisher, filled in as far as the facts are known: that of the project, or of one that is still to be made."""
    owner, _, name = claims.get("repository", "").partition("/")
    facts = {"provider": "github", "owner": owner, "repository": name, "workflow_filename": workflow_file(claims), "environment": claims.get("environment", "")}
    known = {name: value for name, value in facts.items() if value not in {"", "none"}}
    page = f"project/{project}/settings" if project else "account"
    return f"{index}/manage/{page}/publishing/?{urlencode(known)}"
