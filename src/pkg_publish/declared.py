"""What a project's `pyproject.toml` says of it before it is built."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from pathlib import Path

LONGEST = 1 << 20
"""Bytes that are read of it."""


def table(project: Path) -> dict[str, Any]:
    """The table `project` of the file in that folder, which has a name at least; empty when there is none that can be read."""
    try:
        with (project / "pyproject.toml").open("rb") as file:
            found = tomllib.loads(file.read(LONGEST).decode()).get("project")
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) and isinstance(found.get("name"), str) else {}


def name(project: Path) -> str:
    """Its normalised name; empty when it is not known."""
    return canonicalize_name(str(table(project).get("name", "")))
