"""Config → Plan: the targets made, contradictions and unasked publicity refused."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pkg_publish.clients.network import Origin
from pkg_publish.clients.upload_api import TITLES, pypi_at
from pkg_publish.errors import ConfigError, Failure, Mistakes, PolicyError
from pkg_publish.model import Distribution, Visibility
from pkg_publish.state import Attempt, Done, State
from pkg_publish.targets import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pkg_publish.errors import PublishError
    from pkg_publish.runner import Runner
    from pkg_publish.state import Look
    from pkg_publish.targets.base import Ambient, Target, TargetSpec


class Strategy(StrEnum):
    """When the release is published."""

    FIRST = "first"  # the first target that takes it is enough
    ALL = "all"  # every target must hold it


FALL_BACK_ON = frozenset({Failure.UNSUPPORTED, Failure.UNAVAILABLE, Failure.REFUSED})
"""The only failures that may go on to the next target."""

STOPS = frozenset({Failure.CONFLICT, Failure.CONFIG, Failure.POLICY})
"""Failures that a look may bring, and that end the run whatever the strategy is; under `first`, not where the release is whole already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the chain will do."""

    targets: Sequence[Target]
    strategy: Strategy = Strategy.FIRST
    fall_back_on: frozenset[Failure] = FALL_BACK_ON
    keep: bool = False
    """`on-conflict: keep`"""
    dry_run: bool = False
    in_workflow: bool = False
    """What stays on this machine is thrown away with it."""
    job_token: bool = False
    """GitHub starts no workflow for what is done with the token: it is the job's own."""

    @property
    def first(self) -> bool:
        """One home is enough, and more than one is a mistake."""
        return self.strategy is Strategy.FIRST

    def order(self, looks: Sequence[tuple[Target, Look]]) -> Sequence[tuple[Target, Look]]:
        """What is sure to stop the run comes before any write; under `first`, then the home this version already has."""
        at_home = self.first and any(seen.state is State.COMPLETE for _, seen in looks)

        def rank(pair: tuple[Target, Look]) -> tuple[bool, bool, bool]:
            _, seen = pair
            return not self._stops(seen, at_home=at_home), self.first and seen.state is not State.COMPLETE, self.first and not seen.claimed

        return sorted(looks, key=rank)

    def _stops(self, seen: Look, *, at_home: bool) -> bool:
        """Whether it is sure to stop the run: another content of a distribution, which nobody may add to; a problem, if something has to be written."""
        if seen.state is State.CONFLICT:
            return not self.first or any(isinstance(seen.wanted[name], Distribution) for name in seen.differing)
        stops = STOPS if self.first else STOPS | {Failure.INTEGRITY, Failure.INVALID}
        return seen.problem is not None and seen.problem.kind in stops and not at_home

    def goes_on_after(self, attempt: Attempt) -> bool:
        """Whether the next target may follow."""
        if self.first:
            return attempt.outcome in self.fall_back_on
        return attempt.outcome in {Done.PUBLISHED, Done.ALREADY_PUBLISHED, Failure.UNSUPPORTED}


def make_targets(specs: Sequence[TargetSpec], ambient: Ambient, *, first: bool, allow_public: bool) -> tuple[Target, ...]:
    """Make the targets; raises `Mistakes` with everything that is wrong with them, with their combination and with the event."""
    targets: list[Target] = []
    public: list[str] = []
    places: dict[tuple[str, ...], Target] = {}
    mistakes: list[PublishError] = list(_untrusted(ambient.runner))
    mended: list[str] = []
    for spec in specs:
        try:
            target = KINDS[spec.kind].make(spec, ambient)
        except ConfigError as error:
            public += [TITLES[spec.kind]] if spec.kind in TITLES else []
            mistakes += [] if any(error.what == each.what for each in mistakes) else [error]
            mended.append(_place_in(error.paste) or _on_one_line(spec))
            continue
        mended.append(_on_one_line(spec))
        targets.append(target)
        other = places.setdefault(_address(spec, target, ambient), target)
        if other is not target:
            what = f"{other.place.name} and {target.place.name} are one place"
            mistakes.append(ConfigError(what, code="target-twice", cure="Name each place once."))
    if not allow_public and not ambient.runner.is_public:
        public += [target.place.title for target in targets if target.place.visibility is Visibility.PUBLIC]
        mistakes += _unasked_publicity(public)
    if first:
        mistakes += _no_fallbacks([pypi_at(spec.options.get("url", "")) or spec.kind for spec in specs])
    for each in mistakes if all(mended) else ():  # one list mends all that lack a place
        each.paste = f"targets: {', '.join(mended)}" if _place_in(each.paste) else each.paste
    Mistakes.raise_any(mistakes)
    return tuple(targets)


def _place_in(paste: str) -> str:
    """The target with a place that a mistake shows, if it lacks nothing else."""
    return paste.removeprefix("targets: ") if paste.startswith("targets: ") and "\n" not in paste else ""


def _on_one_line(spec: TargetSpec) -> str:
    """As it stands in a list with commas; empty if it has more than a place."""
    location = KINDS[spec.kind].location
    match [*spec.options.items()]:
        case []:
            return spec.kind
        case [(name, value)] if name == location:
            return f"{spec.kind}={value}"
        case _:
            return ""


def _address(spec: TargetSpec, target: Target, ambient: Ambient) -> tuple[str, ...]:
    """What two targets have in common that are one place, however each was written."""
    if path := spec.options.get("path"):
        return spec.kind, str((ambient.folder / path).resolve())
    if url := spec.options.get("url"):
        if word := pypi_at(url):
            return (word,)
        return str(Origin.of(url)), urlsplit(url).path.strip("/")
    return (target.place.title.casefold(),)


def _untrusted(runner: Runner) -> Iterator[PolicyError]:
    if runner.is_untrusted:
        yield PolicyError(
            f"nothing is published on this {runner.event_name} event, for it may come from somebody who has no right to publish",
            code="untrusted-event",
            cure="Publish from a tag, a release or the default branch.",
            paste="on:\n  push:\n    tags: ['v*']",
        )


def _unasked_publicity(titles: Sequence[str]) -> Iterator[PolicyError]:
    for title in titles:
        yield PolicyError(
            f"the source is private, or nobody can say that it is public, and {title} is readable for everybody",
            code="private-to-public",
            cure="`allow-public: true` lets everybody read the code in the files, for ever: say so only if that is meant, else name another target.",
            paste="with:\n  allow-public: true  # everybody can read the code then",
        )


def _no_fallbacks(kinds: Sequence[str]) -> Iterator[ConfigError]:
    """Combinations that are mistakes under `first` (contract, section 3)."""
    if {"pypi", "testpypi"} <= set(kinds):
        yield ConfigError(
            "testpypi stands beside pypi under strategy first, but a rehearsal is no fallback",
            code="rehearsal-is-no-fallback",
            cure="Write two steps: the first rehearses, the second publishes.",
            paste="- uses: OWNER/pkg-publish-action@v1\n  with: {targets: testpypi}\n- uses: OWNER/pkg-publish-action@v1\n  with: {targets: pypi}",
        )
    if "container-image" in kinds and len(kinds) > 1:
        yield ConfigError(
            "container-image stands beside other targets under strategy first, but an image is no fallback for a wheel",
            code="image-is-no-fallback",
            cure="Write two steps: the first publishes the files, the second the image.",
            paste="- uses: OWNER/pkg-publish-action@v1\n  with: {targets: ghcr}\n- uses: OWNER/pkg-publish-action@v1\n  with: {targets: container-image}",
        )
