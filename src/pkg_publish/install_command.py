"""The command that installs what was published, for somebody who has nothing of ours (contract, section 5)."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pkg_publish import __version__
from pkg_publish.errors import DOCS
from pkg_publish.model import Filetype

if TYPE_CHECKING:
    from pathlib import Path

    from pkg_publish.model import Receipt, Release


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where this copy of ours comes from."""

    server_url: str = "https://github.com"
    repository: str = ""
    """`owner/name` of this action; empty outside of one."""
    ref: str = ""
    """As the workflow wrote it: `v1`, a tag, a sha."""
    archive: str = ""
    """The text of `.git_archival.txt`, which git fills in when it makes an archive."""
    run: Path | None = None
    """The `run.py` of a checkout; None when we are installed."""

    @property
    def revision(self) -> str:
        """The sha that the archive was stamped with, else the ref if it is a sha, else the tag of our version."""
        stamped = re.search(r"^node: ([0-9a-f]{40})$", self.archive, re.MULTILINE)
        if stamped:
            return stamped[1]
        return self.ref if re.fullmatch(r"[0-9a-f]{40}", self.ref) else f"v{__version__}"

    @property
    def docs_url(self) -> str:
        """Where this version's documentation can be read: on the web, else in the checkout that runs, from whatever folder."""
        if self.repository:
            return f"{self.server_url}/{self.repository}/blob/{self.revision}/{DOCS}"
        return str(self.run.absolute().parent / DOCS) if self.run else DOCS

    @property
    def command(self) -> list[str]:
        """What starts `pkg-publish` elsewhere."""
        if self.repository:
            return ["uvx", "--from", f"git+{self.server_url}/{self.repository}@{self.revision}", "pkg-publish"]
        return ["python3", str(self.run)] if self.run else ["pkg-publish"]


def install_command(release: Release, receipt: Receipt, origin: Origin, *, beyond: bool = False) -> str:
    """Return the command, for an image the one that runs it; empty where nothing can be installed (a draft).

    `beyond`: the place is an index that pip reads, and what the release needs comes from another one, for which pip has no safe way.
    """
    requirement = f"{release.project}=={release.version}"
    if receipt.index_url and not beyond:
        return shlex.join(["python3", "-m", "pip", "install", "--index-url", receipt.index_url, requirement])
    if receipt.source:
        denied = ["--denied", "absent"] if takes_denied_for_absent(release, receipt) else []
        return shlex.join([*origin.command, "install", requirement, "--from", receipt.source, *denied])
    return receipt.command


def takes_denied_for_absent(release: Release, receipt: Receipt) -> bool:
    """Whether it may need something that strangers are not shown in its namespace: GHCR denies them what is not there, too."""
    if receipt.visible_to != "public" or not receipt.digest:
        return False
    return any(b"\nRequires-Dist:" in each.metadata for each in release.distributions) or all(each.filetype is Filetype.SDIST for each in release.distributions)
