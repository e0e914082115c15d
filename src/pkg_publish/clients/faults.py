"""What breaks between us and a server, as failures the chain understands. Imported by what sends, for it knows requests' exceptions."""

from __future__ import annotations

import socket
import ssl
from contextlib import contextmanager
from typing import TYPE_CHECKING

import requests
import urllib3
from urllib3 import exceptions as broken

from pkg_publish.clients.line import CONNECTING
from pkg_publish.errors import Integrity, PublishError, Unavailable
from pkg_publish.watch import LONGEST_WAIT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pkg_publish.clients.network import Origin

UNREACHABLE, NO_ANSWER = "unreachable", "no-answer"

CAUSES: tuple[tuple[type[BaseException], str, str], ...] = (
    (broken.ProxyError, UNREACHABLE, "the proxy on the way to {host} lets nothing through"),
    (socket.gaierror, UNREACHABLE, "nobody knows where {host} is (DNS)"),
    (ConnectionRefusedError, UNREACHABLE, "{host} refuses connections"),
    (broken.ConnectTimeoutError, UNREACHABLE, f"{{host}} did not open a connection within {CONNECTING:.0f} s"),
    (ConnectionResetError, NO_ANSWER, "{host} broke the connection off"),
    (broken.NewConnectionError, UNREACHABLE, "there is no way to {host}"),
    (ssl.SSLEOFError, NO_ANSWER, "{host} broke the connection off"),
    (ssl.SSLError, UNREACHABLE, "{host} and we cannot agree on TLS"),
    (TimeoutError, NO_ANSWER, f"{{host}} gave no sign for {LONGEST_WAIT:.0f} s"),
    (broken.ReadTimeoutError, NO_ANSWER, f"{{host}} gave no sign for {LONGEST_WAIT:.0f} s"),
    (ConnectionError, NO_ANSWER, "{host} broke the connection off"),
    (broken.ProtocolError, NO_ANSWER, "{host} broke the connection off"),
)
"""The first that is among the causes of an error names it."""


@contextmanager
def named(doing: str, origin: Origin, reached: Callable[[], bool]) -> Iterator[None]:
    """Turn what requests and urllib3 raise into `Unavailable`, and a bad certificate into `Integrity`; nothing of a request is quoted."""
    try:
        yield
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise _failure(list(_causes(error)), f"{doing} failed", str(origin), reached=reached()) from error


def _failure(causes: list[BaseException], what: str, host: str, *, reached: bool) -> PublishError:
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Integrity(
                f"{what}: {host} has no certificate that we can trust",
                code="tls-certificate",
                cure="Somebody may be in between. If the server has an authority of its own, name its certificates in SSL_CERT_FILE.",
                said=cause.verify_message,
            )
    code, why = next(((code, why) for kind, code, why in CAUSES if any(isinstance(cause, kind) for cause in causes)), (NO_ANSWER, "{host} does not speak HTTP"))
    return Unavailable(f"{what}: {why.format(host=host)}", code=code, cure="Wait until it answers, then run again.", reached=reached)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error and all that lies below it, wherever the libraries have put it."""
    while error is not None:
        yield error
        inner = [*error.args, getattr(error, "reason", None), error.__cause__, error.__context__]
        error = next((each for each in inner if isinstance(each, BaseException)), None)
