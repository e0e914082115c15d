"""The servers that other tests stand on do what those tests believe."""

from __future__ import annotations

import hashlib
import http.client
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import requests
from tests import factory
from tests.servers.front import Fault
from tests.servers.process import running

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.devpi import Devpi
    from tests.servers.pypiserver import PypiServer


def twine(url: str, username: str, password: str, *paths: Path) -> subprocess.CompletedProcess[str]:
    """Upload as other people do."""
    command = [sys.executable, "-m", "twine", "upload", "--non-interactive", "--repository-url", url, "-u", username, "-p", password, *map(str, paths)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def digest(path: Path) -> str:
    """The sha256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("name", ["pypiserver", "devpi"])
def test_takes_what_twine_sends(name: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """A wheel and an sdist arrive whole through the front, which saw them pass."""
    server: PypiServer | Devpi = request.getfixturevalue(name)
    paths = [factory.wheel(tmp_path), factory.sdist(tmp_path)]

    done = twine(server.url, server.username, server.password, *paths)

    assert done.returncode == 0, done.stdout
    assert server.stored("demo") == {path.name: digest(path) for path in paths}
    assert server.front.writes() == len(paths)
    assert all(seen.size > path.stat().st_size for seen, path in zip(server.front.requests, paths, strict=False))


@pytest.mark.parametrize("name", ["pypiserver", "devpi"])
def test_pip_installs_from_it(name: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """The index address is one that pip reads, and the links in it lead through the front."""
    server: PypiServer | Devpi = request.getfixturevalue(name)
    twine(server.url, server.username, server.password, factory.wheel(tmp_path))

    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-cache-dir", "-d", str(tmp_path / "got"), "-i", server.index_url, "demo==1.0"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert any(seen.path.endswith(".whl") for seen in server.front.requests)


@pytest.mark.parametrize("name", ["pypiserver", "devpi"])
def test_refuses_strangers(name: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """A wrong password changes nothing."""
    server: PypiServer | Devpi = request.getfixturevalue(name)

    assert twine(server.url, server.username, "wrong", factory.wheel(tmp_path)).returncode != 0
    assert server.stored("demo") == {}
    assert {seen.status for seen in server.front.requests} <= {401, 403}


def test_devpi_compares_bytes(devpi: Devpi, tmp_path: Path) -> None:
    """The same bytes again are welcome, other bytes are not, and the owner can still remove a file."""
    path = factory.wheel(tmp_path)
    devpi.put(path.name, path.read_bytes(), "demo", "1.0")
    devpi.put(path.name, path.read_bytes(), "demo", "1.0")
    with pytest.raises(requests.HTTPError, match="409"):
        devpi.put(path.name, factory.wheel(tmp_path / "other", content=b"x = 2\n").read_bytes(), "demo", "1.0")

    devpi.remove(path.name, "demo")

    assert devpi.stored("demo") == {}


def test_a_fault_comes_before_the_server(pypiserver: PypiServer) -> None:
    """The next writes get the faults in order, reads do not, and nothing of them reaches the server."""
    pypiserver.front.fail_writes(Fault(status=503, headers={"Retry-After": "2"}, body=b"busy"), Fault(status=403, reason="No way"))

    answers = [requests.post(pypiserver.url, data=b"x" * 100, timeout=10) for _ in range(2)]

    assert [(answer.status_code, answer.reason, answer.text) for answer in answers] == [(503, "Service Unavailable", "busy"), (403, "No way", "")]
    assert answers[0].headers["Retry-After"] == "2"
    assert requests.get(pypiserver.index_url, timeout=10).ok
    assert pypiserver.front.writes() == 0
    assert [seen.sha256 for seen in pypiserver.front.requests[:2]] == [hashlib.sha256(b"x" * 100).hexdigest()] * 2


def test_a_late_fault_hides_a_success(pypiserver: PypiServer, tmp_path: Path) -> None:
    """The server takes the file, the client never hears of it."""
    path = factory.wheel(tmp_path)
    pypiserver.front.fail_writes(Fault(late=True, reset=True))

    with pytest.raises(requests.ConnectionError):
        requests.post(
            pypiserver.url,
            data={":action": "file_upload", "name": "demo", "version": "1.0"},
            files={"content": (path.name, path.read_bytes())},
            auth=(pypiserver.username, pypiserver.password),
            timeout=10,
        )

    assert pypiserver.stored() == {path.name: digest(path)}
    assert pypiserver.front.requests[0].status is None


def test_a_silent_server_is_a_time_out(pypiserver: PypiServer) -> None:
    """It never answers."""
    pypiserver.front.fail_reads(Fault(silent=True))

    with pytest.raises(requests.ReadTimeout):
        requests.get(pypiserver.index_url, timeout=0.2)


def test_an_answer_may_come_before_the_end_of_the_body(pypiserver: PypiServer) -> None:
    """The connection is closed after the answer, with most of the body unread."""
    pypiserver.front.fail_writes(Fault(status=413, read=10))
    connection = http.client.HTTPConnection(pypiserver.front.url.removeprefix("http://"), timeout=10)
    connection.putrequest("POST", "/")
    connection.putheader("Content-Length", "1000000")
    connection.endheaders(b"0123456789")

    answer = connection.getresponse()

    assert (answer.status, answer.getheader("Connection")) == (413, "close")
    assert pypiserver.front.requests[0].size == 10
    connection.close()


def test_a_body_of_unknown_length_passes(devpi: Devpi) -> None:
    """Chunks are counted and handed on."""
    answer = requests.post(devpi.url, data=iter([b"a" * 10, b"b" * 10]), timeout=10)

    assert answer.status_code >= 400
    assert devpi.front.requests[0].size == 20


def test_a_server_that_ends_early_shows_its_last_words(tmp_path: Path) -> None:
    """What it printed is in the failure."""
    command = [sys.executable, "-c", "raise SystemExit('no such port')"]
    with pytest.raises(pytest.fail.Exception, match="no such port"), running(command, ready=lambda: False, log=tmp_path / "log"):
        pass
