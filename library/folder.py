"""The folder: made under a temporary name, then renamed, so that it is whole or not there.

Where the wheels come from; the first place that has them all is enough:

1. the folder that `PKG_PUBLISH_WHEELHOUSE` names, and then nothing else is asked: whoever names one has no network, or does not want it used
2. the index that pip is set up with, all wheels at once, by our own hands: no pip, no subprocess
3. pip, which knows private mirrors better: keyrings, netrc, the system's own trust
4. the wheelhouse of our own release, for a Python without pip and for the day the index is down
"""

from __future__ import annotations

import errno
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from library import pip
from library.errors import SetUpFailed, Unreachable
from library.mirror import Index, Web, each_name_once
from library.wheels import Wheelhouse, fill, read_lock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from library.wheels import Pin

WHEELHOUSE_LIMIT = 1 << 28
"""Bytes of our release's wheelhouse, packed and unpacked."""

STALE = 24 * 3600
"""Seconds after which nobody is still making a half-made folder."""

COMPILE = "import compileall, os, sys; hasattr(os, 'nice') and os.nice(19); [compileall.compile_dir(folder, quiet=2) for folder in sys.argv[1:]]"

CURE = """\
Check the network, the certificates (PIP_CERT, SSL_CERT_FILE) and the index that pip is set up with (PIP_INDEX_URL, PIP_PROXY, pip.conf).
Without a network: fill a folder where there is one, and name it in PKG_PUBLISH_WHEELHOUSE:
pip download --require-hashes --only-binary :all: --no-deps -r requirements.txt -d FOLDER"""


def make(folder: Path, lock: Path, environ: Mapping[str, str], *, asset: str, is_whole: Callable[[str], bool]) -> None:
    """Make the folder; whoever else makes it at the same time makes the same.

    `asset` is the address of our release's wheelhouse, empty where we are no release; `is_whole` tells a good folder from a damaged one.
    Raises `SetUpFailed`, `OSError` (the disk) and `KeyboardInterrupt` (SIGTERM too).
    """
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    refusals = []
    try:
        folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if hasattr(os, "getuid") and folder.parent.stat().st_uid != os.getuid():
            raise PermissionError(errno.EPERM, "it would lie in a folder of another user")
        sweep(folder.parent)
        for way in ways(lock, environ, asset):
            with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".", suffix=".part", ignore_cleanup_errors=True) as part:
                made = Path(part, "library")
                made.mkdir(mode=0o700)
                try:
                    way(made)
                except Unreachable as error:
                    refusals.append(str(error))
                    continue
                return settle(made, folder, is_whole)
    finally:
        signal.signal(signal.SIGTERM, before)
    raise SetUpFailed("The libraries that requirements.txt pins cannot be had: " + "; ".join(refusals), code="set-up-unreachable", cure=CURE)


def ways(lock: Path, environ: Mapping[str, str], asset: str) -> Iterator[Callable[[Path], None]]:
    """What fills an empty folder, or raises `Unreachable`."""
    pins = read_lock(lock.read_text(encoding="utf-8"))
    if house := environ.get("PKG_PUBLISH_WHEELHOUSE"):
        yield partial(fill, pins, Wheelhouse(Path(house)))
        return
    yield partial(from_index, pins, environ)
    yield partial(pip.install, lock, environ)
    if asset:
        yield partial(from_release, pins, environ, asset)


def from_index(pins: list[Pin], environ: Mapping[str, str], folder: Path) -> None:
    """Take the wheels from the index that pip is set up with."""
    settings = pip.read_settings(environ)
    with each_name_once():
        fill(pins, Index(pip.indexes(settings), Web(settings, environ)), folder)


def from_release(pins: list[Pin], environ: Mapping[str, str], asset: str, folder: Path) -> None:
    """Take the wheels from the zip file that our release has for this platform."""
    with tempfile.TemporaryDirectory(dir=folder.parent) as house, tempfile.TemporaryFile(dir=house) as file:
        blocks = Web(pip.read_settings(environ), environ).get(asset)
        next(blocks)
        for block in blocks:
            file.write(block)
            if file.tell() > WHEELHOUSE_LIMIT:
                raise Unreachable(f"{asset} has more than {WHEELHOUSE_LIMIT >> 20} MiB")
        try:
            with zipfile.ZipFile(file) as wheels:
                if sum(member.file_size for member in wheels.infolist()) > WHEELHOUSE_LIMIT:
                    raise Unreachable(f"{asset} unpacks to more than {WHEELHOUSE_LIMIT >> 20} MiB")
                wheels.extractall(house)
        except zipfile.BadZipFile as error:
            raise Unreachable(f"{asset} is no zip file") from error
        fill(pins, Wheelhouse(Path(house)), folder)


def release_asset(environ: Mapping[str, str], action: Path, version: str) -> str:
    """The address of our release's wheelhouse for this platform; empty where the runner did not fetch us as `OWNER/REPO@REF`."""
    parts = action.parts
    if "_actions" not in parts[:-3]:
        return ""
    owner, name = parts[parts.index("_actions") + 1 :][:2]
    server = environ.get("GITHUB_SERVER_URL") or "https://github.com"
    return f"{server}/{owner}/{name}/releases/download/v{version}/wheelhouse-{platform_word()}.zip"


def platform_word() -> str:
    """System, processor and C library: `linux-x86_64-glibc`, `linux-aarch64-musl`, `darwin-arm64`, `win32-amd64`."""
    libc = ("glibc" if platform.libc_ver()[0] == "glibc" else "musl") if sys.platform == "linux" else ""
    return "-".join(filter(None, [sys.platform, platform.machine().lower(), libc]))


def settle(made: Path, folder: Path, is_whole: Callable[[str], bool]) -> None:
    """Write down what whole means, and give the folder its name; somebody else's whole folder is as good."""
    parts = [(inside, name) for inside, _, names in os.walk(made) if not inside.endswith("__pycache__") for name in names]
    (made / ".whole").write_text(f"{len(parts)} {sum(Path(*part).stat().st_size for part in parts)}")
    try:
        made.rename(folder)
    except OSError:
        if is_whole(str(folder)):
            return
        folder.rename(made.with_name("damaged"))
        made.rename(folder)


def sweep(shelf: Path) -> None:
    """Remove what set-ups that were killed have left behind."""
    for part in shelf.glob(".*.part"):
        if part.stat().st_mtime < time.time() - STALE:
            shutil.rmtree(part, ignore_errors=True)


def compile_behind(environ: Mapping[str, str], *folders: str) -> None:
    """Write the `.pyc` files while the run goes on, so that the next process starts in a third of the time.

    Nobody waits for it, so it gets nothing of the environment but what a Python needs to start.
    """
    needed = {name: environ[name] for name in ("LD_LIBRARY_PATH", "SYSTEMROOT") if name in environ}
    idle, nothing = getattr(subprocess, "IDLE_PRIORITY_CLASS", 0), subprocess.DEVNULL
    command = [sys.executable, "-I", "-S", "-c", COMPILE, *folders]
    subprocess.Popen(command, env=needed, stdin=nothing, stdout=nothing, stderr=nothing, creationflags=idle)
