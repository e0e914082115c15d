"""How a chain is judged: status, exit code, and what people are called for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests import factory
from tests.toys import Failing, Shelf, error

from pkg_publish import publish, verdict
from pkg_publish.errors import ConfigError, Failure
from pkg_publish.model import Visibility
from pkg_publish.plan import Plan, Strategy
from pkg_publish.state import Done
from pkg_publish.verdict import Level, Report, Status
from pkg_publish.watch import Watch

if TYPE_CHECKING:
    from pkg_publish.model import Receipt, Release


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    """A wheel and an sdist."""
    return factory.release(tmp_path_factory.mktemp("dist"))


def full(release: Release, name: str = "full", **options: Any) -> Shelf:  # noqa: ANN401 - the fields of a Shelf
    """A shelf that holds the release."""
    return Shelf(name, store={each.name: each.path.read_bytes() for each in release.distributions}, **options)


def judge(release: Release, *targets: Shelf, **plan: Any) -> Report:  # noqa: ANN401 - the fields of a Plan
    """Run the chain and judge it."""
    made = Plan(targets=targets, **plan)
    return verdict.conclude(made, release, list(publish.run(made, release, Watch(10, lambda _: None))), seconds=1)


def refusing(release: Release, name: str = "refusing") -> Shelf:
    """A shelf that refuses everything."""
    return Shelf(name, fails=dict.fromkeys([each.name for each in release.distributions], 9), kind=Failure.REFUSED)


def test_published_at_the_first_target(release: Release) -> None:
    """Green, and nothing to be called for."""
    report = judge(release, Shelf())

    assert (report.status, report.exit_code, report.remarks, report.problems, report.fallback_reason) == (Status.PUBLISHED, 0, (), (), "")
    assert report.receipt is not None


def test_fallback_past_what_cannot_exist_is_a_notice(release: Release) -> None:
    """The normal life of the default chain."""
    report = judge(release, Failing("packages"), Shelf())

    assert (report.status, report.exit_code) == (Status.PUBLISHED_BY_FALLBACK, 0)
    assert report.fallback_reason == "unsupported: packages: as it is"
    assert [each.level for each in report.remarks] == [Level.NOTICE]


def test_fallback_past_a_refusal_is_a_warning(release: Release) -> None:
    """The night GHCR was down does not look like every other night."""
    report = judge(release, Failing("packages"), refusing(release), Shelf())

    assert report.fallback_reason == "unsupported: packages: as it is; refused: refusing: no"
    assert [each.level for each in report.remarks] == [Level.NOTICE, Level.WARNING]


def test_a_place_that_could_not_be_read_may_hold_it(release: Release) -> None:
    """The chain goes on, and says what that may mean."""
    report = judge(release, Shelf("dark", down=True), Shelf())

    (remark,) = report.remarks
    assert remark.level is Level.WARNING
    assert "an earlier run may have left the version there" in remark.text


def test_already_published_at_the_first_target(release: Release) -> None:
    """A re-run is green and silent."""
    report = judge(release, full(release), Shelf("second"))

    assert (report.status, report.exit_code, report.remarks) == (Status.ALREADY_PUBLISHED, 0, ())


def test_already_published_later_warns_of_an_earlier_place_that_lacks_it(release: Release) -> None:
    """But not of one that can never have it."""
    report = judge(release, Failing("packages"), Shelf("first"), full(release, "second"))

    assert report.status is Status.ALREADY_PUBLISHED
    assert [(each.level, each.code) for each in report.remarks] == [(Level.WARNING, "found-at-a-later-target")]


@pytest.mark.parametrize(
    ("failure", "code"),
    [(Failure.UNSUPPORTED, 1), (Failure.UNAVAILABLE, 1), (Failure.REFUSED, 1), (Failure.INVALID, 4), (Failure.INTEGRITY, 6), (Failure.ENVIRONMENT, 8)],
)
def test_the_exit_code_is_that_of_the_last_attempt(release: Release, failure: Failure, code: int) -> None:
    """And the problem is told."""
    report = judge(release, Failing("packages"), Failing("last", why=failure))

    assert (report.status, report.exit_code) == (Status.FAILED, code)
    assert [each.kind for each in report.problems] == [failure]


def test_a_conflict_fails_with_its_own_code(release: Release) -> None:
    """Other bytes."""
    report = judge(release, Shelf(store={release.distributions[0].name: b"other"}))

    assert (report.status, report.exit_code) == (Status.FAILED, 6)


def test_all_needs_every_target(release: Release) -> None:
    """`all`: published when every one holds it, whatever is unsupported."""
    report = judge(release, Failing("packages"), Shelf("a"), full(release, "b"), strategy=Strategy.ALL)

    assert (report.status, report.exit_code) == (Status.PUBLISHED, 0)
    assert [each.place.name for each in report.holding] == ["a", "b"]
    assert [each.level for each in report.remarks] == [Level.NOTICE]


def test_all_again_is_already_published(release: Release) -> None:
    """Nothing was sent anywhere."""
    assert judge(release, full(release, "a"), full(release, "b"), strategy=Strategy.ALL).status is Status.ALREADY_PUBLISHED


def test_all_with_a_failure_is_incomplete(release: Release) -> None:
    """Some hold it, not all: red, with the failure's code."""
    report = judge(release, Shelf("a"), refusing(release), Shelf("c"), strategy=Strategy.ALL)

    assert (report.status, report.exit_code) == (Status.INCOMPLETE, 1)
    assert [each.kind for each in report.problems] == [Failure.REFUSED]


