"""What an attempt's outcome does not say by itself: which bytes differ, what stays unknown."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

from pkg_publish import preflight, publish
from pkg_publish.errors import Conflict, Failure, Partial, PublishError, Unconfirmed
from pkg_publish.model import Distribution, RemoteFile
from pkg_publish.state import Attempt, Done, State
from pkg_publish.targets.base import Source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pkg_publish.formats.archive import Difference
    from pkg_publish.model import Release
    from pkg_publish.targets.base import Target
    from pkg_publish.watch import Watch

COMPARED = 64 << 20
"""Bytes: a larger file of theirs is not fetched only to tell what differs inside."""

BUILD_ONCE = """jobs:
  build:
    permissions: {contents: read}
    # builds, uploads dist/ as an artifact
  publish:
    needs: build
    # downloads the artifact
    with:
      build: never
      dist-dir: dist"""


def explained(attempt: Attempt, target: Target, release: Release, watch: Watch) -> Attempt:
    """Give the attempt the problem that people read; a failure that has its own keeps it as the cause."""
    match attempt.outcome:
        case Failure.CONFLICT | Done.SKIPPED if attempt.after.differing:  # a dry run only sees it
            return replace(attempt, problem=_conflict(attempt, target, release, watch))
        case Failure.PARTIAL if attempt.problem:
            return replace(attempt, problem=_partial(attempt, attempt.problem))
        case Failure.UNCONFIRMED:
            return replace(attempt, problem=_unconfirmed(attempt))
        case _:
            return attempt


def foretold(attempt: Attempt) -> Attempt:
    """Give a target that a dry run has looked at the problem that its own check is sure of; what is there already needs none."""
    rows = [row for row in attempt.checks if row.failure]
    if not rows or attempt.problem or attempt.before.state is State.COMPLETE:
        return attempt
    row = max(rows, key=lambda each: (bool(each.paste), bool(each.do)))  # what somebody can mend
    raises = next(each for each in PublishError.__subclasses__() if each.kind is row.failure)
    what = "; ".join(f"{each.check}: {each.found}" + (f" ({each.means})" if each.means else "") for each in rows)
    cure = f"{row.do[:1].upper()}{row.do[1:].rstrip('.')}." if row.do else ""
    what = f"{attempt.place.title} would not take it: {what}"
    return replace(attempt, problem=raises(what, code=row.code, cure=cure, paste=row.paste))


def _conflict(attempt: Attempt, target: Target, release: Release, watch: Watch) -> Conflict:
    """Both hashes of each file, what differs inside where theirs can be had, and the way out."""
    names = attempt.after.differing
    found = {name: _difference(name, attempt, target, release, watch) for name in names}
    cure, paste = "Take a new version; or let theirs stay and send what is missing with `on-conflict: keep`.", "with:\n  on-conflict: keep"
    if any(each.built for each in release.distributions if each.name in names):
        cure, paste = _rebuilt(list(found.values()))
    return Conflict(
        f"{attempt.place.title} holds other bytes under {_listed(names)}",
        code="other-bytes-same-name",
        cure=cure,
        paste=paste,
        details=chain.from_iterable(_compared(name, attempt, difference) for name, difference in found.items()),
    )


def _rebuilt(found: list[Difference | None]) -> tuple[str, str]:
    """The cure, and what to paste, where this run built the files itself."""
    if all(each and not each.inside for each in found):
        return "Some builds differ from run to run, and this one does: build once and publish that artifact, or take a new version.", BUILD_ONCE
    cure = "This run built the files: if the project was changed since those were published, set a new version in it; if not, its build differs "
    cure += "from run to run: build once and publish that artifact."
    return cure, "" if any(each and each.inside for each in found) else BUILD_ONCE


def _compared(name: str, attempt: Attempt, difference: Difference | None) -> Iterator[str]:
    yield f"{name}: sha256 {attempt.after.held[name].sha256 or 'unknown'} there, {attempt.after.wanted[name].sha256} here"
    if difference:
        yield f"{name}: {difference.text}"


def _difference(name: str, attempt: Attempt, target: Target, release: Release, watch: Watch) -> Difference | None:
    """What differs inside; None where theirs cannot be had, or is too large to be fetched only for that."""
    theirs = attempt.after.held[name]
    ours = isinstance(attempt.after.wanted[name], Distribution)
    if not ours or not isinstance(target, Source) or not isinstance(theirs, RemoteFile) or (theirs.size or 0) > COMPARED:
        return None
    with suppress(PublishError):
        return publish.in_time(partial(_compare, target, theirs, release[name], watch), watch)
    return None


def _compare(target: Source, theirs: RemoteFile, ours: Distribution, watch: Watch) -> Difference | None:
    with tempfile.TemporaryFile() as copy:
        for block in target.fetch(theirs, watch):
            copy.write(block)
            if copy.tell() > COMPARED:
                return None
        copy.seek(0)
        return preflight.differences(ours, copy)


def _partial(attempt: Attempt, cause: PublishError) -> Partial:
    missing = [item.name for item in attempt.after.missing]
    partial = Partial(
        f"{attempt.place.title} holds a part of the release and lacks {_listed(missing)}: {cause.what}",
        code="partial",
        cure=f"Mend the cause and run again, which sends only what is missing. {cause.cure} If that cannot be: yank the version there and take a new one.",
        paste=cause.paste,
        said=cause.said,
        details=(f"cause: {cause.kind} ({cause.code})", *cause.details),
        reached=cause.reached,
    )
    partial.__cause__ = cause
    return partial


def _unconfirmed(attempt: Attempt) -> Unconfirmed:
    cause = attempt.problem or attempt.after.problem
    why = f": {cause.what}" if cause else " in the time in which it should"
    return Unconfirmed(
        f"{attempt.place.title} took the files, or may have taken them, and does not show them{why}",
        code="unconfirmed",
        cure="Run again with the same files: what is there is found, the rest is sent.",
        said=cause.said if cause else "",
        details=(f"cause: {cause.kind} ({cause.code})", *cause.details) if cause else (),
        reached=True,
    )


def _listed(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")  # noqa: PLR2004 - three names are read, more are counted
