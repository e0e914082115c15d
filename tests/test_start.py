"""`start.sh`: the first file that runs, in whatever shell the runner or the container has."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import run
from tests.checkout import Checkout, Ended, outputs, runner_files

if TYPE_CHECKING:
    from collections.abc import Callable

SHELLS = ["dash", "bash", "busybox"]
WAITS = """
import signal, sys, time
def main(argv):
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(5))
    print("ready")
    time.sleep(60)
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A checkout whose `python3` is this one, the only program on PATH."""
    made = Checkout.make(tmp_path)
    made.environ.update(PKG_PUBLISH_WHEELHOUSE=str(made.wheels), PATH=str(tmp_path / "bin"))
    program(tmp_path / "bin" / "python3", f'exec {sys.executable} "$@"')
    return made


@pytest.fixture(params=[pytest.param(name, marks=pytest.mark.real("busybox")) if name == "busybox" else name for name in SHELLS])
def shell(request: pytest.FixtureRequest, tool: Callable[[str], Path]) -> list[str]:
    """The shells of Debian, GitHub's hosted Linux, and Alpine."""
    if request.param == "busybox":
        return [str(tool("busybox")), "sh"]
    return [shutil.which(request.param) or pytest.skip(f"no {request.param} here")]


def program(path: Path, text: str) -> None:
    """Write a script that PATH finds."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def sh(shell: list[str], checkout: Checkout, *argv: str, cwd: str = "", **environ: str) -> Ended:
    """Start the action as its steps do."""
    script = checkout.root / "start.sh" if not cwd else Path("start.sh")
    command = [*shell, "-e", "-c", f'exec "$0" $SHELL_WORD "{script}" "$@"', shell[0], *argv]
    environ = checkout.environ | {"SHELL_WORD": " ".join(shell[1:])} | environ
    done = subprocess.run(command, env=environ, cwd=cwd or None, capture_output=True, text=True, check=False)
    return Ended(code=done.returncode, stdout=done.stdout, stderr=done.stderr)


def test_it_becomes_the_python_that_runs(shell: list[str], checkout: Checkout) -> None:
    """With every word and the exit code."""
    ended = sh(shell, checkout, "publish", "a word", "*")
    assert (ended.code, ended.stdout.splitlines()[0], ended.stderr) == (3, "cli publish a word *", "")


def test_it_may_be_started_from_its_own_folder(shell: list[str], checkout: Checkout) -> None:
    """`sh start.sh`, without a path before it."""
    assert sh(shell, checkout, cwd=str(checkout.root)).code == 3


def test_a_python_that_only_offers_itself_is_passed_by(shell: list[str], checkout: Checkout) -> None:
    """Windows has a `python3` that says where its store is; the real one may be called `python`."""
    folder = Path(checkout.environ["PATH"])
    (folder / "python3").rename(folder / "python")
    program(folder / "python3", "echo Python was not found; exit 49")
    assert sh(shell, checkout).code == 3


def test_without_a_python_it_says_what_to_add(shell: list[str], checkout: Checkout, tmp_path: Path) -> None:
    """An annotation, every output, a summary, and the exit code of a machine that cannot do it."""
    step = runner_files(tmp_path)
    ended = sh(shell, checkout, "build", PATH=str(tmp_path / "nothing"), **step)
    assert ended.code == 8
    assert ended.stdout.startswith("::error title=pkg-publish cannot start::There is no Python on PATH.")
    assert ended.stdout.count("\n") == 1
    assert "- uses: actions/setup-python@" in ended.stdout
    assert outputs(step) == dict.fromkeys(run.OUTPUTS, "") | {"status": "failed", "files": "[]"}
    assert "```yaml\n- uses: actions/setup-python@" in Path(step["GITHUB_STEP_SUMMARY"]).read_text()
    assert ended.stderr == ""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_the_step_reaches_the_engine(shell: list[str], checkout: Checkout, number: signal.Signals) -> None:
    """The runner knows the shell alone: whatever it began is one process."""
    checkout.root.joinpath("src/pkg_publish/cli.py").write_text(WAITS)
    words = " ".join(shell)
    command = [*shell, "-e", "-c", f'exec {words} "{checkout.root}/start.sh"']
    process = subprocess.Popen(command, env=checkout.environ, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    process.send_signal(number)
    process.communicate(timeout=5)
    assert process.returncode == 5
