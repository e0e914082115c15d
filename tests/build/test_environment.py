"""What a build may see, and what uv is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from pkg_publish.build.environment import child_environ, uv_environ, uv_flags, without_git_tools
from pkg_publish.errors import Mistakes

SEEN = ("PATH", "HOME", "LANG", "LC_CTYPE", "https_proxy", "NO_PROXY", "SSL_CERT_FILE", "CC", "CFLAGS", "SystemRoot", "ProgramFiles(x86)", "VSCMD_VER")
FAMILIES = ("PIP_INDEX_URL", "UV_INDEX_PRIVATE_PASSWORD", "CIBW_BUILD", "SETUPTOOLS_SCM_PRETEND_VERSION", "SOURCE_DATE_EPOCH")
HIDDEN = ("GITHUB_TOKEN", "ACTIONS_RUNTIME_TOKEN", "GITHUB_ENV", "MY_SECRET", "UV_PUBLISH_TOKEN", "UV_GITHUB_TOKEN", "TWINE_PASSWORD", "CARGO_REGISTRY_TOKEN")


@pytest.mark.parametrize("name", SEEN + FAMILIES)
def test_a_build_sees_what_builds_need(name: str) -> None:
    """The short list of the contract; credentials of an index to install from are the user's own."""
    assert child_environ({name: "value"}, ()) == {name: "value"}


@pytest.mark.parametrize("name", HIDDEN)
def test_a_build_sees_nothing_else(name: str) -> None:
    """No secret and no command file."""
    assert child_environ({name: "value"}, ()) == {}


def test_a_build_sees_what_is_named() -> None:
    """If it is there."""
    assert child_environ({"NPM_TOKEN": "value", "OTHER": "value"}, ("NPM_TOKEN", "MISSING")) == {"NPM_TOKEN": "value"}


@pytest.mark.parametrize("name", ["ACTIONS_ID_TOKEN_REQUEST_URL", "GITHUB_TOKEN", "GITHUB_PATH", "pypi_token"])
def test_some_names_are_for_no_build(name: str) -> None:
    """However they are written; all such names are said at once."""
    with pytest.raises(Mistakes) as caught:
        child_environ({}, (name, "TESTPYPI_TOKEN"))
    assert [each.code for each in caught.value.found] == ["build-env-forbidden"] * 2


@pytest.mark.parametrize(
    ("pip", "uv"),
    [
        ({"PIP_INDEX_URL": "a"}, {"UV_INDEX_URL": "a"}),
        ({"PIP_EXTRA_INDEX_URL": "a b"}, {"UV_EXTRA_INDEX_URL": "a b"}),
        ({"PIP_CERT": "/ca"}, {"SSL_CERT_FILE": "/ca"}),
        ({"PIP_CERT": "/ca", "REQUESTS_CA_BUNDLE": "/other"}, {"SSL_CERT_FILE": "/ca"}),
        ({"CURL_CA_BUNDLE": "/ca"}, {"SSL_CERT_FILE": "/ca"}),
        ({"PIP_PROXY": "http://proxy"}, {"ALL_PROXY": "http://proxy"}),
        ({"PIP_CONSTRAINT": "c.txt"}, {"UV_CONSTRAINT": "c.txt"}),
        ({"PIP_DEFAULT_TIMEOUT": "60"}, {"UV_HTTP_TIMEOUT": "60"}),
        ({"PIP_DEFAULT_TIMEOUT": "60", "PIP_TIMEOUT": "30"}, {"UV_HTTP_TIMEOUT": "30"}),
        ({"PIP_TIMEOUT": "1.5"}, {}),
        ({"PIP_INDEX_URL": ""}, {}),
        ({"PIP_FIND_LINKS": "https://a/b /nowhere ."}, {"UV_FIND_LINKS": "https://a/b,."}),
        ({"PIP_FIND_LINKS": "/nowhere"}, {}),
    ],
)
def test_uv_is_told_what_pip_is_told(pip: dict[str, str], uv: dict[str, str]) -> None:
    """In its own words."""
    assert uv_environ(pip) == {**pip, **uv, "NO_COLOR": "1", "UV_NO_PROGRESS": "1"}


def test_what_uv_is_told_itself_comes_first() -> None:
    """A user of both means what is said to each."""
    told = uv_environ({"PIP_INDEX_URL": "a", "UV_INDEX_URL": "b", "PIP_CERT": "a", "SSL_CERT_FILE": "b", "PIP_FIND_LINKS": ".", "UV_FIND_LINKS": "b"})
    assert {told["UV_INDEX_URL"], told["SSL_CERT_FILE"], told["UV_FIND_LINKS"]} == {"b"}


def test_uv_installs_where_we_say() -> None:
    """Not where somebody wanted another installation to go."""
    assert "UV_TARGET" not in uv_environ({"UV_TARGET": str(Path.cwd())})


@pytest.mark.parametrize(("said", "flags"), [("1", ["--no-index"]), ("Yes", ["--no-index"]), ("0", []), ("", [])])
def test_no_index_is_a_flag_of_uv(said: str, flags: list[str]) -> None:
    """It has no variable for it."""
    assert uv_flags({"PIP_NO_INDEX": said}) == flags


def test_the_linker_of_git_is_not_that_of_windows() -> None:
    """`link.exe` of Git is found before that of the compiler."""
    path = r"C:\Program Files\Git\usr\bin;C:\VS\bin;C:\Program Files\Git\mingw64\bin;C:\Program Files\Git\cmd;C:\tools\usr\bin"
    assert without_git_tools(path) == r"C:\VS\bin;C:\Program Files\Git\cmd;C:\tools\usr\bin"
