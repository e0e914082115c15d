"""What would be published: the distributions that are there, else what the project says of itself without being built; and whether PyPI would take it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name

from pkg_publish import build, declared, preflight
from pkg_publish.config import CheckTag
from pkg_publish.errors import BuildError, ConfigError, Failure, Mistakes, PublishError
from pkg_publish.formats import foreign, pypi_rules
from pkg_publish.model import CheckRow, Release, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pkg_publish.job import Job

LISTED = 20
"""Sound files that have a row of their own."""

KEPT = "PyPI's rules are kept, as far as they are known without asking it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What there is to publish, and rows about it."""

    rows: tuple[CheckRow, ...]
    release: Release | None = None
    """None: it has to be built first."""
    project: str = ""
    version: str = ""

    def subject(self, *, deep: bool) -> Subject:
        """What targets are asked about."""
        return Subject(project=self.project, version=self.version, files=self.release.distributions if self.release else (), deep=deep)


def find(job: Job, *, at_pypi: bool) -> Found:
    """Read the files, or the project if a publish would build it; `at_pypi`: PyPI's rules count, since it is among the targets."""
    try:
        if job.builds:
            return _of_project(job, at_pypi=at_pypi)
        return _of_release(job, preflight.check(preflight.collect(job.dist or job.project / "dist")), at_pypi=at_pypi)
    except Mistakes as several:
        return Found(rows=tuple(CheckRow.of("distributions", each) for each in several.found))
    except PublishError as problem:
        return Found(rows=(CheckRow.of("distributions", problem),))


def _of_release(job: Job, release: Release, *, at_pypi: bool) -> Found:
    rows: list[CheckRow] = []
    sound: list[CheckRow] = []
    for each in release.distributions:
        broken = list(pypi_rules.of_file(each.name, each.size, each.metadata))
        rows += [_broken(each.name, why, at_pypi=at_pypi) for why in broken]
        sound += [] if broken else [CheckRow(check=each.name, found=f"well-formed, {each.size} bytes, sha256 {each.sha256}", means=KEPT)]
    rows += sound[:LISTED]
    more = len(sound) - LISTED
    if more > 0:
        rows.append(CheckRow(check=f"{more} more", found="well-formed", means=KEPT))
    if pypi_rules.is_rendered(release.distributions[0].metadata):
        means = "PyPI refuses a description in reStructuredText that it cannot render"
        rows.append(CheckRow(check="description", found="not rendered here", means=means, do="`twine check` renders it", ok=None))
    theirs = declared.name(job.project)
    if theirs not in {"", release.project}:
        means = f"the project in {job.config.project_dir} is {theirs}"
        rows.append(
            CheckRow(
                check="project",
                found=f"the files are those of {release.project}",
                means=means,
                do="see whether `dist-dir` is the right one",
                ok=None,
                code="another-project",
            )
        )
    rows += _tag(job, release)
    return Found(rows=tuple(rows), release=release, project=release.project, version=release.version)


def _of_project(job: Job, *, at_pypi: bool) -> Found:
    path = job.project / "pyproject.toml"
    table = declared.table(job.project)
    if not table:
        if not os.path.isfile(path) and not os.path.isfile(job.project / "setup.py"):  # noqa: PTH113 - which raise nothing where a folder cannot be read
            raise ConfigError(
                f"there is no project in {job.project}",
                code="project-not-found",
                cure="Name the folder that has a `pyproject.toml` or a `setup.py` with `project-dir`.",
            )
        if why := declared.broken(job.project):
            raise BuildError(f"pyproject.toml cannot be read: {why}", code="build-failed", cure="Mend it there: nothing can build the project as it is.")
        do = "build it, then ask again with `dist-dir: dist`"
        unknown = CheckRow(check="project", found="its name and version are known only when it is built", do=do, ok=None)
        return Found(rows=(unknown, _builder(job), *_passed_by(job)))
    project, version = canonicalize_name(table["name"]), _version(table)
    when = "and has to be built" if version else "and its version is known only when it is built"
    broken = [_broken("pyproject.toml", why, at_pypi=at_pypi) for why in pypi_rules.of_project(table)]
    found = f"{project} {version}".strip() + f", as pyproject.toml says, {when}"
    rows = [CheckRow(check="project", found=found, means="" if broken else KEPT, ok=True if version else None), *broken]
    rows += [_builder(job), *_passed_by(job)]
    rows += _tag(job, Release(project=project, version=version, distributions=())) if version else ()
    return Found(rows=tuple(rows), project=project, version=version)


def _builder(job: Job) -> CheckRow:
    """The Python that would run the build."""
    try:
        python = build.builder(job.project, job.library, job.ambient.environ)
    except PublishError as problem:
        return CheckRow.of("Python to build with", problem)
    return CheckRow(check="Python to build with", found=f"{python.version}, at {python.path}", means="the first on PATH that runs")


def _passed_by(job: Job) -> Iterator[CheckRow]:
    """Files of an earlier build, which somebody may take for those that a publish sends."""
    if job.dist is None and preflight.holds_distributions(job.project / "dist"):
        means = "a publish builds anew, and does not look at them"
        yield CheckRow(check="dist", found="it holds distributions of an earlier build", means=means, do="to publish those: `dist-dir: dist`")


def _version(table: dict[str, Any]) -> str:
    return str(foreign.version(str(table.get("version", ""))) or "")


def _broken(name: str, why: str, *, at_pypi: bool) -> CheckRow:
    """What PyPI would refuse; where it is no target, its rules are only told."""
    means = "PyPI would refuse it" if at_pypi else "PyPI would refuse it, and is no target here"
    failure = Failure.INVALID if at_pypi else None
    return CheckRow(check=name, found=why, means=means, do="mend it in the project", ok=False if at_pypi else None, failure=failure, code="file-refused")


def _tag(job: Job, release: Release) -> Iterator[CheckRow]:
    """Whether the tag that began the run names the version."""
    tag = job.ambient.runner.tag
    if tag and job.config.check_tag is not CheckTag.FALSE:
        differs = preflight.tag_differs(release, tag)
        yield CheckRow.of("tag", differs) if differs else CheckRow(check="tag", found=f"{tag} names the version {release.version}")
