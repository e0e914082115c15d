"""The main job, on one page: Config in, Report out; what happens on the way is told as events."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from pkg_publish import build, permissions, preflight, publish, verdict
from pkg_publish.clients.disk import disk
from pkg_publish.config import BuildMode, CheckTag, Format, OnConflict, Verify
from pkg_publish.errors import ConfigError, Mistakes, PublishError
from pkg_publish.explain import BUILD_ONCE, explained, foretold
from pkg_publish.install_command import Origin, install_command
from pkg_publish.plan import Plan, make_targets
from pkg_publish.state import Done
from pkg_publish.targets.base import Checks, Source
from pkg_publish.verdict import Level, Remark
from pkg_publish.verify import Verifier
from pkg_publish.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pkg_publish.config import Config
    from pkg_publish.model import CheckRow, Receipt, Release
    from pkg_publish.runner import Runner
    from pkg_publish.state import Attempt
    from pkg_publish.targets.base import Ambient, Target

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
        remarks = list(self._standing_remarks())
        try:
            plan = self.plan()
            if self.built is None:
                self.watch.tell(Planned(plan))
            found = self.distributions()
            for remark in self._not_built(found):
                self.watch.tell(remark)
                remarks.append(remark)
            remarks += [*_strangers(found), *self._inside(found)]
            release = self._release(found)
            if found.built and self.dist and not plan.dry_run:
                self._copy(release, self.dist)
        except Mistakes as several:
            return verdict.failed_early(several.found, remarks, seconds=self.watch.now() - began)
        except PublishError as error:
            return verdict.failed_early([error], remarks, seconds=self.watch.now() - began)
        watch = Watch(self.config.timeout, self.watch.tell, stop=self.watch.stop)
        attempts = list(self._chain(plan, release, watch))
        cut = watch.verdict() if watch.over else None
        report = verdict.conclude(plan, release, attempts, remarks, cut=cut, seconds=self.watch.now() - began)
        if self.config.verify is Verify.INSTALL and report.receipt and not cut:
            report = self._verified(plan, report, release, report.receipt)
        command = install_command(release, report.receipt, self.origin) if report.receipt else ""
        return replace(report, install_command=command)

    def _verified(self, plan: Plan, report: verdict.Report, release: Release, receipt: Receipt) -> verdict.Report:
        """Install from the first place that holds it, which is the one of the install command."""
        source = next(target for target in plan.targets if target.place == report.holding[0].place)
        if not isinstance(source, Source):
            return report
        folder = self.scratch / "proof"
        folder.mkdir(parents=True)
        verifier = Verifier(release=release, source=source, receipt=receipt, folder=folder, environ=self.ambient.environ, watch=self.watch)
        try:
            found = verifier.verify()
        except PublishError as problem:
            return replace(report, problems=(*report.problems, problem), exit_code=report.exit_code or problem.kind.exit_code)
        if isinstance(found, Remark):
            return replace(report, remarks=(*report.remarks, found))
        return replace(report, proof=found)

    def plan(self) -> Plan:
        """Make the targets; raises `Mistakes`."""
        config, runner = self.config, self.ambient.runner
        gather = build.Gatherer(project=self.project, scratch=self.scratch / "images", environ=self.ambient.environ, library=self.library)
        return Plan(
            targets=make_targets(config.targets, replace(self.ambient, gather=gather), first=config.strategy == "first", allow_public=config.allow_public),
            strategy=config.strategy,
            fall_back_on=frozenset(config.fall_back_on),
            keep=config.on_conflict is OnConflict.KEEP,
            dry_run=config.dry_run or runner.is_pull_request,
            in_workflow=runner.is_actions,
            job_token=self.ambient.environ.get("PKG_PUBLISH_JOB_TOKEN") == "true" and runner.event_name != "release",
        )

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

    def _release(self, found: preflight.Found) -> Release:
        began = self.watch.now()
        release = preflight.check(found, self.watch.tell)
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
                shutil.copyfile(each.path, folder / each.name)

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

    def _standing_remarks(self) -> Iterator[Remark]:
        """What is worth knowing however the run ends."""
        runner = self.ambient.runner
        if runner.is_pull_request and not runner.is_untrusted and not self.config.dry_run:
            yield Remark(level=Level.NOTICE, text="Nothing is published from a pull request: this is a dry run.", code="pull-request")
        for kind in ("pypi", "testpypi"):
            if f"{kind}-token" in self.ambient.tokens and all(spec.kind != kind for spec in self.config.targets):
                name = f"`{kind}-token`" if runner.is_actions else f"{kind.upper()}_TOKEN"
                yield Remark(level=Level.NOTICE, text=f"{name} is given, and {kind} is no target: it is used for nothing.", code="token-not-used")
        if self.built and (held := ", ".join(self._identities())):
            text = f"The project's build ran in a job that holds {held}: whatever runs in a job can reach what its later steps are given."
            yield Remark(level=Level.NOTICE, text=f"{text} Build in a job of its own.", code="build-beside-identity", paste=BUILD_ONCE)

    def _not_built(self, found: preflight.Found) -> Iterator[Remark]:
        """Files of an earlier run or step, where somebody may think that they were built by this one."""
        if self.config.build is BuildMode.AUTO and self.dist and not found.built:
            number = len(found.paths)
            text = f"Nothing was built: {self.config.dist_dir} held {number} {'file' if number == 1 else 'files'} already. To build, say so, or empty it."
            yield Remark(level=Level.NOTICE, text=text, code="nothing-built", paste="with:\n  build: always")

    def _inside(self, found: preflight.Found) -> Iterator[Remark]:
        """Where a build that packs all it finds would pack what was published."""
        project = self.project.resolve()
        lasts = not self.ambient.runner.is_actions  # the next job has a fresh checkout
        for spec in self.config.targets if lasts and found.built and Format.SDIST in self.config.formats else ():
            path = spec.options.get("path", "")
            if path and (self.ambient.folder / path).resolve().is_relative_to(project):
                text = f"The folder {path} lies inside of the project: the next sdist that is built here may contain it, and be another one."
                yield Remark(
                    level=Level.NOTICE, text=f"{text} Exclude it in the project's settings, or publish to a folder outside.", code="target-inside-project"
                )

    def _identities(self) -> Iterator[str]:
        """What somebody who owns a build dependency would like to have."""
        if "ACTIONS_ID_TOKEN_REQUEST_URL" in self.ambient.environ:
            yield "`id-token: write`"
        if self.ambient.tokens.keys() & {"pypi-token", "testpypi-token"}:
            yield "a token of an index"
        checkout = self.ambient.folder / ".git" / "config"
        if checkout.is_file() and any(word in checkout.read_text(encoding="utf-8", errors="replace").lower() for word in ("extraheader", "git-credentials")):
            yield "the checkout's token (`persist-credentials: false` would not keep it)"


def _strangers(found: preflight.Found) -> Iterator[Remark]:
    """What lies among the distributions and is none."""
    if found.strangers:
        names = ", ".join(found.strangers[:5]) + (" …" if len(found.strangers) > 5 else "")  # noqa: PLR2004 - enough to know them by
        yield Remark(level=Level.NOTICE, text=f"Not published, since no distribution: {names}", code="stray-files")


def _checked(attempts: Sequence[Attempt], targets: Sequence[Target], watch: Watch) -> list[Attempt]:
    """Ask every target that was not tried for its own check; one that does not answer in time is not known."""
    if watch.over or not attempts:
        return list(attempts)
    found = publish.at_once([partial(_rows, target, watch.part(CHECKING)) for target in targets], watch.part(CHECKING))
    return [replace(attempt, checks=rows or ()) for attempt, rows in zip(attempts, found, strict=True)]


def _rows(target: Target, watch: Watch) -> tuple[CheckRow, ...]:
    return tuple(target.check(watch)) if isinstance(target, Checks) else ()
