"""The examination, on one page: every check at once, in threads, within one deadline; nothing is written that stays."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from pkg_publish import publish
from pkg_publish.doctor import credentials, distributions, machine, places
from pkg_publish.doctor.diagnosis import Diagnosis, Group
from pkg_publish.errors import ConfigError, Mistakes
from pkg_publish.model import CheckRow
from pkg_publish.plan import Plan, make_targets
from pkg_publish.targets import KINDS
from pkg_publish.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pkg_publish.errors import PublishError
    from pkg_publish.job import Job
    from pkg_publish.targets.base import Target

SECONDS = 60.0
"""For all checks together; one that has not answered after half of it is not waited for."""

OF_THE_INDEXES = {"pypi", "testpypi"}


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
        watch = Watch(self.seconds, self.job.watch.tell, stop=self.job.watch.stop)
        began = watch.now()
        targets, mistakes = self._targets()
        untrusted = next((each for each in mistakes if each.code == "untrusted-event"), None)
        found = distributions.find(self.job, at_pypi=any(each.place.kind in OF_THE_INDEXES for each in targets))
        calls: list[Callable[[], list[CheckRow]]] = [partial(self._of, target, targets, found, watch.part()) for target in targets]
        calls.append(
            lambda: [*credentials.github_token(ambient, watch.part()), *credentials.identity(ambient, watch.part()), *credentials.index_tokens(ambient)]
        )
        *answers, held = publish.at_once(calls, watch.part())
        groups = [
            Group(title="this machine", rows=tuple(machine.machine(ambient.runner))),
            Group(title="the event", rows=tuple(machine.event(ambient.runner, ambient.environ, untrusted))),
            Group(title="what the job holds", rows=_answered("id-token", held)),
            Group(title="what would be published", rows=found.rows),
            *(Group(title=each.place.name, rows=_answered("answer", rows), place=each.place) for each, rows in zip(targets, answers, strict=True)),
        ]
        if wrong := [CheckRow.of("targets", each) for each in mistakes if each is not untrusted]:
            groups.insert(0, Group(title="the configuration", rows=tuple(wrong)))
        return Diagnosis(
            groups=tuple(groups),
            strategy=config.strategy,
            fall_back_on=frozenset(config.fall_back_on),
            project=found.project,
            version=found.version,
            seconds=watch.now() - began,
        )

    def _targets(self) -> tuple[Sequence[Target], Sequence[PublishError]]:
        """The targets that can be made, and all that is wrong with them together."""
        config, ambient = self.job.config, self.job.ambient
        try:
            return make_targets(config.targets, ambient, first=config.strategy == "first", allow_public=config.allow_public), ()
        except Mistakes as several:
            mistakes = several.found
        targets = []
        for spec in config.targets:
            try:
                targets.append(KINDS[spec.kind].make(spec, ambient))
            except ConfigError:
                continue  # it is among the mistakes
        return targets, mistakes

    def _of(self, target: Target, targets: Sequence[Target], found: distributions.Found, watch: Watch) -> list[CheckRow]:
        plan = Plan(targets=targets, strategy=self.job.config.strategy, keep=self.job.config.on_conflict == "keep")
        subject = found.subject(deep=self.deep)
        return [places.reader(target, self.job.ambient.runner), *places.rows(plan, target, found, subject, watch)]


def _answered(check: str, rows: list[CheckRow] | None) -> tuple[CheckRow, ...]:
    """Rows; None: they did not come in time."""
    if rows is None:
        return (CheckRow(check=check, found="none in time", means="nothing is known of it", do="ask again", ok=None),)
    return tuple(rows)
