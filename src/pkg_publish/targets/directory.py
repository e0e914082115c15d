"""`directory=DIR`: a wheelhouse that `pip --find-links` reads."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pkg_publish.clients.disk import BLOCK, appearing, disk, folder_check
from pkg_publish.formats import core_metadata, zip_archive
from pkg_publish.formats.archive import BadArchive
from pkg_publish.formats.core_metadata import BadMetadata
from pkg_publish.formats.filename import damaged, is_of, leads, named
from pkg_publish.model import Place, Receipt, RemoteFile, Stamp, Visibility
from pkg_publish.targets.base import Option, written

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from typing import BinaryIO

    from pkg_publish.model import CheckRow, Distribution, Item, Release
    from pkg_publish.targets.base import Ambient, TargetSpec
    from pkg_publish.watch import Watch


@dataclass(frozen=True, slots=True)
class DirectoryKind:
    """The kind `directory`."""

    word: str = "directory"
    location: str = "path"
    options: Sequence[Option] = (Option(name="path", says="the folder; relative to where the command runs"),)

    def make(self, spec: TargetSpec, ambient: Ambient) -> Directory:
        """Make the target of one folder."""
        path = spec.require("path", "out/wheelhouse")
        folder = ambient.folder / path
        source = written(self.word, "path", str(folder.absolute()))
        place = Place(kind=self.word, name=f"directory={path}", title=f"the folder {path}", visibility=Visibility.LOCAL, source=source)
        return Directory(folder, place)


@dataclass(frozen=True, slots=True)
class Directory:
    """A folder of wheels and sdists."""

    folder: Path
    place: Place
    settles: float = 0.0
    read: dict[str, tuple[Stamp, RemoteFile]] = field(default_factory=dict, compare=False)
    """What was read of each file, and what it was then: who serves a folder asks often."""

    def wanted(self, release: Release) -> Sequence[Distribution]:
        """Every file."""
        return release.distributions

    def held(self, release: Release, watch: Watch) -> Sequence[Item]:
        """The files of this version; a name of ours that is something else than a file has no digest, hence conflicts."""
        ours = {each.name for each in release.distributions}
        return [*self.files(release.project, release.version, watch), *(RemoteFile(name=name) for name in ours if self._is_odd(name))]

    def _is_odd(self, name: str) -> bool:
        path = self.folder / name
        return path.is_symlink() or (path.exists() and not path.is_file())

    def open(self, release: Release, watch: Watch) -> DirectoryUpload:
        """Make the folder."""
        with disk(f"making the folder {self.folder}"):
            self.folder.mkdir(parents=True, exist_ok=True)
        return DirectoryUpload(self.folder, release)

    def receipt(self, release: Release, watch: Watch) -> Receipt:
        """Where the folder is."""
        return Receipt(url=str(self.folder.resolve()), source=written("directory", "path", str(self.folder.resolve())))

    def files(self, project: str, version: str | None, watch: Watch) -> Sequence[RemoteFile]:
        """The project's distributions among the folder's files, and none of what is a link.

        None of all versions is a proof that nothing in the folder begins with the project's name; else that raises `Integrity`.
        """
        with disk(f"reading the folder {self.folder}"):
            paths = sorted(self.folder.iterdir()) if self.folder.is_dir() else []
            found = [self._remote(path, watch) for path in paths if not self._is_odd(path.name) and is_of(path.name, project, version)]
        odd = [path for path in paths if leads(path.name, project) and (not found or (self._is_odd(path.name) and named(path.name)))]
        if version is None and odd:
            raise damaged(project, f"{odd[0]} is no file of a version that anybody could read")
        return found

    def _remote(self, path: Path, watch: Watch) -> RemoteFile:
        watch.left()
        with path.open("rb") as file:
            stamp, before = Stamp.of(file), self.read.get(path.name)
            if before and before[0] == stamp:
                return before[1]
            remote = _described(path, file)
        self.read[path.name] = stamp, remote
        return remote

    def metadata(self, file: RemoteFile, watch: Watch) -> bytes:
        """It lies in the wheel."""
        watch.left()
        with disk(f"reading {file.name}"), (self.folder / file.name).open("rb") as source:
            return _metadata(file.name, source) or b""

    def projects(self, watch: Watch) -> Sequence[str]:
        """Those that the files' names name."""
        with disk(f"reading the folder {self.folder}"):
            found = [named(path.name) for path in self.folder.iterdir() if path.is_file()] if self.folder.is_dir() else []
        return sorted({name[0] for name in found if name})

    def fetch(self, file: RemoteFile, watch: Watch) -> Iterator[bytes]:
        """The file's bytes."""
        with disk(f"reading {file.name}"), (self.folder / file.name).open("rb") as source:
            while block := source.read(BLOCK):
                watch.left()
                yield block

    def check(self, watch: Watch) -> Iterator[CheckRow]:
        """Whether the folder is there, or can be made."""
        yield folder_check(self.folder)


@dataclass(frozen=True, slots=True)
class DirectoryUpload:
    """Copies, each under a temporary name that becomes its own."""

    folder: Path
    release: Release

    def send(self, item: Item, watch: Watch) -> None:
        """Copy one file; a reader sees it whole or not at all. One that another job has put there meanwhile stays: the next look tells whose it is."""
        target = self.folder / item.name
        with disk(f"writing {item.name} to {self.folder}"), self.release[item.name].open() as source, appearing(target, replacing=False) as file:
            shutil.copyfileobj(watch.body(item.name, source), file, BLOCK)

    def finish(self, watch: Watch) -> None:
        """Nothing is left to do: each file showed itself."""


def _described(path: Path, file: BinaryIO) -> RemoteFile:
    """What there is to know of a file that was just opened."""
    data = _metadata(path.name, file)
    file.seek(0)
    return RemoteFile(
        name=path.name,
        sha256=hashlib.file_digest(file, "sha256").hexdigest(),  # type: ignore[arg-type] # it is a file
        size=file.tell(),
        url=str(path),
        requires_python=core_metadata.read(data).requires_python if data else None,
        metadata_sha256=hashlib.sha256(data).hexdigest() if data else None,
    )


def _metadata(name: str, file: BinaryIO) -> bytes | None:
    """The core metadata in a wheel; None: it is no wheel, or says inside that it is another one."""
    if not name.endswith(".whl"):
        return None
    member = "{}-{}.dist-info/METADATA".format(*name.split("-", 2))
    try:
        data = zip_archive.read(file, {member: core_metadata.LIMIT}).texts.get(member, b"")
        said = core_metadata.read(data)
    except (BadArchive, BadMetadata):
        return None
    return data if (said.project, said.version) == named(name) else None
