"""Sources as one package index: the files, whole, in part, and never wrong."""

from __future__ import annotations

import socket
import threading
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import requests
from tests.index_client import BLOCKS, DATA, FILES, SHA256, WHEEL, Counted
from tests.test_catalog import Toy

from pkg_publish.errors import Integrity, Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.index_client import Client


def test_a_file_is_named_by_its_digest(client: Client, source: Counted) -> None:
    """So it never changes, and who has it needs nothing; a HEAD fetches nothing either."""
    head = client.get(FILES, "HEAD")
    known = client.get(FILES, If_None_Match=f'"{SHA256}"')

    assert (head.status_code, head.headers["Content-Length"], head.headers["ETag"]) == (200, str(len(DATA)), f'"{SHA256}"')
    assert "immutable" in head.headers["Cache-Control"]
    assert (known.status_code, known.content) == (304, b"")
    assert source.fetched == 0


@pytest.mark.parametrize("asked", ["bytes=0-0", "bytes=2990-3010", "bytes=100-", "bytes=-5", "bytes=3000-5999", "bytes=0-999999"])
def test_a_part_of_a_file(client: Client, asked: str) -> None:
    """From both ends, across blocks."""
    answer = client.get(FILES, Range=asked)

    first, last = (int(number) for number in answer.headers["Content-Range"].removeprefix("bytes ").partition("/")[0].split("-"))
    assert answer.status_code == 206
    assert answer.content == DATA[first : last + 1]
    assert answer.headers["Content-Range"].endswith(f"/{len(DATA)}")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Range": "bytes=999999-"}, 416),
        ({"Range": "bytes=0-1,5-6"}, 200),
        ({"Range": "bytes=0-1", "If_Range": '"other"'}, 200),
        ({"Range": "bytes=0-1", "If_Range": f'"{SHA256}"'}, 206),
        ({"Range": "bytes=0-1", "method": "HEAD"}, 200),
    ],
)
def test_when_a_part_is_sent(client: Client, headers: dict[str, str], status: int) -> None:
    """Only one, only of what the client has a part of already."""
    answer = client.get(FILES, **headers)

    assert answer.status_code == status
    if status == 416:
        assert answer.headers["Content-Range"] == f"bytes */{len(DATA)}"


def test_no_wrong_body_is_completed(serve: Callable[..., Client], source: Counted) -> None:
    """It is cut, and the reason is told; where nothing was sent so far, it is an error like others."""
    source.blocks = [*BLOCKS[:-1], b"\0" * 1240]
    client = serve(source)

    for headers in ({}, {"Range": "bytes=2000-"}):
        with pytest.raises(requests.exceptions.RequestException):
            client.get(FILES, **headers)
    assert client.get(FILES, Range="bytes=0-10").status_code == 502
    assert [each.code for each in client.told if isinstance(each, Integrity)] == ["wrong-digest"] * 2


def test_two_hundred_at_once(client: Client) -> None:
    """Each gets its bytes, however late it takes them, and no thread is left over."""
    before, asked = set(threading.enumerate()), f"GET {FILES} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_connection(("127.0.0.1", urlsplit(client.url).port or 0), timeout=20)) for _ in range(200)]
        for each in sockets:
            each.sendall(asked)
        answers = [stack.enter_context(each.makefile("rb")).read() for each in reversed(sockets)]

    assert {(answer[:12], answer.partition(b"\r\n\r\n")[2]) for answer in answers} == {(b"HTTP/1.1 200", DATA)}
    for thread in set(threading.enumerate()) - before:
        thread.join(10)
        assert not thread.is_alive()


def test_a_file_whose_size_nobody_knows(serve: Callable[..., Client], source: Counted) -> None:
    """Is read once for it: an answer without a length could break off unseen."""
    source.listed = (replace(WHEEL, size=None),)
    client = serve(source)

    assert client.get(FILES, "HEAD").headers["Content-Length"] == str(len(DATA))
    assert client.get(FILES).content == DATA
    assert source.fetched == 2


def test_a_source_that_fails_before_the_first_byte(serve: Callable[..., Client]) -> None:
    """No answer was begun: it is an error like others."""
    assert serve(Toy(WHEEL, fetching=Refused("no", code="registry-denied"))).get(FILES).status_code == 403


def test_metadata_that_is_not_there(serve: Callable[..., Client], source: Counted) -> None:
    """Is not found; other bytes than promised are an error."""
    assert serve(Toy(WHEEL)).get(f"{FILES}.metadata").status_code == 404
    source.said = b"other"
    assert serve(source).get(f"{FILES}.metadata").status_code == 502
