"""What a project's git history says to its build: the time of the last commit, and whether the history was cut off."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

from packaging.version import Version

from pkg_publish.build.environment import git_environ
from pkg_publish.build.steps import CHECKOUT_WITH_HISTORY
from pkg_publish.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LONG_AGO = 315_619_200
"""1980-01-02: where no commit tells the time. A wheel's ZIP format knows no earlier day, in any time zone."""

MADE_UP = frozenset({"0", "0.0", "0.0.0", "0.1", "0.1.0"})
"""The versions that tools count from when they find no tag."""


def last_commit(project: Path, environ: Mapping[str, str]) -> int:
    """When the project was last changed, in seconds since 1970; without git or a commit a time that is the same for everybody."""
    said = _git(project, environ, "log", "-1", "--format=%ct")
    return int(said) if said.isdecimal() else LONG_AGO


def shallow_version(project: Path, version: str, environ: Mapping[str, str]) -> ConfigError | None:
    """What is wrong with a version (normalised) that a tool made up because the clone has no tag to count from; None if nothing is."""
    parsed = Version(version)
    counted = parsed.is_devrelease or parsed.local is not None or _is_dynamic(project)
    if parsed.base_version not in MADE_UP or not counted or _git(project, environ, "rev-parse", "--is-shallow-repository") != "true":
        return None
    return ConfigError(
        f"the version {version} was made up: the checkout has no history, so no tag to count from",
        code="shallow-clone",
        cure="Fetch the whole history; at home: `git fetch --unshallow --tags`.",
        paste=CHECKOUT_WITH_HISTORY,
    )


def github_repository(project: Path, server_url: str, environ: Mapping[str, str]) -> str:
    """`owner/name` of the remote `origin`, if it is at this GitHub server; else an empty string."""
    host = re.escape(server_url.partition("://")[2])
    remote = _git(project, environ, "remote", "get-url", "origin")
    found = re.fullmatch(rf"(?:https://|ssh://|git://)?(?:[^/@]+@)?{host}[:/]([^/:]+/[^/]+?)(?:\.git)?/?", remote)
    return found[1] if found else ""


def commit(project: Path, environ: Mapping[str, str]) -> str:
    """The commit that is checked out where the project is; empty: none."""
    return _git(project, environ, "rev-parse", "--verify", "--quiet", "HEAD")


def _is_dynamic(project: Path) -> bool:
    """Whether `pyproject.toml` leaves the version to a tool."""
    import tomllib

    try:
        table = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8")).get("project")
    except (OSError, ValueError):
        return False
    return isinstance(table, dict) and "version" in table.get("dynamic", [])


def _git(project: Path, environ: Mapping[str, str], *words: str) -> str:
    """Ask git; empty where it has no answer. In a container job the checkout belongs to somebody else, which is no danger to reading."""
    command = ["git", "-c", "safe.directory=*", "-c", "log.showSignature=false", "-C", str(project), *words]
    try:
        said = subprocess.run(command, env=git_environ(environ), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False)  # noqa: S603 - git
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return said.stdout.strip()
