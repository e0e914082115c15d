"""The values everything else speaks of."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from pkg_publish.errors import Integrity

if TYPE_CHECKING:
    from collections.abc import Callable
    from io import BufferedReader
    from pathlib import Path
    from typing import BinaryIO, Self

    from pkg_publish.errors import Failure, PublishError


class Visibility(StrEnum):
    """Who can read what a place holds."""

    PUBLIC = "public"
    AS_REPOSITORY = "as the GitHub repository"
    YOUR_CHOICE = "your own choice"
    LOCAL = "this machine only"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A target as people read of it."""

    kind: str
    """The word of the contract: `oci-layout`."""
    name: str
    """As the user named it: `oci-layout=out/registry`."""
    title: str
    """What a sentence calls it: `GitHub Packages`, `the OCI layout out/registry`."""
    visibility: Visibility
    source: str = ""
    """What follows `--from` wherever a reader stands; empty: the name."""

    @property
    def local(self) -> bool:
        """It stays on this machine, which a runner throws away."""
        return self.visibility is Visibility.LOCAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing a target holds of a version: a distribution by file name, an image by tag."""

    name: str
    sha256: str | None = None
    """None: a foreign item whose place keeps no digest (`held` fetches and hashes what has one of our names)."""
    visible: bool = True
    """False: staged, no reader sees it yet."""
    late: bool = False
    """It is there, and some readers do not see it yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteFile(Item):
    """A distribution as a place lists it; unknown is None."""

    size: int | None = None
    """Bytes."""
    url: str = ""
    """Where its place finds the bytes; means nothing to others."""
    requires_python: str | None = None
    metadata_sha256: str | None = None
    """Of the core metadata file beside it (PEP 658)."""
    yanked: str | None = None
    """The reason, maybe empty, when it was yanked (PEP 592)."""


class Filetype(StrEnum):
    """The two kinds of distribution."""

    WHEEL = "wheel"
    SDIST = "sdist"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """What tells that a file was not exchanged since it was hashed."""

    device: int
    inode: int
    size: int
    mtime_ns: int

    @classmethod
    def of(cls, file: BinaryIO) -> Stamp:
        """Read from an open file."""
        facts = os.fstat(file.fileno())
        return cls(device=facts.st_dev, inode=facts.st_ino, size=facts.st_size, mtime_ns=facts.st_mtime_ns)


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalFile(Item):
    """A file of ours, hashed: what is sent is what was hashed."""

    path: Path
    size: int
    """Bytes."""
    stamp: Stamp
    hashing: Callable[[], str] | None = field(default=None, repr=False, compare=False)
    """Waits for the digest, where it is still being made: whoever asks for `sha256` waits, and gets `Integrity` if the file changed meanwhile."""

    def __post_init__(self) -> None:
        """Leave the digest open."""
        if self.hashing:
            object.__delattr__(self, "sha256")

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> str:
            """The digest, the first time; for nothing else is missing."""
            if name != "sha256":
                raise AttributeError(name)
            object.__setattr__(self, name, self.hashing())
            return self.sha256

    def open(self) -> BufferedReader:
        """Open the very file that was hashed; raises `Integrity` when it is another one by now."""
        try:
            file = self.path.open("rb")
        except OSError as error:
            raise self._exchanged() from error
        try:
            self.compare(file)
        except Integrity:
            file.close()
            raise
        return file

    def compare(self, file: BinaryIO) -> None:
        """Raise `Integrity` when the open file is another one by now, or has changed."""
        if Stamp.of(file) != self.stamp:
            raise self._exchanged()

    def _exchanged(self) -> Integrity:
        return Integrity(
            f"{self.name} changed on the disk after it was checked, so it is not published",
            code="file-changed",
            cure="Let nothing write to the folder of distributions while it is published, then run again.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution(LocalFile):
    """One wheel or sdist file of ours, hashed and checked (`preflight.py` makes them)."""

    filetype: Filetype
    metadata: bytes
    """The core metadata file as it lies in the archive."""
    requires_python: str | None = None
    built: bool = False
    """This run built it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One version of one project, ready to be sent."""

    project: str
    """Normalised name (PEP 503)."""
    version: str
    """Normalised version (PEP 440)."""
    distributions: tuple[Distribution, ...]
    """Wheels first, sdists last."""

    def __getitem__(self, name: str) -> Distribution:
        """The distribution of that file name."""
        return next(each for each in self.distributions if each.name == name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Where a reader finds the release, as the target said after it was there."""

    url: str = ""
    """A page or address for people; may be empty."""
    source: str = ""
    """What follows `--from` of our own `install`; empty where nothing can be installed."""
    index_url: str = ""
    """An index that plain pip can read; empty where pip cannot."""
    digest: str = ""
    """OCI: `sha256:…` of the version's index."""
    command: str = ""
    """What runs it, if it is an image."""
    resolved: str = ""
    """What an image depends on, `name==version` with blanks between, if this run has resolved it."""
    visible_to: str = ""
    """`public` or `private`, as a read without a login has shown; empty where that is not known."""
    warning: str = ""
    """What its owner should know of it: a sentence."""
    tag: str = ""
    release_id: str = ""
    upload_url: str = ""
    """GitHub Releases."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRow:
    """One row of a check without a write: for doctor, dry run and targets that were not needed."""

    check: str
    found: str
    means: str = ""
    do: str = ""
    ok: bool | None = True
    """None: cannot be known before."""
    failure: Failure | None = None
    """What a publish would end with there, where that is certain."""
    code: str = ""
    """The anchor of a heading in `docs/troubleshooting.md`, if there is one."""
    paste: str = ""
    """The YAML or the command that mends it."""
    answered: bool = True
    """False: whoever was asked did not say in time."""

    @classmethod
    def silence(cls, check: str, found: str, code: str = "") -> Self:
        """Nobody said anything in time."""
        return cls(check=check, found=found, means="nothing is known of it", do="ask again", ok=None, code=code, answered=False)

    @classmethod
    def of(cls, check: str, problem: PublishError, *, sure: bool = True, means: str = "") -> Self:
        """What a problem says; `sure`: a publish would meet it too. That whoever asks has no time left says nothing of a publish."""
        if problem.code == "deadline":
            return cls.silence(check, "no answer in time", problem.code)
        return cls(
            check=check,
            found=f"{problem.what}: {problem.said!r}" if problem.said else problem.what,
            means=means,
            do=problem.cure,
            ok=False if sure else None,
            failure=problem.kind if sure else None,
            code=problem.code,
            paste=problem.paste,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What the doctor asks a place about, as far as it is known without a build."""

    project: str = ""
    """Normalised name (PEP 503)."""
    version: str = ""
    """Normalised version (PEP 440)."""
    files: tuple[Distribution, ...] = ()
    """Those that would be published, if they are there."""
    deep: bool = False
    """An upload may be begun, and left, to learn whether it is allowed."""
