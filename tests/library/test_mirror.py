"""The index that pip is set up with, asked without pip."""

from __future__ import annotations

import base64
import ssl
import subprocess
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.checkout import Checkout
from tests.servers.front import Fault, Front

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.devpi import Devpi
    from tests.servers.pypiserver import PypiServer


@pytest.fixture
def checkout(tmp_path: Path, pypiserver: PypiServer) -> Checkout:
    """A checkout whose index is a pypiserver that has what it needs: HTML pages."""
    made = Checkout.make(tmp_path)
    made.environ["PIP_INDEX_URL"] = pypiserver.index_url
    for path in made.wheels.iterdir():
        pypiserver.put(path.name, path.read_bytes())
    return made


def agents(front: Front) -> set[str]:
    """Who has asked."""
    return {seen.headers["User-Agent"].partition("/")[0] for seen in front.requests}


def test_html_pages_are_enough(checkout: Checkout, pypiserver: PypiServer) -> None:
    """PEP 503; pip is not started."""
    assert checkout.run().code == 3
    assert agents(pypiserver.front) == {"pkg-publish"}


def test_json_pages_are_preferred(checkout: Checkout, devpi: Devpi) -> None:
    """PEP 691."""
    for path in checkout.wheels.iterdir():
        name, version = path.name.split("-")[:2]
        devpi.put(path.name, path.read_bytes(), name, version)
    assert checkout.run(PIP_INDEX_URL=devpi.index_url).code == 3
    assert agents(devpi.front) == {"pkg-publish"}


def test_what_passes_is_asked_again(checkout: Checkout, pypiserver: PypiServer) -> None:
    """A 503, a reset and a body that ends early do not end the start."""
    cut = Fault(status=200, headers={"Content-Length": "100", "Content-Type": "text/html"}, body=b"<a")
    pypiserver.front.fail_reads(Fault(), Fault(reset=True), cut)
    assert checkout.run().code == 3
    assert agents(pypiserver.front) == {"pkg-publish"}


def test_what_lasts_is_left_to_pip(checkout: Checkout, pypiserver: PypiServer) -> None:
    """A page that is none: pip, which knows more, is the next to try."""
    pypiserver.front.fail_reads(*[Fault(status=200, headers={"Content-Type": "application/json"}, body=b"{}")] * 2)
    assert checkout.run().code == 3
    assert agents(pypiserver.front) == {"pkg-publish", "pip"}


def test_the_second_index_is_asked_where_the_first_has_nothing(checkout: Checkout, pypiserver: PypiServer, free_port: int) -> None:
    """The hash decides, so it does not matter who has it."""
    environ = {"PIP_INDEX_URL": f"http://127.0.0.1:{free_port}/simple", "PIP_EXTRA_INDEX_URL": pypiserver.index_url}
    assert checkout.run(**environ).code == 3
    assert agents(pypiserver.front) == {"pkg-publish"}


def test_a_login_stays_with_its_index(checkout: Checkout, pypiserver: PypiServer) -> None:
    """It is sent to the host that it was written for, to no other, and nobody reads it in a message."""
    with Front("http://127.0.0.1:9") as elsewhere:
        link = f'<a href="{elsewhere.url}/packaging-1-py3-none-any.whl">packaging-1-py3-none-any.whl</a>'.encode()
        pypiserver.front.fail_reads(*[Fault(status=200, headers={"Content-Type": "text/html"}, body=link)] * 2, *[Fault(status=403)] * 9)
        checkout.root.joinpath("requirements.txt").write_text("packaging==1 --hash=sha256:00\ntool==1.0 --hash=sha256:00\n")
        elsewhere.fail_reads(Fault(status=404))
        ended = checkout.run(PIP_INDEX_URL=pypiserver.index_url.replace("://", "://reader:s%40cret@"))
    expected = "Basic " + base64.b64encode(b"reader:s@cret").decode()
    assert pypiserver.front.requests[0].headers["Authorization"] == expected
    assert [seen.headers["Authorization"] for seen in elsewhere.requests] == [None]
    assert ended.code == 8
    assert "cret" not in ended.stdout + ended.stderr


