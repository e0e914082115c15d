"""From a folder to a release, or to all that is wrong with it."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
import threading
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests import factory

from pkg_publish import preflight
from pkg_publish.errors import ConfigError, Integrity, Invalid, Mistakes, PublishError
from pkg_publish.model import Filetype, Release
from pkg_publish.preflight import NewerMetadata

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

INFO = "demo-1.0.dist-info"


def check(folder: Path) -> Release:
    """The release that lies in a folder."""
    return preflight.check(preflight.collect(folder))


def mistakes(folder: Path) -> list[PublishError]:
    """All that is wrong with a folder."""
    with pytest.raises(Mistakes) as caught:
        check(folder)
    return list(caught.value.found)


def mistake(folder: Path) -> PublishError:
    """The one thing that is wrong."""
    (found,) = mistakes(folder)
    return found


def test_a_release_is_read_whole(tmp_path: Path) -> None:
    """Wheels first, sdists last, each with its hash, size, metadata and Pythons."""
    sdist, wheel = factory.sdist(tmp_path, "De.mo", "1.0"), factory.wheel(tmp_path, "De.mo", "1.0")

    release = check(tmp_path)

    assert (release.project, release.version) == ("de-mo", "1.0")
    assert [each.path for each in release.distributions] == [wheel, sdist]
    assert [each.filetype for each in release.distributions] == [Filetype.WHEEL, Filetype.SDIST]
    for each in release.distributions:
        assert each.sha256 == hashlib.sha256(each.path.read_bytes()).hexdigest()
        assert each.size == each.path.stat().st_size
        assert each.metadata == factory.core_metadata("De.mo", "1.0")
        assert each.requires_python == ">=3.8"
        assert not each.built
        each.open().close()


def test_a_build_of_ours_is_known_as_one(tmp_path: Path) -> None:
    """A conflict says so."""
    factory.wheel(tmp_path)
    found = preflight.Found(paths=preflight.collect(tmp_path).paths, built=True)
    assert all(each.built for each in preflight.check(found).distributions)


def test_companions_and_hidden_files_are_passed_by(tmp_path: Path) -> None:
    """What other tools lay beside a distribution is no mistake; the rest is worth a notice."""
    path = factory.wheel(tmp_path)
    for name in (f"{path.name}.publish.attestation", f"{path.name}.asc", ".gitignore", "notes.txt"):
        (tmp_path / name).write_text("")
    (tmp_path / "folder").mkdir()

    found = preflight.collect(tmp_path)

    assert found.paths == (path,)
    assert found.strangers == ("folder", "notes.txt")


@pytest.mark.parametrize("name", ["missing", "empty"])
def test_a_folder_without_distributions_is_a_mistake(tmp_path: Path, name: str) -> None:
    """It says what to write."""
    (tmp_path / "empty").mkdir()

    assert not preflight.holds_distributions(tmp_path / name)
    with pytest.raises(ConfigError) as caught:
        preflight.collect(tmp_path / name)
    assert "dist-dir: dist" in caught.value.paste


def test_a_folder_with_distributions_holds_some(tmp_path: Path) -> None:
    """Sound or not."""
    (tmp_path / "a.whl").write_text("")
    assert preflight.holds_distributions(tmp_path)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("demo-1.0.zip", "no index takes any more"),
        ("demo-1.0.tar.bz2", "no index takes any more"),
        ("demo-1.0-py3-none-any.WHL", "no index takes any more"),
        ("demo.whl", "no file name of a distribution"),
        ("demo-1.0\n-py3-none-any.whl", r"'demo-1.0\n-py3-none-any.whl', which is no file name"),
        ("d\u0435mo-1.0-py3-none-any.whl", "no file name of a distribution"),
        ("De.mo-1.0-py3-none-any.whl", "must begin with de_mo-"),
        ("de-mo-1.0.tar.gz", "must be de_mo-1.0.tar.gz"),
        ("demo-1.0.0rc.1.tar.gz", "must be demo-1.0.0rc1.tar.gz"),
        ("demo-01.0.tar.gz", "must be demo-1.0.tar.gz"),
    ],
)
def test_names_that_pypi_refuses_are_refused(tmp_path: Path, name: str, why: str) -> None:
    """By the name alone."""
    (tmp_path / name).write_text("")
    found = mistake(tmp_path)
    assert (found.code, why in found.what) == ("file-name", True)


def link(path: Path) -> None:
    """A link to a sound wheel."""
    path.symlink_to(factory.wheel(path.parent / "elsewhere"))


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo, link], ids=["folder", "pipe", "link"])
def test_only_regular_files_are_read(tmp_path: Path, make: Callable[[Path], object]) -> None:
    """A link is not followed, a pipe not waited for."""
    make(tmp_path / "demo-1.0-py3-none-any.whl")
    assert mistake(tmp_path).code == "not-a-regular-file"


def test_a_file_that_went_away_is_said_so(tmp_path: Path) -> None:
    """Between the listing and the reading."""
    path = factory.wheel(tmp_path)
    found = preflight.collect(tmp_path)
    path.unlink()

    with pytest.raises(Mistakes, match="cannot be read: No such file"):
        preflight.check(found)


def test_a_file_that_changes_under_the_check_has_no_digest(tmp_path: Path) -> None:
    """What is sent must be what was hashed: whoever asks is told."""
    path = factory.wheel(tmp_path, content=os.urandom(8 << 20))
    touched, done = threading.Event(), threading.Event()

    def touch() -> None:
        for time in range(10**9):
            os.utime(path, (time, time))
            touched.set()
            if done.is_set():
                break

    toucher = threading.Thread(target=touch)
    toucher.start()
    touched.wait()
    release = check(tmp_path)
    with pytest.raises(Integrity) as caught:
        _ = release.distributions[0].sha256
    done.set()
    toucher.join()

    assert caught.value.code == "file-changed"


def test_a_digest_comes_when_it_is_asked_for(tmp_path: Path) -> None:
    """Until then it is on its way, and nothing else may be missing."""
    path = factory.wheel(tmp_path)

    (found,) = check(tmp_path).distributions

    assert found.sha256 == replace(found, built=True).sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert not hasattr(found, "sha512")


def wheel_of(folder: Path, texts: dict[str, bytes], *, listed: bool = True) -> Path:
    """A wheel called demo 1.0 that holds these files and lists them."""
    path = folder / "demo-1.0-py3-none-any.whl"
    record = "".join(f"{name},,\n" for name in [*(texts if listed else ()), f"{INFO}/RECORD"])
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in {**texts, f"{INFO}/RECORD": record.encode()}.items():
            archive.writestr(name, data)
    return path


def sdist_of(folder: Path, texts: dict[str, bytes]) -> Path:
    """An sdist called demo 1.0 that holds these files."""
    path = folder / "demo-1.0.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name, data in texts.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


@pytest.mark.parametrize(("project", "version"), [("demo", "2.0"), ("other", "1.0"), ("demo", "1.0.0")])
def test_name_and_metadata_must_agree(tmp_path: Path, project: str, version: str) -> None:
    """In project and version, of a wheel and of an sdist."""
    metadata = factory.core_metadata(project, version)
    wheel_of(tmp_path, {f"{INFO}/METADATA": metadata, f"{INFO}/WHEEL": b""})
    sdist_of(tmp_path, {"demo-1.0/PKG-INFO": metadata})

    found = mistakes(tmp_path)

    assert {each.code for each in found} == {"metadata-disagrees"}
    assert all(each.what.endswith(f"says inside that it is {project} {version}") for each in found)


def test_metadata_that_names_nobody_is_refused(tmp_path: Path) -> None:
    """The sentence says which file, and why."""
    sdist_of(tmp_path, {"demo-1.0/PKG-INFO": b"Name: demo\n"})
    assert mistake(tmp_path).what == "the metadata of demo-1.0.tar.gz has 0 lines 'Version', and must have one"


@pytest.mark.parametrize("lacking", ["METADATA", "WHEEL"])
def test_a_wheel_without_its_own_files_is_refused(tmp_path: Path, lacking: str) -> None:
    """No installer takes it."""
    texts = {f"{INFO}/METADATA": factory.core_metadata("demo", "1.0"), f"{INFO}/WHEEL": b""}
    del texts[f"{INFO}/{lacking}"]
    wheel_of(tmp_path, texts)
    assert mistake(tmp_path).what == f"demo-1.0-py3-none-any.whl has no {INFO}/{lacking}"


def test_an_sdist_without_metadata_is_refused(tmp_path: Path) -> None:
    """An archive of a version-control system is no sdist."""
    sdist_of(tmp_path, {"demo-1.0/setup.py": b""})
    assert mistake(tmp_path).what == "demo-1.0.tar.gz has no demo-1.0/PKG-INFO"


def test_a_second_dist_info_is_refused(tmp_path: Path) -> None:
    """Installers do not know which to take."""
    metadata = factory.core_metadata("demo", "1.0")
    wheel_of(tmp_path, {f"{INFO}/METADATA": metadata, f"{INFO}/WHEEL": b"", "other-1.0.dist-info/METADATA": metadata})
    assert "2 .dist-info folders" in mistake(tmp_path).what


def test_a_record_that_is_not_complete_is_refused(tmp_path: Path) -> None:
    """What is not listed is not removed when somebody uninstalls."""
    wheel_of(tmp_path, {f"{INFO}/METADATA": factory.core_metadata("demo", "1.0"), f"{INFO}/WHEEL": b""}, listed=False)
    found = mistake(tmp_path)
    assert found.what == f"demo-1.0-py3-none-any.whl has a RECORD that lacks '{INFO}/METADATA' and 1 more"
    assert (found.code, isinstance(found, Invalid)) == ("archive-malformed", True)


def test_newer_metadata_is_a_notice(tmp_path: Path) -> None:
    """What we know of it was understood."""
    sdist_of(tmp_path, {"demo-1.0/PKG-INFO": factory.core_metadata("demo", "1.0").replace(b"2.1", b"9.0")})
    events: list[object] = []

    preflight.check(preflight.collect(tmp_path), events.append)

    assert events == [NewerMetadata("demo-1.0.tar.gz", "9.0")]


def test_all_mistakes_are_said_at_once(tmp_path: Path) -> None:
    """Nobody mends one a run."""
    (tmp_path / "demo-1.0.zip").write_text("")
    (tmp_path / "demo-1.0.tar.gz").write_text("no archive")
    (tmp_path / "demo-1.0-py3-none-any.whl").write_text("no archive")

    assert [each.code for each in mistakes(tmp_path)] == ["archive-malformed", "archive-malformed", "file-name"]


def test_a_release_has_one_version(tmp_path: Path) -> None:
    """Of one project."""
    for name, version in (("demo", "1.0"), ("demo", "2.0"), ("other", "1.0")):
        factory.wheel(tmp_path, name, version)
    assert mistake(tmp_path).what == "the files are of 3 releases: demo 1.0, demo 2.0, other 1.0"


def test_a_folder_that_cannot_be_read_is_a_mistake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told like one, and is no bug of ours; whoever is root may read all, so the system's no is put there."""

    def refused(_: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(tmp_path), "iterdir", refused)

    with pytest.raises(Mistakes, match="cannot be read: Permission denied"):
        preflight.collect(tmp_path)
