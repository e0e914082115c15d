"""Our index before all others: which name is answered from where."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import requests
from tests.index_client import DATA, SHA256, WHEEL
from tests.targets.contract import watch
from tests.test_catalog import Library, Toy

from pkg_publish.catalog import Catalog
from pkg_publish.clients.network import Credential
from pkg_publish.clients.transport import Transport
from pkg_publish.clients.wsgi_server import serving
from pkg_publish.errors import ConfigError, PublishError, Refused, Unavailable
from pkg_publish.formats.simple_pages import JSON
from pkg_publish.guard import Chosen, Guard, Upstream
from pkg_publish.index import Index
from pkg_publish.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import Any

UPSTREAMS = [Upstream(url="https://one.example/simple/"), Upstream(url="https://two.example/simple")]


class Asked:
    """A guard that is served, and who asks it."""

    def __init__(self, guard: Guard, base: str) -> None:
        self.guard, self.addresses = guard, guard.addresses(base)

    def get(self, path: str, number: int = 0, **how: Any) -> requests.Response:  # noqa: ANN401 - as requests has it
        """Ask for what is below one of its indexes."""
        return requests.request(how.pop("method", "GET"), f"{self.addresses[number]}{path}", allow_redirects=False, timeout=20, **how)


@pytest.fixture
def served() -> Iterator[Callable[..., Asked]]:
    """Serve sources with two indexes behind them, or others."""
    from contextlib import ExitStack

    with ExitStack() as stack:

        def serve(*sources: Any, upstreams: list[Upstream] = UPSTREAMS) -> Asked:  # noqa: ANN401 - anything that is a source
            guard = Guard(Catalog(sources), upstreams, Transport(), watch())
            return Asked(guard, stack.enter_context(serving(guard, 0, guard.tell)))

        yield serve


def test_what_a_source_knows_comes_from_it_alone(served: Callable[..., Asked]) -> None:
    """Beside the main index there is nothing of that name, however it is spelt."""
    asked = served(Toy(WHEEL))

    assert [file["filename"] for file in asked.get("demo/", headers={"Accept": JSON}).json()["files"]] == [WHEEL.name]
    assert [asked.get(path, 1).status_code for path in ("demo/", "DEMO/", "demo")] == [404] * 3
    assert asked.get("DeMo/").status_code == 301


def test_all_else_comes_from_the_indexes_behind(served: Callable[..., Asked]) -> None:
    """Each stands behind one of ours; the name that is handed on is the normalised one."""
    asked = served(Toy(WHEEL))

    assert asked.get("other/").headers["Location"] == "https://one.example/simple/other/"
    assert asked.get("O.ther/", 1).headers["Location"] == "https://two.example/simple/o-ther/"
    assert served(Toy(WHEEL), upstreams=[]).get("other/").status_code == 404


def test_an_index_that_wants_a_login_is_read_by_us(served: Callable[..., Asked]) -> None:
    """The installer gets its files, and what they say of themselves, without ever seeing where they come from."""
    theirs = Library(WHEEL, blocks=(DATA,))
    with serving(Index(Catalog([theirs])), 0, print) as address:
        login = Credential.basic(address, "reader", Secret("password"))
        asked = served(Toy(), upstreams=[*UPSTREAMS, Upstream(url=f"{address}/simple", credential=login)])
        (file,) = asked.get("demo/", 2, headers={"Accept": JSON}).json()["files"]

        assert asked.get(f"demo/{file['url']}", 2).content == DATA
        assert asked.get(f"demo/{file['url']}.metadata", 2).content == Library.said
        assert asked.get("other/", 2).status_code == 404


def test_nothing_of_it_is_kept(served: Callable[..., Asked]) -> None:
    """The address is never used again: a page or file that an installer keeps would lie there for ever."""
    asked = served(Toy(WHEEL, blocks=(DATA,)))
    file = f"../files/demo/{SHA256}/{WHEEL.name}"

    assert [asked.get(path).headers["Cache-Control"] for path in ("demo/", "other/", file)] == ["no-store", "no-store", "no-store"]
    assert asked.get(file).content == DATA


@pytest.mark.parametrize("path", ["", "../", "../files/", "-/", "..%2Fx/", "../../9/simple/demo/", "../../x/simple/demo/"])
def test_there_is_nothing_else(served: Callable[..., Asked], path: str) -> None:
    """No list, and no other index."""
    asked = served(Toy(WHEEL))
    session, request = requests.Session(), requests.Request("GET", asked.addresses[0]).prepare()
    request.url = f"{asked.addresses[0].removesuffix('simple/')}simple/{path}".replace("simple/../../", "").replace("simple/../", "")

    assert session.send(request, timeout=20, allow_redirects=False).status_code == 404
    session.close()


def test_nobody_guesses_its_address(served: Callable[..., Asked]) -> None:
    """Another program of this machine finds nothing."""
    asked = served(Toy(WHEEL))
    parts = urlsplit(asked.addresses[0])

    assert requests.get(f"http://{parts.netloc}/{'x' * 22}/0/simple/demo/", timeout=20).status_code == 404


@pytest.mark.parametrize(
    "problem",
    [Refused("it says no", code="registry-denied"), Unavailable("it is away", code="unreachable"), ConfigError("it is odd", code="no-url")],
    ids=lambda problem: problem.code,
)
def test_a_source_that_does_not_say(served: Callable[..., Asked], problem: PublishError) -> None:
    """Is nobody's permission to go elsewhere; installers ask once, and who started them learns why."""
    asked = served(Toy(listing=problem), Library(WHEEL))

    with requests.Session() as session:
        answers = [session.request(method, f"{address}demo/", timeout=20) for address in asked.addresses for method in ("GET", "HEAD", "GET")]

    assert [each.status_code for each in answers] == [403] * 6
    assert problem.what in answers[0].text
    with pytest.raises(type(problem), match=problem.what):
        asked.guard.raise_any()


