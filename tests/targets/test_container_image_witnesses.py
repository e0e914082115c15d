"""Other programs read the images that we made, and the programs in them run."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import tarfile
from functools import partial
from typing import TYPE_CHECKING

import pytest
from tests import factory, real_parts
from tests.conftest import INDEX
from tests.targets import debian
from tests.targets.contract import once
from tests.targets.images import JOB, PYTHON, ImageStand, ambient, make, program

from pkg_publish.model import Release

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.servers.registries import NewRegistry

pytestmark = pytest.mark.real("crane", "debootstrap", "regctl", "skopeo", "umoci")


@pytest.fixture
def release(tmp_path: Path) -> Release:
    """A program that depends on a library beside it."""
    factory.wheel(tmp_path / "dist", "helping", "2.0", content=b"WORD = 'helped'\n")
    return program(tmp_path / "dist", extra="Requires-Dist: helping>=1\n")


@pytest.fixture
def stand(new_registry: NewRegistry, tmp_path: Path) -> ImageStand:
    """No image."""
    return ImageStand(new_registry("open"), tmp_path)


@pytest.fixture
def said(tool: Callable[[str], Path]) -> Callable[..., str]:
    """What a program prints."""

    def run(name: str, *words: object) -> str:
        return subprocess.run([str(word) for word in (tool(name), *words)], capture_output=True, text=True, check=True).stdout

    return run


def test_crane_finds_it_valid(stand: ImageStand, release: Release, said: Callable[..., str]) -> None:
    """Every digest, size and diff_id is what manifests and configs say."""
    once(stand.target(), release)

    for architecture in ("amd64", "arm64"):
        words = said("crane", "validate", "--platform", f"linux/{architecture}", "--remote", f"{stand.server.reference}:1.0")
        assert words.startswith("PASS")


def test_skopeo_finds_an_image(stand: ImageStand, release: Release, said: Callable[..., str], tmp_path: Path) -> None:
    """It is an image for both platforms, with labels; copied it keeps its digest."""
    once(stand.target(), release)
    name = f"docker://{stand.server.reference}:1.0"

    found = json.loads(said("skopeo", "--override-arch", "arm64", "inspect", "--tls-verify=false", name))
    said("skopeo", "copy", "--all", "--preserve-digests", "--src-tls-verify=false", name, f"oci:{tmp_path / 'copy'}:1.0")

    assert (found["Architecture"], found["Labels"]["org.opencontainers.image.version"]) == ("arm64", "1.0")
    assert json.loads((tmp_path / "copy" / "index.json").read_text())["manifests"][0]["digest"] == stand.digest("1.0")


def test_two_builds_are_one(stand: ImageStand, release: Release, said: Callable[..., str], tmp_path: Path) -> None:
    """Made twice, from copies that were written elsewhere at another time, it is the same to the last byte; regctl sees no difference."""
    factory.wheel(tmp_path / "elsewhere", "helping", "2.0", content=b"WORD = 'helped'\n")
    again = program(tmp_path / "elsewhere", extra="Requires-Dist: helping>=1\n")
    other = make(f"{stand.server.reference}/again", tmp_path, run=ambient(tmp_path / "there"), base=stand.bases.reference)
    once(stand.target(), release)

    attempt = once(other, again)

    assert attempt.receipt
    assert attempt.receipt.digest == stand.digest("1.0")
    said("regctl", "registry", "set", "--tls", "disabled", stand.server.host)
    names = [f"{stand.server.reference}{each}:1.0" for each in ("", "/again")]
    assert said("regctl", "manifest", "diff", *names).strip() == ""
    said("regctl", "image", "check-base", names[0])


# A program of other people, with a compiled dependency, on Debian.

REAL, COMPILED = "yamllint==1.37.1", re.compile(r"app/lib/yaml/_yaml\.cpython-3.*\.so")
MACHINES = (b"\x3e\x00", b"\xb7\x00")
"""What the headers of ELF files call amd64 and arm64."""


def real() -> Release:
    """Its only wheel, kept between runs."""
    folder = real_parts.CACHE / "wheels" / REAL
    if not list(folder.glob("*.whl")):
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest", str(folder), REAL]
        subprocess.run(command, check=True)
    (wheel,) = folder.glob("*.whl")
    return Release(project="yamllint", version="1.37.1", distributions=(factory.distribution(wheel, "yamllint", "1.37.1"),))


def test_a_real_program_runs_on_debian(new_registry: NewRegistry, said: Callable[..., str], tmp_path: Path) -> None:
    """Made on what debootstrap and crane have made, unpacked by umoci into a folder that is the whole world; what is compiled is each platform's."""
    server = new_registry("open")
    base = debian.put(server, partial(said, "crane"))
    found = {name: os.environ[name] for name in INDEX & os.environ.keys()}  # noqa: TID251 - the tests' own edge: how this machine reaches its index
    environ = found | {"PIP_NO_INDEX": "", "UV_CACHE_DIR": str(real_parts.CACHE / "uv-cache")}
    attempt = once(make(server.reference, tmp_path, run=ambient(tmp_path, JOB, None, **environ), base=base), real(), seconds=120)
    assert attempt.receipt, attempt.problem
    assert "pyyaml==" in attempt.receipt.resolved

    for child, machine in zip(server.index("1.37.1")["manifests"], MACHINES, strict=True):
        layer = server.blob(server.index(child["digest"])["layers"][1]["digest"])
        with tarfile.open(fileobj=io.BytesIO(layer)) as archive:
            (compiled,) = (each for each in archive if COMPILED.fullmatch(each.name))
            assert archive.extractfile(compiled).read(20)[18:] == machine  # type: ignore[union-attr]  # it is a file

    layout, root = tmp_path / "layout", tmp_path / "root" / "rootfs"
    said("skopeo", "copy", "--src-tls-verify=false", f"docker://{server.reference}@{attempt.receipt.digest}", f"oci:{layout}:1")
    said("umoci", "unpack", *([] if os.geteuid() == 0 else ["--rootless"]), "--image", f"{layout}:1", root.parent)
    config = json.loads(said("crane", "config", "--platform", "linux/amd64", f"{server.reference}:1.37.1"))
    assert debian.run(root, config, "--version") == "yamllint 1.37.1\n"
    config["config"]["Entrypoint"] = ["python3", "-c", "import yaml; print(yaml.__with_libyaml__)"]
    assert debian.run(root, config) == "True\n"


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
    """64 MiB from one registry to another take no more than all the rest does."""
    here, elsewhere = new_registry("open"), ImageStand(new_registry("v3"), tmp_path)
    elsewhere.bases.put("large", layer=os.urandom(64 << 20), packing="", Env=[f"PYTHON_VERSION={PYTHON}.1"])
    base = f"{elsewhere.server.host}/{elsewhere.bases.name}:large"

    command = [sys.executable, "-c", PUBLISH_AND_MEASURE, str(tmp_path), here.reference, base]
    words = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()

    assert words[0] == "published"
    assert int(words[1]) < 90 << 10
    assert sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file()) < 5 << 20
