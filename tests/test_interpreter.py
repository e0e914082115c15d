"""The Python that something is installed into."""

from __future__ import annotations

import platform
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from packaging.tags import sys_tags

from pkg_publish.errors import Environment
from pkg_publish.interpreter import Interpreter, find_python
from pkg_publish.model import RemoteFile

OURS = Path("/usr/bin/the-python-that-runs-us")


def program(path: Path, text: str = "") -> Path:
    """A shell script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def python(*tags: str, version: str = "3.12.1", has_pip: bool = True) -> Interpreter:
    """One that takes these wheels."""
    return Interpreter(path=Path("/usr/bin/python3"), version=version, tags=tags, has_pip=has_pip)


def test_an_environment_is_known_by_its_file(tmp_path: Path) -> None:
    """Else a Python is that of the whole machine."""
    there = replace(python(), path=tmp_path / "bin" / "python3")
    (tmp_path / "pyvenv.cfg").touch()

    assert (there.is_environment, python().is_environment) == (True, False)


def names(*files: str) -> list[RemoteFile]:
    """Files of these names."""
    return [RemoteFile(name=name) for name in files]


@pytest.mark.parametrize("folder", ["bin", "Scripts"])
def test_the_active_environment_comes_first(tmp_path: Path, folder: str) -> None:
    """Whatever is on PATH."""
    wanted = program(tmp_path / "venv" / folder / "python")
    program(tmp_path / "bin" / "python3")

    assert find_python({"VIRTUAL_ENV": str(tmp_path / "venv"), "PATH": str(tmp_path / "bin")}, OURS, None) == wanted


def test_else_the_first_on_path(tmp_path: Path) -> None:
    """Folders in order, in each `python3` before `python`."""
    program(tmp_path / "a" / "python")
    wanted = program(tmp_path / "a" / "python3")
    program(tmp_path / "b" / "python3")

    assert find_python({"PATH": f":{tmp_path / 'none'}:{tmp_path / 'a'}:{tmp_path / 'b'}"}, OURS, None) == wanted


def test_our_own_environment_is_passed_by(tmp_path: Path) -> None:
    """Tool runners put it on PATH before everything else."""
    program(tmp_path / "tool" / "bin" / "python3")
    wanted = program(tmp_path / "usr" / "python3")

    assert find_python({"PATH": f"{tmp_path / 'tool' / 'bin'}:{tmp_path / 'usr'}"}, OURS, tmp_path / "tool") == wanted


def test_else_the_one_that_runs_us() -> None:
    """No Python on PATH, and we are in no environment of our own."""
    assert find_python({}, OURS, None) == OURS


@pytest.mark.parametrize(("environ", "own"), [({"VIRTUAL_ENV": "/no/such/folder"}, None), ({}, Path("/tool"))], ids=["broken", "own"])
def test_nowhere_to_install_is_an_error(environ: dict[str, str], own: Path | None) -> None:
    """An active environment without a Python, or none at all but the one that is thrown away after us."""
    with pytest.raises(Environment) as caught:
        find_python(environ, OURS, own)
    assert caught.value.code == "no-python"


def test_an_interpreter_describes_itself() -> None:
    """Its version, its tags in order, and whether it has pip."""
    found = Interpreter.ask(Path(sys.executable))

    assert found.version == platform.python_version().rstrip("+")
    assert found.tags == tuple(str(tag) for tag in sys_tags())
    assert found.path == Path(sys.executable)


def test_a_python_that_is_not_there_is_named_as_it_was_written(tmp_path: Path) -> None:
    """And not as Python writes paths."""
    with pytest.raises(Environment) as caught:
        Interpreter.ask(tmp_path / "nope")
    assert caught.value.code == "python-not-usable"
    assert caught.value.said.endswith(f"No such file or directory: '{tmp_path / 'nope'}'")


def test_the_folder_of_an_environment_is_no_python(tmp_path: Path) -> None:
    """The program in it is named."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").write_text("")

    with pytest.raises(Environment) as caught:
        Interpreter.ask(tmp_path)

    assert caught.value.cure.endswith(f"--python {tmp_path}/bin/python")


