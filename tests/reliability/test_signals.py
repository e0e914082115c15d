"""SIGINT and SIGTERM: whenever they come, the step ends within five seconds, says so, and opens nothing else."""

from __future__ import annotations

import itertools
import os
import re
import signal
import subprocess
import sys
import time
import zipfile
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests import factory
from tests.reliability.steps import ROOT
from tests.reliability.wires import asks
from tests.servers.front import Fault

if TYPE_CHECKING:
    from tests.reliability.kills import Ground
    from tests.reliability.steps import Step

pytestmark = pytest.mark.real("docker-registry")
BOTH = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])


@BOTH
@pytest.mark.parametrize("where", [("upload API", "repository", "POST"), ("registry", "oci", "PUT"), ("release API", "github-release", "PATCH")])
def test_a_step_that_waits_for_a_silent_server_ends(ground: Ground, tmp_path: Path, number: signal.Signals, where: tuple[str, str, str]) -> None:
    """With exit code 130, every output, a summary; and a run again completes."""
    wire, kind, method = where
    place = ground.spot(kind, tmp_path)
    fronts = ground.stands.wires[wire].fronts().values()
    for front in fronts:
        front.fail_at(asks(method), itertools.repeat(Fault(silent=True)))
    step = ground.step(place, tmp_path)
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


def endless(folder: Path) -> Path:
    """A folder with a sound wheel that takes long to hash, and no room on the disk: 30 GB of it are a hole."""
    usual = factory.wheel(folder / "usual")
    with zipfile.ZipFile(usual) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    hole = zipfile.ZipInfo("demo/hole")
    hole.file_size, hole.compress_size, hole.CRC = 30 << 30, 30 << 30, 0
    (folder / "dist").mkdir()
    with (folder / "dist" / usual.name).open("wb") as file, zipfile.ZipFile(file, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data + b"demo/hole,,\n" if name.endswith("/RECORD") else data)
        hole.header_offset = file.seek(archive.start_dir)
        file.write(hole.FileHeader(zip64=True))
        archive.start_dir = file.seek(hole.file_size, os.SEEK_CUR)
        archive.filelist.append(hole)
    return folder / "dist"


def ended(process: subprocess.Popen[str], seconds: float) -> str:
    """What a process says until it ends; it is killed if it does not."""
    with suppress(subprocess.TimeoutExpired):
        return process.communicate(timeout=seconds)[0]
    process.kill()
    return process.communicate()[0]


def reads(process: subprocess.Popen[str], folder: Path) -> bool:
    """Whether a process has a file of a folder open."""
    with suppress(OSError):
        return any(path.readlink().parent == folder for path in Path(f"/proc/{process.pid}/fd").iterdir())
    return False


def ended_while_it_reads(step: Step, folder: Path, number: signal.Signals) -> str:
    """What a step says that gets a signal while it reads a file of a folder; it ends soon, and as cancelled."""
    process = step.start()
    while not reads(process, folder):
        wait(process, 0.01)
        assert process.returncode is None

    began = time.monotonic()
    process.send_signal(number)
    said = ended(process, 10)

    assert time.monotonic() - began < 5, said
    assert (process.returncode, step.outputs()["status"]) == (130, "failed"), said
    assert "cancelled" in said
    return said


@BOTH
def test_a_step_that_reads_a_large_file_ends(ground: Ground, tmp_path: Path, number: signal.Signals) -> None:
    """With exit code 130, every output and a summary; nothing is written anywhere."""
    place, dist = ground.spot("directory", tmp_path), endless(tmp_path)

    ended_while_it_reads(replace(ground.step(place, tmp_path), dist=dist), dist, number)

    assert (tmp_path / "summary").read_text(encoding="utf-8").startswith("## ")
    assert place.stored() == {}


@BOTH
def test_a_doctor_who_reads_a_large_file_ends(ground: Ground, tmp_path: Path, number: signal.Signals) -> None:
    """He compares what the place holds; the table of what is known has no verdict."""
    dist, out = endless(tmp_path), tmp_path / "out"
    (wheel,) = dist.iterdir()
    out.mkdir()
    (out / wheel.name).hardlink_to(wheel)

    said = ended_while_it_reads(replace(ground.step(ground.spot("directory", tmp_path), tmp_path), dist=dist, name="doctor"), out, number)

    assert "what would be published" in said
    assert "Nothing is known" not in said
    assert [path.name for path in out.iterdir()] == [wheel.name]


def test_the_time_of_a_step_that_reads_a_large_file_is_up(ground: Ground, tmp_path: Path) -> None:
    """Exit code 7, not five seconds after that."""
    place = ground.spot("directory", tmp_path)
    step = replace(ground.step(place, tmp_path, timeout="1s"), dist=endless(tmp_path))
    process = step.start()
    while not reads(process, step.dist):
        wait(process, 0.01)
        assert process.returncode is None

    began = time.monotonic()
    said = ended(process, 10)

    assert (process.returncode, step.outputs()["status"]) == (7, "failed"), said
    assert time.monotonic() - began < 6, said


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
    for moment in range(6):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=tmp_path, env=environ)
        while not listens(process):
            assert process.poll() is None
        wait(process, moment * 0.025)
        process.send_signal(number)
        said, _ = process.communicate(timeout=60)
        ended.append((process.returncode, said))

    assert {code for code, _ in ended} <= {130, 2}  # 2: it was quicker, and there is no project
    assert not [said for _, said in ended if "Traceback" in said]
    assert (ended[0][0], "Stopped before anything was published" in ended[0][1]) == (130, True)
