"""A folder that wheels were installed into, as an image shall have it: what belongs to the project, what to others, and which programs there are.

What an installer writes of itself and of this machine is left out or written anew, so that the same wheels give the same files everywhere.
"""

from __future__ import annotations

import os
import re
import zipfile
from calendar import timegm
from collections import defaultdict
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from pkg_publish.clients.disk import disk
from pkg_publish.formats.image import LIBRARIES, SCRIPTS
from pkg_publish.formats.image_layers import Member

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import BinaryIO

    from pkg_publish.model import LocalFile

OF_THE_INSTALLER = frozenset({"REQUESTED", "direct_url.json", "uv_cache.json"})
"""Names of files that say how and where something was installed, beside its metadata."""
CACHE = "__pycache__"

LONG_AGO = 315532800
"""Seconds since 1970, the first of 1980, before which zip knows no time."""

_POINT = re.compile(r"\s*(\w[\w.-]*)\s*=\s*(\w[\w.]*)\s*:\s*((\w+)[\w.]*)\s*(\[.*\]\s*)?")
"""A program: its name, which is no path, and where it begins (https://packaging.python.org/en/latest/specifications/entry-points/)."""

SHEBANG = b"#!/usr/bin/env python3\n"
NAMES_PYTHON = re.compile(rb"#!\s*(/usr/bin/env\s+)?(\S*/)?pythonw?[0-9.]*(\s.*)?\n")
STARTS_PYTHON = b"'''exec' "
"""How the second line begins where the first cannot name a Python, since its path is long, or has a space; the third ends the quotation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """The files of one installation, sorted into those of the project and all others."""

    project: Sequence[Member]
    others: Sequence[Member]
    scripts: Sequence[str]
    """The names of the project's own programs, sorted."""

    @classmethod
    def read(cls, folder: Path, project: str) -> Installed:
        """Read a folder that `uv pip install --target` has filled; `project` is a normalised name.

        What lies there counts, and not what somebody lists: a list may name any file of this machine.
        """
        found: dict[bool, list[Member]] = {True: [], False: []}
        with disk(f"reading what was installed into {folder}"):
            about = {path: _name(path) for path in sorted(folder.glob("*.dist-info"))}
            own = {name for path, whose in about.items() if whose == project for name, _ in _listed(path)}
            programs = {path: _programs(path) for path in about}
            scripts = {name: script for each in programs.values() for name, script in each.items()}
            for name in _files(folder):
                found[name in own].append(_member(folder, name, scripts))
        names = {member.name for member in found[True]}
        theirs = {name for path, each in programs.items() if about[path] == project for name in each}
        return cls(project=found[True], others=found[False], scripts=sorted(name for name in theirs if f"{SCRIPTS}/{name}" in names))

    @property
    def programs(self) -> list[str]:
        """The names of all programs, sorted."""
        start = f"{SCRIPTS}/"
        return sorted(each.name.removeprefix(start) for each in (*self.project, *self.others) if each.name.startswith(start))

    def has_module(self, name: str) -> bool:
        """Whether `python -m` can run it."""
        names = {each.name for each in self.project}
        return bool(names & {f"{LIBRARIES}/{name}.py", f"{LIBRARIES}/{name}/__main__.py"})


def overlapping(folder: Path) -> list[str]:
    """Normalised names of those that bring one file with different bytes, sorted: whose is there is chance."""
    brought: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for path in folder.glob("*.dist-info"):
        for name, digest in _listed(path):
            brought[name][digest].add(_name(path))
    return sorted({whose for digests in brought.values() if len(digests) > 1 for names in digests.values() for whose in names})


def _name(path: Path) -> str:
    """Whose metadata it is, by the name of the folder."""
    return canonicalize_name(path.name.removesuffix(".dist-info").rpartition("-")[0])


def _listed(about: Path) -> Iterator[tuple[str, str]]:
    """The files that a `RECORD` lists, with their digests."""
    path = about / "RECORD"
    for line in path.read_bytes().splitlines() if path.is_file() else ():
        yield _row(line)


