"""When a request is tried again, and after how long: the only such rule there is."""

from __future__ import annotations

from datetime import UTC
from email.utils import parsedate_to_datetime
from random import SystemRandom
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

TRIES = 5
BASE, CAP = 1.0, 30.0
"""Seconds: the longest first pause, and the longest of all, where the server asks for none."""
LONGEST_ASKED = 120.0
"""Seconds: what a server may ask for; more is cut to it."""

TEMPORARY = frozenset({408, 425, 429, 499, 500, 502, 503, 504, *range(520, 525)})
"""Statuses that say: later, maybe. 501, 505, 507 and 511 do not."""

uniform = SystemRandom().uniform


def is_temporary(status: int, headers: Mapping[str, str]) -> bool:
    """Whether an answer asks to be asked again; a 403 does when it says when (GitHub's second rate limit)."""
    return status in TEMPORARY or (status == 403 and "Retry-After" in headers)  # noqa: PLR2004 - known by its number


def pause(tries: int, headers: Mapping[str, str]) -> float:
    """Seconds before the next try, after so many: full jitter, or what the answer asks for if that is longer."""
    return max(uniform(0, min(CAP, BASE * 2 ** (tries - 1))), asked(headers))


def asked(headers: Mapping[str, str]) -> float:
    """Seconds that `Retry-After` asks for (RFC 9110, 10.2.3), at most `LONGEST_ASKED`; 0 when it says nothing that can be read.

    A date is measured by the server's own `Date`, for the clocks of the two may differ.
    """
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), LONGEST_ASKED)
    then, now = _date(text), _date(headers.get("Date", ""))
    return min(max((then - now).total_seconds(), 0.0), LONGEST_ASKED) if then and now else 0.0


def _date(text: str) -> datetime | None:
    """One of the three forms of RFC 9110, 5.6.7; the oldest names no zone and means GMT."""
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