def test_a_proxy_is_used(checkout: Checkout, pypiserver: PypiServer) -> None:
    """`PIP_PROXY`, as pip does; here for a host that only the proxy knows."""
    checkout.run(PIP_PROXY=pypiserver.front.url, PIP_INDEX_URL="http://index.example/simple")
    assert pypiserver.front.requests[0].headers["Host"] == "index.example"


class Quiet(SimpleHTTPRequestHandler):
    """A folder over HTTP, without a log."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def secure(checkout: Checkout, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A static index over TLS, and the certificate that nobody knows."""
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", *names]
    subprocess.run([*command, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    for wheel in list(checkout.wheels.iterdir()):
        page = checkout.wheels / wheel.name.partition("-")[0] / "index.html"
        page.parent.mkdir()
        page.write_text(f'<a href="../{wheel.name}#sha256=0">{wheel.name}</a>')
    server = ThreadingHTTPServer(("127.0.0.1", 0), lambda *given: Quiet(*given, directory=str(checkout.wheels)))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield f"https://127.0.0.1:{server.server_address[1]}", certificate
    server.shutdown()
    server.server_close()


def test_an_unknown_certificate_is_named(checkout: Checkout, secure: tuple[str, Path]) -> None:
    """The message says that it is the certificate, and which settings there are."""
    ended = checkout.run(PIP_INDEX_URL=secure[0])
    assert ended.code == 8
    assert "certificate verify failed" in ended.stderr
    assert "PIP_CERT" in ended.stderr


@pytest.mark.parametrize("variable", ["PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_the_certificates_that_pip_is_given_count(checkout: Checkout, secure: tuple[str, Path], variable: str) -> None:
    """All the variables by which people tell pip of their authority."""
    assert checkout.run(PIP_INDEX_URL=secure[0], **{variable: str(secure[1])}).code == 3


def test_a_trusted_host_needs_no_certificate(checkout: Checkout, secure: tuple[str, Path]) -> None:
    """As pip has it; the hashes are checked all the same."""
    assert checkout.run(PIP_INDEX_URL=secure[0], PIP_TRUSTED_HOST="127.0.0.1").code == 3


def test_certificates_that_cannot_be_read_are_a_message(checkout: Checkout, secure: tuple[str, Path], tmp_path: Path) -> None:
    """A path that leads nowhere."""
    ended = checkout.run(PIP_INDEX_URL=secure[0], PIP_CERT=str(tmp_path / "nowhere.pem"))
    assert ended.code == 8
    assert "the certificates that pip is set up with cannot be read" in ended.stderr


def test_netrc_is_not_read(checkout: Checkout, pypiserver: PypiServer) -> None:
    """A login that is for somebody else on this machine goes nowhere."""
    home = Path(checkout.environ["HOME"])
    home.mkdir()
    (home / ".netrc").write_text("machine 127.0.0.1 login a password b\n")
    assert checkout.run().code == 3
    assert {seen.headers["Authorization"] for seen in pypiserver.front.requests} == {None}


def test_settings_of_uv_change_nothing(checkout: Checkout, tmp_path: Path) -> None:
    """Neither the project's, nor the user's, nor the environment's."""
    project = tmp_path / "project"
    project.mkdir()
    (project / "pyproject.toml").write_text("[tool.uv]\nno-index = true\noffline = true\n")
    (project / "uv.toml").write_text("no-index = true\n")
    environ = {
        "UV_EXCLUDE_NEWER": "2001-01-01",
        "UV_PYTHON": "2.7",
        "UV_TARGET": str(tmp_path / "target"),
        "UV_INDEX_URL": "http://127.0.0.1:9",
        "UV_SYSTEM_PYTHON": "1",
    }
    assert checkout.run(cwd=str(project), **environ).code == 3
