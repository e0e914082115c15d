"""The publishing step as a runner starts it: the very line of `action.yml`, in a script that `sh -e` runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from tests.conftest import INDEX
from tests.oracles.runner_commands import entries
from tests.servers.github import TOKEN
from tests.servers.github_world import MAIN

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
DEFAULTS = {name: str(each.get("default", "")) for name, each in ACTION["inputs"].items()}
LINES = {step["id"]: step["run"] for step in ACTION["runs"]["steps"]} | {"doctor": 'exec sh "$GITHUB_ACTION_PATH/start.sh" doctor'}
PASSED_ON = INDEX | {"PATH", "LANG", "HOME", "PYENV_ROOT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "UV_CACHE_DIR", "PIP_CACHE_DIR"}


@dataclass(frozen=True, kw_only=True)
class Step:
    """The step of a job with a folder of distributions, and all that its runner would find afterwards."""

    temp: Path
    """`RUNNER_TEMP`: the folder of libraries in it outlives the step."""
    folder: Path
    """This step's alone."""
    dist: Path
    targets: str
    environ: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    name: str = "publish"
    """Or `doctor`."""

    def start(self) -> subprocess.Popen[str]:
        """Start it."""
        for name in ("output", "summary"):
            (self.folder / name).write_bytes(b"")
        (self.folder / "step.sh").write_text(LINES[self.name])
        (self.folder / "event.json").write_text(json.dumps({"repository": {"private": False, "visibility": "public"}}))
        inputs = DEFAULTS | {"github-token": TOKEN, "targets": self.targets, "dist-dir": str(self.dist), "build": "never", "timeout": "2m"} | dict(self.inputs)
        kept = {name: value for name, value in os.environ.items() if name in PASSED_ON}  # noqa: TID251 - the tests' own edge
        job = {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}",  # no wrapper that starts programs of its own
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_OUTPUT": str(self.folder / "output"),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
            "GITHUB_EVENT_PATH": str(self.folder / "event.json"),
            "GITHUB_EVENT_NAME": "push",
            "GITHUB_REPOSITORY": "octo/demo",
            "GITHUB_SHA": MAIN,
            "GITHUB_RUN_ID": "7",
            "GITHUB_RUN_ATTEMPT": "1",
            "RUNNER_TEMP": str(self.temp),
            "PKG_PUBLISH_STEP": self.name,
            "PKG_PUBLISH_INPUTS": json.dumps(inputs),
        }
        command = ["sh", "-e", str(self.folder / "step.sh")]
        return subprocess.Popen(
            command, cwd=self.folder, env=kept | job | dict(self.environ), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
        )

    def outputs(self) -> dict[str, str]:
        """What it told the runner."""
        return entries((self.folder / "output").read_text(encoding="utf-8"))
