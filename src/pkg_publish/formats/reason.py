"""Why a server refused, in its own words: found in the phrase beside the status, or in a body of JSON, HTML or text."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING

from pkg_publish.formats.html import Page

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST = 300
"""Letters: what fits into a line that somebody reads."""

KEYS = ("message", "detail", "msg", "description", "error_description", "reason", "error")
"""Where JSON answers keep their words, the best first (registries, warehouse, GitHub, RFC 9457, OAuth)."""

DEPTH = 4
"""How far down words are looked for."""

OTHER_PHRASES = {
    405: ("not allowed",),
    408: ("request time-out",),
    413: ("request entity too large", "payload too large", "content too large"),
    414: ("request-uri too long", "request-uri too large", "request uri too long", "uri too long"),
    416: ("requested range not satisfiable", "range not satisfiable"),
    422: ("unprocessable entity", "unprocessable content"),
    503: ("service temporarily unavailable",),
    504: ("gateway time-out",),
}
"""What a status is called beside the phrase that this Python has for it: RFC 9110 renamed some, Python followed in 3.13, and servers have their own names."""

HEAPS = frozenset({"head", "style", "script", "title", "h1", "pre"})
"""What splits an error page."""


def reason(status: int, phrase: str, content_type: str, body: str) -> str:
    """One line of foreign text, at most `LONGEST` letters; the standard phrase when the server said nothing of its own."""
    standard = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else ""
    phrase = phrase.strip()
    if "json" in content_type and (words := _of_json(body)):
        return _line(words)  # a phrase beside it is that of a server's version of HTTP, or of a proxy
    if phrase and phrase.lower() not in {standard.lower(), *OTHER_PHRASES.get(status, ())}:
        return _line(phrase)
    words = "" if "json" in content_type else _of_html(body) if "html" in content_type else body
    return _line(words) or standard or phrase


def _line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


def _of_json(body: str) -> str:
    try:
        return "; ".join(dict.fromkeys(_words(json.loads(body), DEPTH)))
    except (ValueError, RecursionError):
        return ""


def _words(value: object, depth: int) -> Iterator[str]:
    """The sentences of a JSON value, each behind its code if it has one."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list) and depth:
        for each in value[:5]:
            yield from _words(each, depth - 1)
    elif isinstance(value, dict) and depth:
        own = next((value[key] for key in KEYS if isinstance(value.get(key), str)), "")
        said = ": ".join(word for word in (value.get("code"), own) if word and isinstance(word, str))
        inner = [value[key] for key in ("errors", *KEYS) if key in value]
        if not said and not inner and depth < DEPTH:
            inner = list(value.values())  # GitLab has its words below the names of fields
        yield from filter(None, [said])
        for each in inner:
            if each != own:
                yield from _words(each, depth - 1)


def _of_html(body: str) -> str:
    """What stands in `<pre>` (pypiserver; `None` when it has nothing to say), else the text below the heading (devpi), else the heading."""
    page = _ErrorPage()
    page.read(body)
    if words := page.pre.strip():
        return "" if words == "None" else words
    return page.text.strip() or page.heading


class _ErrorPage(Page):
    """The text of an error page, in three heaps."""

    def __init__(self) -> None:
        super().__init__()
        self.pre = self.text = self.heading = ""
        self._inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag in HEAPS:
            self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._inside:
            del self._inside[self._inside.index(tag) :]

    def handle_data(self, data: str) -> None:
        inside = self._inside[-1] if self._inside else ""
        if not inside:
            self.text += data
        elif inside == "pre":
            self.pre += data
        elif inside in {"h1", "title"}:
            self.heading = self.heading or data
