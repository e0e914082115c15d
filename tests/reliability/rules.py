"""What must come of a fault, by the contract's section 6 alone: faults, moments, and the few rules that join them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from tests.servers.front import SILENCE, Fault

from pkg_publish.errors import Failure
from pkg_publish.plan import FALL_BACK_ON
from pkg_publish.publish import LOOKING
from pkg_publish.state import Done

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pkg_publish.state import Outcome

FOREIGN = "http://localhost:9/elsewhere"
"""Another host. Nobody listens there: a request to it would show as a refused connection."""
RETRY_AFTER = 7.0
TRIES = 15.0
"""Seconds: all pauses of five tries, at their longest."""


READ_AGAIN = frozenset({"read the index again", "GET the index again", "GET the release again"})
READS = READ_AGAIN | {
    *("read the index", "GET the index", "GET a token to read", "GET a token to write", "GET the index before it is written"),
    *("GET the release by tag", "list releases", "list the assets"),
}
"""The steps that get a page, or its like."""


class Moment(StrEnum):
    """What a step of a wire protocol means to readers of the place."""

    LOOK = "look"  # nothing was written so far
    STAGED = "staged"  # no reader sees what is written
    SHOWN = "shown"  # each file shows itself
    REVEAL = "reveal"  # the one write that shows all
    READ_BACK = "read back"  # all is written, a reader finds out


WRITES = frozenset({Moment.STAGED, Moment.SHOWN, Moment.REVEAL})
EVERY = frozenset(Moment)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """A fault, for once or for ever, and what it means."""

    name: str
    fault: Fault
    lasts: bool = False
    means: Failure | None = None
    """The class of what cannot be got over; None: one can."""
    least: float = 0.0
    """Seconds that are waited because of it, at least."""
    most: float = 1.0
    """And at most, beside what the place needs to show what it took."""
    moments: frozenset[Moment] = EVERY
    reads: bool = True
    """It may happen to a read."""
    steps: frozenset[str] = frozenset()
    """The only steps where it may happen; empty: all."""
    slow: bool = False
    """It takes seconds of the machine, so it is tried with the first file alone."""

    def faults(self) -> Iterable[Fault]:
        """What happens to request after request."""
        return itertools.repeat(self.fault) if self.lasts else [self.fault]


TROUBLES = (
    Trouble(name="503 once", fault=Fault(status=503)),
    Trouble(name="503 for ever", fault=Fault(status=503), lasts=True, means=Failure.UNAVAILABLE, most=3 * TRIES),
    Trouble(name="500 once", fault=Fault(status=500)),
    Trouble(name="408 once", fault=Fault(status=408)),
    Trouble(name="429 once, Retry-After 7", fault=Fault(status=429, headers={"Retry-After": "7"}), least=RETRY_AFTER, most=RETRY_AFTER + 1),
    Trouble(name="403", fault=Fault(status=403), lasts=True, means=Failure.REFUSED),
    Trouble(name="reset before the body", fault=Fault(reset=True, read=0)),
    Trouble(name="reset in the body", fault=Fault(reset=True, read=200), moments=WRITES, reads=False),
    Trouble(name="reset for ever", fault=Fault(reset=True), lasts=True, means=Failure.UNAVAILABLE, most=3 * TRIES),
    Trouble(name="answer lost after commit", fault=Fault(late=True, reset=True), moments=WRITES, reads=False),
    Trouble(name="commit, then 502", fault=Fault(late=True, status=502), moments=WRITES, reads=False),
    Trouble(name="hang", fault=Fault(silent=True), least=SILENCE - 1, most=3 * SILENCE),
    Trouble(
        name="hang for ever",
        fault=Fault(silent=True),
        lasts=True,
        means=Failure.UNAVAILABLE,
        least=4 * SILENCE,
        most=900 / 2 + 2 * SILENCE,
        moments=WRITES,
        slow=True,
    ),
    Trouble(name="dribble", fault=Fault(dribbles=1.0), most=45.0),
    Trouble(name="answer truncated", fault=Fault(cut=5)),
    Trouble(
        name="redirect, same host", fault=Fault(status=307, headers={"Location": "/elsewhere"}), lasts=True, means=Failure.REFUSED, moments=WRITES, reads=False
    ),
    Trouble(
        name="redirect, other host", fault=Fault(status=307, headers={"Location": FOREIGN}), lasts=True, means=Failure.INTEGRITY, moments=WRITES, reads=False
    ),
    Trouble(
        name="bit flip on the way",
        fault=Fault(flips=True),
        means=Failure.INTEGRITY,
        steps=frozenset({"PUT the blob", "POST the asset"}),
    ),
    Trouble(name="bit flip on the way back", fault=Fault(spoils=True), steps=frozenset({"GET the index again"})),
    Trouble(
        name="a login page instead",
        fault=Fault(status=200, headers={"Content-Type": "text/html"}, body=b"<html><body><form>Sign in</form></body></html>"),
        lasts=True,
        means=Failure.UNAVAILABLE,
        steps=READS,
    ),
    Trouble(
        name="a hostile page instead",
        fault=Fault(status=200, headers={"Content-Type": "application/json"}, body=b'{"files": ' + b"[" * 50_000),
        lasts=True,
        means=Failure.INTEGRITY,
        steps=READ_AGAIN,
    ),
    Trouble(name="foreign Location", fault=Fault(changed={"Location": FOREIGN}), means=Failure.INTEGRITY, steps=frozenset({"POST a session"})),
    Trouble(
        name="foreign realm",
        fault=Fault(status=401, headers={"WWW-Authenticate": f'Bearer realm="{FOREIGN}",service="registry.test"'}),
        means=Failure.INTEGRITY,
        steps=frozenset({"GET the index", "POST a session", "PUT the blob", "PUT the manifest", "PUT the index"}),
    ),
)


def outcome(trouble: Trouble, moment: Moment, *, shown_before: bool, blinds: bool) -> Outcome:
    """What the attempt at the place in trouble comes to.

    `shown_before`: a reader sees some file of the version already. `blinds`: something was sent, and the look at the end is the same read.
    """
    if moment is Moment.LOOK and trouble.least >= LOOKING:
        return Failure.UNAVAILABLE  # all looks together have a minute
    if trouble.means is None:
        return Done.PUBLISHED
    if blinds:
        return Failure.UNCONFIRMED  # something was taken, and nobody can say what
    if shown_before:
        return Failure.PARTIAL
    return trouble.means


def falls_back(expected: Outcome) -> bool:
    """Whether the next target may have the release."""
    return expected in FALL_BACK_ON


def exit_code(expected: Outcome) -> int:
    """Of the whole run, with a fallback that takes everything."""
    return 0 if expected is Done.PUBLISHED or falls_back(expected) else Failure(expected).exit_code
