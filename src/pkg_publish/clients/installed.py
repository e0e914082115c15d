"""A folder that wheels were installed into, as an image shall have it: what belongs to the project, what to others, and which programs there are.

What an installer writes of itself and of this machine is left out or written anew, so that the same wheels give the same files everywhere.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from calendar import timegm
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import distributions
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from pkg_publish.clients.disk import disk
from pkg_publish.formats.image import LIBRARIES, SCRIPTS
from pkg_publish.formats.image_layers import Member

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from importlib.metadata import Distribution, EntryPoint
    from pathlib import Path
    from typing import BinaryIO

    from pkg_publish.model import LocalFile

OF_THE_INSTALLER = frozenset({"REQUESTED", "direct_url.json", "uv_cache.json", ".lock"})
"""Names of files that say how and where it was installed."""

LONG_AGO = 315532800
"""Seconds since 1970, the first of 1980, before which zip knows no time."""

_NAME = re.compile(r"\w[\w.-]*")
"""What the name of a program may be (https://packaging.python.org/en/latest/specifications/entry-points/#data-model), and no path."""

SHEBANG = b"#!/usr/bin/env python3"
MOST = 256
"""Bytes of a first line that names an interpreter: no system takes more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """The files of one installation, sorted into those of the project and all others."""

    project: Sequence[Member]
    others: Sequence[Member]
    scripts: Sequence[str]
    """The names of the project's own programs, sorted."""

    @classmethod
    def read(cls, folder: Path, project: str) -> Installed:
        """Read a folder that `uv pip install --target` has filled; `project` is a normalised name."""
        found: dict[bool, list[Member]] = {True: [], False: []}
        scripts: list[str] = []
        with disk(f"reading what was installed into {folder}"):
            for each in sorted(distributions(path=[str(folder)]), key=lambda each: each.name):
                own = canonicalize_name(each.name) == project
                programs = {point.name: point for point in each.entry_points if point.group == "console_scripts" and _NAME.fullmatch(point.name)}
                found[own] += [*_files(folder, each, programs), *map(_script, programs.values())]
                scripts += sorted(programs) if own else []
        return cls(project=found[True], others=found[False], scripts=scripts)

    @property
    def programs(self) -> list[str]:
        """The names of all programs, sorted."""
        start = f"{SCRIPTS}/"
        return sorted(each.name.removeprefix(start) for each in (*self.project, *self.others) if each.name.startswith(start))

    def has_module(self, name: str) -> bool:
        """Whether `python -m` can run it."""
        names = {each.name for each in self.project}
        return bool(names & {f"{LIBRARIES}/{name}.py", f"{LIBRARIES}/{name}/__main__.py"})


def _files(folder: Path, distribution: Distribution, programs: Mapping[str, EntryPoint]) -> Iterator[Member]:
    """All that its `RECORD` lists, but what the installer made of itself, of this machine, or beside the folder."""
    for each in distribution.files or ():
        name, path = each.as_posix(), folder / each
        if each.name in OF_THE_INSTALLER or each.suffix == ".pyc" or ".." in each.parts or not path.is_file():
            continue
        if each.parts[0] == "bin":
            if each.name not in programs:
                yield _program(f"{SCRIPTS}/{each.name}", path)
        elif each.name == "RECORD":
            yield Member.of(f"{LIBRARIES}/{name}", _record(path))
        else:
            yield _member(f"{LIBRARIES}/{name}", path)


def _member(name: str, path: Path) -> Member:
    facts = path.stat()
    return Member(name=name, size=facts.st_size, content=partial(_opened, path), runs=bool(facts.st_mode & 0o100))


def _opened(path: Path) -> BinaryIO:
    return path.open("rb")


def _program(name: str, path: Path) -> Member:
    """A program that a wheel brings; where the installer has named this machine's Python, the image's is named."""
    with path.open("rb") as file:
        first = file.readline(MOST)
        if not (first.startswith(b"#!") and b"python" in first):
            return replace(_member(name, path), runs=True)
        return Member.of(name, SHEBANG + b"\n" + file.read(), runs=True)


def _record(path: Path) -> bytes:
    """`RECORD` without the lines of files that are not in the image, or are others there."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.reader(file) if not (row[0].startswith("bin/") or row[0].rpartition("/")[2] in OF_THE_INSTALLER or row[0].endswith(".pyc"))]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(sorted(rows))
    return text.getvalue().encode()


def _script(point: EntryPoint) -> Member:
    """A program of the project, as installers write it (https://packaging.python.org/en/latest/specifications/entry-points/)."""
    first = point.attr.partition(".")[0]
    text = f"import sys\nfrom {point.module} import {first}\n\nif __name__ == '__main__':\n    sys.exit({point.attr}())\n"
    return Member.of(f"{SCRIPTS}/{point.name}", SHEBANG + b"\n" + text.encode(), runs=True)


def newest(wheel: LocalFile) -> int:
    """The time of the newest file in a wheel, seconds since 1970: the time of its build, if that was given one; `LONG_AGO` if no file has a time."""
    with wheel.open() as file, zipfile.ZipFile(file) as archive:
        dates = [each.date_time for each in archive.infolist()]
    return max((timegm((*date, 0, 0, 0)) for date in dates if date[1] in range(1, 13)), default=LONG_AGO)
