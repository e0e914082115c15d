"""`pkg-publish index`, the command."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING

import pytest
from tests import factory
from tests.targets import layouts
from tests.targets.contract import once

from pkg_publish import cli
from pkg_publish.errors import Failure
from pkg_publish.targets.directory import Directory

if TYPE_CHECKING:
    from pathlib import Path

ENVIRON = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME"}}  # noqa: TID251 - the tests' own edge


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Says what there is."""
    monkeypatch.chdir(tmp_path)
    for version in ("1.0", "2.0"):
        once(layouts.make(tmp_path, path="registry"), factory.release(tmp_path / "dist", "demo", version))
    stream = io.StringIO()

    assert cli.run(["index", "--from", "oci-layout=registry", "--to", "site", "--project", "demo"], ENVIRON, stream, stream) == 0
    assert stream.getvalue().splitlines() == ["index     demo: 4 files", "site is the index of 1 projects: 4 files are in it, 0 are linked to"]
    assert cli.run(["index", "--from", "oci-layout=registry", "--to", "site", "--project", "nothing"], ENVIRON, stream, stream) == Failure.CONFIG.exit_code


def test_an_index_of_nothing_takes_no_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that is the wrong one: an error that says so, and the good index stays as it was."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "site" / "simple").mkdir(parents=True)
    (tmp_path / "site" / "simple" / "index.html").write_text("good")
    (tmp_path / "empty").mkdir()
    stream = io.StringIO()

    assert cli.run(["index", "--from", "directory=empty", "--to", "site"], ENVIRON, stream, stream) == Failure.CONFIG.exit_code

    assert "nothing-to-index" in stream.getvalue()
    assert (tmp_path / "site" / "simple" / "index.html").read_text() == "good"


def test_what_goes_away_meanwhile_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was listed, and nobody has it when its files are asked for."""
    monkeypatch.chdir(tmp_path)
    factory.release(tmp_path / "dist")
    monkeypatch.setattr(Directory, "projects", lambda *_: ["demo", "gone"])
    stream = io.StringIO()

    assert cli.run(["index", "--from", "directory=dist", "--to", "site"], ENVIRON, stream, stream) == 0

    assert [path.name for path in (tmp_path / "site" / "simple").iterdir() if path.is_dir()] == ["demo"]


@pytest.mark.parametrize("url", ["notaurl", "javascript:alert(1)", "https://user:word@site.example.org"])
def test_the_address_of_a_site_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """It stands in commands that visitors copy."""
    monkeypatch.chdir(tmp_path)
    stream = io.StringIO()

    assert cli.run(["index", "--from", "directory=.", "--to", "site", "--url", url], ENVIRON, stream, stream) == Failure.CONFIG.exit_code

    assert not (tmp_path / "site").exists()
