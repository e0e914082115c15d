"""The verdict on a run in one sentence, and the one or two that follow it: the same in the log, the summary and the JSON report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pkg_publish.errors import Failure, Refused
from pkg_publish.model import Filetype
from pkg_publish.report.phrases import VERBS, at, begun, count, home, listed, planned, same, untouched, words
from pkg_publish.state import Done, State
from pkg_publish.verdict import Status, foreseen, would_fail_with

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pkg_publish.errors import PublishError
    from pkg_publish.model import Distribution, Release
    from pkg_publish.state import Attempt
    from pkg_publish.verdict import Report

PASSABLE = frozenset({Failure.UNSUPPORTED, Failure.UNAVAILABLE, Failure.REFUSED})

BEFORE_THE_FIRST_LOOK = {
    Failure.CONFIG: "the configuration",
    Failure.POLICY: "what this run may do",
    Failure.INVALID: "the files",
}
"""What has the mistakes when the run does not begin."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence, and the code under which the documentation says more."""

    text: str
    code: str = ""


def verdict(report: Report) -> str:
    """What happened, in a sentence without a full stop."""
    if report.release is None:
        return f"Nothing is published: {_why_not_begun(report.problems)}"
    name = f"{report.release.project} {report.release.version}"
    where = at(each.place for each in report.holding)
    match report.status:
        case Status.PUBLISHED | Status.PUBLISHED_BY_FALLBACK:
            return f"{name} is published {where}{_instead(report)}{_apart(report)}{_unsound(report)}"
        case Status.ALREADY_PUBLISHED:
            return f"{name} was already {_there(where)}{_apart(report)}: nothing was sent{_unsound(report)}"
        case Status.INCOMPLETE:
            return f"{name} is published {where}, but {_shortfall(report)}"
        case Status.PLANNED:
            return f"Dry run: {name} {_would(report)}"
        case _:
            return _failed(report, name)


def _unsound(report: Report) -> str:
    """What `verify: install` has found out of what is there."""
    match [each.code for each in report.problems]:
        case []:
            return ""
        case ["import-fails"]:
            return ", but cannot be imported"
        case _:
            return ", but was not installed from there"


def _why_not_begun(problems: Sequence[PublishError]) -> str:
    kinds = {each.kind for each in problems}
    match [*kinds]:
        case [Failure.CONFIG | Failure.POLICY | Failure.INVALID as kind]:
            return f"{count(len(problems), 'mistake')} in {BEFORE_THE_FIRST_LOOK[kind]}"
        case [Failure.BUILD]:
            return "the build failed"
        case [Failure.BUG]:
            return "we have a bug"
        case [Failure.CANCELLED]:
            return "the run was cancelled"
        case [_]:
            return "the run could not begin"
        case _:
            return f"{len(problems)} mistakes"


def _instead(report: Report) -> str:
    """Who would have been the home on another night."""
    failed = [each.place.title for each in _passed(report) if each.outcome in {Failure.UNAVAILABLE, Failure.REFUSED}]
    return f" instead of {listed(failed)}" if failed else ""


def _apart(report: Report) -> str:
    """With `on-conflict: keep` places may hold other bytes under the same names."""
    held = [each.after.held for each in report.holding]
    names = {name for each in held for name in each}
    apart = sum(len({each[name].sha256 for each in held if name in each}) > 1 for name in names)
    return f", but {count(apart, 'file')} {'is' if apart == 1 else 'are'} not the same everywhere" if apart else ""


def fallback(report: Report) -> str:
    """Where it went, and since when it could not stay: `ghcr, since github-packages is unsupported`."""
    short = words([each.place for each in report.attempts])
    failed = [(short[each.place.name], each.outcome) for each in _passed(report) if isinstance(each.outcome, Failure)]
    why = [f"{name} refused it" if outcome is Failure.REFUSED else f"{name} is {outcome}" for name, outcome in failed]
    home = short[report.holding[0].place.name]
    return f"{home}, since {listed(why)}" if why else home


def _passed(report: Report) -> list[Attempt]:
    """Under `first`, what stands before the home of the release."""
    holds = [each.holds for each in report.attempts]
    return list(report.attempts[: holds.index(True)]) if report.strategy == "first" and True in holds else []


def _ended_by(report: Report) -> Attempt | None:
    """The attempt whose problem ended the run; a dry run may end with a conflict that it has only seen."""
    for attempt in report.attempts:
        if any(attempt.problem is each for each in report.problems):
            return attempt
    return next((each for each in report.attempts if would_fail_with(each.before) is Failure.CONFLICT), None)


