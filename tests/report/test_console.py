"""The log while it is written: silence, progress, streams that go away, and what a terminal shows."""

from __future__ import annotations

import io
import threading
from dataclasses import replace
from pathlib import Path

from tests.oracles.runner_commands import commands
from tests.report.scenes import (
    ALL,
    BACKEND,
    BAD_GATEWAY,
    GHCR,
    IMAGE,
    MISTAKES,
    NOTHING,
    SDIST,
    TAG,
    WHEEL,
    WRITE_PACKAGE,
    Scene,
    attempt,
    building,
    scenes,
    skipped,
)
from tests.report.stage import Stage

from pkg_publish.build import BackendSaid, Built
from pkg_publish.errors import ConfigError, Environment
from pkg_publish.job import Planned
from pkg_publish.publish import Sending
from pkg_publish.report import console
from pkg_publish.report.console import Console
from pkg_publish.secret import Secret
from pkg_publish.watch import Hidden, Sent, Waiting

SENDING = Sending(GHCR, [WHEEL, SDIST])


def test_a_log_is_never_silent() -> None:
    """After eight seconds it says what it does, and for how long."""
    stage = Stage()
    stage.tell(Planned(Scene(tried=[attempt(GHCR, NOTHING, ALL)]).made))

    assert stage.tick(7) == ""
    assert stage.tick(1) == "…         getting the files · 8.0 s\n"
    assert stage.tick(1) == ""
    assert stage.tick(7) == "…         getting the files · 16.0 s\n"


def test_no_log_is_silent_for_ten_seconds_on_a_busy_machine_neither() -> None:
    """Whenever the one that looks comes between two lines, a second late each time."""
    for tenths in range(15):
        stage = Stage()
        said = stage.tick(tenths / 10)
        while not said:
            said = stage.tick(console.WATCHED + 1)

        assert stage.time < 10


def test_a_secret_that_is_made_during_the_run_is_masked() -> None:
    """As the configured ones are, before anything else is printed; a terminal has nothing to hide it from."""
    made = Hidden(Secret("a-token-of-15-minutes"))

    assert Stage(actions=True).tell(made) == "::add-mask::a-token-of-15-minutes\n"
    assert Stage().tell(made) == ""


def test_a_build_that_says_a_lot_and_shows_nothing() -> None:
    """Its lines are counted, where they are held back."""
    stage = Stage()
    stage.tell(*building("wheel"))

    assert stage.tick(9) == "…         building, 3 lines so far · 9.0 s\n"


def test_bytes_that_flow_are_told_every_five_seconds() -> None:
    """Not more often; what is sent again counts once, and what is no file of ours not at all."""
    stage = Stage()

    assert stage.tell(SENDING) == "ghcr      sending 2 files, 9.4 MB, to ghcr.io/octo/sglang\n"
    assert stage.tell(Sent(WHEEL.name, 1_000_000), Sent("manifest", 500), after=4) == ""
    assert stage.tell(Sent(WHEEL.name, 1_000_000), after=1) == "ghcr      2.0 MB of 9.4 MB\n"
    assert stage.tell(Sent(WHEEL.name, 9_000_000), after=5) == "ghcr      4.1 MB of 9.4 MB\n"
    assert stage.tell(Sent(SDIST.name, SDIST.size), after=1) == ""
    assert stage.tick(9) == "…         ghcr: all bytes are there, waiting for the answer · 20.0 s\n"


def test_an_image_has_no_size() -> None:
    """It is made before it is sent, and nobody knows how large it will be: then it is on its way."""
    stage, bar = Stage(), Stage(terminal=True)
    for each in (stage, bar):
        each.tell(Sending(IMAGE, [TAG]))

    assert stage.tick(9) == "…         container-image: on its way · 9.0 s\n"
    assert "container-image  on its way" in bar.tick(9)


def test_waits_are_told_if_they_are_long() -> None:
    """Short ones when they add up; bytes that flow again end them; what takes no time is a note."""
    stage = Stage()
    stage.tell(SENDING)

    assert stage.tell(Waiting("502 from ghcr.io", 4.0)) == "waiting   4.0 s: 502 from ghcr.io\n"
    assert stage.tell(Waiting("it does not show there yet", 1.0)) == ""
    assert stage.tick(9) == "…         waiting: it does not show there yet · 9.0 s\n"
    assert stage.tell(Sent(WHEEL.name, 1), after=1) == ""
    assert stage.tick(8) == "…         ghcr: 1 B of 9.4 MB · 18.0 s\n"
    assert stage.tell(Waiting("a stale entry was replaced", 0)) == "note      a stale entry was replaced\n"


def test_bytes_of_nobody() -> None:
    """Before anything is sent, and after it, there is no progress."""
    stage = Stage()

    assert stage.tell(Sent("x", 1), after=60) == ""


def test_a_terminal_has_a_bar() -> None:
    """On one line that changes, drawn ten times a second at most, and gone before the next line."""
    stage = Stage(terminal=True)
    stage.tell(SENDING)

    assert stage.tell(Sent(WHEEL.name, 4_100_000), after=1) == "ghcr  [##########--------------]  44%  4.1 MB of 9.4 MB  4.1 MB/s"
    assert stage.tell(Sent(SDIST.name, 1_000), after=0.05) == ""
    erased = "\r" + " " * 65 + "\r"
    assert stage.tell(Waiting("502 from ghcr.io", 4.0)) == ""
    assert stage.tick(1) == f"{erased}waiting: 502 from ghcr.io · 2.0 s"
    done = stage.tell(attempt(GHCR, NOTHING, ALL))
    assert done == "\r" + " " * 33 + "\rghcr      published and read back: 2 of 2 files match by sha256 · 2.3 s\n"


