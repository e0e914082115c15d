"""A run that is over ends soon, however slow or deaf what it still looks at is; and what it could not see it does not claim."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from tests import factory
from tests.reliability.clock import VirtualClock
from tests.test_explain import OpenShelf
from tests.toys import Never, Shelf

from pkg_publish import grammar, plan, preflight, publish, watch
from pkg_publish.config import Config
from pkg_publish.doctor import Examination, distributions
from pkg_publish.errors import Failure
from pkg_publish.job import Job
from pkg_publish.plan import Plan
from pkg_publish.runner import Runner
from pkg_publish.state import Done
from pkg_publish.targets.base import Ambient
from pkg_publish.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from pkg_publish.model import Distribution, Item, Receipt, Release, RemoteFile
    from pkg_publish.verdict import Report

TIMEOUT = 100.0
MOST = 3.5
"""Seconds from the cut to the end: five are promised, and a machine needs some for the report."""
SLOW = 2.5
"""Seconds of each look at the end: two of them are more than all last looks have."""


@pytest.fixture
def release(tmp_path: Path) -> Release:
    """A wheel and an sdist."""
    return factory.release(tmp_path / "dist")


def pass_by(watch: Watch, seconds: float) -> None:
    """Take so long, if the run does not end before."""
    for _ in range(int(seconds * 10)):
        watch.left()
        watch.wait(0.1, "slow")


@dataclass(eq=False)
class Slow(OpenShelf):
    """A place where somebody else has put other bytes, which is seen only when the run was cut in the middle; and which answers slowly by then."""

    cut: Callable[[Watch], None] = field(default=lambda _: None)
    clock: VirtualClock = field(default_factory=VirtualClock)
    cut_at: float | None = None

    def held(self, release: Release, watch: Watch) -> Sequence[Item]:
        """At the end as slowly as it can be waited for."""
        if self.cut_at is not None:
            pass_by(watch, SLOW)
        assert all(each.sha256 for each in release.distributions)  # before the cut: what is hashed then stays unknown
        return super().held(release, watch)

    def send(self, item: Item, watch: Watch) -> None:
        """It is over in the middle."""
        self.store[item.name] = b"theirs"
        self.cut(watch)
        self.cut_at = self.clock.now()
        watch.left()

    def fetch(self, file: RemoteFile, watch: Watch) -> Iterator[bytes]:
        """For ever."""
        pass_by(watch, 1000)
        yield from super().fetch(file, watch)

    def receipt(self, release: Release, watch: Watch) -> Receipt:
        """As slowly."""
        pass_by(watch, SLOW)
        return super().receipt(release, watch)


class Kind:
    """Such places."""

    word, location, options = "slow", None, ()

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf

    def make(self, spec: object, ambient: object) -> Shelf:
        """The one."""
        del spec, ambient
        return self.shelf


def job(folder: Path, shelf: Shelf, run: Watch, monkeypatch: pytest.MonkeyPatch, **given: str) -> Job:
    """One that publishes to a shelf."""
    for module in (plan, grammar):
        monkeypatch.setattr(module, "KINDS", {"slow": Kind(shelf)})
    config = Config.read({"targets": "slow", "build": "never", "timeout": f"{TIMEOUT:.0f}s"} | given)
    return Job(config=config, ambient=Ambient(folder=folder, environ={}, runner=Runner(), tokens={}), watch=run, scratch=folder / "scratch")


@pytest.mark.parametrize(("how", "code"), [("deadline", 6), ("cancel", 130)])
@pytest.mark.usefixtures("release")
def test_a_slow_look_and_a_slow_comparison_after_a_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str, code: int) -> None:
    """Together they have three seconds; whoever cancelled gets the code for that, and the conflict that was seen is told all the same."""
    clock = VirtualClock()
    run = Watch(float("inf"), lambda _: None, clock=clock)
    cut = (lambda _: run.cancel()) if how == "cancel" else (lambda part: part.wait(1000, "a long upload"))
    shelf = Slow(cut=cut, clock=clock)

    report = job(tmp_path, shelf, run, monkeypatch).run()

    assert shelf.cut_at is not None
    assert SLOW < clock.now() - shelf.cut_at < MOST
    assert report.exit_code == code
    assert "other-bytes-same-name" in [each.code for each in report.problems]
    assert report.problems[0].kind is (Failure.CANCELLED if how == "cancel" else Failure.CONFLICT)


@pytest.mark.usefixtures("release")
def test_a_slow_look_and_a_slow_receipt_after_a_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of it is there after all, which is seen in time; what its receipt says is not waited for any longer."""
    clock = VirtualClock()
    run = Watch(float("inf"), lambda _: None, clock=clock)
    release = preflight.check(preflight.collect(tmp_path / "dist"))

    def cut(_: Watch) -> None:
        shelf.store.update({each.name: each.path.read_bytes() for each in release.distributions})
        run.cancel()

    shelf = Slow(cut=cut, clock=clock)

    report = job(tmp_path, shelf, run, monkeypatch).run()

    assert shelf.cut_at is not None
    assert SLOW < clock.now() - shelf.cut_at < MOST
    assert [each.outcome for each in report.attempts] == [Done.PUBLISHED]
    assert (report.exit_code, report.receipt) == (0, None)


