"""A base image out of the system that runs the tests, as its users would make one: the least of Debian, and a Python."""

from __future__ import annotations

import os
import platform
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests import real_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.servers.registries import Registry

PATH = f"{real_parts.ENVIRON['PATH']}:/usr/sbin:/usr/bin:/sbin:/bin"
LEFT_OUT = ("dev", "usr/share", "var/cache", "var/lib/apt")
"""Folders whose contents no program needs to run."""


def layer() -> Path:
    """A layer with Debian (or Ubuntu) and its Python, made in 80 s where it is not there yet.

    Not `python3-minimal`: without `json` and `dataclasses` hardly any program runs.
    """
    found = real_parts.CACHE / "debian-base" / "layer.tar.gz"
    with real_parts.alone():
        if not found.exists():
            found.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
                _make(Path(folder, "root"), found.with_suffix(".part"))
            found.with_suffix(".part").replace(found)
    return found


def _make(root: Path, packed: Path) -> None:
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    suite = platform.freedesktop_os_release()["VERSION_CODENAME"]
    commands: tuple[list[str | Path], ...] = (
        ["debootstrap", "--variant=minbase", "--include=python3", suite, root],
        ["tar", "-czf", packed, "--numeric-owner", *(f"--exclude=./{each}/*" for each in LEFT_OUT), "-C", root, "."],
        ["rm", "-r", "--one-file-system", root],
    )
    for command in commands:
        subprocess.run([*sudo, *command], env={"PATH": PATH}, stdin=subprocess.DEVNULL, capture_output=True, check=True)


def put(server: Registry, crane: Callable[..., str]) -> str:
    """Make an image of it for both platforms, by crane alone; its reference. The programs in it are this machine's on both."""
    name = f"{server.host}/{server.name}/debian"
    crane("append", "--new_layer", layer(), "--new_tag", f"{name}:raw")
    for architecture in ("amd64", "arm64"):
        crane("mutate", f"{name}:raw", "--set-platform", f"linux/{architecture}", "--tag", f"{name}:{architecture}")
    crane("index", "append", "--manifest", f"{name}:amd64", "--manifest", f"{name}:arm64", "--tag", f"{name}:1")
    return f"{name}:1"


def run(root: Path, config: Mapping[str, Any], *arguments: str) -> str:
    """Run an image that was unpacked into a folder, as its config says; what it prints."""
    settings = config["config"]
    words = ["/usr/bin/env", "-i", *settings["Env"], "/usr/sbin/chroot", root, *settings["Entrypoint"], *arguments]
    return subprocess.run([*_root(), *words], capture_output=True, text=True, check=True).stdout


@cache
def _root() -> list[str]:
    """What lets somebody `chroot` here: nothing, a namespace of one's own, or sudo, as on GitHub's runners."""
    ways: tuple[list[str], ...] = ([], ["unshare", "--map-root-user"], ["sudo", "-n"])
    return next(way for way in ways if subprocess.run([*way, "/usr/sbin/chroot", "/", "/bin/true"], capture_output=True, check=False).returncode == 0)
