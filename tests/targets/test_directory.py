"""`directory=DIR`."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests import factory
from tests.targets.contract import Contract, once, watch

from pkg_publish import grammar, publish
from pkg_publish.errors import ConfigError, Failure, Integrity
from pkg_publish.plan import Plan
from pkg_publish.runner import Runner
from pkg_publish.state import Done, State
from pkg_publish.targets.base import Ambient, Describes, Lists, Source, Target, TargetSpec
from pkg_publish.targets.directory import DirectoryKind

if TYPE_CHECKING:
    from pkg_publish.model import Release


def make(folder: Path, **options: str) -> Target:
    """A target as the configuration makes it."""
    return DirectoryKind().make(TargetSpec(kind="directory", options=options), Ambient(folder=folder, environ={}, runner=Runner()))


class FolderStand:
    """A folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def target(self) -> Target:
        """The folder as a target."""
        return make(self.folder.parent, path=self.folder.name)

    def stored(self, release: Release) -> dict[str, str]:
        """What `ls` and `sha256sum` would say."""
        del release
        return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in self.folder.glob("[!.]*")}

    def put(self, name: str, data: bytes, release: Release) -> None:
        """Write a file."""
        del release
        self.folder.mkdir(exist_ok=True)
        (self.folder / name).write_bytes(data)

    def remove(self, name: str, release: Release) -> None:
        """Delete a file."""
        del release
        (self.folder / name).unlink()

    def writes(self) -> int:
        """The time of the last change says whether there was one."""
        return sum(path.stat().st_mtime_ns for path in [self.folder, *self.folder.glob("*")] if path.exists())


class TestContract(Contract):
    """The contract, on a folder."""

    @pytest.fixture
    def stand(self, tmp_path: Path) -> FolderStand:
        """A folder that is not there yet."""
        return FolderStand(tmp_path / "house")


def test_needs_a_path() -> None:
    """Without a folder the error shows what to write."""
    with pytest.raises(ConfigError) as caught:
        make(Path())
    assert caught.value.paste == "targets: directory=out/wheelhouse"


def test_a_link_under_our_name_is_a_conflict(tmp_path: Path) -> None:
    """A link is never followed nor replaced."""
    release = factory.release(tmp_path / "dist")
    house = tmp_path / "house"
    house.mkdir()
    (house / release.distributions[0].name).symlink_to(release.distributions[0].path)

    assert once(make(tmp_path, path="house"), release).outcome is Failure.CONFLICT


def test_strangers_in_the_folder_are_left_alone(tmp_path: Path) -> None:
    """Other projects, other versions and odd names neither count nor disturb."""
    release = factory.release(tmp_path / "dist")
    house = tmp_path / "house"
    factory.wheel(house, "other")
    factory.wheel(house, "demo", "2.0")
    (house / "notes.whl").write_text("no wheel")
    (house / "notes.txt").write_text("no wheel")

    assert once(make(tmp_path, path="house"), release).outcome is Done.PUBLISHED


@pytest.mark.parametrize("name", ["demo-1.0.tar.bz2", "demo-1.0-corp.tar.gz", "demo-1.0-py3.12.egg", "link"])
def test_a_name_that_is_there_in_any_form_is_no_absent_project(tmp_path: Path, name: str) -> None:
    """Else another index would supply it; a project whose name only begins like it is another."""
    house = tmp_path / "house"
    factory.wheel(house, "demo-more")
    if name == "link":
        (house / "demo-1.0-py3-none-any.whl").symlink_to(factory.wheel(tmp_path / "store"))
    else:
        (house / name).touch()

    target = make(tmp_path, path="house")
    assert isinstance(target, Source)
    with pytest.raises(Integrity) as caught:
        target.files("demo", None, watch())
    assert caught.value.code == "project-damaged"
    assert target.files("more", None, watch()) == []


def test_a_file_in_the_way_is_an_error_of_the_machine(tmp_path: Path) -> None:
    """A folder that cannot be made says why, in the words of the system."""
    (tmp_path / "house").write_text("a file")
    release = factory.release(tmp_path / "dist")

    attempt = once(make(tmp_path, path="house/inner"), release)

    assert attempt.outcome is Failure.ENVIRONMENT
    assert attempt.problem is not None
    assert "Not a directory" in attempt.problem.what


ON_LINUX = pytest.mark.skipif(not Path("/proc/self").exists(), reason="such a disk is on Linux alone")


