"""The targets there are, in the order of the contract's table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pkg_publish.targets.directory import DirectoryKind

if TYPE_CHECKING:
    from pkg_publish.targets.base import TargetKind

KINDS: tuple[TargetKind, ...] = (DirectoryKind(),)