def test_all_unsupported_is_failed(release: Release) -> None:
    """Nowhere is not published."""
    report = judge(release, Failing("a"), Failing("b"), strategy=Strategy.ALL)

    assert (report.status, report.exit_code) == (Status.FAILED, 1)


def test_attempts_come_in_the_order_of_the_targets(release: Release) -> None:
    """Whatever was taken first."""
    assert [each.place.name for each in judge(release, Shelf("a"), full(release, "b")).attempts] == ["a", "b"]


def test_a_local_place_only_warns_in_a_workflow(release: Release) -> None:
    """A runner is thrown away."""
    local = Shelf("directory=out", visibility=Visibility.LOCAL)

    assert [each.code for each in judge(release, local, in_workflow=True).remarks] == ["local-place-only"]
    assert judge(release, local).remarks == ()
    assert judge(release, local, Shelf("b"), strategy=Strategy.ALL, in_workflow=True).remarks == ()


def test_bytes_that_were_kept_are_told_with_both_hashes(release: Release) -> None:
    """`on-conflict: keep` is never silent."""
    first = release.distributions[0]

    (remark,) = judge(release, Shelf(store={first.name: b"other"}), keep=True).remarks

    assert remark.level is Level.WARNING
    assert str(first.sha256) in remark.text
    assert first.name in remark.text


def test_a_place_that_could_not_be_read_is_not_said_to_lack_the_version(release: Release) -> None:
    """Found at a later target: what the earlier one holds, nobody knows."""
    (remark,) = judge(release, Shelf("dark", down=True), full(release, "second")).remarks

    assert (remark.level, remark.code) == (Level.WARNING, "found-at-a-later-target")
    assert "does not hold it" not in remark.text
    assert "dark comes before it and could not be read, so nobody knows whether it holds it too: connection refused" in remark.text


def test_a_later_place_that_would_have_stopped_the_run_is_a_warning(release: Release) -> None:
    """Nothing had to be written; before it has to be, somebody can mend it."""
    report = judge(release, full(release, "home"), Failing("later", why=Failure.CONFLICT))

    (remark,) = report.remarks
    assert (report.status, report.exit_code) == (Status.ALREADY_PUBLISHED, 0)
    assert (remark.level, remark.text) == (Level.WARNING, "later was not needed, and would not have taken the release: as it is")


def test_what_is_kept_is_told_in_the_order_of_the_files(release: Release) -> None:
    """So that two runs say the same."""
    names = [each.name for each in release.distributions]

    for theirs in (names, names[::-1]):
        remarks = judge(release, Shelf(store=dict.fromkeys(theirs, b"other")), keep=True).remarks
        assert [next(name for name in names if name in each.text) for each in remarks] == names


