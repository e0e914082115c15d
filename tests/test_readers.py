"""The commands that read: `serve` as a process, with real clients; the application behind a server of one's own."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests
from tests import factory
from tests.real_parts import ROOT
from tests.servers.process import running
from tests.targets.contract import once
from tests.targets.namespaces import RegistryStand
from uv import find_uv_bin

from pkg_publish import cli, readers
from pkg_publish.errors import Failure, Mistakes
from pkg_publish.formats.simple_pages import JSON
from pkg_publish.model import Release

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.servers.registries import NewRegistry

ENVIRON = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME"}}  # noqa: TID251 - the tests' own edge
OLD_PIP = "pip==23.2.1"
"""The first that runs on every Python that we support: it reads JSON, and metadata by its old name."""
VERSIONS = ["1.0", "1.0+cu1", "1!2.0", "2.0rc1"]


@pytest.fixture(params=["open", "token"])
def place(request: pytest.FixtureRequest, new_registry: NewRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A registry with four versions, one of them private: as `--from` names it."""
    stand = RegistryStand(new_registry(request.param))
    for version in VERSIONS:
        once(stand.target(), factory.release(tmp_path / "dist", "De.mo", version, with_sdist=False))
    if not stand.server.username:
        return f"oci={stand.server.reference}"
    monkeypatch.setenv("REGISTRY_PASSWORD", stand.server.password)
    return f"{{oci: {{name: '{stand.server.reference}', username: {stand.server.username}, password-env: REGISTRY_PASSWORD}}}}"


@pytest.fixture
def address(place: str, tmp_path: Path, free_port: int) -> Iterator[str]:
    """Where `serve` serves it."""
    url = f"http://127.0.0.1:{free_port}/simple/"
    command = [sys.executable, "-c", "from pkg_publish.cli import main; main()", "serve", "--from", place, "--port", str(free_port), "--project", "De.mo"]
    with running(command, ready=lambda: answers(url), log=tmp_path / "log"):
        yield url


def answers(url: str) -> bool:
    """Whether somebody is there."""
    try:
        return requests.get(url, timeout=5).ok
    except requests.exceptions.ConnectionError:
        return False


@pytest.fixture(params=["pip", "old pip", "uv"])
def install(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., str]:
    """Install with a real client into a fresh environment; what is there then."""
    folder = tmp_path / "fresh"
    python = folder / "bin" / "python"
    subprocess.run([find_uv_bin(), "venv", "--quiet", "--python", sys.executable, folder], check=True)
    pip: list[str | Path] = [sys.executable, "-m", "pip", "--python", python, "install", "--no-cache-dir", "--index-url"]
    if request.param == "old pip":
        subprocess.run([find_uv_bin(), "pip", "install", "--quiet", "--python", python, OLD_PIP], check=True)
        pip = [python, "-m", "pip", "install", "--no-cache-dir", "--index-url"]
    uv: list[str | Path] = [find_uv_bin(), "pip", "install", "--no-config", "--no-cache", "--python", python, "--default-index"]

    def run(address: str, *words: str) -> str:
        environ = {name: value for name, value in ENVIRON.items() if name == "PATH"} | {"HOME": str(tmp_path), "PIP_CONFIG_FILE": os.devnull}
        subprocess.run([*(uv if request.param == "uv" else pip), address, *words], check=True, env=environ, capture_output=True)
        code = "import de_mo; from importlib.metadata import version; print(version('de-mo'))"
        return subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout.strip()

    return run


@pytest.mark.parametrize(("asked", "gets"), [("de-mo", "1!2.0"), ("De.Mo==1.0+cu1", "1.0+cu1"), ("de_mo>=1,<2", "1.0+cu1"), ("de-mo==2.0rc1", "2.0rc1")])
def test_pip_and_uv_install(address: str, install: Callable[..., str], asked: str, gets: str) -> None:
    """Every version by its name, the newest without."""
    assert install(address, asked) == gets


