"""The targets there are, in the order of the contract's table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pkg_publish.targets.directory import DirectoryKind
from pkg_publish.targets.oci_layout import OciLayoutKind

if TYPE_CHECKING:
    from pkg_publish.targets.base import TargetKind

KINDS: tuple[TargetKind, ...] = (OciLayoutKind(), DirectoryKind())
