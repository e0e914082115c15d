"""The targets there are, in the order of the contract's table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pkg_publish.targets.container_image import ContainerImageKind
from pkg_publish.targets.directory import DirectoryKind
from pkg_publish.targets.github_release import GithubReleaseKind
from pkg_publish.targets.oci import GhcrKind, OciKind
from pkg_publish.targets.oci_layout import OciLayoutKind
from pkg_publish.targets.pypi import PypiKind
from pkg_publish.targets.repository import GithubPackagesKind, RepositoryKind

if TYPE_CHECKING:
    from pkg_publish.targets.base import TargetKind

KINDS: tuple[TargetKind, ...] = (
    GithubPackagesKind(),
    GhcrKind(),
    OciKind(),
    OciLayoutKind(),
    PypiKind(word="pypi", title="PyPI"),
    PypiKind(word="testpypi", title="TestPyPI"),
    RepositoryKind(),
    GithubReleaseKind(),
    DirectoryKind(),
    ContainerImageKind(),
)
