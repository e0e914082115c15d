"""The end of the log: the verdict, the command to copy, and what people are called for."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pkg_publish.errors import Failure
from pkg_publish.formats import neutral
from pkg_publish.report import phrases, sentences
from pkg_publish.report.at_home import at_home, in_words
from pkg_publish.report.calls import calls
from pkg_publish.report.story import Line, details
from pkg_publish.verdict import Level, Status

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from pkg_publish.errors import PublishError
    from pkg_publish.report.calls import Call
    from pkg_publish.report.log import Log
    from pkg_publish.verdict import Report

SHOWN = 10
"""Annotations of a level that GitHub shows of a step."""

LEVELS = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTICE: "note"}


@dataclass(kw_only=True)
class Ending:
    """How one log ends."""

    log: Log
    actions: bool
    docs_url: str
    command: str
    """What starts us here."""
    told: Collection[PublishError]
    """The problems that the log has told already, when they happened."""
    called: set[Call]
    """What people were called for already, when it happened."""
    unfolded: bool
    """The log has shown what the build said."""
    pasted: set[str] = field(default_factory=set)

    def conclude(self, report: Report) -> None:
        """Say what the run came to."""
        style = "error" if report.exit_code else "good"
        self.log.sentence(sentences.verdict(report), style)
        if report.status is Status.PUBLISHED_BY_FALLBACK:
            self.log.say(Line("fallback", sentences.fallback(report)))
        if report.exit_code and (lead := sentences.lead(report)):
            self.log.say(Line("", " ".join(f"{each.text}." for each in lead)))
        if report.receipt and report.receipt.url:
            self.log.say(Line("url", report.receipt.url))
        for word, command in phrases.commands(report):
            self.log.say(Line(word, command))
        self.call(calls(report))

    def call(self, found: Sequence[Call]) -> None:
        """Call people: by an annotation for each, as many as GitHub shows; else by a line."""
        ranks: Counter[Level] = Counter()
        for each in found:
            ranks[each.level] += 1
            if each in self.called:
                continue
            self.called.add(each)
            if self.actions and ranks[each.level] <= SHOWN:
                self._annotate(each)
            else:
                self._line(each)

    def _annotate(self, call: Call) -> None:
        more = f"More: {self.docs_url}#{call.code}" if call.code else ""
        message = "\n".join(filter(None, [call.text, call.cure, more]))
        self.log.write(neutral.command(call.level, message, title=call.code))
        self._details(call)
        self._paste(call)

    def _line(self, call: Call) -> None:
        """What the log has told already is not told again, but what to do about it is."""
        if call.problem not in self.told:
            self.log.say(Line(f"{LEVELS[call.level]}:", call.text, LEVELS[call.level]))
            self._details(call)
        elif call.problem and call.problem.kind is Failure.UNSUPPORTED:
            return
        if call.cure:
            who = f"{call.who}: " if call.who and call.problem in self.told else ""
            self.log.say(Line("do this", f"{who}{call.cure if self.actions else in_words(call.cure)}"))
        self._paste(call)
        if call.code:
            self.log.say(Line("more", f"{self.docs_url}#{call.code}"))

    def _paste(self, call: Call) -> None:
        paste = call.paste if self.actions else at_home(call.paste, command=self.command)
        if paste not in self.pasted:
            self.log.block(paste)
            self.pasted.add(paste)

    def _details(self, call: Call) -> None:
        problem = call.problem
        if problem and problem not in self.told and not (self.unfolded and problem.kind is Failure.BUILD):
            for each in details(problem):
                self.log.say(each)