@pytest.mark.parametrize("text", ["echo broken >&2; exit 3", "echo broken", "kill -9 $$"], ids=["fails", "chatters", "dies"])
def test_what_does_not_describe_itself_cannot_be_used(tmp_path: Path, text: str) -> None:
    """The error quotes what it said."""
    odd = program(tmp_path / "python3", text)
    with pytest.raises(Environment) as caught:
        Interpreter.ask(odd)
    assert caught.value.code == "python-not-usable"
    assert caught.value.said


def test_what_is_not_there_cannot_be_used(tmp_path: Path) -> None:
    """A path that is misspelt."""
    with pytest.raises(Environment, match="cannot be installed into"):
        Interpreter.ask(tmp_path / "python3")


@pytest.mark.parametrize(
    ("files", "best"),
    [
        (["demo-1.0.tar.gz", "demo-1.0-py3-none-any.whl"], "demo-1.0-py3-none-any.whl"),
        (["demo-1.0-py3-none-any.whl", "demo-1.0-cp312-cp312-linux_x86_64.whl"], "demo-1.0-cp312-cp312-linux_x86_64.whl"),
        (["demo-1.0-1-py3-none-any.whl", "demo-1.0-10-py3-none-any.whl", "demo-1.0-py3-none-any.whl"], "demo-1.0-10-py3-none-any.whl"),
        (["demo-1.0-py2.py3-none-any.whl"], "demo-1.0-py2.py3-none-any.whl"),
        (["demo-1.0-cp311-cp311-win_amd64.whl", "demo-1.0.tar.gz"], "demo-1.0.tar.gz"),
        (["demo-1.0-cp311-cp311-win_amd64.whl"], None),
        ([], None),
    ],
)
def test_the_best_file_is_taken(files: list[str], best: str | None) -> None:
    """A wheel for exactly this Python, a wheel for any, an sdist; the highest build of equals; else none."""
    for order in (files, files[::-1]):
        found = python("cp312-cp312-linux_x86_64", "py3-none-any").best(names(*order))
        assert (found.name if found else None) == best


def test_what_was_yanked_comes_last() -> None:
    """An sdist that was not is better than a wheel that was (PEP 592)."""
    wheel, sdist = RemoteFile(name="demo-1.0-py3-none-any.whl", yanked=""), RemoteFile(name="demo-1.0.tar.gz")

    assert python("py3-none-any").best([wheel, sdist]) == sdist
    assert python("py3-none-any").best([wheel, replace(sdist, yanked="")]) == wheel


@pytest.mark.parametrize(("requires", "fits"), [(None, True), (">=3.12", True), (">=3.13", False), ("<3.12", False), (">=3.12.0rc1", True), ("¿", True)])
def test_a_file_for_another_python_does_not_fit(requires: str | None, *, fits: bool) -> None:
    """What makes no sense excludes nobody, as with pip."""
    file = RemoteFile(name="demo-1.0-py3-none-any.whl", requires_python=requires)

    assert python("py3-none-any").best([file]) == (file if fits else None)


def test_its_own_pip_installs(tmp_path: Path) -> None:
    """Also when there is a uv."""
    program(tmp_path / "uv")

    assert python().installer({"PATH": str(tmp_path)}) == ["/usr/bin/python3", "-m", "pip", "install"]


def test_else_uv_installs(tmp_path: Path) -> None:
    """Into that interpreter."""
    uv = program(tmp_path / "uv")

    assert python(has_pip=False).installer({"PATH": str(tmp_path)}) == [str(uv), "pip", "install", "--python", "/usr/bin/python3"]


def test_else_nothing_installs() -> None:
    """The error says what to type."""
    with pytest.raises(Environment) as caught:
        python(has_pip=False).installer({})
    assert caught.value.paste == "/usr/bin/python3 -m ensurepip"
