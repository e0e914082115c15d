"""Wheels for another machine: what is installed, from which lock, and what uv's failures mean."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests import factory, real_parts
from tests.clients.stand import failure
from tests.targets.contract import watch
from tests.targets.images import UV_CACHE

from pkg_publish.build import Gatherer
from pkg_publish.errors import Failure
from pkg_publish.formats.image import Machine, Platform
from pkg_publish.model import Release

if TYPE_CHECKING:
    from pkg_publish.targets.base import Gathered

ARM = Machine(platform=Platform("arm64"), libc="gnu", python="3.13.1")


@pytest.fixture
def release(tmp_path: Path) -> Release:
    """It depends on a library that lies beside it in two versions, and with its extra on another one."""
    for version in ("1.0", "2.0"):
        factory.wheel(tmp_path / "dist", "helping", version, content=version.encode())
    factory.wheel(tmp_path / "more", "further", "1.0")
    path = factory.wheel(tmp_path / "dist", extra="Provides-Extra: all\nRequires-Dist: helping\nRequires-Dist: further; extra == 'all'\n")
    return Release(project="demo", version="1.0", distributions=(factory.distribution(path, "demo", "1.0"),))


def gather(release: Release, folder: Path, extras: str = "", seconds: float = 30, **environ: str) -> Gathered:
    """Install it for another machine, from folders alone unless told otherwise."""
    project = folder / "project"
    known = {"PATH": f"{Path(sys.executable).parent}:{real_parts.ENVIRON['PATH']}", "PIP_NO_INDEX": "1", "UV_CACHE_DIR": UV_CACHE}
    return Gatherer(project=project, scratch=folder / "scratch", environ=known | environ)(release, extras, ARM, watch(seconds))


def locked(folder: Path, name: str, text: str) -> None:
    """Write the project's lock."""
    (folder / "project").mkdir()
    (folder / "project" / name).write_text(text)


def sha256(folder: Path, version: str) -> str:
    """That of a version of the library."""
    path = folder / "dist" / f"helping-{version}-py3-none-any.whl"
    return str(factory.distribution(path, "helping", version).sha256)


def test_the_newest_is_installed(release: Release, tmp_path: Path) -> None:
    """Without a lock what it depends on is resolved, and told; each time into a fresh folder."""
    gathered = gather(release, tmp_path)

    assert gathered.pins == ("helping==2.0",)
    assert gather(release, tmp_path).folder != gathered.folder
    assert (gathered.folder / "demo" / "__init__.py").read_bytes() == b"x = 1\n"
    assert (gathered.folder / "helping" / "__init__.py").read_bytes() == b"2.0"


def test_extras_and_the_users_own_folders(release: Release, tmp_path: Path) -> None:
    """What pip would find by the user's settings is found."""
    gathered = gather(release, tmp_path, "[all]", PIP_FIND_LINKS=str(tmp_path / "more"))

    assert gathered.pins == ("further==1.0", "helping==2.0")


def test_requirements_with_hashes_are_a_lock(release: Release, tmp_path: Path) -> None:
    """Then nothing is resolved."""
    locked(tmp_path, "requirements.txt", f"helping==1.0 \\\n    --hash=sha256:{sha256(tmp_path, '1.0')}\n")
    gathered = gather(release, tmp_path)

    assert gathered.pins == ()
    assert (gathered.folder / "helping" / "__init__.py").read_bytes() == b"1.0"


def test_requirements_without_hashes_are_none(release: Release, tmp_path: Path) -> None:
    """They say what to develop with."""
    locked(tmp_path, "requirements.txt", "helping==1.0\n")

    assert gather(release, tmp_path).pins == ("helping==2.0",)


PYLOCK = """lock-version = "1.0"
created-by = "tests"
[[packages]]
name = "demo"
directory = {{ path = "." }}
[[packages]]
name = "helping"
version = "1.0"
marker = "python_version > '3'"
wheels = [{{ url = "https://example.com/helping-1.0-py3-none-any.whl", hashes = {{ sha256 = "{sha256}" }} }}]
[[packages]]
name = "further"
version = "1.0"
marker = "'all' in extras"
wheels = [{{ url = "https://example.com/further-1.0-py3-none-any.whl", hashes = {{ sha256 = "{sha256}" }} }}]
"""


def test_a_pylock_is_a_lock(release: Release, tmp_path: Path) -> None:
    """It is the stronger one; the project itself, and what belongs to extras, is passed by."""
    locked(tmp_path, "pylock.toml", PYLOCK.format(sha256=sha256(tmp_path, "1.0")))
    (tmp_path / "project" / "requirements.txt").write_text(f"helping==2.0 --hash=sha256:{sha256(tmp_path, '2.0')}\n")

    assert (gather(release, tmp_path).folder / "helping" / "__init__.py").read_bytes() == b"1.0"


