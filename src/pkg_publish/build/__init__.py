"""Build → a folder of distributions, in an environment made with the user's own Python. What makes that environment is imported when something is built."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from pkg_publish.build.events import BackendSaid, BuildBegan, Built

if TYPE_CHECKING:
    from pkg_publish.build.environment import child_environ
    from pkg_publish.build.front import BuildSettings, run
    from pkg_publish.build.history import commit, github_repository, shallow_version
    from pkg_publish.build.tools import builder
    from pkg_publish.build.wheels import Gatherer

__all__ = [
    "BackendSaid",
    "BuildBegan",
    "BuildSettings",
    "Built",
    "Gatherer",
    "builder",
    "child_environ",
    "commit",
    "github_repository",
    "run",
    "shallow_version",
]

_PLACES = {
    "BuildSettings": "front",
    "Gatherer": "wheels",
    "builder": "tools",
    "child_environ": "environment",
    "commit": "history",
    "github_repository": "history",
    "run": "front",
    "shallow_version": "history",
}


def __getattr__(name: str) -> object:
    """What is in a module of this folder (PEP 562)."""
    if name not in _PLACES:
        raise AttributeError(name)
    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
