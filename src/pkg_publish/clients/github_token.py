"""What GitHub says of a token itself, before it is used for anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pkg_publish.clients.github_refusals import REFUSALS
from pkg_publish.clients.network import Credential
from pkg_publish.clients.refusals import refused
from pkg_publish.clients.request import Request

if TYPE_CHECKING:
    from pkg_publish.clients.transport import Transport
    from pkg_publish.secret import Secret
    from pkg_publish.watch import Watch


def scopes(api_url: str, token: Secret, transport: Transport, watch: Watch) -> str:
    """The scopes of a classic token or an OAuth app's, as `X-OAuth-Scopes` lists them; the question costs nothing of the hour's requests.

    Raises what GitHub says to a token that it does not know.
    """
    request = Request(doing="asking GitHub for the scopes of the token", url=f"{api_url}/rate_limit", credential=Credential.bearer(api_url, token), tries=1)
    answer = transport.read(request, watch)
    if not answer.ok:
        raise refused(REFUSALS, answer, request.doing, permissions="not said", cause="", cure="", recipe="")
    return request.unechoed(answer.headers.get("X-OAuth-Scopes", ""))[:200]
