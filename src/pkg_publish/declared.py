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


def broken(project: Path) -> str:
    """Why no tool can read the file in that folder, and where; empty when one can, or when there is none."""
    try:
        tomllib.loads((project / "pyproject.toml").read_bytes()[:LONGEST].decode())
    except FileNotFoundError:
        return ""
    except OSError as error:
        return error.strerror or str(error)
    except RecursionError:
        return "it is nested without end"
    except ValueError as error:
        return str(error)[:200]
    return ""


def name(project: Path) -> str:
    """Its normalised name; empty when it is not known."""
    return canonicalize_name(str(table(project).get("name", "")))
