"""A token server for registries (https://distribution.github.io/distribution/spec/auth/token/): scopes are given, or not, one by one."""

from __future__ import annotations

import base64
import itertools
import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import trustme
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from tests.servers.serving import Call, Reply, Server

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

ISSUER = "tests"
MAINTAINER, MAINTAINERS_PASSWORD = "maintainer", "token-password"
READER, READERS_PASSWORD = "reader", "reader-password"


def encoded(data: bytes) -> str:
    """Base64 as JWTs have it."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Signer:
    """A key and its certificate; signs JWTs (RFC 7519) with RS256."""

    def __init__(self) -> None:
        self._authority = trustme.CA()
        certificate = self._authority.issue_cert("tokens.test", key_type=trustme.KeyType.RSA)
        key = serialization.load_pem_private_key(certificate.private_key_pem.bytes(), None)
        assert isinstance(key, rsa.RSAPrivateKey)
        self.key = key
        found = x509.load_pem_x509_certificate(certificate.cert_chain_pems[0].bytes())
        self._chain = [base64.b64encode(found.public_bytes(serialization.Encoding.DER)).decode()]

    def write_bundle(self, path: Path) -> None:
        """Write what a registry must trust, as PEM."""
        self._authority.cert_pem.write_to_path(str(path))

    def sign(self, claims: Mapping[str, object], **header: str) -> str:
        """Make a JWT, with the certificate in it."""
        head = {"typ": "JWT", "alg": "RS256", "x5c": self._chain} | header
        body = ".".join(encoded(json.dumps(part).encode()) for part in (head, claims))
        return f"{body}.{encoded(self.key.sign(body.encode(), padding.PKCS1v15(), hashes.SHA256()))}"

    def has_signed(self, jwt: str) -> bool:
        """Whether it made this one."""
        body, _, signature = jwt.rpartition(".")
        try:
            self.key.public_key().verify(base64.urlsafe_b64decode(signature + "=="), body.encode(), padding.PKCS1v15(), hashes.SHA256())
        except (ValueError, InvalidSignature):
            return False
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Who may do what with names that begin so."""

    password: str
    actions: frozenset[str]
    names: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A token that was given."""

    user: str
    """Empty: anonymous."""
    service: str
    scopes: tuple[str, ...]
    """As they were asked for."""
    access: tuple[tuple[str, str], ...]
    """Names and actions that the token is good for."""


@dataclass(slots=True)
class Settings:
    """What a test may change; every test begins with this."""

    users: dict[str, User] = field(
        default_factory=lambda: {
            MAINTAINER: User(password=MAINTAINERS_PASSWORD, actions=frozenset({"pull", "push"})),
            READER: User(password=READERS_PASSWORD, actions=frozenset({"pull"})),
        }
    )
    public: set[str] = field(default_factory=set)
    """How names begin that anybody may pull."""
    lifetime: int = 300
    """Seconds that a token is good for; below -60 it is refused from its first second on, since registries allow a minute."""
    announced: int | None = 300
    """What `expires_in` says; None: it is left out, which the specification takes for 60."""
    word: str = "token"
    """Where the token stands in the answer: `token` or `access_token`."""
    refresh: bool = False
    """Offer a refresh token, which is good for nothing."""


class TokenServer(Server):
    """Gives tokens at `realm`."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self.service, self.realm = service, f"{self.url}/token"
        self.signer = Signer()
        self.given: list[Given] = []
        self.settings = Settings()
        self._numbers = itertools.count(1)

    def forget(self) -> None:
        """Begin anew, for the next test."""
        self.settings = Settings()
        self.given.clear()
        self.calls.clear()

    def token(self, name: str, actions: str = "pull,push") -> str:
        """A token for a witness, whatever the settings say."""
        return self._signed("witness", [(name, actions)], 300)

    def answer(self, call: Call) -> Reply:
        """Tokens by GET; a login that is wrong gets none, not even for what is public."""
        if call.method != "GET" or call.path != "/token":
            return _error(404, "UNSUPPORTED", "GET /token is all there is")
        user, password = call.login or ("", "")
        if call.authorization and (user not in self.settings.users or self.settings.users[user].password != password):
            return _error(401, "UNAUTHORIZED", "authentication required")
        scopes = call.queries.get("scope", [])
        if call.query.get("service") != self.service:
            return _error(400, "UNSUPPORTED", "the service is unknown")
        return self._give(user, scopes)

    def _give(self, user: str, scopes: Sequence[str]) -> Reply:
        access = [granted for scope in scopes for each in scope.split() if (granted := self._granted(user, each))]
        self.given.append(Given(user=user, service=self.service, scopes=tuple(scopes), access=tuple(access)))
        answer: dict[str, object] = {self.settings.word: self._signed(user, access, self.settings.lifetime)}
        if self.settings.announced is not None:
            answer["expires_in"] = self.settings.announced
        if self.settings.refresh:
            answer |= {"refresh_token": "good-for-nothing"}
        return Reply.of(answer)

    def _granted(self, user: str, scope: str) -> tuple[str, str] | None:
        """Name and actions that are given of one scope; the specification wants less, not an error, where something is not."""
        kind, name, actions = scope.split(":")
        may: set[str] = {"pull"} if any(name.startswith(each) for each in self.settings.public) else set()
        if (known := self.settings.users.get(user)) and name.startswith(known.names):
            may |= known.actions
        given = ",".join(action for action in actions.split(",") if action in may)
        return (name, given) if given and kind == "repository" else None

    def _signed(self, user: str, access: Sequence[tuple[str, str]], lifetime: int) -> str:
        now = int(time.time())
        rights = [{"type": "repository", "name": name, "actions": actions.split(",")} for name, actions in access]
        claims = {"iss": ISSUER, "sub": user, "aud": self.service, "exp": now + lifetime, "nbf": now - 600, "iat": now - 600}
        return self.signer.sign(claims | {"jti": str(next(self._numbers)), "access": rights})


def _error(status: int, code: str, message: str) -> Reply:
    return Reply.of({"errors": [{"code": code, "message": message, "detail": None}]}, status)