def test_a_file_that_is_refused_is_told(served: Callable[..., Asked]) -> None:
    """Before a byte of it was handed on; what nobody has is no reason."""
    asked = served(Toy(WHEEL, fetching=Refused("it says no", code="registry-denied")))
    asked.get(f"../files/other/{SHA256}/{WHEEL.name}")
    asked.guard.raise_any()

    assert asked.get(f"../files/demo/{SHA256}/{WHEEL.name}").status_code == 403
    with pytest.raises(Refused):
        asked.guard.raise_any()


def test_a_body_that_was_cut_is_told(served: Callable[..., Asked]) -> None:
    """Other bytes than were published never come to their end."""
    asked = served(Toy(WHEEL, blocks=(DATA[:-1], b"x")))

    with pytest.raises(requests.exceptions.RequestException):
        asked.get(f"../files/demo/{SHA256}/{WHEEL.name}")
    with pytest.raises(PublishError, match="other bytes"):
        asked.guard.raise_any()


def test_the_version_that_was_asked_for_is_on_the_disk(served: Callable[..., Asked], tmp_path: Path) -> None:
    """It is not fetched again; another file of it is; the metadata is its source's, if that has any."""
    (tmp_path / WHEEL.name).write_bytes(DATA)
    far = Library(WHEEL, blocks=(b"far",))
    near = Chosen(source=far, project="demo", listed=[WHEEL], sha256=SHA256, path=tmp_path / WHEEL.name)
    asked = served(near, far)

    assert asked.get(f"../files/demo/{SHA256}/{WHEEL.name}").content == DATA
    assert asked.get(f"../files/demo/{SHA256}/{WHEEL.name}.metadata").content == Library.said
    assert near.taken == [WHEEL.name]
    assert near.place == far.place
    other = Chosen(source=Toy(WHEEL), project="demo", listed=[WHEEL], sha256="0" * 64, path=tmp_path / "none")
    assert b"".join(other.fetch(WHEEL, watch())) == b"the file"
    assert [each.metadata_sha256 for each in other.files("demo", None, watch())] == [None]
    assert other.files("needed", None, watch()) == []
