"""Files that want to hurt: refused with a reason, soon, in little memory, and whatever their bytes are."""

from __future__ import annotations

import gzip
import json
import random
import subprocess
import sys
import tarfile
import zipfile
import zlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests import factory

from pkg_publish import preflight
from pkg_publish.errors import Mistakes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CHILD = """
import json, pathlib, re, sys, time
from pkg_publish import preflight
from pkg_publish.errors import Mistakes
found = preflight.collect(pathlib.Path(sys.argv[1]))
began = time.process_time()
try:
    preflight.check(found)
except Mistakes as mistakes:
    codes = [each.code for each in mistakes.found]
spent = time.process_time() - began
peak = re.search("VmHWM:\\s+(\\d+)", pathlib.Path("/proc/self/status").read_text())  # `ru_maxrss` would count the process that started this one
print(json.dumps([codes, spent, int(peak[1]) << 10]))
"""
"""Checks a folder in a process of its own, since memory is counted for whole processes; with no environment, which also ends coverage's hold on it."""

INFO = "demo-1.0.dist-info"


def a_tar_bomb(folder: Path) -> None:
    """1 MB that unpack to 1 GB in one member."""
    (folder / "demo-1.0.tar.gz").write_bytes(_endless(_header("demo-1.0/zeros", 1 << 30), bytes(16 << 20), 64))


def a_tar_of_headers(folder: Path) -> None:
    """A few hundred kB that unpack to 21,000 members."""
    headers = b"".join(_header(f"demo-1.0/{number}", 0) for number in range(21_000))
    (folder / "demo-1.0.tar.gz").write_bytes(gzip.compress(headers, 1))


def a_tar_with_a_long_header(folder: Path) -> None:
    """An extended header that a reader would hold in memory."""
    (folder / "demo-1.0.tar.gz").write_bytes(_endless(_header("x", 64 * 13_000_000, b"x"), b"13 path=abcd\n" * 1_000_000, 64))


def a_tar_of_global_headers(folder: Path) -> None:
    """13 MB of settings for all members."""
    records = b"".join(b"11 %05x=a\n" % number for number in range(5000))
    with gzip.open(folder / "demo-1.0.tar.gz", "wb", 1) as file:
        for _ in range(240):
            file.write(_header("x", len(records), b"g") + records + bytes(-len(records) % 512))


def a_tar_of_empty_headers(folder: Path) -> None:
    """30 MB of extended headers that say nothing."""
    (folder / "demo-1.0.tar.gz").write_bytes(gzip.compress(_header("x", 0, b"x") * 60_000))


def a_tar_in_many_streams(folder: Path) -> None:
    """10 MB of streams with nothing in them."""
    (folder / "demo-1.0.tar.gz").write_bytes(gzip.compress(b"") * 500_000)


def _endless(begin: bytes, more: bytes, times: int) -> bytes:
    """One gzip stream, not ended, in which a piece stands again and again."""
    packing = zlib.compressobj(9, zlib.DEFLATED, 31)
    packed = packing.compress(begin) + packing.flush(zlib.Z_FULL_FLUSH)
    return packed + (packing.compress(more) + packing.flush(zlib.Z_FULL_FLUSH)) * times


def _header(name: str, size: int, kind: bytes = b"0") -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.type = size, kind
    return info.tobuf(tarfile.GNU_FORMAT)


def a_zip_bomb(folder: Path) -> None:
    """A few bytes that unpack to 128 MB in one member."""
    _wheel(folder, {"zeros": 128})


def a_metadata_bomb(folder: Path) -> None:
    """The text that every reader reads."""
    _wheel(folder, {f"{INFO}/METADATA": 60})


def a_record_bomb(folder: Path) -> None:
    """60 MB of lines."""
    _wheel(folder, {f"{INFO}/METADATA": 0, f"{INFO}/WHEEL": 0, f"{INFO}/RECORD": 60})


def a_record_of_one_line(folder: Path) -> None:
    """31 MB of commas: a reader of CSV makes a value of each."""
    _wheel(folder, {f"{INFO}/METADATA": 0, f"{INFO}/WHEEL": 0, f"{INFO}/RECORD": 31}, b",")


