"""A run for people who want to know: Markdown for the job summary. The verdict first, one table, what to do, and the details folded."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pkg_publish.errors import DOCS, Failure
from pkg_publish.formats.neutral import code, fenced, html, markdown
from pkg_publish.model import Visibility
from pkg_publish.report import phrases, sentences
from pkg_publish.report.at_home import is_yaml
from pkg_publish.state import Done

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pkg_publish.errors import PublishError
    from pkg_publish.report.phrases import Trouble
    from pkg_publish.state import Attempt
    from pkg_publish.verdict import Report

LIMIT = 64 << 10
"""Bytes of a summary, a sixteenth of what GitHub takes: more is not read."""

ROWS = (1000, 600, 350, 200, 100, 50, 20, 10, 4)
"""How much of each list is shown: the first of these with which the whole fits."""

READERS = {
    Visibility.PUBLIC: "public",
    Visibility.AS_REPOSITORY: "visible as the GitHub repository is",
    Visibility.YOUR_CHOICE: "",
    Visibility.LOCAL: "on this machine only",
}
"""Who sees what a place holds, where nobody has tried."""

WOULD_NOT_WORK = "would-not-work"
"""The code of what the table says of a target's prospects."""

SAFE_LINK = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._~/@:+=%-]*)?")
"""An address that is no more than one."""


def summary(report: Report, docs_url: str = DOCS) -> str:
    """Return the Markdown, `LIMIT` bytes at most, whatever the run brought; codes are linked below `docs_url`."""
    return next(filter(None, (_fitting(_Page(report, docs_url, rows).parts()) for rows in ROWS)))


def _fitting(parts: Iterable[str]) -> str:
    """All parts, a blank line between two; an empty string as soon as they are too much."""
    kept, size = [], 0
    for part in parts:
        kept.append(part)
        size += len(part.encode()) + 2
        if size > LIMIT:
            return ""
    return "\n\n".join(kept) + "\n"