def _shortfall(report: Report) -> str:
    """Under `all`: what keeps the release from being everywhere."""
    ended = _ended_by(report)
    lacking = [each for each in report.attempts if not each.holds and each.outcome is not Failure.UNSUPPORTED]
    if ended is None:
        return f"not {at(each.place for each in lacking)}"
    if _is_half(ended):
        return f"only half of it {at([ended.place])}{_halves(report, ended)}"
    return f"{ended.place.title} {VERBS[Failure(ended.outcome)]}"


def _there(where: str) -> str:
    """Behind `already`: nothing is already as an image, but there as one."""
    return f"there {where}" if where.startswith("as ") else where


def _would(report: Report) -> str:
    homes = planned(report)
    complete = [each.place for each in homes if each.before.state is State.COMPLETE]
    others = [each.place for each in homes if each.before.state is not State.COMPLETE]
    if not others:
        return f"is already {_there(at(complete))}, so nothing would be sent"
    first = report.attempts.index(homes[0])
    failed = [each.place.title for each in report.attempts[:first] if report.strategy == "first" and foreseen(each) in {Failure.UNAVAILABLE, Failure.REFUSED}]
    instead = f" instead of {listed(failed)}" if failed else ""
    return f"would be published {at(others)}{instead}" + (f", and is already {_there(at(complete))}" if complete else "")


def _failed(report: Report, name: str) -> str:
    """Half of it somewhere is the first thing to know; then whether anything is known at all; then why it is nowhere."""
    ended = _ended_by(report)
    half = next(filter(_is_half, report.attempts), None)
    if half:
        return f"{name} is half published {at([half.place])}{_halves(report, half)}"
    if ended and ended.outcome is Failure.UNCONFIRMED:
        return f"Nobody can say yet whether {name} is {at([ended.place])}"
    if report.dry_run:
        others = any(foreseen(each) is None for each in report.attempts)
        if ended and others and report.strategy == "all":
            return f"Dry run: {name} would not be published everywhere: {ended.place.title} would not take it"
        return f"Dry run: {name} would not be published: {_why(ended) or 'no target takes it'}"
    return f"{name} is not published: {_why(ended) or 'nothing was written anywhere'}"


def _why(ended: Attempt | None) -> str:
    """What ended the run, unless places merely said no."""
    failure = ended and (ended.outcome if isinstance(ended.outcome, Failure) else foreseen(ended))
    if failure is Failure.CANCELLED:
        return "the run was cancelled"
    if failure is Failure.DEADLINE:
        return "the time was up"
    return f"{ended.place.title} {VERBS[failure]}" if ended and failure and failure not in PASSABLE else ""


def _is_half(attempt: Attempt) -> bool:
    """Something is there and something is not; what is there and not seen by everybody yet is no half."""
    after = attempt.after
    return isinstance(attempt.outcome, Failure) and after.state is State.PARTIAL and len(same(attempt)) < len(after.wanted)


def _halves(report: Report, attempt: Attempt) -> str:
    """`: the wheel is there, the sdist was refused`."""
    names = same(attempt)
    ours = [each for each in report.release.distributions if each.name in attempt.after.wanted] if report.release else []
    there, missing = [each for each in ours if each.name in names], [each for each in ours if each.name not in names]
    if not there:
        return ": other files of it are there, ours are not"
    cause = attempt.problem.__cause__ if attempt.problem else None
    are, were = "is" if len(there) == 1 else "are", "was" if len(missing) == 1 else "were"
    why = f"{were} refused" if isinstance(cause, Refused) else "is not" if len(missing) == 1 else "are not"
    return f": {_parts(there, ours)} {are} there, {_parts(missing, ours)} {why}"


def _parts(some: Sequence[Distribution], ours: Sequence[Distribution]) -> str:
    return listed([_part(kind, some, ours) for kind in Filetype if any(each.filetype is kind for each in some)])


def _part(kind: Filetype, some: Sequence[Distribution], ours: Sequence[Distribution]) -> str:
    number, of = (sum(each.filetype is kind for each in files) for files in (some, ours))
    if of == 1:
        return f"the {kind}"
    return f"all {of} {kind}s" if number == of else f"{number} of {of} {kind}s"


def lead(report: Report) -> list[Sentence]:
    """What a reader must know next."""
    match report.status:
        case Status.PUBLISHED | Status.PUBLISHED_BY_FALLBACK | Status.ALREADY_PUBLISHED:
            return [*_passing(report), *_proof(report)]
        case Status.INCOMPLETE:
            return [*_untried(report), Sentence("A re-run goes on where this one ended")]
        case Status.PLANNED:
            return [Sentence("Nothing was written"), *_plan(report)]
        case _:
            return [Sentence("Nothing was written")] if report.dry_run else list(_consequences(report)) if report.attempts else []


