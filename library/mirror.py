"""The index that pip is set up with, read with the standard library: PEP 691 pages, PEP 503 pages where a mirror has no others.

Only what says how to reach an index matters here: the hashes of the lock decide what is taken.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import http.client
import json
import socket
import ssl
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from library import pip
from library.errors import Unreachable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

T = TypeVar("T")

BLOCK = 1 << 20
"""Bytes read at once."""

PAGE_LIMIT = 1 << 26
"""Bytes of an index page; the longest that was seen has 3 MB."""

PAUSES = (0.5, 1.5)
"""Seconds before the second and the third try."""

PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers that may be another one in a second."""

LASTING = (ssl.SSLCertVerificationError, socket.gaierror, ConnectionRefusedError)
"""Failures that are the same in a second."""

SECONDS = 15.0
"""What pip, too, waits for an answer."""

PAGES = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"


class Anchors(HTMLParser):
    """The links of a PEP 503 page: file name → address as written."""

    def __init__(self) -> None:
        super().__init__()
        self.files: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A link's last part is the name of its file."""
        href = dict(attrs).get("href")
        if tag == "a" and href:
            self.files[urllib.parse.unquote(urllib.parse.urlsplit(href).path.rpartition("/")[2])] = href


class Web:
    """GET through pip's proxy, with pip's certificates; a login stays with the index that has it in its address."""

    def __init__(self, settings: Mapping[str, str], environ: Mapping[str, str]) -> None:
        proxies = {"http": settings["proxy"], "https": settings["proxy"]} if "proxy" in settings else None
        waits = settings.get("timeout") or settings.get("default-timeout") or ""
        self.seconds = float(waits) if waits.replace(".", "", 1).isdigit() else SECONDS
        self.trusted = frozenset(settings.get("trusted-host", "").split())
        self.logins: dict[tuple[str, str], str] = {}
        self.openers = {
            trusting: urllib.request.build_opener(
                urllib.request.ProxyHandler(proxies),
                urllib.request.HTTPSHandler(context=tls(settings, environ, trusting=trusting)),
            )
            for trusting in {bool(self.trusted), False}
        }

    def know(self, address: str) -> str:
        """Remember the login of an address, and return the address without it."""
        parts = urllib.parse.urlsplit(address)
        login, at, host = parts.netloc.rpartition("@")
        if at:
            self.logins[parts.scheme, host] = "Basic " + base64.b64encode(urllib.parse.unquote(login).encode()).decode()
        return urllib.parse.urlunsplit(parts._replace(netloc=host))

    def get(self, address: str, accept: str = "*/*") -> Iterator[bytes]:
        """The answer's body in blocks, after a first one that is its final address and its type.

        Raises `Unreachable`; what the reader of the blocks raises is not touched.
        """
        parts = urllib.parse.urlsplit(address)
        try:
            request = urllib.request.Request(address, headers={"Accept": accept, "User-Agent": "pkg-publish"})  # noqa: S310 - the hash decides
            if login := self.logins.get((parts.scheme, parts.netloc)):
                request.add_unredirected_header("Authorization", login)
            with self.openers[bool({parts.netloc, parts.hostname} & self.trusted)].open(request, timeout=self.seconds) as answer:
                yield f"{answer.headers.get_content_type()} {answer.url}".encode()
                while block := answer.read(BLOCK):
                    yield block
                if left := getattr(answer, "length", 0):
                    raise http.client.IncompleteRead(b"", left)
        except urllib.error.HTTPError as error:
            with error:
                raise Unreachable(f"{shown(address)} answered {error.code}", passing=error.code in PASSING) from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            said = getattr(error, "reason", None) or error
            raise Unreachable(f"{shown(address)}: {said}", passing=not isinstance(said, LASTING)) from error


class Index:
    """What pip would ask, in pip's order."""

    def __init__(self, addresses: Iterable[str], web: Web) -> None:
        self.web = web
        self.roots = [web.know(address.rstrip("/")) for address in addresses]

    def files(self, name: str) -> dict[str, str]:
        """File name → address, of one project, from the first index that has it."""
        refusals = []
        for root in self.roots:
            try:
                return patiently(functools.partial(self.page, f"{root}/{name}/"))
            except Unreachable as error:
                refusals.append(str(error))
        raise Unreachable("; ".join(refusals))

    def page(self, address: str) -> dict[str, str]:
        """The links of one page, made absolute."""
        blocks = self.web.get(address, PAGES)
        kind, _, final = next(blocks).decode().partition(" ")
        data = bytearray()
        for block in blocks:
            data += block
            if len(data) > PAGE_LIMIT:
                raise Unreachable(f"{shown(address)} sends a page of more than {PAGE_LIMIT >> 20} MiB")
        try:
            links = {file["filename"]: file["url"] for file in json.loads(data)["files"]} if kind.endswith("json") else anchors(data)
            return {name: link if link.startswith("https://") else urllib.parse.urljoin(final, link) for name, link in links.items()}
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise Unreachable(f"{shown(address)} is no page of an index") from error

    def blocks(self, address: str) -> Iterator[bytes]:
        """The bytes of one file."""
        blocks = self.web.get(address)
        next(blocks)
        return blocks


@contextlib.contextmanager
def each_name_once() -> Iterator[None]:
    """Ask the name server once for each host: of many questions at a time some get lost in containers, and a lost one costs 5 s."""
    ask, lock = socket.getaddrinfo, threading.Lock()

    @functools.cache
    def answer(*question: Any, **more: Any) -> Any:  # noqa: ANN401 - the types are those of the original
        try:
            return ask(*question, **more)
        except OSError as error:
            return error

    def in_turn(*question: Any, **more: Any) -> Any:  # noqa: ANN401 - the same
        with lock:
            found = answer(*question, **more)
        if isinstance(found, OSError):
            raise found
        return found

    socket.getaddrinfo = in_turn
    try:
        yield
    finally:
        socket.getaddrinfo = ask


def anchors(page: bytes | bytearray) -> dict[str, str]:
    """The links of an HTML page."""
    parser = Anchors()
    parser.feed(page.decode("utf-8", "replace"))
    return parser.files


def patiently(ask: Callable[[], T]) -> T:
    """Ask up to three times, as long as the failure may pass."""
    for pause in PAUSES:
        try:
            return ask()
        except Unreachable as error:
            if not error.passing:
                raise
        time.sleep(pause)
    return ask()


def shown(address: str) -> str:
    """An address as it may stand in a log: without login and query."""
    parts = urllib.parse.urlsplit(address)
    return urllib.parse.urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def tls(settings: Mapping[str, str], environ: Mapping[str, str], *, trusting: bool) -> ssl.SSLContext:
    """The certificates that pip is given, else the system's, else those pip has with it."""
    bundle = settings.get("cert") or environ.get("REQUESTS_CA_BUNDLE") or environ.get("CURL_CA_BUNDLE")
    context = ssl.create_default_context()
    try:
        if bundle:
            context.load_verify_locations(**{"capath" if Path(bundle).is_dir() else "cafile": bundle})
        elif not context.cert_store_stats()["x509_ca"] and (certificates := pip.ask()[1:]):
            context.load_verify_locations(cafile=certificates[0])
        if "client-cert" in settings:
            context.load_cert_chain(settings["client-cert"])
    except OSError as error:
        raise Unreachable(f"the certificates that pip is set up with cannot be read: {error}") from error
    if trusting:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
