"""Plan and attempts → Report: the status, what to be called for, and the exit code. The renderers decide nothing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from pkg_publish.errors import Failure, PublishError
from pkg_publish.plan import STOPS
from pkg_publish.state import Attempt, Done, State

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pkg_publish.model import Place, Receipt, Release
    from pkg_publish.plan import Plan
    from pkg_publish.state import Look


class Status(StrEnum):
    """How the run ended, for the output `status`."""

    PUBLISHED = "published"
    PUBLISHED_BY_FALLBACK = "published-by-fallback"
    ALREADY_PUBLISHED = "already-published"
    INCOMPLETE = "incomplete"
    FAILED = "failed"
    PLANNED = "planned"


class Level(StrEnum):
    """How loud an annotation is, in the runner's words."""

    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """One thing people are called for: a warning or notice of a run."""

    level: Level
    text: str
    """One or two sentences; may hold foreign words, so it is made harmless where it is shown."""
    code: str
    """The anchor of a heading in `docs/troubleshooting.md`."""
    paste: str = ""
    """The YAML or the command that mends it."""


@dataclass(frozen=True, slots=True)
class Verifying:
    """An event: what this place holds is installed from there."""

    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """The release was installed from the first place that holds it."""

    python: str
    """The version of the Python that it was installed into."""
    modules: tuple[str, ...]
    """What was imported then."""
    beyond: bool = False
    """The place is an index that pip reads, and lacks something that the release needs: that came from the index which the installer is set up with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything about a run: log, summary, outputs and the JSON report are made from this one value."""

    status: Status
    exit_code: int
    dry_run: bool = False
    strategy: str = "first"
    release: Release | None = None
    attempts: tuple[Attempt, ...] = ()
    """In the order of `targets`."""
    problems: tuple[PublishError, ...] = ()
    """Why it failed: the mistakes that kept it from beginning, or the problem of the attempt that ended the chain."""
    remarks: tuple[Remark, ...] = ()
    fallback_reason: str = ""
    """Begins with the class."""
    install_command: str = ""
    proof: Proof | None = None
    """With `verify: install`."""
    seconds: float = 0.0

    @property
    def holding(self) -> list[Attempt]:
        """The attempts at places that hold the release."""
        return [each for each in self.attempts if each.holds]

    @property
    def receipt(self) -> Receipt | None:
        """The receipt of the first place that holds the release."""
        return self.holding[0].receipt if self.holding else None


def conclude(  # noqa: PLR0913 - a chain that has ended, and how
    plan: Plan,
    release: Release,
    attempts: Sequence[Attempt],
    remarks: Iterable[Remark] = (),
    *,
    cut: PublishError | None = None,
    seconds: float,
) -> Report:
    """Judge a chain that has ended; attempts as `publish.run` yielded them, in the order in which they were taken.

    `cut`: why it ended early, when the time was up or somebody stopped it.
    """
    places = [target.place for target in plan.targets]
    in_order = tuple(sorted(attempts, key=lambda each: places.index(each.place)))
    stopped = plan.dry_run and cut
    status = Status.FAILED if stopped else _status(plan, attempts, places[0])
    problems, failure = _why(_ended_by(plan, attempts), cut)
    failed = status in {Status.FAILED, Status.INCOMPLETE}
    return Report(
        status=status,
        exit_code=failure.exit_code if failed else 0,
        dry_run=plan.dry_run,
        strategy=plan.strategy,
        release=release,
        attempts=in_order,
        problems=problems if failed else (),
        remarks=(*remarks, *_remarks(plan, release, in_order)),
        fallback_reason="; ".join(_reasons(plan, in_order)) if status is Status.PUBLISHED_BY_FALLBACK else "",
        seconds=seconds,
    )


def _why(ended_by: Attempt, cut: PublishError | None) -> tuple[tuple[PublishError, ...], Failure]:
    """The problems that ended a chain, and its class: that of the last attempt; after a good one, what cut the chain short, as a cancel does always."""
    own = (ended_by.problem,) if ended_by.problem else ()
    if cut and ended_by.outcome is not cut.kind and (isinstance(ended_by.outcome, Done) or cut.kind is Failure.CANCELLED):
        return (cut, *own), cut.kind
    return own, _failure_of(ended_by)


