"""What a target is: three or four methods, and abilities more as protocols of their own."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from pkg_publish.errors import ConfigError
from pkg_publish.formats.target_yaml import target_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from pkg_publish.errors import PublishError
    from pkg_publish.formats.image import Machine
    from pkg_publish.model import CheckRow, Item, Place, Receipt, Release, RemoteFile, Subject
    from pkg_publish.runner import Runner
    from pkg_publish.secret import Secret
    from pkg_publish.watch import Watch


class Target(Protocol):
    """A place to publish to. No method prints, sleeps, retries the chain's way, or decides; all failures are `PublishError`s."""

    @property
    def place(self) -> Place:
        """How people read of it."""

    @property
    def settles(self) -> float:
        """Seconds after which a reader surely sees what was written: 0 for a folder, 120 for an index behind a CDN."""

    def wanted(self, release: Release) -> Sequence[Item]:
        """What this place should hold. Raises `Unsupported` or `Invalid` for what it can never hold."""

    def held(self, release: Release, watch: Watch) -> Sequence[Item]:
        """This project's distributions of this version, and what has a name we want; another job's and staged ones too.

        An empty answer is a proof; no answer raises. Every read is bounded by `watch`. Writes nothing.
        """

    def open(self, release: Release, watch: Watch) -> Upload:
        """Get ready to write: mint the token, find or make the draft. Nothing a reader could see."""

    def receipt(self, release: Release, watch: Watch) -> Receipt:
        """Where a reader finds it, as read now: also asked when nothing had to be sent, or the last answer was lost."""


class Upload(Protocol):
    """One go at a target. Both calls may come twice and do no harm."""

    def send(self, item: Item, watch: Watch) -> None:
        """One item; called from several threads. Raises with `reached` when the write may have arrived all the same."""

    def finish(self, watch: Watch) -> None:
        """Reveal: publish the draft, write the index, move the tags."""


@runtime_checkable
class Stages(Protocol):
    """An ability of an upload: what it sends leads nowhere until `finish` has written."""

    @property
    def is_staged(self) -> bool:
        """Nobody else may reveal it either: after a clear no there is nothing to wait for."""


@runtime_checkable
class Source(Protocol):
    """A second ability: what install, serve and index read. `held` of such a target is `files` of one version."""

    def files(self, project: str, version: str | None, watch: Watch) -> Sequence[RemoteFile]:
        """All files of a project (normalised name), or those of one version.

        None of all is a proof: the place says that it has nothing of that name. A name that is there in any form, and cannot be read whole, raises.
        """

    def fetch(self, file: RemoteFile, watch: Watch) -> Iterator[bytes]:
        """The bytes as they come, not yet judged: the caller compares digest and size before it hands them on."""


@runtime_checkable
class Checks(Protocol):
    """A third ability, for doctor, dry run and targets that were not needed: raises nothing, writes nothing."""

    def check(self, watch: Watch) -> Iterator[CheckRow]:
        """What a publish would need here, a row each."""


@runtime_checkable
class Witness(Protocol):
    """A fourth ability: the place compares our bytes with its own (PyPI: the same POST again answers 200)."""

    def confirms(self, item: Item, watch: Watch) -> bool:
        """The place says that it holds exactly these bytes."""


@runtime_checkable
class Lists(Protocol):
    """A fifth ability, of a source: it knows which projects it has."""

    def projects(self, watch: Watch) -> Sequence[str]:
        """Their normalised names, sorted. Raises `Unsupported` when the place keeps no list, or shows it to nobody like us."""


@runtime_checkable
class Describes(Protocol):
    """A sixth ability, of a source: it gives the core metadata of a file without the file."""

    def metadata(self, file: RemoteFile, watch: Watch) -> bytes:
        """What `metadata_sha256` is the digest of; not yet judged: the caller compares."""


@runtime_checkable
class Links(Protocol):
    """A seventh ability, of a source: anybody can fetch a file from an address of its own."""

    def addresses(self, files: Sequence[RemoteFile], watch: Watch) -> Sequence[str]:
        """A public address for each; empty where a reader would need a login."""


@runtime_checkable
class Examines(Protocol):
    """An eighth ability, for doctor alone: like `check`, raises nothing and writes nothing that stays."""

    def examine(self, subject: Subject, watch: Watch) -> Iterator[CheckRow]:
        """The rows of `check`, and those that are about one project or take longer to find."""


@runtime_checkable
class Foresees(Protocol):
    """A ninth ability: it knows without asking anybody that we cannot write there."""

    def obstacle(self) -> PublishError | None:
        """What would keep us from it; None if nothing is known to."""


VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]{0,99}")
"""The name of an environment variable, as people write them; anything else may be the secret itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """A release and what it depends on, installed."""

    folder: Path
    """As `pip install --target` fills it."""
    pins: Sequence[str]
    """`name==version` of all that was resolved for it; nothing if it was locked before."""


class Gather(Protocol):
    """Installs a release for another machine, from wheels alone and without running any of them: the engine brings it."""

    def __call__(self, release: Release, extras: str, machine: Machine, watch: Watch) -> Gathered:
        """Return a fresh folder that somebody else removes; raises `Invalid` when a wheel is missing for that machine."""


def _nobody_gathers(release: Release, extras: str, machine: Machine, watch: Watch) -> Gathered:
    """In runs that only read."""
    raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Ambient:
    """What a kind may know of the run when it makes a target."""

    folder: Path
    """Relative paths of options begin here."""
    environ: Mapping[str, str]
    """For options that end in `-env`."""
    runner: Runner
    tokens: Mapping[str, Secret] = field(default_factory=dict)
    """The token inputs by their names: `github-token`, `pypi-token`, …"""
    allow_public: bool = False
    """Somebody said aloud that a private source may become public."""
    gather: Gather = _nobody_gathers

    reads_only: bool = False
    """Nothing is published: what only a write needs may be missing."""

    @property
    def has_rivals(self) -> bool:
        """The job is one of several, which may publish files of the same version at the same time."""
        total = self.environ.get("PKG_PUBLISH_JOB_TOTAL", "")
        return total.isdecimal() and int(total) > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetSpec:
    """One item of `targets`, as written: a kind and its options; the location stands under its option's name."""

    kind: str
    options: Mapping[str, str] = field(default_factory=dict)

    def require(self, option: str, example: str) -> str:
        """The option's value; raises `ConfigError` with an example when it is not given."""
        if value := self.options.get(option, ""):
            return value
        raise ConfigError(
            f"the target {self.kind} needs {option}",
            code="target-without-place",
            cure="Say which place it is.",
            paste=f"targets: {self.kind}={example}",
        )

    def secret(self, option: str, ambient: Ambient) -> Secret | None:
        """The value of the environment variable that an `-env` option names; None when the option is not given."""
        from pkg_publish.secret import Secret

        if option not in self.options:
            return None
        name = self.options[option]
        if value := ambient.environ.get(name, "").strip():
            if not value.isprintable():
                what = f"the environment variable {name!r} that {option} of {self.kind} names has a line break or a control character inside"
                raise ConfigError(what, code="secret-is-odd", cure="Set the secret again: a line break may have slipped in.")
            return Secret(value)
        if name not in ambient.environ and not VARIABLE.fullmatch(name):
            raise ConfigError(
                f"{option} of {self.kind} names no environment variable; what stands there may be a secret, and is not shown",
                code="secret-is-empty",
                cure="Write the variable's name, and put the secret into the variable; if a secret stood there, revoke it: a file or a log has it.",
                paste=target_yaml(self.kind, {**self.options, option: "MY_PASSWORD"}) + "\nenv:\n  MY_PASSWORD: ${{ secrets.MY_PASSWORD }}",
            )
        state = "is empty" if name in ambient.environ else "is not set"
        raise ConfigError(
            f"the environment variable {name!r} that {option} of {self.kind} names {state}",
            code="secret-is-empty",
            cure="Hand the secret to the step; an empty value often means that the secret's name is misspelt or that the event gets no secrets.",
            paste=f"env:\n  {name}: ${{{{ secrets.{name} }}}}",
        )

    def login(self, ambient: Ambient, prefix: str = "") -> tuple[str, Secret | None]:
        """The options `username` and `password-env`, whose names may begin with more: both, or neither. Raises `ConfigError`."""
        username, password = self.options.get(f"{prefix}username", ""), self.secret(f"{prefix}password-env", ambient)
        if bool(username) == bool(password):
            return username, password
        given = {f"{prefix}username": "NAME", **self.options, f"{prefix}password-env": "MY_PASSWORD"}
        raise ConfigError(
            f"the target {self.kind} has {f'a {prefix}username and no password' if username else f'a {prefix}password and no username'}",
            code="half-a-login",
            cure="Give both, or none; where only a token counts, most servers take any username.",
            paste=target_yaml(self.kind, given),
        )


def written(kind: str, location: str, value: str) -> str:
    """A target as the text of `--from` has it: `kind=location`, or a mapping where the location has what splits a plain text."""
    plain = f"{kind}={value}"
    return json.dumps({kind: {location: value}}) if re.search(r"[,#\s]", value) else plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option of a kind, for `targets` and for the table in the README."""

    name: str
    says: str
    """One clause for the table."""


class TargetKind(Protocol):
    """A row of the table in the contract, section 3."""

    @property
    def word(self) -> str:
        """What stands in `targets`."""

    @property
    def location(self) -> str | None:
        """The option that `kind=location` fills: `url`, `path` or `name`."""

    @property
    def options(self) -> Sequence[Option]:
        """All options, the location included."""

    def make(self, spec: TargetSpec, ambient: Ambient) -> Target:
        """Make the target; raises `ConfigError` for options that make no sense. Asks nobody anything."""