def _passing(report: Report) -> Iterator[Sentence]:
    """Who was passed by on the way to where the release is."""
    first = report.strategy == "first"
    passed = _passed(report) if first else [each for each in report.attempts if each.outcome is Failure.UNSUPPORTED]
    for number, attempt in enumerate(passed[:3]):
        problem = attempt.problem
        verb = VERBS[problem.kind] if problem else "does not hold it"
        when = "was passed by" if not first else "comes before it" if attempt.outcome is Done.SKIPPED else "was asked next" if number else "was asked first"
        yield Sentence(f"{begun(attempt.place.title)} {when} and {verb}", problem.code if problem else "")


def _proof(report: Report) -> Iterator[Sentence]:
    """What was compared; what was kept is said by a warning."""
    number = len({name for each in report.holding for name in same(each)})
    read = "" if report.status is Status.ALREADY_PUBLISHED else "was read back and " if number == 1 else "were read back and "
    if number:
        yield Sentence(f"{count(number, 'file')} {read}{'matches' if number == 1 else 'match'} by sha256")
    if report.proof:
        imported = f", and {listed([f'`{each}`' for each in report.proof.modules])} imported" if report.proof.modules else ""
        beyond = "; what that index lacks came from the one that the installer is set up with" if report.proof.beyond else ""
        yield Sentence(f"It was installed from there into a clean environment with Python {report.proof.python}{imported}{beyond}")


def _untried(report: Report) -> Iterator[Sentence]:
    """Who was not tried, and why not."""
    skipped = [each.place.title for each in report.attempts if each.outcome is Done.SKIPPED]
    apart = report.strategy == "first" and any(each.outcome in {Failure.PARTIAL, Failure.UNCONFIRMED, Failure.CONFLICT} for each in report.attempts)
    if skipped:
        why = ", for a version has one home" if apart else ""
        yield Sentence(f"{begun(listed(skipped))} {'was' if len(skipped) == 1 else 'were'} not tried{why}")


def _plan(report: Report) -> Iterator[Sentence]:
    for attempt in home(report):
        if missing := len(attempt.before.missing):
            yield Sentence(f"{missing} of {count(len(attempt.before.wanted), 'file')} would be sent to {attempt.place.title}")


def _consequences(report: Report) -> Iterator[Sentence]:
    """After a failure: what is there, and whether running again is safe."""
    tried = [each for each in report.attempts if each.outcome is not Done.SKIPPED]
    half = next(filter(_is_half, tried), None)
    touched = [each for each in tried if not untouched(each)]
    if half:
        yield Sentence(_reader_gets(report.release, same(half)))
    elif touched:
        unsure = [each.place.title for each in touched if each.outcome is not Failure.UNCONFIRMED]  # that is in the verdict
        yield from [Sentence(f"{begun(listed(unsure))} may have taken something of it")] if unsure else []
    elif all(each.outcome in PASSABLE for each in tried):
        said = {1: "", 2: "Both targets said no, and "}.get(len(tried), f"All {len(tried)} targets said no, and ")
        seen = "it was seen to be untouched" if len(tried) == 1 else "each was seen to be untouched"
        proof = seen if all(map(_is_seen, tried)) else "nothing was written anywhere"
        sentence = f"{said}{proof}, so running again is safe"
        yield Sentence(sentence[0].upper() + sentence[1:])
    else:
        yield Sentence("Nothing was written anywhere")
    for each in tried:
        if not _is_seen(each):
            yield Sentence(f"{begun(each.place.title)} could not be read, so an earlier run may have left the version there")
    yield from _untried(report)


def _is_seen(attempt: Attempt) -> bool:
    """What it holds is known: it was read, or can hold nothing."""
    return attempt.before.state is not State.UNREADABLE or attempt.outcome is Failure.UNSUPPORTED


def _reader_gets(release: Release | None, there: Sequence[str]) -> str:
    """What who installs now gets of a release that is there in part."""
    ours = release.distributions if release else ()
    wheels = [each for each in ours if each.filetype is Filetype.WHEEL]
    has_sdist = any(each.filetype is Filetype.SDIST and each.name in there for each in ours)
    found = [each for each in wheels if each.name in there]
    if not found:
        return "Whoever installs now builds it from the sdist" if has_sdist else "Whoever installs now gets none of these files"
    which = "the wheel" if len(wheels) == 1 else "a wheel" if len(found) == len(wheels) else "a wheel if their own is among those that are there"
    return f"Whoever installs now gets {which}, and {'builds it from the sdist' if has_sdist else 'an older version or an error'} where no wheel fits"
