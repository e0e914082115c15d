"""The installer's part: dependencies, of which none that the sources know comes from elsewhere."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests import factory
from tests.targets import layouts
from tests.targets.contract import once
from tests.test_catalog import Library, Toy
from uv import find_uv_bin

from pkg_publish.catalog import Catalog
from pkg_publish.errors import ConfigError, Environment, Refused, Unavailable
from pkg_publish.install import install
from pkg_publish.installer import Installer
from pkg_publish.interpreter import Interpreter
from pkg_publish.model import Release
from pkg_publish.watch import Waiting, Watch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.servers.devpi import Devpi
    from tests.servers.pypiserver import PypiServer

    from pkg_publish.catalog import NamedSource

PATHS = os.pathsep.join([str(Path(find_uv_bin()).parent), os.environ["PATH"]])  # noqa: TID251 - the tests' own edge
THEIRS = b"x = 'theirs'\n"
NEEDS = "Requires-Dist: needed>=1\nRequires-Dist: third\n"


class Desk:
    """A fresh environment, and what was told."""

    def __init__(self, folder: Path, installer: str) -> None:
        self.folder, self.installer, self.told = folder, installer, list[object]()
        subprocess.run(
            [find_uv_bin(), "venv", "--quiet", *(["--seed"] if installer == "pip" else []), "--python", sys.executable, folder / "fresh"], check=True
        )
        self.python = Interpreter.ask(folder / "fresh" / "bin" / "python")
        self.environ = {"PATH": PATHS, "HOME": str(folder), "PIP_NO_CACHE_DIR": "1", "UV_NO_CACHE": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}

    def install(self, text: str, *sources: NamedSource, upstream: str = "", **environ: str) -> int:
        """Install; the exit code of the installer."""
        codes: list[int] = []

        def call(command: Sequence[str], seen: Mapping[str, str]) -> int:
            codes.append(subprocess.run(command, env=dict(seen), check=False).returncode)
            return codes[-1]

        every, watch = self.environ | environ, Watch(120, self.told.append)
        command = self.python.installer(every, self.installer)
        installer = Installer(python=self.python, command=command, environ=every, catalog=Catalog(sources), call=call, watch=watch, upstream=upstream)
        install(text, sources, self.python, installer, watch)
        return codes[-1]

    def says(self, code: str) -> str:
        """What its Python prints."""
        return subprocess.run([self.python.path, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture(params=["pip", "uv"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Desk:
    """One for each installer."""
    return Desk(tmp_path, request.param)


@pytest.fixture
def ours(tmp_path: Path) -> NamedSource:
    """A namespace with a project, and another that it needs, beside one that nobody of us has."""
    target = layouts.make(tmp_path, path="registry")
    put(target, factory.wheel(tmp_path / "dist", extra=NEEDS))
    put(target, factory.wheel(tmp_path / "dist", "needed"), "needed")
    return target


def put(target: Any, path: Path, name: str = "demo", version: str = "1.0") -> None:  # noqa: ANN401 - a target that is a source
    """Publish a file."""
    assert once(target, Release(project=name, version=version, distributions=(factory.distribution(path, name, version),))).holds


@pytest.fixture
def upstream(pypiserver: PypiServer) -> str:
    """An index with what nobody of us has, and 99.0 of all that we have."""
    factory.wheel(pypiserver.folder, "third")
    for name in ("demo", "needed"):
        factory.wheel(pypiserver.folder, name, "99.0", content=THEIRS)
    return pypiserver.index_url


def asked_for(pypiserver: PypiServer) -> set[str]:
    """The projects that the upstream was asked for."""
    return {call.path.strip("/").split("/")[1] for call in pypiserver.front.requests if call.path.startswith("/simple/")}


def test_an_attacker_installs_nothing(desk: Desk, ours: NamedSource, upstream: str, pypiserver: PypiServer) -> None:
    """Whatever the upstream has under a name that our sources know: it is not even asked."""
    assert desk.install("demo==1.0", ours, upstream=upstream) == 0

    assert desk.says("import demo, needed, third; print(demo.x, needed.x, third.x)") == "1 1 1"
    assert asked_for(pypiserver) == {"third"}


def test_devpi_is_an_upstream_too(desk: Desk, ours: NamedSource, devpi: Devpi, tmp_path: Path) -> None:
    """Its pages are elsewhere than its files; it has 99.0 of what we have."""
    for name, version in (("third", "1.0"), ("needed", "99.0")):
        path = factory.wheel(tmp_path / "theirs", name, version, content=THEIRS)
        devpi.put(path.name, path.read_bytes(), name, version)

    assert desk.install("demo==1.0", ours, upstream=devpi.index_url) == 0

    assert desk.says("import needed, third; print(needed.x, third.x)") == "1 theirs"


def test_nor_by_the_installers_own_settings(desk: Desk, ours: NamedSource, upstream: str, pypiserver: PypiServer) -> None:
    """The index of its variables is the upstream then; extra indexes and links are passed by."""
    more = {"PIP_EXTRA_INDEX_URL": upstream, "PIP_FIND_LINKS": str(pypiserver.folder), "UV_EXTRA_INDEX_URL": upstream, "UV_FIND_LINKS": str(pypiserver.folder)}

    assert desk.install("demo==1.0", ours, PIP_INDEX_URL=upstream, UV_DEFAULT_INDEX=upstream, **more) == 0

    assert desk.says("import demo, needed, third; print(demo.x, needed.x, third.x)") == "1 1 1"
    assert asked_for(pypiserver) == {"third"}


def test_without_a_name_of_ours_all_is_as_it_is_set_up(desk: Desk, upstream: str, tmp_path: Path) -> None:
    """No index of ours stands in between."""
    target = layouts.make(tmp_path, path="registry")
    put(target, factory.wheel(tmp_path / "dist", extra="Requires-Dist: third\nProvides-Extra: more\nRequires-Dist: demo[more]; extra == 'most'\n"))

    assert desk.install("demo==1.0", target, PIP_INDEX_URL=upstream, UV_INDEX_URL=upstream) == 0
    assert desk.says("import demo, third; print(demo.x, third.x)") == "1 1"


def test_there_may_be_no_upstream(desk: Desk, ours: NamedSource, upstream: str, pypiserver: PypiServer) -> None:
    """Then what the sources lack is not found."""
    with pytest.raises(Environment) as caught:
        desk.install("demo==1.0", ours, upstream="none", PIP_INDEX_URL=upstream)

    assert caught.value.code == "installer-failed"
    assert asked_for(pypiserver) == set()


def test_no_index_is_no_upstream(ours: NamedSource, tmp_path: Path, upstream: str, pypiserver: PypiServer) -> None:
    """As pip is set up."""
    with pytest.raises(Environment):
        Desk(tmp_path, "pip").install("demo==1.0", ours, PIP_NO_INDEX="1", PIP_INDEX_URL=upstream)
    assert asked_for(pypiserver) == set()


def test_uv_does_not_say_where_it_installs_from(ours: NamedSource, tmp_path: Path) -> None:
    """So it must be named, unless a variable says it."""
    with pytest.raises(ConfigError) as caught:
        Desk(tmp_path, "uv").install("demo==1.0", ours)
    assert caught.value.code == "upstream-unknown"


def test_pip_says_how_it_is_set_up(tmp_path: Path) -> None:
    """By files and variables; what is no pip says nothing."""
    desk = Desk(tmp_path, "pip")
    (tmp_path / "pip.conf").write_text("[global]\nindex-url = https://index.example/simple/\ntrusted-host = a b\n[install]\nproxy = http://proxy:1\n")

    said = desk.python.settings({**desk.environ, "PIP_CONFIG_FILE": str(tmp_path / "pip.conf"), "PIP_CERT": "/ca.pem"})

    assert (said["index_url"], said["trusted_host"], said["proxy"], said["cert"]) == ("https://index.example/simple/", "a b", "http://proxy:1", "/ca.pem")
    assert Desk(tmp_path / "other", "uv").python.settings(desk.environ) == {}


def test_other_bytes_that_stay_are_told(desk: Desk, tmp_path: Path) -> None:
    """An installer may keep what is installed of the same version: who wants the other is told what to do."""
    first, second = layouts.make(tmp_path, path="first"), layouts.make(tmp_path, path="second")
    put(first, factory.wheel(tmp_path / "dist"))
    put(second, factory.wheel(tmp_path / "other", content=THEIRS))

    desk.install("demo==1.0", first)
    desk.install("demo==1.0", first)
    assert not [each for each in desk.told if isinstance(each, Waiting)]
    desk.install("demo==1.0", second)

    kept = [each.why for each in desk.told if isinstance(each, Waiting)]
    assert bool(kept) == (desk.says("import demo; print(demo.x)") == "1")
    assert all("uninstall that first" in each for each in kept)


def test_an_sdist_is_not_compared(tmp_path: Path) -> None:
    """It is built first; and what has no RECORD has nothing to compare."""
    desk, target = Desk(tmp_path, "uv"), layouts.make(tmp_path, path="registry")
    put(target, factory.sdist(tmp_path / "dist"))
    installer = Installer(python=desk.python, command=["uv"], environ={}, catalog=Catalog([target]), call=lambda *_: 0, watch=Watch(60, desk.told.append))

    install("demo==1.0", [target], desk.python, installer, Watch(60, desk.told.append))

    assert not [each for each in desk.told if isinstance(each, Waiting)]
    assert desk.python.record("demo", {}) == ""


@pytest.mark.parametrize("sound", [True, False])
def test_a_file_that_is_odd_is_installed_all_the_same(tmp_path: Path, sound: bool) -> None:  # noqa: FBT001 - a table
    """The installer judges it: what is no archive, or needs what is no project."""
    path = factory.wheel(tmp_path, extra="Requires-Dist: (?\n")
    if not sound:
        path.write_bytes(b"no archive")
    calls: list[Sequence[str]] = []

    def call(command: Sequence[str], _: object) -> int:
        calls.append(command)
        return 1

    installer = Installer(
        python=Interpreter(path=Path("python"), version="3.12.0", tags=(), has_pip=True),
        command=["pip"],
        environ={},
        catalog=Catalog([]),
        call=call,
        watch=Watch(60, print),
    )

    assert installer(f"demo @ {path.as_uri()}") == 1
    assert calls == [["pip", f"demo @ {path.as_uri()}"]]


def test_what_a_source_knows() -> None:
    """What it shows; one that refuses does not know it, one that does not answer leaves it open."""
    file = Library(*Toy().listed)
    watch = Watch(60, print)

    assert not Catalog([file]).knows("demo", watch)
    assert not Catalog([Toy(listing=Refused("no", code="registry-denied"))]).knows("demo", watch)
    with pytest.raises(Unavailable):
        Catalog([Toy(listing=Unavailable("away", code="unreachable"))]).knows("demo", watch)
    with pytest.raises(ConfigError):
        Catalog([Toy(listing=ConfigError("odd", code="no-url"))]).knows("demo", watch)
