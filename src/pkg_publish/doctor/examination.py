"""The examination, on one page: every check at once, in threads, within one deadline; nothing is written that stays."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from pkg_publish import permissions, publish
from pkg_publish.doctor import credentials, distributions, machine, places
from pkg_publish.doctor.diagnosis import Diagnosis, Group
from pkg_publish.errors import ConfigError, Failure, Mistakes
from pkg_publish.model import CheckRow
from pkg_publish.plan import Plan, make_targets
from pkg_publish.targets import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pkg_publish.errors import PublishError
    from pkg_publish.job import Job
    from pkg_publish.targets.base import Ambient, Target, TargetSpec
    from pkg_publish.watch import Watch

SECONDS = 60.0
"""For all checks together; one that has not answered after half of it is not waited for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """One visit at the doctor's: the job that would publish, and how far to go."""

    job: Job
    deep: bool = False
    """Begin an upload at GHCR, which nobody can cancel, to learn whether it is allowed."""
    seconds: float = SECONDS

    def run(self) -> Diagnosis:
        """Ask everything at once; whatever fails is a row."""
        config, ambient = self.job.config, self.job.ambient
        watch = self.job.watch.within(self.seconds)
        began = watch.now()
        targets, mistakes = self._targets()
        untrusted = next((each for each in mistakes if each.code == "untrusted-event"), None)
        found = self._found(targets, watch.part())
        calls: list[Callable[[], list[CheckRow]]]
        questions = {"GitHub token": credentials.github_token, "id-token": credentials.identity}
        kept: list[list[CheckRow]] = [[] for _ in targets]
        calls = [partial(self._of, target, targets, found, watch.part(), into) for target, into in zip(targets, kept, strict=True)]
        calls += [partial(self._held, ask, watch.part()) for ask in questions.values()]
        answers = publish.at_once(calls, watch.part())
        held = [row for name, rows in zip(questions, answers[len(targets) :], strict=True) for row in _answered(name, rows)]
        groups = [
            Group(title="this machine", rows=tuple(machine.machine(ambient.runner))),
            Group(title="the event", rows=tuple(machine.event(ambient.runner, ambient.environ, untrusted))),
            Group(title="what the job holds", rows=(*held, *credentials.index_tokens(ambient))),
            Group(title="what would be published", rows=found.rows),
            *(
                Group(title=each.place.name, rows=_answered("answer", rows, before), place=each.place)
                for each, rows, before in zip(targets, answers, kept, strict=False)
            ),
        ]
        if wrong := [CheckRow.of("targets", each) for each in mistakes if each is not untrusted]:
            groups.insert(0, Group(title="the configuration", rows=tuple(wrong)))
        return Diagnosis(
            groups=tuple(self._for_all(each, targets) for each in groups),
            strategy=config.strategy,
            fall_back_on=frozenset(config.fall_back_on),
            project=found.project,
            version=found.version,
            dry=ambient.runner.is_pull_request and not untrusted,
            seconds=watch.now() - began,
        )

    def _for_all(self, group: Group, targets: Sequence[Target]) -> Group:
        """Whoever pastes one list of permissions takes away what is not in it."""
        rows = [replace(row, paste=permissions.for_all(row.paste, targets, self.job.ambient.tokens)) for row in group.rows]
        return replace(group, rows=tuple(rows))

    def _held(self, ask: Callable[[Sequence[TargetSpec], Ambient, Watch], Iterable[CheckRow]], watch: Watch) -> list[CheckRow]:
        return list(ask(self.job.config.targets, self.job.ambient, watch))

    def _found(self, targets: Sequence[Target], watch: Watch) -> distributions.Found:
        """What would be published; a row that says so, if that takes too long to read."""
        find = partial(distributions.find, self.job, at_pypi=any(each.place.kind in credentials.INDEXES for each in targets))
        (found,) = publish.at_once([find], watch)
        return found or distributions.Found(rows=_answered("distributions", None))

    def _targets(self) -> tuple[Sequence[Target], Sequence[PublishError]]:
        """The targets that can be made, and all that is wrong with them together."""
        config, ambient = self.job.config, self.job.ambient
        try:
            return make_targets(config.targets, ambient, first=config.strategy == "first", allow_public=config.allow_public), ()
        except Mistakes as several:
            mistakes = several.found
        targets = []
        for spec in config.targets:
            with suppress(ConfigError):  # it is among the mistakes
                targets.append(KINDS[spec.kind].make(spec, replace(ambient, reads_only=True)))  # without a login, what everybody may see
        return targets, mistakes

    def _of(self, target: Target, targets: Sequence[Target], found: distributions.Found, watch: Watch, into: list[CheckRow]) -> list[CheckRow]:
        """Its rows; `into` holds those that came, if the rest comes too late."""
        plan = Plan(targets=targets, strategy=self.job.config.strategy, keep=self.job.config.on_conflict == "keep")
        into.extend(places.rows(plan, target, found, found.subject(deep=self.deep), watch))
        nothing_there = any(row.failure is Failure.UNSUPPORTED for row in into)
        return list(into) if nothing_there else [places.reader(target, self.job.ambient.runner), *into]


def _answered(check: str, rows: list[CheckRow] | None, before: Sequence[CheckRow] = ()) -> tuple[CheckRow, ...]:
    """Rows; None: they did not come in time, but for those `before`."""
    if rows is None:
        return (*before, CheckRow.silence(check, "none in time"))
    return tuple(rows)
