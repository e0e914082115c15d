"""`run.py`: from a bare Python to the engine, or to a message that says why not."""

from __future__ import annotations

import ast
import os
import re
import signal
import sys
from pathlib import Path

import pytest
import run
import yaml
from tests import real_parts
from tests.checkout import ROOT, Checkout, outputs, runner_files, until
from tests.servers.front import Fault, Front

PYENV = Path(real_parts.ENVIRON.get("PYENV_ROOT") or Path(real_parts.ENVIRON.get("HOME", "/")) / ".pyenv")
OLD = sorted(path for name in ("python3.[6-9]", "python3.10") for path in PYENV.glob(f"versions/3.*/bin/{name}"))
"""The machine's Pythons that are too old."""


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A checkout that finds its libraries in a wheelhouse."""
    made = Checkout.make(tmp_path)
    made.environ["PKG_PUBLISH_WHEELHOUSE"] = str(made.wheels)
    return made


@pytest.fixture
def old_python() -> Path:
    """A Python that is too old."""
    if not OLD:
        pytest.skip("this machine has no old Python")
    return OLD[0]


def newer_at(path: Path) -> Path:
    """Put this Python where it can be found; a script, since a link would look for its libraries."""
    path.parent.mkdir(parents=True)
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    path.chmod(0o755)
    return path


# The Python.


def test_python_3_6_can_read_it() -> None:
    """What is too old for the work still says so, instead of a syntax error."""
    assert ast.parse((ROOT / "run.py").read_text(encoding="utf-8"), feature_version=(3, 6)).body


@pytest.mark.parametrize("python", OLD, ids=lambda path: path.name)
def test_an_old_python_alone_says_what_to_add(checkout: Checkout, python: Path, tmp_path: Path) -> None:
    """Where there is no other, the step's YAML is the message, and every output is written."""
    step = runner_files(tmp_path)
    ended = checkout.run("publish", python=str(python), PATH="", **step)
    assert ended.code == 8
    assert ended.stdout.startswith("::error title=pkg-publish cannot start::This Python is 3.")
    assert "- uses: actions/setup-python@" in ended.stdout
    assert outputs(step)["status"] == "failed"
    assert ended.stderr == ""


@pytest.mark.parametrize(
    ("variable", "place"),
    [
        ("PATH", "python3.12"),
        ("PATH", "python3"),
        ("RUNNER_TOOL_CACHE", "Python/3.12.7/x64/bin/python3"),
        ("AGENT_TOOLSDIRECTORY", "Python/3.12.7/arm64/bin/python3"),
        ("PYENV_ROOT", "versions/3.12.7/bin/python3"),
        ("HOME", ".pyenv/versions/3.12.7/bin/python3"),
    ],
)
def test_an_old_python_finds_a_newer_one(checkout: Checkout, old_python: Path, variable: str, place: str) -> None:
    """The one that began is replaced, with its words and its exit code."""
    where = checkout.folder / "where"
    newer_at(where / place)
    ended = checkout.run("a word", "--flag", python=str(old_python), **({"PATH": ""} | {variable: str(where)}))
    assert (ended.code, ended.lines[0], ended.lines[3]) == (3, "cli a word --flag", sys.executable)


def test_a_python_that_does_not_run_is_passed_by(tmp_path: Path) -> None:
    """A shim of a version that is not there, a file that is none, an old one under a new name."""
    for number, text in enumerate(("#!/bin/sh\nexit 127\n", "no program", "#!/bin/sh\nexit 1\n"), 12):
        shim = newer_at(tmp_path / str(number) / f"python3.{number}")
        shim.write_text(text)
    right = newer_at(tmp_path / "right" / "python3.11")
    path = os.pathsep.join(str(folder) for folder in sorted(tmp_path.iterdir()))
    assert run.another_python({"PATH": path, "PYENV_ROOT": str(tmp_path)}) == str(right)


def test_the_newest_in_the_tool_cache_is_taken(tmp_path: Path) -> None:
    """3.12 is newer than 3.9, also where letters say otherwise."""
    for version in ("3.9.1", "3.12.10", "3.12.9"):
        newer_at(tmp_path / "Python" / version / "x64" / "bin" / "python3")
    found = run.another_python({"RUNNER_TOOL_CACHE": str(tmp_path), "PYENV_ROOT": str(tmp_path)})
    assert found == str(tmp_path / "Python/3.12.10/x64/bin/python3")


# Alone.


@pytest.mark.parametrize("variable", ["PYTHONPATH", "NOTHING"])
def test_planted_modules_change_nothing(checkout: Checkout, tmp_path: Path, variable: str) -> None:
    """A module beside the project, or on PYTHONPATH, is not ours."""
    planted = tmp_path / "project"
    planted.mkdir()
    for name in ("tool", "twine", "packaging", "hashlib", "library", "pkg_publish"):
        (planted / f"{name}.py").write_text("raise SystemExit('planted')\n")
    (planted / "sitecustomize.py").write_text("import sys; sys.planted = True\n")
    for _ in ("cold", "warm"):
        ended = checkout.run(cwd=str(planted), **{variable: str(planted)})
        assert (ended.code, ended.lines[1]) == (3, ended.lines[2])


