"""The job's own identity: a JWT for one audience, in which GitHub says what the job is (https://docs.github.com/actions/reference/security/oidc)."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from pkg_publish.clients.network import Credential
from pkg_publish.clients.refusals import Refusal, refused
from pkg_publish.clients.request import Request
from pkg_publish.errors import Unavailable
from pkg_publish.secret import Secret
from pkg_publish.watch import Hidden

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pkg_publish.clients.request import Answer
    from pkg_publish.clients.transport import Transport
    from pkg_publish.watch import Watch

URL, TOKEN = "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"
"""What the runner gives to a job that has `id-token: write`."""

CLAIMS = ("repository_owner", "repository", "workflow_ref", "job_workflow_ref", "environment", "ref", "event_name")
"""What an index compares with the publisher that was registered there."""

NOBODY = "pkg-publish-doctor"
"""The audience of an identity that goes nowhere."""

CURE = "Run again; if it stays so, look at GitHub's status page."

REFUSALS = (Refusal(statuses=range(1000), raises=Unavailable, code="no-identity", cause="so the job has no identity", cure=CURE),)

_WORD = re.compile(r"[A-Za-z0-9_-]{6,}")
"""As large a piece of a JWT as stays secret."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A JWT, which is never shown, and what it claims: read, not verified, for people to compare."""

    secret: Secret
    claims: Mapping[str, str]

    @classmethod
    def of(cls, jwt: str) -> Identity:
        """Read its claims; raises `ValueError` or `TypeError` for what is no JWT."""
        _, payload, _ = jwt.split(".")
        found = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        if not isinstance(found, dict):
            raise TypeError(payload)
        return cls(Secret(jwt), {name: str(found.get(name) or "none") for name in CLAIMS})

    def unecho(self, answer: Answer) -> Answer:
        """An answer without any piece of the JWT: it is quoted in logs and reports."""
        jwt = self.secret.reveal()

        def without(text: str) -> str:
            return _WORD.sub(lambda word: "***" if word[0] in jwt else word[0], text.replace(jwt, "***"))

        return replace(answer, body=without(answer.text).encode(), reason=without(answer.reason))


@dataclass(frozen=True, slots=True)
class Provider:
    """Who gives the job its identity."""

    url: str
    token: Secret

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Provider | None:
        """From the environment of a job; None: it may not have one."""
        url, token = environ.get(URL, ""), environ.get(TOKEN, "")
        return cls(url, Secret(token)) if url and token else None

    def identity(self, audience: str, transport: Transport, watch: Watch) -> Identity:
        """Ask for an identity that is for this audience alone; the log is told to hide it. Raises `Unavailable` when there is none to be had."""
        request = Request(
            doing="asking for the job's identity",
            url=f"{self.url}{'&' if '?' in self.url else '?'}{urlencode({'audience': audience})}",
            credential=Credential.bearer(self.url, self.token),
        )
        answer = transport.read(request, watch)
        if not answer.ok:
            raise refused(REFUSALS, answer, request.doing)
        found = answer.json()
        try:
            identity = Identity.of(str(found["value"]))
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise Unavailable(f"{request.doing} failed: {request.origin} answered with none", code="no-identity", cure=CURE) from error
        watch.tell(Hidden(identity.secret))
        return replace(identity, claims={name: request.unechoed(said).replace(identity.secret.reveal(), "***")[:200] for name, said in identity.claims.items()})

    def claims(self, transport: Transport, watch: Watch) -> Mapping[str, str]:
        """What an identity says of the job, by one that is for nobody but us and goes nowhere."""
        return self.identity(NOBODY, transport, watch).claims
