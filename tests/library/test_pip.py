"""pip as it is set up: its files, its variables, and pip itself as the second way."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from library import pip
from tests.checkout import Checkout

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.pypiserver import PypiServer


def setting(text: str, path: Path) -> Path:
    """Write a configuration."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_the_special_wins_over_the_general(tmp_path: Path) -> None:
    """The machine's file, the user's old and new ones, the named one, the environment."""
    home, machine, named = tmp_path / "home", tmp_path / "xdg", tmp_path / "named.conf"
    setting("[global]\nindex-url = machine\nproxy = machine\ncert = machine\ntimeout = machine\nretries = machine\n", machine / "pip/pip.conf")
    setting("[global]\nproxy = old\ncert = old\ntimeout = old\nretries = old\n", home / ".pip/pip.conf")
    setting("[global]\ncert = user\ntimeout = user\nretries = user\n", home / ".config/pip/pip.conf")
    setting("[global]\ntimeout = named\nretries = named\n", named)
    environ = {"HOME": str(home), "XDG_CONFIG_DIRS": str(machine), "PIP_CONFIG_FILE": str(named), "PIP_RETRIES": "environment", "PIP_CERT": ""}
    found = pip.read_settings(environ)
    assert [found[name] for name in ("index-url", "proxy", "cert", "timeout", "retries")] == ["machine", "old", "user", "named", "environment"]


def test_the_commands_own_section_wins(tmp_path: Path) -> None:
    """`[install]` is more special than `[global]`; underscores are hyphens."""
    named = setting("[install]\nindex_url = own\n[global]\nindex-url = all\n[download]\nindex-url = another's\n", tmp_path / "pip.conf")
    assert pip.read_settings({"HOME": str(tmp_path), "XDG_CONFIG_DIRS": str(tmp_path), "PIP_CONFIG_FILE": str(named)})["index-url"] == "own"


def test_no_file_is_read_if_pip_is_told_so(tmp_path: Path) -> None:
    """`PIP_CONFIG_FILE=/dev/null` is how people switch them off."""
    setting("[global]\nindex-url = user\n", tmp_path / ".config/pip/pip.conf")
    assert "index-url" not in pip.read_settings({"HOME": str(tmp_path), "PIP_CONFIG_FILE": os.devnull})


def test_a_file_that_cannot_be_read_asks_nobody_else(tmp_path: Path, pypiserver: PypiServer) -> None:
    """The default index would learn what a private one was meant for; the line may hold a password, so it is not quoted."""
    named = setting(f"index-url = {pypiserver.index_url}\npassword\n", tmp_path / "pip.conf")
    ended = Checkout.make(tmp_path).run(PIP_CONFIG_FILE=str(named), PIP_INDEX_URL=pypiserver.index_url)
    assert ended.code == 8
    assert f"{named} cannot be read as a configuration of pip." in ended.stderr
    assert "password" not in ended.stderr
    assert pypiserver.front.requests == []


def test_the_default_index_is_what_pip_says() -> None:
    """No address stands in our files."""
    (index,) = pip.indexes({})
    assert index.startswith("https://")
    assert index.endswith("/simple")


def test_a_users_pip_conf_leads_to_the_mirror(tmp_path: Path, pypiserver: PypiServer) -> None:
    """From the first start on, without a setting of ours."""
    checkout = Checkout.make(tmp_path)
    del checkout.environ["PIP_CONFIG_FILE"], checkout.environ["PIP_INDEX_URL"]
    setting(f"[global]\nindex-url = {pypiserver.index_url}\n", tmp_path / "home/.config/pip/pip.conf")
    for path in checkout.wheels.iterdir():
        pypiserver.put(path.name, path.read_bytes())
    assert checkout.run().code == 3
    assert pypiserver.front.requests


def test_pip_is_the_second_way(tmp_path: Path) -> None:
    """`no-index` and `find-links` are pip's own; the hashes are the same, and what else is set for pip does not count."""
    checkout = Checkout.make(tmp_path)
    environ = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(checkout.wheels), "PIP_USER": "1", "PIP_TARGET": str(tmp_path / "x"), "PIP_CONSTRAINT": "/nowhere"}
    ended = checkout.run(**environ)
    assert ended.code == 3
    assert not (tmp_path / "x").exists()


def test_pip_checks_the_hashes(tmp_path: Path) -> None:
    """Other bytes do not come in by the second way either."""
    checkout = Checkout.make(tmp_path)
    wheel = next(checkout.wheels.glob("tool-*"))
    wheel.write_bytes(wheel.read_bytes() + b" ")
    ended = checkout.run(PIP_NO_INDEX="1", PIP_FIND_LINKS=str(checkout.wheels))
    assert ended.code == 8
    assert "Traceback" not in ended.stderr
