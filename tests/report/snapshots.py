"""What people read of each scene, as files to be read: `python -m tests.report.snapshots` writes them, a test compares them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from tests.report.scenes import scenes

from pkg_publish.report.console import Console
from pkg_publish.report.summary import summary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.report.scenes import Scene

FOLDER = Path(__file__).with_name("snapshots")


def log(scene: Scene, *, actions: bool) -> str:
    """The whole log, in a workflow or in a pipe at home."""
    stream = io.StringIO()
    console = Console(stream, terminal=False, colour=False, actions=actions, now=lambda: 0.0)
    for event in scene.events():
        console.tell(event)
    return stream.getvalue()


def texts() -> Iterator[tuple[str, str]]:
    """Every file and what belongs into it."""
    for name, scene in scenes().items():
        yield f"{name}.md", summary(scene.report())
        yield f"{name}.actions.txt", log(scene, actions=True)
        yield f"{name}.home.txt", log(scene, actions=False)


if __name__ == "__main__":
    for name, text in texts():
        (FOLDER / name).write_text(text, encoding="utf-8")
