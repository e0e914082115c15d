"""What would be published: the distributions that are there, else what the project says of itself without being built; and whether PyPI would take it."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from pkg_publish import preflight
from pkg_publish.config import BuildMode, CheckTag
from pkg_publish.errors import ConfigError, Failure, Mistakes, PublishError
from pkg_publish.formats import pypi_rules
from pkg_publish.model import CheckRow, Release, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pkg_publish.job import Job

LISTED = 20
"""Sound files that have a row of their own."""

KEPT = "PyPI's rules are kept, as far as they are known without asking it"

LONGEST = 1 << 20
"""Bytes that are read of a `pyproject.toml`."""


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
    """Read files or project; `at_pypi`: PyPI's rules count, since it is among the targets."""
    folder = job.dist or job.project / "dist"
    try:
        if preflight.holds_distributions(folder) and job.config.build is not BuildMode.ALWAYS:
            return _of_release(job, preflight.check(preflight.collect(folder)), at_pypi=at_pypi)
        if job.config.build is BuildMode.NEVER:
            preflight.collect(folder)
        return _of_project(job, at_pypi=at_pypi)
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
    rows += _tag(job, release)
    return Found(rows=tuple(rows), release=release, project=release.project, version=release.version)


def _of_project(job: Job, *, at_pypi: bool) -> Found:
    path = job.project / "pyproject.toml"
    table = _table(path)
    if not table:
        if not path.is_file() and not (job.project / "setup.py").is_file():
            raise ConfigError(
                f"there is no project in {job.project}",
                code="project-not-found",
                cure="Name its folder with `project-dir`.",
                paste="with:\n  project-dir: python",
            )
        return Found(rows=(CheckRow(check="project", found="its name and version are known only when it is built", do="build it, then ask again", ok=None),))
    project, version = canonicalize_name(str(table.get("name", ""))), _version(table)
    when = "and has to be built" if version else "and its version is known only when it is built"
    broken = [_broken("pyproject.toml", why, at_pypi=at_pypi) for why in pypi_rules.of_project(table)]
    found = f"{project} {version}".strip() + f", as pyproject.toml says, {when}"
    rows = [CheckRow(check="project", found=found, means="" if broken else KEPT, ok=True if version else None), *broken]
    rows += _tag(job, Release(project=project, version=version, distributions=())) if version else ()
    return Found(rows=tuple(rows), project=project, version=version)


def _table(path: Path) -> dict[str, Any]:
    """The table `project`; empty when there is none that can be read."""
    try:
        with path.open("rb") as file:
            found = tomllib.loads(file.read(LONGEST).decode()).get("project")
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) and isinstance(found.get("name"), str) else {}


def _version(table: dict[str, Any]) -> str:
    try:
        return str(Version(str(table.get("version", ""))))
    except InvalidVersion:
        return ""


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
