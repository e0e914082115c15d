"""`RECORD`, a wheel's own list of its files: https://packaging.python.org/en/latest/specifications/recording-installed-packages/#the-record-file."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from pkg_publish.formats.archive import BOMB, BadArchive, shown

if TYPE_CHECKING:
    from pkg_publish.formats.archive import Contents

LIMIT = 32 << 20
"""Bytes: 100,000 names and their hashes."""

LONGEST = 1 << 15
"""Letters of a line: a path as long as systems take, quoted, with hash and size. The reader of CSV makes as many values of a line as it has commas."""


def check(contents: Contents, folder: str) -> None:
    """See that `RECORD` in the `.dist-info` folder lists every file with its size, and nothing else; raises `BadArchive`.

    The hashes are for those who install: checking them would unpack the whole wheel.
    """
    unlisted = {name: member.size for name, member in contents.members.items() if name not in {f"{folder}/RECORD.jws", f"{folder}/RECORD.p7s"}}
    try:
        text = io.TextIOWrapper(io.BytesIO(contents.texts[f"{folder}/RECORD"]), encoding="utf-8", newline="")
        _strike(unlisted, text)
    except (ValueError, csv.Error) as error:
        raise BadArchive(f"has a RECORD that cannot be read: {error}") from error
    if unlisted:
        more = f" and {len(unlisted) - 1} more" if len(unlisted) > 1 else ""
        raise BadArchive(f"has a RECORD that lacks {shown(min(unlisted))}{more}")


def _strike(unlisted: dict[str, int], lines: io.TextIOBase) -> None:
    """Strike out what is listed, stopping at the first line that is wrong: a long RECORD costs no more than the wheel has members.

    Each line is a row: no member has a name with a line break.
    """
    while line := lines.readline(LONGEST + 1):
        if len(line) > LONGEST:
            raise BadArchive(f"has a RECORD with a line of more than {LONGEST:,} letters", BOMB)
        name, _, size = next(csv.reader([line], strict=True))
        path = name.replace("\\", "/")  # as older tools wrote it on Windows
        if path not in unlisted:
            raise BadArchive(f"has a RECORD that lists {shown(path)}, which is not there, or twice")
        if size and int(size) != unlisted[path]:
            raise BadArchive(f"has a RECORD that gives another size for {shown(path)}")
        del unlisted[path]
