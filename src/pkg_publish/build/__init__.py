"""Build → a folder of distributions, in an environment made with the user's own Python."""

from pkg_publish.build.child import BackendSaid, StillBuilding
from pkg_publish.build.environment import child_environ
from pkg_publish.build.front import BuildBegan, BuildSettings, Built, run
from pkg_publish.build.history import commit, github_repository, shallow_version
from pkg_publish.build.wheels import Gatherer

__all__ = [
    "BackendSaid",
    "BuildBegan",
    "BuildSettings",
    "Built",
    "Gatherer",
    "StillBuilding",
    "child_environ",
    "commit",
    "github_repository",
    "run",
    "shallow_version",
]
