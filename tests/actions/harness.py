"""Actions run as GitHub runs them, by `act` on this machine: a repository, a workflow, an event, and what came of it.

act differs from GitHub: it sets `INPUT_*` in composite steps, leaks its own environment into them, has no OIDC and no annotation limits.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml
from tests.conftest import INDEX

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

GITHUB_REPOSITORY = "octo/demo"
OURS = "OWNER/pkg-publish-action"

PASSED_ON = INDEX | {"PATH", "LANG", "TMPDIR", "PYENV_ROOT", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "UV_CACHE_DIR", "PIP_CACHE_DIR"}
"""All that a job sees of the environment of the tests."""

PROJECT: dict[str, str | bytes] = {
    "pyproject.toml": """
[build-system]
requires = ["flit_core"]
build-backend = "flit_core.buildapi"

[project]
name = "demo"
version = "1.0"
description = "a test"
""",
    "demo.py": "x = 1\n",
}
"""As small as a project can be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What a step with an id left behind."""

    outcome: str
    outputs: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """A run that is over."""

    exit_code: int
    log: str
    """What the steps printed, in order, commands to the runner among it."""
    annotations: list[tuple[str, str]]
    """`warning`, `error` or `notice`, and the message."""
    steps: Mapping[str, Step]
    """By id."""
    summary: str
    """The summaries of all steps, in order, as GitHub shows them one below the other."""
    everything: str
    """All that act said: to look for what nobody may say, and to show when a test fails."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Runs workflows of one job in the folder of one test."""

    program: Path
    action: Path
    """What `OWNER/pkg-publish-action@v1` is."""
    folder: Path
    home: Path
    files: dict[str, str | bytes] = field(default_factory=lambda: dict(PROJECT))
    """The repository: contents by path. Change it before the run."""

    def run(
        self,
        steps: str,
        *,
        event: str = "push",
        payload: Mapping[str, Any] | None = None,
        secrets: Mapping[str, str] | None = None,
        job: Mapping[str, Any] | None = None,
        runner: Mapping[str, str] | None = None,
    ) -> Ran:
        """Check out, then run these steps (a YAML list). `payload` is the event's; `job` adds keys to the job, like `env`; `runner` changes what it says."""
        seen = self.folder / "steps.json"
        seen.unlink(missing_ok=True)
        repository = self._repository(_workflow(steps, event, dict(job or {}), seen))
        (self.folder / "event.json").write_text(json.dumps(payload or {}))
        flags = ["-P", "ubuntu-latest=-self-hosted", "--action-offline-mode", "--no-cache-server", "--use-gitignore=false", "--json"]
        flags += ["--local-repository", f"{OURS}@v1={self.action}", "-e", str(self.folder / "event.json"), "-W", ".github/workflows/test.yml"]
        names = dict(secrets or {"GITHUB_TOKEN": "a-github-token"})
        flags += [word for name in names for word in ("-s", name)]
        flags += [word for name, value in (runner or {}).items() for word in ("--env", f"{name}={value}")]
        environ = {name: value for name, value in os.environ.items() if name in PASSED_ON} | {"HOME": str(self.home)}  # noqa: TID251
        done = subprocess.run([self.program, event, *flags], cwd=repository, env=environ | names, capture_output=True, text=True, check=False, timeout=600)
        return _read(done, json.loads(seen.read_text()) if seen.exists() else {})

    def _repository(self, workflow: str) -> Path:
        """A git repository of one commit, with a remote: without one, act makes a name up."""
        repository = self.folder / "repository"
        for path, content in (self.files | {".github/workflows/test.yml": workflow}).items():
            (repository / path).parent.mkdir(parents=True, exist_ok=True)
            (repository / path).write_bytes(content.encode() if isinstance(content, str) else content)
        for command in (
            ["init", "--quiet", "--initial-branch=main"],
            ["config", "remote.origin.url", f"https://github.com/{GITHUB_REPOSITORY}.git"],
            ["add", "--all"],
            ["-c", "user.name=Test", "-c", "user.email=test@example.org", "commit", "--quiet", "--allow-empty", "--message=x"],
        ):
            subprocess.run(["git", *command], cwd=repository, check=True)
        return repository


def _workflow(steps: str, event: str, job: dict[str, Any], seen: Path) -> str:
    """A workflow of one job; its last step writes down what the others left, whatever happened."""
    first = {"uses": "actions/checkout@df4cb1c069e1874edd31b4311f1884172cec0e10"}  # act copies the repository in its place
    last = {"if": "always()", "shell": "sh", "env": {"STEPS": "${{ toJSON(steps) }}"}, "run": f"printf '%s' \"$STEPS\" > '{seen}'"}
    main = {"runs-on": "ubuntu-latest", "steps": [first, *yaml.safe_load(steps), last], **job}
    return yaml.safe_dump({"on": event, "jobs": {"main": main}}, sort_keys=False)


def _read(done: subprocess.CompletedProcess[str], steps: dict[str, Any]) -> Ran:
    entries = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return Ran(
        exit_code=done.returncode,
        log="".join(entry["msg"] if entry.get("raw_output") else entry.get("raw", "") for entry in entries),
        annotations=[(entry["command"], entry["arg"]) for entry in entries if entry.get("command") in {"notice", "warning", "error"}],
        steps={name: Step(outcome=step["outcome"], outputs=step["outputs"]) for name, step in steps.items() if not re.fullmatch(r"\d+", name)},
        summary="".join(_summaries(entries)),
        everything=done.stdout + done.stderr,
    )


def _summaries(entries: list[dict[str, Any]]) -> list[str]:
    """One for each step that wrote one; after a composite action act says the last one once more, for the step that used it."""
    found: dict[tuple[str, ...], str] = {}
    for entry in entries:
        step = tuple(entry.get("stepID", ()))
        if entry.get("command") == "summary" and not any(other[: len(step)] == step for other in found):
            found[step] = entry["content"]
    return list(found.values())
