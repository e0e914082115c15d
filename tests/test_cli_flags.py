"""What is written on a command line: flags, booleans, and where errors go."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from tests import factory
from tests.servers.scripted import Scripted, answer
from tests.test_cli import ENVIRON, run

from pkg_publish import cli
from pkg_publish.errors import Failure
from pkg_publish.process import ROOT

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a release in `dist`."""
    monkeypatch.chdir(tmp_path)
    factory.release(tmp_path / "dist")
    return tmp_path


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["publish", "--taregts", "x"], "there is no flag '--taregts'.\ndo this   Did you mean --targets?"),
        (["publish", ".", "-targets", "secret"], "there is no flag '-targets'.\ndo this   Did you mean --targets?"),
        (["publish", ".", "-pypi-token", "pypi-secret"], "a token never stands on a command line.\ndo this   Set the variable."),
        (["install", "demo==1.0", "--form=directory=x"], "there is no flag '--form'.\ndo this   Did you mean --from?"),
        (["publish", "--pypi-token", "pypi-secret"], "a token never stands on a command line.\ndo this   Set the variable.\n          export PYPI_TOKEN=…"),
        (["publish", "python", "--project-dir", "other"], "two projects are named: 'python', and 'other' with --project-dir"),
    ],
)
def test_a_wrong_flag_is_a_mistake_with_a_way_out(argv: list[str], said: str) -> None:
    """As for inputs; the value behind it may be a secret."""
    code, text = run(*argv)

    assert code == Failure.CONFIG.exit_code
    assert said in text
    assert "pypi-secret" not in text


@pytest.mark.parametrize(
    ("words", "dry"),
    [
        (["--dry-run"], True),
        (["--dry-run", "."], True),
        (["--dry-run", "--build", "never"], True),
        (["--dry-run", "false"], False),
        (["--dry-run", ""], False),
        (["--dry-run=TRUE"], True),
        (["./", "--project-dir", "."], False),
        (["--", "."], False),
    ],
)
def test_a_boolean_flag_by_itself_means_true(desk: Path, words: list[str], *, dry: bool) -> None:
    """What follows it is its value only if it can be one."""
    code, text = run("publish", "--targets", "directory=out", "--dist-dir", "dist", *words)

    assert code == 0, text
    assert (desk / "out").exists() is not dry


@pytest.mark.parametrize(("environ", "apart"), [({}, True), ({"GITHUB_ACTIONS": "true"}, False)], ids=["at home", "in a workflow"])
def test_errors_are_kept_apart_at_home(desk: Path, environ: dict[str, str], *, apart: bool) -> None:
    """A runner reads annotations from its standard output alone; what went well is no error."""
    stream, errors = io.StringIO(), io.StringIO()

    assert cli.run(["publish", "--targets", "directory=out", "--build", "never"], ENVIRON | environ, stream, errors) == 0
    assert errors.getvalue() == ""
    factory.wheel(desk / "dist", content=b"x = 2\n")
    assert cli.run(["publish", "--targets", "directory=out", "--build", "never"], ENVIRON | environ, stream, errors) == Failure.CONFLICT.exit_code
    told = errors.getvalue() if apart else stream.getvalue()
    assert "is not published: the folder out holds other bytes" in told
    assert "on-conflict" in told
    assert bool(errors.getvalue()) is apart


@pytest.mark.usefixtures("desk")
def test_advice_at_a_shell_is_for_a_shell() -> None:
    """And for the command that was given."""
    assert "          --targets directory=out/wheelhouse\n" in run("publish", "--targets", "directory")[1]
    assert "          --from directory=out/wheelhouse\n" in run("install", "demo==1.0", "--from", "directory")[1]


@pytest.mark.usefixtures("desk")
def test_advice_names_a_command_that_is_there() -> None:
    """From a checkout that is `run.py`, as in the command that installs."""
    command = f"          python3 {ROOT / 'run.py'} "

    assert f"{command}publish --targets testpypi\n{command}publish --targets pypi\n" in run("publish", "--targets", "pypi, testpypi", PYPI_TOKEN="x")[1]
    assert f"{command}install 'demo==1.0' --from oci-layout=out/registry\n" in run("install", "demo", "--from", "directory=dist")[1]


def test_a_refused_reader_is_told_what_to_write_after_from() -> None:
    """With the namespace and the name that were given."""
    with Scripted().then(answer(401, WWW_Authenticate='Basic realm="x"')) as server:
        place = f"{{oci: {{name: '127.0.0.1:{server.port}/octo', username: reader, password-env: PW}}}}"
        code, text = run("install", "demo==1.0", "--from", place, PW="secret-canary")

    assert code == Failure.REFUSED.exit_code
    assert f"--from '- oci:\n              name: 127.0.0.1:{server.port}/octo\n              username: reader\n" in text
    assert "--targets" not in text


@pytest.mark.parametrize(("words", "given"), [(["--dry-run", "yes"], "yes"), ([".", "--dry-run", "on"], "on"), (["--allow-public=1"], "1")])
def test_another_word_for_true_is_a_mistake_with_a_way_out(desk: Path, words: list[str], given: str) -> None:
    """And no second project."""
    code, text = run("publish", "--targets", "directory=out", "--dist-dir", "dist", *words)

    assert code == Failure.CONFIG.exit_code
    assert f"cannot be '{given}'.\ndo this   Write true or false." in text
    assert not (desk / "out").exists()


@pytest.mark.parametrize(("words", "written"), [(["--summary", "true"], True), (["--summary"], True), ([], False), (["--summary", "false"], False)])
def test_a_summary_is_written_when_it_is_asked_for(desk: Path, words: list[str], *, written: bool) -> None:
    """Where the variable says; the command by itself leaves a workflow's page alone."""
    page = desk / "summary.md"

    code, _ = run("publish", "--targets", "directory=out", "--dist-dir", "dist", *words, GITHUB_STEP_SUMMARY=str(page))

    assert code == 0
    assert page.exists() is written
    assert not written or page.read_text(encoding="utf-8").startswith("## demo 1.0 is published in the folder out")


@pytest.mark.usefixtures("desk")
def test_a_summary_that_has_no_place_is_no_failure() -> None:
    """At home no variable names one."""
    assert run("publish", "--targets", "directory=out", "--dist-dir", "dist", "--summary", "true")[0] == 0
