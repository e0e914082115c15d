"""The build's own output: folded in a workflow, held back elsewhere, and unfolded when it fails."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from pkg_publish.formats import neutral
from pkg_publish.report.story import Line

if TYPE_CHECKING:
    from pkg_publish.report.log import Log

KEPT = 500
"""Lines that are shown of a build that failed where they were held back."""

REPEATED = 60
"""Lines that are shown again, outside of the fold, of a build that failed."""

LONGEST = 2000
"""Letters of a line."""


class Fold:
    """One build."""

    def __init__(self, log: Log, *, actions: bool) -> None:
        self._log, self._actions = log, actions
        self._lines: deque[str] = deque(maxlen=REPEATED if actions else KEPT)
        self.count = 0
        """Lines so far."""
        self._open = False

    @property
    def last(self) -> str:
        """The last line that says something."""
        return next((each for each in reversed(self._lines) if each.strip()), "")

    def begin(self, line: Line) -> None:
        """A build begins, or its next part."""
        self._close()
        if self._actions:
            self._log.write(neutral.command("group", f"{line.word}  {line.text}"))
            self._open = True
        else:
            self._log.say(line)

    def add(self, text: str) -> None:
        """It said this."""
        shown = neutral.line(text, LONGEST)
        self._lines.append(shown)
        self.count += 1
        if self._actions:
            if not self._open:
                self.begin(Line("build", "what it needs"))
            self._log.write(shown)

    def succeeded(self) -> str:
        """Close it; returns a clause about lines that nobody saw, if there are any."""
        self._close()
        hidden = "" if self._actions or not self.count else f" · {self.count} lines of output not shown"
        self._lines.clear()
        self.count = 0
        return hidden

    def failed(self) -> bool:
        """Close it, and show the last lines where everybody sees them; returns whether there were any."""
        self._close()
        shown = list(self._lines)
        if shown:
            which = f"all {self.count}" if len(shown) == self.count else f"the last {len(shown)} of {self.count}"
            self._log.say(Line("build", f"{which} lines that it said:"))
        for each in shown:
            self._log.write(each)
        self._lines.clear()
        return bool(shown)

    def _close(self) -> None:
        if self._open:
            self._log.write(neutral.command("endgroup"))
            self._open = False
