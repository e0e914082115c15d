"""The lock: what `make lock` makes, complete for every machine that we promise, and no more than our imports reach."""

from __future__ import annotations

import ast
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING

import pytest
from library.wheels import read_lock
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from tests import real_parts
from tests.checkout import ROOT, Checkout
from tests.test_house import SRC, nodes, typing_only

if TYPE_CHECKING:
    from pathlib import Path

LOCK = ROOT / "requirements.txt"
PINS = {pin.name: pin for pin in read_lock(LOCK.read_text(encoding="utf-8"))}
COMPILE = re.search(r"^#   (uv pip compile (?:.|\n)*?) -o requirements\.txt$", (ROOT / "requirements.in").read_text(encoding="utf-8"), re.MULTILINE)
PLATFORMS = [
    *("x86_64-manylinux_2_28", "aarch64-manylinux_2_28", "x86_64-unknown-linux-musl", "aarch64-unknown-linux-musl"),
    *("x86_64-apple-darwin", "aarch64-apple-darwin", "x86_64-pc-windows-msvc", "aarch64-pc-windows-msvc"),
]
PYTHONS = ["3.11", "3.12", "3.13", "3.14"]
LACKING = {("aarch64-pc-windows-msvc", "3.11")}
"""PyYAML has no wheel for it."""
ALONE = """
import sys
sys.path.insert(0, sys.argv[1])
sys.path.insert(0, sys.argv[2])
import importlib
for name in sys.argv[3:]:
    importlib.import_module(name)
print(*sorted({name.partition(".")[0] for name, module in sys.modules.items() if (getattr(module, "__file__", "") or "").startswith(sys.argv[1])}))
"""


def uv(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the tests' uv, with this machine's index and nobody's configuration."""
    command = [sys.executable, "-m", "uv", "pip", *words]
    return subprocess.run(command, cwd=ROOT, env=real_parts.ENVIRON | real_parts.uv_settings(), capture_output=True, text=True, check=False)


def lines(name: str) -> list[str]:
    """The requirements in one of our files, comments and options left out."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return [line.partition("#")[0].strip() for line in text.splitlines() if line.partition("#")[0].strip()]


def our_imports() -> set[str]:
    """Our own modules, and those of others that they import at any level."""
    found = {".".join(path.relative_to(SRC.parent).with_suffix("").parts).removesuffix(".__init__") for path in SRC.rglob("*.py")}
    for path in SRC.rglob("*.py"):
        for node in set(nodes(path)) - typing_only(path):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                found.add(str(node.module))
    return {name for name in found if name.partition(".")[0] not in sys.stdlib_module_names and not name.endswith("__main__")}


def test_every_pin_has_a_hash_and_one_version() -> None:
    """Nothing comes in by its name."""
    assert len(PINS) > 10
    assert [pin.name for pin in PINS.values() if not pin.hashes or not re.fullmatch(r"[0-9][\w.]*", pin.version)] == []


def test_every_declared_library_is_locked() -> None:
    """At a version that the declaration allows; without an index, this says that `make lock` was forgotten."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = [*project["dependencies"], *project["optional-dependencies"]["publish"], *lines("requirements.in")]
    for requirement in map(Requirement, declared):
        assert requirement.specifier.contains(PINS[canonicalize_name(requirement.name)].version)


def test_what_is_excluded_is_not_there() -> None:
    """Nor declared by ourselves."""
    assert PINS.keys().isdisjoint(lines("requirements.excludes"))


def test_every_exclusion_has_its_reason() -> None:
    """Whoever adds one says why nothing of ours reaches it."""
    names = [line for line in (ROOT / "requirements.excludes").read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert [line for line in names if not re.fullmatch(r"[a-z0-9-]+ +# .{20,}", line)] == []


@pytest.mark.real
def test_the_command_makes_the_lock(tmp_path: Path) -> None:
    """The one that `requirements.in` shows, on top of the lock that is there."""
    assert COMPILE
    made = tmp_path / "requirements.txt"
    made.write_bytes(LOCK.read_bytes())
    words = shlex.split(COMPILE[1].replace("\\\n#", ""))
    done = uv(*words[2:], "--quiet", "-o", made)
    assert done.stderr == ""
    assert made.read_text(encoding="utf-8") == LOCK.read_text(encoding="utf-8")


@pytest.mark.real
@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_machine_finds_its_wheels(platform: str, python: str, tmp_path: Path) -> None:
    """Linux with either C library, macOS, Windows; both processors; every Python: nothing is compiled anywhere."""
    options = ["--no-config", "--quiet", "--dry-run", "--only-binary", ":all:", "--require-hashes", "--no-deps", "--target", str(tmp_path)]
    done = uv("install", *options, "--python", sys.executable, "--python-platform", platform, "--python-version", python, "-r", LOCK)
    assert (done.returncode == 0) is ((platform, python) not in LACKING), done.stderr


@pytest.fixture(scope="module")
def real_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of libraries as `run.py` makes it from this machine's index, in an empty home."""
    checkout = Checkout.make(tmp_path_factory.mktemp("real"))
    checkout.root.joinpath("src/pkg_publish/cli.py").write_text("def main(argv):\n    return 0\n")
    shutil.copy(LOCK, checkout.root)
    checkout.environ.clear()
    environ = real_parts.ENVIRON | {"HOME": str(checkout.folder), "XDG_CACHE_HOME": ""}
    ended = checkout.run(**environ)
    assert (ended.code, ended.stderr) == (0, "")
    (folder,) = checkout.folder.joinpath(".cache", "pkg-publish").iterdir()
    return folder


@pytest.mark.real
def test_our_imports_find_all_they_need_in_it(real_library: Path) -> None:
    """Every module of ours, and every module of others that one of them imports at any level, from this folder alone."""
    command = [sys.executable, "-I", "-S", "-c", ALONE, str(real_library), str(SRC.parent), *sorted(our_imports())]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1:] == []
    assert {"requests", "yaml", "packaging"} <= set(done.stdout.split())


@pytest.mark.real
def test_the_uv_in_it_runs(real_library: Path) -> None:
    """The builds are made with it."""
    done = subprocess.run([real_library / "bin" / "uv", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.split()[1] == PINS["uv"].version