def test_site_packages_are_not_seen(checkout: Checkout) -> None:
    """What the user has installed neither replaces a library nor adds to one."""
    checkout.root.joinpath("src/pkg_publish/cli.py").write_text("import sys\ndef main(argv):\n    print(*sys.path, sep='\\n')\n    import pytest\n")
    ended = checkout.run()
    assert "No module named 'pytest'" in ended.stderr
    assert not re.search(r"site-packages|dist-packages", ended.stdout)


def test_text_is_utf8_and_lines_come_at_once(checkout: Checkout) -> None:
    """Whatever the locale, and although nobody asked Python for it in its own words."""
    checkout.root.joinpath("src/pkg_publish/cli.py").write_text(
        "import sys\ndef main(argv):\n    print(sys.flags.utf8_mode, sys.stdout.line_buffering, sys.stderr.line_buffering, sys.stdout.encoding)\n    return 0\n"
    )
    assert checkout.run(LC_ALL="C").stdout == "1 True True utf-8\n"


@pytest.mark.parametrize(("variable", "edge"), [("PKG_PUBLISH_INPUTS", "action"), ("PKG_PUBLISH_STEP", "action"), ("OTHER", "cli")])
def test_the_environment_says_which_edge(checkout: Checkout, variable: str, edge: str) -> None:
    """The action speaks to its runner, everybody else to a person."""
    assert checkout.run("publish", **{variable: "{}"}).lines[0] == f"{edge} publish"


# No.


def test_the_outputs_are_those_of_the_action() -> None:
    """What a failed set-up writes is what `action.yml` promises."""
    promised = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))["outputs"]
    assert set(run.OUTPUTS) == set(promised)


def test_no_library_is_a_message(checkout: Checkout, tmp_path: Path) -> None:
    """An annotation, every output, a summary; no traceback."""
    step = runner_files(tmp_path)
    ended = checkout.run(PKG_PUBLISH_WHEELHOUSE=str(tmp_path / "no%0A::where"), **step)
    assert ended.code == 8
    assert re.fullmatch(r"::error title=[^\n]* has no wheel of packaging\.%0A[^\n]*#set-up-unreachable\n", ended.stdout)
    assert "no%250A::where" in ended.stdout
    assert outputs(step) == dict.fromkeys(run.OUTPUTS, "") | {"status": "failed", "files": "[]"}
    assert "## Nothing is published" in Path(step["GITHUB_STEP_SUMMARY"]).read_text()
    assert ended.stderr == ""


def test_at_home_the_message_goes_to_stderr(checkout: Checkout, tmp_path: Path) -> None:
    """Nobody there reads annotations."""
    ended = checkout.run(PKG_PUBLISH_WHEELHOUSE=str(tmp_path))
    assert (ended.code, ended.stdout) == (8, "")
    assert ended.stderr.startswith("pkg-publish cannot start: The libraries that requirements.txt pins cannot be had: ")


def test_other_bytes_are_refused_aloud(checkout: Checkout) -> None:
    """A wheel with the right name and the wrong hash: nothing of it is kept."""
    wheel = next(checkout.wheels.glob("tool-*"))
    wheel.write_bytes(wheel.read_bytes() + b" ")
    ended = checkout.run()
    assert ended.code == 8
    assert re.search(r"tool-1\.0-py3-none-any\.whl has the sha256 [0-9a-f]{64}, which requirements\.txt does not know", ended.stderr)
    assert list(checkout.shelf.iterdir()) == []


def test_a_disk_that_refuses_is_a_message(checkout: Checkout) -> None:
    """Here the folder for caches is a file."""
    ended = checkout.run(XDG_CACHE_HOME=str(checkout.root / "run.py"))
    assert ended.code == 8
    assert "cannot be made: Not a directory" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_python_without_all_its_parts_is_a_message(checkout: Checkout) -> None:
    """Debian's `python3-minimal` lacks half the standard library."""
    checkout.root.joinpath("library/mirror.py").write_text("import a_module_of_the_standard_library\n")
    ended = checkout.run()
    assert ended.code == 8
    assert "lacks a part of its standard library: No module named 'a_module_of_the_standard_library'" in ended.stderr


def test_outputs_that_cannot_be_written_do_not_hide_the_message(checkout: Checkout, tmp_path: Path) -> None:
    """A runner's file that is gone is only said."""
    step = runner_files(tmp_path) | {"GITHUB_OUTPUT": str(tmp_path / "no" / "folder")}
    ended = checkout.run(PKG_PUBLISH_WHEELHOUSE=str(tmp_path), **step)
    assert (ended.code, ended.stdout[:7]) == (8, "::error")
    assert "GITHUB_OUTPUT cannot be written" in ended.stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 130), (signal.SIGINT, 130)])
def test_a_signal_while_wheels_are_on_their_way(checkout: Checkout, tmp_path: Path, number: signal.Signals, code: int) -> None:
    """It ends at once although a server is silent, says so, and leaves nothing."""
    step = runner_files(tmp_path)
    with Front("http://127.0.0.1:9") as silent:
        silent.fail_reads(*[Fault(silent=True)] * 8)
        process = checkout.start(PKG_PUBLISH_WHEELHOUSE="", PIP_INDEX_URL=silent.url, **step)
        assert until(lambda: bool(silent.requests))
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=5)
    assert (process.returncode, stderr) == (code, "")
    assert "Stopped while the libraries were on their way" in stdout
    assert outputs(step)["status"] == "failed"
    assert [list(shelf.iterdir()) for shelf in Path(step["RUNNER_TEMP"]).iterdir()] == [[]]
