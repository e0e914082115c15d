"""The ways to upload to an index: ours, twine, uv and curl; with an empty cache, what each needs before it can."""

from __future__ import annotations

import shutil
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from tests.real_parts import ROOT, uv_settings

from benchmarks.measure import Command
from benchmarks.registry_ways import base_python, lacks, ours, program
from benchmarks.work import Contender

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.work import Work

BIN = Path(sys.executable).parent
NOBODY = {"TWINE_USERNAME": "nobody", "TWINE_PASSWORD": "nothing", "UV_PUBLISH_USERNAME": "nobody", "UV_PUBLISH_PASSWORD": "nothing"}
TWINE = f"twine=={version('twine')}"


def _ours(work: Work) -> Iterator[Command]:
    yield ours("repository=http://{}/", work)


def _twine_with(work: Work, *words: str | Path) -> Command:
    flags = ["upload", "--non-interactive", "--disable-progress-bar", "--repository-url", f"http://{work.address}/"]
    return Command([*words, *flags, *work.files], environ=NOBODY)


def _twine(work: Work) -> Iterator[Command]:
    yield _twine_with(work, sys.executable, "-m", "twine")


def _uv(work: Work) -> Iterator[Command]:
    flags = ["publish", "--no-config", "--quiet", "--trusted-publishing", "never", "--publish-url", f"http://{work.address}/"]
    yield Command([BIN / "uv", *flags, *work.files], environ=NOBODY | {"UV_CACHE_DIR": str(work.folder / "uv")})


def _curl(work: Work) -> Iterator[Command]:
    """Hash, then send the form with the fewest fields that an index can do with."""
    for path in work.files:
        yield Command([program("openssl"), "dgst", "-sha256", "-r", "-out", work.folder / "digest", path])
        digest = (work.folder / "digest").read_text().split()[0]
        fields = {":action": "file_upload", "protocol_version": "1", "metadata_version": "2.1", "name": "bench", "version": "1.0"}
        fields |= {"filetype": "bdist_wheel", "pyversion": path.name.split("-")[2], "sha256_digest": digest, "content": f"@{path}"}
        form = [word for name, value in fields.items() for word in ("--form", f"{name}={value}")]
        yield Command([program("curl"), "--silent", "--show-error", "--fail", *form, f"http://{work.address}/"])


OURS = Contender(name="pkg-publish", commands=_ours)
PEERS = {each.name: each for each in (Contender(name="twine", commands=_twine), Contender(name="uv", commands=_uv))}
CURL = Contender(name="curl", commands=_curl, missing=lacks("curl") or lacks("openssl"))


# With an empty cache.


def _caches(work: Work) -> dict[str, str]:
    names = ("XDG_CACHE_HOME", "PIP_CACHE_DIR", "UV_CACHE_DIR", "UV_TOOL_DIR", "UV_TOOL_BIN_DIR")
    return {name: str(work.folder / name) for name in names} | {"UV_PYTHON_DOWNLOADS": "never"}


def _with(command: Command, environ: dict[str, str]) -> Command:
    return Command(command.words, environ={**command.environ, **environ}, folder=command.folder)


def _checkout(work: Work) -> None:
    """Ours as a runner has it: fetched a moment ago, and never compiled."""
    for name in ("src", "library"):
        shutil.copytree(ROOT / name, work.folder / "ours" / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("run.py", "requirements.txt"):
        shutil.copy(ROOT / name, work.folder / "ours")


def _ours_cold(work: Work) -> Iterator[Command]:
    yield _with(ours("repository=http://{}/", work, work.folder / "ours"), _caches(work))


def _venv_cold(work: Work) -> Iterator[Command]:
    environ, made = _caches(work), work.folder / "venv"
    yield Command([base_python(), "-m", "venv", made])
    yield Command([made / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", TWINE], environ=environ)
    yield _twine_with(work, made / "bin" / "twine")


def _tool(work: Work, environ: dict[str, str]) -> Command:
    words: list[str | Path] = [BIN / "uv", "tool", "run", "--no-config", "--quiet", "--python", base_python(), "--from", TWINE, "twine"]
    return _with(_twine_with(work, *words), uv_settings() | environ)


def _tool_cold(work: Work) -> Iterator[Command]:
    yield _tool(work, _caches(work))


VENV, TOOL = "venv, pip install twine", "uv tool run twine"
COLD = (
    Contender(name="pkg-publish", commands=_ours_cold, prepare=_checkout),
    Contender(name=VENV, commands=_venv_cold),
    Contender(name=TOOL, commands=_tool_cold),
)


# The same again.


def _tool_warm(work: Work) -> Iterator[Command]:
    yield _tool(work, {"UV_PYTHON_DOWNLOADS": "never"})


WARM = (
    OURS,
    Contender(name="twine, installed", commands=_twine),
    Contender(name=TOOL, commands=_tool_warm),
)
