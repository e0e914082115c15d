"""What was read and is asked for again: kept in memory, bounded, made once however many ask."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

Value = TypeVar("Value")


@dataclass(slots=True)
class _Kept(Generic[Value]):
    alone: threading.Lock = field(default_factory=threading.Lock)
    value: Value | None = None
    at: float = 0.0
    weight: int = 0


class Memory(Generic[Value]):
    """Values by key; what was asked for longest ago is forgotten first. Safe for threads."""

    def __init__(self, room: int, weight: Callable[[Value], int] = lambda _: 1, *, fresh: float = float("inf")) -> None:
        """`room` is for the weights of all values together; `fresh` are the seconds after which a value is made again."""
        self._room, self._weight, self._fresh = room, weight, fresh
        self._kept: OrderedDict[Hashable, _Kept[Value]] = OrderedDict()
        self._guard = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], Value], now: float) -> Value:
        """Return the value of a key, made if it is not there or too old; those who ask meanwhile wait for it. What `make` raises is not kept."""
        with self._guard:
            kept = self._kept.setdefault(key, _Kept())
            self._kept.move_to_end(key)
        with kept.alone:
            try:
                if kept.value is None or now - kept.at >= self._fresh:
                    kept.value, kept.at = make(), now
                    kept.weight = self._weight(kept.value)
                    self._forget()
                return kept.value
            finally:
                if kept.value is None:  # who asks for many names that nobody has would fill the memory
                    with self._guard:
                        self._kept.pop(key, None)

    def _forget(self) -> None:
        """Make room; the newest stays, whatever it weighs."""
        with self._guard:
            total = sum(each.weight for each in self._kept.values())
            while total > self._room and len(self._kept) > 1:
                _, oldest = self._kept.popitem(last=False)
                total -= oldest.weight
