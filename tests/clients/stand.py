"""What the tests of the transport stand on: a run without pauses, requests, and servers that break or hang."""

from __future__ import annotations

import io
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from pkg_publish.clients.request import Request
from pkg_publish.errors import PublishError
from pkg_publish.watch import Body, Waiting, Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.servers.scripted import Scripted, Visit


class QuickClock:
    """Pauses take no time; otherwise time is as it is."""

    def __init__(self) -> None:
        self.paused = 0.0

    def now(self) -> float:
        """Seconds, with those that a pause would have taken."""
        return time.monotonic() + self.paused

    def wait(self, stop: threading.Event, seconds: float) -> None:
        """Pass at once."""
        del stop
        self.paused += seconds


class Run:
    """A watch, and what it was told."""

    def __init__(self, seconds: float = 1000) -> None:
        self.told: list[object] = []
        self.watch = Watch(seconds, self.told.append, clock=QuickClock())

    @property
    def pauses(self) -> list[float]:
        """Seconds waited between tries."""
        return [event.seconds for event in self.told if isinstance(event, Waiting)]


def reading(server: Scripted, path: str = "/", **facts: object) -> Request:
    """A read."""
    return Request(doing="reading it", url=server.url + path, **facts)  # type: ignore[arg-type]


def writing(server: Scripted, content: object = b"content", **facts: object) -> Request:
    """A write."""
    return Request(doing="writing it", method="POST", url=f"{server.url}/up", content=content, **facts)  # type: ignore[arg-type]


def failure(call: Callable[[], object]) -> PublishError:
    """What a call raises."""
    with pytest.raises(PublishError) as caught:
        call()
    return caught.value


def cancel_at(event: threading.Event, watch: Watch) -> None:
    """Cancel the run as soon as something has happened."""

    def wait() -> None:
        event.wait()
        watch.cancel()

    threading.Thread(target=wait, daemon=True).start()


class Upload:
    """A body of 8 MiB that counts how often it was opened and closed."""

    size = 8 << 20

    def __init__(self, run: Run) -> None:
        self.run, self.opened, self.closed = run, 0, 0

    @contextmanager
    def __call__(self) -> Iterator[Body]:
        """Open it anew."""
        self.opened += 1
        try:
            yield self.run.watch.body("it", io.BytesIO(b"x" * self.size))
        finally:
            self.closed += 1


def reset_before(visit: Visit) -> None:
    """Break off at once."""
    visit.reset()


def reset_in_head(visit: Visit) -> None:
    """Break off when the head is there."""
    visit.head()
    visit.reset()


def reset_after(visit: Visit) -> None:
    """Break off when all is there."""
    visit.request()
    visit.reset()


def close_after(visit: Visit) -> None:
    """Close politely, without a word."""
    visit.request()
    visit.socket.close()


def cut_answer(visit: Visit) -> None:
    """Break off in the middle of the answer."""
    visit.request()
    visit.say(200, b"x" * 10, length=20)
    visit.socket.close()


def nonsense(visit: Visit) -> None:
    """Answer with what is no HTTP."""
    visit.request()
    visit.socket.sendall(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")
    visit.socket.close()


def hang(visit: Visit) -> None:
    """Read a request and never answer."""
    visit.request()
    visit.hang()


def hang_at_once(visit: Visit) -> None:
    """Read nothing."""
    visit.hang()


def hang_in_answer(visit: Visit) -> None:
    """Begin an answer and never end it."""
    visit.request()
    visit.say(200, b"x", length=10)
    visit.hang()
