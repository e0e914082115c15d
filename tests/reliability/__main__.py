"""Play the whole matrix and write its tables: `python -m tests.reliability`."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests import real_parts
from tests.reliability.cells import cells_of, complaints, play, three_files
from tests.reliability.page import PAGE, with_tables
from tests.reliability.wires import wires

if TYPE_CHECKING:
    from pkg_publish.state import Outcome


def main() -> int:
    """Exit 1, and write nothing, when a cell is not as the rules have it."""
    began, wrong = time.monotonic(), 0
    outcomes: dict[str, Outcome] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        release = three_files(folder / "dist")
        with wires(lambda part: real_parts.find(part) or Path(part), folder) as found:
            for wire in found:
                for cell in cells_of(wire):
                    first, second = play(cell, wire, release, folder / f"out-{len(outcomes)}")
                    outcomes[str(cell)] = first.outcome
                    for complaint in complaints(cell, wire, release, first, second):
                        wrong += 1
                        print(f"{cell}: {complaint}")  # noqa: T201
    print(f"{len(outcomes)} cells in {time.monotonic() - began:.0f} s, {wrong} complaints")  # noqa: T201
    if not wrong:
        PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8"), outcomes), encoding="utf-8")
    return 1 if wrong else 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # connections that are over still hold threads
