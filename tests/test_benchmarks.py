"""The tool that compares us with others: it runs, does what it says, and hides nothing. How fast anybody is, is never tested."""

from __future__ import annotations

import http.client
import subprocess
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from benchmarks.contest import Contest, Result
from benchmarks.delay import Delay
from benchmarks.index_ways import CURL
from benchmarks.measure import Command, Failed, Measured, timed
from benchmarks.rows import all_rows
from benchmarks.sink import Sink
from benchmarks.table import page
from benchmarks.work import FULL, QUICK, Contender
from tests.real_parts import CACHE, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from benchmarks.work import Row, Work

pytestmark = pytest.mark.real("docker-registry", "oras", "skopeo")


def row_called(word: str) -> Row:
    """A row in its smallest shape."""
    return next(row for row in all_rows(QUICK) if row.word == word)


def result(us: float, them: float) -> Result:
    """One round of the row with one file for the index."""
    return Result(row_called("index-large"), "0.00 0.00 0.00", [{"pkg-publish": Measured(0, us, 40 << 20), "twine": Measured(0, them, 80 << 20)}])


def test_every_row_comes_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the smallest shape, all that need no other machine and start no devpi: who takes part, and the page."""
    rows = [row for row in all_rows(QUICK) if row.word not in {"start-cold", "read-page", "read-first"}]
    words = ["--quick", "--rounds", "1", "--output", str(tmp_path / "page.md"), *(row.word for row in rows)]
    monkeypatch.setenv("XDG_CACHE_HOME", str(CACHE.parent))  # where the real parts are

    done = subprocess.run([sys.executable, "-m", "benchmarks", *words], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    written = (tmp_path / "page.md").read_text(encoding="utf-8")
    assert written == done.stdout
    assert all(f"## {row.title}\n" in written for row in rows)
    assert all(f"\n| {each.name} |" in written for row in rows for each in row.contenders)


def test_reading_is_compared(tmp_path: Path) -> None:
    """A page, and a first install, by those that start quickly."""
    contest = Contest(tmp_path, lambda _: None)
    for word, names in (("read-page", ["pkg-publish", "simple-repository-server"]), ("read-first", ["pkg-publish"])):
        row = row_called(word)
        row = replace(row, contenders=[each for each in row.contenders if each.name in names], warm_up=False)
        result = contest.hold(row, 1)
        assert result.names == names
        assert all(result.peak(name) > 10 for name in names)


def test_a_row_that_is_not_there_is_refused() -> None:
    """By name."""
    done = subprocess.run([sys.executable, "-m", "benchmarks", "faster"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert "there is no row faster" in done.stderr


def test_a_program_that_fails_ends_the_comparison(tmp_path: Path) -> None:
    """With its last words."""
    failing = Command([sys.executable, "-c", "raise SystemExit('out of luck')"])

    with pytest.raises(Failed, match="out of luck"):
        timed([failing], {}, tmp_path / "log")


def test_who_does_not_do_the_work_has_no_time(tmp_path: Path) -> None:
    """The place is asked for the files after each."""
    idle = replace(row_called("index-large"), contenders=[Contender(name="idle", commands=_does_nothing)])

    with pytest.raises(Failed, match="idle: not everything is there"):
        Contest(tmp_path, lambda _: None).hold(idle, 1)


def test_a_peer_that_fails_is_left_out_aloud(tmp_path: Path) -> None:
    """The others go on."""
    said: list[str] = []
    row = replace(row_called("index-large"), contenders=[CURL, Contender(name="idle", commands=_does_nothing)])

    result = Contest(tmp_path, said.append).hold(row, 2)

    assert result.names == ["curl"]
    assert [line for line in said if "idle" in line] == ["  idle failed and is left out: idle: not everything is there\n"]


def _does_nothing(work: Work) -> Iterator[Command]:
    del work
    yield Command([sys.executable, "-c", ""])


def test_who_is_not_here_is_left_out_aloud(tmp_path: Path) -> None:
    """A table without a peer is better than none."""
    said: list[str] = []
    row = replace(row_called("index-large"), contenders=[CURL, Contender(name="gone", commands=_does_nothing, missing="gone")])

    result = Contest(tmp_path, said.append).hold(row, 1)

    assert result.names == ["curl"]
    assert "gone is left out: gone is missing" in said[0]


def test_memory_is_that_of_the_whole_family(tmp_path: Path) -> None:
    """A child's counts, at its peak."""
    child = "import time; block = bytearray(b'1') * (96 << 20); del block; time.sleep(0.3)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}], check=True)"

    assert timed([Command([sys.executable, "-c", parent])], {}, tmp_path / "log").peak > 96 << 20


def test_the_page_says_what_was_reached() -> None:
    """And what was not."""
    fast, slow = (page([result(us, 4.0)], {"machine": "a laptop"}, {"twine": "7.0"}) for us in (1.0, 2.0))

    assert "| pkg-publish | 1.00 (1.00-1.00) |  | 40 |\n| twine | 4.00 (4.00-4.00) | **0.25** (0.25-0.25) | 80 |" in fast
    assert "Wanted: at most 0.25 times twine: reached; at most 64 MiB: reached." in fast
    assert "at most 0.25 times twine: not reached" in slow


def test_a_server_behind_the_delay_is_that_far_away() -> None:
    """A round trip for the greeting, then one for each request on the connection."""
    away = 0.05
    with Sink() as sink, Delay(sink.address, away) as delay:
        connection = http.client.HTTPConnection(delay.address)
        began = time.monotonic()
        for _ in range(3):
            connection.request("GET", "/simple/demo/")
            connection.getresponse().read()
        connection.close()

        assert time.monotonic() - began >= 4 * away


def test_the_full_shape_is_that_of_the_work_asked_for() -> None:
    """Its words stand in the titles."""
    titles = [row.title for row in all_rows(FULL)]

    assert titles[:4] == [
        "50 wheels of 100 KB to a registry, 40 ms away",
        "One wheel of 1.5 GB to a registry",
        "30 wheels of 10 KB to 5 MB to an index, 50 ms away",
        "One wheel of 1 GB to an index",
    ]
