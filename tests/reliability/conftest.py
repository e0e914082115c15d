"""The servers of the matrix, and what is published to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.reliability.cells import three_files
from tests.reliability.kills import Ground, large_files
from tests.reliability.spots import stands
from tests.reliability.wires import wires

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.reliability.wires import Wire

    from pkg_publish.model import Release


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    """Two wheels and an sdist, each of another size."""
    return three_files(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="session")
def places(tool: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Wire]]:
    """The wires by name."""
    with wires(tool, tmp_path_factory.mktemp("wires")) as found:
        yield {wire.name: wire for wire in found}


@pytest.fixture(scope="session")
def ground(places: dict[str, Wire], tool: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """Servers, a folder for the libraries, files that take a while to be sent."""
    with stands(tool, tmp_path_factory.mktemp("stands"), places) as found:
        ground = Ground(stands=found, temp=tmp_path_factory.mktemp("runner-temp"), release=large_files(tmp_path_factory.mktemp("large")))
        ground.warm(tmp_path_factory.mktemp("warm"))
        yield ground
