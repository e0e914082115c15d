"""When, and after how long."""

from __future__ import annotations

import pytest

from pkg_publish.clients import retry
from pkg_publish.clients.retry import CAP, LONGEST_ASKED, asked, is_temporary, pause

NOW = "Sun, 06 Nov 1994 08:49:07 GMT"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30", 30),
        (" 0 ", 0),
        ("3600", LONGEST_ASKED),
        ("9" * 500, LONGEST_ASKED),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 30),
        ("Sunday, 06-Nov-94 08:49:37 GMT", 30),
        ("Sun Nov  6 08:49:37 1994", 30),
        ("Sun, 06 Nov 1994 08:48:37 GMT", 0),
        ("Sun, 06 Nov 2094 08:49:37 GMT", LONGEST_ASKED),
        ("Sun, 06 Nov 99999999999999999999 08:49:37 GMT", 0),
        ("Sun, 99 Nov 1994 08:49:37 GMT", 0),
        *((odd, 0) for odd in ("", "-1", "1.5", "nan", "inf", "1e9", "²", "soon", "\x00")),
    ],
)
def test_what_a_server_asks_for(text: str, seconds: float) -> None:
    """Seconds or one of three forms of a date, by the server's own clock; clamped; nonsense counts as nothing."""
    assert asked({"Retry-After": text, "Date": NOW}) == seconds


def test_a_date_without_a_clock_says_nothing() -> None:
    """Ours may be wrong."""
    assert asked({"Retry-After": "Sun, 06 Nov 1994 08:49:37 GMT"}) == 0


def test_pauses_grow_to_a_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Full jitter between nothing and twice as much each time."""
    monkeypatch.setattr(retry, "uniform", lambda least, most: (least, most)[1])

    assert [pause(tries, {}) for tries in range(1, 8)] == [1, 2, 4, 8, 16, 30, CAP]
    assert pause(1, {"Retry-After": "7"}) == 7
    assert pause(5, {"Retry-After": "7"}) == 16


def test_jitter_is_jitter() -> None:
    """No two clients wait the same."""
    assert len({pause(5, {}) for _ in range(10)}) > 1


def test_a_403_is_temporary_when_it_says_so() -> None:
    """As GitHub's second rate limit does."""
    assert is_temporary(403, {"Retry-After": "60"})
    assert not is_temporary(403, {})
