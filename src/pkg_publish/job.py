"""The main job, on one page: Config in, Report out; what happens on the way is told as events."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from pkg_publish import build, permissions, preflight, publish, remarks, verdict
from pkg_publish.clients.disk import BLOCK, appearing, disk
from pkg_publish.config import BuildMode, CheckTag, OnConflict, Verify
from pkg_publish.errors import ConfigError, Mistakes, PublishError
from pkg_publish.explain import explained, foretold
from pkg_publish.install_command import Origin, install_command
from pkg_publish.plan import Plan, make_targets
from pkg_publish.state import Done
from pkg_publish.targets.base import Checks, Source
from pkg_publish.verdict import Remark

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pkg_publish.config import Config
    from pkg_publish.formats.image import Machine
    from pkg_publish.model import CheckRow, Receipt, Release
    from pkg_publish.runner import Runner
    from pkg_publish.state import Attempt
    from pkg_publish.targets.base import Ambient, Gathered, Target
    from pkg_publish.watch import Watch

CHECKING = 10.0
"""Seconds for the checks of targets that were not needed, all together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Began:
    """An event: the run begins; all that the first line of the log says."""

    version: str
    runner: Runner
    python: str
    system: str


@dataclass(frozen=True, slots=True)
class Planned:
    """An event: the configuration is sound, and this will be done."""

    plan: Plan


@dataclass(frozen=True, slots=True)
class Checked:
    """An event: the files are well-formed and hashed."""

    release: Release
    tag: str
    """The tag that the version was compared with; empty when none was."""
    seconds: float


