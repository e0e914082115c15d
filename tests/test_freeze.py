"""Sources as an index of files."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING

import pytest
from tests import factory
from tests.index_client import BLOCKS, DATA, SHA256, WHEEL, Counted
from tests.targets import layouts, test_directory
from tests.targets.contract import once, watch
from tests.test_catalog import Library, Toy
from uv import find_uv_bin

from pkg_publish.catalog import Catalog
from pkg_publish.errors import ConfigError, Integrity, Unsupported
from pkg_publish.formats import simple_pages
from pkg_publish.freeze import Freezer, Frozen
from pkg_publish.model import RemoteFile
from pkg_publish.watch import Waiting, Watch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pkg_publish.catalog import NamedSource

ENVIRON = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME"}}  # noqa: TID251 - the tests' own edge


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Where the index is to be."""
    return tmp_path / "site"


@pytest.fixture
def layout(tmp_path: Path) -> NamedSource:
    """Two versions of one project and one of another."""
    target = layouts.make(tmp_path, path="registry")
    for name, version in (("demo", "1.0"), ("demo", "1!2.0+cu1"), ("Other.Name", "1.0")):
        once(target, factory.release(tmp_path / "dist", name, version))
    return target


@pytest.fixture
def house(tmp_path: Path) -> NamedSource:
    """A folder, which says of its files nothing but their names."""
    factory.release(tmp_path / "house")
    return test_directory.make(tmp_path, path="house")  # type: ignore[return-value] # which is a source, too


def freeze(site: Path, *sources: NamedSource, named: tuple[str, ...] = (), base: str = "") -> Frozen:
    """Write it."""
    return Freezer(folder=site, base=base).freeze(Catalog(sources, named), watch())


