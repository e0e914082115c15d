"""The index in a browser: what a person sees."""

from __future__ import annotations

import hashlib
import subprocess
import zlib
from typing import TYPE_CHECKING

import pytest
from tests import index_picture
from tests.index_client import WHEEL, asking
from tests.real_parts import ROOT
from tests.test_catalog import Library

from pkg_publish.model import RemoteFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.real("chromium")

HOSTILE = '"><script>document.title="hacked"</script>'


@pytest.fixture
def browser(tool: Callable[[str], Path], tmp_path: Path) -> Callable[..., str]:
    """Show a page in headless Chromium, and return what it says."""

    def show(url: str, *flags: str) -> str:
        command: list[str | Path] = [
            tool("chromium"),
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--no-proxy-server",
            "--enable-logging=stderr",
            "--virtual-time-budget=1000",
        ]
        done = subprocess.run([*command, f"--user-data-dir={tmp_path / 'profile'}", *flags, url], capture_output=True, text=True, check=True, timeout=120)
        assert "Refused to" not in done.stderr
        assert "CONSOLE" not in done.stderr, done.stderr
        said: str = done.stdout
        return said

    return show


def test_a_person_reads_a_page(browser: Callable[..., str], tmp_path: Path) -> None:
    """Versions, files, sizes, hashes and how to install; a foreign text stays text, no script runs, and the picture is more than white paper."""
    yanked = RemoteFile(name="demo-0.9.tar.gz", sha256="a" * 64, size=1_500_000, yanked=HOSTILE, requires_python=HOSTILE)
    picture = tmp_path / "page.png"

    with asking(Library(WHEEL, yanked)) as client:
        page = browser(f"{client.url}/simple/demo/", "--dump-dom", f"--screenshot={picture}", "--window-size=900,700", "--hide-scrollbars")

    assert "<title>Links for demo</title>" in page
    assert page.count("<tr>") == 3
    for text in ("1!1.0+cu1", WHEEL.name, "10.2 kB", str(WHEEL.sha256), "1.5 MB", f"pip install --index-url {client.url}/simple/", "yanked", "&lt;script&gt;"):
        assert text in page
    assert len(set(zlib.decompress(b"".join(chunks(picture.read_bytes(), b"IDAT"))))) > 50


def test_a_person_finds_the_projects(browser: Callable[..., str]) -> None:
    """On the list."""
    with asking(Library(WHEEL)) as client:
        assert '<a href="demo/">demo</a>' in browser(client.url, "--dump-dom")


def test_the_readme_shows_the_page_as_it_is() -> None:
    """`python -m tests.index_picture` makes the picture anew when the page has changed."""
    (shown,) = chunks(index_picture.PICTURE.read_bytes(), b"tEXt")

    assert shown.decode() == f"Page\0{hashlib.sha256(index_picture.page()).hexdigest()}"
    assert "](docs/index.png)" in (ROOT / "README.md").read_text(encoding="utf-8")


def chunks(png: bytes, kind: bytes) -> list[bytes]:
    """The parts of a picture that are of one kind."""
    found, at = [], 8
    while at < len(png):
        size = int.from_bytes(png[at : at + 4], "big")
        if png[at + 4 : at + 8] == kind:
            found.append(png[at + 8 : at + 8 + size])
        at += size + 12
    return found
