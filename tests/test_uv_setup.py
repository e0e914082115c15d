"""How uv is set up: what our index stands before, and what is kept whole."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from uv import find_uv_bin

from pkg_publish import uv_setup
from pkg_publish.errors import ConfigError

if TYPE_CHECKING:
    from pkg_publish.installer_setup import Setup

MAIN, EXTRA = "https://main.example/simple/", "https://extra.example/simple/"


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """The folder of a command, below one that holds a project, with a home beside it."""
    for name in ("project/here", "home/.config/uv", "scratch", "xdg/uv"):
        (tmp_path / name).mkdir(parents=True)
    return tmp_path / "project" / "here"


def setup(here: Path, **environ: str) -> Setup:
    """As uv is set up there."""
    above = here.parents[1]
    return uv_setup.of_uv(find_uv_bin(), {"HOME": str(above / "home"), "XDG_CONFIG_DIRS": str(above / "xdg"), **environ}, here, above / "scratch")


@pytest.mark.parametrize(
    ("environ", "indexes"),
    [
        ({"UV_DEFAULT_INDEX": MAIN, "UV_INDEX_URL": EXTRA, "PIP_INDEX_URL": EXTRA}, [MAIN]),
        ({"UV_INDEX_URL": MAIN, "UV_EXTRA_INDEX_URL": EXTRA}, [MAIN, EXTRA]),
        ({"PIP_INDEX_URL": MAIN, "UV_INDEX": f"one={EXTRA} {EXTRA}"}, [MAIN, EXTRA, EXTRA]),
        ({"PIP_INDEX_URL": MAIN, "UV_NO_INDEX": "1"}, []),
        (
            {"UV_DEFAULT_INDEX": f"my-index={MAIN}", "UV_INDEX_MY_INDEX_USERNAME": "a@b", "UV_INDEX_MY_INDEX_PASSWORD": "c"},
            ["https://a%40b:c@main.example/simple/"],
        ),
    ],
)
def test_indexes_that_variables_name(here: Path, environ: dict[str, str], indexes: list[str]) -> None:
    """The strongest main one, then the extra ones; one that is named for pip counts when there is none for uv."""
    found = setup(here, **environ)

    assert found.indexes == indexes
    assert not [name for name in found.environ if "INDEX" in name]


def test_indexes_that_files_name(here: Path) -> None:
    """Of the project before the user's; an explicit one is for its own projects alone."""
    (here.parent / "pyproject.toml").write_text(
        f'[tool.uv]\nmanaged = true\n[[tool.uv.index]]\nname = "main"\nurl = "{MAIN}"\ndefault = true\n'
        f'[[tool.uv.index]]\nurl = "https://torch.example/"\nexplicit = true\n[[tool.uv.index]]\nurl = "{EXTRA}"\n'
    )
    (here.parents[1] / "home/.config/uv/uv.toml").write_text('index-url = "https://user.example/"\nextra-index-url = ["https://more.example/"]\n')

    assert setup(here).indexes == [MAIN, EXTRA, "https://more.example/"]
    assert setup(here, UV_NO_CONFIG="1", PIP_INDEX_URL=EXTRA).indexes == [EXTRA]


def test_what_files_say_beside_is_kept_in_one(here: Path) -> None:
    """Which real uv reads; what leads past our index is not heeded, and that is said."""
    (here / "uv.toml").write_text(
        'prerelease = "allow"\nexclude-newer = 2030-01-01\nfind-links = ["/links"]\nallow-insecure-host = ["a"]\nconcurrent-builds = 2\n'
        '[pip]\nindex-url = "https://main.example/simple/"\nno-binary = ["demo"]\ntorch-backend = "cpu"\n[extra-build-dependencies]\ndemo = ["setuptools"]\n'
    )
    (here.parents[1] / "xdg/uv/uv.toml").write_text(
        'allow-insecure-host = ["b"]\nprerelease = "if-necessary"\nnative-tls = true\nno-proxy = ["x", "y"]\n'
        'http-proxy = "http://user:password@proxy.example"\n'
    )

    found = setup(here, UV_TORCH_BACKEND="auto", UV_INSECURE_HOST="c")
    seen = found.behind(["http://127.0.0.1/"])
    kept = tomllib.loads(Path(seen["UV_CONFIG_FILE"]).read_text(encoding="utf-8"))

    assert (found.indexes, found.trusted) == ([MAIN], ["c", "a", "b"])
    assert found.unheeded == ["UV_TORCH_BACKEND", "find-links in uv's configuration", "torch-backend in uv's configuration"]
    assert (kept["prerelease"], kept["native-tls"], kept["concurrent-builds"], kept["pip"]) == ("allow", True, 2, {"no-binary": ["demo"]})
    assert kept["extra-build-dependencies"] == {"demo": ["setuptools"]}
    assert not {"find-links", "http-proxy", "no-proxy"} & kept.keys()
    assert (seen["HTTP_PROXY"], seen["NO_PROXY"]) == ("http://user:password@proxy.example", "x,y,127.0.0.1")
    subprocess.run([find_uv_bin(), "pip", "list", "--python", sys.executable], env=seen, check=True, capture_output=True)


def test_a_file_that_is_named_is_the_only_one(here: Path, tmp_path: Path) -> None:
    """And nothing to keep needs no file."""
    (here / "uv.toml").write_text('index-url = "https://other.example/"\n')
    (tmp_path / "mine.toml").write_text(f'index-url = "{MAIN}"\nno-index = false\n')

    found = setup(here, UV_CONFIG_FILE=str(tmp_path / "mine.toml"))

    assert found.indexes == [MAIN]
    assert (found.environ["UV_NO_CONFIG"], "UV_CONFIG_FILE" in found.environ) == ("1", False)
    (tmp_path / "mine.toml").write_text("no TOML")
    with pytest.raises(ConfigError) as caught:
        setup(here, UV_CONFIG_FILE=str(tmp_path / "mine.toml"))
    assert caught.value.code == "installer-settings"


def test_uv_says_itself_where_it_installs_from(here: Path, tmp_path: Path) -> None:
    """In its help; one that does not is an error that says what to do."""
    assert setup(here).indexes[0].startswith("https://")
    for text in ("echo nothing", "exit 2"):
        (tmp_path / "uv").write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / "uv").chmod(0o755)
        with pytest.raises(ConfigError) as caught:
            uv_setup.of_uv(str(tmp_path / "uv"), {}, here, tmp_path)
        assert caught.value.code == "upstream-unknown"
    assert uv_setup.of_uv(str(tmp_path / "uv"), {}, here, tmp_path, [MAIN]).indexes == [MAIN]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("constraint-dependencies", ["demo @ https://evil.example/demo-99.0.tar.gz"]),
        ("extra-build-dependencies", {"demo": [{"requirement": "demo @ https://evil.example/demo-99.0.tar.gz", "match-runtime": False}]}),
    ],
)
def test_requirements_in_files_may_hold_no_address(here: Path, name: str, value: object) -> None:
    """Nor may a file that a variable names."""
    (here / "uv.toml").write_text(f"{name} = {uv_setup._toml(value)}")
    with pytest.raises(ConfigError):
        setup(here)
    (here / "uv.toml").write_text(f'{name} = {{demo = ["setuptools"]}}' if "extra" in name else f'{name} = ["demo<2"]')
    (here / "c.txt").write_text("--find-links links")

    assert setup(here).environ["UV_NO_CACHE"] == "1"
    for variable in ("UV_CONSTRAINT", "UV_OVERRIDE", "UV_BUILD_CONSTRAINT"):
        with pytest.raises(ConfigError):
            setup(here, **{variable: "c.txt"})