def _failure_of(attempt: Attempt) -> Failure:
    """The class an attempt failed with; in a dry run, what it would have failed with."""
    if isinstance(attempt.outcome, Failure):
        return attempt.outcome
    return foreseen(attempt) or Failure.UNCONFIRMED


def would_fail_with(seen: Look) -> Failure | None:
    """What a look already says: a conflict, or why the place could not be read."""
    if seen.state is State.CONFLICT:
        return Failure.CONFLICT
    return seen.problem.kind if seen.problem else None


def foreseen(attempt: Attempt) -> Failure | None:
    """What a dry run says that a target would fail with: what the look says, else a check of its own that is sure of it (`explain.foretold`)."""
    return would_fail_with(attempt.before) or (attempt.problem.kind if attempt.problem else None)


def _ended_by(plan: Plan, attempts: Sequence[Attempt]) -> Attempt:
    """The attempt that decided: the last that was tried; in a dry run the first that would end the chain, else the last."""
    if plan.dry_run:
        return next(_foreseen_ends(plan, attempts), attempts[-1])
    return [each for each in attempts if each.outcome is not Done.SKIPPED][-1]


def _foreseen_ends(plan: Plan, attempts: Sequence[Attempt]) -> Iterator[Attempt]:
    """Where a chain would end, well or not, in the order of the plan: a look that stops it from afar comes before all."""
    passable = plan.fall_back_on if plan.first else {None, Failure.UNSUPPORTED}
    yield from (each for each in attempts if foreseen(each) not in passable)


def _status(plan: Plan, attempts: Sequence[Attempt], first: Place) -> Status:
    held = [each for each in attempts if each.holds]
    if plan.dry_run:
        failure = foreseen(_ended_by(plan, attempts))
        others = not plan.first and failure is Failure.UNSUPPORTED and any(foreseen(each) is None for each in attempts)
        return Status.PLANNED if failure is None or others else Status.FAILED
    if not held:
        return Status.FAILED
    if not plan.first and any(not each.holds and each.outcome is not Failure.UNSUPPORTED for each in attempts):
        return Status.INCOMPLETE
    if all(each.outcome is Done.ALREADY_PUBLISHED for each in held):
        return Status.ALREADY_PUBLISHED
    return Status.PUBLISHED_BY_FALLBACK if plan.first and held[0].place != first else Status.PUBLISHED


def _passed(attempts: Sequence[Attempt]) -> list[Attempt]:
    """What stands before the first place that holds the release."""
    home = next((index for index, each in enumerate(attempts) if each.holds), 0)
    return list(attempts[:home])


def _reasons(plan: Plan, attempts: Sequence[Attempt]) -> Iterator[str]:
    for each in _passed(attempts):
        failure = each.outcome if isinstance(each.outcome, Failure) else would_fail_with(each.before)
        if failure in plan.fall_back_on:
            yield f"{failure}: {each.place.name}: {each.problem.what if each.problem else 'it was not tried'}"


def _remarks(plan: Plan, release: Release, attempts: Sequence[Attempt]) -> Iterator[Remark]:
    """Every warning and notice of a chain, each once."""
    if plan.first and not plan.dry_run:
        for each in _passed(attempts):
            yield from _passed_by(each)
    elif not plan.first:
        for each in attempts:
            if each.outcome is Failure.UNSUPPORTED:
                yield Remark(level=Level.NOTICE, text=f"{each.place.title} was passed by: {_what(each)}", code=_code(each))
    for each in attempts:
        yield from _kept(release, each)
        yield from _of_receipt(plan, each)
        if each.outcome is Done.SKIPPED and each.problem and each.problem.kind in STOPS and not plan.dry_run and each not in _passed(attempts):
            text = f"{each.place.title} was not needed, and would not have taken the release: {each.problem.what}"
            yield Remark(level=Level.WARNING, text=text, code=each.problem.code, paste=each.problem.paste)
        elif each.outcome is Done.SKIPPED and each.would_work is False and not (plan.dry_run and (each.problem or each.before.state is State.COMPLETE)):
            yield _would_not_work(each, "would not work" if plan.dry_run else "was not needed, and would not have worked")
    held = [each for each in attempts if each.holds]
    if plan.in_workflow and held and all(each.place.local for each in held):
        yield Remark(
            level=Level.WARNING,
            text=f"The release is only in {held[0].place.title}, which stays on this runner and is thrown away with it, unless a later step uploads it.",
            code="local-place-only",
        )


