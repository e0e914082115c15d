"""The picture of a job summary in the documentation: `python -m tests.picture` makes it of a real run, in headless Chromium."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests import real_parts
from tests.conftest import INDEX
from tests.oracles.github_markdown import PARSER
from tests.servers.front import Front
from tests.servers.ghcr import TOKEN, Registry

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "summary.png"
SIZE = "1280,520"

STYLE = """
body { font: 16px/1.5 system-ui, "DejaVu Sans", sans-serif; color: #1f2328; margin: 24px 32px; }
h2 { border-bottom: 1px solid #d1d9e0; padding-bottom: .3em; }
a { color: #0969da; }
table { border-collapse: collapse; } th, td { border: 1px solid #d1d9e0; padding: 6px 13px; }
code { background: #818b981f; border-radius: 6px; padding: .2em .4em; font-size: 85%; }
pre { background: #f6f8fa; border-radius: 6px; padding: 16px; white-space: pre-wrap; word-break: break-word; } pre code { background: none; padding: 0; }
"""
"""As near to GitHub's as the picture needs."""


def summary(folder: Path) -> str:
    """The Markdown that a job writes which publishes the example, and whose GitHub is on this machine."""
    (folder / "event.json").write_text(json.dumps({"repository": {"visibility": "public", "full_name": "octo/hello"}}), encoding="utf-8")
    written = folder / "summary.md"
    with Registry() as registry, registry.blobs, Front(registry.url) as server:
        job = {"GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "octo/hello", "GITHUB_EVENT_NAME": "push", "GITHUB_EVENT_PATH": str(folder / "event.json")}
        job |= {"GITHUB_SERVER_URL": server.url, "GITHUB_TOKEN": TOKEN, "GITHUB_STEP_SUMMARY": str(written), "HOME": str(folder), "PATH": os.environ["PATH"]}  # noqa: TID251
        command: list[str | Path] = [
            sys.executable,
            ROOT / "run.py",
            "publish",
            ROOT / "examples" / "hello-world",
            "--targets",
            "github-packages, ghcr",
            "--summary",
        ]
        environ = {name: value for name, value in os.environ.items() if name in INDEX} | job  # noqa: TID251
        subprocess.run(command, cwd=ROOT, env=environ, check=True, capture_output=True)
    return written.read_text(encoding="utf-8")


def page(markdown: str) -> str:
    """As a browser shows it."""
    return f"<!doctype html><meta charset=utf-8><title>Summary</title><style>{STYLE}</style>{PARSER.render(markdown)}"


def show(folder: Path, html: str, *flags: str) -> str:
    """Show a page in headless Chromium, and return what it prints."""
    (folder / "page.html").write_text(html, encoding="utf-8")
    always = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-proxy-server", "--hide-scrollbars", f"--user-data-dir={folder / 'profile'}"]
    command: Sequence[str | Path] = [real_parts.find("chromium") or "chromium", *always, *flags, (folder / "page.html").as_uri()]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        show(Path(name), page(summary(Path(name))), f"--screenshot={PICTURE}", f"--window-size={SIZE}")
