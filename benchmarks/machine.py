"""What the numbers depend on: the machine, what else it does, and the versions of all tools."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from tests.real_parts import find

from benchmarks.registry_ways import base_python, program
from pkg_publish import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

NUMBER = re.compile(r"\d+(\.\d+)+\S*")


def machine() -> str:
    """Processor, cores, memory and system, in one line."""
    model = re.search(r"^model name\s*: (.+)$", _read("/proc/cpuinfo"), re.MULTILINE)
    memory = re.search(r"^MemTotal:\s*(\d+)", _read("/proc/meminfo"), re.MULTILINE)
    size = f"{int(memory[1]) / 2**20:.0f} GiB, " if memory else ""
    return f"{os.cpu_count()} cores, {model[1].strip() if model else platform.machine()}, {size}{platform.system()} {platform.release()}"


def load() -> str:
    """How many processes wanted to run, on average over the last 1, 5 and 15 minutes."""
    return " ".join(f"{each:.2f}" for each in os.getloadavg())


def versions() -> dict[str, str]:
    """The version of every program that takes part, by its name; those that are not here are left out."""
    programs: dict[str, Sequence[str | Path | None]] = {
        "Python": [base_python(), "--version"],
        "curl": [program("curl"), "--version"],
        "openssl": [program("openssl"), "version"],
        "oras": [find("oras"), "version"],
        "skopeo": [find("skopeo"), "--version"],
        "docker-registry": [find("docker-registry"), "--version"],
        "uv": [Path(sys.executable).parent / "uv", "--version"],
        "pip of the venv": [base_python(), "-m", "pip", "--version"],
    }
    said = {"pkg-publish": __version__} | {name: _said([str(word) for word in words]) for name, words in programs.items()}
    said |= {"oras-py": _installed("oras")} | {name: _installed(name) for name in ("twine", "devpi-server", "pypiserver", "simple-repository-server")}
    return {name: each for name, each in said.items() if each}


def _said(words: Sequence[str]) -> str:
    try:
        said = subprocess.run(words, capture_output=True, text=True, check=False).stdout
    except OSError:
        return ""
    found = NUMBER.search(said)
    return found[0] if found else ""


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError:
        return ""
