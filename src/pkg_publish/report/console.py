"""A run for people who follow it: the log, with progress, and at its end what they are called for."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from pkg_publish.build import BackendSaid, BuildBegan, Built
from pkg_publish.errors import DOCS, Failure, Mistakes, PublishError
from pkg_publish.formats import neutral
from pkg_publish.job import Began, Checked, Planned
from pkg_publish.publish import Looked, Sending
from pkg_publish.reading import Found, Freezing, Received
from pkg_publish.report import phrases
from pkg_publish.report.at_home import OURS
from pkg_publish.report.calls import Call, of_problem
from pkg_publish.report.ending import Ending
from pkg_publish.report.fold import Fold
from pkg_publish.report.log import Log
from pkg_publish.report.progress import Progress
from pkg_publish.report.story import Line, sizes, told
from pkg_publish.state import Attempt
from pkg_publish.verdict import Remark, Report, Verifying
from pkg_publish.watch import Hidden, MonotonicClock, Sent, Waiting

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType
    from typing import Self, TextIO

    from pkg_publish.model import Place


FLOWING = 5.0
"""Seconds between two lines while bytes flow."""

SILENCE = 8.0
"""Seconds without a line after which a log says what it waits for: no log is silent for ten, on a busy machine neither."""

WATCHED = 0.5
"""Seconds between two looks at how long nothing was said."""

REDRAWN = 0.1
"""Seconds between two drawings of a bar."""

DOING = {
    Began: "reading the configuration",
    Planned: "getting the files",
    BuildBegan: "building",
    Built: "checking the files",
    Checked: "asking every target what it holds",
    Looked: "getting ready to send",
    Attempt: "asking the other targets whether they would work",
    Found: "fetching",
    Freezing: "writing the index",
    Verifying: "installing it to prove it",
}
"""What is done after an event of this kind, for a log that would be silent."""


class Console:
    """The log of one run. `tell` takes its events, from any thread; as a context it also looks after silence."""

    def __init__(  # noqa: PLR0913 - what a stream can show
        self,
        stream: TextIO,
        *,
        terminal: bool,
        colour: bool,
        actions: bool,
        docs_url: str = DOCS,
        command: str = OURS,
        errors: TextIO | None = None,
        now: Callable[[], float] | None = None,
    ) -> None:
        now = now or MonotonicClock().now
        self._log = Log(stream, colour=colour, now=now)
        self._errors, self._colour, self._command = errors, colour, command
        self._fold = Fold(self._log, actions=actions)
        self._terminal, self._actions, self._docs_url, self._now = terminal, actions, docs_url, now
        self._doing, self._since = DOING[Began], now()
        self._words: dict[str, str] = {}
        self._why = ""
        self._progress: Progress | None = None
        self._drawn = 0.0
        self._told: list[PublishError] = []
        self._called: set[Call] = set()
        self._lock = threading.RLock()
        self._ended = threading.Event()

    def __enter__(self) -> Self:
        threading.Thread(target=self._look_after, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._ended.set()
        with self._lock:
            self._fold.failed()
            self._log.status("")

    def _look_after(self) -> None:
        while not self._ended.wait(WATCHED):
            self.tick()

    def tick(self) -> None:
        """Say what is waited for, if nothing was said for long: no log is ever silent."""
        with self._lock:
            if self._terminal:
                self._draw()
            elif self._now() - self._log.said_at >= SILENCE:
                self._log.say(Line("…", f"{self._present()} · {phrases.duration(self._now() - self._since)}"))

    def tell(self, event: object) -> None:
        """Take one event; problems and remarks may also come by themselves, outside of a report."""
        with self._lock:
            match event:
                case Sent() | Received():
                    self._moved(event)
                case Waiting():
                    self._waits(event)
                case Hidden():
                    self._hides(event)
                case BackendSaid():
                    self._fold.add(event.line)
                case Report():
                    self._fails(event.exit_code)
                    self._ending.conclude(event)
                case Remark():
                    self._ending.call([Call(level=event.level, code=event.code, text=event.text, paste=event.paste)])
                case PublishError():
                    self._fails(event.kind.exit_code)
                    self._ending.call([of_problem(event)])
                case Mistakes():
                    self._fails(event.found[0].kind.exit_code)
                    self._ending.call([of_problem(each) for each in event.found])
                case _:
                    self._goes_on(event)

    def _fails(self, exit_code: int) -> None:
        """Write what a run failed with where errors are expected."""
        if self._errors and exit_code:
            self._log.turn_to(self._errors, colour=self._colour and self._errors.isatty())

    def _hides(self, event: Hidden) -> None:
        """Let the runner hide a secret that was made during the run."""
        if self._actions:
            for line in neutral.masks(event.secret.reveal()):
                self._log.write(line)

    def _goes_on(self, event: object) -> None:
        """One step more of the story."""
        self._doing, self._since, self._why = DOING.get(type(event), self._doing), self._now(), ""
        lines = list(told(event))
        match event:
            case Planned():
                self._call_them([target.place for target in event.plan.targets])
            case Looked():
                self._call_them([place for place, _ in event.looks])
            case BuildBegan():
                self._fold.begin(lines.pop())
            case Built():
                lines = [Line(each.word, each.text + self._fold.succeeded()) for each in lines]
            case Sending():
                self._progress = Progress(self._words.get(event.place.name, event.place.name), sizes(event.items), self._now())
            case Found():
                self._progress = Progress("fetch", {event.file.name: event.file.size or 0}, self._now())
            case Attempt():
                self._progress = None
                lines = lines[:1] if self._actions and event.outcome is Failure.UNSUPPORTED else lines  # the notice at the end says it all
                self._told += [event.problem] if event.problem else []
            case _:
                pass
        for line in lines:
            self._log.say(line._replace(word=self._words.get(line.word, line.word)))

    def _call_them(self, places: Sequence[Place]) -> None:
        """What the targets are called in the first column."""
        self._words = phrases.words(places)
        self._log.widen([*self._words.values()])

    @property
    def _ending(self) -> Ending:
        """The output of a build that failed is shown here, where its last lines are details of the problem too."""
        self._log.status("")
        unfolded = self._fold.failed()
        return Ending(
            log=self._log,
            actions=self._actions,
            docs_url=self._docs_url,
            command=self._command,
            told=self._told,
            called=self._called,
            unfolded=unfolded,
        )

    def _moved(self, event: Sent | Received) -> None:
        if self._progress is None:
            return
        self._why = ""
        self._progress.add(event.name, event.size)
        if self._terminal and self._now() - self._drawn >= REDRAWN:
            self._draw()
        elif not self._terminal and self._now() - self._log.said_at >= FLOWING:
            self._log.say(Line(self._progress.word, self._progress.text()))

    def _waits(self, event: Waiting) -> None:
        """A long wait is told; short ones are when they add up to silence. What takes no time is a note."""
        if not event.seconds:
            self._log.say(Line("note", event.why))
            return
        self._why = f"waiting: {event.why}"
        if event.seconds > 1 and not self._terminal:
            self._log.say(Line("waiting", f"{phrases.duration(event.seconds)}: {event.why}"))

    def _present(self) -> str:
        """What is done at this moment."""
        if self._why or self._progress is None:
            return self._why or f"{self._doing}{f', {self._fold.count} lines so far' if self._fold.count else ''}"
        return f"{self._progress.word}: {self._progress.text()}"

    def _draw(self) -> None:
        self._drawn = self._now()
        if self._progress and not self._why:
            self._log.status(f"{self._progress.word}  {self._progress.bar(self._drawn)}")
        else:
            self._log.status(f"{self._why or self._fold.last or self._doing} · {phrases.duration(self._drawn - self._since)}")
