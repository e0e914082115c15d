"""What log, summary and JSON report say alike: figures, words for outcomes, and what there is to do. Plain text, made harmless where it is shown."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pkg_publish.errors import Failure
from pkg_publish.state import Done, State
from pkg_publish.verdict import Status, foreseen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pkg_publish.errors import PublishError
    from pkg_publish.model import Item, Place
    from pkg_publish.state import Attempt
    from pkg_publish.verdict import Report

VERBS = {
    Failure.UNSUPPORTED: "does not take it",
    Failure.UNAVAILABLE: "did not answer",
    Failure.REFUSED: "refused it",
    Failure.CONFIG: "is not configured for it",
    Failure.POLICY: "must not have it",
    Failure.BUILD: "was not reached, since the build failed",
    Failure.INVALID: "can never hold it",
    Failure.PARTIAL: "holds only a part of it",
    Failure.UNCONFIRMED: "does not show whether it took it",
    Failure.CONFLICT: "holds other bytes under the same name",
    Failure.INTEGRITY: "could not be trusted",
    Failure.DEADLINE: "was not done in time",
    Failure.ENVIRONMENT: "could not be written from this machine",
    Failure.CANCELLED: "was not done before the run was cancelled",
    Failure.BUG: "was not reached, since we have a bug",
}
"""What a place did, behind its title."""


NONE = "–"  # noqa: RUF001 - a dash, as tables have it
"""Stands where there is nothing to say."""


def count(number: int, noun: str) -> str:
    """`1 file`, `2 files`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def listed(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def size(number: int | None) -> str:
    """Bytes, as people say them: `4.1 MB`."""
    if number is None:
        return NONE
    if number < 1000:  # noqa: PLR2004 - a kilobyte
        return f"{number} B"
    value, unit = number / 1000, "kB"
    for bigger in ("MB", "GB"):
        if value >= 999.95:  # noqa: PLR2004 - it would be shown as 1000.0
            value, unit = value / 1000, bigger
    return f"{value:.1f} {unit}"


def duration(seconds: float) -> str:
    """Seconds, as people say them: `2.3 s`, `2 min 5 s`."""
    if seconds < 59.95:  # noqa: PLR2004 - it would be shown as 60.0
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


def begun(title: str) -> str:
    """A title where a sentence begins."""
    return f"T{title[1:]}" if title.startswith("the ") else title


def words(places: Sequence[Place]) -> dict[str, str]:
    """The short word for each name of a place: its kind, unless two are of one kind."""
    kinds = Counter(place.kind for place in places)
    return {place.name: place.kind if kinds[place.kind] == 1 else place.name for place in places}


def at(places: Iterable[Place]) -> str:
    """`on PyPI, in the folder out and as the image ghcr.io/octo/demo`."""
    return listed([f"{'as' if place.kind == 'container-image' else 'in' if place.local else 'on'} {place.title}" for place in places])


def same(attempt: Attempt) -> list[str]:
    """The names that a reader finds there with our bytes."""
    held = attempt.after.held
    return [name for name, item in attempt.after.wanted.items() if name in held and held[name].visible and held[name].sha256 == item.sha256]


def files(attempt: Attempt) -> str:
    """`2 of 2`; a dash where there is none of ours."""
    found = len(same(attempt))
    return f"{found} of {len(attempt.after.wanted) + len(attempt.after.kept)}" if found or attempt.after.kept else NONE


def published(report: Report) -> list[Item]:
    """The files of the release: ours, and in place of some those of others, which the first place that holds it keeps under our names."""
    kept = report.holding[0].after.kept if report.holding else {}
    return [kept.get(each.name, each) for each in report.release.distributions] if report.release else []


def planned(report: Report) -> list[Attempt]:
    """In a dry run: who would hold the release. One home under `first`: where it is already, or something of it, else the first that can."""
    able = [each for each in report.attempts if foreseen(each) is None]
    if report.strategy == "first":
        able.sort(key=lambda each: (each.before.state is not State.COMPLETE, not each.before.claimed))
        return able[:1]
    return able


def home(report: Report) -> list[Attempt]:
    """Where the release is, or would be."""
    return planned(report) if report.status is Status.PLANNED else report.holding


def commands(report: Report) -> list[tuple[str, str]]:
    """What to do with the release, `install` or `run`, and the command that does it."""
    run = [each.receipt.command for each in report.holding if each.receipt and each.receipt.command]
    install = [] if report.install_command in run else [report.install_command]
    return [*(("install", each) for each in filter(None, install)), *(("run", each) for each in run)]


def outcome(report: Report, attempt: Attempt) -> str:
    """The word for what an attempt came to; what was not tried has one too."""
    if attempt.outcome is not Done.SKIPPED:
        return attempt.outcome
    if report.dry_run:
        if failure := foreseen(attempt):
            return failure
        if attempt.before.state is State.COMPLETE:
            return "already there"
        return "would be published" if attempt in home(report) else "not needed"
    if report.strategy == "all":
        return "not touched"
    return "not needed" if report.holding else "not tried"


def untouched(attempt: Attempt) -> bool:
    """This run wrote nothing there that a reader may see, and that is proven."""
    if attempt.before.state not in {State.ABSENT, State.PARTIAL}:  # then nothing is sent
        return True
    if attempt.outcome in {Failure.UNCONFIRMED, Failure.PARTIAL} or attempt.after.held.keys() - attempt.before.held.keys():
        return False
    reached = attempt.problem is not None and attempt.problem.reached
    return not reached or (attempt.after.state is State.ABSENT and attempt.after.settled)


def prospects(attempt: Attempt) -> str:
    """What its own check says of a target that was not tried; empty when nobody asked."""
    if bad := [row for row in attempt.checks if row.ok is False]:
        return f"would not work: {'; '.join(' – '.join(filter(None, [row.found, row.do])) for row in bad)}"  # noqa: RUF001 - a dash
    if unknown := [row.means or row.found for row in attempt.checks if row.ok is None]:
        return f"cannot be known before: {'; '.join(unknown)}"
    return "would work" if attempt.checks else ""


@dataclass(frozen=True, slots=True)
class Trouble:
    """A problem, and whose."""

    who: str
    """The target, as the user named it; else the class of the problem."""
    problem: PublishError
    attempt: Attempt | None


def troubles(report: Report) -> Iterator[Trouble]:
    """What there is to mend: what kept the run from beginning, or the problem of each target. What nobody can change is left out if the run went well."""
    told = []
    for attempt in report.attempts:
        problem = attempt.problem
        ended = any(problem is each for each in report.problems)
        tried = attempt.outcome is not Done.SKIPPED or report.dry_run
        if problem and (ended or (tried and problem.kind is not Failure.UNSUPPORTED)):
            told.append(problem)
            yield Trouble(attempt.place.name, problem, attempt)
    for problem in report.problems:
        if all(problem is not each for each in told):
            yield Trouble(problem.kind, problem, None)


def own_words(problem: PublishError) -> str:
    """The server's words, unless a detail holds them already."""
    return "" if problem.said in problem.details else problem.said
