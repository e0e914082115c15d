"""The ways in which a folder of libraries comes to be."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from library.folder import STALE, platform_word, release_asset
from tests.checkout import Checkout, until
from tests.servers.front import Fault, Front

ACTION = "_actions/octo/pkg-publish-action/v1"
"""Where a runner puts an action."""


@pytest.fixture(scope="session")
def bare_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python as Debian has it: without pip, and without the pip that other Pythons carry along."""
    prefix = tmp_path_factory.mktemp("bare")
    version = f"python3.{sys.version_info.minor}"
    standard = prefix / "lib" / version
    standard.mkdir(parents=True)
    (prefix / "bin").mkdir()
    shutil.copy(Path(sys.executable).resolve(), prefix / "bin" / version)
    for path in Path(sys.base_prefix, "lib").glob("libpython*"):
        (prefix / "lib" / path.name).symlink_to(path)
    for path in Path(os.__file__).parent.iterdir():
        if path.name not in {"ensurepip", "site-packages", "dist-packages", "__pycache__"}:
            (standard / path.name).symlink_to(path)
    return prefix / "bin" / version


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A checkout whose index is shut, where a runner would put it."""
    return Checkout.make(tmp_path, ACTION)


def zipped(checkout: Checkout) -> bytes:
    """The wheelhouse as our release has it."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for path in checkout.wheels.iterdir():
            archive.write(path, path.name)
    return data.getvalue()


def test_the_bare_python_is_bare(bare_python: Path) -> None:
    """No pip in any form."""
    done = subprocess.run([bare_python, "-c", "import ensurepip"], capture_output=True, text=True, check=False)
    assert "No module named 'ensurepip'" in done.stderr
    assert subprocess.run([bare_python, "-m", "pip"], capture_output=True, check=False).returncode == 1


def test_a_wheelhouse_needs_neither_pip_nor_index(checkout: Checkout, bare_python: Path) -> None:
    """The standard library unpacks it."""
    assert checkout.run(python=str(bare_python), PKG_PUBLISH_WHEELHOUSE=str(checkout.wheels)).code == 3


def test_a_wheelhouse_is_all_that_is_asked(checkout: Checkout) -> None:
    """Who names one has no network, or does not want it used: a wheel that is missing is not sought elsewhere."""
    next(checkout.wheels.glob("tool-*")).unlink()
    with Front("http://127.0.0.1:9") as index:
        ended = checkout.run(PKG_PUBLISH_WHEELHOUSE=str(checkout.wheels), PIP_INDEX_URL=index.url, GITHUB_SERVER_URL=index.url)
        assert index.requests == []
    assert ended.code == 8
    assert f"{checkout.wheels} has no wheel of tool." in ended.stderr


@pytest.mark.parametrize("python", ["whole", "bare"])
def test_our_release_has_a_wheelhouse_for_the_day_the_index_is_down(checkout: Checkout, bare_python: Path, python: str) -> None:
    """The asset of our version for this platform, from the server that the action came from."""
    with Front("http://127.0.0.1:9") as server:
        server.fail_reads(Fault(status=200, body=zipped(checkout)))
        ended = checkout.run(python=str(bare_python) if python == "bare" else sys.executable, GITHUB_SERVER_URL=server.url)
        assert [seen.path for seen in server.requests] == [f"/octo/pkg-publish-action/releases/download/v9.9/wheelhouse-{platform_word()}.zip"]
    assert ended.code == 3


def test_our_releases_wheels_are_compared_with_the_lock(checkout: Checkout) -> None:
    """An asset that somebody replaced does not run."""
    wheel = next(checkout.wheels.glob("tool-*"))
    wheel.write_bytes(wheel.read_bytes() + b" ")
    with Front("http://127.0.0.1:9") as server:
        server.fail_reads(Fault(status=200, body=zipped(checkout)))
        ended = checkout.run(GITHUB_SERVER_URL=server.url)
    assert ended.code == 8
    assert "which requirements.txt does not know" in ended.stderr


@pytest.mark.parametrize(("fault", "said"), [(Fault(status=404), "answered 404"), (Fault(status=200, body=b"<html>"), "is no zip file")])
def test_every_way_that_failed_is_named(checkout: Checkout, bare_python: Path, fault: Fault, said: str) -> None:
    """Index, pip and release, each with its reason."""
    with Front("http://127.0.0.1:9") as server:
        server.fail_reads(fault)
        ended = checkout.run(python=str(bare_python), GITHUB_SERVER_URL=server.url, PIP_INDEX_URL="")
    assert ended.code == 8
    assert "this Python has no pip that knows an index, and PIP_INDEX_URL names none; pip: " in ended.stderr
    assert "No module named pip; " in ended.stderr
    assert said in ended.stderr


@pytest.mark.parametrize("folder", ["/home/octo/pkg-publish-action", "/runner/_actions/octo"])
def test_a_checkout_is_no_release(folder: str) -> None:
    """Only what a runner fetched as `OWNER/REPO@REF` has a release to ask."""
    assert release_asset({}, Path(folder), "9.9") == ""


def test_what_a_killed_start_left_is_swept(checkout: Checkout) -> None:
    """After a day nobody is making it any more; before, somebody may."""
    old, young = checkout.shelf / ".old.part", checkout.shelf / ".young.part"
    for part in (old, young):
        (part / "library" / "half").mkdir(parents=True)
    long_ago = old.stat().st_mtime - STALE - 1
    os.utime(old, (long_ago, long_ago))
    assert checkout.run(PKG_PUBLISH_WHEELHOUSE=str(checkout.wheels)).code == 3
    assert (old.exists(), young.exists()) == (False, True)


def test_a_start_that_is_killed_leaves_nothing_that_counts(checkout: Checkout) -> None:
    """The next one makes the folder, whole."""
    with Front("http://127.0.0.1:9") as silent:
        silent.fail_reads(*[Fault(silent=True)] * 8)
        process = checkout.start(PIP_INDEX_URL=silent.url)
        assert until(lambda: bool(silent.requests))
        process.kill()
        process.communicate()
    ended = checkout.run(PKG_PUBLISH_WHEELHOUSE=str(checkout.wheels))
    assert ended.code == 3
    assert len([path for path in checkout.shelf.iterdir() if not path.name.startswith(".")]) == 1
