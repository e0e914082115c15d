"""The index in a browser: what a person sees."""

from __future__ import annotations

import subprocess
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.index_client import WHEEL, asking
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
            "--virtual-time-budget=5000",
        ]
        done = subprocess.run([*command, f"--user-data-dir={tmp_path / 'profile'}", *flags, url], capture_output=True, text=True, check=True, timeout=120)
        assert "Refused to" not in done.stderr
        assert "CONSOLE" not in done.stderr, done.stderr
        said: str = done.stdout
        return said

    return show


def test_a_person_reads_a_page(browser: Callable[..., str]) -> None:
    """Versions, files, sizes, hashes and how to install; a foreign text stays text, and no script runs."""
    yanked = RemoteFile(name="demo-0.9.tar.gz", sha256="a" * 64, size=1_500_000, yanked=HOSTILE, requires_python=HOSTILE)

    with asking(Library(WHEEL, yanked)) as client:
        page = browser(f"{client.url}/simple/demo/", "--dump-dom")

    assert "<title>Links for demo</title>" in page
    assert page.count("<tr>") == 3
    for text in ("1!1.0+cu1", WHEEL.name, "10.2 kB", str(WHEEL.sha256), "1.5 MB", f"pip install --index-url {client.url}/simple/", "yanked", "&lt;script&gt;"):
        assert text in page


def test_a_person_finds_the_projects(browser: Callable[..., str]) -> None:
    """On the list."""
    with asking(Library(WHEEL)) as client:
        assert '<a href="demo/">demo</a>' in browser(client.url, "--dump-dom")


def test_the_page_is_laid_out(browser: Callable[..., str], tmp_path: Path) -> None:
    """Its style is taken, also on a small screen: the picture is more than white paper."""
    picture = tmp_path / "page.png"
    with asking(Library(WHEEL, *(replace(WHEEL, name=f"demo-{number}.0.tar.gz") for number in range(1, 9)))) as client:
        browser(f"{client.url}/simple/demo/", f"--screenshot={picture}", "--window-size=900,700", "--hide-scrollbars")

    pixels = zlib.decompress(b"".join(chunks(picture.read_bytes(), b"IDAT")))
    assert len(set(pixels)) > 50


def chunks(png: bytes, kind: bytes) -> list[bytes]:
    """The parts of a picture that are of one kind."""
    found, at = [], 8
    while at < len(png):
        size = int.from_bytes(png[at : at + 4], "big")
        if png[at + 4 : at + 8] == kind:
            found.append(png[at + 8 : at + 8 + size])
        at += size + 12
    return found
