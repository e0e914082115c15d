"""Projects of other people, in a folder of the repository, published by the action to real indexes after GitHub Packages said no."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.test_real_builds import sdist, unpacked

if TYPE_CHECKING:
    from tests.actions.harness import Act
    from tests.servers.devpi import Devpi
    from tests.servers.pypiserver import PypiServer

pytestmark = pytest.mark.real("act")

STEPS = """
- id: publish
  uses: OWNER/pkg-publish-action@v1
  with:
    project-dir: python
    targets: |
      - github-packages
      - repository: {{url: '{url}', username: '{username}', password-env: PASSWORD}}
"""


def publish(act: Act, requirement: str, server: Devpi | PypiServer) -> tuple[str, list[str]]:
    """Put the project under `python/` and publish it; the status, and what the outputs say was published."""
    project = unpacked(sdist(requirement), act.folder / "project")
    files = [path for path in project.rglob("*") if path.is_file()]
    act.files.clear()
    act.files.update({f"python/{path.relative_to(project).as_posix()}": path.read_bytes() for path in files})
    steps = STEPS.format(url=server.url, username=server.username)

    ran = act.run(steps, job={"env": {"PASSWORD": server.password}})

    assert ran.exit_code == 0, ran.everything
    return ran.steps["publish"].outputs["status"], ran.summary.splitlines()


@pytest.mark.parametrize("requirement", ["six==1.17.0", "platformdirs==4.5.0", "idna==3.11"])
def test_a_real_project_falls_back_to_pypiserver(act: Act, pypiserver: PypiServer, requirement: str) -> None:
    """Of setuptools, hatchling and flit."""
    status, summary = publish(act, requirement, pypiserver)

    project, _, version = requirement.partition("==")
    assert (status, summary[0]) == (
        "published-by-fallback",
        f"## {project} {version} is published on the index at {pypiserver.front.url.removeprefix('http://')}",
    )
    assert len(pypiserver.stored()) == 2


def test_a_real_project_falls_back_to_devpi(act: Act, devpi: Devpi) -> None:
    """With PyPI's manners."""
    status, _ = publish(act, "idna==3.11", devpi)

    assert status == "published-by-fallback"
    assert len(devpi.stored("idna")) == 2