@dataclass(frozen=True, slots=True)
class Spared:
    """An event: a target was not tried, and was asked whether it would work."""

    attempt: Attempt


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One run: what was asked for, and where it runs."""

    config: Config
    ambient: Ambient
    watch: Watch
    """For the build, which has no deadline of ours; its `tell` takes all events."""
    scratch: Path
    """A fresh folder that the edge removes."""
    library: Path | None = None
    """The folder of locked libraries, in which uv lies."""
    origin: Origin = field(default_factory=Origin)
    built: Path | None = None
    """What the build step of the action has built."""
    may_build: bool = True
    """False: the build step of the action has decided that nothing is built."""

    def run(self) -> verdict.Report:
        """Plan, build, check, publish, judge. Expected failures end in the report."""
        began = self.watch.now()
        told = list(remarks.standing(self.config, self.ambient, built=self.built is not None))
        try:
            plan = self.plan()
            if self.built is None:
                self.announce(plan)
            found = self.distributions()
            for remark in remarks.not_built(self.config, found):
                self.watch.tell(remark)
                told.append(remark)
            told += remarks.on_files(self.config, self.ambient, found)
            watch = self.watch.within(self.config.timeout)
            release = publish.in_time(partial(self._release, found, watch), watch)
            if found.built and self.dist and not plan.dry_run:
                publish.in_time(partial(self._copy, release, self.dist), watch)
        except Mistakes as several:
            return verdict.failed_early(several.found, told, seconds=self.watch.now() - began)
        except PublishError as error:
            return verdict.failed_early([error], told, seconds=self.watch.now() - began)
        attempts = list(self._chain(plan, release, watch))
        release = preflight.hashed(release)
        cut = watch.verdict() if watch.over else None
        report = verdict.conclude(plan, release, attempts, told, cut=cut, seconds=self.watch.now() - began)
        if self.config.verify is Verify.INSTALL and report.receipt and not cut:
            report = self._verified(plan, report, release, report.receipt, watch)
        beyond = report.proof is not None and report.proof.beyond
        command = install_command(release, report.receipt, self.origin, beyond=beyond) if report.receipt else ""
        return replace(report, install_command=command)

    def _verified(self, plan: Plan, report: verdict.Report, release: Release, receipt: Receipt, watch: Watch) -> verdict.Report:
        """Install from the first place that holds it, which is the one of the install command."""
        from pkg_publish.verify import Verifier

        source = next(target for target in plan.targets if target.place == report.holding[0].place)
        if not isinstance(source, Source):
            return report
        folder = self.scratch / "proof"
        folder.mkdir(parents=True)
        verifier = Verifier(release=release, source=source, receipt=receipt, folder=folder, environ=self.ambient.environ, watch=watch)
        try:
            found = verifier.verify()
        except PublishError as problem:
            if watch.over:
                problem.what = f"{problem.what}, and the release, which is there, was not yet installed to prove it"
            return replace(report, problems=(*report.problems, problem), exit_code=report.exit_code or problem.kind.exit_code)
        if isinstance(found, Remark):
            return replace(report, remarks=(*report.remarks, found))
        return replace(report, proof=found)

    def plan(self) -> Plan:
        """Make the targets, and see that there is a tag if one is asked for; raises `Mistakes`."""
        config, runner = self.config, self.ambient.runner
        return Plan(
            targets=self._targets(),
            strategy=config.strategy,
            fall_back_on=frozenset(config.fall_back_on),
            keep=config.on_conflict is OnConflict.KEEP,
            dry_run=config.dry_run or runner.is_pull_request,
            in_workflow=runner.is_actions,
            job_token=self.ambient.environ.get("PKG_PUBLISH_JOB_TOKEN") == "true" and runner.event_name != "release",
        )

    def _targets(self) -> tuple[Target, ...]:
        config = self.config
        mistakes: list[PublishError] = []
        try:
            self._tag()
        except ConfigError as no_tag:
            mistakes.append(no_tag)
        try:
            ambient = replace(self.ambient, gather=self._gather)
            targets = make_targets(config.targets, ambient, first=config.strategy == "first", allow_public=config.allow_public)
        except Mistakes as several:
            raise Mistakes([*several.found, *mistakes]) from None
        Mistakes.raise_any(mistakes)
        return targets

    def _gather(self, release: Release, extras: str, machine: Machine, watch: Watch) -> Gathered:
        """Install for an image; most runs make none."""
        gather = build.Gatherer(project=self.project, scratch=self.scratch / "images", environ=self.ambient.environ, library=self.library)
        return gather(release, extras, machine, watch)

    def announce(self, plan: Plan) -> None:
        """Tell what will be done, and what is known to keep a target from it before the project is built."""
        self.watch.tell(Planned(plan))
        if self.may_build and self.builds:
            for remark in remarks.obstacles(plan, self.ambient):
                self.watch.tell(remark)

    @property
    def project(self) -> Path:
        """The folder of the project."""
        return self.ambient.folder / self.config.project_dir

    @property
    def dist(self) -> Path | None:
        """The folder of distributions that the user named."""
        return None if self.config.dist_dir is None else self.project / self.config.dist_dir

    @property
    def builds(self) -> bool:
        """Whether this run has to build."""
        if self.config.build is BuildMode.AUTO:
            return self.dist is None or not preflight.holds_distributions(self.dist)
        return self.config.build is BuildMode.ALWAYS

    def distributions(self) -> preflight.Found:
        """Build, or find what lies in `dist-dir`."""
        if self.built is None and not (self.may_build and self.builds):
            return preflight.collect(self.dist or self.project / "dist")
        return replace(preflight.collect(self.built or self._build()), built=True)

    def _build(self) -> Path:
        return build.run(
            build.BuildSettings(
                project=self.project,
                formats=self.config.formats,
                into=self.scratch / "dist",
                environ=self.ambient.environ,
                allow=self.config.build_env,
                library=self.library,
            ),
            self.watch,
        )

    def _release(self, found: preflight.Found, watch: Watch) -> Release:
        began = self.watch.now()
        release = preflight.check(found, self.watch.tell, watch.left)
        tag = self._tag()
        if found.built and (shallow := build.shallow_version(self.project, release.version, self.ambient.environ)):
            raise shallow
        if tag and (differs := preflight.tag_differs(release, tag)):
            raise differs
        self.watch.tell(Checked(release, tag, self.watch.now() - began))
        return release

    @staticmethod
    def _copy(release: Release, folder: Path) -> None:
        """Put what was built, and found sound, where the user wants to have it."""
        with disk(f"copying the distributions to {folder}"):
            folder.mkdir(parents=True, exist_ok=True)
            for each in release.distributions:
                with each.open() as file, appearing(folder / each.name) as copy:
                    shutil.copyfileobj(file, copy, BLOCK)

    def _tag(self) -> str:
        """The tag to compare the version with; empty when it shall not be compared. Raises `ConfigError` when one is asked for and there is none."""
        tag = self.ambient.runner.tag
        if self.config.check_tag is CheckTag.TRUE and not tag:
            raise ConfigError(
                "check-tag asks for a tag, and no tag triggered this run",
                code="tag-mismatch",
                cure="Publish from a tag or a release, or leave check-tag on auto, which compares where there is one.",
                paste="with:\n  check-tag: auto",
            )
        return "" if self.config.check_tag is CheckTag.FALSE else tag

    def _chain(self, plan: Plan, release: Release, watch: Watch) -> Iterator[Attempt]:
        """Walk the targets, explain what they came to, ask those that were not needed whether they would work."""
        targets = {target.place: target for target in plan.targets}
        waiting = []
        for attempt in publish.run(plan, release, watch):
            told = self._for_all(plan, explained(attempt, targets[attempt.place], release, watch.last()))
            if told.outcome is Done.SKIPPED:
                waiting.append(told)
                continue
            watch.tell(told)
            yield told
        decides = plan.dry_run and not self.ambient.runner.is_pull_request  # whose jobs may do less than those that publish
        for found in _checked(waiting, [targets[each.place] for each in waiting], watch):
            checked = self._for_all(plan, foretold(found)) if decides else found
            if plan.dry_run or checked.would_work is not False:  # else a warning says it
                watch.tell(Spared(checked))
            yield checked

    def _for_all(self, plan: Plan, attempt: Attempt) -> Attempt:
        """Its problem asks for the permissions that the other targets need too."""
        if attempt.problem:
            attempt.problem.paste = permissions.for_all(attempt.problem.paste, plan.targets, self.ambient.tokens)
        return attempt


def _checked(attempts: Sequence[Attempt], targets: Sequence[Target], watch: Watch) -> list[Attempt]:
    """Ask every target that was not tried for its own check; one that does not answer in time is not known."""
    if watch.over or not attempts:
        return list(attempts)
    found = publish.at_once([partial(_rows, target, watch.part(CHECKING)) for target in targets], watch.part(CHECKING))
    return [replace(attempt, checks=rows or ()) for attempt, rows in zip(attempts, found, strict=True)]


def _rows(target: Target, watch: Watch) -> tuple[CheckRow, ...]:
    return tuple(target.check(watch)) if isinstance(target, Checks) else ()
