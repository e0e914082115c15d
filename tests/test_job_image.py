"""A whole run that ends in an image."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests import real_parts
from tests.targets.images import UV_CACHE, ImageStand, program
from tests.test_job import Desk

from pkg_publish.verdict import Status

if TYPE_CHECKING:
    from tests.servers.registries import Registry


def test_the_run_installs_what_the_image_is_made_of(registry_open: Registry, tmp_path: Path) -> None:
    """From the files that were checked; the base is in the same registry."""
    stand, desk = ImageStand(registry_open, tmp_path), Desk(tmp_path)
    program(tmp_path / "dist")
    desk.environ = {"PATH": f"{Path(sys.executable).parent}:{real_parts.ENVIRON['PATH']}", "PIP_NO_INDEX": "1", "UV_CACHE_DIR": UV_CACHE}
    image = {"name": registry_open.reference, "base": stand.bases.reference}

    report = desk.run(build="never", targets=json.dumps([{"container-image": image}]))

    assert (report.status, report.problems) == (Status.PUBLISHED, ())
    assert stand.config("1.0")["config"]["Entrypoint"] == ["python3", "/app/bin/demo"]
