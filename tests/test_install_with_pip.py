"""Install from where it was published, with a real pip into real environments."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pip as pip_itself
import pytest
from tests import factory
from tests.targets import layouts
from tests.targets.contract import watch
from tests.test_install import MAKERS, publish
from uv import find_uv_bin

from pkg_publish.install import install
from pkg_publish.interpreter import Interpreter

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.servers.pypiserver import PypiServer

    from pkg_publish.catalog import NamedSource


@pytest.fixture
def fresh(tmp_path: Path) -> Interpreter:
    """An empty environment."""
    folder = tmp_path / "fresh"
    subprocess.run([find_uv_bin(), "venv", "--quiet", "--python", sys.executable, folder], check=True)
    return Interpreter.ask(folder / "bin" / "python")


def runs(*command: str | Path) -> Callable[[str], int]:
    """Run an installer as a caller would: in the environment as it is, its output to whoever reads."""
    return lambda reference: subprocess.run([*command, reference], check=False).returncode


@pytest.fixture
def pip(fresh: Interpreter) -> Callable[[str], int]:
    """The tests' pip, which installs into the empty environment."""
    return runs(sys.executable, "-m", "pip", "--python", fresh.path, "install")


@pytest.fixture
def index(pypiserver: PypiServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the index that the caller's pip is set up with, and looks for links in."""
    monkeypatch.setenv("PIP_INDEX_URL", pypiserver.index_url)
    monkeypatch.setenv("PIP_FIND_LINKS", str(pypiserver.folder))
    return pypiserver.folder


@pytest.fixture(params=list(MAKERS))
def source(request: pytest.FixtureRequest, tmp_path: Path) -> NamedSource:
    """A place, empty."""
    return MAKERS[request.param](tmp_path)


@pytest.fixture
def layout(tmp_path: Path) -> NamedSource:
    """An OCI layout that holds demo 1.0."""
    target = layouts.make(tmp_path, path="registry")
    publish(target, factory.wheel(tmp_path / "dist"))
    return target


def says(python: Interpreter, code: str) -> str:
    """What this Python prints."""
    return subprocess.run([python.path, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def test_installs_a_wheel(source: NamedSource, fresh: Interpreter, pip: Callable[[str], int], tmp_path: Path) -> None:
    """It can be imported then."""
    publish(source, factory.wheel(tmp_path / "dist"))

    found = install("Demo==1.0", [source], fresh, pip, watch())

    assert found.file.name == "demo-1.0-py3-none-any.whl"
    assert says(fresh, "import demo; print(demo.x)") == "1"


def test_installs_an_sdist(source: NamedSource, fresh: Interpreter, pip: Callable[[str], int], tmp_path: Path) -> None:
    """Where there is no wheel for this Python; also an odd version."""
    publish(source, factory.wheel(tmp_path / "dist", version="1!1.0+cu1", tag="cp27-none-any"), version="1!1.0+cu1")
    publish(source, factory.sdist(tmp_path / "dist", version="1!1.0+cu1"), version="1!1.0+cu1")

    found = install("demo==1!1.0+cu1", [source], fresh, pip, watch())

    assert found.file.name == "demo-1!1.0+cu1.tar.gz"
    assert says(fresh, "from importlib.metadata import version; print(version('demo'))") == "1!1.0+cu1"


def test_its_own_pip_installs(layout: NamedSource, fresh: Interpreter) -> None:
    """The command that an interpreter with pip gives."""
    shutil.copytree(Path(pip_itself.__file__).parent, Path(says(fresh, "import sysconfig; print(sysconfig.get_path('purelib'))")) / "pip")
    python = Interpreter.ask(fresh.path)

    install("demo==1.0", [layout], python, runs(*python.installer({})), watch())

    assert python.has_pip
    assert says(python, "import demo; print(demo.x)") == "1"


def test_uv_installs(layout: NamedSource, fresh: Interpreter) -> None:
    """The command that an interpreter without pip gives."""
    command = fresh.installer({"PATH": str(Path(find_uv_bin()).parent)})

    install("demo==1.0", [layout], fresh, runs(*command), watch())

    assert command[0].endswith("uv")
    assert says(fresh, "import demo; print(demo.x)") == "1"


def test_no_index_supplies_it(layout: NamedSource, fresh: Interpreter, pip: Callable[[str], int], index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else's index holds 99.0 and another 1.0, both of which pip would like better; what was published is what is installed."""
    for version in ("1.0", "99.0"):
        factory.wheel(index, version=version, tag=f"cp3{sys.version_info.minor}-none-any", content=b"x = 'theirs'\n")
    monkeypatch.setenv("PIP_UPGRADE", "1")

    install("demo==1.0", [layout], fresh, pip, watch())

    assert says(fresh, "import demo; print(demo.x)") == "1"


def test_dependencies_come_from_the_callers_index(fresh: Interpreter, pip: Callable[[str], int], index: Path, tmp_path: Path) -> None:
    """Those of an extra, too."""
    for name in ("needed", "extra"):
        factory.wheel(index, name)
    target = layouts.make(tmp_path, path="registry")
    lines = "Requires-Dist: needed\nProvides-Extra: more\nRequires-Dist: extra; extra == 'more'\n"
    publish(target, factory.wheel(tmp_path / "dist", extra=lines))

    install("demo[more]==1.0", [target], fresh, pip, watch())

    assert says(fresh, "import demo, needed, extra; print(needed.x + extra.x)") == "2"