@pytest.mark.parametrize(
    ("path", "ok", "says"),
    [
        ("file/in/the/way", False, "Not a directory"),
        ("file", False, "Not a directory"),
        ("there", True, "can be written to"),
        ("to/be/made", True, "will be made"),
        pytest.param("/proc/x", False, "cannot be written to", marks=ON_LINUX),
    ],
)
def test_the_check_says_what_is_in_the_way(tmp_path: Path, path: str, says: str, *, ok: bool) -> None:
    """A file, a folder that takes none; it leaves nothing behind."""
    (tmp_path / "file").write_text("")
    (tmp_path / "there").mkdir()

    row = next(iter(make(tmp_path, path=path).check(watch())))  # type: ignore[attr-defined]

    assert (row.ok, says in row.found) == (ok, True), row
    assert sorted(each.name for each in tmp_path.rglob("*")) == ["file", "there"]


def test_a_file_that_changed_after_the_check_is_not_sent(tmp_path: Path) -> None:
    """What is sent is what was hashed."""
    release = factory.release(tmp_path / "dist")
    os.utime(release.distributions[0].path, (1, 1))

    attempt = once(make(tmp_path, path="house"), release)

    assert attempt.outcome is Failure.INTEGRITY
    assert not list((tmp_path / "house").glob("[!.]*"))


def test_a_file_that_went_away_after_the_check_is_not_sent(tmp_path: Path) -> None:
    """Nobody knows what it was."""
    release = factory.release(tmp_path / "dist")
    release.distributions[0].path.unlink()

    assert once(make(tmp_path, path="house"), release).outcome is Failure.INTEGRITY


def test_a_file_that_another_job_puts_there_meanwhile_stays(tmp_path: Path) -> None:
    """Other bytes are a conflict, whoever was first; the same bytes are a success."""
    release = factory.release(tmp_path / "dist", with_sdist=False)
    target = make(tmp_path, path="house")
    (item,) = release.distributions

    for theirs, expected in ((b"other", State.CONFLICT), (item.path.read_bytes(), State.COMPLETE)):
        upload = target.open(release, watch())
        (tmp_path / "house" / item.name).write_bytes(theirs)
        upload.send(item, watch())
        assert publish.look(Plan(targets=[target]), target, release, watch()).state is expected


def test_a_path_that_would_split_the_text_is_named_by_a_mapping(tmp_path: Path) -> None:
    """So that the printed command works wherever the folder lies."""
    receipt = once(make(tmp_path, path="a, b #c"), factory.release(tmp_path / "dist")).receipt

    assert receipt is not None
    (spec,), mistakes = grammar.parse(receipt.source)
    assert (mistakes, dict(spec.options)) == ([], {"path": str((tmp_path / "a, b #c").resolve())})


def test_no_folder_has_no_projects(tmp_path: Path) -> None:
    """A folder with other files has none either."""
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "readme.txt").touch()

    for name in ("nowhere", "there"):
        target = make(tmp_path, path=name)
        assert isinstance(target, Lists)
        assert target.projects(watch()) == []


def test_wheels_say_for_whom_they_are(tmp_path: Path) -> None:
    """Which Pythons may have them, and their metadata; one that says inside that it is another says nothing, and no sdist does."""
    factory.release(tmp_path / "house")
    (tmp_path / "house" / "demo-2.0-py3-none-any.whl").write_bytes((tmp_path / "house" / "demo-1.0-py3-none-any.whl").read_bytes())
    (tmp_path / "house" / "demo-3.0-py3-none-any.whl").write_bytes(b"no archive")
    house = make(tmp_path, path="house")
    assert isinstance(house, Source)
    assert isinstance(house, Describes)

    files = {file.name: file for file in house.files("demo", None, watch())}

    said = factory.core_metadata("demo", "1.0")
    assert {name: file.requires_python for name, file in files.items() if file.requires_python} == {"demo-1.0-py3-none-any.whl": ">=3.8"}
    assert files["demo-1.0-py3-none-any.whl"].metadata_sha256 == hashlib.sha256(said).hexdigest()
    assert [house.metadata(file, watch()) for file in files.values()] == [said, b"", b"", b""]


def test_what_was_read_is_read_again_when_it_has_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And not before, for a served folder is asked often."""
    factory.release(tmp_path / "house", with_sdist=False)
    house = make(tmp_path, path="house")
    assert isinstance(house, Source)
    first = house.files("demo", None, watch())

    monkeypatch.setattr(hashlib, "file_digest", None)
    assert house.files("demo", None, watch()) == first
    monkeypatch.undo()
    (tmp_path / "house" / first[0].name).write_bytes(b"other")
    assert house.files("demo", None, watch())[0].sha256 == hashlib.sha256(b"other").hexdigest()
