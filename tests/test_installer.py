"""The installer's part: nothing that the sources know comes from elsewhere, whoever needs it."""

from __future__ import annotations

import hashlib
from itertools import repeat
from typing import TYPE_CHECKING

import pytest
from tests import factory
from tests.desk import BACKEND, THEIRS, Desk, attack, dynamic_sdist, put
from tests.servers.front import Fault
from tests.targets import layouts
from tests.test_catalog import Toy

from pkg_publish.catalog import Catalog
from pkg_publish.errors import ConfigError, Environment, PublishError, Refused, Unavailable
from pkg_publish.install import install
from pkg_publish.installer import Installer
from pkg_publish.model import RemoteFile
from pkg_publish.watch import Waiting, Watch

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.devpi import Devpi
    from tests.servers.pypiserver import PypiServer

    from pkg_publish.catalog import NamedSource

NEEDS = "Requires-Dist: needed>=1\nRequires-Dist: third\n"
DENIED = Refused("the registry says no", code="registry-denied", said="denied")


@pytest.fixture(params=["pip", "uv"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Desk:
    """One for each installer."""
    return Desk(tmp_path, request.param)


@pytest.fixture
def ours(tmp_path: Path) -> NamedSource:
    """A namespace with a project, and another that it needs, beside one that nobody of us has."""
    target = layouts.make(tmp_path, path="registry")
    put(target, factory.wheel(tmp_path / "dist", extra=NEEDS))
    put(target, factory.wheel(tmp_path / "dist", "needed"), "needed")
    return target


@pytest.fixture
def upstream(pypiserver: PypiServer) -> str:
    """An index with what nobody of us has, and 99.0 of all that we have."""
    factory.wheel(pypiserver.folder, "third")
    attack(pypiserver.folder, "demo", "needed", "back-end")
    return pypiserver.index_url


def asked_for(pypiserver: PypiServer) -> set[str]:
    """The projects that the upstream was asked for."""
    return {call.path.strip("/").split("/")[1] for call in pypiserver.front.requests if call.path.startswith("/simple/")}


@pytest.mark.parametrize("named", [True, False], ids=["named", "as set up"])
def test_an_attacker_installs_nothing(desk: Desk, upstream: str, pypiserver: PypiServer, tmp_path: Path, named: bool) -> None:  # noqa: FBT001 - a table
    """Whatever the upstream has under a name that our sources know.

    It is not even asked, neither for what the build needs, nor for what only the built wheel says, nor for what a stranger's project needs of us.
    """
    target = layouts.make(tmp_path, path="registry")
    put(target, dynamic_sdist(tmp_path / "dist"))
    put(target, factory.wheel(tmp_path / "dist", "back-end", content=BACKEND), "back-end")
    put(target, factory.wheel(tmp_path / "dist", "needed"), "needed")
    factory.wheel(pypiserver.folder, "third", extra="Requires-Dist: NeeDed\n")

    settings = {} if named else {"PIP_INDEX_URL": upstream}
    assert desk.install("demo==1.0", target, upstream=upstream if named else "", **settings) == 0

    assert desk.says("demo", "needed", "third") == "1 1 1"
    assert asked_for(pypiserver) == {"third"}
    assert not list(desk.site.glob("*/direct_url.json"))


def test_devpi_is_an_upstream_too(ours: NamedSource, devpi: Devpi, tmp_path: Path) -> None:
    """Its pages are elsewhere than its files; it has 99.0 of what we have."""
    for name, version in (("third", "1.0"), ("needed", "99.0")):
        path = factory.wheel(tmp_path / "theirs", name, version, content=THEIRS)
        devpi.put(path.name, path.read_bytes(), name, version)
    desk = Desk(tmp_path, "uv")

    assert desk.install("demo==1.0", ours, upstream=devpi.index_url) == 0

    assert desk.says("needed", "third") == "1 theirs"


def test_nor_by_the_installers_own_settings(desk: Desk, ours: NamedSource, upstream: str, pypiserver: PypiServer) -> None:
    """An extra index is one for what no source knows, like the main one; links stand beside us, and are not heeded, which is said."""
    empty = f"{upstream.rpartition('/simple')[0]}/nothing/"
    more = {"PIP_EXTRA_INDEX_URL": upstream, "PIP_FIND_LINKS": str(pypiserver.folder), "UV_INDEX": upstream, "UV_FIND_LINKS": str(pypiserver.folder)}

    assert desk.install("demo==1.0", ours, PIP_INDEX_URL=empty, UV_DEFAULT_INDEX=empty, UV_TORCH_BACKEND="cpu", **more) == 0

    assert desk.says("demo", "needed", "third") == "1 1 1"
    assert asked_for(pypiserver) - {"third"} == set()
    wanted = ["PIP_FIND_LINKS"] if desk.installer == "pip" else ["UV_FIND_LINKS", "UV_TORCH_BACKEND"]
    assert [each.partition(" ")[0] for each in desk.remarks] == wanted


def test_there_may_be_no_upstream(desk: Desk, ours: NamedSource, upstream: str, pypiserver: PypiServer) -> None:
    """Then what the sources lack is not found."""
    with pytest.raises(Environment) as caught:
        desk.install("demo==1.0", ours, upstream="none", PIP_INDEX_URL=upstream)

    assert caught.value.code == "installer-failed"
    assert asked_for(pypiserver) == set()


@pytest.mark.parametrize("problem", [DENIED, Unavailable("the registry is away", code="unreachable")], ids=["refuses", "away"])
def test_a_source_that_does_not_say_ends_it(desk: Desk, ours: NamedSource, upstream: str, pypiserver: PypiServer, problem: PublishError) -> None:
    """It might have what the others lack: nobody supplies that instead, and its own words are told."""
    with pytest.raises(type(problem)) as caught:
        desk.install("demo==1.0", ours, Toy(listing=problem), upstream=upstream)

    assert caught.value.said == problem.said
    assert caught.value.paste == ("--denied absent" if problem is DENIED else "")
    assert asked_for(pypiserver) == set()


def test_somebody_may_say_that_what_is_denied_is_absent(ours: NamedSource, upstream: str, pypiserver: PypiServer, tmp_path: Path) -> None:
    """As who knows a place where all is public; what is refused otherwise is still none."""
    desk = Desk(tmp_path, "uv")

    assert desk.install("demo==1.0", Toy(listing=DENIED), ours, upstream=upstream, denied="absent") == 0
    assert asked_for(pypiserver) == {"third"}
    with pytest.raises(Refused):
        desk.install("demo==1.0", Toy(listing=Refused("no login", code="registry-login")), ours, upstream=upstream, denied="absent")


def test_a_login_goes_to_its_own_index_alone(desk: Desk, ours: NamedSource, upstream: str, pypiserver: PypiServer) -> None:
    """No installer sees it: its files come through us."""
    login = "maintainer:p%40ss"
    pypiserver.front.fail_at(lambda seen: not seen.headers["Authorization"], repeat(Fault(status=401)))

    assert desk.install("demo==1.0", ours, PIP_INDEX_URL=upstream.replace("://", f"://{login}@")) == 0

    assert desk.says("demo", "needed", "third") == "1 1 1"
    assert asked_for(pypiserver) == {"third"}
    assert {seen.headers["Authorization"] for seen in pypiserver.front.requests} == {"Basic bWFpbnRhaW5lcjpwQHNz"}


def test_a_proxy_learns_nothing(desk: Desk, ours: NamedSource, upstream: str, pypiserver: PypiServer) -> None:
    """It is asked for what is behind our index, never for that."""
    settings = {"PIP_PROXY": pypiserver.front.url} if desk.installer == "pip" else {"HTTP_PROXY": pypiserver.front.url}
    elsewhere = "http://index.test/simple/"

    assert desk.install("demo==1.0", ours, PIP_INDEX_URL=elsewhere, PIP_TRUSTED_HOST="index.test", UV_INSECURE_HOST="index.test", **settings) == 0

    assert {seen.path.partition("/simple")[0] for seen in pypiserver.front.requests} <= {
        "http://index.test",
        "http://index.test/packages/third-1.0-py3-none-any.whl",
    }
    assert pypiserver.front.requests
    assert upstream


def test_plain_http_is_for_this_machine(desk: Desk, ours: NamedSource) -> None:
    """Unless the installer was told to trust that host."""
    with pytest.raises(ConfigError) as caught:
        desk.install("demo==1.0", ours, PIP_INDEX_URL="http://index.test/simple/")
    assert caught.value.code == "insecure-url"


@pytest.mark.parametrize(
    "address",
    ["https://user:canary@[x/simple/", "https://user:canary@host:x/simple/", "https://host/simple/?token=canary", "user:canary@host/simple", "../folder"],
)
def test_what_is_no_address_is_not_shown_with_its_login(ours: NamedSource, tmp_path: Path, address: str) -> None:
    """An index is spoken to by HTTP."""
    with pytest.raises(ConfigError) as caught:
        Desk(tmp_path, "uv").install("demo==1.0", ours, UV_DEFAULT_INDEX=address)

    assert caught.value.code == "no-url"
    assert "canary" not in caught.value.what


def test_other_bytes_of_the_same_version_are_replaced(desk: Desk, tmp_path: Path) -> None:
    """The installer takes what is there for the same; people asked for what was published, and are told."""
    first, second = layouts.make(tmp_path, path="first"), layouts.make(tmp_path, path="second")
    put(first, factory.wheel(tmp_path / "dist"))
    put(second, factory.wheel(tmp_path / "other", content=THEIRS))

    desk.install("demo==1.0", first, upstream="none")
    desk.install("demo==1.0", first, upstream="none")
    assert (desk.says("demo"), desk.remarks) == ("1", [])
    desk.install("demo==1.0", second, upstream="none")

    assert desk.says("demo") == "theirs"
    assert desk.remarks == ["demo==1.0 is there with other bytes than those of demo-1.0-py3-none-any.whl: these are put in its place"]


@pytest.mark.parametrize("name", ["demo-1.0.tar.gz", "demo-1.0-py3-none-any.whl"])
def test_what_tells_nothing_is_not_compared(tmp_path: Path, name: str) -> None:
    """An sdist is built first, and what is no archive is the installer's to judge; nor has everything that is there a RECORD."""
    desk = Desk(tmp_path, "uv")
    path = factory.sdist(tmp_path) if name.endswith(".gz") else tmp_path / name
    data = path.read_bytes() if path.exists() else b"no archive"
    file, told = RemoteFile(name=name, sha256=hashlib.sha256(data).hexdigest()), list[object]()
    catalog, watch = Catalog([Toy(file, blocks=(data,))]), Watch(60, told.append)
    installer = Installer(python=desk.python, command=["uv"], environ={}, catalog=catalog, call=lambda *_: 0, watch=watch, folder=tmp_path, upstream="none")

    assert install("demo==1.0", catalog, desk.python, installer, watch).file == file

    remarks = [each.why for each in told if isinstance(each, Waiting)]
    assert [f"nobody can compare that with {name}" in each for each in remarks] == [True] * name.endswith(".gz")