def test_a_place_that_had_no_time_to_show_what_it_took_is_not_untouched(release: Release) -> None:
    """Half of the time is over while it may still show what was lost on the way: nobody says that nothing is there, and no other place gets it."""
    first = release.distributions[0].name
    late, second = Never("late", settles=10 * TIMEOUT, fails={first: 1}, landed=True), Shelf("second")

    (attempt, skipped) = publish.run(Plan(targets=[late, second]), release, Watch(TIMEOUT, lambda _: None, clock=VirtualClock()))

    assert (attempt.outcome, skipped.outcome) == (Failure.UNCONFIRMED, Done.SKIPPED)
    assert not second.writes


@pytest.fixture
def let_go(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """What lets deaf calls return when the test is over; last looks have half a second."""
    monkeypatch.setattr(watch, "GRACE", 0.5)
    event = threading.Event()
    yield event
    event.set()


def is_deaf(let_go: threading.Event) -> Callable[..., Any]:
    """What neither a cancel nor a deadline reaches, as a page that is read for minutes."""

    def call(*_: object, **__: object) -> Any:  # noqa: ANN401 - it never returns one
        let_go.wait(60)

    return call


def soon(run: Callable[[], Report]) -> Report:
    """Run, and see that it ended."""
    began = time.monotonic()
    report = run()
    assert time.monotonic() - began < 5
    return report


@pytest.mark.usefixtures("release")
def test_a_hostile_page_after_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, let_go: threading.Event) -> None:
    """One that takes minutes to read: it is left behind, and nobody says that the files are there."""

    class Hostile(Shelf):
        def held(self, release: Release, watch: Watch) -> Sequence[Item]:
            return super().held(release, watch) if not self.writes else is_deaf(let_go)()

    run = Watch(60, lambda _: None)

    report = soon(job(tmp_path, Hostile(), run, monkeypatch, timeout="1s").run)

    assert (report.exit_code, report.problems[0].kind) == (Failure.UNCONFIRMED.exit_code, Failure.UNCONFIRMED)


@pytest.mark.parametrize("how", ["deadline", "cancel"])
@pytest.mark.usefixtures("release")
def test_a_hostile_archive_to_compare_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, let_go: threading.Event, how: str) -> None:
    """One that takes minutes to read: what differs inside is not told."""
    run = Watch(60, lambda _: None)
    shelf = OpenShelf(store=dict.fromkeys(["demo-1.0-py3-none-any.whl", "demo-1.0.tar.gz"], b"theirs"))

    def differences(ours: Distribution, theirs: object) -> None:
        del ours, theirs
        if how == "cancel":
            run.cancel()
        let_go.wait(60)

    monkeypatch.setattr(preflight, "differences", differences)

    report = soon(job(tmp_path, shelf, run, monkeypatch, timeout="1s").run)

    assert report.problems[-1].kind is Failure.CONFLICT
    assert report.exit_code == (130 if how == "cancel" else 6)


@pytest.mark.parametrize(("how", "expected"), [("deadline", Failure.DEADLINE), ("cancel", Failure.CANCELLED)])
@pytest.mark.usefixtures("release")
def test_a_check_of_the_files_that_takes_too_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, let_go: threading.Event, how: str, expected: Failure
) -> None:
    """It ends with the run, and nothing was written."""
    run, shelf = Watch(60, lambda _: None), Shelf()

    def check(*_: object) -> None:
        if how == "cancel":
            run.cancel()
        let_go.wait(60)

    monkeypatch.setattr(preflight, "check", check)

    report = soon(job(tmp_path, shelf, run, monkeypatch, timeout="1s").run)

    assert (report.exit_code, [each.kind for each in report.problems]) == (expected.exit_code, [expected])
    assert not shelf.writes


def test_a_digest_that_was_still_in_the_making(tmp_path: Path, release: Release) -> None:
    """A look that needs it fails as the run does, and the report goes without it."""
    run, shelf = Watch(60, lambda _: None), Shelf()
    found = preflight.check(preflight.collect(tmp_path / "dist"), heed=run.left)
    assert preflight.hashed(found).distributions[0].sha256 == release.distributions[0].sha256
    shelf.store.update({each.name: each.path.read_bytes() for each in release.distributions})
    run.cancel()
    found = preflight.check(preflight.collect(tmp_path / "dist"), heed=run.left)

    seen = publish.look(Plan(targets=[shelf]), shelf, found, Watch(60, lambda _: None))

    assert seen.problem
    assert seen.problem.kind is Failure.CANCELLED
    assert [each.sha256 for each in preflight.hashed(found).distributions] == [None, None]


@pytest.mark.usefixtures("release")
def test_a_doctor_who_reads_a_large_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, let_go: threading.Event) -> None:
    """What would be published is not known then; all else is."""
    monkeypatch.setattr(distributions, "find", is_deaf(let_go))

    found = Examination(job=job(tmp_path, Shelf(), Watch(60, lambda _: None), monkeypatch), seconds=1).run()

    rows = {row.check: row.found for group in found.groups for row in group.rows}
    assert ([check for check, said in rows.items() if said == "none in time"], found.failure) == (["distributions"], None)
