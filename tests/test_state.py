"""The decision table, walked whole."""

from __future__ import annotations

from itertools import product

import pytest
from tests.toys import error

from pkg_publish.errors import Failure
from pkg_publish.model import CheckRow, Item, Place, Visibility
from pkg_publish.state import Attempt, Done, Look, State, outcome

OURS = Item(name="a.whl", sha256="aa")
TWO = {"a.whl": OURS, "b.whl": Item(name="b.whl", sha256="bb")}

LOOKS = {
    State.ABSENT: Look(wanted=TWO, held={}),
    State.PARTIAL: Look(wanted=TWO, held={"a.whl": OURS}),
    State.COMPLETE: Look(wanted=TWO, held=TWO),
    State.CONFLICT: Look(wanted=TWO, held={"a.whl": Item(name="a.whl", sha256="other")}),
    State.UNREADABLE: Look(wanted=TWO, held={}, problem=error(Failure.UNAVAILABLE)),
}
PROBLEMS = [None, *Failure]


@pytest.mark.parametrize("state", State)
def test_a_look_has_the_state_it_shows(state: State) -> None:
    """One word for each kind of look."""
    assert LOOKS[state].state is state


def test_staged_items_are_seen_by_nobody() -> None:
    """All of ours there, none visible: absent, unclaimed and nothing is missing."""
    staged = {name: Item(name=name, sha256=item.sha256, visible=False) for name, item in TWO.items()}
    look = Look(wanted=TWO, held=staged)

    assert (look.state, look.claimed, look.missing) == (State.ABSENT, False, [])


def test_what_some_readers_do_not_see_yet_is_claimed_and_not_complete() -> None:
    """Nothing has to be sent, and no other place may have the version."""
    late = {name: Item(name=name, sha256=item.sha256, late=True) for name, item in TWO.items()}
    look = Look(wanted=TWO, held=late)

    assert (look.state, look.claimed, look.missing) == (State.PARTIAL, True, [])


def expected(before: State, after: Look, failure: Failure | None, *, reached: bool) -> set[object]:
    """The contract's section 6 in other words than the code's."""
    if before is State.COMPLETE:
        return {Done.ALREADY_PUBLISHED}
    if after.state is State.COMPLETE:
        return {Done.PUBLISHED}
    if after.state is State.CONFLICT:
        return {Failure.CONFLICT}
    if failure is None:
        return {Failure.UNCONFIRMED}
    untouched = (
        before is State.UNREADABLE
        or (after.state is State.ABSENT and after.settled)
        or (before is State.ABSENT and after.state is State.UNREADABLE and not reached)
    )
    if untouched or failure in {Failure.CANCELLED, Failure.DEADLINE}:
        return {failure}
    return {Failure.PARTIAL} if after.state is State.PARTIAL else {Failure.UNCONFIRMED}


@pytest.mark.parametrize(("before", "after"), list(product(State, State)), ids="-".join)
def test_the_whole_table(before: State, after: State) -> None:
    """Every state before and after, problem, reached, settled comes to what the contract says."""
    for failure, reached, settled in product(PROBLEMS, (False, True), (False, True)):
        problem = error(failure, reached=reached) if failure else None
        seen = LOOKS[after]
        late = Look(wanted=seen.wanted, held=seen.held, problem=seen.problem, settled=settled)

        assert outcome(LOOKS[before], late, problem) in expected(before, late, failure, reached=reached), (failure, reached, settled)


def test_only_a_proof_lets_the_chain_go_on() -> None:
    """Where something of ours is visible or may be, no outcome is one that may fall back."""
    for before, after, failure in product((State.ABSENT, State.PARTIAL), (State.PARTIAL, State.UNREADABLE), Failure):
        if failure in {Failure.CANCELLED, Failure.DEADLINE}:
            continue
        assert outcome(LOOKS[before], LOOKS[after], error(failure, reached=True)) in {Failure.PARTIAL, Failure.UNCONFIRMED}


@pytest.mark.parametrize(("rows", "works"), [([], None), ([True, None], None), ([True, True], True), ([None, False], False)])
def test_checks_say_whether_a_target_would_have_worked(rows: list[bool | None], works: bool | None) -> None:  # noqa: FBT001
    """A row that cannot be known before is no reason to warn, and no promise."""
    checks = tuple(CheckRow(check="c", found="f", ok=ok) for ok in rows)
    place = Place(kind="k", name="k", title="K", visibility=Visibility.LOCAL)

    assert Attempt(place=place, outcome=Done.SKIPPED, before=LOOKS[State.ABSENT], after=LOOKS[State.ABSENT], checks=checks).would_work is works
