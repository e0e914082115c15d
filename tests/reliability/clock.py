"""Time that passes at once: pauses take none of the machine's, and a server can let some pass while it is silent."""

from __future__ import annotations

import threading


class VirtualClock:
    """A clock that stands still until somebody waits."""

    def __init__(self) -> None:
        self._now = 0.0
        self._moving = threading.Lock()

    def now(self) -> float:
        """Seconds since it was made."""
        return self._now

    def wait(self, stop: threading.Event, seconds: float) -> None:
        """Be that much later; who waits at the same time waits with us."""
        if not stop.is_set():
            self._to(self._now + seconds)

    def let_pass(self, seconds: float) -> None:
        """Be that much later than the latest."""
        with self._moving:
            self._now += seconds

    def _to(self, then: float) -> None:
        with self._moving:
            self._now = max(self._now, then)
