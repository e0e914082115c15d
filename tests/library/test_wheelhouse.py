"""What a release carries for the day the index is down."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest
from library.folder import platform_word
from library.wheelhouse import PLATFORMS
from tests.checkout import Checkout, lock_of, packaging_wheel, tool_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.pypiserver import PypiServer

LINUX, MUSL, MAC, WINDOWS = "manylinux_2_17_x86_64", "musllinux_1_2_x86_64", "macosx_11_0_universal2", "win_arm64"


@pytest.fixture
def houses(tmp_path: Path, pypiserver: PypiServer) -> dict[str, list[str]]:
    """The zip files that the command makes of a lock: platform → the wheels of `tool` in it."""
    checkout = Checkout.make(tmp_path)
    checkout.wheels.joinpath("tool-1.0-py3-none-any.whl").unlink()
    tags = [f"cp312-cp312-{LINUX}", f"cp36-abi3-{MUSL}", f"cp311-cp311-{MAC}", f"py3-none-{WINDOWS}", f"cp310-cp310-{LINUX}", f"cp313-cp313t-{LINUX}"]
    wheels = [tool_wheel(checkout.wheels, content=tag.encode(), tag=tag) for tag in tags]
    hashes = [line for wheel in wheels for line in lock_of(wheel).splitlines() if "--hash" in line]
    lock = lock_of(packaging_wheel(checkout.wheels)) + "tool==1.0 \\\n" + " \\\n".join(hashes) + "\n"
    checkout.root.joinpath("requirements.txt").write_text(lock)
    for path in checkout.wheels.iterdir():
        pypiserver.put(path.name, path.read_bytes())
    environ = checkout.environ | {"PIP_INDEX_URL": pypiserver.index_url}
    subprocess.run([sys.executable, "-m", "library.wheelhouse", tmp_path / "out"], cwd=checkout.root, env=environ, check=True)
    names = {path: zipfile.ZipFile(path).namelist() for path in tmp_path.joinpath("out").iterdir()}
    assert all(any(name.startswith("packaging-") for name in inside) for inside in names.values())
    return {path.stem.removeprefix("wheelhouse-"): [name for name in inside if name.startswith("tool-")] for path, inside in names.items()}


def test_every_platform_has_its_wheels_and_no_others(houses: dict[str, list[str]]) -> None:
    """For every Python of the lock; not the one before, nor one without the GIL."""
    assert houses == {word: [] for word in PLATFORMS} | {
        "linux-x86_64-glibc": [f"tool-1.0-cp312-cp312-{LINUX}.whl"],
        "linux-x86_64-musl": [f"tool-1.0-cp36-abi3-{MUSL}.whl"],
        "darwin-x86_64": [f"tool-1.0-cp311-cp311-{MAC}.whl"],
        "darwin-arm64": [f"tool-1.0-cp311-cp311-{MAC}.whl"],
        "win32-arm64": [f"tool-1.0-py3-none-{WINDOWS}.whl"],
    }


def test_this_machine_has_a_name_among_them() -> None:
    """The one who writes and the one who reads agree on the names."""
    assert platform_word() in PLATFORMS