def test_a_dry_run_sees_that_nothing_would_be_written(release: Release) -> None:
    """Whatever keeps a place from being written to."""
    report = judge(release, Failing("before", why=Failure.CONFLICT), full(release), dry_run=True)

    assert (report.status, report.exit_code) == (Status.PLANNED, 0)


def test_mistakes_before_the_first_look(release: Release) -> None:
    """The first one's class decides the exit code."""
    del release
    report = verdict.failed_early([ConfigError("a", code="a"), ConfigError("b", code="b")])

    assert (report.status, report.exit_code, len(report.problems)) == (Status.FAILED, 2, 2)
    assert report.receipt is None


def test_what_the_place_warns_of_is_a_warning(release: Release) -> None:
    """Who can read it is known only afterwards."""

    class Private(Shelf):
        def receipt(self, release: Release, watch: Watch) -> Receipt:
            return replace(super().receipt(release, watch), warning="The package is private.")

    assert [(each.level, each.text) for each in judge(release, Private()).remarks] == [(Level.WARNING, "The package is private.")]


@pytest.mark.parametrize(
    ("receipt", "plan", "told"),
    [
        ({"release_id": "7", "source": "github-release=o/r"}, {"job_token": True}, True),
        ({"release_id": "7", "source": "github-release=o/r"}, {}, False),
        ({"release_id": "7", "source": ""}, {"job_token": True}, False),
        ({}, {"job_token": True}, False),
    ],
    ids=["by the job", "by somebody", "a draft", "no release"],
)
def test_a_release_made_by_the_job_starts_no_workflow(release: Release, receipt: dict[str, str], plan: dict[str, bool], *, told: bool) -> None:
    """Whoever waits for it would wait for ever; on a re-run nothing is said again."""

    class Releases(Shelf):
        def receipt(self, release: Release, watch: Watch) -> Receipt:
            return replace(super().receipt(release, watch), tag="v1.0", **receipt)

    shelf = Releases()
    remarks = [*judge(release, shelf, **plan).remarks, *judge(release, shelf, **plan).remarks]

    assert [(each.level, each.code) for each in remarks] == [(Level.NOTICE, "release-starts-no-workflow")] * told


def test_a_chain_that_was_cut_after_a_success_ends_as_what_cut_it(release: Release) -> None:
    """Under `all`, the time may be up between two targets."""
    made = Plan(targets=[Shelf("a"), Shelf("b")], strategy=Strategy.ALL)
    first, second = publish.run(made, release, Watch(10, lambda _: None))

    cut = verdict.conclude(made, release, [first, replace(second, outcome=Done.SKIPPED)], cut=error(Failure.DEADLINE), seconds=1)

    assert (cut.status, cut.exit_code) == (Status.INCOMPLETE, 7)


def test_a_version_that_was_begun_elsewhere_is_finished_there(release: Release) -> None:
    """No failure led there, so there is no reason to give; the warning says what happened."""
    report = judge(release, Shelf("first"), Shelf("second", store={"g.whl": b"another job's"}))

    assert (report.status, report.fallback_reason) == (Status.PUBLISHED_BY_FALLBACK, "")
    assert [each.code for each in report.remarks] == ["found-at-a-later-target"]


@pytest.mark.parametrize(("why", "exit_code"), [(Failure.CANCELLED, 130), (Failure.DEADLINE, 7)])
def test_a_dry_run_that_was_cut_short_foresees_nothing(release: Release, why: Failure, exit_code: int) -> None:
    """Whatever its looks had said by then."""
    made = Plan(targets=[Shelf()], dry_run=True)
    attempts = list(publish.run(made, release, Watch(10, lambda _: None)))

    report = verdict.conclude(made, release, attempts, cut=error(why), seconds=1)

    assert (report.status, report.exit_code, [each.kind for each in report.problems]) == (Status.FAILED, exit_code, [why])
