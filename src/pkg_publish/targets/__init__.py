"""The targets there are, in the order of the contract's table; a kind is imported when somebody names it."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pkg_publish.targets.base import TargetKind


class _Kinds(Mapping[str, "TargetKind"]):
    """Kinds by their words, each made when it is asked for: a run needs few, and what they speak takes time to import."""

    def __init__(self, places: Mapping[str, str]) -> None:
        self._places = places

    def __getitem__(self, word: str) -> TargetKind:
        module, _, name = self._places[word].partition(".")
        return cast("TargetKind", getattr(import_module(f"{__name__}.{module}"), name)(word=word))

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


KINDS: Mapping[str, TargetKind] = _Kinds(
    {
        "github-packages": "repository.GithubPackagesKind",
        "ghcr": "oci.GhcrKind",
        "oci": "oci.OciKind",
        "oci-layout": "oci_layout.OciLayoutKind",
        "pypi": "pypi.PypiKind",
        "testpypi": "pypi.PypiKind",
        "repository": "repository.RepositoryKind",
        "github-release": "github_release.GithubReleaseKind",
        "directory": "directory.DirectoryKind",
        "container-image": "container_image.ContainerImageKind",
    }
)
