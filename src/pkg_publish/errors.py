"""Every failure: what happened, what to do, and what the chain makes of it.

PublishError
├── Unsupported   the place has no such thing             exit 1   the next target may follow
├── Unavailable   the place does not answer               exit 1   the next target may follow
├── Refused       the place says no to us                 exit 1   the next target may follow
├── ConfigError   the configuration contradicts itself    exit 2
├── PolicyError   we must not, unless asked aloud         exit 2
├── BuildError    the build backend failed                exit 3
├── Invalid       the file can never be held there        exit 4
├── Partial       some files are there, the rest are not  exit 5
├── Unconfirmed   nobody can say whether it is there      exit 5
├── Conflict      other bytes under one of our names      exit 6
├── Integrity     wrong digest, certificate or redirect   exit 6
├── Deadline      the time is up                          exit 7
├── Environment   this machine cannot do it               exit 8
├── Cancelled     somebody stopped us                     exit 130
└── Bug           an exception nobody expected            exit 70
Mistakes          several of them, found in one stage

The classes are those of the contract, section 6; whether the chain goes on is decided by the state of the target (`state.py`).
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable

DOCS = "docs/troubleshooting.md"


class Failure(StrEnum):
    """The classes of failure, by the words that outputs and reports use."""

    UNSUPPORTED = "unsupported"
    UNAVAILABLE = "unavailable"
    REFUSED = "refused"
    CONFIG = "config"
    POLICY = "policy"
    BUILD = "build"
    INVALID = "invalid"
    PARTIAL = "partial"
    UNCONFIRMED = "unconfirmed"
    CONFLICT = "conflict"
    INTEGRITY = "integrity"
    DEADLINE = "deadline"
    ENVIRONMENT = "environment"
    CANCELLED = "cancelled"
    BUG = "bug"

    @property
    def exit_code(self) -> int:
        """The exit code of a run that ended with this class."""
        return EXIT_CODES[self]


EXIT_CODES = {
    Failure.UNSUPPORTED: 1,
    Failure.UNAVAILABLE: 1,
    Failure.REFUSED: 1,
    Failure.CONFIG: 2,
    Failure.POLICY: 2,
    Failure.BUILD: 3,
    Failure.INVALID: 4,
    Failure.PARTIAL: 5,
    Failure.UNCONFIRMED: 5,
    Failure.CONFLICT: 6,
    Failure.INTEGRITY: 6,
    Failure.DEADLINE: 7,
    Failure.ENVIRONMENT: 8,
    Failure.CANCELLED: 130,
    Failure.BUG: 70,
}


class PublishError(Exception):
    """One failure, as facts; renderers make the sentences."""

    kind: ClassVar[Failure]

    def __init__(  # noqa: PLR0913 - the facts of a failure, all but the first two optional
        self,
        what: str,
        *,
        code: str,
        cure: str = "",
        paste: str = "",
        said: str = "",
        details: Iterable[str] = (),
        reached: bool = False,
    ) -> None:
        super().__init__(what)
        self.what = what
        """What happened and where: one sentence of ours, without a full stop; foreign words in it are quoted with `!r`."""
        self.code = code
        """Stable: the anchor of a heading in `docs/troubleshooting.md`."""
        self.cure = cure
        """What to do: one sentence."""
        self.paste = paste
        """The YAML or the command that does it."""
        self.said = said
        """The server's own words, foreign text: bounded by the client, made harmless where it is shown."""
        self.details = tuple(details)
        """One line for each address that was asked, file that differs, …"""
        self.reached = reached
        """A write of ours may have arrived, although no clear answer came back (reset after the body, 5xx, time-out).

        A complete 4xx or a refused connection did not reach anything.
        """

    @property
    def help_path(self) -> str:
        """Where the documentation explains this code, relative to the root of the project."""
        return f"{DOCS}#{self.code}"


class Unsupported(PublishError):
    """The place has no such thing; nothing anybody could set changes that."""

    kind = Failure.UNSUPPORTED


class Unavailable(PublishError):
    """The place does not answer now: DNS, refused connection, 5xx or 429 after retries, read-only mode."""

    kind = Failure.UNAVAILABLE


class Refused(PublishError):
    """The place says no to this job or this credential."""

    kind = Failure.REFUSED


class ConfigError(PublishError):
    """The configuration is unknown, contradicts itself, or names something that is not there."""

    kind = Failure.CONFIG


class PolicyError(PublishError):
    """What was asked would be unsafe, and nobody said aloud that it is meant."""

    kind = Failure.POLICY


class BuildError(PublishError):
    """The build backend failed."""

    kind = Failure.BUILD


class Invalid(PublishError):
    """The file itself is bad, or this place can never hold it."""

    kind = Failure.INVALID


class Partial(PublishError):
    """Some files are there, the rest cannot be sent."""

    kind = Failure.PARTIAL


class Unconfirmed(PublishError):
    """It cannot be established whether the release is there."""

    kind = Failure.UNCONFIRMED


class Conflict(PublishError):
    """Other bytes under one of our names."""

    kind = Failure.CONFLICT


class Integrity(PublishError):
    """Wrong digest, bad certificate, a write that was redirected to another host."""

    kind = Failure.INTEGRITY


class Deadline(PublishError):
    """The time is up."""

    kind = Failure.DEADLINE


class Environment(PublishError):
    """This machine cannot do it: disk full, Python too old, set-up failed."""

    kind = Failure.ENVIRONMENT


class Cancelled(PublishError):
    """Somebody stopped the run."""

    kind = Failure.CANCELLED


class Bug(PublishError):
    """An exception nobody expected: a bug of ours."""

    kind = Failure.BUG


class Mistakes(Exception):
    """Everything that is wrong in one stage, so that nobody mends one mistake a run."""

    def __init__(self, found: Iterable[PublishError]) -> None:
        self.found = tuple(found)
        super().__init__("; ".join(error.what for error in self.found))

    @classmethod
    def raise_any(cls, found: Iterable[PublishError]) -> None:
        """Raise if anything was found; a single mistake is wrapped like several."""
        if errors := tuple(found):
            raise cls(errors)
