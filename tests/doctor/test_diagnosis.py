"""Whether a publish is certain to fail."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pkg_publish.doctor import Diagnosis, Group
from pkg_publish.errors import Failure
from pkg_publish.model import CheckRow, Place, Visibility
from pkg_publish.plan import FALL_BACK_ON, Strategy

GOOD, UNKNOWN, NO = CheckRow(check="c", found="f"), CheckRow(check="c", found="f", ok=None), CheckRow(check="c", found="f", ok=False)


def test_a_mistake_of_ones_own_comes_before_a_server_that_is_away() -> None:
    """A publish meets it first, and mending it needs no server."""
    rows = [replace(NO, check=failure, failure=failure) for failure in (Failure.UNAVAILABLE, Failure.CONFIG)]
    group = replace(target(None), rows=tuple(rows))

    assert (group.cause, group.failure) == (rows[1], Failure.CONFIG)


def target(failure: Failure | None) -> Group:
    """A target that is certain to fail so, or about which nothing is known."""
    row = CheckRow(check="c", found="f", ok=False, failure=failure) if failure else UNKNOWN
    return Group(title="t", rows=(GOOD, row), place=Place(kind="t", name="t", title="t", visibility=Visibility.LOCAL))


def failure(strategy: Strategy, *failures: Failure | None) -> Failure | None:
    """What a publish to such targets would end with."""
    return Diagnosis(groups=tuple(map(target, failures)), strategy=strategy, fall_back_on=FALL_BACK_ON).failure


@pytest.mark.parametrize(
    ("failures", "expected"),
    [
        ([], None),
        ([None], None),
        ([Failure.UNSUPPORTED, None], None),
        ([Failure.REFUSED, Failure.UNAVAILABLE, None, Failure.INVALID], None),
        ([Failure.UNSUPPORTED, Failure.REFUSED], Failure.REFUSED),
        ([Failure.INVALID, None], Failure.INVALID),
        ([Failure.UNSUPPORTED], Failure.UNSUPPORTED),
    ],
)
def test_the_first_target_that_may_take_it_is_enough(failures: list[Failure | None], expected: Failure | None) -> None:
    """As the chain walks: past what it may fall back on, to the first of which nothing bad is known."""
    assert failure(Strategy.FIRST, *failures) is expected


@pytest.mark.parametrize(
    ("failures", "expected"),
    [
        ([], None),
        ([None, None], None),
        ([Failure.UNSUPPORTED, None], None),
        ([None, Failure.REFUSED], Failure.REFUSED),
        ([Failure.UNSUPPORTED, Failure.CONFLICT], Failure.CONFLICT),
        ([Failure.UNSUPPORTED, Failure.UNSUPPORTED], Failure.UNSUPPORTED),
    ],
)
def test_every_target_must_hold_it(failures: list[Failure | None], expected: Failure | None) -> None:
    """The first that fails; what is not supported does not count, unless nothing else is asked for."""
    assert failure(Strategy.ALL, *failures) is expected


def test_what_is_about_all_targets_comes_first() -> None:
    """Whatever they would say; but a no of no class is about some of them, whose own rows tell. At a target it is a refusal."""
    policy = CheckRow(check="c", found="f", ok=False, failure=Failure.POLICY)
    found = Diagnosis(groups=(Group(title="the event", rows=(GOOD, policy)), target(None)))
    some = Diagnosis(groups=(Group(title="what the job holds", rows=(GOOD, NO)), target(None)))

    assert (found.failure, found.exit_code) == (Failure.POLICY, 2)
    assert some.exit_code == 0
    assert replace(target(None), rows=(NO,)).failure is Failure.REFUSED
    assert Diagnosis(groups=(target(None),)).exit_code == 0


def test_home_is_the_first_that_may_take_it() -> None:
    """Under `all` there is no such place."""
    groups = (target(Failure.UNSUPPORTED), target(None))

    assert Diagnosis(groups=groups).home is groups[1]
    assert Diagnosis(groups=groups, strategy=Strategy.ALL).home is None
