"""Rows about one target: what it says of itself, what it has of this version, and who could see what would be published there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pkg_publish import publish
from pkg_publish.errors import Failure, PublishError
from pkg_publish.model import CheckRow, Visibility
from pkg_publish.state import State
from pkg_publish.targets.base import Checks, Examines, Source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pkg_publish.doctor.distributions import Found
    from pkg_publish.model import Subject
    from pkg_publish.plan import Plan
    from pkg_publish.runner import Runner
    from pkg_publish.state import Look
    from pkg_publish.targets.base import Target
    from pkg_publish.watch import Watch

LISTED = 10
"""Files that are named of a version."""


def rows(plan: Plan, target: Target, found: Found, subject: Subject, watch: Watch) -> Iterator[CheckRow]:
    """All of them."""
    known = []
    for row in _known(target, subject, watch):
        known.append(row)
        yield row  # at once: what comes after it may come too late
    if all(row.failure not in {Failure.UNSUPPORTED, Failure.UNAVAILABLE} for row in known):
        yield from _version(plan, target, found, watch)


def _known(target: Target, subject: Subject, watch: Watch) -> Iterator[CheckRow]:
    """What it says of itself."""
    if isinstance(target, Examines):
        yield from target.examine(subject, watch)
    elif isinstance(target, Checks):
        yield from target.check(watch)


def reader(target: Target, runner: Runner) -> CheckRow:
    """Who could see what is published there."""
    means = {
        Visibility.PUBLIC: "everybody, for ever: what was public once cannot be taken back",
        Visibility.AS_REPOSITORY: _as(runner),
        Visibility.YOUR_CHOICE: "whom that server lets read",
        Visibility.LOCAL: "nobody else: it stays on this machine, which a hosted runner throws away",
    }[target.place.visibility]
    return CheckRow(check="who could see it", found=target.place.title, means=means)


def _as(runner: Runner) -> str:
    if "repository" not in runner.event:
        return "whoever sees the GitHub repository; who that is, is not known here"
    return "everybody, as the GitHub repository is public" if runner.is_public else "whoever may read the GitHub repository, which is not public"


def _version(plan: Plan, target: Target, found: Found, watch: Watch) -> Iterator[CheckRow]:
    """What the place has of this version: beside our files if we have some, else by itself."""
    if found.release:
        yield _beside(publish.look(plan, target, found.release, watch), found.version)
    elif found.version and isinstance(target, Source):
        yield _alone(target, found, watch)


def _beside(seen: Look, version: str) -> CheckRow:
    check = f"version {version}"
    if seen.problem:
        return CheckRow.of(check, seen.problem)
    listed = _listed([(name, item.sha256 or "") for name, item in seen.held.items()])
    match seen.state:
        case State.ABSENT:
            return CheckRow(check=check, found="nothing of it is there")
        case State.COMPLETE:
            return CheckRow(check=check, found=f"all of it is there already: {listed}", means="a publish would send nothing")
        case State.CONFLICT:
            means = f"other bytes than ours have the names {', '.join(seen.differing[:LISTED])}: what others may have installed is not replaced"
            do = "publish a new version, or keep theirs with `on-conflict: keep`"
            return CheckRow(check=check, found=f"it is there: {listed}", means=means, do=do, ok=False, failure=Failure.CONFLICT, code="other-bytes-same-name")
        case _:
            return CheckRow(check=check, found=f"some of it is there: {listed}", means="a publish would send the rest")


def _alone(source: Source, found: Found, watch: Watch) -> CheckRow:
    """Without our files nobody can say whether theirs are the same."""
    check = f"version {found.version}"
    try:
        files = source.files(found.project, found.version, watch)
    except PublishError as problem:
        return CheckRow.of(check, problem, sure=False)
    if not files:
        return CheckRow(check=check, found="nothing of it is there")
    listed = _listed([(each.name, each.sha256 or "") for each in files])
    return CheckRow(check=check, found=f"it is there: {listed}", means="a publish of other bytes would be a conflict", do="set a new version", ok=None)


def _listed(files: list[tuple[str, str]]) -> str:
    told = [f"{name} (sha256 {sha256 or 'not known'})" for name, sha256 in files[:LISTED]]
    return ", ".join(told) + (f" and {len(files) - LISTED} more" if len(files) > LISTED else "")
