"""The folder of libraries as `run.py` keeps it: found, made again, never anybody else's."""

from __future__ import annotations

import os
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import run
from tests.checkout import Checkout, runner_files, until


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A checkout that finds its libraries in a wheelhouse."""
    made = Checkout.make(tmp_path)
    made.environ["PKG_PUBLISH_WHEELHOUSE"] = str(made.wheels)
    return made


def test_the_second_start_needs_nothing(checkout: Checkout) -> None:
    """The folder that the first start made is only looked at."""
    first = checkout.run("first")
    shutil.rmtree(checkout.wheels)
    second = checkout.run("second")
    assert (first.code, second.code) == (3, 3)
    assert first.lines[1] == first.lines[2] == second.lines[1]
    assert Path(first.lines[1]).parent == checkout.shelf


def test_in_actions_the_folder_lives_with_the_job(checkout: Checkout, tmp_path: Path) -> None:
    """It lies in the runner's temporary folder, whatever the user's cache is."""
    step = runner_files(tmp_path)
    ended = checkout.run(XDG_CACHE_HOME=str(tmp_path / "cache"), **step)
    assert Path(ended.lines[1]).parent == Path(step["RUNNER_TEMP"]) / f"pkg-publish-{os.getuid()}"


def test_at_home_the_users_cache_is_used(checkout: Checkout, tmp_path: Path) -> None:
    """`XDG_CACHE_HOME` says where caches are, if it says where that is."""
    assert Path(checkout.run(XDG_CACHE_HOME=str(tmp_path / "cache")).lines[1]).parent == tmp_path / "cache" / "pkg-publish"
    assert Path(checkout.run(XDG_CACHE_HOME="here").lines[1]).parent == checkout.shelf


def test_without_a_home_it_says_so(checkout: Checkout) -> None:
    """A `~` that means nothing makes no folder of that name."""
    ended = checkout.run(HOME="~")
    assert ended.code == 8
    assert "Name a folder for caches in XDG_CACHE_HOME." in ended.stderr


def test_another_lock_gets_another_folder(checkout: Checkout) -> None:
    """Two versions of ours live side by side."""
    before = checkout.run().lines[1]
    with (checkout.root / "requirements.txt").open("a") as lock:
        lock.write("# another\n")
    assert checkout.run().lines[1] != before


def test_eight_may_begin_at_once(checkout: Checkout) -> None:
    """They make one folder, and nothing of the others is left."""
    with ThreadPoolExecutor(8) as pool:
        ended = list(pool.map(checkout.run, map(str, range(8))))
    assert [each.code for each in ended] == [3] * 8
    assert [path.name for path in checkout.shelf.iterdir()] == [Path(ended[0].lines[1]).name]


@pytest.mark.parametrize("lost", ["packaging/tags.py", "packaging", ".whole", ""])
def test_a_damaged_folder_is_made_again(checkout: Checkout, lost: str) -> None:
    """Whatever a cleaner or a power cut has taken."""
    folder = Path(checkout.run().lines[1])
    (folder / lost).rename(checkout.folder / "lost")
    assert checkout.run().code == 3
    assert run.is_whole(str(folder))


def test_a_file_that_was_cut_off_is_damage(checkout: Checkout) -> None:
    """A power cut leaves names without bytes."""
    folder = Path(checkout.run().lines[1])
    (folder / "tool" / "__init__.py").write_bytes(b"cut")
    assert not run.is_whole(str(folder))
    assert checkout.run().code == 3
    assert run.is_whole(str(folder))


def test_what_python_compiles_is_no_damage(checkout: Checkout) -> None:
    """`.pyc` files come and go."""
    folder = Path(checkout.run().lines[1])
    (folder / "tool" / "__pycache__").mkdir(exist_ok=True)
    (folder / "tool" / "__pycache__" / "anything.pyc").write_bytes(b"x")
    assert run.is_whole(str(folder))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give a folder away")
def test_somebody_elses_folder_is_not_used(checkout: Checkout) -> None:
    """In a shared temporary folder anybody could have laid it there."""
    folder = Path(checkout.run().lines[1])
    os.chown(folder, 12345, -1)
    assert checkout.run().code == 3
    assert folder.stat().st_uid == 0
    os.chown(checkout.shelf, 12345, -1)
    ended = checkout.run()
    assert ended.code == 8
    assert f"{folder} cannot be made: it would lie in a folder of another user." in ended.stderr


def test_it_is_compiled_behind(checkout: Checkout) -> None:
    """The next start finds `.pyc` files of what the first did not import."""
    folder = Path(checkout.run().lines[1])
    compiled = folder / "packaging" / "__pycache__" / f"metadata.{sys.implementation.cache_tag}.pyc"
    assert until(compiled.is_file)
