"""A place in a registry as people write it, `ghcr.io/octo/demo`: read, and where it is none, mended for them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pkg_publish.clients.network import Origin
from pkg_publish.errors import ConfigError
from pkg_publish.formats import oci

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
TAG = re.compile(r"(:[\w.-]+|@[\w.+:-]+)$", re.ASCII)
"""What stands behind the name of a repository to mean one version."""
HOST = re.compile(r"[\w.-]+(:\d+)?|\[[0-9a-f:]+\](:\d+)?", re.ASCII | re.IGNORECASE)


def split(name: str, kind: str) -> tuple[str, str]:
    """Return the host with its port, and the namespace; raises `ConfigError` that says which part is wrong, with the place that may be meant."""
    scheme = SCHEME.match(name)
    bare = name[scheme.end() :] if scheme else name
    host, _, namespace = bare.partition("/")
    if "@" in host:
        Origin.of(f"https://{host}")
    if not scheme and _is_host(host) and oci.is_repository(namespace):
        return host, namespace
    wrong = [f"begins with {scheme[0]}"] if scheme else []
    home, rest = (host, namespace) if _is_host(host) else ("ghcr.io/OWNER", bare)
    wrong += [] if _is_host(host) else ["does not begin with the host of a registry"]
    wrong += _wrong(rest)
    mended = TAG.sub("", rest.strip("/")).lower()
    raise ConfigError(
        f"{name[:200]!r} is no place in a registry: it {' and '.join(wrong)}",
        code="no-oci-place",
        cure="Write the host of the registry and a namespace in it, in lower case: each version gets its tag from us.",
        paste=f"targets: {kind}={home}/{mended if oci.is_repository(mended) else 'NAME'}",
    )


def _is_host(host: str) -> bool:
    """A name without a dot or a port would be a user's at Docker Hub."""
    return bool(HOST.fullmatch(host)) and (Origin.of(f"https://{host}").loopback or "." in host or ":" in host)


def _wrong(namespace: str) -> Iterator[str]:
    """What is wrong with a namespace: clauses."""
    if oci.is_repository(namespace):
        return
    if not namespace.strip("/"):
        yield "names no namespace behind the host"
    elif tag := TAG.search(namespace):
        yield f"ends in a tag ({tag[0]})"
    elif oci.is_repository(namespace.lower()):
        yield "has capital letters"
    else:
        yield "has a namespace that no registry takes"
