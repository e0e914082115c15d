"""What people read, compared with files that somebody has read aloud."""

from __future__ import annotations

import re

import pytest
from tests.oracles.github_markdown import rendered
from tests.oracles.runner_commands import commands
from tests.report.scenes import Scene, scenes
from tests.report.snapshots import FOLDER, log, texts

from pkg_publish.report.sentences import verdict
from pkg_publish.report.summary import LIMIT, summary
from pkg_publish.verdict import Level

TEXTS = dict(texts())
SCENES = scenes()


@pytest.mark.parametrize("name", TEXTS)
def test_snapshot(name: str) -> None:
    """Word for word; `python -m tests.report.snapshots` writes what is said now."""
    assert TEXTS[name] == (FOLDER / name).read_text(encoding="utf-8")


def test_no_snapshot_is_left_over() -> None:
    """Each file belongs to a scene."""
    assert {path.name for path in FOLDER.iterdir()} == set(TEXTS)


@pytest.mark.parametrize("scene", SCENES.values(), ids=SCENES)
def test_the_summary_is_one_page(scene: Scene) -> None:
    """One heading, which is the verdict and the first line; one row for each target; links to nowhere but the docs and the places."""
    report = scene.report()
    text = summary(report)
    page = rendered(text)

    assert page.headings == [verdict(report)]
    assert text.startswith("## ")
    assert [row[0] for row in page.cells[1 : len(report.attempts) + 1]] == [each.place.name for each in report.attempts]
    assert all(
        link.startswith(("docs/troubleshooting.md#", "https://ghcr.io/", "https://github.com/octo/", "https://index.example.org/")) for link in page.links
    )
    assert page.nodes.count("html_block") == 2 * text.count("<details>")
    assert page.linked == []
    assert len(text.encode()) < LIMIT


@pytest.mark.parametrize("scene", SCENES.values(), ids=SCENES)
def test_nothing_to_paste_is_said_twice(scene: Scene) -> None:
    """Neither in the summary nor in a log."""
    for text in (summary(scene.report()), log(scene, actions=True), log(scene, actions=False)):
        blocks = re.findall(r"^ *(?:permissions:|with:|targets:|jobs:)\n(?: +.*\n)+", text, re.MULTILINE)
        assert len(blocks) == len(set(blocks))


@pytest.mark.parametrize("scene", SCENES.values(), ids=SCENES)
def test_the_runner_obeys_what_we_mean_alone(scene: Scene) -> None:
    """Groups and annotations, each of them once, at least one when the run fails; at home nothing is a command."""
    found = commands(log(scene, actions=True))
    report = scene.report()
    called = [(each.name, each.data) for each in found if each.name in [*Level]]

    assert {each.name for each in found} <= {"group", "endgroup", *Level}
    assert [each.name for each in found].count("group") == [each.name for each in found].count("endgroup")
    assert len(called) == len(set(called))
    assert ("error" in [name for name, _ in called]) is bool(report.exit_code)
    assert len(called) >= len(report.remarks) + len(report.problems)
    assert commands(log(scene, actions=False)) == []
