"""The command: flags, exit codes, what it prints."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest
from tests import factory
from tests.test_plan import ShelfKind

from pkg_publish import __version__, cli, grammar, plan, readers
from pkg_publish.config import inputs
from pkg_publish.errors import Failure
from pkg_publish.model import Visibility
from pkg_publish.process import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ENVIRON = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME"}}  # noqa: TID251 - the tests' own edge


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a release in `dist`."""
    monkeypatch.chdir(tmp_path)
    factory.release(tmp_path / "dist")
    return tmp_path


def run(*argv: str, **environ: str) -> tuple[int, str]:
    """Run the command in this process."""
    stream = io.StringIO()
    code = cli.run(argv, ENVIRON | environ, stream)
    return code, stream.getvalue()


def test_publishes_and_says_how_to_install(desk: Path) -> None:
    """The story ends with a command."""
    code, text = run("publish", "--targets", "directory=out", "--build", "never")

    assert code == 0
    assert "demo 1.0 is published in the folder out" in text
    assert "install demo==1.0 --from directory=" in text
    assert (desk / "out" / "demo-1.0.tar.gz").exists()


@pytest.mark.usefixtures("desk")
def test_a_second_run_changes_nothing() -> None:
    """Already there."""
    run("publish", "--targets", "directory=out", "--build", "never")

    code, text = run("publish", "--targets", "directory=out", "--build", "never")

    assert code == 0
    assert "demo 1.0 was already in the folder out: nothing was sent" in text


def test_the_project_can_be_the_first_argument(desk: Path) -> None:
    """As `--project-dir`."""
    factory.release(desk / "python" / "dist", version="2.0")

    assert "demo 2.0 is published" in run("publish", "python", "--targets", "directory=out", "--build", "never")[1]


def test_a_report_is_written_where_it_is_asked_for(desk: Path) -> None:
    """And nowhere else."""
    run("publish", "--targets", "directory=out", "--build", "never", "--report", "r.json")

    assert json.loads((desk / "r.json").read_text(encoding="utf-8"))["status"] == "published"


@pytest.mark.usefixtures("desk")
def test_mistakes_are_listed_with_the_exit_code_of_the_first() -> None:
    """All at once, no traceback."""
    code, text = run("publish", "--targets", "nowhere", "--strategy", "some")

    assert code == Failure.CONFIG.exit_code
    assert "there is no target 'nowhere'" in text
    assert "the input strategy cannot be 'some'" in text


@pytest.mark.usefixtures("desk")
def test_an_empty_token_in_the_environment_is_a_mistake() -> None:
    """A secret that is not there is no other method."""
    assert run("publish", "--targets", "directory=out", PYPI_TOKEN="")[0] == Failure.CONFIG.exit_code


def test_tokens_are_no_flags(capsys: pytest.CaptureFixture[str]) -> None:
    """Never on a command line."""
    with pytest.raises(SystemExit):
        cli.run(["publish", "--help"], ENVIRON, io.StringIO())

    help_text = capsys.readouterr().out
    assert all((f"--{each.name} " in help_text) is not each.secret for each in inputs())


