"""The index behind a server of one's own: several copies of the application, and one nginx in front."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
import requests
from tests import factory
from tests.servers.process import answers, free_port, running
from tests.targets.contract import once
from tests.targets.namespaces import RegistryStand
from uv import find_uv_bin

from pkg_publish import wsgi
from pkg_publish.formats.simple_pages import JSON

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.servers.registries import NewRegistry

COPIES = 4
COPIED = """
import os, signal, sys
from wsgiref.simple_server import make_server
from pkg_publish.wsgi import application
for port in sys.argv[2:]:
    if not os.fork():
        sys.stderr = open(f"{sys.argv[1]}/{port}.log", "w", buffering=1)
        make_server("127.0.0.1", int(port), application()).serve_forever()
signal.signal(signal.SIGTERM, lambda *_: os.killpg(0, signal.SIGKILL))
os.wait()
"""
"""A process for each port, which has nothing in common with the others but that it was imported once."""
CONFIG = """
daemon off; pid {folder}/pid; error_log {folder}/error.log; worker_processes 1;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  upstream copies {{ {servers} }}
  server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://copies; proxy_set_header Host $http_host; }} }}
}}
"""


@pytest.fixture
def reference(new_registry: NewRegistry, tmp_path: Path) -> str:
    """A namespace with a release."""
    stand = RegistryStand(new_registry("open"))
    once(stand.target(), factory.release(tmp_path / "dist"))
    return stand.server.reference


@pytest.fixture
def address(reference: str, tmp_path: Path, tool: Callable[[str], Path]) -> Iterator[str]:
    """Where nginx answers for all copies."""
    ports, port = [free_port() for _ in range(COPIES)], free_port()
    environ = {**os.environ, "PKG_PUBLISH_FROM": f"oci={reference}"}  # noqa: TID251 - the tests' own edge
    (tmp_path / "nginx.conf").write_text(CONFIG.format(folder=tmp_path, port=port, servers=" ".join(f"server 127.0.0.1:{each};" for each in ports)))
    with ExitStack() as stack:
        command = [sys.executable, "-c", COPIED, str(tmp_path), *map(str, ports)]
        stack.enter_context(running(command, ready=lambda: all(answers(each, "/simple/demo/")() for each in ports), log=tmp_path / "log", environ=environ))
        command = [str(tool("nginx")), "-e", str(tmp_path / "error.log"), "-c", str(tmp_path / "nginx.conf")]
        stack.enter_context(running(command, ready=answers(port, "/simple/demo/"), log=tmp_path / "nginx.log"))
        yield f"http://127.0.0.1:{port}/simple/"


@pytest.mark.real("nginx")
def test_any_number_of_copies_is_one_index(address: str, tmp_path: Path) -> None:
    """They agree on every byte and every ETag, for they keep no state; parts of a file come through, and uv installs."""
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: requests.get(f"{address}demo/", headers={"Accept": JSON}, timeout=60), range(40)))
    assert len({(answer.status_code, answer.headers["ETag"], answer.content) for answer in found}) == 1
    assert all(path.read_text(encoding="utf-8").count("GET /simple/demo/") > 1 for path in tmp_path.glob("[0-9]*.log"))
    again = requests.get(f"{address}demo/", headers={"Accept": JSON, "If-None-Match": found[0].headers["ETag"]}, timeout=60)
    assert again.status_code == 304
    url = requests.compat.urljoin(f"{address}demo/", found[0].json()["files"][0]["url"])
    assert requests.get(url, headers={"Range": "bytes=0-1"}, timeout=60).content == b"PK"

    installing: list[str | Path] = [
        "pip",
        "install",
        "--no-config",
        "--no-cache",
        "--quiet",
        "--target",
        tmp_path / "fresh",
        "--default-index",
        address,
        "demo",
    ]
    subprocess.run([find_uv_bin(), *installing], check=True)
    assert (tmp_path / "fresh" / "demo" / "__init__.py").read_text() == "x = 1\n"


def test_the_call_may_say_where_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the environment does."""
    monkeypatch.chdir(tmp_path)
    factory.release(tmp_path / "dist")
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/simple/demo/", "wsgi.url_scheme": "http"}
    monkeypatch.setenv("PKG_PUBLISH_FROM", "directory=dist")

    for application in (wsgi.application(), wsgi.application("directory=dist", "De.mo")):
        assert b"demo-1.0.tar.gz" in b"".join(application(environ, lambda *_: None))
