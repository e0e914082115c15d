"""How a registry lets us in: just so, by a password, or by a token for each scope.

The challenge of a 401 says which (https://github.com/distribution/distribution/blob/main/docs/content/spec/auth/token.md); what was learned is used
from then on without being asked. A password goes to the registry and to its own token server, to nobody else, whatever a challenge says: a
neighbour below the same domain may be anybody's, for many share one. Tokens are opaque: GHCR's are no JWT.
"""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from pkg_publish.clients.network import Credential, Origin, bare
from pkg_publish.clients.oci_refusals import REFUSALS
from pkg_publish.clients.refusals import refused
from pkg_publish.clients.request import Request
from pkg_publish.errors import ConfigError, Integrity, Unavailable
from pkg_publish.secret import Secret

if TYPE_CHECKING:
    from pkg_publish.clients.request import Answer
    from pkg_publish.clients.transport import Transport
    from pkg_publish.watch import Watch

TOKEN_SERVERS = {"registry-1.docker.io": "auth.docker.io", "registry.gitlab.com": "gitlab.com"}
"""Registries whose token server has another name, as their documentation says."""

GIVE = "Give the name and the password or token of somebody who may do this; for `ghcr` it is `github-token`."
CHECK = "Check the token or password: that it is the right one, has not expired, and belongs to somebody who may do this."

_FIELD = re.compile(r'(?:([a-z]+)\s+)?([a-z_]+)\s*=\s*(?:"([^"]*)"|([^",\s]+))', re.IGNORECASE)


def challenges(header: str) -> dict[str, dict[str, str]]:
    """What `WWW-Authenticate` asks for: the parameters of each scheme (RFC 9110, 11.6.1), names in lower case."""
    found: dict[str, dict[str, str]] = {}
    fields: dict[str, str] = {}
    for scheme, name, quoted, plain in _FIELD.findall(header):
        if scheme:
            fields = found.setdefault(scheme.lower(), {})
        fields[name.lower()] = quoted or plain
    return found


def is_own(host: str, realm: str, named: str = "") -> bool:
    """Whether the address of a token server is the registry's own: its host, one below it, the one it documents, or the host that somebody `named`."""
    try:
        theirs = Origin.of(realm).host
    except ConfigError:
        return False
    return f".{theirs}".endswith(f".{host}") or theirs in {TOKEN_SERVERS.get(host), named}


class Login:
    """The login at one registry. Safe for threads: whoever comes second takes the token that the first has got."""

    def __init__(  # noqa: PLR0913 - where it is, who we are, and who answers for it
        self, url: str, transport: Transport, username: str, password: Secret | None, token_server: str = "", *, place: str = "HOST/NAME"
    ) -> None:
        """`token_server` is the host that gives out tokens, where it is not the registry's own; `place` stands in what people are told to write."""
        self._url, self._transport, self._place = url, transport, place
        self._token_server = token_server
        self._username, self._password = username, password
        self._uses_password = False
        self._server: dict[str, str] = {}
        """The challenge that names the token server."""
        self._tokens: dict[tuple[str, ...], Credential] = {}
        self._fetching = threading.Lock()

    @property
    def is_anonymous(self) -> bool:
        """We have no password to show."""
        return self._password is None

    @property
    def facts(self) -> dict[str, str]:
        """What a refusal says of it."""
        cause, cure = ("it wants a login", GIVE) if self.is_anonymous else ("it does not accept this login", CHECK)
        return {"login_cause": cause, "login_cure": cure, "place": self._place, "user": self._username or "NAME"}

    def credential(self, scopes: tuple[str, ...], watch: Watch) -> Credential | None:
        """What a request for these scopes carries; nothing as long as the registry has not asked for a login."""
        if self._server:
            with self._fetching:
                if scopes not in self._tokens:
                    self._tokens[scopes] = self._token(scopes, watch)
                return self._tokens[scopes]
        return self._basic(self._url) if self._uses_password else None

    def after(self, refusal: Answer, used: Credential | None, scopes: tuple[str, ...], watch: Watch) -> Credential | None:
        """What to show after a refusal of what was `used`: another token, the password, or None when there is nothing else.

        Raises `Integrity` when the registry names a token server that is not its own: it would get the password, and gets not even a question.
        """
        asked = challenges(refusal.headers.get("WWW-Authenticate", ""))
        if "bearer" in asked:
            self._server = self._checked(asked["bearer"])
        elif "basic" in asked:
            self._uses_password = self._password is not None
            return self._basic(self._url) if used is None else None
        if not self._server:
            return None
        with self._fetching:
            if self._tokens.get(scopes) is used:
                self._tokens.pop(scopes, None)
        return self.credential(scopes, watch)

    def _basic(self, url: str) -> Credential | None:
        return Credential.basic(url, self._username, self._password) if self._password else None

    def _token(self, scopes: tuple[str, ...], watch: Watch) -> Credential:
        realm = self._server["realm"]
        query = urlencode([("service", self._server.get("service", "")), *(("scope", scope) for scope in scopes)])
        request = Request(
            doing=f"getting a token for {' and '.join(scopes)}",
            url=f"{realm}{'&' if '?' in realm else '?'}{query}",
            credential=self._basic(realm),
        )
        answer = self._transport.read(request, watch)
        if not answer.ok:
            raise refused(REFUSALS, answer, request.doing, settings="", **self.facts)
        found = answer.json()
        for token in (found.get("token"), found.get("access_token")) if isinstance(found, dict) else ():
            if isinstance(token, str) and token and token.isascii() and token.isprintable():
                return Credential.bearer(self._url, Secret(token))
        raise Unavailable(
            f"{request.doing} failed: {request.origin} answered with none",
            code="unexpected-answer",
            cure="Ask who runs the registry: its token server does not do what the specification says.",
        )

    def _checked(self, challenge: dict[str, str]) -> dict[str, str]:
        host, realm = Origin.of(self._url).host, challenge.get("realm", "")
        if is_own(host, realm, self._token_server) or (self._password is None and realm.startswith("https://")):
            return challenge
        raise Integrity(
            f"{host} sends us to {bare(realm)!r} for a token, and that is not its own address",
            code="foreign-token-server",
            cure="Nothing was sent there. If whoever runs the registry says that this is where its tokens come from, name that host as `token-server`.",
            paste=f"targets: |\n  - oci:\n      name: {self._place}\n      username: {self.facts['user']}\n"
            "      password-env: REGISTRY_PASSWORD\n      token-server: HOST",
        )
