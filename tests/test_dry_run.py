"""What a dry run foresees: from its looks, and from the check of an index, for which a job needs an identity."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests import factory
from tests.servers.serving import Reply
from tests.targets.test_pypi import TOKEN, _addresses  # noqa: F401 - a fixture
from tests.test_job import Desk
from tests.test_verdict import judge
from tests.toys import Failing, Shelf

from pkg_publish.errors import Failure
from pkg_publish.plan import Strategy
from pkg_publish.report import sentences
from pkg_publish.report.calls import calls
from pkg_publish.report.summary import summary
from pkg_publish.runner import Runner
from pkg_publish.verdict import Level, Status

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.pypi import Pypi

    from pkg_publish.model import Release

PUBLIC = {"repository": {"visibility": "public"}}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A job of a public repository, without `id-token: write`; a wheel and an sdist in `dist`."""
    desk = Desk(tmp_path)
    desk.runner = Runner(is_actions=True, repository="octo/demo", event_name="push", event=PUBLIC)
    factory.release(tmp_path / "dist")
    return desk


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    """A wheel and an sdist."""
    return factory.release(tmp_path_factory.mktemp("dist"))


@pytest.mark.usefixtures("pypi")
@pytest.mark.parametrize("targets", ["pypi", "github-packages, pypi"])
def test_the_only_place_would_refuse_it(desk: Desk, targets: str) -> None:
    """It fails as the run would, with the permission that is missing."""
    desk.runner = Runner(is_actions=True, event_name="push", event=PUBLIC)

    report = desk.run(build="never", dry_run="true", targets=targets)

    assert (report.status, report.exit_code) == (Status.FAILED, 1)
    assert sentences.verdict(report) == "Dry run: demo 1.0 would not be published: no target takes it"
    (call,) = [each for each in calls(report) if each.level is Level.ERROR]
    assert call.text == "PyPI would not take it: login: none (the job may not ask for an identity)."
    assert (call.code, call.cure) == ("id-token-permission", "Add `id-token: write`.")
    assert "id-token: write" in call.paste


def test_all_that_a_place_lacks_is_said_and_what_can_be_mended_is_the_cure(desk: Desk, pypi: Pypi, monkeypatch: pytest.MonkeyPatch) -> None:
    """The list of projects is somebody else's trouble."""
    answer = pypi.answer
    monkeypatch.setattr(pypi, "answer", lambda call: Reply(status=404) if call.path == "/simple/" else answer(call))

    (problem,) = desk.run(build="never", dry_run="true", targets="pypi").problems

    assert problem.what.startswith(f"PyPI would not take it: index: {pypi.url}/simple/ answered 404 (")
    assert problem.what.endswith("; login: none (the job may not ask for an identity)")
    assert (problem.code, problem.cure) == ("id-token-permission", "Add `id-token: write`.")


@pytest.mark.usefixtures("pypi")
def test_the_next_place_would_take_it(desk: Desk) -> None:
    """The verdict does not claim the first, and a warning names what to mend."""
    report = desk.run(build="never", dry_run="true", targets="pypi, directory=out")

    assert (report.status, report.exit_code) == (Status.PLANNED, 0)
    assert sentences.verdict(report) == "Dry run: demo 1.0 would be published in the folder out instead of PyPI"
    assert [(each.level, each.code) for each in calls(report)] == [(Level.WARNING, "id-token-permission")]
    assert "| pypi | refused |" in summary(report)
    assert "**pypi**: Add" in summary(report)


@pytest.mark.usefixtures("pypi")
def test_a_place_that_has_it_needs_no_permission(desk: Desk) -> None:
    """Nothing would be sent."""
    assert desk.run(build="never", targets="pypi", pypi_token=TOKEN).status is Status.PUBLISHED

    report = desk.run(build="never", dry_run="true", targets="pypi")

    assert (report.status, calls(report)) == (Status.PLANNED, [])


@pytest.mark.usefixtures("pypi")
def test_a_pull_request_may_have_fewer_rights(desk: Desk) -> None:
    """One of a bot gets a token that only reads: a warning, for the job that publishes may have what this one lacks."""
    pull = {"pull_request": {"head": {"repo": {"full_name": "octo/demo"}}}}
    desk.runner = Runner(is_actions=True, repository="octo/demo", event_name="pull_request", event=PUBLIC | pull)

    report = desk.run(build="never", dry_run="true", targets="pypi")

    assert (report.status, report.exit_code) == (Status.PLANNED, 0)
    assert [(each.level, each.code, each.text) for each in report.remarks] == [
        (Level.WARNING, "would-not-work", "PyPI would not work: login: none: add `id-token: write`"),
    ]


@pytest.mark.parametrize(
    ("targets", "status", "code"),
    [
        ((Failing("p"), Shelf("a")), Status.PLANNED, 0),
        ((Failing("p"),), Status.FAILED, 1),
        ((Shelf("a"), Failing("i", why=Failure.CONFLICT)), Status.FAILED, 6),
        ((Shelf("a", down=True), Shelf("b")), Status.PLANNED, 0),
        ((Shelf("a"), Shelf("b", down=True)), Status.PLANNED, 0),
        ((Shelf("a"), Failing("b", why=Failure.INVALID)), Status.PLANNED, 0),
        ((Shelf("a", down=True), Shelf("b", down=True)), Status.FAILED, 1),
    ],
    ids=["would work", "no place takes it", "sure to stop", "first is down", "second is down", "second never can", "all are down"],
)
def test_a_dry_run_says_what_would_happen(release: Release, targets: tuple[Shelf, ...], status: Status, code: int) -> None:
    """Planned, or what is sure to fail."""
    report = judge(release, *targets, dry_run=True)

    assert (report.status, report.exit_code) == (status, code)


@pytest.mark.parametrize(
    ("targets", "status", "code"),
    [
        ((Failing("p"), Shelf("a")), Status.PLANNED, 0),
        ((Shelf("a"), Failing("p")), Status.PLANNED, 0),
        ((Failing("p"),), Status.FAILED, 1),
        ((Shelf("a"), Shelf("b", down=True)), Status.FAILED, 1),
    ],
    ids=["passed by", "passed by at the end", "no place takes it", "one is down"],
)
def test_a_dry_run_says_what_would_happen_everywhere(release: Release, targets: tuple[Shelf, ...], status: Status, code: int) -> None:
    """Under `all` a single place that is sure to fail is a failure."""
    report = judge(release, *targets, dry_run=True, strategy=Strategy.ALL)

    assert (report.status, report.exit_code) == (status, code)


def test_a_dry_run_sees_other_bytes(release: Release) -> None:
    """A conflict is found without a write."""
    report = judge(release, Shelf(store={release.distributions[0].name: b"other"}), Shelf("b"), dry_run=True)

    assert (report.status, report.exit_code) == (Status.FAILED, 6)