def _wheel(folder: Path, members: dict[str, int], letter: bytes = b"\n") -> None:
    """A wheel with members of so many MiB."""
    with zipfile.ZipFile(folder / "demo-1.0-py3-none-any.whl", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, size in members.items():
            with archive.open(name, "w", force_zip64=True) as file:
                for _ in range(size):
                    file.write(letter * (1 << 20))


def a_zip_of_entries(folder: Path) -> None:
    """A directory with a million entries, which its end does not tell."""
    entry = zipfile.ZipInfo("a")
    with zipfile.ZipFile(folder / "demo-1.0-py3-none-any.whl", "w") as archive:
        archive.writestr(entry, b"")
    path = folder / "demo-1.0-py3-none-any.whl"
    data = bytearray(path.read_bytes())
    begins, ends = data.index(b"PK\1\2"), len(data) - 22
    many = bytes(data[begins:ends]) * 500_000
    data[ends + 12 : ends + 16] = len(many).to_bytes(4, "little")
    path.write_bytes(data[:begins] + many + data[ends:])


BOMBS = (
    *(a_tar_bomb, a_tar_of_headers, a_tar_with_a_long_header, a_tar_of_global_headers, a_tar_of_empty_headers, a_tar_in_many_streams),
    *(a_zip_bomb, a_metadata_bomb, a_record_bomb, a_record_of_one_line, a_zip_of_entries),
)


@pytest.mark.parametrize("make", BOMBS, ids=lambda make: make.__name__)
def test_a_bomb_costs_little(tmp_path: Path, make: Callable[[Path], None]) -> None:
    """Less than a second of the processor, less than 256 MB."""
    make(tmp_path)

    codes, seconds, memory = json.loads(subprocess.run([sys.executable, "-c", CHILD, str(tmp_path)], env={}, capture_output=True, check=True).stdout)

    assert codes in (["archive-bomb"], ["archive-malformed"])
    assert seconds < 1
    assert memory < 256 << 20


def spoilt(data: bytes, changes: list[tuple[float, int]], cut: float) -> bytes:
    """The same bytes with some others, and maybe an end too soon."""
    changed = bytearray(data)
    for place, value in changes:
        changed[int(place * len(changed))] = value
    return bytes(changed[: int(cut * len(changed)) + 1])


PLACES = st.floats(0, 1, exclude_max=True)
CHANGES = st.lists(st.tuples(PLACES, st.integers(0, 255)), min_size=1, max_size=8)
CUTS = st.one_of(st.just(1.0), PLACES)
FUZZING = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def expect_verdict(path: Path, data: bytes) -> None:
    """A release or mistakes: anything else is a bug of ours."""
    path.write_bytes(data)
    try:
        said = [preflight.check(preflight.Found(paths=(path,))).project]
    except Mistakes as mistakes:
        said = [each.what for each in mistakes.found]
    assert all(each.isprintable() for each in said)


@FUZZING
@given(changes=CHANGES, cut=CUTS)
def test_a_spoilt_wheel_is_no_crash(tmp_path: Path, changes: list[tuple[float, int]], cut: float) -> None:
    """Whichever bytes are others."""
    path = factory.wheel(tmp_path)
    expect_verdict(path, spoilt(path.read_bytes(), changes, cut))


@FUZZING
@given(changes=CHANGES, cut=CUTS, inside=st.booleans())
def test_a_spoilt_sdist_is_no_crash(tmp_path: Path, changes: list[tuple[float, int]], cut: float, inside: bool) -> None:  # noqa: FBT001 - drawn
    """Spoilt as it lies there, or before it was packed: a checksum hides the tar from most changes."""
    path = factory.sdist(tmp_path)
    data = path.read_bytes()
    expect_verdict(path, gzip.compress(spoilt(gzip.decompress(data), changes, cut)) if inside else spoilt(data, changes, cut))


def test_fuzzing_reaches_both_verdicts(tmp_path: Path) -> None:
    """A change in the middle of a module is nobody's mistake; most others are."""
    path = factory.wheel(tmp_path, content=random.Random(1).randbytes(4096))  # noqa: S311 - test data
    sound = path.read_bytes()
    expect_verdict(path, sound)
    with pytest.raises(Mistakes):
        preflight.check(preflight.Found(paths=(path.rename(tmp_path / "demo-2.0-py3-none-any.whl"),)))
