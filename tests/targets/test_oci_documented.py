"""The commands of `docs/reading-with-other-tools.md`, run as they stand there."""

from __future__ import annotations

import hashlib
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests import factory
from tests.targets.contract import digests, once, watch
from tests.targets.layouts import make as make_layout
from tests.targets.namespaces import RegistryStand, make

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.servers.registries import NewRegistry

    from pkg_publish.model import Release

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reading-with-other-tools.md"
COMMANDS = [line for block in re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL) for line in block.splitlines()]
PLAIN = {
    "oras pull": "oras pull --plain-http",
    "skopeo copy": "skopeo copy --src-tls-verify=false --dest-tls-verify=false",
}
"""What a registry on this machine needs more."""


@pytest.fixture
def release(tmp_path: Path) -> Release:
    """A wheel and an sdist."""
    return factory.release(tmp_path / "dist")


@pytest.mark.real("oras", "crane", "skopeo")
def test_the_commands_do_what_the_page_says(new_registry: NewRegistry, release: Release, tmp_path: Path, tool: Callable[[str], Path]) -> None:
    """Files come as they were published, and copies are installed from."""
    stand = RegistryStand(new_registry("open"))
    receipt = once(stand.target(), release).receipt
    assert receipt
    desk = tmp_path / "desk"
    (desk / "layout").mkdir(parents=True)
    paths = ":".join(str(tool(name).parent) for name in ("oras", "crane", "skopeo"))
    said = {command: run(command, stand, release, desk, paths) for command in COMMANDS}

    assert {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in desk.glob("demo-1.0*")} == digests(release)
    assert said["crane ls ghcr.io/octo/demo/demo"] == "1.0\n"
    assert said["crane digest ghcr.io/octo/demo/demo:1.0"].strip() == receipt.digest
    for copy in (make(f"{stand.server.reference}/mirror"), make(f"{stand.server.reference}/other"), make_layout(desk, path="layout")):
        assert {file.name: file.sha256 for file in copy.files("demo", "1.0", watch())} == digests(release)


def run(command: str, stand: RegistryStand, release: Release, desk: Path, paths: str) -> str:
    """Run a command of the page with the names of this test; what it prints."""
    text = command.replace("ghcr.io/octo/demo", stand.server.reference).replace("ghcr.io/octo", stand.server.reference)
    text = text.replace("DIGEST", str(release.distributions[-1].sha256))
    for plain, more in PLAIN.items():
        text = text.replace(plain, more)
    environ = {"PATH": f"{paths}:/usr/bin:/bin", "HOME": str(desk)}
    return subprocess.run(["sh", "-c", text], cwd=desk, env=environ, check=True, capture_output=True, text=True).stdout