def test_it_says_where_and_ends_with_ctrl_c(tmp_path: Path) -> None:
    """With 0, since that is how it is meant to end; its pages tell a way past it that can be gone in any folder."""
    factory.release(tmp_path / "dist")
    command = [sys.executable, "-c", "from pkg_publish.cli import main; main()", "serve", "--from", "directory=dist", "--port", "0"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        said = process.stdout.readline()
        found = re.match(r"http://127\.0\.0\.1:\d+/simple/", said)
        assert found, said
        assert "the folder dist" in said
        assert "demo" in requests.get(found[0], timeout=10).text
        past = f"<pre>python3 {ROOT / 'run.py'} install demo==1.0 --from directory={tmp_path / 'dist'}</pre>"
        assert past in requests.get(f"{found[0]}demo/", timeout=10).text
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    assert process.returncode == 0


def test_a_large_file_takes_little_memory(new_registry: NewRegistry, tmp_path: Path, free_port: int) -> None:
    """300 MiB through it, in whole and in part, within 64."""
    stand, wheel = RegistryStand(new_registry("open")), tmp_path / "demo-1.0-py3-none-any.whl"
    with wheel.open("wb") as file:
        file.truncate(300 << 20)
    once(stand.target(), Release(project="demo", version="1.0", distributions=(factory.distribution(wheel, "demo", "1.0"),)), seconds=300)
    url = f"http://127.0.0.1:{free_port}/simple/demo/"
    command = [sys.executable, "-c", "from pkg_publish.cli import main; main()", "serve", "--from", f"oci={stand.server.reference}", "--port", str(free_port)]
    with running(command, ready=lambda: answers(url), log=tmp_path / "log") as process:
        (link,) = requests.get(url, headers={"Accept": JSON}, timeout=60).json()["files"]
        for headers in ({}, {"Range": "bytes=-5"}):
            with requests.get(requests.compat.urljoin(url, link["url"]), headers=headers, stream=True, timeout=60) as answer:
                assert sum(len(block) for block in answer.iter_content(1 << 20)) == (5 if headers else 300 << 20)
        peak = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{process.pid}/status").read_text(encoding="ascii"))

    assert peak
    assert int(peak[1]) <= 64 << 10


def test_what_cannot_be_served_is_refused() -> None:
    """With the class of the problem."""
    for words, kind in ((["nowhere"], Failure.CONFIG), (["directory=.", "--port", "70000"], Failure.ENVIRONMENT)):
        stream = io.StringIO()
        assert cli.run(["serve", "--from", *words], ENVIRON, stream, stream) == kind.exit_code
        assert "Traceback" not in stream.getvalue()


def test_several_places_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one text or in several."""
    monkeypatch.chdir(tmp_path)
    for name in "abc":
        (tmp_path / name).mkdir()
    found = readers.sources(["directory=a, directory=b", "oci-layout=c"], ENVIRON)

    assert [each.place.name for each in found] == ["directory=a", "directory=b", "oci-layout=c"]


def test_a_folder_that_is_not_there_is_a_mistake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything begins: taken for an empty one it would hide what was published."""
    monkeypatch.chdir(tmp_path)

    with pytest.raises(Mistakes) as caught:
        readers.sources(["directory=dits", "oci-layout=regstry"], ENVIRON)

    assert [each.code for each in caught.value.found] == ["no-folder", "no-folder"]
    assert "dits" in caught.value.found[0].what


def test_reading_an_index_needs_no_token() -> None:
    """That is for uploads."""
    assert [each.place.kind for each in readers.sources(["pypi, testpypi"], ENVIRON)] == ["pypi", "testpypi"]


def test_every_mistake_is_told() -> None:
    """Of all texts."""
    with pytest.raises(Mistakes) as caught:
        readers.sources(["nowhere", "directory"], ENVIRON)
    assert len(caught.value.found) == 1
    with pytest.raises(Mistakes) as caught:
        readers.sources(["nowhere", "elsewhere"], ENVIRON)
    assert len(caught.value.found) == 2


def test_whoever_may_run_may_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also on events on which nothing is published."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a").mkdir()

    assert readers.sources(["directory=a"], {**ENVIRON, "GITHUB_EVENT_NAME": "issue_comment"})


def test_the_installer_sees_no_secret() -> None:
    """Nor does a build that it starts: neither our tokens nor a password that a target names."""
    environ = {"PATH": "/bin", "GITHUB_TOKEN": "secret", "PYPI_TOKEN": "secret", "PASSWORD": "secret", "PIP_INDEX_URL": "https://index.example/"}

    seen = readers._without_secrets(environ, ["{oci: {name: ghcr.io/octo, username: x, password-env: PASSWORD}}", "directory=a"])

    assert seen == {"PATH": "/bin", "PIP_INDEX_URL": "https://index.example/"}


@pytest.mark.parametrize("upstream", ["http://index.example/simple/", "https://user:password@index.example/simple/", "pypi"])
def test_an_upstream_is_an_address(upstream: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With TLS, and without a login, which would end up in logs."""
    monkeypatch.chdir(tmp_path)
    factory.release(tmp_path / "dist")
    stream = io.StringIO()

    code = cli.run(["install", "demo==1.0", "--from", "directory=dist", "--upstream", upstream, "--python", sys.executable], ENVIRON, stream, stream)

    assert code == Failure.CONFIG.exit_code
    assert "password" not in stream.getvalue().replace("`password-env`", "").replace("and the password in", "")
