"""Wheels: which of them this Python needs, whether they are the locked bytes, and where their members go.

A wheel is a zip file, so `unpack` does what `pip install --target` would, with nothing but the standard library. Which wheels fit is `packaging`'s to say:
its own wheel is taken first.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib
import re
import sys
import tempfile
import zipfile
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from library.errors import SetUpFailed, Unreachable
from library.mirror import BLOCK, patiently

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import IO

AT_ONCE = 8
"""Wheels on their way at the same time."""

FIRST = {"packaging", "uv"}
"""What the choice of all others needs, and what takes longest by far: its page, then its wheel."""


@dataclass(frozen=True, slots=True)
class Pin:
    """One line of the lock."""

    name: str
    requirement: str
    """`name==version`, with its marker."""
    hashes: frozenset[str]

    @property
    def version(self) -> str:
        """The pinned version as it stands in the lock."""
        return self.requirement.partition(";")[0].partition("==")[2].strip()


class Source(Protocol):
    """Somewhere wheels come from."""

    def files(self, name: str) -> Mapping[str, str]:
        """File name → place, of one project. Raises `Unreachable`."""
        ...

    def blocks(self, place: str) -> Iterator[bytes]:
        """The bytes of one file. Raises `Unreachable`."""
        ...


class Wheelhouse:
    """A folder of wheels."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def files(self, name: str) -> dict[str, str]:
        """The wheels of one project."""
        wheels = [path for path in self.folder.glob("*.whl") if re.sub(r"[-_.]+", "-", path.name.partition("-")[0]).lower() == name]
        if not wheels:
            raise Unreachable(f"{self.folder} has no wheel of {name}")
        return {path.name: str(path) for path in wheels}

    def blocks(self, place: str) -> Iterator[bytes]:
        """The file."""
        with open(place, "rb") as file:  # noqa: PTH123 - a place is text
            yield from iter(functools.partial(file.read, BLOCK), b"")


def read_lock(text: str) -> list[Pin]:
    """The pins of a lock that has a hash on every line."""
    lines = [line for line in text.replace("\\\n", " ").splitlines() if line and not line.startswith(("#", " "))]
    pins = []
    for line in lines:
        requirement, *hashes = re.split(r"\s+--hash=sha256:", line.strip())
        pins.append(Pin(requirement.partition("==")[0], requirement, frozenset(hashes)))
    return pins


def fill(pins: list[Pin], source: Source, folder: Path) -> None:
    """Take what this Python needs from one source. Raises `Unreachable`, or `SetUpFailed` for bytes with another hash."""
    (folder / "bin").mkdir()
    pool = ThreadPoolExecutor(AT_ONCE)
    try:
        listings = {pool.submit(source.files, pin.name): pin for pin in sorted(pins, key=lambda pin: pin.name not in FIRST)}
        first = next(listing for listing, pin in listings.items() if pin.name == "packaging")
        take(f"packaging-{listings[first].version}-py3-none-any.whl", listings[first], first.result(), source, folder)
        taken = []
        with borrowed(folder):
            for listing in as_completed(listings):
                pin = listings[listing]
                if listing is not first and applies(pin):
                    taken.append(pool.submit(take, choose(pin, listing.result()), pin, listing.result(), source, folder))
        for each in taken:
            each.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def take(name: str, pin: Pin, files: Mapping[str, str], source: Source, folder: Path) -> None:
    """Fetch one wheel, compare its hash, unpack it."""
    if name not in files:
        raise Unreachable(f"{name} is not among the files of {pin.name}")
    with tempfile.TemporaryFile(dir=folder.parent) as file:
        fetch_locked(name, pin, files[name], source, file)
        unpack(file, folder)


def fetch_locked(name: str, pin: Pin, place: str, source: Source, file: IO[bytes]) -> None:
    """Fill a file with the bytes of one wheel. Raises `SetUpFailed` if they are not those that the lock knows."""
    digest = patiently(functools.partial(fetch, source, place, file))
    if digest not in pin.hashes:
        raise SetUpFailed(
            f"{name} has the sha256 {digest}, which requirements.txt does not know: other bytes stand under this name",
            code="set-up-hash",
            cure="Find out who serves them (a mirror, a proxy, a damaged wheelhouse); nothing of them was run.",
        )


def fetch(source: Source, place: str, file: IO[bytes]) -> str:
    """Copy the bytes of one place into an empty file; their sha256."""
    file.seek(0)
    file.truncate()
    digest = hashlib.sha256()
    for block in source.blocks(place):
        digest.update(block)
        file.write(block)
    return digest.hexdigest()


def unpack(file: IO[bytes], folder: Path) -> None:
    """Put a wheel's members where they belong (binary distribution format, "Installing a wheel"); scripts go to `bin`."""
    with zipfile.ZipFile(file) as wheel:
        for member in wheel.infolist():
            if member.is_dir():
                continue
            first, _, rest = member.filename.partition("/")
            scheme, _, inner = rest.partition("/") if first.endswith(".data") else ("", "", member.filename)
            member.filename = f"bin/{inner}" if scheme == "scripts" else inner
            path = Path(wheel.extract(member, folder))
            if scheme == "scripts" and sys.platform != "win32":
                path.chmod(0o755)


@contextlib.contextmanager
def borrowed(folder: Path) -> Iterator[None]:
    """Import from a folder that will have another name: its modules are forgotten afterwards, and what was compiled of them serves there, too."""
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        for name in [name for name in sys.modules if name.partition(".")[0] == "packaging"]:
            del sys.modules[name]


def applies(pin: Pin) -> bool:
    """The pin's marker holds on this machine."""
    from packaging.requirements import Requirement

    marker = Requirement(pin.requirement).marker
    return marker is None or marker.evaluate()


def choose(pin: Pin, files: Mapping[str, str]) -> str:
    """The wheel that fits this Python best. Raises `Unreachable` where there is none."""
    from packaging.tags import sys_tags
    from packaging.utils import InvalidWheelFilename, parse_wheel_filename

    ranks = {tag: rank for rank, tag in enumerate(sys_tags())}
    fitting = []
    for name in (each for each in files if f"-{pin.version}-" in each):  # some projects have thousands, and to read a name takes time
        with contextlib.suppress(InvalidWheelFilename):
            _, version, build, tags = parse_wheel_filename(name)
            if str(version) == pin.version and (known := tags & ranks.keys()):
                fitting.append((-min(ranks[tag] for tag in known), build, name))
    if not fitting:
        raise Unreachable(f"there is no wheel of {pin.name} {pin.version} for this Python ({next(iter(ranks))})")
    return max(fitting)[-1]
