"""Other programs read the images that we made, and the programs in them run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from typing import TYPE_CHECKING

import pytest
from tests import factory
from tests.targets.contract import once
from tests.targets.images import PYTHON, ImageStand, ambient, make, program, run, this_python

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.servers.registries import NewRegistry

    from pkg_publish.model import Release

pytestmark = pytest.mark.real("crane", "skopeo")


@pytest.fixture
def release(tmp_path: Path) -> Release:
    """A program that depends on a library beside it."""
    factory.wheel(tmp_path / "dist", "helping", "2.0", content=b"WORD = 'helped'\n")
    return program(tmp_path / "dist", extra="Requires-Dist: helping>=1\n")


@pytest.fixture(params=["open", "v3", "crane"])
def stand(request: pytest.FixtureRequest, new_registry: NewRegistry, tmp_path: Path) -> ImageStand:
    """No image, in each registry."""
    return ImageStand(new_registry(request.param), tmp_path)


def said(*command: object) -> str:
    """What a program prints."""
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, check=True).stdout


def test_crane_finds_it_valid(stand: ImageStand, release: Release, tool: Callable[[str], Path]) -> None:
    """Every digest, size and diff_id is what manifests and configs say."""
    once(stand.target(), release)

    for architecture in ("amd64", "arm64"):
        words = said(tool("crane"), "validate", "--platform", f"linux/{architecture}", "--remote", f"{stand.server.reference}:1.0")
        assert words.startswith("PASS")


def test_skopeo_finds_an_image(stand: ImageStand, release: Release, tool: Callable[[str], Path], tmp_path: Path) -> None:
    """It is an image for both platforms, with labels; copied it keeps its digest."""
    once(stand.target(), release)
    name = f"docker://{stand.server.reference}:1.0"

    found = json.loads(said(tool("skopeo"), "--override-arch", "arm64", "inspect", "--tls-verify=false", name))
    said(tool("skopeo"), "copy", "--all", "--preserve-digests", "--src-tls-verify=false", name, f"oci:{tmp_path / 'copy'}:1.0")

    assert (found["Architecture"], found["Labels"]["org.opencontainers.image.version"]) == ("arm64", "1.0")
    assert json.loads((tmp_path / "copy" / "index.json").read_text())["manifests"][0]["digest"] == stand.digest("1.0")


def test_two_builds_are_one(stand: ImageStand, release: Release, tmp_path: Path) -> None:
    """Made twice, from copies that were written elsewhere at another time, it is the same to the last byte."""
    factory.wheel(tmp_path / "elsewhere", "helping", "2.0", content=b"WORD = 'helped'\n")
    again = program(tmp_path / "elsewhere", extra="Requires-Dist: helping>=1\n")
    other = make(f"{stand.server.reference}/again", tmp_path, run=ambient(tmp_path / "there"), base=stand.bases.reference)
    once(stand.target(), release)

    attempt = once(other, again)

    assert attempt.receipt
    assert attempt.receipt.digest == stand.digest("1.0")


def test_the_program_runs(new_registry: NewRegistry, release: Release, tool: Callable[[str], Path], tmp_path: Path) -> None:
    """Unpacked by crane into a folder that is the whole world, the image's command runs, and finds what it depends on."""
    stand = ImageStand(new_registry("open"), tmp_path)
    stand.bases.put("run", layer=this_python(), Env=[f"PATH={sys.base_prefix}/bin:/bin", f"PYTHON_VERSION={PYTHON}.1"], Cmd=["sh"])
    once(stand.target(base=f"{stand.server.host}/{stand.bases.name}:run"), release)
    said(tool("crane"), "export", "--platform", "linux/amd64", f"{stand.server.reference}:1.0", tmp_path / "image.tar")
    with tarfile.open(tmp_path / "image.tar") as archive:
        archive.extractall(tmp_path / "root", filter="tar")
    config = json.loads(said(tool("crane"), "config", "--platform", "linux/amd64", f"{stand.server.reference}:1.0"))

    assert run(tmp_path / "root", config, "world") == "hello world\n"
    config["config"]["Entrypoint"] = ["python3", "-m", "demo"]
    assert run(tmp_path / "root", config) == "as a module\n"
    config["config"]["Entrypoint"] = ["python3", "-c", "import helping, importlib.metadata as m; print(helping.WORD, m.version('demo'))"]
    assert run(tmp_path / "root", config) == "helped 1.0\n"


PUBLISH_AND_MEASURE = """
import re, sys
from pathlib import Path
from tests.targets.contract import once
from tests.targets.images import make, program
scratch, name, base = sys.argv[1:]
attempt = once(make(name, Path(scratch), base=base), program(Path(scratch) / "dist"), seconds=300)
print(attempt.outcome, re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
"""


def test_a_large_base_passes_through_little_memory_and_no_disk(new_registry: NewRegistry, tmp_path: Path) -> None:
    """200 MB from one registry to another take no more than all the rest does."""
    here, elsewhere = new_registry("open"), ImageStand(new_registry("v3"), tmp_path)
    elsewhere.bases.put("large", layer=os.urandom(200 << 20), Env=[f"PYTHON_VERSION={PYTHON}.1"])
    base = f"{elsewhere.server.host}/{elsewhere.bases.name}:large"

    words = said(sys.executable, "-c", PUBLISH_AND_MEASURE, tmp_path, here.reference, base).split()

    assert words[0] == "published"
    assert int(words[1]) < 100 << 10
    assert sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file()) < 5 << 20
