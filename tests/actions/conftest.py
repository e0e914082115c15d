"""Where `OWNER/pkg-publish-action@v1` is this checkout, what is not committed yet included."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.actions.harness import Act

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of this checkout and nothing that only lies about in it."""
    folder = tmp_path_factory.mktemp("action")
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    for name in filter(None, subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


@pytest.fixture
def act(tool: Callable[[str], Path], export: Path, tmp_path: Path, home: Path) -> Act:
    """Run workflows with the action of this checkout."""
    return Act(program=tool("act"), action=export, folder=tmp_path, home=home)
