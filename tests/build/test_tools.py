"""Finding the user's Python, and uv."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

import pytest

from pkg_publish.build import tools
from pkg_publish.errors import Environment


def program(folder: Path, name: str, text: str) -> Path:
    """Write a shell script."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return folder


def interpreter(folder: Path, name: str) -> Path:
    """A folder with this Python under another name."""
    return program(folder, name, f'exec "{sys.executable}" "$@"')


def found(tmp_path: Path, *folders: Path, own: Path | None = None) -> str:
    """The interpreter that is taken."""
    return tools.find_python(tmp_path, {"PATH": ":".join(map(str, folders))}, own).path


def test_the_first_python3_is_the_users(tmp_path: Path) -> None:
    """Before any `python`; with its real path and its version."""
    first = program(tmp_path / "first", "python", "exit 1")
    second = interpreter(tmp_path / "second", "python3")

    python = tools.find_python(tmp_path, {"PATH": f"{first}:{second}"}, None)

    assert (python.path, python.version) == (sys.executable, platform.python_version())


@pytest.mark.parametrize("text", ["exit 9", "echo; exit 127", "kill -9 $$"])
def test_a_stub_is_passed_by(tmp_path: Path, text: str) -> None:
    """A shim without a version, the advertisement of a shop."""
    assert found(tmp_path, program(tmp_path / "stub", "python3", text), interpreter(tmp_path / "real", "python")) == sys.executable


def test_a_file_that_is_no_program_is_passed_by(tmp_path: Path) -> None:
    """As the system says."""
    folder = program(tmp_path / "odd", "python3", "")
    (folder / "python3").write_text("\0")
    assert found(tmp_path, folder, interpreter(tmp_path / "real", "python")) == sys.executable


def test_what_a_python_prints_at_its_start_is_passed_by(tmp_path: Path) -> None:
    """Somebody's `sitecustomize` greets."""
    folder = program(tmp_path / "chatty", "python3", f'echo hello; exec "{sys.executable}" "$@"')
    assert found(tmp_path, folder) == sys.executable


def test_our_own_environment_is_not_the_users(tmp_path: Path) -> None:
    """Uvx puts it first on PATH."""
    own = interpreter(tmp_path / "tool", "python3")
    with pytest.raises(Environment) as caught:
        found(tmp_path, own, own=own)
    assert (caught.value.code, "actions/setup-python" in caught.value.paste) == ("build-python-missing", True)


@pytest.mark.parametrize(
    ("prefix", "library", "activated", "own"),
    [
        ("/tool", None, "", Path("/tool")),
        ("/tool", None, "/tool", None),  # the user works in it
        ("/tool", Path("/library"), "", None),  # the user's Python runs us
        ("/usr", None, "", None),  # no environment at all
    ],
)
def test_an_environment_is_ours_when_it_was_made_for_us(
    monkeypatch: pytest.MonkeyPatch, prefix: str, library: Path | None, activated: str, own: Path | None
) -> None:
    """And nobody activated it."""
    monkeypatch.setattr(sys, "prefix", prefix)
    monkeypatch.setattr(sys, "base_prefix", "/usr")
    assert tools.own_environment(library, {"VIRTUAL_ENV": activated}) == own


def test_uv_is_looked_for_in_the_locked_folder_first(tmp_path: Path) -> None:
    """Then on PATH."""
    locked, path = program(tmp_path / "bin", "uv", ""), program(tmp_path / "path", "uv", "")
    assert tools.find_uv(tmp_path, {"PATH": str(path)}) == str(locked / "uv")
    assert tools.find_uv(tmp_path / "empty", {"PATH": str(path)}) == str(path / "uv")


def test_uv_may_lie_beside_our_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in the environment of a developer."""
    monkeypatch.setattr(sys, "executable", str(program(tmp_path / "env", "uv", "") / "python"))
    assert tools.find_uv(None, {}) == str(tmp_path / "env" / "uv")


def test_without_uv_nothing_can_be_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says how to get it."""
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(Environment, match="uv, which installs"):
        tools.find_uv(None, {})
