"""Whatever a server says of where to go: no credential and no write reaches another origin."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
from tests.reliability.canaries import found
from tests.reliability.cells import run
from tests.reliability.wires import ReleaseWire, asks
from tests.servers.front import Fault
from tests.servers.github import TOKEN
from tests.servers.pypiserver import PASSWORD
from tests.servers.scripted import Scripted, answer
from tests.servers.tokens import MAINTAINERS_PASSWORD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.reliability.wires import Wire

    from pkg_publish.model import Release

pytestmark = pytest.mark.real("docker-registry")
SECRETS = {"upload API": PASSWORD, "registry": MAINTAINERS_PASSWORD, "release API": TOKEN}
SENT_AWAY = [
    ("upload API", "main", "GET"),
    ("upload API", "main", "POST"),
    ("registry", "main", "GET"),
    ("registry", "main", "HEAD"),
    ("registry", "main", "POST"),
    ("registry", "main", "PUT"),
    ("registry", "tokens", "GET"),
    ("release API", "main", "GET"),
    ("release API", "main", "POST"),
    ("release API", "main", "PATCH"),
    ("release API", "uploads", "POST"),
]


@pytest.fixture
def foreign() -> Iterator[Scripted]:
    """Another origin, which has nothing and writes down what it is asked."""
    with Scripted().then(answer(404, b"nothing here")) as server:
        yield server


def publish(wire: Wire, release: Release, folder: Path, prepare: Callable[[], None]) -> None:
    """One run, however it ends."""
    for front in wire.fronts().values():
        front.forget()
    wire.begin()
    prepare()
    run(wire, release, folder)
    for front in wire.fronts().values():
        front.forget()


def expect_nothing(foreign: Scripted, name: str) -> None:
    """Neither a credential nor a write, in no form."""
    assert not [asked.line for asked in foreign.asked if asked.headers["Authorization"] or asked.body or asked.line.split()[0] not in {"GET", "HEAD"}]
    assert found({name: SECRETS[name]}, {asked.line: f"{asked.line} {asked.headers}".encode() for asked in foreign.asked}) == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("where", SENT_AWAY, ids=" ".join)
def test_a_redirect_takes_nothing_along(  # noqa: PLR0917 - a row of a table
    places: dict[str, Wire], release: Release, tmp_path: Path, foreign: Scripted, where: tuple[str, str, str], status: int
) -> None:
    """Of any status, at any step."""
    name, front, method = where
    away = Fault(status=status, headers={"Location": f"http://localhost:{foreign.port}/away"})

    publish(places[name], release, tmp_path / "out", lambda: places[name].fronts()[front].fail_at(asks(method), itertools.repeat(away)))

    expect_nothing(foreign, name)


@pytest.mark.parametrize(
    ("header", "value", "status"),
    [
        ("Location", "{}/upload", None),
        ("WWW-Authenticate", 'Bearer realm="{}/token",service="registry.test"', 401),
        ("WWW-Authenticate", 'Basic realm="{}"', 401),
        ("Link", '<{}/more>; rel="next"', None),
    ],
)
def test_no_header_leads_a_registrys_login_away(  # noqa: PLR0917 - a row of a table
    places: dict[str, Wire], release: Release, tmp_path: Path, foreign: Scripted, header: str, value: str, status: int | None
) -> None:
    """An upload's address, a token server, the next page."""
    said = {header: value.format(f"http://localhost:{foreign.port}")}
    fault = Fault(status=status, headers=said) if status else Fault(changed=said)

    publish(places["registry"], release, tmp_path / "out", lambda: places["registry"].fronts()["main"].fail_at(lambda _: True, itertools.repeat(fault)))

    expect_nothing(foreign, "registry")


@pytest.mark.parametrize("what", ["upload address", "next page"])
def test_nothing_github_says_leads_its_token_away(places: dict[str, Wire], release: Release, tmp_path: Path, foreign: Scripted, what: str) -> None:
    """Where assets go, and where the list goes on."""
    wire, address = places["release API"], f"http://localhost:{foreign.port}"
    assert isinstance(wire, ReleaseWire)

    def prepare() -> None:
        world = wire.api_server.world
        world.make("v0.1", draft=False)
        if what == "upload address":
            world.upload_url = address
        else:
            wire.api.fail_at(asks("GET", "/releases?"), itertools.repeat(Fault(changed={"Link": f'<{address}/repos/octo/demo/releases?page=2>; rel="next"'})))

    publish(wire, release, tmp_path / "out", prepare)

    expect_nothing(foreign, "release API")
