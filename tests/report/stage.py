"""A log on a stage: a stream that we read, and a clock that we turn."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any

from pkg_publish.report.console import Console


@dataclass
class Stage:
    """A console, its stream, and a clock that we turn."""

    terminal: bool = False
    colour: bool = False
    actions: bool = False
    stream: Any = field(default_factory=io.StringIO)
    time: float = 0.0

    def __post_init__(self) -> None:
        self.console = Console(self.stream, terminal=self.terminal, colour=self.colour, actions=self.actions, now=lambda: self.time)

    def tell(self, *events: object, after: float = 0.0) -> str:
        """Turn the clock, tell, and return what was written for it."""
        before = len(self.stream.getvalue())
        self.time += after
        for event in events:
            self.console.tell(event)
        return str(self.stream.getvalue()[before:])

    def tick(self, after: float) -> str:
        """Turn the clock, let the ticker look, and return what was written."""
        before = len(self.stream.getvalue())
        self.time += after
        self.console.tick()
        return str(self.stream.getvalue()[before:])
