"""Uploading to an index, whatever it answers."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import pytest
from tests import factory
from tests.clients.stand import Run, failure
from tests.servers.front import Fault
from tests.servers.scripted import Scripted, answer

from pkg_publish.clients.network import Credential
from pkg_publish.clients.simple_api import SimpleIndex
from pkg_publish.clients.transport import Transport
from pkg_publish.clients.upload_api import UploadApi, pypi_at
from pkg_publish.errors import Conflict, Failure
from pkg_publish.secret import Secret

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.devpi import Devpi
    from tests.servers.pypiserver import PypiServer

    from pkg_publish.model import Distribution


@pytest.fixture
def wheel(tmp_path: Path) -> Distribution:
    """A wheel."""
    return factory.distribution(factory.wheel(tmp_path), "demo", "1.0")


def api(url: str, username: str = "", password: str = "") -> UploadApi:
    """An upload address and the index beside it."""
    transport = Transport()
    credential = Credential.basic(url, username, Secret(password)) if username else None
    return UploadApi(url, SimpleIndex.beside(url, transport, credential), transport, credential)


@pytest.fixture(params=["pypiserver", "devpi"])
def place(request: pytest.FixtureRequest) -> PypiServer | Devpi:
    """A real index."""
    server: PypiServer | Devpi = request.getfixturevalue(request.param)
    return server


def test_uploads(place: PypiServer | Devpi, wheel: Distribution, run: Run) -> None:
    """One POST, and no look."""
    api(place.url, place.username, place.password).send("demo", wheel, run.watch)

    assert place.stored("demo") == {wheel.name: wheel.sha256}
    assert [seen.method for seen in place.front.requests] == ["POST"]


@pytest.mark.parametrize("fault", [Fault(late=True, reset=True), Fault(late=True, status=502)], ids=["reset", "502"])
def test_a_lost_answer_is_found_out(place: PypiServer | Devpi, wheel: Distribution, run: Run, fault: Fault) -> None:
    """The server took the file and its answer was lost: the index shows it, and it is not sent again."""
    place.front.fail_writes(fault)

    api(place.url, place.username, place.password).send("demo", wheel, run.watch)

    assert place.front.writes() == 1
    assert place.stored("demo") == {wheel.name: wheel.sha256}


@pytest.mark.parametrize("fault", [Fault(reset=True), Fault(status=503), Fault(read=10, status=500)], ids=["reset", "503", "early-500"])
def test_what_never_arrived_is_sent_again(place: PypiServer | Devpi, wheel: Distribution, run: Run, fault: Fault) -> None:
    """The index does not show it."""
    place.front.fail_writes(fault, fault)

    api(place.url, place.username, place.password).send("demo", wheel, run.watch)

    assert place.front.writes() == 1
    assert place.stored("demo") == {wheel.name: wheel.sha256}


def test_what_somebody_else_put_in_between_is_not_replaced(pypiserver: PypiServer, wheel: Distribution, run: Run) -> None:
    """An index that overwrites would have it overwritten by the second try."""
    pypiserver.front.fail_writes(Fault(status=503))
    pypiserver.put(wheel.name, b"theirs")

    problem = failure(lambda: api(pypiserver.url, pypiserver.username, pypiserver.password).send("demo", wheel, run.watch))

    assert (type(problem), problem.code, problem.reached) == (Conflict, "file-exists", True)
    assert pypiserver.front.writes() == 0
    assert problem.details[1].endswith(str(wheel.sha256))


def test_an_upload_to_the_index_itself(place: PypiServer | Devpi, wheel: Distribution, run: Run) -> None:
    """The commonest mistake: the address that pip reads takes no uploads."""
    problem = failure(lambda: api(place.index_url, place.username, place.password).send("demo", wheel, run.watch))

    assert (problem.kind, problem.code) == (Failure.REFUSED, "no-upload-address")
    assert place.stored("demo") == {}


ANSWERS = [
    (403, "Read-only mode: uploads are temporarily disabled.", Failure.UNAVAILABLE, "index-read-only"),
    (403, "New uploads are temporarily disabled.", Failure.UNAVAILABLE, "index-read-only"),
    (503, "Down for maintenance", Failure.UNAVAILABLE, "index-read-only"),
    (401, "", Failure.REFUSED, "upload-refused"),
    (403, "Invalid or non-existent authentication information.", Failure.REFUSED, "upload-refused"),
    (403, "The user account has been disabled", Failure.REFUSED, "upload-refused"),
    (400, "This filename was previously used by a file that has since been deleted. Use a different version.", Failure.INVALID, "file-name-used"),
    (400, "File already exists ('demo-1.0.whl', with blake2_256 hash 'ab').", Failure.CONFLICT, "file-exists"),
    (400, "Repository does not allow updating assets: pypi-hosted", Failure.CONFLICT, "file-exists"),
    (409, "", Failure.CONFLICT, "file-exists"),
    (413, "", Failure.INVALID, "file-too-large"),
    (404, "", Failure.REFUSED, "no-upload-address"),
    (405, "", Failure.REFUSED, "no-upload-address"),
    (400, "Invalid classifier", Failure.INVALID, "file-refused"),
    (422, "", Failure.INVALID, "file-refused"),
    (429, "Too many new projects created", Failure.UNAVAILABLE, "rate-limited"),
    (500, "", Failure.UNAVAILABLE, "server-error"),
    (507, "", Failure.UNAVAILABLE, "server-error"),
    (402, "Pay", Failure.REFUSED, "unexpected-answer"),
]


@pytest.mark.parametrize(("status", "phrase", "kind", "code"), ANSWERS, ids=lambda value: re.sub(r"\W+", "-", str(value))[:30])
def test_what_indexes_answer(status: int, phrase: str, kind: Failure, code: str, server: Scripted, wheel: Distribution, run: Run) -> None:  # noqa: PLR0917 - a table
    """Class and code of each; the words stand beside ours."""
    server.then(answer(status, reason=phrase) if phrase else answer(status))
    upload = api(f"{server.url}/up")
    upload.shows = lambda *_: False  # type: ignore[method-assign]

    problem = failure(lambda: upload.send("demo", wheel, run.watch))

    assert (problem.kind, problem.code) == (kind, code)
    assert phrase in problem.said
    assert problem.cure
    assert problem.reached == (status >= 500)


def test_a_refusal_shows_what_to_write(server: Scripted, wheel: Distribution, run: Run) -> None:
    """The YAML with the address in it; who had no login is told so."""
    server.then(answer(401))

    problem = failure(lambda: api(f"{server.url}/up").send("demo", wheel, run.watch))

    assert "it takes no uploads without a login" in problem.what
    assert f"url: {server.url}/up\n" in problem.paste
    assert problem.paste.endswith("INDEX_PASSWORD: ${{ secrets.INDEX_PASSWORD }}")


def test_knows_pypi_by_twine() -> None:
    """Both of them, by whatever path; not who only sounds so."""
    from twine.utils import DEFAULT_REPOSITORY, TEST_REPOSITORY

    assert pypi_at(DEFAULT_REPOSITORY) == "pypi"
    assert pypi_at(DEFAULT_REPOSITORY.replace("//upload.", "//")) == "pypi"
    assert pypi_at(TEST_REPOSITORY) == "testpypi"
    assert not any(pypi_at(each) for each in ("https://pypi.example.org/legacy/", "https://example.org/pypi/", "https://[pypi/"))


def test_a_reader_needs_no_twine(monkeypatch: pytest.MonkeyPatch) -> None:
    """`install` comes without it."""
    monkeypatch.setitem(sys.modules, "twine.utils", None)

    assert not pypi_at("https://pypi.example.org/legacy/")
