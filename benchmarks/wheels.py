"""Wheels of any size that every tool takes: one release, a file for each of so many Pythons, the bytes in them random, so that nobody gains by packing."""

from __future__ import annotations

import base64
import hashlib
import random
import zipfile
from typing import TYPE_CHECKING

from tests.factory import core_metadata

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

NAME, VERSION = "bench", "1.0"
BLOCK = 1 << 20
MOMENT = (2020, 1, 1, 0, 0, 0)


def make(folder: Path, sizes: Sequence[int]) -> list[Path]:
    """Write one wheel of about each size, in bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    chance = random.Random(len(sizes))  # noqa: S311 - the same bytes in every run
    return [_wheel(folder, f"cp3{8 + number}-none-any", size, chance) for number, size in enumerate(sizes)]


def spread(least: int, most: int, count: int) -> list[int]:
    """So many sizes, each larger than the one before by the same factor."""
    return [round(least * (most / least) ** (number / max(1, count - 1))) for number in range(count)]


def _wheel(folder: Path, tag: str, size: int, chance: random.Random) -> Path:
    inside, path = f"{NAME}-{VERSION}.dist-info", folder / f"{NAME}-{VERSION}-{tag}.whl"
    block, hashed = chance.randbytes(min(size, BLOCK)), hashlib.sha256()
    texts = {"METADATA": core_metadata(NAME, VERSION), "WHEEL": f"Wheel-Version: 1.0\nGenerator: bench\nRoot-Is-Purelib: true\nTag: {tag}\n".encode()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        with archive.open(zipfile.ZipInfo(f"{NAME}/data.bin", MOMENT), "w", force_zip64=True) as member:
            for part in _parts(block, size):
                hashed.update(part)
                member.write(part)
        lines = [_line(f"{NAME}/data.bin", hashed.digest(), size)]
        for name, text in texts.items():
            archive.writestr(zipfile.ZipInfo(f"{inside}/{name}", MOMENT), text)
            lines.append(_line(f"{inside}/{name}", hashlib.sha256(text).digest(), len(text)))
        archive.writestr(zipfile.ZipInfo(f"{inside}/RECORD", MOMENT), "\n".join([*lines, f"{inside}/RECORD,,", ""]))
    return path


def _parts(block: bytes, size: int) -> Iterator[bytes]:
    """The block again and again, until there are so many bytes."""
    for begin in range(0, size, BLOCK):
        yield block[: size - begin]


def _line(name: str, digest: bytes, size: int) -> str:
    return f"{name},sha256={base64.urlsafe_b64encode(digest).rstrip(b'=').decode()},{size}"
