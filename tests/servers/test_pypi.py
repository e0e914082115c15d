"""The fake PyPI takes what other people's tools send, and refuses what PyPI refuses, in its words."""

from __future__ import annotations

import hashlib
import ssl
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import requests
import trustme
from tests import factory
from tests.servers.oidc import Identities
from tests.servers.pypi import Pypi
from uv import find_uv_bin

if TYPE_CHECKING:
    from pathlib import Path

TOKEN = "pypi-a-token"  # noqa: S105 - of a fake


def upload(pypi: Pypi, path: Path, token: str = TOKEN) -> tuple[int, str]:
    """Upload; the status, and what stands beside it."""
    data = path.read_bytes()
    form = {":action": "file_upload", "name": "demo", "version": "1.0", "sha256_digest": hashlib.sha256(data).hexdigest()}
    answer = requests.post(f"{pypi.url}/legacy/", data=form, files={"content": (path.name, data)}, auth=("__token__", token), timeout=10)
    return answer.status_code, answer.reason


def twine(pypi: Pypi, *paths: Path) -> subprocess.CompletedProcess[str]:
    """Upload as other people do."""
    command = [sys.executable, "-m", "twine", "upload", "--non-interactive", "--disable-progress-bar", "--repository-url", f"{pypi.url}/legacy/"]
    return subprocess.run([*command, "-u", "__token__", "-p", TOKEN, *map(str, paths)], capture_output=True, text=True, check=False)


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """A wheel of version 1.0."""
    return factory.wheel(tmp_path)


def test_twine_uploads_and_pip_reads(pypi: Pypi, tmp_path: Path) -> None:
    """By a token."""
    paths = [factory.wheel(tmp_path), factory.sdist(tmp_path)]
    done = twine(pypi, *paths)
    assert done.returncode == 0, done.stdout

    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-cache-dir", "-d", str(tmp_path / "got"), "-i", f"{pypi.url}/simple/", "demo==1.0"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert pypi.files == {path.name: path.read_bytes() for path in paths}


def test_uv_publishes_by_the_jobs_identity(wheel: Path, tmp_path: Path) -> None:
    """With the attestation beside the file; it asks by TLS only."""
    wheel.with_name(f"{wheel.name}.publish.attestation").write_text('{"version":1}')
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))

    with Identities() as identities, Pypi(identities, context) as pypi:
        command = [find_uv_bin(), "publish", "--trusted-publishing", "always", "--publish-url", f"{pypi.url}/legacy/", f"{wheel}*"]
        environ = identities.environ() | {"SSL_CERT_FILE": str(tmp_path / "ca.pem"), "HOME": str(tmp_path)}
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environ)

    assert done.returncode == 0, done.stderr
    assert pypi.files == {wheel.name: wheel.read_bytes()}
    assert pypi.attestations == {wheel.name: '[{"version":1}]'}
    assert [call.login for call in pypi.calls if call.path == "/legacy/"] == [("__token__", "pypi-minted-1-0123456789")]


def test_the_same_bytes_again_are_welcome(pypi: Pypi, wheel: Path) -> None:
    """Other bytes of the name are not, nor are they under another name, as twine understands."""
    assert [upload(pypi, wheel)[0] for _ in range(2)] == [200, 200]
    data = pypi.files.pop(wheel.name)

    pypi.files["other-1.0-py3-none-any.whl"] = data
    assert upload(pypi, wheel)[0] == 400
    pypi.files = {wheel.name: b"other"}
    assert upload(pypi, wheel)[1].startswith(f"File already exists ('{wheel.name}', with blake2_256 hash '")
    assert "File already exists" in " ".join(twine(pypi, wheel).stdout.split())


def test_the_name_of_a_deleted_file_is_used_up(pypi: Pypi, wheel: Path) -> None:
    """For ever."""
    upload(pypi, wheel)
    pypi.remove(wheel.name)

    assert "previously used by a file that has since been deleted" in upload(pypi, wheel)[1]


