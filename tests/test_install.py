"""Install from where it was published: real environments, real pip."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests import factory
from tests.targets import test_directory, test_oci_layout
from tests.targets.contract import once, watch
from uv import find_uv_bin

from pkg_publish.errors import ConfigError, Environment, Integrity, PublishError
from pkg_publish.install import Asked, Found, Received, install
from pkg_publish.interpreter import Interpreter
from pkg_publish.model import Place, Release, RemoteFile, Visibility
from pkg_publish.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tests.servers.pypiserver import PypiServer

    from pkg_publish.install import NamedSource

MAKERS: dict[str, Callable[[Path], NamedSource]] = {
    "oci-layout": partial(test_oci_layout.make, path="registry"),
    "directory": partial(test_directory.make, path="house"),  # type: ignore[dict-item] # which is a source, too
}


def environment(folder: Path, *flags: str) -> Path:
    """Make an environment; its Python."""
    subprocess.run([find_uv_bin(), "venv", "--quiet", "--python", sys.executable, *flags, folder], check=True)
    return folder / "bin" / "python"


@pytest.fixture(scope="session")
def with_pip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment that has a pip."""
    return environment(tmp_path_factory.mktemp("with-pip") / "environment", "--seed")


@pytest.fixture
def fresh(tmp_path: Path) -> Interpreter:
    """An empty environment."""
    return Interpreter.ask(environment(tmp_path / "fresh"))


@pytest.fixture
def pip(with_pip: Path, fresh: Interpreter) -> Callable[[str], int]:
    """Install into the empty environment, with the caller's settings."""
    return lambda reference: subprocess.run([with_pip, "-m", "pip", "--python", fresh.path, "install", reference], check=False).returncode


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
    target = test_oci_layout.make(tmp_path, path="registry")
    publish(target, factory.wheel(tmp_path / "dist"))
    return target


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files go."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


class Toy:
    """A place that says what it is told to."""

    place = Place(kind="toy", name="toy=here", title="the toy", visibility=Visibility.LOCAL)

    def __init__(self, *listed: RemoteFile, data: bytes = b"") -> None:
        self.listed, self.data = listed, data

    def files(self, project: str, version: str | None, watch: Watch) -> Sequence[RemoteFile]:
        """The same for everybody."""
        return self.listed

    def fetch(self, file: RemoteFile, watch: Watch) -> Iterator[bytes]:
        """The same for every file."""
        yield self.data


def publish(target: object, path: Path, name: str = "demo", version: str = "1.0") -> None:
    """Publish one file."""
    release = Release(project=name, version=version, distributions=(factory.distribution(path, name, version),))
    assert once(target, release).holds  # type: ignore[arg-type] # every source here is a target


def never(reference: str) -> int:
    """An installer that must not be started."""
    raise AssertionError(reference)


