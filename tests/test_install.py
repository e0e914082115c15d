"""Install from where it was published: what is found, chosen, fetched and said. `test_install_with_pip.py` does it."""

from __future__ import annotations

import sys
import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests import factory
from tests.targets import layouts, test_directory
from tests.targets.contract import once, watch

from pkg_publish.catalog import Catalog
from pkg_publish.errors import ConfigError, Environment, Integrity, PublishError
from pkg_publish.install import Asked, install
from pkg_publish.interpreter import Interpreter
from pkg_publish.model import Place, Release, RemoteFile, Visibility
from pkg_publish.reading import Found, Received
from pkg_publish.watch import Waiting, Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pkg_publish.catalog import NamedSource
    from pkg_publish.install import Fetched

MAKERS: dict[str, Callable[[Path], NamedSource]] = {
    "oci-layout": partial(layouts.make, path="registry"),
    "directory": partial(test_directory.make, path="house"),  # type: ignore[dict-item] # which is a source, too
}


@pytest.fixture
def layout(tmp_path: Path) -> NamedSource:
    """An OCI layout that holds demo 1.0."""
    target = layouts.make(tmp_path, path="registry")
    publish(target, factory.wheel(tmp_path / "dist"))
    return target


@pytest.fixture(scope="session")
def python() -> Interpreter:
    """The one that runs the tests."""
    return Interpreter.ask(Path(sys.executable))


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


def never(fetched: Fetched) -> int:
    """An installer that must not be started."""
    raise AssertionError(fetched)


def damage(folder: Path, data: bytes) -> None:
    """Write other bytes over every wheel of a layout."""
    for path in folder.glob("registry/*/blobs/sha256/*"):
        if path.read_bytes().startswith(b"PK"):
            path.write_bytes(data)


@pytest.mark.parametrize("data", [b"", b"PK", b"x" * 5_000_000], ids=["empty", "cut", "longer"])
def test_other_bytes_are_never_installed(layout: NamedSource, python: Interpreter, tmp_path: Path, temporary: Path, data: bytes) -> None:
    """The installer is not started, and nothing is left of them."""
    damage(tmp_path, data)

    with pytest.raises(Integrity) as caught:
        install("demo==1.0", Catalog([layout]), python, never, watch())

    assert caught.value.code == "wrong-digest"
    assert list(temporary.iterdir()) == []


def test_the_same_length_proves_nothing(layout: NamedSource, python: Interpreter, tmp_path: Path) -> None:
    """One bit is enough."""
    wheel = factory.wheel(tmp_path / "other").read_bytes()
    damage(tmp_path, wheel[:-1] + bytes([wheel[-1] ^ 1]))

    with pytest.raises(Integrity, match="other bytes"):
        install("demo==1.0", Catalog([layout]), python, never, watch())


def test_a_file_without_a_digest_is_not_installed(python: Interpreter) -> None:
    """Nobody can say whether it is the right one."""
    with pytest.raises(Integrity) as caught:
        install("demo==1.0", Catalog([Toy(RemoteFile(name="demo-1.0-py3-none-any.whl"))]), python, never, watch())
    assert caught.value.code == "no-digest"


def test_a_size_that_is_not_known_is_not_compared(python: Interpreter, tmp_path: Path) -> None:
    """The digest is enough."""
    whole = factory.distribution(factory.wheel(tmp_path / "dist"), "demo", "1.0")
    toy = Toy(RemoteFile(name=whole.name, sha256=whole.sha256), data=whole.path.read_bytes())

    assert install("demo==1.0", Catalog([toy]), python, lambda _: 0, watch()).file == toy.listed[0]


def test_a_file_that_was_yanked_is_the_last_choice(python: Interpreter, tmp_path: Path) -> None:
    """It is installed where there is no other, for exactly this version was asked for, and that is said (PEP 592)."""
    whole = factory.distribution(factory.wheel(tmp_path / "dist"), "demo", "1.0")
    toy, told = Toy(RemoteFile(name=whole.name, sha256=whole.sha256, yanked="it breaks"), data=whole.path.read_bytes()), list[object]()

    assert install("demo==1.0", Catalog([toy]), python, lambda _: 0, Watch(30, told.append)).file.yanked == "it breaks"
    assert [each.why for each in told if isinstance(each, Waiting)] == [
        "demo-1.0-py3-none-any.whl was yanked, because 'it breaks', and there is no other file of demo==1.0 that fits"
    ]