def _passed_by(attempt: Attempt) -> Iterator[Remark]:
    """Why a place before the home of the release was passed by: what nobody can change is a notice, the rest a warning."""
    if attempt.outcome is Failure.UNSUPPORTED:
        yield Remark(level=Level.NOTICE, text=f"{attempt.place.title} was passed by: {_what(attempt)}", code=_code(attempt))
    elif attempt.outcome is Done.SKIPPED and would_fail_with(attempt.before) is not Failure.UNSUPPORTED:
        why = "does not hold it: an earlier run fell back"
        if attempt.before.state is State.UNREADABLE:
            why = f"could not be read, so nobody knows whether it holds it too: {_what(attempt)}"
        text = f"The version was found at a later target; {attempt.place.title} comes before it and {why}."
        yield Remark(level=Level.WARNING, text=text, code="found-at-a-later-target")
    elif isinstance(attempt.outcome, Failure):
        text = f"{attempt.place.title} was passed by ({attempt.outcome}): {_what(attempt)}"
        if attempt.before.state is State.UNREADABLE:
            text += ". It could not be read, so an earlier run may have left the version there"
        yield Remark(level=Level.WARNING, text=text, code=_code(attempt), paste=attempt.problem.paste if attempt.problem else "")


def _of_receipt(plan: Plan, attempt: Attempt) -> Iterator[Remark]:
    """What the owner of a place should know of what it holds now."""
    receipt = attempt.receipt
    if receipt and receipt.warning:
        yield Remark(level=Level.WARNING, text=receipt.warning, code="who-can-read-it")
    if receipt and receipt.release_id and receipt.source and attempt.outcome is Done.PUBLISHED and plan.job_token:
        text = f"The release {receipt.tag} was published with the job's own token (GITHUB_TOKEN): GitHub starts no other workflow for it."
        yield Remark(level=Level.NOTICE, text=text, code="release-starts-no-workflow")


def _kept(release: Release, attempt: Attempt) -> Iterator[Remark]:
    ours = {each.name: f", {each.sha256} here" for each in release.distributions if each.name in attempt.after.kept}
    for name, theirs in attempt.after.kept.items():
        text = f"{attempt.place.title} keeps other bytes under the name {name}: sha256 {theirs.sha256} there{ours.get(name, '')}"
        yield Remark(level=Level.WARNING, text=text, code="other-bytes-kept")


def _would_not_work(attempt: Attempt, says: str) -> Remark:
    row = next(row for row in attempt.checks if row.ok is False)
    cure = f": {row.do}" if row.do else ""
    text = f"{attempt.place.title} {says}: {row.check}: {row.found}{cure}"
    return Remark(level=Level.WARNING, text=text, code="would-not-work")


def _what(attempt: Attempt) -> str:
    return attempt.problem.what if attempt.problem else attempt.outcome


def _code(attempt: Attempt) -> str:
    return attempt.problem.code if attempt.problem else attempt.outcome


def failed_early(problems: Sequence[PublishError], remarks: Iterable[Remark] = (), *, seconds: float = 0.0) -> Report:
    """The report of a run that ended before its first look."""
    return Report(status=Status.FAILED, exit_code=problems[0].kind.exit_code, problems=tuple(problems), remarks=tuple(remarks), seconds=seconds)
