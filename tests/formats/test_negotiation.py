"""What a reader asks of an answer: media type, part, and whether it has it."""

from __future__ import annotations

import pytest

from pkg_publish.formats.negotiation import best, has_already, span
from pkg_publish.formats.simple_pages import ACCEPT, HTML, JSON, PLAIN

OFFERED = (PLAIN, JSON, HTML)
PIP = f"{JSON}, {HTML}; q=0.1, text/html; q=0.01"
UV = f"{JSON}, {HTML};q=0.2, text/html;q=0.01"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("", PLAIN),
        ("*/*", PLAIN),
        (PIP, JSON),
        (UV, JSON),
        (ACCEPT, JSON),
        (BROWSER, PLAIN),
        ("text/html", PLAIN),
        (HTML, HTML),
        (JSON.upper(), JSON),
        ("application/*", JSON),
        ("*/*;q=0.1, text/html;q=0", JSON),
        (f"{JSON};q=0, */*", PLAIN),
        (f"text/html;q=0.5, {JSON};q=0.5", PLAIN),
        (f"{JSON};charset=utf-8;q=0.9, text/html;q=0.8", JSON),
        ("text/html;q=1.5, */*;q=0.1", PLAIN),
        (f", ,{JSON}", JSON),
    ],
)
def test_the_reader_chooses(accept: str, kind: str) -> None:
    """By quality; the closest range counts; of equals the first that is offered."""
    assert best(accept, OFFERED) == kind


@pytest.mark.parametrize("accept", ["image/png", "text/plain, image/*", "*/*;q=0", "text/html;q=x"])
def test_a_reader_that_takes_nothing_of_it(accept: str) -> None:
    """There is nothing for it."""
    assert best(accept, OFFERED) is None


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("bytes=0-0", range(1)),
        ("BYTES=2-4", range(2, 5)),
        ("bytes=7-", range(7, 10)),
        ("bytes=5-99", range(5, 10)),
        ("bytes=-3", range(7, 10)),
        ("bytes=-99", range(10)),
    ],
)
def test_a_part_is_asked_for(header: str, part: range) -> None:
    """From both ends, and never behind the last byte."""
    assert span(header, 10) == part


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=10-12", "bytes=-0"])
def test_bytes_that_are_not_there(header: str) -> None:
    """An empty part: it cannot be satisfied."""
    part = span(header, 10)
    assert part is not None
    assert not part


@pytest.mark.parametrize("header", ["", "bytes=-", "bytes=5-2", "bytes=0-1,3-4", "lines=1-2", "bytes=x-", "bytes=0-" + "9" * 40])
def test_what_is_no_single_part_means_all(header: str) -> None:
    """As the specification allows."""
    assert span(header, 10) is None


@pytest.mark.parametrize(("header", "known"), [('"a"', True), ('"b", W/"a"', True), ("*", True), ("", False), ('"b"', False), ("a", False)])
def test_a_reader_that_has_it_already(header: str, known: bool) -> None:  # noqa: FBT001 - a case of the table
    """Weak or strong."""
    assert has_already(header, '"a"') is known
