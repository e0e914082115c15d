"""What people are called for: every error, warning and notice of a run, each once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pkg_publish.formats.neutral import quoted
from pkg_publish.report import phrases, sentences
from pkg_publish.verdict import Level

if TYPE_CHECKING:
    from pkg_publish.errors import PublishError
    from pkg_publish.verdict import Remark, Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One of them."""

    level: Level
    code: str
    """Where the documentation says more; empty when the text says all."""
    text: str
    """What happened, the server's words included."""
    who: str = ""
    """The target, if it is the problem of one."""
    cure: str = ""
    paste: str = ""
    problem: PublishError | None = None


def calls(report: Report) -> list[Call]:
    """Return them, the errors first; a run that fails is never silent."""
    remarks = [_of_remark(each, report) for each in report.remarks]
    level = Level.ERROR if report.exit_code else Level.WARNING
    told = [each.problem for each in remarks if each.problem]
    found = [*(of_problem(each.problem, each.who, level) for each in phrases.troubles(report) if each.problem not in told), *remarks]
    if report.exit_code and all(each.level is not Level.ERROR for each in found):
        found.append(Call(level=Level.ERROR, code="", text=f"{sentences.verdict(report)}."))
    return sorted(dict.fromkeys(found), key=lambda each: [*Level].index(each.level))


def of_problem(problem: PublishError, who: str = "", level: Level = Level.ERROR) -> Call:
    """Return what a problem calls people for."""
    words = phrases.own_words(problem)
    text = f"{problem.what}: {quoted(words)}" if words else f"{problem.what}."
    return Call(level=level, code=problem.code, text=text, who=who, cure=problem.cure, paste=problem.paste, problem=problem)


def _of_remark(remark: Remark, report: Report) -> Call:
    """A remark may be about the problem of a target, whose cure it then shares."""
    about = ((each.place.name, each.problem) for each in report.attempts if each.problem and each.problem.code == remark.code)
    who, problem = next(((who, problem) for who, problem in about if problem.what in remark.text), ("", None))
    cure, words = (problem.cure, phrases.own_words(problem)) if problem else ("", "")
    text = f"{remark.text}: {quoted(words)}" if words else remark.text
    return Call(level=remark.level, code=remark.code, text=text, who=who, cure=cure, paste=remark.paste, problem=problem)
