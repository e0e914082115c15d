"""One registry and the way in: every request shows what the login has for it, and is repeated once when that was not enough."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pkg_publish.clients.network import Origin
from pkg_publish.clients.oci_login import Login
from pkg_publish.clients.oci_refusals import REFUSALS
from pkg_publish.clients.refusals import refused
from pkg_publish.clients.request import Request

if TYPE_CHECKING:
    from collections.abc import Callable

    from pkg_publish.clients.network import Credential
    from pkg_publish.clients.request import Answer
    from pkg_publish.clients.transport import Transport
    from pkg_publish.errors import PublishError
    from pkg_publish.secret import Secret
    from pkg_publish.watch import Watch

API_HOSTS = {"docker.io": "registry-1.docker.io"}
"""Registries that are called otherwise than the host that speaks for them."""


class Registry:
    """One registry, one login. Safe for threads."""

    def __init__(  # noqa: PLR0913, PLR0917 - all but the first two are seldom given
        self,
        host: str,
        transport: Transport,
        username: str = "",
        password: Secret | None = None,
        settings: Callable[[str], str] | None = None,
        token_server: str = "",
        namespace: str = "NAME",
    ) -> None:
        """Take the host with its port as a reference has it (`ghcr.io`); raises `ConfigError` for what is none.

        `settings` gives the address of the page on which the owner of a repository lets others write to it; `token_server` is the
        host that gives out tokens, where it is not the registry's own; `namespace` stands in what people are told to write.
        """
        loopback = Origin.of(f"https://{host}").loopback
        self.host, self.url = host, f"{'http' if loopback else 'https'}://{API_HOSTS.get(host, host)}"
        self.transport, self._settings = transport, settings
        self._login = Login(self.url, transport, username, password, token_server, place=f"{host}/{namespace}")

    @property
    def anonymous(self) -> Registry:
        """The same without a login."""
        return Registry(self.host, self.transport)

    @property
    def is_anonymous(self) -> bool:
        """We have no password to show."""
        return self._login.is_anonymous

    def ask(self, request: Request, scopes: tuple[str, ...], watch: Watch, send: Callable[[Request], Answer]) -> Answer:
        """Send a request with what the login shows for it, and once again when it is not let in; return the answer whatever its status."""
        credential = self._login.credential(scopes, watch)
        answer = send(replace(request, credential=credential))
        if not _wants_login(answer):
            return answer
        other = self._login.after(answer, credential, scopes, watch)
        return send(replace(request, credential=other)) if other else answer

    def credential(self, scopes: tuple[str, ...], watch: Watch) -> Credential | None:
        """What the login shows for these scopes, as far as it is known."""
        return self._login.credential(scopes, watch)

    def greet(self, scopes: tuple[str, ...], watch: Watch) -> None:
        """Ask whether there is a registry that lets us in; raises what keeps us out."""
        request = Request(doing="greeting the registry", url=f"{self.url}/v2/")
        answer = self.ask(request, scopes, watch, lambda each: self.transport.read(each, watch))
        if not answer.ok:
            raise self.refused(answer, request.doing)

    def refused(self, answer: Answer, doing: str, name: str = "") -> PublishError:
        """What an answer that is no success means."""
        settings = f" ({self._settings(name)})" if self._settings and name else ""
        return refused(REFUSALS, answer, doing, settings=settings, **self._login.facts)


def _wants_login(answer: Answer) -> bool:
    """A 401, or what GHCR says of a token that has run out."""
    return answer.status == 401 or (answer.status == 403 and "invalid token" in answer.text)  # noqa: PLR2004 - known by their numbers
