"""Each event as the lines it is in the log."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.report.scenes import (
    ALL,
    BOTH,
    FOLDER,
    GHCR,
    MISTAKES,
    NOTHING,
    UNKNOWN,
    WHEEL,
    WORKS,
    attempt,
    look,
    many,
    skipped,
)
from tests.report.stage import Stage

from pkg_publish.build import Built
from pkg_publish.errors import ConfigError, Environment, Mistakes
from pkg_publish.interpreter import Interpreter
from pkg_publish.job import Began, Checked, Spared
from pkg_publish.model import RemoteFile
from pkg_publish.preflight import NewerMetadata
from pkg_publish.publish import Looked, Sending
from pkg_publish.reading import Found, Freezing, Received
from pkg_publish.runner import Runner
from pkg_publish.verdict import Level, Remark, Verifying
from pkg_publish.watch import Sent, Waiting

if TYPE_CHECKING:
    from collections.abc import Sequence


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (
            Environment("no Python", code="no-python", cure="Add one."),
            ["error:    no Python.", "do this   Add one.", "more      docs/troubleshooting.md#no-python"],
        ),
        (
            Mistakes(MISTAKES[:1]),
            ["error:    the input strategy cannot be 'frist'.", "do this   Did you mean first?", "          --strategy first"],
        ),
        (Remark(level=Level.WARNING, text="The disk is full.", code="disk"), ["warning:  The disk is full.", "more      docs/troubleshooting.md#disk"]),
        (NewerMetadata("x.whl", "9.9"), ["note      x.whl has metadata 9.9, newer than we know: what we know of it was read"]),
        (Looked([(GHCR, NOTHING)], 90), ["looked    ghcr absent · 1 min 30 s"]),
        (Checked(replace(BOTH, distributions=(WHEEL,)), "", 1.0), ["checked   1 file, 4.1 MB: well-formed"]),
        (Spared(skipped(GHCR, NOTHING, WORKS)), ["ghcr      not tried: would work"]),
        (Spared(skipped(GHCR, NOTHING, UNKNOWN, WORKS)), ["ghcr      not tried: cannot be known before: whether it is right shows in the first upload"]),
        (Spared(skipped(GHCR, NOTHING)), []),
        (Spared(skipped(GHCR, look(BOTH, problem=MISTAKES[0]), WORKS)), []),
        (Freezing("demo", 2), ["index     demo: 2 files"]),
        (Verifying(GHCR), ["verify    installing it from ghcr.io/octo/sglang into a clean environment"]),
        (object(), []),
    ],
)
def test_events(event: object, said: Sequence[str]) -> None:
    """Each in its own line, or none."""
    assert Stage().tell(event).splitlines()[: len(said) + 1 if not said else len(said)] == list(said)


@pytest.mark.parametrize(
    ("runner", "said"),
    [
        (Runner(), "pkg-publish 1.2.0 · Python 3.12.7 on Linux"),
        (
            Runner(repository="o/r", sha="1" * 40, event_name="push", ref="refs/heads/main"),
            "pkg-publish 1.2.0 · o/r @ 1111111 · push of branch main · Python 3.12.7 on Linux",
        ),
        (Runner(event_name="pull_request", ref="refs/pull/7/merge"), "pkg-publish 1.2.0 · pull_request of pull 7/merge · Python 3.12.7 on Linux"),
        (Runner(event_name="schedule"), "pkg-publish 1.2.0 · schedule · Python 3.12.7 on Linux"),
    ],
)
def test_the_first_line(runner: Runner, said: str) -> None:
    """Who runs where, and why."""
    assert Stage().tell(Began(version="1.2.0", runner=runner, python="3.12.7", system="Linux")) == f"{said}\n"


def test_many_files_are_counted() -> None:
    """Four are named."""
    paths = [Path(f"{n}.whl") for n in range(6)]

    assert Stage().tell(Built(paths=paths, seconds=1)) == "built     0.whl · 1.whl · 2.whl · 3.whl and 2 more · 1.0 s\n"


def test_many_details_are_counted() -> None:
    """Twenty are shown."""
    text = Stage().tell(attempt(GHCR, NOTHING, problem=ConfigError("x", code="x", details=map(str, range(23)))))

    assert text.splitlines()[-2:] == ["          19", "          … and 3 more"]


def test_an_install() -> None:
    """What is fetched, from where, for which Python, and into which; and how far it is."""
    python = Interpreter.ask(Path("python3"))
    stage = Stage()

    assert stage.tell(Found(place=GHCR, file=RemoteFile(name="demo.whl", size=2000), python=python)) == (
        f"found     demo.whl, 2.0 kB, at ghcr.io/octo/sglang, for Python {python.version}\ninto      python3, which belongs to no virtual environment\n"
    )
    assert stage.tell(Received("demo.whl", 1000), after=5) == "fetch     1.0 kB of 2.0 kB\n"
    assert "found     demo.whl, at" in stage.tell(Found(place=GHCR, file=RemoteFile(name="demo.whl"), python=python))


def test_a_name_too_long_for_the_column_loses_its_middle() -> None:
    """The first column is as wide as the longest name, within reason, and every line begins in it."""
    index = "repository=https://gitlab.example.org/api/v4/projects/1/packages/pypi"
    places = [replace(GHCR, name=name) for name in ("ghcr", "github-release", index)]
    stage = Stage()
    stage.tell(Looked([(place, NOTHING) for place in places], 1.0))

    assert stage.tell(Waiting("x", 2.0)) == f"{'waiting':34}2.0 s: x\n"
    assert stage.tell(replace(attempt(GHCR, NOTHING, ALL), place=places[2])).startswith("repository=http…/1/packages/pypi  published")


def test_a_target_is_called_by_its_kind() -> None:
    """If there is one of that kind."""
    stage = Stage()
    stage.tell(Looked([(GHCR, NOTHING), (FOLDER, NOTHING)], 1.0))

    assert stage.tell(Sending(FOLDER, [WHEEL])) == "directory  sending 1 file, 4.1 MB, to the folder out/wheels\n"
    assert stage.tell(Sent(WHEEL.name, 1), after=5) == "directory  1 B of 4.1 MB\n"
    assert stage.tell(attempt(FOLDER, NOTHING, ALL)).startswith("directory  published")


def test_the_figures_of_a_gigabyte() -> None:
    """Sizes as people say them."""
    release = many(3)

    assert "3 files, 3.0 MB" in Stage().tell(Checked(release, "", 1.0))
    assert "1 file, 999.9 MB" in Stage().tell(Checked(replace(release, distributions=(replace(WHEEL, size=999_900_000),)), "", 1.0))
    assert "1 file, 1.0 GB" in Stage().tell(Checked(replace(release, distributions=(replace(WHEEL, size=999_960_000),)), "", 1.0))
    assert "1 file, 2500.0 GB" in Stage().tell(Checked(replace(release, distributions=(replace(WHEEL, size=2_500_000_000_000),)), "", 1.0))
    assert "1 file, 999 B" in Stage().tell(Checked(replace(release, distributions=(replace(WHEEL, size=999),)), "", 1.0))
