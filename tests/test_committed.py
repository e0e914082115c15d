"""What the project commits: nothing that ties it to one machine, one mirror or one moment."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
LOCKS = sorted(ROOT.glob("requirements*.txt"))
OURS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
STEPS = [*sorted(ROOT.glob("**/action.yml")), *OURS, *sorted((ROOT / "examples").glob("**/*.yml"))]

REGISTRIES = ("pypi{}org", "pythonhosted{}org", "registry{}npmjs.org", "proxy{}golang.org", "crates{}io", "deb{}debian.org")
"""Hosts of package registries, spelt so that this file does not hold them: a machine's own mirror counts, and twine knows PyPI's addresses."""


def committed() -> list[Path]:
    """Every text file of ours that is, or would be, committed."""
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return [path for name in names if name and (path := ROOT / name).is_file() and b"\0" not in path.read_bytes()]


def holding(words: list[str]) -> list[str]:
    """Where one of these words stands."""
    return [f"{path.relative_to(ROOT)}: {word}" for path in committed() for word in words if word in path.read_text(encoding="utf-8", errors="replace")]


def test_no_registry_is_named() -> None:
    """Whoever uses a mirror finds nothing here that goes past it."""
    assert ROOT / "pyproject.toml" in committed()
    assert holding([host.format(".") for host in REGISTRIES]) == []


def test_no_machine_is_named() -> None:
    """No path leads into the checkout on one machine."""
    assert holding([f"{ROOT}/"]) == []


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_every_locked_line_has_hashes_and_no_address(path: Path) -> None:
    """A lock names versions and hashes, never where to get them."""
    blocks = re.split(r"\n(?=\S)", re.sub(r"^ *#.*\n", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE).strip())
    assert blocks
    assert [block.splitlines()[0] for block in blocks if not re.fullmatch(r"[\w.-]+==[^\s;]+( ;[^\\]+)?( \\\n    --hash=sha256:[0-9a-f]{64})+", block)] == []


def test_the_npm_lock_has_hashes_and_no_address() -> None:
    """The same for Node.js."""
    packages = json.loads((ROOT / "tests" / "node" / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    locked = [entry for name, entry in packages.items() if name]
    assert locked
    assert all(entry["integrity"].startswith("sha512-") and "resolved" not in entry for entry in locked)


def test_actions_are_pinned() -> None:
    """Every action that is used is named by its commit, with the version beside it; ours is the reader's to name."""
    uses = [line.strip() for path in STEPS for line in path.read_text(encoding="utf-8").splitlines() if re.match(r"\s*(- )?uses:", line)]
    fine = re.compile(r"(- )?uses: (\./\S*|OWNER/pkg-publish-action(/\w+)?@v1|[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+(\.\d+)*)")
    assert uses
    assert [line for line in uses if not fine.fullmatch(line)] == []


def test_what_people_paste_is_pinned_too() -> None:
    """What we print and document, as what we run."""
    told = [ROOT / "run.py", ROOT / "start.sh", ROOT / "README.md", *(ROOT / "src").rglob("*.py"), *(ROOT / "docs").glob("*.md")]
    uses = [found for path in told for found in re.findall(r"uses: (actions/[^'\n]*)", path.read_text(encoding="utf-8"))]
    assert uses
    assert [each for each in uses if not re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40} # v\d+(\.\d+)*", each)] == []


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.name)
def test_our_workflows_begin_with_no_rights(path: Path) -> None:
    """Rights are given to the job that needs them."""
    assert yaml.safe_load(path.read_text(encoding="utf-8"))["permissions"] == {}


def test_no_checkout_leaves_its_token() -> None:
    """Each checkout, ours and those people copy, removes its token: a build could read it."""
    texts = [path.read_text(encoding="utf-8") for path in STEPS]
    checkouts = sum(len(re.findall(r"uses: actions/checkout@", text)) for text in texts)
    assert checkouts > 0
    assert checkouts == sum(len(re.findall(r"persist-credentials: false", text)) for text in texts)
