"""What was read and is asked for again."""

from __future__ import annotations

import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from pkg_publish.memory import Memory


def test_a_value_is_made_once_while_it_is_fresh() -> None:
    """And once more when it is old."""
    memory: Memory[int] = Memory(10, fresh=5)
    values = iter(range(3))

    assert [memory.get("x", lambda: next(values), now) for now in (0.0, 4.9, 5.0, 9.0)] == [0, 0, 1, 1]


def test_those_who_ask_meanwhile_wait_for_it() -> None:
    """Twenty at once make it once."""
    memory: Memory[int] = Memory(10)
    asked, go = threading.Semaphore(0), threading.Event()
    made = []

    def make() -> int:
        go.wait(10)
        made.append(1)
        return 7

    def ask() -> int:
        asked.release()
        return memory.get("x", make, 0)

    with ThreadPoolExecutor(20) as pool:
        jobs = [pool.submit(ask) for _ in range(20)]
        for _ in jobs:
            assert asked.acquire(timeout=10)
        go.set()
        assert [job.result() for job in jobs] == [7] * 20
    assert made == [1]


def test_what_was_asked_for_longest_ago_is_forgotten() -> None:
    """By weight; the newest stays, whatever it weighs."""
    memory: Memory[str] = Memory(10, len)
    for key in ("a", "b", "a", "c"):
        memory.get(key, lambda: "12345", 0)

    assert memory.get("a", lambda: "new", 0) == "12345"
    assert memory.get("b", lambda: "new", 0) == "new"
    assert memory.get("large", lambda: "x" * 99, 0) == memory.get("large", lambda: "", 0)


def test_a_failure_is_not_kept() -> None:
    """The next one tries again."""
    memory: Memory[int] = Memory(10)
    with pytest.raises(ZeroDivisionError):
        memory.get("x", lambda: 1 // 0, 0)

    assert memory.get("x", lambda: 1, 0) == 1


def test_a_key_without_a_value_is_not_kept() -> None:
    """Nothing holds it any more: names that nobody has fill no memory."""
    memory: Memory[int] = Memory(10)
    key = Thing()
    gone = weakref.ref(key)

    with suppress(ZeroDivisionError):
        memory.get(key, lambda: 1 // 0, 0)
    del key

    assert gone() is None


class Thing:
    """A key that can be looked after."""
