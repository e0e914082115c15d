"""Files of constraints: what may stand in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pkg_publish.constraints import check_files
from pkg_publish.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

SOUND = """\ufeff# a comment --extra-index-url https://evil.example \\
demo<2  # another
demo[all] >= 1.0 ; python_version < "4" \\
    --hash=sha256:00ff \\
    --hash=sha256:11ff

influxdb==1.0"""


def test_names_and_versions_may_stand_there(tmp_path: Path) -> None:
    """With comments, markers, hashes and continued lines; a file that is not there is left to the installer."""
    (tmp_path / "c.txt").write_text(SOUND)

    check_files("c.txt none.txt", tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "--extra-index-url https://evil.example/",
        "--pre --extra-index-url https://evil.example/",
        "--extra-index https://evil.example/",
        "-ihttps://evil.example/",
        "  -f links",
        "--extra-\\\nindex-url https://evil.example/",
        "demo<2\n-c second.txt",
        "-r second.txt",
        "# a comment \\\n--find-links links",
        "demo @ https://evil.example/demo-99.0-py3-none-any.whl",
        "demo<2 --extra-index-url=https://evil.example/",
        'demo ; platform_release > " --find-links=links"',
        'demo ; platform_release > "${MORE}"',
        "./demo-99.0-py3-none-any.whl",
        "demo<2 \\\n -f links \\",
    ],
)
def test_anything_else_is_refused(tmp_path: Path, text: str) -> None:
    """An installer might find an index in it."""
    (tmp_path / "c.txt").write_text(text)

    with pytest.raises(ConfigError) as caught:
        check_files("c.txt", tmp_path)
    assert caught.value.code == "constraints-name-index"


@pytest.mark.parametrize("named", ["https://me:secret@evil.example/c.txt", "FILE:///c.txt", "a\\ b.txt"])
def test_an_address_is_refused(tmp_path: Path, named: str) -> None:
    """Whatever is there may be another thing when the installer reads it; a login is not shown."""
    with pytest.raises(ConfigError) as caught:
        check_files(named, tmp_path)
    assert "secret" not in caught.value.what
