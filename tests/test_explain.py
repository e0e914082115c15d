"""What an outcome does not say by itself."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest
from tests import factory
from tests.toys import Never, Shelf, error, sha256

from pkg_publish import explain, publish
from pkg_publish.errors import Failure
from pkg_publish.explain import explained
from pkg_publish.model import RemoteFile
from pkg_publish.plan import Plan
from pkg_publish.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pkg_publish.model import Item, Release
    from pkg_publish.state import Attempt


@dataclass(eq=False)
class OpenShelf(Shelf):
    """A shelf that can be read."""

    size: int | None = 10

    def held(self, release: Release, watch: Watch) -> Sequence[Item]:
        """As remote files."""
        return [RemoteFile(name=item.name, sha256=item.sha256, size=self.size) for item in super().held(release, watch)]

    def files(self, project: str, version: str | None, watch: Watch) -> Sequence[RemoteFile]:
        """Nothing: not asked here."""
        del project, version, watch
        return []

    def fetch(self, file: RemoteFile, watch: Watch) -> Iterator[bytes]:
        """The bytes."""
        del watch
        yield self.store[file.name]


@pytest.fixture
def release(tmp_path: Path) -> Release:
    """Five wheels."""
    return factory.release(tmp_path / "dist", wheels=5, with_sdist=False)


def told(release: Release, shelf: Shelf) -> Attempt:
    """Publish, and explain what came of it."""
    watch = Watch(10, lambda _: None)
    (attempt,) = publish.run(Plan(targets=[shelf]), release, watch)
    return explained(attempt, shelf, release, watch)


def other(release: Release, folder: Path) -> dict[str, bytes]:
    """Another wheel under the name of our first."""
    name = release.distributions[0].name
    return {name: factory.wheel(folder, tag=name.removeprefix("demo-1.0-").removesuffix(".whl"), content=b"x = 2\n").read_bytes()}


def test_a_conflict_has_both_hashes_and_what_differs(release: Release, tmp_path: Path) -> None:
    """Where theirs can be had, they are compared."""
    store = other(release, tmp_path / "theirs")
    (name,) = store

    problem = told(release, OpenShelf(store=store)).problem

    assert problem is not None
    assert problem.details[0] == f"{name}: sha256 {sha256(store[name])} there, {release[name].sha256} here"
    assert "demo/__init__.py" in problem.details[1]


def test_a_build_that_differs_only_in_its_packing_is_to_be_made_once(release: Release) -> None:
    """The project has not changed; nobody needs a new version."""
    built = replace(release, distributions=tuple(replace(each, built=True) for each in release.distributions))
    store = {each.name: each.path.read_bytes() for each in built.distributions[1:]}
    first = built.distributions[0]
    store[first.name] = repacked(first.path)

    problem = told(built, OpenShelf(store=store)).problem

    assert problem is not None
    assert problem.details[1] == f"{first.name}: only the times of its members differ"
    assert problem.cure.startswith("Some builds differ from run to run, and this one does")
    assert problem.paste == explain.BUILD_ONCE


def repacked(path: Path) -> bytes:
    """The same wheel, made at another time."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            new.writestr(zipfile.ZipInfo(info.filename, (2021, 1, 1, 0, 0, 0)), old.read(info))
    return buffer.getvalue()


def test_many_conflicts_are_counted(release: Release) -> None:
    """Three names are read, more are counted."""
    problem = told(release, Shelf(store={each.name: b"other" for each in release.distributions})).problem

    assert problem is not None
    assert problem.what.endswith(" and 2 more")
    assert len(problem.details) == 5


def test_a_file_that_is_too_large_is_not_fetched_to_compare(release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether it says so beforehand or not."""
    monkeypatch.setattr(explain, "COMPARED", 20)
    store = other(release, tmp_path / "theirs")

    for size in (1000, None):
        problem = told(release, OpenShelf(store=store, size=size)).problem
        assert problem is not None
        assert len(problem.details) == 1


def test_a_fetch_that_fails_leaves_the_hashes(release: Release) -> None:
    """What is known is said."""

    class Broken(OpenShelf):
        def fetch(self, file: RemoteFile, watch: Watch) -> Iterator[bytes]:
            del file, watch
            raise error(Failure.UNAVAILABLE)

    problem = told(release, Broken(store={release.distributions[0].name: b"other"})).problem

    assert problem is not None
    assert len(problem.details) == 1


def test_a_part_names_what_is_missing_and_why(release: Release) -> None:
    """The cause keeps its words."""
    missing = release.distributions[3].name

    problem = told(release, Shelf(fails={missing: 9}, kind=Failure.REFUSED)).problem

    assert problem is not None
    assert (problem.kind, problem.code) == (Failure.PARTIAL, "partial")
    assert missing in problem.what
    assert problem.details[0] == "cause: refused (refused)"


@pytest.mark.parametrize("fails", [0, 1])
def test_what_nobody_can_say_is_said_so(release: Release, fails: int) -> None:
    """After a yes that does not show, and after a place that went dark."""

    class Dark(Never):
        def held(self, release: Release, watch: Watch) -> Sequence[Item]:
            if fails and self.writes:
                raise error(Failure.UNAVAILABLE, "it went dark")
            return super().held(release, watch)

    problem = told(release, Dark()).problem

    assert problem is not None
    assert problem.kind is Failure.UNCONFIRMED
    assert ("it went dark" in problem.what) is bool(fails)


def test_other_outcomes_keep_their_problem(release: Release) -> None:
    """Nothing to explain."""
    assert told(release, Shelf()).problem is None
