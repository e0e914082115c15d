"""The harness shows what an action did; a toy stands for the action."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.actions.harness import Act

TOY = """
name: toy
description: says what it was given
inputs:
  word: {description: any word, default: nothing}
outputs:
  said: {description: the word, value: "${{ steps.say.outputs.said }}"}
runs:
  using: composite
  steps:
    - id: say
      shell: sh
      env: {WORD: "${{ inputs.word }}"}
      run: |
        echo "I say $WORD"
        echo "::warning title=Careful::$WORD was said"
        printf 'said<<END\\n%s,\\n  said\\nEND\\n' "$WORD" >> "$GITHUB_OUTPUT"
        echo "said $WORD" >> "$GITHUB_STEP_SUMMARY"
    - shell: sh
      env: {WORD: "${{ inputs.word }}"}
      run: |
        echo "twice" >> "$GITHUB_STEP_SUMMARY"
        test "$WORD" != bad
"""

USE = "[{{id: toy, uses: OWNER/pkg-publish-action@v1, with: {{word: '{}'}}}}, {{run: 'echo after'}}]"


@pytest.fixture
def toy(act: Act, tmp_path: Path) -> Act:
    """The harness with a toy in the place of our action."""
    (tmp_path / "toy").mkdir()
    (tmp_path / "toy" / "action.yml").write_text(TOY)
    return dataclasses.replace(act, action=tmp_path / "toy")


def test_a_good_run(toy: Act) -> None:
    """Log, annotations, outputs of several lines and the summaries of all inner steps, each once."""
    ran = toy.run(USE.format("one"))

    assert (ran.exit_code, ran.steps["toy"].outcome) == (0, "success"), ran.everything
    assert ran.steps["toy"].outputs == {"said": "one,\n  said"}
    assert "I say one\n" in ran.log
    assert ran.annotations == [("warning", "one was said")]
    assert ran.summary == "said one\ntwice\n"


def test_a_bad_run_still_shows_its_outputs(toy: Act) -> None:
    """A failing action ends the job; what it wrote is there, what comes after it did not run."""
    ran = toy.run(USE.format("bad"))

    assert (ran.exit_code, ran.steps["toy"].outcome) == (1, "failure")
    assert ran.steps["toy"].outputs == {"said": "bad,\n  said"}
    assert ran.summary == "said bad\ntwice\n"
    assert "after" not in ran.log


def test_twice_in_one_job(toy: Act) -> None:
    """Each use has its own outputs and its own summary."""
    ran = toy.run("[{id: a, uses: OWNER/pkg-publish-action@v1, with: {word: x}}, {id: b, uses: OWNER/pkg-publish-action@v1, with: {word: y}}]")

    assert [ran.steps[name].outputs["said"][0] for name in ("a", "b")] == ["x", "y"]
    assert ran.summary == "said x\ntwice\nsaid y\ntwice\n"


def test_the_job_sees_a_clean_environment(toy: Act, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the tests' environment but the way to the index, and a repository that is not act's own."""
    monkeypatch.setenv("SOME_SECRET_OF_MINE", "leaked")

    ran = toy.run("[{run: 'env'}]", secrets={"GITHUB_TOKEN": "hunter2"})

    assert "GITHUB_REPOSITORY=octo/demo" in ran.log
    assert "leaked" not in ran.log
    assert "PYTEST" not in ran.log
    assert "hunter2" not in ran.everything


def test_the_event_is_the_one_given(toy: Act) -> None:
    """Name, payload and ref are what a runner would tell."""
    ran = toy.run(
        "[{run: 'echo $GITHUB_EVENT_NAME $GITHUB_REF ${{ github.event.head_commit.id }}'}]",
        payload={"ref": "refs/tags/v1.0", "head_commit": {"id": "abc"}},
    )

    assert "push refs/tags/v1.0 abc" in ran.log


def test_the_repository_is_checked_out(toy: Act) -> None:
    """The project, and what a test has put beside it."""
    toy.files["extra/dist.txt"] = "there\n"

    ran = toy.run("[{run: 'cat extra/dist.txt; ls pyproject.toml; git remote get-url origin'}]")

    assert ran.exit_code == 0, ran.everything
    assert ran.log.split() == ["there", "pyproject.toml", "https://github.com/octo/demo.git"]


def test_ours_is_the_checkout(act: Act) -> None:
    """Without a toy it is this checkout, with nothing that only lies about; what a run compiles there is the run's."""
    assert (act.action / "action.yml").is_file()
    assert not [path for path in act.action.iterdir() if path.name in {".git", ".venv", "dist", "build"} or path.suffix == ".egg-info"]
