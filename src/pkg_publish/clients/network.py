"""The way out: addresses that may be spoken to, credentials bound to one of them, proxies and certificates."""

from __future__ import annotations

import base64
import ipaddress
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote, urljoin, urlsplit

from pkg_publish.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pkg_publish.secret import Secret

PORTS = {"http": 80, "https": 443}

CA_BUNDLES = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "PIP_CERT")
"""Environment variables that name a file of trusted certificates, the strongest first."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port: what a credential is bound to (RFC 6454)."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> Origin:
        """Of an address that is safe to speak to.

        Raises `ConfigError` for anything but https, for http beyond this machine, and for credentials inside the address.
        """
        try:
            parts = urlsplit(url)
            port, host = parts.port, (parts.hostname or "").rstrip(".")
        except ValueError:
            parts, port, host = urlsplit(""), None, ""
        if "@" in parts.netloc:
            raise ConfigError(
                f"the address of {host!r} has credentials inside, which end up in logs",
                code="credentials-in-url",
                cure="Give the user as `username`, and the password in an environment variable that `password-env` names.",
            )
        if parts.scheme not in PORTS or not host or not url.isprintable() or " " in url:
            shown = repr(bare(url)) if "@" not in url else "what stands there, and is not shown since it may hold a login,"
            raise ConfigError(f"{shown} is no address", code="no-url", cure="Write it in full, beginning with https://.")
        if parts.scheme == "http" and not is_loopback(host):
            raise ConfigError(
                f"{bare(url)!r} would be spoken to without encryption",
                code="insecure-url",
                cure="Write https://; plain http is for this machine only (localhost, 127.0.0.1, ::1).",
            )
        return cls(parts.scheme, host, port or PORTS[parts.scheme])

    @property
    def loopback(self) -> bool:
        """It is this machine."""
        return is_loopback(self.host)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


def bare(url: str) -> str:
    """An address as sentences show it: bounded, and without query and fragment, which may be a signature."""
    return re.split("[?#]", url, maxsplit=1)[0][:200]


def joined(base: str, url: str) -> str:
    """An address that is given beside another one, as in `Location`; empty when it is none."""
    try:
        return urljoin(base, url)
    except ValueError:
        return ""


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this machine."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Credential:
    """A secret for one origin, sent nowhere else."""

    origin: Origin
    secret: Secret
    username: str | None = None
    """None: the secret is a bearer token."""

    @classmethod
    def basic(cls, url: str, username: str, password: Secret) -> Credential:
        """A user and a password (RFC 7617) for the origin of an address."""
        return cls(Origin.of(url), password, username)

    @classmethod
    def bearer(cls, url: str, token: Secret) -> Credential:
        """A token (RFC 6750) for the origin of an address. Raises `ConfigError` when it could not stand in a header."""
        if not (token.reveal().isascii() and token.reveal().isprintable()):
            raise ConfigError(
                f"the token for {Origin.of(url)} has characters that no token has",
                code="secret-is-odd",
                cure="Set the secret again: a line break or a blank may have slipped in.",
            )
        return cls(Origin.of(url), token)

    def forms(self) -> Iterator[str]:
        """Every form in which the secret goes out, or may come back."""
        yield self.header().partition(" ")[2]
        yield self.secret.reveal()
        yield quote(self.secret.reveal(), safe="")

    def header(self) -> str:
        """The value of `Authorization`."""
        if self.username is None:
            return f"Bearer {self.secret.reveal()}"
        return "Basic " + base64.b64encode(f"{self.username}:{self.secret.reveal()}".encode()).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """What the machine says about the way out, read once at the edge; nothing below reads the environment."""

    proxies: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Proxy by scheme (`http`, `https`, `all`); may hold credentials."""
    no_proxy: str = ""
    """Hosts, domains and networks (`10.0.0.0/8`) that are reached without one, with commas; `*` for all."""
    ca_bundle: str = ""
    """A file of trusted certificates; empty: those of the system and of certifi."""

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Network:
        """From an environment; a name in lower-case letters wins, as with curl."""

        def value(name: str) -> str:
            return (environ.get(name) or environ.get(name.upper()) or "").strip()

        proxies = {scheme: proxy for scheme in ("http", "https", "all") if (proxy := value(f"{scheme}_proxy"))}
        bundles = (environ.get(name, "").strip() for name in CA_BUNDLES)
        return cls(proxies=proxies, no_proxy=value("no_proxy"), ca_bundle=next(filter(None, bundles), ""))

    def proxy_for(self, origin: Origin) -> str:
        """The proxy on the way to an origin, or an empty string; this machine is never reached through one."""
        if origin.loopback or any(_covers(entry.strip().lower(), origin) for entry in self.no_proxy.split(",")):
            return ""
        return self.proxies.get(origin.scheme) or self.proxies.get("all", "")


def _covers(entry: str, origin: Origin) -> bool:
    """Whether an entry of NO_PROXY means an origin: `*`, a host, a domain with all below it, either with a port, or a network."""
    domain = entry.removeprefix("*").removeprefix(".")
    if domain:
        return any(f".{host}".endswith(f".{domain}") for host in (origin.host, f"{origin.host}:{origin.port}")) or _contains(entry, origin.host)
    return entry == "*"


def _contains(network: str, host: str) -> bool:
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False
