"""The tables in `docs/reliability.md`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from tests.reliability.cells import cells_of
from tests.reliability.rules import TROUBLES, exit_code, falls_back
from tests.reliability.wires import WIRES
from tests.tables import table

from pkg_publish.state import Done

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.reliability.wires import Wire

    from pkg_publish.state import Outcome

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"


def with_tables(text: str, outcomes: Mapping[str, Outcome]) -> str:
    """The page with a table for each wire protocol; outcomes by the cells' names."""
    tables = "\n\n".join(f"### {wire.name[0].upper()}{wire.name[1:]}\n\n{_table(wire, outcomes)}" for wire in WIRES)
    made = f"\n{len(outcomes)} cells.\n\n{tables}\n\n"
    return re.sub(r"(?<=<!-- matrix: made by `python -m tests.reliability` -->\n).*?(?=<!-- end -->)", made.replace("\\", r"\\"), text, flags=re.DOTALL)


def _table(wire: type[Wire], outcomes: Mapping[str, Outcome]) -> str:
    """A row for each step, a column for each fault."""
    steps = list(dict.fromkeys(step.name for step in wire.steps))
    troubles = [each.name for each in TROUBLES if any(cell.trouble is each for cell in cells_of(wire))]
    return table(["fault", *steps], ([trouble, *(_cell(wire, step, trouble, outcomes) for step in steps)] for trouble in troubles))


def _cell(wire: type[Wire], step: str, trouble: str, outcomes: Mapping[str, Outcome]) -> str:
    found = [outcomes[str(cell)] for cell in cells_of(wire) if cell.step.name == step and cell.trouble.name == trouble]
    return ", ".join(_merged([_word(each) for each in found]))


def _merged(words: list[str]) -> Iterator[str]:
    """The words for first, middle and last file; one, if they are the same."""
    yield from words if len(set(words)) > 1 else words[:1]


def _word(outcome: Outcome) -> str:
    if outcome is Done.PUBLISHED:
        return "published"
    return f"{outcome}, next" if falls_back(outcome) else f"{outcome} ({exit_code(outcome)})"
