"""Identities: the runner's provider, which signs them, and PyPI's exchange, which takes each once (warehouse, `oidc/views.py`)."""

from __future__ import annotations

import base64
import itertools
import json
import time
from dataclasses import dataclass, field
from typing import Any

from tests.servers.serving import Call, Reply, Server
from tests.servers.tokens import Signer

ISSUER = "https://token.actions.githubusercontent.com"
REQUEST_TOKEN = "request-token"  # noqa: S105 - made for the test
WORKFLOW = "octo/demo/.github/workflows/release.yml@refs/tags/v1.0"
SHA = "0123456789abcdef0123456789abcdef01234567"

CLAIMS = {
    "sub": "repo:octo/demo:ref:refs/tags/v1.0",
    "repository": "octo/demo",
    "repository_id": "1",
    "repository_owner": "octo",
    "repository_owner_id": "2",
    "repository_visibility": "public",
    "ref": "refs/tags/v1.0",
    "ref_type": "tag",
    "ref_protected": "false",
    "sha": SHA,
    "head_ref": "",
    "base_ref": "",
    "event_name": "push",
    "actor": "octo",
    "actor_id": "2",
    "workflow": "Release",
    "workflow_ref": WORKFLOW,
    "workflow_sha": SHA,
    "job_workflow_ref": WORKFLOW,
    "job_workflow_sha": SHA,
    "run_id": "10",
    "run_number": "3",
    "run_attempt": "1",
    "runner_environment": "github-hosted",
}
"""What GitHub says of a job, beside for whom and until when."""