def state(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Every file with its bytes and the time of its last change."""
    return {str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.rglob("*") if path.is_file()}


def listed(site: Path, project: str = "demo") -> list[RemoteFile]:
    """What a page says to installers."""
    data = (site / "simple" / project / "index.html").read_bytes()
    found = simple_pages.read(simple_pages.PLAIN, data, f"https://site/simple/{project}/")
    assert found is not None
    return found


@pytest.fixture
def address(site: Path) -> Iterator[str]:
    """A web server that knows nothing of us."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=str(site)))
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/simple/"
    server.shutdown()
    server.server_close()


class Silent(SimpleHTTPRequestHandler):
    """Says nothing of its requests."""

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.mark.parametrize("installer", ["pip", "uv"])
def test_pip_and_uv_install_from_it(layout: NamedSource, site: Path, address: str, tmp_path: Path, installer: str) -> None:
    """From any web server."""
    freeze(site, layout)
    pip: list[str | Path] = [sys.executable, "-m", "pip", "install", "--no-cache-dir", "--index-url", address]
    uv: list[str | Path] = [find_uv_bin(), "pip", "install", "--no-config", "--no-cache", "--python", sys.executable, "--default-index", address]
    words = [*(pip if installer == "pip" else uv), "--target", tmp_path / "fresh", "demo", "other-name"]

    subprocess.run(words, check=True, env={**ENVIRON, "HOME": str(tmp_path), "PIP_CONFIG_FILE": os.devnull}, capture_output=True)

    assert sorted(path.name for path in (tmp_path / "fresh").glob("*.dist-info")) == ["demo-1!2.0+cu1.dist-info", "other_name-1.0.dist-info"]


def test_everything_lies_where_the_page_says(layout: NamedSource, site: Path) -> None:
    """Files under their digests, and beside each wheel its metadata; an sdist's may be another once it is built."""
    assert freeze(site, layout) == Frozen(projects=2, copied=6, linked=0)

    for file in listed(site):
        path = site / "files" / "demo" / str(file.sha256) / file.name
        beside = path.with_name(f"{path.name}.metadata")
        assert hashlib.sha256(path.read_bytes()).hexdigest() == file.sha256
        assert file.requires_python == ">=3.8"
        assert beside.is_file() == file.name.endswith(".whl")
        assert file.metadata_sha256 == (hashlib.sha256(beside.read_bytes()).hexdigest() if beside.is_file() else None)
    assert b'<a href="other-name/">other-name</a>' in (site / "simple" / "index.html").read_bytes()


def test_a_second_run_changes_nothing(layout: NamedSource, site: Path) -> None:
    """Not a byte, and not a time."""
    freeze(site, layout)
    before = state(site)

    freeze(site, layout)

    assert state(site) == before


def test_two_runs_write_the_same(layout: NamedSource, tmp_path: Path) -> None:
    """Wherever."""
    for name in ("a", "b"):
        freeze(tmp_path / name, layout)

    first, second = ({name: data for name, (data, _) in state(tmp_path / each).items()} for each in ("a", "b"))
    assert first == second


def test_what_is_new_is_added(layout: NamedSource, site: Path, tmp_path: Path) -> None:
    """And what is there stays as it is; a copy that was damaged is made again."""
    freeze(site, layout)
    before = state(site)
    damaged = next(path for path in site.rglob("*.tar.gz"))
    damaged.write_bytes(b"")
    once(layout, factory.release(tmp_path / "dist", "demo", "3.0"))  # type: ignore[arg-type] # which is a target, too

    freeze(site, layout)

    after = state(site)
    changed = {name for name in before if after[name] != before[name]}
    assert changed == {"simple/demo/index.html", str(damaged.relative_to(site))}
    assert after[str(damaged.relative_to(site))][0] == before[str(damaged.relative_to(site))][0]
    assert len(listed(site)) == 6


def test_a_second_run_asks_for_no_file_again(site: Path) -> None:
    """Neither for its bytes nor for its metadata, which it has; only for the list."""
    source = Counted(WHEEL, RemoteFile(name="demo-0.9.tar.gz", sha256=SHA256, size=len(DATA), metadata_sha256=WHEEL.metadata_sha256), blocks=BLOCKS)
    source.said = Library.said
    freeze(site, source, named=("demo",))
    before, asked = state(site), source.fetched
    source.blocks, source.said = (), b"other"

    freeze(site, source, named=("demo",))

    assert (state(site), source.fetched, asked) == (before, asked, 2)


def test_a_project_that_has_lost_all_has_no_page(house: NamedSource, site: Path, tmp_path: Path) -> None:
    """What was copied stays, and so does what is no page of ours."""
    lost = factory.release(tmp_path / "house", "gone")
    (site / "simple" / "mine").mkdir(parents=True)
    (site / "simple" / "mine" / "index.html").write_text("my own page")
    freeze(site, house)
    (site / "simple" / "gone" / "note.txt").touch()
    for each in lost.distributions:
        each.path.unlink()

    freeze(site, house)

    assert sorted(path.name for path in site.glob("simple/*")) == ["demo", "gone", "index.html", "mine"]
    assert b"gone" not in (site / "simple" / "index.html").read_bytes()
    assert not (site / "simple" / "gone" / "index.html").exists()
    assert len([*site.glob("files/gone/*/*.whl")]) == 1
    (site / "simple" / "gone" / "index.html").write_bytes((site / "simple" / "demo" / "index.html").read_bytes())
    (site / "simple" / "gone" / "note.txt").unlink()
    freeze(site, house, named=("demo",))
    assert (site / "simple" / "gone" / "index.html").exists()
    freeze(site, house)
    assert not (site / "simple" / "gone").exists()


def test_people_begin_at_the_root(house: NamedSource, site: Path) -> None:
    """Which leads to the projects, unless it has a page already that is nobody's index."""
    freeze(site, house)
    assert b'<a href="simple/demo/">demo</a>' in (site / "index.html").read_bytes()

    (site / "index.html").write_text("<h1>Our site</h1>")
    freeze(site, house)
    assert (site / "index.html").read_text() == "<h1>Our site</h1>"


def test_files_say_what_their_place_does_not(house: NamedSource, site: Path) -> None:
    """For which Pythons they are, and their metadata."""
    freeze(site, house)

    assert {file.requires_python for file in listed(site) if file.name.endswith(".whl")} == {">=3.8"}
    assert sum(file.metadata_sha256 is not None for file in listed(site)) == 1


def test_a_file_that_says_nothing_is_listed_all_the_same(site: Path, tmp_path: Path) -> None:
    """It was published."""
    (tmp_path / "house").mkdir()
    (tmp_path / "house" / "demo-1.0-py3-none-any.whl").write_bytes(b"no archive")

    freeze(site, test_directory.make(tmp_path, path="house"))  # type: ignore[arg-type]

    assert [(file.name, file.requires_python, file.metadata_sha256) for file in listed(site)] == [("demo-1.0-py3-none-any.whl", None, None)]


def test_wrong_bytes_are_not_copied(layout: NamedSource, site: Path, tmp_path: Path) -> None:
    """Nothing is left of them, and no page names them."""
    for path in tmp_path.glob("registry/demo/blobs/sha256/*"):
        if path.read_bytes().startswith(b"PK"):
            path.write_bytes(b"PK")

    with pytest.raises(Integrity):
        freeze(site, layout)

    assert {path.suffix for path in site.rglob("*") if path.is_file()} <= {".gz", ".metadata"}


def test_the_address_of_the_site_stands_in_its_commands(layout: NamedSource, site: Path) -> None:
    """Where it is known."""
    freeze(site, layout, base="https://octo.github.io/demo")

    assert b"--index-url https://octo.github.io/demo/simple/" in (site / "simple" / "demo" / "index.html").read_bytes()


def test_the_way_past_the_index_is_one_that_readers_can_go(house: NamedSource, site: Path, tmp_path: Path) -> None:
    """Into a folder of this machine only by an index that stays here."""
    page = site / "simple" / "demo" / "index.html"
    for base, command, words in (("", ["ours"], [f"ours install demo==1.0 --from directory={tmp_path}/house"]), ("https://x", ["ours"], []), ("", [], [])):
        Freezer(folder=site, base=base, command=command).freeze(Catalog([house]), watch())
        assert re.findall("<pre>(ours .*)</pre>", page.read_text()) == words


def test_a_place_that_cannot_list(layout: NamedSource, site: Path) -> None:
    """Needs the names; beside one that can, it is told."""
    told: list[object] = []
    with pytest.raises(Unsupported) as caught:
        freeze(site, Toy())
    assert caught.value.cure == "Name the projects with --project."

    Freezer(folder=site).freeze(Catalog([layout, Toy()]), Watch(30, told.append))
    assert any(isinstance(each, Waiting) and "cannot list" in each.why for each in told)
    assert freeze(site, layout, Toy(), named=("demo",)).projects == 1


class Odd(Toy):
    """Its addresses are none, or lead to what is no archive."""

    where = "javascript:alert(1)"

    def addresses(self, files: list[RemoteFile], watch: Watch) -> list[str]:
        """The same for each."""
        return [self.where] * len(files)


def test_what_is_listed_and_is_no_project_is_passed_by(layout: NamedSource, site: Path, tmp_path: Path) -> None:
    """As an image in the same namespace; what was named must be there, and what was whole must be so."""
    (tmp_path / "registry" / "image").mkdir()
    (tmp_path / "registry" / "image" / "index.json").write_text('{"manifests": []}')

    assert freeze(site, layout).projects == 2
    (tmp_path / "registry" / "demo" / "index.json").unlink()
    with pytest.raises(Integrity, match="demo is there"):
        freeze(site, layout)
    (tmp_path / "registry").rename(tmp_path / "away")
    (tmp_path / "registry").mkdir()
    (tmp_path / "away" / "image").rename(tmp_path / "registry" / "image")
    with pytest.raises(ConfigError, match="nothing to index"):
        freeze(site, layout)
    assert b"image" not in (site / "simple" / "index.html").read_bytes()
    with pytest.raises(Integrity, match="image is there"):
        freeze(site, layout, named=("image",))


def test_what_is_no_address_is_not_linked_to(site: Path) -> None:
    """The file is copied; one that says nothing of itself is linked without."""
    file = RemoteFile(name="demo-1.0.tar.gz", sha256=hashlib.sha256(b"the file").hexdigest())
    elsewhere = Odd(replace(file))
    elsewhere.where = "https://elsewhere.example/demo-1.0.tar.gz"

    assert freeze(site, Odd(file), named=("demo",)).copied == 1
    assert freeze(site, elsewhere, named=("demo",)).linked == 1
