"""Advice for a workflow as a shell understands it."""

from __future__ import annotations

import subprocess

import pytest
from tests.report.scenes import MISTAKES, Scene
from tests.report.stage import Stage

from pkg_publish.report.at_home import at_home, in_words

ADVICE = {
    "an input": ("with:\n  build: always", "--build always"),
    "two inputs": ("with:\n  build: never\n  dist-dir: my dist", "--build never\n--dist-dir 'my dist'"),
    "a token": ("with:\n  pypi-token: ${{ secrets.PYPI_TOKEN }}", "export PYPI_TOKEN=…"),
    "a variable": ("env:\n  MY_PASSWORD: ${{ secrets.MY_PASSWORD }}", "export MY_PASSWORD=…"),
    "targets": ("targets: directory=out, pypi", "--targets 'directory=out, pypi'"),
    "options": ("targets: |\n  - oci:\n      name: …\nenv:\n  X: ${{ secrets.X }}", "export X=…\n--targets '- oci:\n    name: …'"),
    "two steps": (
        "- uses: OWNER/pkg-publish-action@v1\n  with: {targets: testpypi}\n- uses: OWNER/pkg-publish-action@v1\n  with: {targets: pypi}",
        "pkg-publish publish --targets testpypi\npkg-publish publish --targets pypi",
    ),
    "steps of others": ("- uses: actions/checkout@v1\n- word", ""),
    "permissions": ("permissions:\n  contents: write", ""),
    "nothing within": ("with:\n  - word", ""),
    "no YAML": ("with: [", ""),
    "a command": ("pip install uv", "pip install uv"),
    "nothing": ("", ""),
}


@pytest.mark.parametrize(("paste", "said"), ADVICE.values(), ids=ADVICE)
def test_what_a_shell_has_too_is_said_for_a_shell(paste: str, said: str) -> None:
    """The rest belongs into a workflow, and is left out."""
    assert at_home(paste) == said


def test_a_sentence_names_flags() -> None:
    """In the place of inputs; what only a workflow has stays."""
    assert in_words("keep theirs with `on-conflict: keep`, give `packages: write`") == "keep theirs with `--on-conflict keep`, give `packages: write`"


def test_a_shell_reads_the_targets_as_a_workflow_does() -> None:
    """Also those of several lines."""
    (flag,) = at_home("targets: |\n  - oci:\n      name: it's\n").splitlines(keepends=True)[:1]
    words = subprocess.run(["sh", "-c", f"printf %s {at_home(ADVICE['options'][0]).partition(chr(10))[2]}"], capture_output=True, text=True, check=True)

    assert flag.startswith("--targets '- oci:")
    assert words.stdout == "--targets- oci:\n    name: …"


def test_a_workflow_is_told_in_yaml() -> None:
    """And only a workflow."""
    report = Scene(early=MISTAKES).report()

    assert "with:\n            strategy: first" in Stage(actions=True).tell(report)
    assert "with:" not in Stage().tell(report)
    assert "          --strategy first\n" in Stage().tell(report)
