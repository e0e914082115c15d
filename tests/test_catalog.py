"""Several sources as one."""

from __future__ import annotations

import hashlib
import itertools
from typing import TYPE_CHECKING

import pytest
from tests.targets.contract import watch

from pkg_publish.catalog import Catalog, metadata_of, proven
from pkg_publish.errors import ConfigError, Integrity, Refused, Unavailable, Unsupported
from pkg_publish.model import Place, RemoteFile, Visibility

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pkg_publish.errors import PublishError
    from pkg_publish.watch import Watch

DATA = b"the file"
FILE = RemoteFile(name="demo-1.0.tar.gz", sha256=hashlib.sha256(DATA).hexdigest(), size=len(DATA))


class Toy:
    """A place that says what it is told to, a block for each of `blocks`."""

    def __init__(
        self,
        *listed: RemoteFile,
        blocks: Iterable[bytes] = (DATA,),
        name: str = "toy",
        listing: PublishError | None = None,
        fetching: PublishError | None = None,
    ) -> None:
        self.listed, self.blocks, self.listing, self.fetching = listed, blocks, listing, fetching
        self.place = Place(kind="toy", name=f"{name}=here", title=f"the {name}", visibility=Visibility.LOCAL)

    def files(self, project: str, version: str | None, watch: Watch) -> Sequence[RemoteFile]:
        """The same for everybody."""
        if self.listing:
            raise self.listing
        return self.listed

    def fetch(self, file: RemoteFile, watch: Watch) -> Iterator[bytes]:
        """The same for every file."""
        if self.fetching:
            raise self.fetching
        yield from self.blocks


class Library(Toy):
    """One that knows more: lists its projects unless it refuses, and says something of each file."""

    names: Sequence[str] | None = ("demo",)
    said = b"Name: demo"

    def projects(self, watch: Watch) -> Sequence[str]:
        """Those it has."""
        if self.names is None:
            raise Unsupported("the library does not say", code="no-list-of-projects")
        return self.names

    def metadata(self, file: RemoteFile, watch: Watch) -> bytes:
        """The same for every file."""
        return self.said


def test_the_first_that_knows_a_project_is_the_only_one() -> None:
    """What others have of it is not looked for; what a place lists of other projects does not count."""
    first, second = Toy(RemoteFile(name="other-1.0.tar.gz", sha256="a" * 64)), Toy(FILE)
    attacker = Toy(RemoteFile(name="demo-99.0.tar.gz", sha256="b" * 64))

    shelf = Catalog([first, second, attacker]).shelf("demo", watch())

    assert shelf.source is second
    assert shelf.files == (FILE,)
    assert shelf[FILE.name] == FILE
    with pytest.raises(KeyError):
        shelf["demo-99.0.tar.gz"]


def test_a_place_that_does_not_answer_is_not_passed_by() -> None:
    """It might know the project."""
    with pytest.raises(Unavailable):
        Catalog([Toy(listing=Unavailable("it is away", code="unreachable")), Toy(FILE)]).shelf("demo", watch())


def test_a_place_that_refuses_is_not_passed_by_either() -> None:
    """Unless somebody has said that what is denied is absent; any other refusal stays one."""
    denying, refusing = (Toy(listing=Refused("it does not say", code=code)) for code in ("registry-denied", "registry-login"))

    with pytest.raises(Refused):
        Catalog([denying, Toy(FILE)]).shelf("demo", watch())
    assert Catalog([denying, Toy(FILE)], denied_is_absent=True).shelf("demo", watch()).files == (FILE,)
    with pytest.raises(Refused):
        Catalog([refusing, Toy(FILE)], denied_is_absent=True).shelf("demo", watch())


def test_an_unknown_project_names_where_it_looked() -> None:
    """Every place, in order."""
    with pytest.raises(ConfigError) as caught:
        Catalog([Toy(), Toy(name="other")]).shelf("demo", watch())

    assert caught.value.code == "unknown-project"
    assert caught.value.details == ("toy=here has no demo", "other=here has no demo")


def test_a_file_without_a_digest_is_left_out() -> None:
    """And counted: nobody can say whether it is the right one."""
    shelf = Catalog([Toy(RemoteFile(name="demo-0.9.tar.gz"), FILE)]).shelf("demo", watch())

    assert (shelf.files, shelf.unproven) == ((FILE,), 1)


def test_projects_of_all_that_list_them() -> None:
    """Each once, and a sentence for each place that does not."""
    silent = Library(name="silent")
    silent.names = None

    names, said = Catalog([Library(), Library(), Toy(), silent]).projects(watch())

    assert names == ["demo"]
    assert said == [
        "the toy cannot list its projects. The page of each project is there all the same.",
        "the library does not say. The page of each project is there all the same.",
    ]


def test_projects_that_were_named() -> None:
    """Are those that are listed."""
    assert Catalog([Toy()], ["b", "a"]).projects(watch()) == (["a", "b"], [])


@pytest.mark.parametrize("blocks", [[DATA], [DATA[:3], DATA[3:]], [b"", DATA[:1], b"", DATA[1:]]])
def test_bytes_that_are_right_come_as_they_are(blocks: list[bytes]) -> None:
    """However they are cut."""
    assert b"".join(proven(Toy(blocks=blocks), FILE, watch())) == DATA


@pytest.mark.parametrize("blocks", [[], [DATA[:-1]], [b"other", b" bytes"], [b"other", b"by", b"t"], [DATA, b"more"], [DATA, b"more"] * 5])
def test_bytes_that_are_wrong_never_come_to_their_end(blocks: list[bytes]) -> None:
    """The last block of a body is kept back until all were compared."""
    came: list[bytes] = []

    with pytest.raises(Integrity) as caught:
        came.extend(proven(Toy(blocks=blocks), FILE, watch()))

    assert caught.value.code == "wrong-digest"
    assert came == [block for block in blocks[: len(came)] if block]
    assert len(came) < max(1, len(blocks))


def test_a_body_without_end_is_left() -> None:
    """Once it is longer than promised."""
    with pytest.raises(Integrity):
        list(proven(Toy(blocks=itertools.repeat(DATA)), FILE, watch()))


def test_without_a_digest_nothing_is_handed_on() -> None:
    """Whatever it is."""
    with pytest.raises(Integrity) as caught:
        list(proven(Toy(), RemoteFile(name="demo-1.0.tar.gz"), watch()))
    assert caught.value.code == "no-digest"


def test_metadata_is_compared() -> None:
    """And None where there is none."""
    library, toy = Library(), Toy()
    described = RemoteFile(name="demo-1.0.tar.gz", metadata_sha256=hashlib.sha256(Library.said).hexdigest())
    other = RemoteFile(name="demo-1.0.tar.gz", metadata_sha256="0" * 64)

    assert metadata_of(library, described, watch()) == Library.said
    assert metadata_of(toy, described, watch()) is metadata_of(library, FILE, watch()) is None
    with pytest.raises(Integrity, match="metadata"):
        metadata_of(library, other, watch())