class _Page:
    """One summary with lists of so many rows."""

    def __init__(self, report: Report, docs_url: str, rows: int) -> None:
        self.report, self.docs_url, self.rows = report, docs_url, rows
        self.troubles = list(phrases.troubles(report))

    def parts(self) -> Iterator[str]:
        """Everything that stands between blank lines."""
        report = self.report
        yield f"## {markdown(sentences.verdict(report))}"
        if lead := sentences.lead(report):
            yield " ".join(f"{markdown(each.text)}{self._why(each.code)}." for each in lead)
        if report.attempts:
            yield self._table(["target", "outcome", "files", "what it said", "seconds"], [self._row(each) for each in report.attempts])
        for word, command in phrases.commands(report):
            yield f"**{word.capitalize()}**\n\n{fenced(command, 'sh')}"
        yield from self._to_do()
        yield from self._remarks()
        yield from self._details()

    def _why(self, anchor: str) -> str:
        return f" ([why]({self.docs_url}#{anchor}))" if anchor else ""

    def _more(self, anchor: str) -> str:
        return f"[{anchor}]({self.docs_url}#{anchor})"

    def _table(self, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
        lines = [head, ["---"] * len(head), *rows[: self.rows]]
        return "\n".join([*(f"| {' | '.join(cells)} |" for cells in lines), *self._rest(rows)])

    def _rest(self, lines: Sequence[object]) -> list[str]:
        """A line that says how many are not shown; it ends a table, being the text of another paragraph."""
        more = len(lines) - self.rows
        return ["", f"… and {more} more, which are in the JSON report."] if more > 0 else []

    def _row(self, attempt: Attempt) -> list[str]:
        outcome = phrases.outcome(self.report, attempt)
        seconds = phrases.NONE if attempt.outcome is Done.SKIPPED else f"{attempt.seconds:.1f}"
        name = markdown(attempt.place.name)
        if attempt in phrases.home(self.report):
            name, outcome = f"**{name}**", f"**{outcome}**"
        return [name, outcome, phrases.files(attempt), self._said(attempt) or phrases.NONE, seconds]

    def _said(self, attempt: Attempt) -> str:
        if attempt.holds:
            return " · ".join(filter(None, [_address(attempt), _readers(attempt)]))
        if attempt.problem and (attempt.outcome is not Done.SKIPPED or self.report.dry_run):
            return _sentence(attempt.problem)
        if attempt.problem:
            return attempt.problem.kind
        more = f" ({self._more(WOULD_NOT_WORK)})" if attempt.would_work is False else ""
        return markdown(phrases.prospects(attempt)) + more

    def _to_do(self) -> Iterator[str]:
        """What to mend; every YAML and command once."""
        pasted: set[str] = set()
        if self.troubles and self.report.attempts:
            yield "**What to do**"
        for trouble in self.troubles[: self.rows]:
            yield self._trouble(trouble)
            if trouble.problem in self.report.problems and len(trouble.problem.details) > 1:
                yield self._listed(trouble.problem.details)
            if trouble.problem.paste and trouble.problem.paste not in pasted:
                pasted.add(trouble.problem.paste)
                yield fenced(trouble.problem.paste, _language(trouble.problem.paste))
        yield from filter(None, self._rest(self.troubles))

    def _trouble(self, trouble: Trouble) -> str:
        """Who, and what to do; what it said stands in the table, if there is one."""
        problem = trouble.problem
        what = [] if trouble.attempt else [_sentence(problem) + "."]
        return " ".join(filter(None, [f"**{markdown(trouble.who)}**:", *what, markdown(problem.cure), f"({self._more(problem.code)})"]))

    def _listed(self, lines: Sequence[str]) -> str:
        shown = min(self.rows, 20)
        more = [f"- … and {len(lines) - shown} more"] if len(lines) > shown else []
        return "\n".join([*(f"- {markdown(each)}" for each in lines[:shown]), *more])

    def _remarks(self) -> Iterator[str]:
        """What is worth knowing and not in the table."""
        told = {WOULD_NOT_WORK, *(each.problem.code for each in self.report.attempts if each.problem)}
        pasted = {each.problem.paste for each in self.troubles}
        remarks = [each for each in self.report.remarks if each.code not in told]
        for remark in remarks[: self.rows]:
            yield f"**{remark.level.capitalize()}**: {markdown(remark.text)} ({self._more(remark.code)})"
            if remark.paste and remark.paste not in pasted:
                pasted.add(remark.paste)
                yield fenced(remark.paste, _language(remark.paste))
        yield from filter(None, self._rest(remarks))

    def _details(self) -> Iterator[str]:
        report = self.report
        if report.release:
            files = [[code(each.name), phrases.size(getattr(each, "size", None)), code(each.sha256 or "")] for each in phrases.published(report)]
            yield _folded("Files and digests", [self._table(["file", "size", "sha256"], files)])
        if report.attempts:
            yield _folded(f"Before and after ({phrases.duration(report.seconds)} in all)", [self._states()])
        for attempt in report.attempts[: self.rows]:
            problem = attempt.problem
            if problem and len(problem.details) > 1 and problem not in report.problems:
                cure = markdown(problem.cure) if problem.kind is Failure.UNSUPPORTED else ""
                yield _folded(f"What {html(attempt.place.title)} answered", filter(None, [cure, self._listed(problem.details)]))

    def _states(self) -> str:
        rows = [
            [markdown(each.place.name), each.before.state, each.after.state, code(each.receipt.digest if each.receipt else "")] for each in self.report.attempts
        ]
        return self._table(["target", "before", "after", "digest"], [[*row[:3], row[3] or phrases.NONE] for row in rows])


def _sentence(problem: PublishError) -> str:
    """What happened, in our words and the server's, and the detail if there is but one."""
    words = phrases.own_words(problem)
    only = problem.details[0] if len(problem.details) == 1 else ""
    what = f"{markdown(f'{problem.what}:')} {code(words)}" if words else markdown(problem.what)
    return what + (f" · {markdown(only)}" if only else "")


def _address(attempt: Attempt) -> str:
    """Where it is, as a link if it is an address that a browser may be given."""
    url = attempt.receipt.url if attempt.receipt else ""
    shown = code(url.removeprefix("https://"))
    return f"[{shown}]({url})" if SAFE_LINK.fullmatch(url) else shown


def _readers(attempt: Attempt) -> str:
    shown = attempt.receipt.visible_to if attempt.receipt else ""
    return shown or READERS[attempt.place.visibility]


def _language(paste: str) -> str:
    return "yaml" if is_yaml(paste) else "sh"


def _folded(title: str, parts: Iterable[str]) -> str:
    """What is read by who opens it; the title is HTML."""
    inside = "\n\n".join(parts)
    return f"<details><summary>{title}</summary>\n\n{inside}\n\n</details>"
