"""The installer's part: the version that was fetched, and what it needs, both through our index alone (`guard.py`)."""

from __future__ import annotations

import csv
import io
import zipfile
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from pkg_publish import installer_setup, preflight, uv_setup
from pkg_publish.clients.network import Credential, Network, Origin
from pkg_publish.clients.transport import Transport
from pkg_publish.clients.wsgi_server import serving
from pkg_publish.errors import ConfigError, PublishError
from pkg_publish.guard import Chosen, Guard, Upstream
from pkg_publish.model import Filetype
from pkg_publish.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from pkg_publish.catalog import Catalog
    from pkg_publish.install import Fetched
    from pkg_publish.installer_setup import Setup
    from pkg_publish.interpreter import Interpreter
    from pkg_publish.model import Distribution
    from pkg_publish.watch import Watch

NOWHERE = "none"
"""What `upstream` says when there is no other index."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Installer:
    """Installs one version into one Python."""

    python: Interpreter
    command: Sequence[str]
    """What installs there (`Interpreter.installer`)."""
    environ: Mapping[str, str]
    catalog: Catalog
    call: Callable[[Sequence[str], Mapping[str, str]], int]
    """Runs a command in an environment, and returns its exit code."""
    watch: Watch
    folder: Path
    """Where the command runs."""
    upstream: str = ""
    """The index for what no source knows; empty: those that the installer is set up with; `none`."""

    def __call__(self, fetched: Fetched) -> int:
        """Install a version that was fetched; returns the exit code.

        The installer sees one index, ours, as long as it runs. Raises what a source said that did not tell what it has, when that kept it from its end;
        `ConfigError` when nobody can say where all else comes from, and for an index that may not be spoken to.
        """
        asked = fetched.asked
        setup = self.setup(fetched.path.parent)
        for each in setup.unheeded:
            self.watch.wait(0, f"{each} is not heeded: it would stand beside the places after --from; name a folder there too, and an index with --upstream")
        chosen = Chosen(source=fetched.source, project=asked.project, listed=fetched.listed, sha256=fetched.file.sha256 or "", path=fetched.path)
        upstreams = [_upstream(each, setup.trusted) for each in setup.indexes]
        catalog = replace(self.catalog, sources=[chosen, *self.catalog.sources])
        guard = Guard(catalog, upstreams, Transport(Network.read(setup.environ)), self.watch)
        with serving(guard, 0, guard.tell) as address:
            environ = setup.behind(guard.addresses(address))
            try:
                status = self.call([*self.command, asked.requirement], environ)
                if not status and not chosen.taken and self._kept_other_bytes(fetched):
                    self.watch.wait(0, f"{asked} is there with other bytes than those of {fetched.file.name}: these are put in its place")
                    again = ["--force-reinstall"] if self._is_pip else ["--reinstall-package", asked.project]
                    status = self.call([*self.command, *again, "--no-deps", asked.requirement], environ)
                elif not status and not chosen.taken and fetched.file.name.endswith((".tar.gz", ".zip")):
                    self.watch.wait(
                        0, f"{asked} was installed before, and nobody can compare that with {fetched.file.name}: uninstall it to have this one built"
                    )
            except PublishError:
                guard.raise_any()
                raise
        if status:
            guard.raise_any()
        return status

    @property
    def _is_pip(self) -> bool:
        return "-m" in self.command

    def setup(self, scratch: Path) -> Setup:
        """How the installer is set up; `scratch` is a folder that lasts as long as it runs. Raises as a call does."""
        indexes = None if not self.upstream else [] if self.upstream == NOWHERE else [self.upstream]
        if self._is_pip:
            return installer_setup.of_pip(self.python, self.environ, indexes)
        return uv_setup.of_uv(self.command[0], self.environ, self.folder, scratch, indexes)

    def _kept_other_bytes(self, fetched: Fetched) -> bool:
        """Whether the installer has kept what is installed as the same version, and it is something else."""
        file = preflight.alone(fetched.path)
        if file is None:
            return False
        there, wanted = dict(_hashes(self.python.record(fetched.asked.project, self.environ))), dict(_record_in(file))
        return any(there[name] != digest for name, digest in wanted.items() if name in there)


def _upstream(address: str, trusted: Collection[str]) -> Upstream:
    """An index that is named with a login or without; raises `ConfigError` for one that may not be spoken to."""
    try:
        parts = urlsplit(address)
    except ValueError:  # it is not shown, for it may hold a login
        raise ConfigError(
            "the address of an index that the installer is set up with is none", code="no-url", cure="Write it in full, beginning with https://."
        ) from None
    if parts.query or parts.fragment:  # which would end up in logs
        raise ConfigError(
            f"the address of the index at {parts.hostname or 'a place without a name'!r} has a query or a fragment, which may be a secret",
            code="no-url",
            cure="Write the address alone; a token is the password of a login (https://USER:TOKEN@…, in the settings of pip or uv).",
        )
    login, _, host = parts.netloc.rpartition("@")
    url = parts._replace(netloc=host).geturl()
    if not login:
        if parts.scheme != "http" or not {host, parts.hostname} & set(trusted):
            Origin.of(url)
        return Upstream(url=url)
    user, _, password = login.partition(":")
    return Upstream(url=url, credential=Credential.basic(url, unquote(user), Secret(unquote(password))))


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
