"""The fault matrix: every fault at every step of each wire protocol, for the first, the middle and the last file.

Each cell is published twice, with the fault and without it, with a folder as the next target. What must come of it stands in `rules.py`.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from tests.reliability.cells import Cell, cells_of, complaints, play
from tests.reliability.page import PAGE, with_tables
from tests.reliability.wires import WIRES

if TYPE_CHECKING:
    from pathlib import Path

    from tests.reliability.wires import Wire

    from pkg_publish.model import Release

CELLS = [cell for wire in WIRES for cell in cells_of(wire)]


@pytest.mark.real("docker-registry")
@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_a_fault_ends_as_the_contract_says(cell: Cell, places: dict[str, Wire], release: Release, tmp_path: Path) -> None:
    """Outcome, exit code, what each place holds, what was sent, how long it waited; and a run again brings it to its end."""
    first, second = play(cell, places[cell.wire], release, tmp_path / "out")

    assert complaints(cell, places[cell.wire], release, first, second) == []


def test_the_matrix_is_whole() -> None:
    """No cell twice, and as many as were promised."""
    assert len(CELLS) >= 300
    assert Counter(map(str, CELLS)).most_common(1)[0][1] == 1


def test_the_page_shows_the_matrix_as_it_is() -> None:
    """`python -m tests.reliability` plays all cells and writes it."""
    text = PAGE.read_text(encoding="utf-8")
    assert with_tables(text, {str(cell): cell.expected for cell in CELLS}) == text
