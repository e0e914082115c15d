"""What a reader asks of an answer: which media type, which part of it, and whether it has it already (RFC 9110)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_QUALITY = re.compile(r"0(\.\d{0,3})?|1(\.0{0,3})?")
_SPAN = re.compile(r"bytes=\s*([0-9]{0,18})-([0-9]{0,18})\s*", re.IGNORECASE)


def best(accept: str, offered: Sequence[str]) -> str | None:
    """The offered media type that the header `Accept` likes best, of equals the first; None: it takes none of them."""
    wishes = [wish for text in accept.split(",") if (wish := _wish(text))]
    if not accept.strip():
        return offered[0]
    liking = {each: _liking(each, wishes) for each in offered}
    favourite = max(offered, key=lambda each: liking[each])
    return favourite if liking[favourite] > 0 else None


def _wish(text: str) -> tuple[str, float] | None:
    """A media range and how much it is liked; None for what is neither."""
    name, *parameters = (part.strip().lower() for part in text.split(";"))
    quality = next((value.strip() for key, _, value in (each.partition("=") for each in parameters) if key.strip() == "q"), "1")
    return (name, float(quality)) if name and _QUALITY.fullmatch(quality) else None


def _liking(offer: str, wishes: Sequence[tuple[str, float]]) -> float:
    """The closest range that fits counts, whatever the others say."""
    for fitting in (offer, f"{offer.partition('/')[0]}/*", "*/*"):
        found = [quality for name, quality in wishes if name == fitting]
        if found:
            return max(found)
    return 0.0


def span(header: str, size: int) -> range | None:
    """The bytes that the header `Range` asks for: an empty range if there are none such; None for all, also when it asks for several parts."""
    asked = _SPAN.fullmatch(header)
    if not asked or not any(asked.groups()):
        return None
    first, last = asked.groups()
    if not first:
        return range(max(0, size - int(last)), size)
    if last and int(last) < int(first):
        return None
    return range(int(first), min(int(last) + 1 if last else size, size))


def has_already(header: str, etag: str) -> bool:
    """Whether the header `If-None-Match` names the answer."""
    return header.strip() == "*" or etag in {each.strip().removeprefix("W/") for each in header.split(",")}
