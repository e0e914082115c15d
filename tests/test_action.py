"""The action's two steps, each as GitHub starts it; `tests/actions` has them under act."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import packaging
import pytest
from tests import factory
from tests.oracles.runner_commands import entries

from pkg_publish import action
from pkg_publish.config import inputs

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULTS = {each.name: each.default for each in inputs()} | {"github-token": "ghs_a-github-token"}


class Desk:
    """A workspace and the files by which a step speaks to its runner."""

    def __init__(self, folder: Path) -> None:
        self.workspace, self.temp = folder / "workspace", folder / "temp"
        for each in (self.workspace, self.temp):
            each.mkdir()
        self.output, self.summary = folder / "output", folder / "summary"
        self.environ = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME"} or name.startswith("COVERAGE")} | {  # noqa: TID251 - the tests' own edge
            "GITHUB_ACTIONS": "true",
            "GITHUB_REPOSITORY": "octo/demo",
            "GITHUB_WORKSPACE": str(self.workspace),
            "RUNNER_TEMP": str(self.temp),
            "GITHUB_OUTPUT": str(self.output),
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "PKG_PUBLISH_ACTION_REPOSITORY": "octo/pkg-publish-action",
            "PKG_PUBLISH_ACTION_REF": "v1",
        }

    def publish(self, given: Mapping[str, str], **environ: str) -> tuple[int, str]:
        """Run the second step."""
        stream = io.StringIO()
        known = json.dumps(DEFAULTS | {"targets": "directory=out"} | dict(given))
        code = action.run(["publish"], self.environ | {"PKG_PUBLISH_INPUTS": known} | environ, stream)
        return code, stream.getvalue()

    def build(self, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run the first step, as a process, for it becomes another."""
        code = "from pkg_publish.action import main; main(['build'])"
        libraries = str(Path(packaging.__file__).parents[1])
        words = self.environ | {"PKG_PUBLISH_TARGETS": "directory=out", "PKG_PUBLISH_LIBRARY": libraries} | environ
        return subprocess.run([sys.executable, "-c", code], cwd=self.workspace, env=words, capture_output=True, text=True, check=False, timeout=120)

    def outputs(self) -> dict[str, str]:
        """What the runner reads from the file."""
        return entries(self.output.read_text(encoding="utf-8"))


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """An empty workspace."""
    made = Desk(tmp_path)
    monkeypatch.chdir(made.workspace)
    return made


def test_publishes_what_the_build_step_has_built(desk: Desk, tmp_path: Path) -> None:
    """Outputs, summary and report."""
    factory.release(tmp_path / "built")

    code, text = desk.publish({}, PKG_PUBLISH_BUILT=str(tmp_path / "built"))

    outputs = desk.outputs()
    assert (code, outputs["status"], outputs["target"]) == (0, "published", "directory=out"), text
    assert outputs["install-command"].startswith("uvx --from git+https://github.com/octo/pkg-publish-action@v")
    assert Path(outputs["report"]).parent == desk.temp
    assert desk.summary.read_text(encoding="utf-8").startswith("## demo 1.0 is published")
    assert "::add-mask::ghs_a-github-token\n" in text.partition("demo")[0]


def test_nothing_is_built_where_the_tokens_are(desk: Desk) -> None:
    """Without what the build step has built, `dist` is looked for."""
    factory.project(desk.workspace)

    code, text = desk.publish({})

    assert code == 2
    assert "there is no wheel and no sdist in" in text


def test_files_that_were_there_before_are_no_build(desk: Desk) -> None:
    """One annotation, and a line in the summary; and an emptied folder is not filled by a build where the tokens are."""
    factory.release(desk.workspace / "dist")

    code, text = desk.publish({"dist-dir": "dist"})

    assert code == 0, text
    assert text.count("Nothing was built: dist held 2 files already") == 1
    assert "Nothing was built: dist held 2 files already" in desk.summary.read_text(encoding="utf-8")
    assert desk.publish({"dist-dir": "empty"})[0] == 2


@pytest.mark.parametrize(("summary", "written"), [("true", True), ("False", False)])
def test_mistakes_write_all_outputs_too(desk: Desk, summary: str, *, written: bool) -> None:
    """An unknown input, in the case the user wrote it."""
    code, text = desk.publish({"Taregts": "x", "summary": summary})

    assert (code, desk.outputs()["status"]) == (2, "failed")
    assert "there is no input 'Taregts'" in text
    assert desk.summary.exists() is written