@pytest.mark.parametrize("argv", [["--version"], ["--help"], ["publish", "--help"], ["install", "--help"]])
def test_help_reads_well(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """And leaves with 0."""
    with pytest.raises(SystemExit) as caught:
        cli.run(argv, ENVIRON, io.StringIO())

    assert caught.value.code == 0
    assert "pkg-publish" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        ([], "no command is given.\ndo this   Known are: doctor, index, install, publish, serve."),
        (["publihs"], "there is no command 'publihs'.\ndo this   Did you mean publish?"),
        (["--targets", "ghcr", "publish"], "the command comes first, and its flags follow it"),
        (["publish", "python", "python"], "unrecognized arguments: python"),
        (["install", "demo==1.0"], "required: --from.\ndo this   See what it takes.\n          python3 run.py install --help"),
        (["serve", "--from", "ghcr", "--port", "many"], "invalid int value: 'many'"),
    ],
)
def test_a_wrong_word_is_refused_as_a_mistake_of_the_configuration(argv: list[str], says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 2, and what to write instead."""
    monkeypatch.chdir(ROOT)

    code, text = run(*argv)

    assert code == Failure.CONFIG.exit_code
    assert says in text
    assert "#bad-usage" in text


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (["demo==1.0", "--from", "nowhere"], Failure.CONFIG),
        (["demo>=1.0", "--from", "directory=dist"], Failure.CONFIG),
        (["demo==9.0", "--from", "directory=dist"], Failure.CONFIG),
        (["demo==1.0", "--from", "directory=dist", "--python", "nowhere"], Failure.ENVIRONMENT),
    ],
)
def test_install_fails_with_the_class_of_its_problem(words: list[str], kind: Failure) -> None:
    """Nothing is installed."""
    assert run("install", *words)[0] == kind.exit_code


def test_installs_into_the_active_environment(desk: Path, venv: Path) -> None:
    """What the printed command does."""
    script = "bin/python"

    code, _ = run("install", "demo==1.0", "--from", f"directory={desk / 'dist'}", VIRTUAL_ENV=str(venv))

    assert code == 0
    assert subprocess.run([venv / script, "-c", "import demo; print(demo.x)"], capture_output=True, text=True, check=True).stdout == "1\n"


@pytest.fixture
def venv(tmp_path: Path) -> Path:
    """An environment with pip."""
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    return tmp_path / "venv"


def test_whoever_starts_run_py_with_the_python_of_an_environment_means_that_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless another one is active."""
    python = tmp_path / "env" / "bin" / "python"
    python.parent.mkdir(parents=True)
    (tmp_path / "env" / "pyvenv.cfg").write_text("")
    monkeypatch.setattr(sys, "executable", str(python))

    assert readers.active_python({"PKG_PUBLISH_LIBRARY": "x"}) == python
    assert readers.active_python(ENVIRON) != python


class Process:
    """The command as a process of its own."""

    def __init__(self, folder: Path, *argv: str) -> None:
        code = "from pkg_publish.cli import main; main()"
        self.process = subprocess.Popen([sys.executable, "-c", code, *argv], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def wait(self) -> tuple[int, str]:
        """To its end."""
        text, _ = self.process.communicate(timeout=60)
        return self.process.returncode, text


def test_a_bug_of_ours_is_no_traceback_unless_asked_for(desk: Path) -> None:
    """Exit code 70, and it is called what it is."""
    code = "import pkg_publish.cli as cli; cli.run = lambda *_: 1 / 0; cli.main({!r})"
    for argv, shown in (["publish"], False), (["publish", "--debug"], True):
        done = subprocess.run([sys.executable, "-c", code.format(argv)], cwd=desk, capture_output=True, text=True, check=False)
        assert done.returncode == 70
        assert "has a bug: ZeroDivisionError" in done.stderr
        assert ("Traceback" in done.stderr) is shown


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly(desk: Path, slow_index: str, number: signal.Signals) -> None:
    """Exit code 130, and the verdict is printed."""
    process = Process(desk, "publish", "--build", "never", "--targets", f"repository={slow_index}")
    asked.wait(30)

    process.process.send_signal(number)
    code, text = process.wait()

    assert code == 130, text
    assert "cancelled" in text


def test_a_second_signal_ends_it_at_once(desk: Path, slow_index: str) -> None:
    """Whoever presses Ctrl-C twice does not want to wait."""
    code = (
        "import os, signal, sys; from pkg_publish import cli, process; clear = process.Watch.cancel\n"
        "process.Watch.cancel = lambda watch: (clear(watch), os.kill(os.getpid(), signal.SIGINT))\n"
        "cli.main(sys.argv[1:])"
    )
    words = ["publish", "--build", "never", "--targets", f"repository={slow_index}"]
    process = subprocess.Popen([sys.executable, "-c", code, *words], cwd=desk, stdout=subprocess.PIPE, text=True)
    asked.wait(30)

    process.send_signal(signal.SIGINT)
    text, _ = process.communicate(timeout=60)

    assert process.returncode == 130
    assert "cancelled" not in text


def test_what_cannot_be_read_is_no_source(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kind that only takes."""
    kind = ShelfKind("shelf", Visibility.LOCAL)
    for module in (plan, grammar):
        monkeypatch.setattr(module, "KINDS", {"shelf": kind})
    del desk

    code, text = run("install", "demo==1.0", "--from", "shelf")

    assert code == Failure.CONFIG.exit_code
    assert "nothing can be installed from shelf" in text


asked = threading.Event()


@pytest.fixture
def slow_index() -> Iterator[str]:
    """A server that takes a connection and never answers."""
    import socket

    asked.clear()
    with socket.create_server(("127.0.0.1", 0)) as server:
        held: list[socket.socket] = []

        def accept() -> None:
            connection, _ = server.accept()
            held.append(connection)
            connection.recv(1)
            asked.set()

        thread = threading.Thread(target=accept)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        thread.join(30)
        for each in held:
            each.close()


def test_the_version_is_ours() -> None:
    """`--version` and the package agree."""
    done = subprocess.run([sys.executable, "-c", "from pkg_publish.cli import main; main(['--version'])"], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (0, f"pkg-publish {__version__}\n")
