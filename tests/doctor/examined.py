"""A job at the doctor's, and what he finds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pkg_publish.config import Config
from pkg_publish.doctor import Diagnosis, Examination
from pkg_publish.job import Job
from pkg_publish.runner import Runner
from pkg_publish.targets.base import Ambient
from pkg_publish.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pkg_publish.model import CheckRow


class Patient:
    """A folder to publish from, and where that would run."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self.folder = folder
        self.runner = Runner()
        self.environ = {"PATH": str(programs)}
        self.tokens: dict[str, str] = {}

    def job(self, **given: str) -> Job:
        """The job with these inputs."""
        known = {name.replace("_", "-"): text for name, text in given.items()}
        built = {"dist-dir": "dist"} if (self.folder / "dist").is_dir() else {}
        config = Config.read({"targets": "directory=out"} | built | self.tokens | known)
        ambient = Ambient(folder=self.folder, environ=self.environ, runner=self.runner, tokens=config.tokens, allow_public=config.allow_public)
        return Job(config=config, ambient=ambient, watch=Watch(60, print), scratch=self.folder / "scratch")

    def examine(self, given: Mapping[str, str] | None = None, *, deep: bool = False, seconds: float = 60, **more: str) -> Diagnosis:
        """Find all."""
        return Examination(job=self.job(**(given or {}), **more), deep=deep, seconds=seconds).run()


def rows(found: Diagnosis, title: str) -> dict[str, CheckRow]:
    """Those of one group, by the name of the check."""
    (group,) = (each for each in found.groups if each.title == title)
    return {row.check: row for row in group.rows}
