"""A registry that says what a test wants it to say, and the client that speaks to it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.servers.scripted import Scripted, answer

from pkg_publish.clients.oci_api import PULL, Outgoing, Repository
from pkg_publish.clients.oci_registry import Registry
from pkg_publish.clients.transport import Transport
from pkg_publish.formats import oci
from pkg_publish.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.servers.scripted import Step

USERNAME, PASSWORD = "maintainer", "registry-password"
MANIFEST = oci.encode({"schemaVersion": 2})
BLOB = Outgoing.of(b"the file", "demo-1.0.tar.gz")


def repository(server: Scripted, actions: str = PULL, *, login: bool = False, sources: Sequence[str] = ()) -> Repository:
    """`octo/demo` in the registry that a server plays."""
    return Repository(registry(server, login=login), "octo/demo", actions, sources)


def registry(server: Scripted, *, login: bool = False) -> Registry:
    """The registry that a server plays."""
    return Registry(f"127.0.0.1:{server.port}", Transport(), USERNAME, Secret(PASSWORD) if login else None)


def error(status: int, code: str = "", message: str = "") -> Step:
    """Refuse in a registry's words."""
    return answer(status, json.dumps({"errors": [{"code": code, "message": message}]}).encode(), Content_Type="application/json")


def challenge(realm: str, status: int = 401, service: str = "registry") -> Step:
    """Ask for a token."""
    return answer(status, WWW_Authenticate=f'Bearer realm="{realm}",service="{service}",scope="whatever"')


def token(value: str = "opaque", key: str = "token") -> Step:
    """Give one."""
    return answer(200, json.dumps({key: value}).encode(), Content_Type="application/json")


def asked(server: Scripted) -> list[str]:
    """The requests that came, without `HTTP/1.1`."""
    return [each.line.rpartition(" ")[0] for each in server.asked]


def shown(server: Scripted) -> list[str | None]:
    """What each of them had in `Authorization`."""
    return [each.headers["Authorization"] for each in server.asked]
