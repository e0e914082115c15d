"""Prism as a judge: GitHub's own description of its API stands between a client and a fake, and lets nothing pass that it does not allow."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tests.servers.process import answers, free_port, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PATHS = (
    "/repos/{owner}/{repo}",
    "/repos/{owner}/{repo}/commits/{ref}",
    "/repos/{owner}/{repo}/git/ref/{ref}",
    "/repos/{owner}/{repo}/git/refs",
    "/repos/{owner}/{repo}/git/tags/{tag_sha}",
    "/repos/{owner}/{repo}/immutable-releases",
    "/repos/{owner}/{repo}/releases",
    "/repos/{owner}/{repo}/releases/assets/{asset_id}",
    "/repos/{owner}/{repo}/releases/generate-notes",
    "/repos/{owner}/{repo}/releases/latest",
    "/repos/{owner}/{repo}/releases/tags/{tag}",
    "/repos/{owner}/{repo}/releases/{release_id}",
    "/repos/{owner}/{repo}/releases/{release_id}/assets",
)
"""What is judged; Prism answers 404 to all others. The whole description takes 13 MB, and seconds to read."""

ANYWHERE = ("400", "401", "403", "404", "422", "429", "500", "502", "503")
"""What every route may answer by GitHub's general pages, though the description names it at some routes only."""


def description(folder: Path) -> dict[str, Any]:
    """What `@octokit/openapi` in this folder says of `PATHS`, with what stands elsewhere in GitHub's documentation."""
    whole = json.loads((folder / "generated" / "api.github.com.json").read_text(encoding="utf-8"))
    paths = {path.replace("/ref/", "/ref/tags/"): whole["paths"][path] for path in PATHS}  # Prism's `{ref}` ends at a slash
    error = {"description": "", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/basic-error"}}}}
    for operations in paths.values():
        for operation in operations.values():
            if isinstance(operation, dict):
                operation["responses"] = dict.fromkeys(ANYWHERE, error) | operation["responses"]
    slim = {name: whole[name] for name in ("openapi", "info", "servers")} | {"paths": paths}
    # "the asset is left in a state of `starter`": in the text of the upload's description, not in the schema
    whole["components"]["schemas"]["release-asset"]["properties"]["state"]["enum"].append("starter")
    return slim | {"components": _referenced(slim, whole["components"])}


def _referenced(part: object, components: dict[str, Any]) -> dict[str, Any]:
    """Those components that are used, directly or by one another."""
    found: dict[str, Any] = {}
    waiting = [part]
    while waiting:
        match waiting.pop():
            case {"$ref": str(address)}:
                _, _, kind, name = address.split("/")
                if name not in found.setdefault(kind, {}):
                    found[kind][name] = components[kind][name]
                    waiting.append(found[kind][name])
            case dict() as mapping:
                waiting += mapping.values()
            case list() as sequence:
                waiting += sequence
            case _:
                pass
    return found


@contextmanager
def judging(tool: Callable[[str], Path], upstream: str, home: Path) -> Iterator[str]:
    """Run Prism before a server; its address. What it does not let pass it answers itself, with 422 or 500 as `application/problem+json`."""
    document, port = home / "description.json", free_port()
    document.write_text(json.dumps(description(tool("octokit-openapi"))), encoding="utf-8")
    program = tool("prism") / "dist" / "index.js"
    flags = ["--host", "127.0.0.1", "--port", str(port), "--errors", "--cors", "false", "--verboseLevel", "error"]
    with running(["node", program, "proxy", *flags, document, upstream], ready=answers(port), log=home / "log"):
        yield f"http://127.0.0.1:{port}"
