"""The installer's part: the file that was fetched, and what it needs. What the sources know comes from them alone, whatever an index has under that name."""

from __future__ import annotations

import csv
import io
import os
import secrets
import zipfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

from packaging.metadata import parse_email
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from pkg_publish import preflight
from pkg_publish.clients.together import together
from pkg_publish.clients.wsgi_server import serving
from pkg_publish.errors import ConfigError
from pkg_publish.formats.filename import named
from pkg_publish.index import Index
from pkg_publish.model import Filetype

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pkg_publish.catalog import Catalog
    from pkg_publish.interpreter import Interpreter
    from pkg_publish.model import Distribution
    from pkg_publish.watch import Watch

NOWHERE = "none"
"""What `upstream` says when there is no other index."""

INDEXES = frozenset(
    [
        *("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX", "PIP_CONFIG_FILE"),
        *("UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_NO_INDEX", "UV_CONFIG_FILE"),
    ]
)
"""What could lead an installer past our index."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Installer:
    """Installs one file into one Python."""

    python: Interpreter
    command: Sequence[str]
    """What installs there (`Interpreter.installer`)."""
    environ: Mapping[str, str]
    catalog: Catalog
    call: Callable[[Sequence[str], Mapping[str, str]], int]
    """Runs a command in an environment, and returns its exit code."""
    watch: Watch
    upstream: str = ""
    """The index for what no source knows; empty: the one that the installer is set up with; `none`."""

    def __call__(self, reference: str) -> int:
        """Install what a requirement with the address of a file on this disk says; returns the exit code.

        As the installer is set up, unless a source knows something that the file needs: then, and when an upstream is named, the installer sees one
        index, which is ours. Raises `ConfigError` when nobody can say where all else comes from.
        """
        path = Path(url2pathname(urlsplit(Requirement(reference).url or "").path))
        file = preflight.alone(path)
        needed = _needed(file) if file else ()
        if self.upstream or any(together([partial(self.catalog.knows, name, self.watch) for name in needed])):
            status = self._guarded(reference)
        else:
            status = self.call([*self.command, reference], self.environ)
        if file and not status:
            self._compare(file)
        return status

    def _guarded(self, reference: str) -> int:
        """Let the installer see our index alone, at an address that nobody else on this machine knows."""
        settings = self.python.settings(self.environ) if self._is_pip else {}
        upstream = self.upstream or settings.get("index_url", "") or self.environ.get("UV_DEFAULT_INDEX", "") or self.environ.get("UV_INDEX_URL", "")
        if not upstream:
            raise ConfigError(
                "a dependency was published to the places that were named, and nobody says where all others come from",
                code="upstream-unknown",
                cure="Name the index with --upstream, or say that there is none: --upstream none.",
                paste="--upstream https://index.example.org/simple/",
            )
        prefix = f"/{secrets.token_urlsafe(16)}"
        index = Index(self.catalog, self.watch.tell, upstream="" if upstream == NOWHERE else upstream, prefix=prefix, stop=self.watch.stop)
        with serving(index, 0, self.watch.tell) as address:
            return self.call([*self.command, reference], self._environ(f"{address}{prefix}/simple/", settings))

    @property
    def _is_pip(self) -> bool:
        return "-m" in self.command

    def _environ(self, address: str, settings: Mapping[str, str]) -> dict[str, str]:
        """The caller's, with no other index in it; what pip's files say of proxies and certificates comes as variables."""
        kept = {name: value for name, value in self.environ.items() if name.upper() not in INDEXES}
        proxied = ",".join(filter(None, [self.environ.get("NO_PROXY", self.environ.get("no_proxy", "")), "127.0.0.1"]))
        ours = {"NO_PROXY": proxied, "no_proxy": proxied}
        if not self._is_pip:
            return kept | ours | {"UV_DEFAULT_INDEX": address, "UV_NO_CONFIG": "1"}
        said = {f"PIP_{name.upper()}": value for name, value in settings.items() if value and name != "index_url"}
        return said | kept | ours | {"PIP_INDEX_URL": address, "PIP_CONFIG_FILE": os.devnull}

    def _compare(self, file: Distribution) -> None:
        """Tell when the installer has kept other bytes of the same version, which it takes for the same."""
        there, wanted = dict(_hashes(self.python.record(_project(file), self.environ))), dict(_record_in(file))
        if any(there[name] != digest for name, digest in wanted.items() if name in there):
            self.watch.wait(
                0, f"{file.name} has other bytes than what was installed before as the same version, which stays; uninstall that first to have this"
            )


def _needed(file: Distribution) -> list[str]:
    """The projects that a file says it needs, whatever for."""
    lines = parse_email(file.metadata)[0].get("requires_dist", [])
    return sorted({name for line in lines if (name := _name(line)) and name != _project(file)})


def _name(line: str) -> str:
    """The project of a requirement; empty when it is none."""
    try:
        return canonicalize_name(Requirement(line).name)
    except InvalidRequirement:
        return ""


def _project(file: Distribution) -> str:
    return (named(file.name) or ("", ""))[0]


def _record_in(file: Distribution) -> Iterator[tuple[str, str]]:
    """Each file of a wheel and its hash, as its `RECORD` says; nothing of an sdist, which is built first."""
    if file.filetype is Filetype.WHEEL:
        with zipfile.ZipFile(file.path) as wheel:
            record = next(name for name in wheel.namelist() if name.endswith(".dist-info/RECORD"))
            yield from _hashes(wheel.read(record).decode("utf-8", "replace"))


def _hashes(record: str) -> Iterator[tuple[str, str]]:
    for row in csv.reader(io.StringIO(record)):
        if len(row) > 1 and row[1]:
            yield row[0], row[1]
