"""`python -m benchmarks`: measure, print, and with all rows write `docs/performance.md`."""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from tests.real_parts import CACHE, ROOT

from benchmarks.contest import Contest, scratch
from benchmarks.machine import load, machine, versions
from benchmarks.measure import Failed
from benchmarks.rows import all_rows
from benchmarks.table import page
from benchmarks.work import FULL, QUICK

PAGE = ROOT / "docs" / "performance.md"


def _arguments() -> argparse.Namespace:
    words = [row.word for row in all_rows(FULL)]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Our numbers beside our peers', on the same bytes in one run.")
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"which of {', '.join(words)} (default: all)")
    parser.add_argument("--quick", action="store_true", help="a few small files, one round: does the tool work?")
    parser.add_argument("--rounds", type=int, metavar="N", help="so many rounds of each row")
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help=f"where the page goes (default: all rows in full size: {PAGE.relative_to(ROOT)}, else nowhere)"
    )
    chosen = parser.parse_args()
    if unknown := set(chosen.rows) - set(words):
        parser.error(f"there is no row {', '.join(sorted(unknown))}")
    return chosen


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def main() -> int:
    """Measure and write; exit 1 when a tool failed."""
    chosen = _arguments()
    rows = [row for row in all_rows(QUICK if chosen.quick else FULL) if row.word in chosen.rows or not chosen.rows]
    facts = {"machine": machine(), "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC", "load at the start": load()}
    began, results = time.monotonic(), []
    with scratch() as folder:
        contest = Contest(folder, _say, cache=CACHE.parent if chosen.quick else None)
        try:
            if not chosen.quick:
                contest.warm_up()
            for row in rows:
                _say(f"{row.word}: {row.title}")
                results.append(contest.hold(replace(row, warm_up=row.warm_up and not chosen.quick), chosen.rounds or row.rounds))
        except Failed as problem:
            _say(f"{problem}")
            return 1
    text = page(results, facts, versions())
    if output := chosen.output or (None if chosen.quick or chosen.rows else PAGE):
        output.write_text(text, encoding="utf-8")
    sys.stdout.write(text)
    _say(f"{time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
