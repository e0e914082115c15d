"""A secret would be found wherever a request can carry it."""

from __future__ import annotations

import http.client
from typing import TYPE_CHECKING

import pytest
from tests.reliability.canaries import asked, forms, found
from tests.servers.front import Fault, Front

if TYPE_CHECKING:
    from collections.abc import Callable

CANARY = "ghs_canary+/0123456789abcdef"

WAYS: dict[str, Callable[[bytes], tuple[str, str, dict[str, str], bytes]]] = {
    "address": lambda text: ("GET", f"/{text.decode()}", {}, b""),
    "header": lambda text: ("GET", "/", {"X-Odd": text.decode()}, b""),
    "form field": lambda text: ("POST", "/", {}, b'--x\r\nContent-Disposition: form-data; name="comment"\r\n\r\n' + text + b"\r\n--x--\r\n"),
    "blob": lambda text: ("PUT", "/v2/octo/demo/blobs/uploads/1", {}, b"\0" * 100_000 + text),
}


@pytest.mark.parametrize("form", ["raw", "hex", "base64 at 1"])
@pytest.mark.parametrize("way", WAYS)
def test_a_request_is_searched_whole(way: str, form: str) -> None:
    """Its address, its headers and its body, and nothing is found where nothing is."""
    method, path, headers, body = WAYS[way](forms(CANARY)[form])
    with Front("http://127.0.0.1:9") as front:
        front.fail_reads(Fault(status=404))
        front.fail_writes(Fault(status=404))
        connection = http.client.HTTPConnection(front.url.removeprefix("http://"), timeout=10)
        connection.request(method, path, body or None, headers)
        connection.getresponse().read()
        connection.close()

        assert len({leak.partition(" in ")[2] for leak in found({"it": CANARY}, dict(asked({"main": front})))}) == 1
        assert found({"another": "ghp_other+/0123456789abcdef"}, dict(asked({"main": front}))) == []


def test_who_asks_is_no_leak() -> None:
    """The one header that a secret is for."""
    with Front("http://127.0.0.1:9") as front:
        front.fail_reads(Fault(status=404))
        connection = http.client.HTTPConnection(front.url.removeprefix("http://"), timeout=10)
        connection.request("GET", "/", headers={"Authorization": f"Bearer {CANARY}"})
        connection.getresponse().read()
        connection.close()

        assert found({"it": CANARY}, dict(asked({"main": front}))) == []