def test_a_version_may_be_spelt_otherwise(layout: NamedSource, python: Interpreter) -> None:
    """1.0 and 1.0.0 are one version."""
    assert install("demo==1.0.0", Catalog([layout]), python, lambda _: 0, watch()).file.name == "demo-1.0-py3-none-any.whl"


def test_the_first_place_that_knows_the_project_is_the_only_one(layout: NamedSource, python: Interpreter, tmp_path: Path) -> None:
    """A version that it lacks is not looked for elsewhere: somebody else could have put it there."""
    house = MAKERS["directory"](tmp_path)
    publish(house, factory.wheel(tmp_path / "dist", version="2.0"), version="2.0")
    publish(house, factory.wheel(tmp_path / "dist", "other"), "other")

    with pytest.raises(ConfigError) as caught:
        install("demo==2.0", Catalog([layout, house]), python, never, watch())
    assert caught.value.code == "unknown-version"
    assert install("other==1.0", Catalog([layout, house]), python, lambda _: 0, watch()).place == house.place


def test_an_unknown_version_names_those_that_there_are(layout: NamedSource, python: Interpreter, tmp_path: Path) -> None:
    """The nearest one in the cure, all in order in the details."""
    publish(layout, factory.wheel(tmp_path / "dist", version="1.10"), version="1.10")

    with pytest.raises(ConfigError) as caught:
        install("demo==1.1", Catalog([layout]), python, never, watch())

    assert caught.value.cure in {"Did you mean demo==1.10?", "Did you mean demo==1.0?"}
    assert caught.value.details == ("oci-layout=registry has 1.10, 1.0",)


def test_many_versions_are_not_all_named(python: Interpreter) -> None:
    """Twenty are enough for one line."""
    toy = Toy(*(RemoteFile(name=f"demo-{number}.tar.gz") for number in range(30)))

    with pytest.raises(ConfigError) as caught:
        install("demo==99", Catalog([toy]), python, never, watch())

    assert caught.value.details[0].endswith(" 10 and more")


def test_an_unknown_project_names_where_it_looked(layout: NamedSource, python: Interpreter) -> None:
    """Every place, in order; what a place lists of other projects does not count."""
    toy = Toy(RemoteFile(name="other-1.0.tar.gz"), RemoteFile(name="unknown 1.0"))

    with pytest.raises(ConfigError) as caught:
        install("unknown==1.0", Catalog([layout, toy]), python, never, watch())

    assert caught.value.code == "unknown-project"
    assert caught.value.details == ("oci-layout=registry has no unknown", "toy=here has no unknown")


def test_a_python_that_nothing_fits_is_told_what_there_is(layout: NamedSource, python: Interpreter) -> None:
    """The files on one side, the tags on the other."""
    with pytest.raises(Environment) as caught:
        install("demo==1.0", Catalog([layout]), replace(python, version="3.7.0"), never, watch())

    assert caught.value.code == "no-file-fits"
    assert caught.value.details[0] == "demo-1.0-py3-none-any.whl for Python >=3.8"
    assert python.tags[0] in caught.value.details[1]


def test_an_installer_that_fails_is_an_error(layout: NamedSource, python: Interpreter, temporary: Path) -> None:
    """It has said why; nothing is left."""
    with pytest.raises(Environment) as caught:
        install("demo==1.0", Catalog([layout]), python, lambda _: 3, watch())

    assert caught.value.code == "installer-failed"
    assert list(temporary.iterdir()) == []


def test_what_happens_is_told(layout: NamedSource, python: Interpreter) -> None:
    """What was found where, and how much of it came."""
    told: list[object] = []

    found = install("demo==1.0", Catalog([layout]), python, lambda _: 0, Watch(30, told.append))

    assert told == [Found(place=layout.place, file=found.file, python=python), Received(found.file.name, found.file.size or 0)]


def test_a_place_that_does_not_answer_is_not_passed_by(layout: NamedSource, python: Interpreter, tmp_path: Path) -> None:
    """It might know the project: so nobody else is asked."""
    (tmp_path / "registry" / "demo" / "index.json").write_text("")
    house = MAKERS["directory"](tmp_path)
    publish(house, factory.wheel(tmp_path / "dist"))

    with pytest.raises(PublishError):
        install("demo==1.0", Catalog([layout, house]), python, never, watch())


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
    assert (asked.requirement, str(asked)) == ("foo-bar[a,b]==1.0rc1", "foo-bar==1.0rc1")
