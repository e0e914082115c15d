"""The fake GitHub held against recordings of the real one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import requests

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.servers import github as server


@pytest.mark.real("octokit-fixtures")
@pytest.mark.parametrize("name", ["release-assets", "release-assets-conflict"])
def test_it_answers_as_github_did(github: server.Github, tool: Callable[[str], Path], name: str) -> None:
    """Each recorded request has the recorded status, and every key that GitHub sent."""
    recorded = json.loads((tool("octokit-fixtures") / "scenarios" / "api.github.com" / name / "normalized-fixture.json").read_text(encoding="utf-8"))
    github.world.owner, github.world.name = "octokit-fixture-org", name
    release = github.put_release("v1.0.0", name="Version 1.0.0", body="Initial release")
    if name == "release-assets-conflict":
        github.put(release, "test-upload.txt", b"Hello, world!\n", label="test")

    for exchange in recorded:
        answer = replay(github, exchange)
        assert answer.status_code == exchange["status"], exchange["path"]
        assert missing(exchange["response"] or {}, answer.json() if answer.content else {}) == []


def replay(github: server.Github, exchange: dict[str, Any]) -> requests.Response:
    """Ask as it was asked."""
    host = github.uploads.url if "uploads" in exchange["scope"] else github.url
    headers = {key: value for key, value in exchange["reqheaders"].items() if key not in {"host", "content-length"}}
    body = exchange["body"] if isinstance(exchange["body"], str) else json.dumps(exchange["body"])
    return requests.request(exchange["method"], host + exchange["path"], data=body, headers=headers | {"authorization": f"token {github.token}"}, timeout=10)


def missing(recorded: object, ours: object, where: str = "") -> list[str]:
    """Where GitHub has sent what ours has not, at any depth."""
    if isinstance(recorded, list):
        return [] if not recorded else missing(recorded[0], ours[0] if isinstance(ours, list) and ours else None, f"{where}[0]")
    if not isinstance(recorded, dict):
        return [] if recorded is None or type(recorded) is type(ours) else [where]
    if not isinstance(ours, dict):
        return [where]
    return [each for key in recorded for each in ([f"{where}.{key}"] if key not in ours else missing(recorded[key], ours[key], f"{where}.{key}"))]
