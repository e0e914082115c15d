"""Install from where it was published, with real installers into real environments; the oldest and the newest pip of several Pythons too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests import factory
from tests.desk import Desk, put
from tests.targets import layouts
from tests.test_install import MAKERS

if TYPE_CHECKING:
    from pathlib import Path

    from pkg_publish.catalog import NamedSource


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