def _row(line: bytes) -> tuple[str, str]:
    name, digest, *_ = *os.fsdecode(line).rsplit(",", 2), ""
    return (name[1:-1].replace('""', '"') if name.startswith('"') else name), digest


def _files(folder: Path) -> Iterator[str]:
    """All that lies there but what an installer says of itself, sorted; nothing that only leads elsewhere."""
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(each for each in folders if each != CACHE)
        for path in (Path(place, each) for each in sorted(names)):
            if path.is_file() and not path.is_symlink() and not _is_of_the_installer(path.relative_to(folder)):
                yield path.relative_to(folder).as_posix()


def _is_of_the_installer(path: Path) -> bool:
    return path.as_posix() == ".lock" or (path.parent.suffix == ".dist-info" and path.name in OF_THE_INSTALLER)


def _member(folder: Path, name: str, scripts: Mapping[str, Member]) -> Member:
    path, (top, _, rest) = folder / name, name.partition("/")
    if top == "bin" and rest:
        return scripts.get(rest) or _program(f"{SCRIPTS}/{rest}", path)
    if path.name == "RECORD" and path.parent.suffix == ".dist-info":
        return Member.of(f"{LIBRARIES}/{name}", _record(path))
    return _plain(f"{LIBRARIES}/{name}", path)


def _plain(name: str, path: Path) -> Member:
    facts = path.stat()
    return Member(name=name, size=facts.st_size, content=partial(_opened, path), runs=bool(facts.st_mode & 0o100))


def _opened(path: Path) -> BinaryIO:
    return path.open("rb")


def _program(name: str, path: Path) -> Member:
    """A program that a wheel brings; where the installer has named this machine's Python, the image's is named."""
    data = path.read_bytes()
    first, *rest = data.split(b"\n", 3)
    if NAMES_PYTHON.fullmatch(first + b"\n"):
        return Member.of(name, SHEBANG + data[len(first) + 1 :], runs=True)
    if first == b"#!/bin/sh" and rest[1:] and rest[0].startswith(STARTS_PYTHON):
        return Member.of(name, SHEBANG + b"".join(rest[2:]), runs=True)
    return replace(_plain(name, path), runs=True)


def _record(path: Path) -> bytes:
    """`RECORD` without the lines of files that are not in the image, or are others there."""
    lines = [line for line in path.read_bytes().splitlines() if _stays(Path(_row(line)[0]))]
    return b"".join(line + b"\n" for line in sorted(lines))


def _stays(path: Path) -> bool:
    return path.parts[:1] != ("bin",) and CACHE not in path.parts and not _is_of_the_installer(path)


def _programs(about: Path) -> dict[str, Member]:
    """The programs that a distribution declares, by name, as installers write them."""
    path, found, section = about / "entry_points.txt", dict[str, Member](), ""
    text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    for line in text.splitlines():
        if line.startswith("["):
            section = line.strip("[] ")
        elif section == "console_scripts" and (point := _POINT.fullmatch(line)):
            found[point[1]] = _script(point[1], module=point[2], attribute=point[3], first=point[4])
    return found


def _script(name: str, *, module: str, attribute: str, first: str) -> Member:
    text = f"import sys\nfrom {module} import {first}\n\nif __name__ == '__main__':\n    sys.exit({attribute}())\n"
    return Member.of(f"{SCRIPTS}/{name}", SHEBANG + text.encode(), runs=True)


def newest(wheel: LocalFile) -> int:
    """The time of the newest file in a wheel, seconds since 1970: the time of its build, if that was given one; `LONG_AGO` if no file has a time."""
    with wheel.open() as file, zipfile.ZipFile(file) as archive:
        dates = [each.date_time for each in archive.infolist()]
    return max((timegm((*date, 0, 0, 0)) for date in dates if date[1] in range(1, 13)), default=LONG_AGO)