def says(python: Interpreter, code: str) -> str:
    """What this Python prints."""
    return subprocess.run([python.path, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def test_installs_a_wheel(source: NamedSource, fresh: Interpreter, pip: Callable[[str], int], tmp_path: Path, temporary: Path) -> None:
    """It can be imported then, and no temporary file is left."""
    publish(source, factory.wheel(tmp_path / "dist"))

    found = install("Demo==1.0", [source], fresh, pip, watch())

    assert found.file.name == "demo-1.0-py3-none-any.whl"
    assert says(fresh, "import demo; print(demo.x)") == "1"
    assert list(temporary.iterdir()) == []


def test_installs_an_sdist(source: NamedSource, fresh: Interpreter, pip: Callable[[str], int], tmp_path: Path) -> None:
    """Where there is no wheel for this Python; also an odd version."""
    publish(source, factory.wheel(tmp_path / "dist", version="1!1.0+cu1", tag="cp27-none-any"), version="1!1.0+cu1")
    publish(source, factory.sdist(tmp_path / "dist", version="1!1.0+cu1"), version="1!1.0+cu1")

    found = install("demo==1!1.0+cu1", [source], fresh, pip, watch())

    assert found.file.name == "demo-1!1.0+cu1.tar.gz"
    assert says(fresh, "from importlib.metadata import version; print(version('demo'))") == "1!1.0+cu1"


def test_its_own_pip_installs(layout: NamedSource, with_pip: Path) -> None:
    """The command that the interpreter gives works."""
    python = Interpreter.ask(with_pip)
    command = python.installer({})
    try:
        install("demo==1.0", [layout], python, lambda reference: subprocess.run([*command, reference], check=False).returncode, watch())
        assert says(python, "import demo; print(demo.x)") == "1"
    finally:
        subprocess.run([with_pip, "-m", "pip", "uninstall", "--yes", "demo"], check=True)


def test_uv_installs(layout: NamedSource, fresh: Interpreter) -> None:
    """Into an environment without pip."""
    command = fresh.installer({"PATH": str(Path(find_uv_bin()).parent)})

    install("demo==1.0", [layout], fresh, lambda reference: subprocess.run([*command, reference], check=False).returncode, watch())

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
    target = test_oci_layout.make(tmp_path, path="registry")
    lines = "Requires-Dist: needed\nProvides-Extra: more\nRequires-Dist: extra; extra == 'more'\n"
    publish(target, factory.wheel(tmp_path / "dist", extra=lines))

    install("demo[more]==1.0", [target], fresh, pip, watch())

    assert says(fresh, "import demo, needed, extra; print(needed.x + extra.x)") == "2"


def damage(folder: Path, data: bytes) -> None:
    """Write other bytes over every wheel of a layout."""
    for path in folder.glob("registry/*/blobs/sha256/*"):
        if path.read_bytes().startswith(b"PK"):
            path.write_bytes(data)


@pytest.mark.parametrize("data", [b"", b"PK", b"x" * 5_000_000], ids=["empty", "cut", "longer"])
def test_other_bytes_are_never_installed(layout: NamedSource, fresh: Interpreter, tmp_path: Path, temporary: Path, data: bytes) -> None:
    """The installer is not started, and nothing is left of them."""
    damage(tmp_path, data)

    with pytest.raises(Integrity) as caught:
        install("demo==1.0", [layout], fresh, never, watch())

    assert caught.value.code == "wrong-digest"
    assert list(temporary.iterdir()) == []


def test_the_same_length_proves_nothing(layout: NamedSource, fresh: Interpreter, tmp_path: Path) -> None:
    """One bit is enough."""
    wheel = factory.wheel(tmp_path / "other").read_bytes()
    damage(tmp_path, wheel[:-1] + bytes([wheel[-1] ^ 1]))

    with pytest.raises(Integrity, match="other bytes"):
        install("demo==1.0", [layout], fresh, never, watch())


def test_a_file_without_a_digest_is_not_installed(fresh: Interpreter) -> None:
    """Nobody can say whether it is the right one."""
    with pytest.raises(Integrity) as caught:
        install("demo==1.0", [Toy(RemoteFile(name="demo-1.0-py3-none-any.whl"))], fresh, never, watch())
    assert caught.value.code == "no-digest"


def test_a_size_that_is_not_known_is_not_compared(fresh: Interpreter, tmp_path: Path) -> None:
    """The digest is enough."""
    whole = factory.distribution(factory.wheel(tmp_path / "dist"), "demo", "1.0")
    toy = Toy(RemoteFile(name=whole.name, sha256=whole.sha256), data=whole.path.read_bytes())

    assert install("demo==1.0", [toy], fresh, lambda _: 0, watch()).file == toy.listed[0]


def test_a_version_may_be_spelt_otherwise(layout: NamedSource, fresh: Interpreter) -> None:
    """1.0 and 1.0.0 are one version."""
    assert install("demo==1.0.0", [layout], fresh, lambda _: 0, watch()).file.name == "demo-1.0-py3-none-any.whl"


def test_the_first_place_that_knows_the_project_is_the_only_one(layout: NamedSource, fresh: Interpreter, tmp_path: Path) -> None:
    """A version that it lacks is not looked for elsewhere: somebody else could have put it there."""
    house = MAKERS["directory"](tmp_path)
    publish(house, factory.wheel(tmp_path / "dist", version="2.0"), version="2.0")
    publish(house, factory.wheel(tmp_path / "dist", "other"), "other")

    with pytest.raises(ConfigError) as caught:
        install("demo==2.0", [layout, house], fresh, never, watch())
    assert caught.value.code == "unknown-version"
    assert install("other==1.0", [layout, house], fresh, lambda _: 0, watch()).place == house.place


def test_an_unknown_version_names_those_that_there_are(layout: NamedSource, fresh: Interpreter, tmp_path: Path) -> None:
    """The nearest one in the cure, all in order in the details."""
    publish(layout, factory.wheel(tmp_path / "dist", version="1.10"), version="1.10")

    with pytest.raises(ConfigError) as caught:
        install("demo==1.1", [layout], fresh, never, watch())

    assert caught.value.cure in {"Did you mean demo==1.10?", "Did you mean demo==1.0?"}
    assert caught.value.details == ("oci-layout=registry has 1.10, 1.0",)


def test_many_versions_are_not_all_named(fresh: Interpreter) -> None:
    """Twenty are enough for one line."""
    toy = Toy(*(RemoteFile(name=f"demo-{number}.tar.gz") for number in range(30)))

    with pytest.raises(ConfigError) as caught:
        install("demo==99", [toy], fresh, never, watch())

    assert caught.value.details[0].endswith(" 10 and more")


def test_an_unknown_project_names_where_it_looked(layout: NamedSource, fresh: Interpreter) -> None:
    """Every place, in order; what a place lists of other projects does not count."""
    toy = Toy(RemoteFile(name="other-1.0.tar.gz"), RemoteFile(name="unknown 1.0"))

    with pytest.raises(ConfigError) as caught:
        install("unknown==1.0", [layout, toy], fresh, never, watch())

    assert caught.value.code == "unknown-project"
    assert caught.value.details == ("oci-layout=registry has no unknown", "toy=here has no unknown")


def test_a_python_that_nothing_fits_is_told_what_there_is(layout: NamedSource, fresh: Interpreter) -> None:
    """The files on one side, the tags on the other."""
    with pytest.raises(Environment) as caught:
        install("demo==1.0", [layout], replace(fresh, version="3.7.0"), never, watch())

    assert caught.value.code == "no-file-fits"
    assert caught.value.details[0] == "demo-1.0-py3-none-any.whl for Python >=3.8"
    assert fresh.tags[0] in caught.value.details[1]


def test_an_installer_that_fails_is_an_error(layout: NamedSource, fresh: Interpreter, temporary: Path) -> None:
    """It has said why; nothing is left."""
    with pytest.raises(Environment) as caught:
        install("demo==1.0", [layout], fresh, lambda _: 3, watch())

    assert caught.value.code == "installer-failed"
    assert list(temporary.iterdir()) == []


def test_what_happens_is_told(layout: NamedSource, fresh: Interpreter) -> None:
    """What was found where, and how much of it came."""
    told: list[object] = []

    found = install("demo==1.0", [layout], fresh, lambda _: 0, Watch(30, told.append))

    assert told == [Found(place=layout.place, file=found.file, python=fresh), Received(found.file.name, found.file.size or 0)]


def test_a_place_that_does_not_answer_is_not_passed_by(layout: NamedSource, fresh: Interpreter, tmp_path: Path) -> None:
    """It might know the project: so nobody else is asked."""
    (tmp_path / "registry" / "demo" / "index.json").write_text("")
    house = MAKERS["directory"](tmp_path)
    publish(house, factory.wheel(tmp_path / "dist"))

    with pytest.raises(PublishError):
        install("demo==1.0", [layout, house], fresh, never, watch())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "demo",
        "demo==",
        "demo>=1.0",
        "demo==1.*",
        "demo===1.0",
        "demo==1.0,==2.0",
        "demo @ file:///x.whl",
        "demo==1.0; python_version>'3'",
        "-r x",
        "demo==x",
    ],
)
def test_only_one_exact_version_is_installed(text: str) -> None:
    """Anything else is refused with an example."""
    with pytest.raises(ConfigError) as caught:
        Asked.parse(text)
    assert "demo==1.0" in caught.value.paste


def test_a_requirement_is_read_in_any_spelling() -> None:
    """Name and version are normalised, the extras sorted."""
    asked = Asked.parse("Foo.Bar [b, a] == 1.0.RC1")

    assert asked == Asked(project="foo-bar", extras=("a", "b"), version="1.0rc1")
    assert asked.reference(Path("/t/a b.whl"), "0" * 64) == f"foo-bar[a,b] @ file:///t/a%20b.whl#sha256={'0' * 64}"
