"""`pkg-publish doctor`, as a command and as the step of an action."""

from __future__ import annotations

import io
import json
import os
import signal
from pathlib import Path

import pytest
import yaml
from tests import factory, tables
from tests.test_action import Desk

from pkg_publish import action, cli
from pkg_publish.config import inputs
from pkg_publish.consultation import INPUTS
from pkg_publish.doctor import Diagnosis, Examination
from pkg_publish.errors import Failure

ENVIRON = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME"}}  # noqa: TID251 - the tests' own edge
HERE = ["--targets", "directory=out"]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with a project in it."""
    monkeypatch.chdir(tmp_path)
    return factory.project(tmp_path)


def ask(*argv: str, **environ: str) -> tuple[int, str]:
    """Run the command in this process."""
    stream = io.StringIO()
    code = cli.run(["doctor", *argv], ENVIRON | environ, stream)
    return code, stream.getvalue()


@pytest.mark.usefixtures("project")
class TestCommand:
    """At the terminal."""

    @pytest.mark.parametrize("columns", ["60", "160"])
    def test_prints_the_table(self, project: Path, columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """As wide as the terminal; the verdict is the last line, and nothing was written."""
        monkeypatch.setenv("COLUMNS", columns)
        before = sorted(project.rglob("*"))

        code, text = ask(*HERE)

        assert code == 0
        assert "what would be published" in text
        assert text.splitlines()[-1].startswith("Nothing is known to keep demo 1.0 from being published to directory=out")
        assert all(len(line) <= int(columns) or len(line.split()) == 1 for line in text.splitlines()[1:-1])
        assert sorted(project.rglob("*")) == before

    def test_an_examination_that_is_cancelled_finds_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """It says that it was, and not that nothing is known to be wrong."""
        run = Examination.run

        def cut(examination: Examination) -> Diagnosis:
            signal.raise_signal(signal.SIGTERM)
            return run(examination)

        monkeypatch.setattr(Examination, "run", cut)

        code, text = ask(*HERE)

        assert code == Failure.CANCELLED.exit_code
        assert "cancelled" in text
        assert "Nothing is known" not in text

    def test_in_a_workflow_lines_are_long(self) -> None:
        """A log has no width."""
        _, text = ask(*HERE, GITHUB_ACTIONS="true")

        assert any(len(line) > 100 for line in text.splitlines())

    def test_the_project_can_be_the_first_argument(self, project: Path) -> None:
        """As for `publish`."""
        factory.project(project / "python", "other", "2.0")

        assert "other 2.0" in ask("python", *HERE)[1]
        assert ask("python", *HERE, "--project-dir", "elsewhere")[0] == Failure.CONFIG.exit_code

    def test_takes_what_the_publishing_step_takes(self) -> None:
        """Also what only a build or an upload needs; what is wrong with it is told."""
        assert ask(*HERE, "--verify", "install", "--formats", "wheel", "--build-env", "FLAG", "--dry-run", "--timeout", "5m")[0] == 0
        assert "the input verify cannot be 'twice'" in ask(*HERE, "--verify", "twice")[1]

    def test_at_home_advice_is_for_a_shell(self) -> None:
        """Both targets that lack a place are mended by one flag."""
        code, text = ask()

        assert code == Failure.CONFIG.exit_code
        assert "To mend targets:\n  --targets 'github-packages, oci=ghcr.io/OWNER/NAME, github-release=OWNER/REPO'\n" in text
        assert "permissions:" not in text

    @pytest.mark.parametrize(("words", "written"), [(["--summary"], True), ([], False)])
    def test_a_summary_is_written_when_it_is_asked_for(self, project: Path, words: list[str], *, written: bool) -> None:
        """As by `publish`."""
        page = project / "summary.md"

        assert ask(*HERE, *words, GITHUB_STEP_SUMMARY=str(page))[0] == 0
        assert page.exists() is written

    def test_leaves_with_the_class_that_a_publish_would_end_with(self) -> None:
        """And says which."""
        code, text = ask(*HERE, "--build", "never")

        assert code == Failure.CONFIG.exit_code
        assert "is certain to fail (config)" in text

    def test_mistakes_are_listed(self) -> None:
        """All that is wrong with the flags."""
        code, text = ask("--targets", "nowhere", "--strategy", "some")

        assert code == Failure.CONFIG.exit_code
        assert "there is no target 'nowhere'" in text
        assert "the input strategy cannot be 'some'" in text

    def test_writes_the_report_where_it_is_asked_for(self, project: Path) -> None:
        """A disk that refuses changes no finding."""
        (project / "file").write_text("")

        assert ask(*HERE, "--report", "r.json")[0] == 0
        assert ask(*HERE, "--report", "file/r.json", "--deep")[0] == 0

        assert json.loads((project / "r.json").read_text(encoding="utf-8"))["status"] == "ready"


def test_every_input_of_the_doctor_is_one_of_publishing() -> None:
    """With the same word and default; one more is his own. No expression stands in a script."""
    doctor = yaml.safe_load((tables.ROOT / "doctor" / "action.yml").read_text(encoding="utf-8"))
    known = {each.name: each.default for each in inputs()}

    assert {name: each["default"] for name, each in doctor["inputs"].items()} == {name: known[name] for name in INPUTS} | {"deep": "false"}
    assert all("${{" not in step["run"] for step in doctor["runs"]["steps"])


class TestStep:
    """In a job."""

    @pytest.fixture
    def desk(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
        """A workspace with a project."""
        made = Desk(tmp_path)
        monkeypatch.chdir(made.workspace)
        factory.project(made.workspace)
        return made

    @staticmethod
    def ask(desk: Desk, **given: str) -> tuple[int, str]:
        """Run the step."""
        known = {"targets": "directory=out", "github-token": "ghs_a-github-token"} | {name.replace("_", "-"): text for name, text in given.items()}
        stream = io.StringIO()
        code = action.run(["doctor"], desk.environ | {"PKG_PUBLISH_INPUTS": json.dumps(known)}, stream)
        return code, stream.getvalue()

    def test_table_summary_outputs_and_report(self, desk: Desk) -> None:
        """The token is hidden before anything is printed."""
        code, text = self.ask(desk, deep="false")

        outputs = desk.outputs()
        assert (code, outputs["status"]) == (0, "ready"), text
        assert json.loads(Path(outputs["report"]).read_text(encoding="utf-8"))["project"] == "demo"
        assert desk.summary.read_text(encoding="utf-8").startswith("## Nothing is known to keep demo 1.0")
        assert text.startswith("::add-mask::ghs_a-github-token\n")
        assert "::error" not in text

    def test_what_is_certain_to_fail_is_an_error(self, desk: Desk) -> None:
        """With the code that the documentation explains."""
        code, text = self.ask(desk, build="never")

        assert (code, desk.outputs()["status"]) == (2, "failed")
        assert "::error title=no-distributions::A publish of this project is certain to fail (config)" in text

    def test_no_summary_and_no_report(self, desk: Desk) -> None:
        """A disk that refuses the report leaves its output empty."""
        (desk.workspace / "file").write_text("")

        code, text = self.ask(desk, summary="false", report="file/r.json")

        assert (code, desk.outputs()["report"]) == (0, ""), text
        assert not desk.summary.exists()

    @pytest.mark.parametrize(("given", "says"), [({"deep": "perhaps"}, "the input deep cannot be 'perhaps'"), ({"targets": "nowhere"}, "there is no target")])
    def test_mistakes_write_all_that_a_publish_writes(self, desk: Desk, given: dict[str, str], says: str) -> None:
        """Summary, outputs and report; nothing is asked."""
        code, text = self.ask(desk, **given)

        outputs = desk.outputs()
        assert (code, outputs["status"]) == (2, "failed")
        assert says in text
        report = json.loads(Path(outputs["report"]).read_text(encoding="utf-8"))
        assert (report["status"], report["failure"], report["exit_code"]) == ("failed", "config", 2)
        assert says in report["verdict"]
        assert desk.summary.read_text(encoding="utf-8").startswith("## A publish of this project is certain to fail (config)")

    def test_mistakes_without_a_summary(self, desk: Desk) -> None:
        """None is written where none is wanted."""
        assert self.ask(desk, targets="nowhere", summary="false")[0] == 2
        assert not desk.summary.exists()

    def test_a_cancel_is_no_mistake(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        """There is nothing to report."""
        run = Examination.run

        def cut(examination: Examination) -> Diagnosis:
            signal.raise_signal(signal.SIGTERM)
            return run(examination)

        monkeypatch.setattr(Examination, "run", cut)

        assert self.ask(desk)[0] == Failure.CANCELLED.exit_code
        assert desk.outputs() == {"status": "failed", "report": ""}
        assert not desk.summary.exists()
