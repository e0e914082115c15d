"""The step of `examples/container-image.yml` that makes an image, under act, at a registry that stands for GHCR."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from tests.actions.test_default_chain import chain  # noqa: F401 - a fixture
from tests.targets.images import program, put_base

if TYPE_CHECKING:
    from tests.actions.test_default_chain import Chain

pytestmark = pytest.mark.real("act")

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "container-image.yml"


def test_files_and_image(chain: Chain) -> None:  # noqa: F811 - the fixture
    """Both are there, and the summary has a command for each; the image runs as the user that the example names."""
    *_, step, _ = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))["jobs"]["publish"]["steps"]
    step["with"]["targets"] = step["with"]["targets"].replace("python:3.13-slim", put_base(chain.ghcr, "octo/base"))
    for each in program(chain.act.folder / "made").distributions:  # what the other job has built
        chain.act.files[f"dist/{each.name}"] = each.path.read_bytes()

    ran = chain.run(yaml.safe_dump([step], sort_keys=False))

    published = ran.steps["publish"].outputs
    assert (ran.exit_code, published["status"], published["targets"]) == (0, "published", "ghcr, container-image"), ran.everything
    assert len(chain.in_registry()) == 2
    digest = chain.ghcr.package("octo/demo").tags["1.0"]
    assert f"docker run --rm {chain.ghcr.host}/octo/demo@{digest}" in ran.summary
    assert published["install-command"] in ran.summary
    assert set(chain.ghcr.package("octo/demo").tags.values()) == {digest}
