"""How pip is set up: what our index stands before, what is kept whole, and what is refused."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pkg_publish import installer_setup
from pkg_publish.errors import ConfigError, Environment
from pkg_publish.interpreter import Interpreter

if TYPE_CHECKING:
    from collections.abc import Mapping

PYTHON = Interpreter(path=Path(sys.executable), version="3.12.0", tags=(), has_pip=True)
PATHS = {"PATH": os.defpath}
CONFIG = """
[global]
index-url = https://one.example/simple/
extra-index-url = https://two.example/simple/
trusted-host = a
    b
only-binary = global
prefer-binary = yes
proxy = http://proxy.example:1
[install]
only-binary = :all:
no-binary = demo
constraint = c.txt
require-hashes = no
pre = yes
"""


def test_all_of_it_is_kept(tmp_path: Path) -> None:
    """By files and variables, of which these are stronger; indexes and what leads past them excepted."""
    (tmp_path / "pip.conf").write_text(CONFIG)
    said = {"PIP_CONFIG_FILE": str(tmp_path / "pip.conf"), "PIP_CERT": "/ca.pem", "PIP_PRE": "no", "PIP_FIND_LINKS": "/links", "NO_PROXY": "x"}

    setup = installer_setup.of_pip(PYTHON, {**PATHS, "HOME": str(tmp_path), **said})
    seen = setup.behind(["http://127.0.0.1/0/", "http://127.0.0.1/1/"])

    assert setup.indexes == ["https://one.example/simple/", "https://two.example/simple/"]
    assert (setup.trusted, setup.unheeded) == (["a", "b"], ["PIP_FIND_LINKS"])
    assert (seen["PIP_ONLY_BINARY"], seen["PIP_NO_BINARY"], seen["PIP_CONSTRAINT"], seen["PIP_PREFER_BINARY"]) == (":all:", "demo", "c.txt", "yes")
    assert (seen["PIP_PRE"], seen["PIP_CERT"], seen["PIP_TRUSTED_HOST"]) == ("no", "/ca.pem", "a\nb")
    assert (seen["PIP_INDEX_URL"], seen["PIP_EXTRA_INDEX_URL"], seen["PIP_CONFIG_FILE"]) == ("http://127.0.0.1/0/", "http://127.0.0.1/1/", os.devnull)
    assert (seen["UV_DEFAULT_INDEX"], seen["UV_INDEX"], seen["UV_NO_CONFIG"]) == ("http://127.0.0.1/0/", "http://127.0.0.1/1/", "1")
    assert {seen[name] for name in ("http_proxy", "HTTPS_PROXY")} == {"http://proxy.example:1"}
    assert (seen["NO_PROXY"], seen["no_proxy"]) == ("127.0.0.1", "127.0.0.1")  # pip's own proxy is for all hosts
    assert not {"PIP_FIND_LINKS", "PIP_PROXY"} & seen.keys()


def test_without_settings(tmp_path: Path) -> None:
    """Pip says itself where it installs from; a proxy of the machine stays as it is."""
    environ = {**PATHS, "HOME": str(tmp_path), "no_proxy": "a.example", "PIP_CONFIG_FILE": os.devnull}

    setup = installer_setup.of_pip(PYTHON, environ)

    assert setup.indexes
    assert setup.environ["NO_PROXY"] == "a.example,127.0.0.1"
    assert "PIP_EXTRA_INDEX_URL" not in setup.behind(["http://127.0.0.1/"])
    assert installer_setup.of_pip(PYTHON, {**environ, "PIP_NO_INDEX": "1"}).indexes == []


class Said(Interpreter):
    """A Python whose pip was asked before."""

    def settings(self, environ: Mapping[str, str]) -> dict[str, object]:
        """Nothing but its variables."""
        return {"indexes": [], "trusted": [], "said": {name[4:].lower().replace("_", "-"): value for name, value in environ.items()}}


@pytest.mark.parametrize("name", ["PIP_CONSTRAINT", "PIP_BUILD_CONSTRAINT", "UV_CONSTRAINT"])
def test_constraints_are_read_before(tmp_path: Path, name: str) -> None:
    """Those of pip, and those of a uv that a build starts."""
    python = Said(path=PYTHON.path, version="3.12.0", tags=(), has_pip=True)
    path = tmp_path / "c.txt"
    path.write_text("influxdb<2\n")
    assert installer_setup.of_pip(python, {name: str(path)}).environ[name] == str(path)

    path.write_text("-i https://evil.example/\n")
    with pytest.raises(ConfigError):
        installer_setup.of_pip(python, {name: f"{tmp_path / 'none.txt'} {path}"})


@pytest.mark.parametrize("name", ["PIP_FIND-LINKS", "PIP_Find_Links", "PIP___EXTRA_INDEX_URL", "PIP_constraint", "PIP_SOMETHING_NEW", "UV_INDEX_EVIL"])
def test_a_variable_in_another_spelling_is_not_kept(tmp_path: Path, name: str) -> None:
    """Pip would take it for the same; what nobody knows may lead anywhere."""
    setup = installer_setup.of_pip(Said(path=PYTHON.path, version="3.12.0", tags=(), has_pip=True), {name: str(tmp_path), "PIP_RETRIES": "1"})

    assert (name in setup.environ, setup.environ["PIP_RETRIES"]) == (False, "1")
    assert (name in setup.unheeded) is name.startswith("PIP_")


def test_a_pip_that_does_not_say_is_an_error(tmp_path: Path) -> None:
    """Its own words are quoted: a variable that makes no sense, or no pip at all."""
    with pytest.raises(Environment) as caught:
        installer_setup.of_pip(PYTHON, {**PATHS, "HOME": str(tmp_path), "PIP_PRE": "perhaps"})
    assert caught.value.code == "installer-settings"
    assert "perhaps" in caught.value.said
    with pytest.raises(Environment):
        Interpreter(path=tmp_path / "none", version="3.12.0", tags=(), has_pip=True).settings({})
