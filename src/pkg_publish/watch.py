"""The only clock, sleep, cancel and progress of a run."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from pkg_publish.errors import Cancelled, Deadline, PublishError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

    from pkg_publish.secret import Secret

LONGEST_WAIT = 60.0
"""Seconds: no socket waits longer for one answer."""

GRACE = 3.0
"""Seconds for all that a run still looks at when it is over."""


class Clock(Protocol):
    """Time as a run sees it; tests put a virtual one in its place."""

    def now(self) -> float:
        """Seconds on a clock that never goes back."""

    def wait(self, stop: threading.Event, seconds: float) -> None:
        """Sleep, or less when `stop` is set."""


class MonotonicClock:
    """The clock of the machine."""

    def now(self) -> float:
        """Seconds on a clock that never goes back."""
        return time.monotonic()

    def wait(self, stop: threading.Event, seconds: float) -> None:
        """Sleep, or less when `stop` is set."""
        stop.wait(seconds)


@dataclass(frozen=True, slots=True)
class Waiting:
    """An event: the run waits, and why."""

    why: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Sent:
    """An event: so many bytes of this file went out."""

    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Hidden:
    """An event: the log must never show this secret, which did not exist when the run began."""

    secret: Secret


@dataclass(slots=True)
class _Grace:
    """When even the last looks of a run are over: all of its parts share it."""

    _end: float
    above: _Grace | None = None

    @property
    def end(self) -> float:
        """Moment on the clock."""
        return min(self._end, self.above.end) if self.above else self._end

    def ends_by(self, moment: float) -> None:
        """Let it end then, if it does not end earlier."""
        self._end = min(self._end, moment)


class Watch:
    """One deadline for everything below it. `tell` takes frozen events, from any thread."""

    def __init__(  # noqa: PLR0913 - a deadline, and whose
        self,
        seconds: float,
        tell: Callable[[object], None],
        *,
        stop: threading.Event | None = None,
        clock: Clock | None = None,
        late: type[PublishError] = Deadline,
        grace: _Grace | None = None,
    ) -> None:
        self._clock = clock or MonotonicClock()
        self._own_end = self._clock.now() + seconds
        self._grace = grace or _Grace(self._own_end + GRACE)
        self.stop = stop or threading.Event()
        self._late = late
        self.tell = tell

    @property
    def _end(self) -> float:
        return min(self._own_end, self._grace.end)

    def within(self, seconds: float) -> Watch:
        """A deadline of its own, for a run that is cancelled together with this one."""
        grace = _Grace(self.now() + seconds + GRACE, above=self._grace)
        return Watch(seconds, self.tell, stop=self.stop, clock=self._clock, grace=grace)

    def part(self, most: float = float("inf")) -> Watch:
        """Half of what is left: for the looks, and for a target that is not the last. Its end is `unavailable`, not `deadline`."""
        seconds = min(most, (self._end - self.now()) / 2)
        return Watch(seconds, self.tell, stop=self.stop, clock=self._clock, late=Unavailable, grace=self._grace)

    def last(self) -> Watch:
        """A few seconds for a last look, so that a run ends honest; those after the end of the whole run share them. A cancel does not end it at once."""
        if self.stop.is_set():
            self._grace.ends_by(self.now() + GRACE)
        return Watch(GRACE, self.tell, clock=self._clock, grace=self._grace)

    def quiet(self, tell: Callable[[object], None] = lambda _: None) -> Watch:
        """The same, whose events go elsewhere."""
        return Watch(self._end - self.now(), tell, stop=self.stop, clock=self._clock, late=self._late, grace=self._grace)

    def cancel(self) -> None:
        """End the run soon; safe in a signal handler, for it sets two values and nothing more."""
        self._grace.ends_by(self.now() + GRACE)
        self.stop.set()

    def now(self) -> float:
        """Seconds on a clock that never goes back, for differences."""
        return self._clock.now()

    def left(self) -> float:
        """How many seconds are left; no socket waits longer than that or `LONGEST_WAIT`.

        Raises what `verdict()` says when the run is over.
        """
        if self.over:
            raise self.verdict()
        return self._end - self.now()

    def verdict(self) -> PublishError:
        """Why it is over. `reached`: nobody waited for the answer."""
        if self.stop.is_set():
            return Cancelled("the run was cancelled", code="cancelled", cure="Run it again: it finds what is there and sends the rest.", reached=True)
        return self._late("the time is up", code="deadline", cure="Give it more time with `timeout`.", paste="with:\n  timeout: 30m", reached=True)

    @property
    def over(self) -> bool:
        """Cancelled, or the time is up."""
        return self.stop.is_set() or self.now() >= self._end

    def wait(self, seconds: float, why: str) -> None:
        """Sleep, or less when the run ends first. Says why, so that no log is ever silent."""
        self.tell(Waiting(why, seconds))
        self._clock.wait(self.stop, max(0.0, min(seconds, self._end - self.now())))

    def body(self, name: str, file: BinaryIO) -> Body:
        """A file on its way out under `name`."""
        return Body(self, name, file)


class Body:
    """A file on its way: constant memory, a known length, progress and cancel at every block."""

    def __init__(self, watch: Watch, name: str, file: BinaryIO) -> None:
        self._watch, self._name, self._file = watch, name, file
        self._size = file.seek(0, 2)
        file.seek(0)

    def __len__(self) -> int:
        return self._size

    def read(self, size: int = -1) -> bytes:
        """Return the next block; raises when the run is over."""
        self._watch.left()
        block = self._file.read(size)
        self._watch.tell(Sent(self._name, len(block)))
        return block
