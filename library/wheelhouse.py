"""The wheelhouses of a release, one zip file for each platform: `python3 -m library.wheelhouse FOLDER`, for the workflow that releases us.

Each holds the locked wheels for every Python that the lock is made for, so that `library.folder` can do without an index.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from library import pip
from library.mirror import Index, Web
from library.wheels import fetch_locked, read_lock

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from packaging.tags import Tag

    from library.wheels import Pin

PLATFORMS = {
    "linux-x86_64-glibc": r"manylinux\w*_x86_64",
    "linux-aarch64-glibc": r"manylinux\w*_aarch64",
    "linux-x86_64-musl": r"musllinux\w*_x86_64",
    "linux-aarch64-musl": r"musllinux\w*_aarch64",
    "darwin-x86_64": r"macosx\w*_(x86_64|universal2)",
    "darwin-arm64": r"macosx\w*_(arm64|universal2)",
    "win32-amd64": "win_amd64",
    "win32-arm64": "win_arm64",
}
"""What `folder.platform_word` says → the platform tags of wheels that run there."""

INTERPRETERS = {"py3", "cp311", "cp312", "cp313", "cp314"}


def main() -> None:
    """Write the zip files into the folder that is named."""
    (folder,) = map(Path, sys.argv[1:])
    environ = os.environ  # noqa: TID251 - a command of its own
    settings = pip.read_settings(environ)
    index = Index(pip.indexes(settings), Web(settings, environ))
    lock = Path(__file__).resolve().parents[1] / "requirements.txt"
    folder.mkdir(parents=True, exist_ok=True)
    write(folder, read_lock(lock.read_text(encoding="utf-8")), index)


def write(folder: Path, pins: Iterable[Pin], index: Index) -> None:
    """Fetch every wheel that somebody needs, once, and put it where it is needed. The zip files are the same whenever they are made."""
    houses = {word: zipfile.ZipFile(folder / f"wheelhouse-{word}.zip", "w") for word in PLATFORMS}
    for pin in sorted(pins, key=lambda pin: pin.name):
        files = index.files(pin.name)
        for name, words in sorted(needed(pin, files)):
            with tempfile.TemporaryFile() as file:
                fetch_locked(name, pin, files[name], index, file)
                file.seek(0)
                data = file.read()
            for word in words:
                houses[word].writestr(zipfile.ZipInfo(name), data)
    for house in houses.values():
        house.close()


def needed(pin: Pin, files: Mapping[str, str]) -> Iterator[tuple[str, list[str]]]:
    """The wheels of the pinned version, each with the platforms that it is for."""
    for name in files:
        try:
            _, version, _, tags = parse_wheel_filename(name)
        except InvalidWheelFilename:
            continue
        words = [word for word in PLATFORMS if any(runs_on(tag, word) for tag in tags)]
        if str(version) == pin.version and words:
            yield name, words


def runs_on(tag: Tag, word: str) -> bool:
    """Some Python of ours on this platform takes wheels with this tag."""
    right_python = tag.interpreter in INTERPRETERS or (tag.abi == "abi3" and tag.interpreter.startswith("cp3"))
    return right_python and not tag.abi.endswith("t") and (tag.platform == "any" or re.fullmatch(PLATFORMS[word], tag.platform) is not None)


if __name__ == "__main__":
    main()