class Identities(Server):
    """Gives a job its identity, at `ACTIONS_ID_TOKEN_REQUEST_URL`."""

    def __init__(self) -> None:
        super().__init__()
        self.signer = Signer()
        self.claims: dict[str, str] = dict(CLAIMS)
        """What is said of the job; `environment` is not among it for a job that has none."""
        self.refusal: tuple[int, str] | None = None
        """Answer with this."""
        self._numbers = itertools.count(1)

    def environ(self) -> dict[str, str]:
        """What a job that has `id-token: write` finds in its environment."""
        address = {"ACTIONS_ID_TOKEN_REQUEST_URL": f"{self.url}/id-token?api-version=2.0", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": REQUEST_TOKEN}
        return {"GITHUB_ACTIONS": "true"} | address

    def answer(self, call: Call) -> Reply:
        """A JWT for an audience, for who has the job's own token."""
        if self.refusal:
            return Reply.of({"message": self.refusal[1]}, self.refusal[0])
        if call.path != "/id-token" or call.query.get("api-version") != "2.0":
            return Reply.of({"message": "Not Found"}, 404)
        if (call.authorization or "").lower() != f"bearer {REQUEST_TOKEN}":
            return Reply.of({"message": "Unauthorized"}, 401)
        return Reply.of({"count": 2000, "value": self.identity(call.query.get("audience", "https://github.com/octo"))})

    def identity(self, audience: str, **claims: object) -> str:
        """A JWT, perhaps with other claims than those of the job."""
        now = int(time.time())
        times = {"iss": ISSUER, "aud": audience, "iat": now, "nbf": now - 300, "exp": now + 300, "jti": f"jti-{next(self._numbers)}"}
        return self.signer.sign(self.claims | times | claims)


@dataclass(frozen=True, slots=True, kw_only=True)
class Publisher:
    """A trusted publisher of a project."""

    project: str = "demo"
    owner: str = "octo"
    repository: str = "demo"
    workflow: str = "release.yml"
    environment: str = ""
    """Empty: any."""

    def is_for(self, claims: dict[str, Any]) -> bool:
        """Whether these claims are those of its job."""
        workflow = str(claims.get("job_workflow_ref")).partition("@")[0].rpartition("/")[2]
        same = (self.owner, self.repository, self.workflow) == (*str(claims.get("repository")).split("/"), workflow)
        return same and self.environment in {"", claims.get("environment")}


@dataclass(slots=True, kw_only=True)
class Exchange:
    """PyPI's side. Every knob is a field: set it before the request."""

    signer: Signer
    projects: set[str]
    """Those that the index has."""
    audience: str = "pypi"
    publishers: list[Publisher] = field(default_factory=lambda: [Publisher()])
    pending: list[Publisher] = field(default_factory=list)
    """Publishers of projects that are not there until they are used."""
    disabled: bool = False
    """There is no trusted publishing at all."""
    not_enabled: bool = False
    """There is none for GitHub."""
    error: str | None = None
    """Answer with this code; one that is about a used identity is given once."""
    used: set[str] = field(default_factory=set)
    minted: dict[str, tuple[frozenset[str], float]] = field(default_factory=dict)
    """Each token that was given: for which projects, and the time at which it ends."""
    lives: float | None = 900
    """Seconds; None: the answer does not say until when."""
    token_in_answer: bool = True

    def answer(self, call: Call, now: float) -> Reply | None:
        """Its two addresses; None: it is another one."""
        match call.method, call.path:
            case "GET", "/_/oidc/audience" if self.disabled:
                return Reply.of({"message": "Trusted publishing functionality not enabled"}, 403)
            case "GET", "/_/oidc/audience":
                return Reply.of({"audience": self.audience})
            case "POST", "/_/oidc/mint-token" | "/_/oidc/github/mint-token":
                return self._mint(call, now)
            case _:
                return None

    def _mint(self, call: Call, now: float) -> Reply:
        if self.error:
            code, self.error = self.error, None if self.error == "invalid-reuse-token" else self.error
            return refused(code, f"{code} it is")
        try:
            identity = str(call.json()["token"])
        except (ValueError, TypeError, KeyError):
            return refused("invalid-payload", "1 validation error for TokenPayload")
        claims = decoded(identity) or {}
        return self._no_identity(identity, claims, now) or self._token(claims, now)

    def _no_identity(self, identity: str, claims: dict[str, Any], now: float) -> Reply | None:
        """Why this proves nothing."""
        if "iss" not in claims:
            return refused("invalid-payload", "malformed JWT")
        if claims["iss"] != ISSUER:
            return refused("invalid-payload", "unknown trusted publishing issuer")
        if self.disabled or self.not_enabled:
            return refused("not-enabled", "GitHub trusted publishing functionality not enabled")
        if not self.signer.has_signed(identity) or claims.get("aud") != self.audience or claims["exp"] < now:
            return refused("invalid-token", "malformed or invalid token")
        return None

    def _token(self, claims: dict[str, Any], now: float) -> Reply:
        """The token of those publishers that these claims are of."""
        for publisher in [each for each in self.pending if each.is_for(claims)]:
            self.pending.remove(publisher)
            if publisher.project in self.projects:
                return refused("invalid-pending-publisher", "valid token, but project already exists")
            self.projects.add(publisher.project)
            self.publishers.append(publisher)
        projects = frozenset(each.project for each in self.publishers if each.is_for(claims))
        if not projects:
            return refused("invalid-publisher", "valid token, but no corresponding publisher (Publisher with matching claims was not found)")
        if claims["jti"] in self.used:
            return refused("invalid-reuse-token", "invalid token: already used")
        self.used.add(claims["jti"])
        token, ends = f"pypi-minted-{len(self.used)}-0123456789", int(now + (900 if self.lives is None else self.lives))
        self.minted[token] = projects, ends
        answer = {"success": True, "token": token if self.token_in_answer else None}
        return Reply.of(answer if self.lives is None else answer | {"expires": ends})


def refused(code: str, description: str) -> Reply:
    """422 in PyPI's shape."""
    return Reply.of({"message": "Token request failed", "errors": [{"code": code, "description": description}]}, 422)


def decoded(identity: str) -> dict[str, Any] | None:
    """What a JWT claims, not verified; None: it is none."""
    parts = identity.split(".")
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, IndexError):
        return None
    return claims if isinstance(claims, dict) and len(parts) == 3 else None
