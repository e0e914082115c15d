"""The same image on every machine, and layers that are packed with zstd."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Self

import pytest
from tests import factory, real_parts
from tests.targets.contract import once
from tests.targets.images import ImageStand, program

from pkg_publish.formats.image_layers import MODULE

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.servers.registries import NewRegistry

PUBLISH = """
import os, sys
from pathlib import Path
os.umask(int(sys.argv[5]))
sys.path.insert(0, sys.argv[1])
from tests.targets.contract import once
from tests.targets.images import make, program
scratch = Path(sys.argv[2])
release = program(scratch / "dist", extra="Requires-Dist: helping\\n")
print(once(make(sys.argv[3], scratch, base=sys.argv[4]), release, seconds=120).receipt.digest)
"""
THIS = Path(sys.executable)
ODD = {"umask": 0o077, "TMPDIR": "a place", "TZ": "Asia/Tokyo", "LC_ALL": "C", "PYTHONHASHSEED": "7"}
USUAL = {"umask": 0o022, "TMPDIR": "tmp", "TZ": "UTC", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "0"}


def published(stand: ImageStand, folder: Path, python: Path, facts: dict[str, Any]) -> str:
    """The digest of the image that a process of its own has made there."""
    environ = {name: str(value) for name, value in facts.items()} | {"PATH": os.environ["PATH"]}  # noqa: TID251 - the tests' own edge
    (folder / facts["TMPDIR"]).mkdir(parents=True)
    factory.wheel(folder / "dist", "helping", more={"helping-1.0.data/scripts/help.py": b"#!python\n", "helping/run.sh": b"#!/bin/sh\n"})
    words = [python, "-c", PUBLISH, real_parts.ROOT, folder, f"{stand.server.reference}/{folder.name.replace(' ', '-')}", stand.bases.reference]
    command = [str(word) for word in (*words, facts["umask"])]
    environ["TMPDIR"] = str(folder / facts["TMPDIR"])
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=True).stdout.strip()


def test_one_digest_on_all_machines(new_registry: NewRegistry, tmp_path: Path) -> None:
    """Whatever Python makes it, in which folder, time zone and language, and whoever may read the files."""
    stand = ImageStand(new_registry("open"), tmp_path)
    others = [found for version in real_parts.interpreters() if (found := real_parts.python_of(real_parts.environment(version)))]
    digests = {published(stand, tmp_path / "a long way" / "odd", others[-1] if others else THIS, ODD), published(stand, tmp_path / "usual", THIS, USUAL)}

    assert len(digests) == 1


class Frame:
    """What stands for Python's own `ZstdFile` where there is none: the same format (RFC 8878), and nothing made smaller."""

    def __init__(self, target: Any, mode: str) -> None:  # noqa: ANN401 - any file
        assert mode == "w"
        self._target = target
        target.write(b"\x28\xb5\x2f\xfd\x00\x38")  # no content size, a window of 128 KiB

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._target.write(b"\x01\x00\x00")  # the last block, empty

    def write(self, data: bytes) -> int:
        """Blocks as they are."""
        for start in range(0, len(data), 1 << 16):
            block = bytes(data[start : start + (1 << 16)])
            self._target.write((len(block) << 3).to_bytes(3, "little") + block)
        return len(data)


@pytest.fixture
def zstd(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Python that has it."""
    if sys.version_info < (3, 14):
        module = ModuleType(MODULE)
        module.ZstdFile = Frame  # type: ignore[attr-defined]  # it is a stand-in
        monkeypatch.setitem(sys.modules, MODULE, module)


@pytest.mark.real("regctl")
@pytest.mark.usefixtures("zstd")
def test_layers_can_be_packed_with_zstd(new_registry: NewRegistry, tool: Callable[[str], Path], tmp_path: Path) -> None:
    """Others read them (crane does not); those of the base stay as they are, and what lies there packed otherwise is packed anew."""
    stand = ImageStand(new_registry("open"), tmp_path)
    once(stand.target(), program(tmp_path / "dist", "1.0"))
    once(stand.target(compression="zstd"), program(tmp_path / "dist", "1.1"))

    kinds = [each["mediaType"].rpartition(".")[2] for each in stand.manifest("1.1")["layers"]]
    assert kinds == ["tar+gzip", "tar+zstd"]
    regctl, tls = str(tool("regctl")), f"reg={stand.server.host},tls=disabled"
    command = [regctl, "image", "get-file", "--host", tls, "--platform", "linux/amd64", f"{stand.server.reference}:1.1", "/app/lib/demo/__main__.py"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == "print('as a module')\n", done.stderr
