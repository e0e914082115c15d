"""Which wheels are taken, and where their members go."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from tests import factory
from tests.checkout import Checkout, lock_of, packaging_wheel, tool_wheel


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A checkout that finds its libraries in a wheelhouse."""
    made = Checkout.make(tmp_path)
    made.environ["PKG_PUBLISH_WHEELHOUSE"] = str(made.wheels)
    return made


def locked(checkout: Checkout, *wheels: Path, also: str = "") -> None:
    """Lock these wheels, and `packaging`."""
    checkout.root.joinpath("requirements.txt").write_text(lock_of(packaging_wheel(checkout.wheels), *wheels) + also)


def test_programs_go_to_bin_and_run(checkout: Checkout) -> None:
    """As uv's do."""
    program = Path(checkout.run().lines[1]) / "bin" / "tool"
    assert os.access(program, os.X_OK)


def test_the_wheel_for_this_python_wins(checkout: Checkout) -> None:
    """Of several that would do, the most special one; one for another Python never."""
    minor = sys.version_info.minor
    wheels = [tool_wheel(checkout.wheels, content=f"tag = {tag!r}".encode(), tag=tag) for tag in (f"cp3{minor}-none-any", "py3-none-any", "cp36-none-win32")]
    locked(checkout, wheels[0])
    folder = Path(checkout.run().lines[1])
    assert (folder / "tool" / "__init__.py").read_text() == f"tag = 'cp3{minor}-none-any'"


def test_only_the_locked_version_is_taken(checkout: Checkout) -> None:
    """A newer one beside it is nobody's business."""
    factory.wheel(checkout.wheels, "tool", "2.0")
    assert checkout.run().code == 3


def test_a_marker_keeps_out_what_is_for_others(checkout: Checkout) -> None:
    """And what is not needed need not be there."""
    also = "elsewhere==1.0 ; sys_platform == 'plan9' --hash=sha256:00\n"
    locked(checkout, next(checkout.wheels.glob("tool-*")), also=also)
    assert checkout.run().code == 3


def test_no_wheel_for_this_python_is_a_message(checkout: Checkout) -> None:
    """It names the project, the version and the Python."""
    for path in checkout.wheels.glob("tool-*"):
        path.unlink()
    locked(checkout, tool_wheel(checkout.wheels, tag="cp36-cp36m-win32"))
    ended = checkout.run()
    assert ended.code == 8
    assert f"there is no wheel of tool 1.0 for this Python (cp3{sys.version_info.minor}-" in ended.stderr


def test_packaging_itself_may_be_missing(checkout: Checkout) -> None:
    """It is the first that is needed."""
    for path in checkout.wheels.glob("packaging-*"):
        path.rename(path.with_name("packaging-1.0-py3-none-any.whl"))
    ended = checkout.run()
    assert ended.code == 8
    assert "is not among the files of packaging" in ended.stderr
