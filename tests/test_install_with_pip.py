"""Install from where it was published, with real installers into real environments; the oldest and the newest pip of several Pythons too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests import factory
from tests.desk import THEIRS, Desk, put
from tests.real_parts import interpreters
from tests.targets import layouts
from tests.test_install import MAKERS

from pkg_publish.catalog import Catalog
from pkg_publish.clients.wsgi_server import serving
from pkg_publish.index import Index

if TYPE_CHECKING:
    from pathlib import Path

    from pkg_publish.catalog import NamedSource

WITNESSES = [("3.11", "20.3.4"), ("3.11", ""), ("3.12", "23.1.2"), ("3.13", ""), ("3.14", "")]
"""A Python, and the oldest pip that runs on it, one that reads no metadata in JSON, or the one that it brings itself; the newest is everybody else's."""


@pytest.fixture(params=["pip", "uv"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Desk:
    """One for each installer."""
    return Desk(tmp_path, request.param)


@pytest.fixture(params=list(MAKERS))
def source(request: pytest.FixtureRequest, tmp_path: Path) -> NamedSource:
    """A place, empty."""
    return MAKERS[request.param](tmp_path)


def test_installs_a_wheel(source: NamedSource, tmp_path: Path) -> None:
    """It can be imported then, and no trace is left of a file that is gone."""
    desk = Desk(tmp_path, "uv")
    put(source, factory.wheel(tmp_path / "dist"))

    desk.install("Demo==1.0", source)

    assert desk.says("demo") == "1"
    assert not list(desk.site.glob("*/direct_url.json"))


def test_installs_an_odd_version(desk: Desk, tmp_path: Path) -> None:
    """And no other, though what is local comes after what is not (PEP 440)."""
    target = layouts.make(tmp_path, path="registry")
    for version in ("1!1.0", "1!1.0+cu1", "1!1.0+cu2"):
        put(target, factory.wheel(tmp_path / "dist", version=version, content=f"x = {version!r}".encode()), version=version)

    desk.install("demo==1!1.0", target, upstream="none")
    assert desk.says("demo") == "1!1.0"
    desk.install("demo==1!1.0+cu1", target, upstream="none")
    assert desk.says("demo") == "1!1.0+cu1"


@pytest.mark.parametrize(("version", "pip"), WITNESSES)
def test_old_pips_read_it_too(tmp_path: Path, version: str, pip: str) -> None:
    """What they need of us comes from us, what a stranger needs of us too; they read HTML, or JSON without metadata."""
    python = interpreters().get(version)
    if python is None:
        pytest.skip(f"there is no Python {version}")
    desk = Desk(tmp_path, pip or "its own", python)
    ours, theirs = layouts.make(tmp_path, path="ours"), layouts.make(tmp_path, path="theirs")
    put(ours, factory.wheel(tmp_path / "dist", extra="Requires-Dist: third\n"))
    put(ours, factory.wheel(tmp_path / "dist", "needed"), "needed")
    put(theirs, factory.wheel(tmp_path / "theirs-dist", "third", extra="Requires-Dist: NeeDed\n"), "third")
    put(theirs, factory.wheel(tmp_path / "theirs-dist", "needed", "99.0", content=THEIRS), "needed", "99.0")

    with serving(Index(Catalog([theirs])), 0, print) as address:
        desk.install("demo==1.0", ours, PIP_INDEX_URL=f"{address}/simple/")

    assert desk.says("demo", "needed", "third") == "1 1 1"
