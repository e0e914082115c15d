"""How far the bytes of one target are: a line for a log, a bar for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pkg_publish.report import phrases

if TYPE_CHECKING:
    from collections.abc import Mapping

BAR = 24
"""Letters of a bar."""


class Progress:
    """Counts what goes out, or comes in, by name; a file that is sent again counts once."""

    def __init__(self, word: str, sizes: Mapping[str, int], began: float) -> None:
        self.word = word
        self._sizes, self._done, self._began = sizes, dict.fromkeys(sizes, 0), began
        self._total = sum(sizes.values())

    def add(self, name: str, size: int) -> None:
        """So many bytes more of this file; what has no size here is not counted."""
        if name in self._done:
            self._done[name] = min(self._sizes[name], self._done[name] + size)

    @property
    def _sum(self) -> int:
        return sum(self._done.values())

    def text(self) -> str:
        """`3.1 MB of 9.4 MB`; then what everybody waits for. How large an image will be is not known before it is made."""
        if not self._total:
            return "on its way"
        if self._sum == self._total:
            return "all bytes are there, waiting for the answer"
        return f"{phrases.size(self._sum)} of {phrases.size(self._total)}"

    def bar(self, now: float) -> str:
        """A bar, how much of it, and how fast."""
        if not self._total:
            return self.text()
        share = self._sum / self._total
        filled = int(share * BAR)
        speed = phrases.size(int(self._sum / max(now - self._began, 0.1)))
        return f"[{'#' * filled}{'-' * (BAR - filled)}] {share:4.0%}  {self.text()}  {speed}/s"
