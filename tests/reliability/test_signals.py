"""SIGINT and SIGTERM: whenever they come, the step ends within five seconds, says so, and opens nothing else."""

from __future__ import annotations

import itertools
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.reliability.steps import ROOT, spot
from tests.reliability.wires import asks
from tests.servers.front import Fault

if TYPE_CHECKING:
    from tests.reliability.kills import Ground

pytestmark = pytest.mark.real("docker-registry")
BOTH = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])


@BOTH
@pytest.mark.parametrize("where", [("upload API", "repository", "POST"), ("registry", "oci", "PUT"), ("release API", "github-release", "PATCH")])
def test_a_step_that_waits_for_a_silent_server_ends(ground: Ground, tmp_path: Path, number: signal.Signals, where: tuple[str, str, str]) -> None:
    """With exit code 130, every output, a summary; and a run again completes."""
    wire, kind, method = where
    place = spot(kind, ground.places, tmp_path, ground.release)
    fronts = ground.places[wire].fronts().values()
    for front in fronts:
        front.fail_at(asks(method), itertools.repeat(Fault(silent=True)))
    step = place.step(ground.temp, tmp_path, ground.release.distributions[0].path.parent)
    process = step.start()
    while not any(seen.method == method for front in fronts for seen in front.requests):
        wait(process, 0.01)
        assert process.returncode is None

    began = time.monotonic()
    process.send_signal(number)
    said, _ = process.communicate(timeout=60)

    assert time.monotonic() - began < 5, said
    assert (process.returncode, step.outputs()["status"]) == (130, "failed"), said
    assert (tmp_path / "summary").read_text(encoding="utf-8").startswith("## ")
    assert "Traceback" not in said
    for front in fronts:
        front.forget()
    again = step.start()
    said, _ = again.communicate(timeout=60)
    assert again.returncode == 0, said


def wait(process: subprocess.Popen[str], seconds: float) -> None:
    """Be so much later, unless the process ends."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=seconds)


def listens(process: subprocess.Popen[str]) -> bool:
    """Whether SIGTERM reaches a line of ours: Python itself takes only SIGINT."""
    found = re.search(r"SigCgt:\s*([0-9a-f]+)", Path(f"/proc/{process.pid}/status").read_text())
    return found is not None and bool(int(found[1], 16) & 1 << (signal.SIGTERM - 1))


@BOTH
def test_a_signal_at_the_start_is_no_traceback(tmp_path: Path, number: signal.Signals) -> None:
    """However early it comes, once a line of ours has run: the run ends with 130 and a sentence."""
    command = [sys.executable, "-I", "-S", "-X", "utf8", str(ROOT / "run.py"), "publish", "--targets", f"directory={tmp_path}/out"]
    environ = os.environ | {"XDG_CACHE_HOME": str(tmp_path)}  # noqa: TID251 - the tests' own edge
    subprocess.run([*command, "--help"], env=environ, check=True, capture_output=True)
    ended = []
    for moment in range(10):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=tmp_path, env=environ)
        while not listens(process):
            assert process.poll() is None
        wait(process, moment * 0.015)
        process.send_signal(number)
        said, _ = process.communicate(timeout=60)
        ended.append((process.returncode, said))

    assert {code for code, _ in ended} <= {130, 2}  # 2: it was quicker, and there is no project
    assert not [said for _, said in ended if "Traceback" in said]
    assert (ended[0][0], "Stopped before anything was published" in ended[0][1]) == (130, True)
