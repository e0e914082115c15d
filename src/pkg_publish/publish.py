"""The chain, on one page: look everywhere before writing anywhere, then walk the targets."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, as_completed, wait
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from pkg_publish.errors import Failure, Invalid, PublishError
from pkg_publish.model import Distribution, Filetype
from pkg_publish.state import Attempt, Done, Look, State, outcome
from pkg_publish.targets.base import Stages, Witness

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pkg_publish.model import Item, Place, Release
    from pkg_publish.plan import Plan
    from pkg_publish.targets.base import Target
    from pkg_publish.watch import Watch

Found = TypeVar("Found")

AT_ONCE = 16
"""Files on their way at the same time: at a registry 40 ms away more gain nothing (measured); an index is done with half of them."""

LOOKING = 60
"""Seconds for the looks of all targets together, at most."""


@dataclass(frozen=True, slots=True)
class Looked:
    """An event: every target was looked at; nothing was written so far."""

    looks: Sequence[tuple[Place, Look]]
    seconds: float


@dataclass(frozen=True, slots=True)
class Sending:
    """An event: these items go to this place now."""

    place: Place
    items: Sequence[Item]


def run(plan: Plan, release: Release, watch: Watch) -> Iterator[Attempt]:
    """Yield one attempt for each target, tried or skipped, in the order in which they were taken."""
    began = watch.now()
    looks = look_everywhere(plan, release, watch.part(LOOKING))
    watch.tell(Looked([(target.place, seen) for target, seen in looks], watch.now() - began))
    order = list(plan.order(looks))
    while order and not plan.dry_run:
        target, before = order.pop(0)
        attempt = publish_to(plan, target, release, before, watch.part() if order else watch)
        yield attempt
        if watch.over or not plan.goes_on_after(attempt):
            break
    yield from (skipped(target.place, before) for target, before in order)


def skipped(place: Place, before: Look) -> Attempt:
    """A target that was looked at and not tried."""
    return Attempt(place=place, outcome=Done.SKIPPED, before=before, after=before, problem=before.problem)


def look(plan: Plan, target: Target, release: Release, watch: Watch) -> Look:
    """Read a target beside what it must hold."""
    wanted: dict[str, Item] = {}
    try:
        wanted = {item.name: item for item in target.wanted(release)}
        if not wanted:
            raise Invalid("nothing of this release can be held there", code="nothing-to-hold")
        held = {item.name: item for item in target.held(release, watch)}
        for name in wanted.keys() & held.keys():
            _ = wanted[name].sha256  # it may still be in the making: who reads the look does not wait
    except PublishError as problem:
        return Look(wanted=wanted, held={}, problem=problem)
    kept = {name: held[name] for name in wanted if plan.keep and name in held and held[name].sha256 != wanted[name].sha256}
    return Look(wanted={name: item for name, item in wanted.items() if name not in kept}, held=held, kept=kept)


def at_once(calls: Sequence[Callable[[], Found]], watch: Watch) -> list[Found | None]:
    """Make all calls together; None stands for one that did not answer in its time and holds nobody up."""
    pool = ThreadPoolExecutor(len(calls))
    jobs = [pool.submit(call) for call in calls]
    while not watch.over and wait(jobs, 0.1).not_done:
        pass
    pool.shutdown(wait=False)
    return [job.result() if job.done() else None for job in jobs]


def in_time(call: Callable[[], Found], watch: Watch) -> Found:
    """Make a call that may be deaf to the watch, and leave it behind when the run is over; raises what the watch says then, or what the call raised."""
    pool = ThreadPoolExecutor(1)
    job = pool.submit(call)
    pool.shutdown(wait=False)
    while not wait([job], 0.1).done:
        watch.left()
    return job.result()


def look_everywhere(plan: Plan, release: Release, watch: Watch) -> list[tuple[Target, Look]]:
    """Read every target; a place that does not answer is `unavailable`."""
    looks = at_once([partial(look, plan, target, release, watch) for target in plan.targets], watch)
    return [(target, seen or Look(wanted={}, held={}, problem=watch.verdict())) for target, seen in zip(plan.targets, looks, strict=True)]


def publish_to(plan: Plan, target: Target, release: Release, before: Look, watch: Watch) -> Attempt:
    """Bring one target to hold the release, and say what it came to."""
    began = watch.now()
    after, problem, receipt = before, before.problem, None
    if before.state in {State.ABSENT, State.PARTIAL}:
        problem, after = send(plan, target, release, before.missing, watch)
        if problem and problem.kind is Failure.UNAVAILABLE and after.state is State.PARTIAL and not watch.over:  # what a fault swallowed
            problem, after = send(plan, target, release, after.missing, watch)
        if not problem and after.state in {State.ABSENT, State.PARTIAL} and isinstance(target, Witness):
            with suppress(PublishError):
                if all(target.confirms(item, watch) for item in after.wanted.values()):  # late is not failed
                    after = replace(after, held={**after.held, **after.wanted})
    if after.conflicts and after.problem:
        problem = after.problem
    if after.state is State.COMPLETE:
        with suppress(PublishError):
            receipt = target.receipt(release, watch.last() if watch.over else watch)
    return Attempt(
        place=target.place,
        outcome=outcome(before, after, problem),
        before=before,
        after=after,
        receipt=receipt,
        problem=problem,
        seconds=watch.now() - began,
    )


def send(plan: Plan, target: Target, release: Release, items: Sequence[Item], watch: Watch) -> tuple[PublishError | None, Look]:
    """The first item alone shows that the door is open; the rest go together; the first failure keeps others from starting."""
    problem, shown = None, False
    try:
        watch.left()
        upload = target.open(release, watch)
        watch.tell(Sending(target.place, items))
        first, rest = in_turn(items)
        for item in first:
            upload.send(item, watch)
            shown = not (isinstance(upload, Stages) and upload.is_staged)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            jobs = [pool.submit(upload.send, item, watch) for item in rest]
            try:
                for job in as_completed(jobs):
                    job.result()
            finally:
                pool.shutdown(cancel_futures=True)
        upload.finish(watch)
    except PublishError as error:
        problem = error
        problem.reached |= shown  # a clear no to the second file says nothing about the first
    after = settle(plan, target, release, problem, watch)
    return (problem if after.settled else watch.verdict()), after


def in_turn(items: Sequence[Item]) -> tuple[Sequence[Item], Sequence[Item]]:
    """The smallest, which soonest shows whether the door is open, and the rest, the largest first, for they take longest; but sdists after all wheels.

    Whoever installs meanwhile should not have to build.
    """

    def rank(item: Item) -> tuple[bool, int]:
        return isinstance(item, Distribution) and item.filetype is Filetype.SDIST, getattr(item, "size", 0)

    by_size = sorted(items, key=rank)
    return by_size[:1], sorted(by_size[1:], key=lambda item: (rank(item)[0], -rank(item)[1]))


def look_in_time(plan: Plan, target: Target, release: Release, watch: Watch) -> Look:
    """Read a target; a page that takes longer than there is time is none."""
    try:
        return in_time(partial(look, plan, target, release, watch), watch)
    except PublishError as problem:
        return Look(wanted={}, held={}, problem=problem)


def settle(plan: Plan, target: Target, release: Release, problem: PublishError | None, watch: Watch) -> Look:
    """Look until the place has had time to show what it took. A clear no needs one look; a run that is over gets one, unsettled."""
    end = watch.now() + (target.settles if problem is None or problem.reached else 0)
    while True:
        over = watch.over
        after = look_in_time(plan, target, release, watch.last() if over else watch)
        if after.state is State.COMPLETE or after.conflicts:
            return after
        if over or (watch.now() >= end and not watch.over):
            return replace(after, settled=watch.now() >= end)
        watch.wait(min(1.0, target.settles / 10), "it does not show there yet")