def test_a_summary_is_left_out_when_it_is_not_wanted(desk: Desk, tmp_path: Path) -> None:
    """`summary: false`."""
    factory.release(tmp_path / "built")

    desk.publish({"summary": "false"}, PKG_PUBLISH_BUILT=str(tmp_path / "built"))

    assert not desk.summary.exists()


def test_the_report_goes_where_it_is_asked_for(desk: Desk, tmp_path: Path) -> None:
    """A path of the user's."""
    factory.release(tmp_path / "built")

    desk.publish({"report": "r.json"}, PKG_PUBLISH_BUILT=str(tmp_path / "built"))

    assert json.loads((desk.workspace / "r.json").read_text(encoding="utf-8"))["status"] == "published"


def test_a_secret_that_targets_name_is_masked(desk: Desk, tmp_path: Path) -> None:
    """It may be no secret of GitHub's."""
    factory.release(tmp_path / "built")
    target = "- repository: {url: 'http://127.0.0.1:9/', username: u, password-env: INDEX_PASSWORD}"

    _, text = desk.publish({"targets": target, "timeout": "1s"}, PKG_PUBLISH_BUILT=str(tmp_path / "built"), INDEX_PASSWORD="the-password-of-the-index")

    assert "::add-mask::the-password-of-the-index\n" in text


@pytest.mark.parametrize("form", ["directory={host}/out", "- directory: {{path: '{host}/out'}}", "directory=a, directory={host}/out"])
def test_paths_of_the_host_are_mapped_in_a_container(desk: Desk, tmp_path: Path, form: str) -> None:
    """There the workspace has another name than `github.workspace` says."""
    factory.release(tmp_path / "built")
    host = "/home/runner/work/demo/demo"
    given = {"targets": form.format(host=host), "strategy": "all", "report": f"{host}/r.json"}

    code, text = desk.publish(given, PKG_PUBLISH_BUILT=str(tmp_path / "built"), PKG_PUBLISH_HOST_PATHS=f"host:{host}|/home/runner/work/_temp")

    assert code == 0, text
    assert (desk.workspace / "out" / "demo-1.0.tar.gz").exists()
    assert (desk.workspace / "r.json").exists()


def test_the_build_step_hands_its_folder_on(desk: Desk) -> None:
    """Built, in a folder under the runner's temp folder; no other output."""
    factory.project(desk.workspace)

    done = desk.build(PKG_PUBLISH_FORMATS="wheel")

    assert done.returncode == 0, done.stdout + done.stderr
    folder = Path(desk.outputs()["built"])
    assert (folder.parents[1], [path.name for path in folder.iterdir()]) == (desk.temp, ["demo-1.0-py3-none-any.whl"])
    assert list(desk.outputs()) == ["built"]
    assert [line.split()[0] for line in done.stdout.splitlines() if line.startswith(("pkg-publish", "plan"))] == ["pkg-publish", "plan"]


def test_the_build_step_says_nothing_where_nothing_is_built(desk: Desk) -> None:
    """The publish step tells the whole story."""
    done = desk.build(PKG_PUBLISH_BUILD="never")

    assert (done.returncode, done.stdout) == (0, "")
    assert not desk.output.exists()


def test_a_build_that_fails_ends_the_action(desk: Desk) -> None:
    """With its own exit code, all outputs and a summary."""
    factory.project(desk.workspace)
    (desk.workspace / "demo.py").unlink()

    done = desk.build()

    assert (done.returncode, desk.outputs()["status"]) == (3, "failed"), done.stdout
    assert desk.summary.read_text(encoding="utf-8").startswith("## Nothing is published: the build failed")
    assert len(re.findall("^::error", done.stdout, re.MULTILINE)) == 1


