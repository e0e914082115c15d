"""What the doctor has found, as a table for terminals, as Markdown for the job summary, and as JSON (`doctor.schema.json`). It decides nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from pkg_publish import __version__
from pkg_publish.clients.disk import appearing, disk
from pkg_publish.errors import DOCS
from pkg_publish.formats import neutral
from pkg_publish.report.at_home import at_home as for_a_shell
from pkg_publish.report.at_home import in_words
from pkg_publish.report.phrases import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pkg_publish.doctor import Diagnosis, Group
    from pkg_publish.model import CheckRow

SCHEMA = 1
"""Grows when a reader of older reports would be misled."""

HEAD = ("", "check", "found", "means", "do this")

MARKS = {True: "yes", False: "NO", None: "?"}
"""Whether it is as a publish needs it; `?`: that cannot be known before."""

NARROW, WIDE = 130, 200
"""Letters of a line: below the first the columns become lines; beyond the second nobody reads."""

ROWS = 200
"""Lines of a table in Markdown: all of their longest are a quarter of what GitHub takes."""

LIMIT = 600
"""Letters of one cell."""


def verdict(diagnosis: Diagnosis) -> str:
    """One sentence without a full stop, or two where somebody did not answer."""
    what = " ".join(filter(None, [diagnosis.project, diagnosis.version])) or "this project"
    rest = _rest(diagnosis)
    if (group := diagnosis.decisive) and group.cause:
        told = f"A publish of {what} is certain to fail ({group.failure}): {group.title}: {_cause(group.cause)}"
    elif home := diagnosis.home:
        told = f"Nothing is known to keep {what} from being published to {home.title}{rest}"
    else:
        told = f"Nothing is known to keep {what} from its targets{rest}"
    return f"On this event a publish runs dry: nothing would be published. On another: {told[0].lower()}{told[1:]}" if diagnosis.dry else told


def _rest(diagnosis: Diagnosis) -> str:
    """How much cannot be known before a publish, and who has not said what can."""
    unknown = sum(row.ok is None and row.answered for each in diagnosis.groups for row in each.rows)
    rest = f"; {count(unknown, 'thing')} cannot be known before" if unknown else ""
    silent = [f"{each.title if each.place else row.check} ({row.found})" for each in diagnosis.groups for row in each.rows if not row.answered]
    return f"{rest}. Not known: {', '.join(dict.fromkeys(silent))}" if silent else rest


def _cause(row: CheckRow) -> str:
    """What was found; where that is one word, of what."""
    return row.found if " " in row.found else f"{row.check}: {row.found}"


def at_home(diagnosis: Diagnosis, command: str) -> Diagnosis:
    """The same with advice for a shell, where `command` starts us."""

    def told(row: CheckRow) -> CheckRow:
        return replace(row, means=in_words(row.means), do=in_words(row.do), paste=for_a_shell(row.paste, command=command))

    return replace(diagnosis, groups=tuple(replace(group, rows=tuple(map(told, group.rows))) for group in diagnosis.groups))


def table(diagnosis: Diagnosis, width: int, docs_url: str = DOCS) -> Iterator[str]:
    """Yield the lines for a terminal that is so wide, the verdict last, where the eye is."""
    width = min(width, WIDE)
    for group in diagnosis.groups:
        yield neutral.line(group.title, width)
        for line in _stacked(group, width) if width < NARROW else _columns(group, width):
            yield neutral.line(line, LIMIT)  # where a line is broken, the next may begin with a command
        yield ""
    yield from _pastes(diagnosis)
    if codes := dict.fromkeys(row.code for group in diagnosis.groups for row in group.rows if row.ok is False and row.code):
        yield from [*(f"More: {docs_url}#{code}" for code in codes), ""]
    yield neutral.line(f"{verdict(diagnosis)}.", LIMIT)


def _columns(group: Group, width: int) -> Iterator[str]:
    """A row for each check, its cells wrapped in columns that are as wide as all rows of the group need, within reason."""
    cells = [_cells(row) for row in group.rows]
    room = width - 2 - 2 * len(HEAD)
    first = max(3, *(min(len(row[1]), room // 3) for row in cells))
    each = (room - 3 - first) // 3
    sizes = [3, first, room - 3 - first - 2 * each, each, each]
    for row in [list(HEAD), *cells]:
        columns = [_wrapped(text, size) for text, size in zip(row, sizes, strict=True)]
        for number in range(max(map(len, columns))):
            parts = [(column[number] if number < len(column) else "").ljust(size) for column, size in zip(columns, sizes, strict=True)]
            yield f"  {'  '.join(parts)}".rstrip()


def _stacked(group: Group, width: int) -> Iterator[str]:
    """A paragraph for each check."""
    for mark, check, *rest in map(_cells, group.rows):
        yield from _hanging(f"{mark:<3}  {check}", width, 2, 7)
        for name, text in zip(HEAD[2:], rest, strict=True):
            if text:
                yield from _hanging(f"{name + ':':<9}{text}", width, 7, 16)


def _hanging(text: str, width: int, first: int, then: int) -> Iterator[str]:
    yield from wrap(text, width, initial_indent=" " * first, subsequent_indent=" " * then, break_long_words=False, break_on_hyphens=False)


def _wrapped(text: str, size: int) -> list[str]:
    """Lines of so many letters; a longer word is broken, as an address is where it must."""
    return wrap(text, max(size, 1), break_on_hyphens=False) or [""]


def _cells(row: CheckRow) -> list[str]:
    return [MARKS[row.ok], *(neutral.line(text, LIMIT) for text in (row.check, row.found, row.means, row.do))]


def _pastes(diagnosis: Diagnosis) -> Iterator[str]:
    """What mends what is wrong, each once."""
    for paste, rows in _remedies(diagnosis).items():
        yield neutral.line(f"To mend {', '.join(dict.fromkeys(rows))}:", LIMIT)
        yield from (f"  {neutral.line(line)}" for line in paste.splitlines())
        yield ""


def _remedies(diagnosis: Diagnosis) -> dict[str, list[str]]:
    """The checks that each piece of YAML mends."""
    found: dict[str, list[str]] = {}
    for row in (row for group in diagnosis.groups for row in group.rows):
        if row.paste and row.ok is False:
            found.setdefault(row.paste, []).append(row.check)
    return found


def markdown(diagnosis: Diagnosis, docs_url: str = DOCS) -> str:
    """The job summary: the verdict first, then the table."""
    lines = ["| " + " | ".join(HEAD) + " |", "| --- " * len(HEAD) + "|"]
    for group in diagnosis.groups:
        lines.append(f"| | **{neutral.markdown(group.title)}** | | | |")
        lines += [_marked(row, docs_url) for row in group.rows]
    parts = [f"## {neutral.markdown(verdict(diagnosis), LIMIT)}", "\n".join(lines[:ROWS])]
    if len(lines) > ROWS:
        parts.append(f"… and {len(lines) - ROWS} more rows, which are in the JSON report.")
    for paste, rows in _remedies(diagnosis).items():
        mended = neutral.markdown(f"To mend {', '.join(dict.fromkeys(rows))}:", LIMIT)  # whole: behind `:x` a colon makes an emoji
        parts.append(f"{mended}\n\n{neutral.fenced(paste, 'yaml')}")
    return "\n\n".join(parts) + "\n"


def _marked(row: CheckRow, docs_url: str) -> str:
    mark = f"**{MARKS[row.ok].lower()}**" if row.ok is False else MARKS[row.ok]
    cells = [neutral.markdown(text, LIMIT) for text in (row.check, row.found, row.means, row.do)]
    if row.code and row.ok is not True:
        cells[-1] = f"{cells[-1]} ([more]({docs_url}#{row.code}))".lstrip()
    return f"| {' | '.join([mark, *cells])} |"


def document(diagnosis: Diagnosis) -> dict[str, Any]:
    """The JSON report of the doctor."""
    return {
        "schema": SCHEMA,
        "generator": f"pkg-publish {__version__}",
        "verdict": verdict(diagnosis),
        "status": "failed" if diagnosis.failure else "ready",
        "failure": diagnosis.failure,
        "exit_code": diagnosis.exit_code,
        "project": diagnosis.project,
        "version": diagnosis.version,
        "strategy": diagnosis.strategy,
        "seconds": round(diagnosis.seconds, 3),
        "groups": [
            {"title": each.title, "target": each.place.name if each.place else None, "failure": each.failure, "rows": _rows(each.rows)}
            for each in diagnosis.groups
        ],
    }


def _rows(rows: Sequence[CheckRow]) -> list[dict[str, Any]]:
    names = ("check", "found", "means", "do", "ok", "failure", "code", "paste")
    return [{name: getattr(row, name) for name in names} for row in rows]


def write(diagnosis: Diagnosis, path: Path) -> None:
    """Write the JSON report, whole or not at all; raises `Environment` when the disk refuses."""
    text = json.dumps(document(diagnosis), indent=2)
    with disk(f"writing the report {path}"):
        path.parent.mkdir(parents=True, exist_ok=True)
        with appearing(path) as file:
            file.write(f"{text}\n".encode("ascii"))