def test_a_terminal_shows_the_last_line_of_the_build() -> None:
    """Dimmed; without a build, what is done."""
    stage = Stage(terminal=True, colour=True)
    stage.tell(*building("wheel"), BackendSaid(" "))

    assert stage.tick(2) == "\x1b[2m\\x1b[31mdone\\x1b[0m · 2.0 s\x1b[0m"
    built = stage.tell(Built(paths=[Path(WHEEL.name)], seconds=3))
    assert built.endswith("\rbuilt     sglang-0.5.10-py3-none-any.whl · 3.0 s · 4 lines of output not shown\n")
    assert stage.tick(0) == "\x1b[2mchecking the files · 0.0 s\x1b[0m"


def test_colours() -> None:
    """Green what went well, red what did not; a workflow and a pipe have none."""
    stage = Stage(colour=True)

    assert stage.tell(attempt(GHCR, NOTHING, ALL)).startswith("\x1b[32mghcr\x1b[0m      published")
    assert "\x1b[31merror:\x1b[0m    " in stage.tell(Scene(early=MISTAKES).report())


class Gone(io.StringIO):
    """A pipe whose reader goes away after the first line."""

    def write(self, text: str) -> int:
        """Once, and never again."""
        if self.getvalue():
            raise BrokenPipeError
        return super().write(text)


def test_a_reader_that_went_away_stops_nothing() -> None:
    """As with `| head`: nothing is raised, and nothing more is tried."""
    stage = Stage(stream=Gone())
    for event in scenes()["normal-day"].events():
        stage.console.tell(event)

    assert stage.stream.getvalue().startswith("pkg-publish 1.2.0")
    assert stage.stream.getvalue().count("\n") == 1


def test_a_stream_that_knows_few_letters() -> None:
    """A terminal of another age."""
    raw = io.BytesIO()
    console = Console(io.TextIOWrapper(raw, encoding="ascii", write_through=True), terminal=False, colour=False, actions=False)
    console.tell(Planned(scenes()["normal-day"].made))

    assert raw.getvalue().decode("ascii").startswith("plan             github-packages ? ghcr ? github-release")


def test_as_a_context_it_looks_after_silence() -> None:
    """A thread of its own says it, and ends with it; a fold that is open is closed."""
    stage = Stage(actions=True)
    said = threading.Event()
    stage.stream.flush = lambda: said.set() if "…" in stage.stream.getvalue() else None
    with stage.console as console:
        console.tell(BackendSaid("resolving"))
        stage.time += 10
        assert said.wait(10)

    assert [each.name for each in commands(stage.stream.getvalue())] == ["group", "endgroup"]


def test_lines_from_many_threads_stay_whole() -> None:
    """Eight files at once."""
    stage = Stage()
    stage.tell(SENDING)
    threads = [threading.Thread(target=stage.tell, args=[Waiting(f"number {n}", 2.0)] * 50) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    lines = stage.stream.getvalue().splitlines()[1:]
    assert sorted(set(lines)) == [f"waiting   2.0 s: number {n}" for n in range(8)]


def test_ten_annotations_of_a_level_and_no_more() -> None:
    """GitHub shows no more of a step; the others are lines of the log."""
    stage = Stage(actions=True)
    mistakes = [ConfigError(f"mistake {n}", code="input-value", cure="Mend it.") for n in range(12)]
    text = stage.tell(Scene(early=mistakes).report())

    assert [each.data.splitlines()[0] for each in commands(text)] == [f"mistake {n}." for n in range(10)]
    assert "error:    mistake 10.\ndo this   Mend it.\nmore      docs/troubleshooting.md#input-value\nerror:    mistake 11.\n" in text


def test_a_run_that_fails_without_a_problem_calls_all_the_same() -> None:
    """With the verdict; there is no heading that says more."""
    scene = Scene(tried=[replace(attempt(GHCR, NOTHING, problem=BAD_GATEWAY), problem=None)])
    stage = Stage(actions=True)
    (error,) = commands(stage.tell(scene.report()))

    assert (error.data, error.properties) == ("sglang 0.5.10 is not published: nothing was written anywhere.", {})
    assert Stage().tell(scene.report()).splitlines()[-1] == "error:    sglang 0.5.10 is not published: nothing was written anywhere."


def test_a_build_that_fails_is_unfolded() -> None:
    """The last lines stand outside of the fold, and the error does not repeat them."""
    stage = Stage(actions=True)
    stage.tell(*building("sdist"), *[BackendSaid(f"line {n}") for n in range(100)])
    text = stage.tell(Scene(early=[BACKEND]).report())

    lines = text.splitlines()
    assert lines[:3] == ["::endgroup::", "build     the last 60 of 103 lines that it said:", "line 40"]
    assert BACKEND.details[0] not in text


def test_a_build_that_fails_without_a_word() -> None:
    """Then the error's own details are shown."""
    assert "          running bdist_wheel\n" in Stage().tell(Scene(early=[BACKEND]).report())


def test_what_failed_elsewhere_shows_its_details_although_a_build_was_unfolded() -> None:
    """They are not what the build said."""
    stage = Stage()
    stage.tell(BackendSaid("resolving"))

    assert "          one\n" in stage.tell(Environment("no uv", code="uv-missing", details=["one"]))


def test_a_refusal_that_was_told_is_not_told_again() -> None:
    """At home only what to do is added."""
    text = Stage().tell(*Scene(tried=[attempt(GHCR, NOTHING, problem=WRITE_PACKAGE)], skipped=[skipped(GHCR, NOTHING)]).events())

    assert text.count(WRITE_PACKAGE.what) == 1
    assert "do this   ghcr: Give the job `packages: write`.\n" in text
