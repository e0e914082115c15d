"""The action `install`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.actions.harness import Act

pytestmark = pytest.mark.real("act")

STEPS = """
- uses: OWNER/pkg-publish-action@v1
  with: {targets: directory=../wheelhouse}
- shell: sh
  run: python3 -m venv ../fresh && mkdir ../nothing
- id: install
  uses: OWNER/pkg-publish-action/install@v1
  with:
    requirement: demo==1.0
    from: |
      - directory=../nothing
      - directory=../wheelhouse
    python: ../fresh/bin/python
    upstream: none
- id: seen
  shell: sh
  run: printf 'x=%s\\n' "$(../fresh/bin/python -c 'import demo; print(demo.x)')" >> "$GITHUB_OUTPUT"
- id: not_there
  uses: OWNER/pkg-publish-action/install@v1
  with: {requirement: demo==2.0, from: directory=../wheelhouse, python: ../fresh/bin/python, upstream: none}
"""


def test_installs_what_was_published_and_says_what_there_is_instead(act: Act) -> None:
    """Into the Python that is named; what is nowhere is an annotation, and the step fails."""
    ran = act.run(STEPS)

    assert (ran.steps["install"].outcome, ran.steps["seen"].outputs) == ("success", {"x": "1"}), ran.everything
    assert ran.steps["not_there"].outcome == "failure", ran.everything
    assert any(level == "error" and "demo==2.0" in text for level, text in ran.annotations)


def test_what_was_published_is_proven(act: Act) -> None:
    """`verify: install` in the action: the summary says so, and a module that cannot be imported fails the step."""
    step = "- {id: publish, uses: OWNER/pkg-publish-action@v1, with: {targets: directory=../wheelhouse, verify: install, formats: wheel}}"

    ran = act.run(step)
    act.files["demo.py"] = "import os\nassert not [name for name in os.environ if name.startswith(('ACTIONS_', 'GITHUB_', 'INPUT_'))]\nimport not_there\n"
    act.files["pyproject.toml"] = str(act.files["pyproject.toml"]).replace("1.0", "2.0")
    failed = act.run(step)

    assert ran.exit_code == 0, ran.everything
    assert "It was installed from there into a clean environment" in ran.summary
    assert (failed.steps["publish"].outcome, failed.steps["publish"].outputs["status"]) == ("failure", "published"), failed.everything
    assert "not_there" in failed.log
    assert failed.summary.startswith("## demo 2.0 is published in the folder ../wheelhouse, but cannot be imported")
