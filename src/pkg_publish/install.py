"""Install one version from where it was published: found, fetched, compared by digest, then pip's work. No index ever supplies it."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from pkg_publish.catalog import proven, unknown_project
from pkg_publish.clients.disk import appearing, disk
from pkg_publish.errors import ConfigError, Environment
from pkg_publish.formats.filename import named
from pkg_publish.reading import Found, Received

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pkg_publish.catalog import Catalog, NamedSource
    from pkg_publish.interpreter import Interpreter
    from pkg_publish.model import Place, RemoteFile
    from pkg_publish.targets.base import Source
    from pkg_publish.watch import Watch


_LISTED = 20
"""Versions and tags that a message names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """`NAME[EXTRA,…]==VERSION`."""

    project: str
    """Normalised name (PEP 503)."""
    extras: tuple[str, ...]
    version: str
    """Normalised version (PEP 440)."""

    @classmethod
    def parse(cls, text: str) -> Asked:
        """Read what the user asked for; raises `ConfigError` for anything but one exact version."""
        try:
            asked = Requirement(text)
            (exact,) = asked.specifier
            version = str(Version(exact.version))
        except (InvalidRequirement, InvalidVersion, ValueError) as error:
            raise _not_exact(text) from error
        if exact.operator != "==" or asked.url or asked.marker:
            raise _not_exact(text)
        return cls(project=canonicalize_name(asked.name), extras=tuple(sorted(asked.extras)), version=version)

    @property
    def requirement(self) -> str:
        """What an installer is asked for, by name: so it remembers no file that is gone."""
        extras = f"[{','.join(self.extras)}]" if self.extras else ""
        return f"{self.project}{extras}=={self.version}"

    def __str__(self) -> str:
        return f"{self.project}=={self.version}"


def _not_exact(text: str) -> ConfigError:
    return ConfigError(
        f"{text[:200]!r} is not one version of one project",
        code="requirement-not-exact",
        cure="Write the name, two equals signs and the version.",
        paste="pkg-publish install 'demo==1.0' --from oci-layout=out/registry",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """The file that shall be installed, on this disk, and what else there is of its version."""

    asked: Asked
    source: NamedSource
    listed: Sequence[RemoteFile]
    """All files of the version."""
    file: RemoteFile
    path: Path


def install(text: str, catalog: Catalog, python: Interpreter, run: Callable[[Fetched], int], watch: Watch) -> Found:
    """Install one version into one Python.

    `run` gives what was fetched to an installer and returns its exit code (`Installer`). Raises `ConfigError` for what is not there,
    `Environment` when nothing fits or the installer fails, `Integrity` for other bytes than the source promised; then nothing was installed.
    """
    asked = Asked.parse(text)
    source, files = find(asked, catalog, watch)
    file = python.best(files)
    if file is None:
        raise _none_fits(asked, files, python)
    found = Found(place=source.place, file=file, python=python)
    watch.tell(found)
    if file.yanked is not None:
        watch.wait(0, f"{file.name} was yanked{f', because {file.yanked!r}' if file.yanked else ''}, and there is no other file of {asked} that fits")
    with tempfile.TemporaryDirectory(prefix="pkg-publish-", ignore_cleanup_errors=True) as folder:
        path = fetch(source, file, Path(folder).resolve(), watch)
        code = run(Fetched(asked=asked, source=source, listed=files, file=file, path=path))
    if code:
        raise Environment(f"{asked} was fetched, and the installer ended with {code}", code="installer-failed", cure="Its own words stand above.")
    return found


def find(asked: Asked, catalog: Catalog, watch: Watch) -> tuple[NamedSource, Sequence[RemoteFile]]:
    """The files of the version at the first source that knows the project; no other is asked then. Raises `ConfigError`."""
    for source in catalog.sources:
        known: dict[str, list[RemoteFile]] = {}
        for version in (asked.version, None):
            known = _by_version(catalog.files(source, asked.project, version, watch))
            if same := next((each for each in known if Version(each) == Version(asked.version)), None):  # 1.0 is 1.0.0
                return source, known[same]
        if known:
            raise _no_version(asked, source.place, sorted(known, key=Version, reverse=True))
    raise unknown_project(asked.project, catalog.sources)


def _by_version(files: Sequence[RemoteFile]) -> dict[str, list[RemoteFile]]:
    found: dict[str, list[RemoteFile]] = {}
    for file in files:
        _, version = named(file.name) or ("", "")
        found.setdefault(version, []).append(file)
    return found


def _no_version(asked: Asked, place: Place, versions: Sequence[str]) -> ConfigError:
    nearest = (get_close_matches(asked.version, versions, n=1) or versions)[0]
    return ConfigError(
        f"{place.title} has no {asked}",
        code="unknown-version",
        cure=f"Did you mean {asked.project}=={nearest}?",
        details=[f"{place.name} has {', '.join(versions[:_LISTED])}{' and more' if len(versions) > _LISTED else ''}"],
    )


def _none_fits(asked: Asked, files: Sequence[RemoteFile], python: Interpreter) -> Environment:
    tags = ", ".join(python.tags[:_LISTED])
    return Environment(
        f"no file of {asked} fits Python {python.version}",
        code="no-file-fits",
        cure="Take a Python that one of the files is for, or publish one for this Python.",
        details=[*(f"{file.name} for Python {file.requires_python or 'of any version'}" for file in files), f"{python.path} takes {tags}, and more"],
    )


def fetch(source: Source, file: RemoteFile, folder: Path, watch: Watch) -> Path:
    """Fetch a file into a folder, in constant memory. Raises `Integrity` for other bytes than promised; they are not kept."""
    path = folder / file.name
    with disk(f"fetching {file.name}"), appearing(path) as target:
        for block in proven(source, file, watch):
            target.write(block)
            watch.tell(Received(file.name, len(block)))
    return path
