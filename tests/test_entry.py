"""The command as an installation starts it."""

from __future__ import annotations

import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from tests.reliability.test_signals import listens

ROOT = Path(__file__).resolve().parents[1]


def command(*words: str) -> list[str]:
    """What the script does that an installer makes of `pyproject.toml`."""
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    module, _, function = scripts["pkg-publish"].partition(":")
    return [sys.executable, "-c", f"import sys; from {module} import {function}; sys.exit({function}())", *words]


def test_it_is_the_command() -> None:
    """With its words."""
    done = subprocess.run(command("--version"), capture_output=True, text=True, check=True)

    assert done.stdout.startswith("pkg-publish ")


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells what a process listens to")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_it_is_imported_ends_it_without_a_word(number: signal.Signals) -> None:
    """Nothing was begun, so there is nothing to say."""
    process = subprocess.Popen(command("publish", "nowhere"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    while not listens(process):
        assert process.poll() is None

    process.send_signal(number)
    said, _ = process.communicate(timeout=60)

    assert (process.returncode, said) == (130, "")