def handed(desk: Desk, monkeypatch: pytest.MonkeyPatch, **given: str) -> tuple[int, str]:
    """Run what the first step becomes, in this process."""
    facts = {"GITHUB_ACTIONS": "true", "RUNNER_TEMP": str(desk.temp)}
    files = {"output": str(desk.output), "summary": str(desk.summary), "docs_url": ""}
    text = json.dumps({"given": {"targets": "directory=out"} | given, "runner": facts, "files": files, "library": "", "folder": str(desk.temp / "built")})
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))
    stream = io.StringIO()
    return action.run(["handed-build"], {"PATH": desk.environ["PATH"]}, stream), stream.getvalue()


def test_the_process_without_secrets_builds(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """All it knows came by its input."""
    factory.project(desk.workspace)

    code, text = handed(desk, monkeypatch, formats="wheel")

    assert (code, desk.outputs()) == (0, {"built": str(desk.temp / "built" / "dist")}), text


@pytest.mark.parametrize(("project", "code"), [("nowhere", 2), (".", 3)])
def test_the_process_without_secrets_reports_what_fails(desk: Desk, monkeypatch: pytest.MonkeyPatch, project: str, code: int) -> None:
    """As the publish step would."""
    factory.project(desk.workspace)
    (desk.workspace / "demo.py").unlink()

    assert handed(desk, monkeypatch, **{"project-dir": project})[0] == code
    assert desk.outputs()["status"] == "failed"


@pytest.mark.parametrize("names", ["PKG_PUBLISH_OUTPUT", "ACTIONS_RUNTIME_TOKEN"])
def test_a_build_env_that_no_build_may_see_is_refused(desk: Desk, names: str) -> None:
    """Or is simply not there."""
    factory.project(desk.workspace)

    done = desk.build(PKG_PUBLISH_BUILD_ENV=names, ACTIONS_RUNTIME_TOKEN="x")

    assert done.returncode == (2 if names.startswith("ACTIONS") else 0), done.stdout + done.stderr


def test_mistakes_end_the_build_step(desk: Desk) -> None:
    """Before anything is built; of tokens it knows only the state."""
    factory.project(desk.workspace)

    done = desk.build(PKG_PUBLISH_TARGETS="nowhere", PKG_PUBLISH_HAS_PYPI_TOKEN="empty", PKG_PUBLISH_HAS_TESTPYPI_TOKEN="token")

    assert done.returncode == 2
    assert "there is no target 'nowhere'" in done.stdout
    assert "the input pypi-token is empty" in done.stdout
    assert list(desk.temp.iterdir()) == [Path(desk.outputs()["report"])]


def test_a_disk_that_refuses_turns_no_good_publish_red(desk: Desk, tmp_path: Path) -> None:
    """The report cannot be written: a warning, and all the rest."""
    factory.release(tmp_path / "built")
    (desk.workspace / "file").write_text("")

    code, text = desk.publish({"report": "file/r.json"}, PKG_PUBLISH_BUILT=str(tmp_path / "built"))

    assert (code, desk.outputs()["status"], desk.outputs()["report"]) == (0, "published", "")
    assert "::warning" in text


def test_a_file_of_the_runner_that_cannot_be_written_turns_no_good_publish_red(desk: Desk, tmp_path: Path) -> None:
    """Neither outputs nor summary."""
    factory.release(tmp_path / "built")
    desk.output.mkdir()

    code, text = desk.publish({}, PKG_PUBLISH_BUILT=str(tmp_path / "built"))

    assert code == 0
    assert "::warning title=disk::writing to" in text


def test_outside_of_a_step_there_are_no_files(desk: Desk, tmp_path: Path) -> None:
    """As when somebody tries the step at home."""
    factory.release(tmp_path / "built")

    assert desk.publish({}, PKG_PUBLISH_BUILT=str(tmp_path / "built"), GITHUB_OUTPUT="", GITHUB_STEP_SUMMARY="")[0] == 0


def test_a_bug_of_ours_writes_all_outputs_too(desk: Desk) -> None:
    """Exit code 70, a summary, an annotation."""
    code = "import pkg_publish.action as action; action.run = lambda *_: 1 / 0; action.main(['publish'])"

    done = subprocess.run([sys.executable, "-c", code], cwd=desk.workspace, env=desk.environ, capture_output=True, text=True, check=False)

    assert (done.returncode, desk.outputs()["status"]) == (70, "failed")
    assert "::error title=bug::" in done.stdout
    assert desk.summary.read_text(encoding="utf-8").startswith("## Nothing is published: we have a bug")