def test_a_release_takes_files_for_two_weeks(pypi: Pypi, wheel: Path, tmp_path: Path) -> None:
    """New ones: what is there may be sent again."""
    upload(pypi, wheel)
    pypi.pass_time(15 * 86_400)

    assert upload(pypi, wheel)[0] == 200
    assert upload(pypi, factory.sdist(tmp_path)) == (400, "Uploading new files to releases older than 14 days is not allowed.")


@pytest.mark.parametrize(
    ("knob", "value", "status", "words"),
    [
        ("read_only", True, 403, "Read-only mode: Uploads are temporarily disabled."),
        ("tokens", set(), 403, "Invalid or non-existent authentication information."),
        ("scopes", {TOKEN: "other"}, 403, "project-scoped token is not valid for project"),
        ("second_factor", False, 403, "two-factor authentication"),
        ("verified_email", False, 403, "a verified primary email address"),
        ("refusal", (400, "Only one sdist may be uploaded per release."), 400, "Only one sdist may be uploaded per release."),
    ],
)
def test_who_may_not_upload_is_told_why(pypi: Pypi, wheel: Path, knob: str, value: object, status: int, words: str) -> None:  # noqa: PLR0917
    """Beside the status."""
    setattr(pypi, knob, value)

    told = upload(pypi, wheel)

    assert (told[0], words in told[1], pypi.files) == (status, True, {})


@pytest.mark.parametrize(
    ("knob", "value", "status", "words"),
    [("reserved", {"demo"}, 400, "The name 'demo' isn't allowed."), ("new_projects", 0, 429, "Too many new projects created")],
)
def test_not_every_project_is_made(pypi: Pypi, wheel: Path, knob: str, value: object, status: int, words: str) -> None:  # noqa: PLR0917
    """Nothing is stored."""
    pypi.projects.clear()
    setattr(pypi, knob, value)

    told = upload(pypi, wheel)

    assert (told[0], words in told[1], pypi.projects) == (status, True, set())


def test_a_minted_token_ends_and_makes_no_project(pypi: Pypi, wheel: Path) -> None:
    """It is for its projects, for 15 minutes."""
    pypi.exchange.minted |= {"pypi-for-demo": (frozenset({"demo"}), pypi.now() + 900), "pypi-for-other": (frozenset({"other"}), pypi.now() + 900)}

    assert "OIDC scoped token is not valid" in upload(pypi, wheel, "pypi-for-other")[1]
    pypi.projects.clear()
    assert "Non-user identities cannot create new projects." in upload(pypi, wheel, "pypi-for-demo")[1]
    pypi.projects.add("demo")
    assert upload(pypi, wheel, "pypi-for-demo")[0] == 200
    pypi.pass_time(901)
    assert upload(pypi, wheel, "pypi-for-demo") == (403, "Invalid API Token: token is expired")


def test_attestations_need_an_identity(pypi: Pypi, wheel: Path) -> None:
    """A user's token is none."""
    data = wheel.read_bytes()
    form = {"name": "demo", "version": "1.0", "sha256_digest": hashlib.sha256(data).hexdigest(), "attestations": "[]"}
    answer = requests.post(f"{pypi.url}/legacy/", data=form, files={"content": (wheel.name, data)}, auth=("__token__", TOKEN), timeout=10)

    assert (answer.status_code, "only supported when using Trusted Publishing" in answer.reason) == (400, True)


def test_readers_may_not_see_it_yet(pypi: Pypi, wheel: Path) -> None:
    """In the simple index; in the JSON of the version they do."""
    upload(pypi, wheel)
    pypi.hidden_reads = 1
    addresses = [f"{pypi.url}/{path}" for path in ("pypi/demo/1.0/json", "simple/demo/", "simple/demo/", "pypi/demo/2.0/json")]

    assert [requests.get(address, timeout=10).status_code for address in addresses] == [200, 404, 200, 404]
