"""What a run remarks, however it ends."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from tests import factory
from tests.servers.scripted import Scripted, answer
from tests.targets.test_pypi import _addresses  # noqa: F401 - a fixture
from tests.test_job import Desk

from pkg_publish.job import Checked
from pkg_publish.runner import Runner
from pkg_publish.verdict import Level, Remark

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Nothing in it."""
    return Desk(tmp_path)


@pytest.fixture
def filled(desk: Desk) -> Desk:
    """A wheel and an sdist in `dist`."""
    factory.release(desk.folder / "dist")
    return desk


def test_files_that_were_there_before_are_published_and_told_at_once(filled: Desk) -> None:
    """Whoever expects a build reads that there was none, and how to have one; who wants none reads nothing."""
    (remark,) = filled.run(dist_dir="dist").remarks

    assert (remark.level, remark.code) == (Level.NOTICE, "nothing-built")
    assert "Nothing was built: dist held 2 files" in remark.text
    assert filled.events.index(remark) < [type(each) for each in filled.events].index(Checked)
    assert filled.run(dist_dir="dist", build="never").remarks == ()


def test_strangers_are_a_notice(filled: Desk) -> None:
    """What is no distribution is not published, and said."""
    for number in range(7):
        (filled.folder / "dist" / f"notes{number}.txt").write_text("")

    (remark,) = filled.run(build="never").remarks

    assert (remark.level, remark.code) == (Level.NOTICE, "stray-files")
    assert remark.text.endswith("notes4.txt …")


@pytest.mark.parametrize(
    ("environ", "given", "config", "noticed"),
    [
        ({"ACTIONS_ID_TOKEN_REQUEST_URL": "x"}, {}, "", True),
        ({}, {"pypi_token": "pypi-secret"}, "", True),
        ({}, {}, "[http]\nextraheader = AUTHORIZATION: basic x", True),
        ({}, {}, "[core]", False),
    ],
    ids=["id-token", "index token", "checkout token", "nothing"],
)
def test_a_build_beside_an_identity_is_noticed(filled: Desk, environ: dict[str, str], given: dict[str, Any], config: str, *, noticed: bool) -> None:
    """With the recipe of two jobs."""
    filled.environ = environ
    if config:
        (filled.folder / ".git").mkdir()
        (filled.folder / ".git" / "config").write_text(config)

    report = filled.run(built=filled.folder / "dist", **given)

    assert ("build-beside-identity" in [each.code for each in report.remarks]) is noticed


@pytest.mark.parametrize(("actions", "name"), [(True, "`pypi-token`"), (False, "PYPI_TOKEN")])
def test_a_token_that_nobody_needs_is_noticed(filled: Desk, name: str, *, actions: bool) -> None:
    """It may be there for a target that was forgotten."""
    filled.runner = Runner(is_actions=actions)

    told = [each for each in filled.run(build="never", pypi_token="pypi-x").remarks if each.code == "token-not-used"]
    used = filled.run(build="never", pypi_token="pypi-x", targets="directory=out, pypi", allow_public="true").remarks

    assert [(each.level, each.text.partition(" is ")[0]) for each in told] == [(Level.NOTICE, name)]
    assert "token-not-used" not in [each.code for each in used]


@pytest.mark.parametrize(("event", "own", "known"), [("push", "true", True), ("push", "false", False), ("release", "true", False)])
def test_the_plan_knows_whose_token_makes_a_release(filled: Desk, event: str, own: str, *, known: bool) -> None:
    """A release that starts the run was made by somebody else."""
    filled.environ, filled.runner = {"PKG_PUBLISH_JOB_TOKEN": own}, Runner(event_name=event)

    assert filled.job().plan().job_token is known


def test_a_success_on_the_runner_only_is_a_warning_in_a_workflow(filled: Desk) -> None:
    """It is thrown away with it."""
    filled.runner = Runner(is_actions=True)

    assert [each.code for each in filled.run(build="never").remarks] == ["local-place-only"]


@pytest.mark.parametrize(("formats", "target", "noticed"), [("sdist", "project/out", True), ("wheel", "project/out", False), ("sdist", "out", False)])
def test_a_target_inside_of_the_project_is_noticed(desk: Desk, formats: str, target: str, *, noticed: bool) -> None:
    """A build that packs all it finds would pack it."""
    factory.project(desk.folder / "project")
    desk.environ = dict(os.environ)  # noqa: TID251 - the tests' own edge

    report = desk.run(project_dir="project", targets=f"directory={target}", formats=formats)

    assert ("target-inside-project" in [each.code for each in report.remarks]) is noticed


@pytest.mark.parametrize(("name", "noticed"), [("demo", False), ("other", True)])
def test_files_of_another_project_are_noticed(filled: Desk, name: str, *, noticed: bool) -> None:
    """They may be the right ones, and may lie there by mistake."""
    factory.project(filled.folder, name)

    report = filled.run(build="never")

    assert ("another-project" in [each.code for each in report.remarks]) is noticed
    assert report.exit_code == 0


def test_a_target_inside_of_a_project_on_a_runner_harms_no_later_build(desk: Desk) -> None:
    """The next job begins with a fresh checkout; whether a later step takes the folder, nobody knows here."""
    factory.project(desk.folder / "project")
    desk.environ, desk.runner = dict(os.environ), Runner(is_actions=True)  # noqa: TID251 - the tests' own edge

    (remark,) = desk.run(project_dir="project", targets="directory=project/out", formats="sdist").remarks

    assert (remark.level, remark.code) == (Level.WARNING, "local-place-only")
    assert remark.text.endswith("is thrown away with it, unless a later step uploads it.")


def test_permissions_to_paste_are_those_of_all_targets(filled: Desk) -> None:
    """A job that got only what one of them needs would fail at the next."""
    with Scripted().then(answer(403, b"{}")) as server:
        filled.runner = Runner(repository="octo/demo", api_url=server.url)
        report = filled.run(build="never", targets=f"oci=127.0.0.1:{server.port}/octo, github-release", github_token="ghs_x")

    (problem, _) = [each.problem for each in report.attempts]
    assert problem is not None
    assert problem.paste == "permissions:\n  contents: write\n  packages: write"


@pytest.mark.usefixtures("pypi")
@pytest.mark.parametrize(("given", "told"), [({}, 1), ({"dry_run": "true"}, 0), ({"pypi_token": "pypi-x"}, 0), ({"build": "never"}, 0)])
def test_a_permission_that_is_missing_is_named_before_the_build(desk: Desk, given: dict[str, Any], told: int) -> None:
    """The build may take long, and nobody need be asked; a dry run says it at its end."""
    desk.runner = Runner(is_actions=True, repository="octo/demo", event_name="push", event={"repository": {"visibility": "public"}})
    (desk.folder / "pyproject.toml").write_text("no TOML")

    desk.run(targets="ghcr, pypi", **given)

    remarks = [each for each in desk.events if isinstance(each, Remark)]
    assert [(each.level, each.code) for each in remarks] == [(Level.WARNING, "id-token-permission")] * told
    assert all("PyPI will not take the release: the job may not ask for an identity" in each.text for each in remarks)
    assert all("id-token: write\n  packages: write" in each.paste for each in remarks)


def test_a_tag_that_is_asked_for_is_missed_before_the_build(desk: Desk) -> None:
    """With all other mistakes of the configuration."""
    factory.project(desk.folder)

    report = desk.run(check_tag="true", targets="directory")

    assert [each.code for each in report.problems] == ["target-without-place", "tag-mismatch"]
    assert [each.code for each in desk.run(check_tag="true").problems] == ["tag-mismatch"]
    assert desk.events == []
