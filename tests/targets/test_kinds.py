"""The table of kinds."""

from __future__ import annotations

import subprocess
import sys

from pkg_publish.targets import KINDS


def test_every_kind_knows_its_word() -> None:
    """It is found by the one that it has."""
    assert [kind.word for kind in KINDS.values()] == list(KINDS)
    assert len(KINDS) == len({*KINDS})


def test_a_kind_is_imported_when_it_is_asked_for() -> None:
    """And no other one with it, nor what builds."""
    code = "import sys, pkg_publish.cli; from pkg_publish.targets import KINDS; KINDS['repository']; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()

    assert "pkg_publish.targets.repository" in loaded
    assert not {"pkg_publish.targets.oci", "pkg_publish.targets.container_image", "pkg_publish.build.front", "pkg_publish.freeze"} & {*loaded}