@pytest.mark.parametrize("text", ["no TOML", "[[packages]]\nwheels = [1]\nname = 'a'", "packages = 1"])
def test_a_pylock_that_cannot_be_read(release: Release, tmp_path: Path, text: str) -> None:
    """It is not passed by."""
    locked(tmp_path, "pylock.toml", text)
    error = failure(lambda: gather(release, tmp_path))

    assert (error.kind, error.code) == (Failure.CONFIG, "image-lock")


def test_a_lock_that_lacks_something(release: Release, tmp_path: Path) -> None:
    """Nothing comes in that nobody has locked."""
    locked(tmp_path, "requirements.txt", f"further==1.0 --hash=sha256:{'0' * 64}\n")
    error = failure(lambda: gather(release, tmp_path, PIP_FIND_LINKS=str(tmp_path / "more")))

    assert (error.kind, error.code) == (Failure.CONFIG, "image-lock")
    assert "helping" in str(error.details)


def test_a_wheel_that_is_another_one(release: Release, tmp_path: Path) -> None:
    """Its hash is not the locked one."""
    locked(tmp_path, "requirements.txt", f"helping==1.0 --hash=sha256:{'0' * 64}\n")
    error = failure(lambda: gather(release, tmp_path))

    assert (error.kind, error.code) == (Failure.INTEGRITY, "image-wheel-changed")


def test_wheels_that_bring_the_same_file(release: Release, tmp_path: Path) -> None:
    """Not the one that happened to come last has it: in the order of their names, and the project itself at the end."""
    for name in ("helping", "another"):
        factory.wheel(tmp_path / "dist", name, "3.0", more={"shared.py": name.encode(), "theirs.py": name.encode()})
    path = factory.wheel(tmp_path / "dist", extra="Requires-Dist: helping\nRequires-Dist: another\n", more={"shared.py": b"ours"})
    gathered = gather(replace(release, distributions=(factory.distribution(path, "demo", "1.0"),)), tmp_path)

    assert (gathered.folder / "shared.py").read_bytes() == b"ours"
    assert (gathered.folder / "theirs.py").read_bytes() == b"helping"


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"demo-1.0.dist-info/entry_points.txt": b"[console_scripts]\ndemo = demo:main; import os\n"}, "invalid console script"),
        ({"evil-1.0.dist-info/METADATA": b"Name: evil\nVersion: 1.0\n"}, "Multiple .dist-info"),
    ],
    ids=["entry point", "two projects"],
)
def test_a_wheel_that_no_installer_takes(release: Release, tmp_path: Path, more: dict[str, bytes], says: str) -> None:
    """It is the file that is bad, so no other run helps."""
    path = factory.wheel(tmp_path / "dist", more=more)
    error = failure(lambda: gather(replace(release, distributions=(factory.distribution(path, "demo", "1.0"),)), tmp_path))

    assert (error.kind, error.code, "demo" in error.what) == (Failure.INVALID, "image-wheel-broken", True)
    assert says in str(error.details)


def test_a_project_that_is_nowhere(release: Release, tmp_path: Path) -> None:
    """It is named in uv's own words."""
    (tmp_path / "dist" / "helping-1.0-py3-none-any.whl").unlink()
    (tmp_path / "dist" / "helping-2.0-py3-none-any.whl").unlink()
    error = failure(lambda: gather(release, tmp_path))

    assert (error.kind, error.code) == (Failure.INVALID, "image-wheel-missing")
    assert error.what == "its dependencies cannot be resolved for linux/arm64 with Python 3.13.1"
    assert "helping" in str(error.details)


def test_an_index_that_does_not_answer(release: Release, tmp_path: Path, free_port: int) -> None:
    """Running again may help."""
    (tmp_path / "dist" / "helping-1.0-py3-none-any.whl").unlink()
    error = failure(lambda: gather(release, tmp_path, PIP_NO_INDEX="", PIP_INDEX_URL=f"http://127.0.0.1:{free_port}/simple/", UV_HTTP_RETRIES="0"))

    assert (error.kind, error.code) == (Failure.UNAVAILABLE, "image-wheels-not-fetched")


def test_an_installer_is_not_waited_for_longer_than_the_run(release: Release, tmp_path: Path) -> None:
    """The deadline of the publish counts."""
    assert failure(lambda: gather(release, tmp_path, seconds=0)).kind is Failure.DEADLINE
