"""The main job from configuration to report, on folders."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from tests import factory

from pkg_publish.config import Config
from pkg_publish.errors import Failure
from pkg_publish.install_command import Origin
from pkg_publish.job import Checked, Job, Planned
from pkg_publish.report import machine, sentences
from pkg_publish.report.summary import summary
from pkg_publish.runner import Runner
from pkg_publish.state import Attempt, Done
from pkg_publish.targets.base import Ambient
from pkg_publish.verdict import Report, Status
from pkg_publish.watch import Watch

if TYPE_CHECKING:
    from pathlib import Path


class Desk:
    """A folder to publish from, and what was told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.events: list[object] = []
        self.runner = Runner()
        self.environ: dict[str, str] = {}

    def job(self, built: Path | None = None, **given: str) -> Job:
        """A job with these inputs."""
        config = Config.read({"targets": "directory=out"} | {name.replace("_", "-"): text for name, text in given.items()})
        ambient = Ambient(folder=self.folder, environ=self.environ, runner=self.runner, tokens=config.tokens)
        watch = Watch(60, self.events.append)
        return Job(config=config, ambient=ambient, watch=watch, scratch=self.folder / "scratch", built=built, origin=Origin())

    def run(self, built: Path | None = None, **given: str) -> Report:
        """Run it."""
        return self.job(built, **given).run()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Nothing in it."""
    return Desk(tmp_path)


@pytest.fixture
def filled(desk: Desk) -> Desk:
    """A wheel and an sdist in `dist`."""
    factory.release(desk.folder / "dist")
    return desk


def codes(report: Report) -> list[str]:
    """What went wrong."""
    return [each.code for each in report.problems]


def test_publishes_what_lies_in_dist(filled: Desk) -> None:
    """`build: never` takes `dist`; the report has everything."""
    report = filled.run(build="never")

    assert (report.status, report.exit_code) == (Status.PUBLISHED, 0)
    assert sorted(path.name for path in (filled.folder / "out").glob("[!.]*")) == ["demo-1.0-py3-none-any.whl", "demo-1.0.tar.gz"]
    assert report.install_command == f"pkg-publish install demo==1.0 --from directory={filled.folder / 'out'}"
    assert [type(each) for each in filled.events if isinstance(each, Planned | Checked)] == [Planned, Checked]


def test_takes_what_is_there_unless_told_to_build(filled: Desk) -> None:
    """`build: auto` with a `dist-dir` that holds distributions."""
    assert filled.job(dist_dir="dist").builds is False
    assert filled.job(dist_dir="dist", build="always").builds is True
    assert filled.job(dist_dir="elsewhere").builds is True
    assert filled.job().builds is True


def test_builds_and_copies_to_dist_dir(desk: Desk) -> None:
    """What was built lies in `dist-dir` afterwards, and is known to be built by this run."""
    factory.project(desk.folder)
    desk.environ = dict(os.environ)  # noqa: TID251 - the tests' own edge

    report = desk.run(dist_dir="wheels", formats="wheel")

    assert report.status is Status.PUBLISHED, report.problems
    assert [path.name for path in (desk.folder / "wheels").glob("[!.]*")] == ["demo-1.0-py3-none-any.whl"]
    assert report.release is not None
    assert all(each.built for each in report.release.distributions)


def test_publishes_what_the_build_step_has_built(filled: Desk) -> None:
    """The plan was told by the build step, and is not told again."""
    report = filled.run(built=filled.folder / "dist")

    assert report.status is Status.PUBLISHED
    assert not [each for each in filled.events if isinstance(each, Planned)]


def test_mistakes_of_the_plan_end_it_before_the_build(desk: Desk) -> None:
    """Nothing is attempted."""
    report = desk.run(targets="directory")

    assert (report.status, codes(report)) == (Status.FAILED, ["target-without-place"])
    assert not list(desk.folder.iterdir())


def test_no_project_is_told(desk: Desk) -> None:
    """One failure, its own exit code."""
    report = desk.run()

    assert (report.exit_code, codes(report)) == (2, ["project-not-found"])


def test_bad_files_are_told_together(desk: Desk) -> None:
    """Two files, two mistakes."""
    (desk.folder / "dist").mkdir()
    for name in ("a-1.0-py3-none-any.whl", "b-1.0-py3-none-any.whl"):
        (desk.folder / "dist" / name).write_text("no zip")

    report = desk.run(build="never")

    assert (report.exit_code, len(report.problems)) == (4, 2)
    assert not (desk.folder / "out").exists()


@pytest.mark.parametrize(
    ("check_tag", "ref", "expected"),
    [
        ("auto", "refs/tags/v1.0", []),
        ("auto", "refs/tags/v2.0", ["tag-mismatch"]),
        ("auto", "refs/heads/main", []),
        ("false", "refs/tags/v2.0", []),
        ("true", "refs/heads/main", ["tag-mismatch"]),
    ],
)
def test_the_version_must_match_the_tag(filled: Desk, check_tag: str, ref: str, expected: list[str]) -> None:
    """Where there is one, or always, or never."""
    filled.runner = Runner(ref=ref)

    assert codes(filled.run(build="never", check_tag=check_tag)) == expected


def test_a_pull_request_runs_dry(filled: Desk) -> None:
    """From the same repository."""
    pull = {"pull_request": {"head": {"repo": {"full_name": "octo/demo"}}}}
    filled.runner = Runner(event_name="pull_request", repository="octo/demo", event=pull)

    report = filled.run(build="never")

    assert (report.status, [each.code for each in report.remarks]) == (Status.PLANNED, ["pull-request"])
    assert not (filled.folder / "out").exists()


@pytest.mark.parametrize("event", ["pull_request", "pull_request_target", "pull_request_review"])
def test_a_fork_is_refused_and_nothing_else_is_said(filled: Desk, event: str) -> None:
    """That it would be a dry run is no comfort, and not true."""
    pull = {"pull_request": {"head": {"repo": {"full_name": "stranger/demo"}}}}
    filled.runner = Runner(event_name=event, repository="octo/demo", event=pull)

    report = filled.run(build="never")

    assert (codes(report), report.remarks) == (["untrusted-event"], ())


def test_a_dry_run_asks_every_target_whether_it_would_work(filled: Desk) -> None:
    """And says of each."""
    (filled.folder / "file").write_text("")

    report = filled.run(build="never", dry_run="true", targets="directory=out, directory=file/in/the/way")

    assert [each.would_work for each in report.attempts] == [True, False]
    assert (report.status, report.exit_code) == (Status.PLANNED, 0)


@pytest.mark.parametrize(
    ("targets", "strategy", "said"),
    [
        ("directory=file/in/the/way", "first", "would not be published: the folder file/in/the/way could not be written from this machine"),
        ("directory=file/in/the/way, directory=out", "first", "would not be published: the folder file/in/the/way could not be written from this machine"),
        ("directory=out, directory=file/in/the/way", "all", "would not be published everywhere: the folder file/in/the/way would not take it"),
    ],
)
def test_a_dry_run_believes_the_check_of_a_target(filled: Desk, targets: str, strategy: str, said: str) -> None:
    """What is sure to fail is not planned: the verdict names it, and the problem says what to do."""
    (filled.folder / "file").write_text("")

    report = filled.run(build="never", dry_run="true", targets=targets, strategy=strategy)

    assert (report.status, report.exit_code) == (Status.FAILED, Failure.ENVIRONMENT.exit_code)
    assert sentences.verdict(report) == f"Dry run: demo 1.0 {said}"
    assert [(each.code, each.cure) for each in report.problems] == [("disk", "Name another folder.")]


def test_a_target_that_was_not_needed_says_whether_it_would_have_worked(filled: Desk) -> None:
    """So that its permission is not missed on the night it is needed."""
    (filled.folder / "file").write_text("")

    report = filled.run(build="never", targets="directory=out, directory=file/in/the/way")

    assert [each.outcome for each in report.attempts] == [Done.PUBLISHED, Done.SKIPPED]
    assert report.attempts[1].would_work is False
    assert "would-not-work" in [each.code for each in report.remarks]


@pytest.mark.parametrize(
    ("built", "cure", "paste"),
    [(False, "let theirs stay", "with:\n  on-conflict: keep"), (True, "if the project was changed since those were published, set a new version", "")],
)
def test_a_conflict_says_what_differs(filled: Desk, *, built: bool, cure: str, paste: str) -> None:
    """Both hashes, what differs inside, and the way out."""
    theirs = factory.wheel(filled.folder / "out", content=b"x = 2\n")

    report = filled.run(built=filled.folder / "dist" if built else None, build="never")

    (problem,) = report.problems
    assert (report.exit_code, problem.kind, problem.code) == (6, Failure.CONFLICT, "other-bytes-same-name")
    assert cure in problem.cure
    assert problem.paste == paste
    assert theirs.name in problem.details[0]
    assert "demo/__init__.py" in problem.details[1]


def test_a_dry_run_explains_other_bytes(filled: Desk) -> None:
    """As if it had been tried."""
    factory.wheel(filled.folder / "out", content=b"x = 2\n")

    report = filled.run(build="never", dry_run="true")

    assert (report.exit_code, codes(report)) == (6, ["other-bytes-same-name"])


def test_the_report_lists_what_is_there_and_not_what_was_not_sent(filled: Desk) -> None:
    """With `on-conflict: keep` the other bytes stay: outputs, report and summary have their size and digest."""
    theirs = factory.wheel(filled.folder / "out", content=b"x = 'theirs'\n")
    ours = filled.folder / "dist" / "demo-1.0.tar.gz"

    report = filled.run(build="never", on_conflict="keep")

    files = [{"name": path.name, "size": path.stat().st_size, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()} for path in (theirs, ours)]
    assert report.status is Status.PUBLISHED
    assert json.loads(machine.outputs(report)["files"]) == machine.document(report)["files"] == files
    assert all(str(each["sha256"]) in summary(report) for each in files)


def test_a_cancel_between_two_targets_is_a_cancel(filled: Desk) -> None:
    """Under `all` the first holds it, and the run was stopped before the second."""
    job = filled.job(build="never", strategy="all", targets="directory=out, directory=other")

    def stop(event: object) -> None:
        if isinstance(event, Attempt):
            job.watch.stop.set()

    job.watch.tell = stop
    report = job.run()

    assert (report.status, report.exit_code, codes(report)) == (Status.INCOMPLETE, 130, ["cancelled"])


def test_a_version_that_was_made_up_from_a_shallow_clone_is_refused(desk: Desk) -> None:
    """It names `fetch-depth: 0`."""
    origin = factory.project(desk.folder / "origin", version="0.1.dev0")
    for words in (["init", "-q"], ["add", "."], ["-c", "user.name=T", "-c", "user.email=t@example.org", "commit", "-qm", "x"]):
        subprocess.run(["git", "-C", origin, *words], check=True)
    subprocess.run(["git", "clone", "-q", "--depth=1", origin.as_uri(), desk.folder / "clone"], check=True)
    desk.environ = dict(os.environ)  # noqa: TID251 - the tests' own edge

    report = desk.run(project_dir="clone", formats="wheel")

    assert codes(report) == ["shallow-clone"]
    assert "fetch-depth: 0" in report.problems[0].paste


def test_what_is_not_sound_is_not_copied_to_dist_dir(desk: Desk) -> None:
    """Else the next run would publish it; nor is anything in a dry run."""
    factory.project(desk.folder)
    desk.environ, desk.runner = dict(os.environ), Runner(ref="refs/tags/v2.0")  # noqa: TID251 - the tests' own edge

    assert codes(desk.run(dist_dir="dist", formats="wheel")) == ["tag-mismatch"]
    shutil.rmtree(desk.folder / "scratch")
    assert desk.run(dist_dir="dist", formats="wheel", check_tag="false", dry_run="true").status is Status.PLANNED
    assert not (desk.folder / "dist").exists()
