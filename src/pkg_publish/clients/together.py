"""Calls that wait for a server, made at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Found = TypeVar("Found")

AT_ONCE = 8
"""As many as files are sent at the same time."""


def together(calls: Sequence[Callable[[], Found]]) -> list[Found]:
    """Return what the calls return, in their order; raises what the first of them raised, when those that had begun have ended."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda call: call(), calls))
