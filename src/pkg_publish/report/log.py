"""Lines on a stream: aligned, harmless, flushed; and below them, in a terminal, one that changes."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from pkg_publish.formats import neutral

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

    from pkg_publish.report.story import Line

COLOURS = {"good": "32", "warning": "33", "error": "31", "bad": "31", "note": "36", "dim": "2"}
"""Styles, as terminals number them."""

LONGEST = 500
"""Letters of a line."""

COLUMN = 10
"""Letters of the first word, if no target's name is longer."""

WIDEST = 34
"""Letters of the widest column."""


class Log:
    """Writes lines; never raises: a reader that went away (`| head`) is no reason to stop a release."""

    def __init__(self, stream: TextIO, *, colour: bool, now: Callable[[], float]) -> None:
        self.said_at = now()
        """When the last line was written."""
        self._stream, self._colour, self._now = stream, colour, now
        self._column = COLUMN
        self._status = ""
        self._gone = False

    def turn_to(self, stream: TextIO, *, colour: bool) -> None:
        """Write on another stream from now on."""
        self.status("")
        self._stream, self._colour, self._gone = stream, colour, False

    def widen(self, words: list[str]) -> None:
        """Make the first column wide enough for these words, within reason."""
        self._column = max([COLUMN, *(min(len(word) + 2, WIDEST) for word in words)])

    def say(self, line: Line) -> None:
        """Write a line with its first word in the column; one too long for any column loses its middle."""
        word, text = neutral.line(line.word, LONGEST), neutral.line(line.text, LONGEST)
        if len(word) + 2 > WIDEST:
            half = WIDEST // 2
            word = f"{word[: half - 2]}…{word[1 - half :]}"
        gap = " " * max(1, self._column - len(word))
        self.write(f"{self._painted(word, line.style)}{gap}{text}")

    def sentence(self, text: str, style: str = "") -> None:
        """Write a line that is one sentence."""
        self.write(self._painted(neutral.line(text, LONGEST), style))

    def block(self, text: str) -> None:
        """Write what can be copied, indented."""
        for each in text.splitlines():
            self.write(" " * self._column + neutral.line(each, LONGEST))

    def write(self, line: str) -> None:
        """Write a line as it is."""
        self._put(f"{self._erased()}{line}\n")
        self.said_at = self._now()

    def status(self, text: str) -> None:
        """Draw the line that changes; an empty one goes away."""
        width = shutil.get_terminal_size().columns - 1
        shown = neutral.line(text, max(width, 1)) if text else ""
        self._put(f"{self._erased()}{self._painted(shown, 'dim')}")
        self._status = shown

    def _erased(self) -> str:
        status, self._status = self._status, ""
        return f"\r{' ' * len(status)}\r" if status else ""

    def _painted(self, text: str, style: str) -> str:
        return f"\x1b[{COLOURS[style]}m{text}\x1b[0m" if self._colour and style and text else text

    def _put(self, text: str) -> None:
        if self._gone:
            return
        encoding = self._stream.encoding or "utf-8"
        try:
            self._stream.write(text.encode(encoding, "replace").decode(encoding))
            self._stream.flush()
        except (OSError, ValueError):  # a closed pipe, a closed file
            self._gone = True
