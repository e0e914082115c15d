"""What is written on a command line: flags, booleans, and where errors go."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from tests import factory
from tests.test_cli import ENVIRON, run

from pkg_publish import cli
from pkg_publish.errors import Failure

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
