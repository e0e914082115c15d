"""What goes into a release beside the distributions: files of the user's choice, and a list of checksums."""

from __future__ import annotations

import glob
import hashlib
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pkg_publish.clients.disk import disk
from pkg_publish.errors import ConfigError
from pkg_publish.model import Item, LocalFile, Stamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path
    from typing import BinaryIO


@dataclass(frozen=True, slots=True, kw_only=True)
class Checksums(Item):
    """A file that is made here, and lies on no disk."""

    content: bytes

    @classmethod
    def of(cls, name: str, items: Iterable[Item]) -> Checksums:
        """A line for each item by its name, as `sha256sum --check` reads it."""
        content = "".join(f"{item.sha256}  {item.name}\n" for item in sorted(items, key=lambda each: each.name)).encode()
        return cls(name=name, sha256=hashlib.sha256(content).hexdigest(), content=content)

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.content)

    def open(self) -> BinaryIO:
        """The bytes, from the beginning."""
        return io.BytesIO(self.content)


File = LocalFile | Checksums
"""What can be sent."""


def extra_files(patterns: Sequence[str], folder: Path) -> list[LocalFile]:
    """The files that the patterns match, relative to a folder, in the order of their names, hashed; raises `ConfigError` for a pattern that matches none."""
    paths: dict[Path, None] = {}
    for pattern in patterns:
        matches = glob.glob(pattern, root_dir=folder, recursive=True)  # noqa: PTH207 - that of pathlib takes no absolute patterns
        found = sorted(path for each in matches if (path := folder / each).is_file())
        if not found:
            raise ConfigError(
                f"the pattern {pattern[:200]!r} in extra-files matches no file",
                code="extra-files",
                cure="Write it relative to the folder the command runs in, and make the files before this step.",
            )
        paths |= dict.fromkeys(found)
    return sorted((_hashed(path) for path in paths), key=lambda file: file.name)


def _hashed(path: Path) -> LocalFile:
    with disk(f"reading {path}"), path.open("rb") as file:
        stamp = Stamp.of(file)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return LocalFile(name=path.name, sha256=digest, path=path, size=stamp.size, stamp=stamp)
