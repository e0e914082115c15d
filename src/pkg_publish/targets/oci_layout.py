"""`oci-layout=DIR`: the layout of `ghcr` and `oci` in a folder, for crane, oras, skopeo and our own `install`."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pkg_publish.clients.disk import BLOCK, disk, folder_check, sha256_of
from pkg_publish.clients.layout import Layout
from pkg_publish.errors import Conflict
from pkg_publish.formats import oci
from pkg_publish.formats.filename import damaged
from pkg_publish.formats.version_index import VersionIndex, annotations_of
from pkg_publish.model import Place, Receipt, Visibility
from pkg_publish.targets.base import Option, written

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pkg_publish.model import CheckRow, Distribution, Item, Release, RemoteFile
    from pkg_publish.runner import Runner
    from pkg_publish.targets.base import Ambient, TargetSpec
    from pkg_publish.watch import Watch


@dataclass(frozen=True, slots=True)
class OciLayoutKind:
    """The kind `oci-layout`."""

    word: str = "oci-layout"
    location: str = "path"
    options: Sequence[Option] = (Option(name="path", says="the folder that holds a layout for each project; relative to where the command runs"),)

    def make(self, spec: TargetSpec, ambient: Ambient) -> OciLayout:
        """Make the target of one folder."""
        path = spec.require("path", "out/registry")
        folder = ambient.folder / path
        source = written(self.word, "path", str(folder.absolute()))
        place = Place(kind=self.word, name=f"oci-layout={path}", title=f"the OCI layout {path}", visibility=Visibility.LOCAL, source=source)
        return OciLayout(folder, place, ambient.runner)


@dataclass(frozen=True, slots=True)
class OciLayout:
    """A folder with one OCI image layout for each project; a version is a tag."""

    folder: Path
    place: Place
    runner: Runner
    settles: float = 0.0

    def wanted(self, release: Release) -> Sequence[Distribution]:
        """Every file; a version that is too long for a tag is `Invalid`."""
        oci.tag_of(release.version)
        return release.distributions

    def held(self, release: Release, watch: Watch) -> Sequence[Item]:
        """The files of the version's index; ours as they lie on the disk, hashed."""
        layout, ours = self._layout(release.project), {each.name for each in release.distributions}
        entries = _index(layout, release.project, release.version).entries
        found = [_on_disk(layout, entry, watch) if entry.file.name in ours else entry.file for entry in entries]
        return [file for file in found if file]

    def open(self, release: Release, watch: Watch) -> OciLayoutUpload:
        """Make the folder."""
        layout = self._layout(release.project)
        with disk(f"making the folder {layout.folder}"):
            layout.folder.mkdir(parents=True, exist_ok=True)
        return OciLayoutUpload(layout, release, self.runner)

    def receipt(self, release: Release, watch: Watch) -> Receipt:
        """Where the version lies, as crane, oras and skopeo write it, and the digest of its index."""
        layout, tag = self._layout(release.project), oci.tag_of(release.version)
        return Receipt(
            url=f"{layout.folder.resolve()}:{tag}", source=written("oci-layout", "path", str(self.folder.resolve())), digest=layout.tags().get(tag, "")
        )

    def files(self, project: str, version: str | None, watch: Watch) -> Sequence[RemoteFile]:
        """What the indexes of the version, or of all versions, say; none of all is a proof that there is nothing under the project's name.

        Raises `Integrity` for a layout without versions, and for a version that cannot be read: a reader would take an older one for the newest.
        """
        layout = self._layout(project)
        if version is not None:
            return [_with_digest(layout, entry) for entry in _index(layout, project, version).entries]
        versions = {found for tag in layout.tags() if (found := oci.version_of(tag))}
        if not versions and os.path.lexists(layout.folder):
            raise damaged(project, f"{layout.folder} holds no version")
        return [file for each in sorted(versions) for file in self._files_in(project, each, watch)]

    def _files_in(self, project: str, version: str, watch: Watch) -> Sequence[RemoteFile]:
        """The files of a version that has a tag."""
        try:
            files = self.files(project, version, watch)
        except Conflict as problem:
            raise damaged(project, problem.what) from problem
        if not files:
            raise damaged(project, f"the index of {oci.tag_of(version)} in {self._layout(project).folder} is lost, or names no file of it")
        return files

    def projects(self, watch: Watch) -> Sequence[str]:
        """A folder with a layout is a project's, however damaged."""
        with disk(f"reading {self.folder}"):
            folders = self.folder.iterdir() if self.folder.is_dir() else ()
            found = [path.name for path in folders if any((path / part).exists() for part in ("index.json", "oci-layout", "blobs"))]
        return sorted(oci.project_of(name) for name in found)

    def metadata(self, file: RemoteFile, watch: Watch) -> bytes:
        """It lies in the config of the file's manifest."""
        folder, _, digest = file.url.partition("@")
        layout = Layout(self.folder / folder)
        manifest = layout.manifest(digest)
        config = layout.manifest(oci.FileManifest.read(manifest, file.name).config.digest) if manifest else None
        if config is None:
            raise oci.broken(f"the metadata of {file.name} is not in {layout.folder}")
        return oci.metadata_in(config, file.name)

    def fetch(self, file: RemoteFile, watch: Watch) -> Iterator[bytes]:
        """The file's bytes."""
        path = Layout(self.folder / file.url.partition("@")[0]).blob(f"sha256:{file.sha256}")
        if not path.is_file():
            raise oci.broken(f"{path}, which holds {file.name}, is not there")
        with disk(f"reading {file.name}"), path.open("rb") as source:
            while block := source.read(BLOCK):
                watch.left()
                yield block

    def check(self, watch: Watch) -> Iterator[CheckRow]:
        """Whether the folder is there, or can be made."""
        yield folder_check(self.folder)

    def _layout(self, project: str) -> Layout:
        return Layout(self.folder / oci.repository_name(project))


@dataclass(frozen=True, slots=True)
class OciLayoutUpload:
    """Blobs under their digests, then one index that shows them."""

    layout: Layout
    release: Release
    runner: Runner
    sent: dict[str, oci.Entry] = field(default_factory=dict)

    def send(self, item: Item, watch: Watch) -> None:
        """Store file, config and manifest; no tag leads to them so far."""
        distribution = self.release[item.name]
        made = oci.Artifact.of(distribution, self.release.version, source=self.runner.repository_url, revision=self.runner.sha)
        with distribution.open() as source:
            self.layout.put_stream(watch.body(item.name, source), f"sha256:{distribution.sha256}")
        self.layout.put(made.config)
        self.layout.put(made.manifest)
        self.sent[item.name] = made.entry

    def finish(self, watch: Watch) -> None:
        """Write the version's index: what others wrote meanwhile, and ours."""
        self.layout.tag(oci.tag_of(self.release.version), self._with_sent, watch)

    def _with_sent(self, data: bytes | None) -> bytes:
        held = VersionIndex.read(data, self.release.project, self.release.version)
        annotations = annotations_of(self.release.distributions[0].metadata, self.runner.repository_url)
        return held.with_sent(self.sent, self.layout.manifest, annotations).encode()


def _index(layout: Layout, project: str, version: str) -> VersionIndex:
    """The version's index as it is on the disk, empty when there is none."""
    digest = layout.tags().get(oci.tag_of(version))
    return VersionIndex.read(layout.manifest(digest) if digest else None, project, version)


def _with_digest(layout: Layout, entry: oci.Entry) -> RemoteFile:
    """A file with the digest that its manifest has, where the index gives none."""
    if entry.file.sha256:
        return entry.file
    manifest = layout.manifest(entry.manifest)
    if manifest is None:
        raise oci.broken(f"the manifest of {entry.file.name} is not in {layout.folder}")
    return entry.with_parts(oci.FileManifest.read(manifest, entry.file.name))


def _on_disk(layout: Layout, entry: oci.Entry, watch: Watch) -> RemoteFile | None:
    """A file as any reader gets it; None when a part of it is lost. Raises `Integrity` when index, manifest and bytes disagree."""
    watch.left()
    data = layout.manifest(entry.manifest)
    parts = oci.FileManifest.read(data, entry.file.name) if data else None
    if not parts or not layout.blob(parts.config.digest).is_file() or not layout.blob(parts.layer.digest).is_file():
        return None
    file = entry.with_parts(parts)
    with disk(f"reading {file.name}"):
        if sha256_of(layout.blob(parts.layer.digest)) != file.sha256:
            raise oci.broken(f"{file.name} in {layout.folder}: its bytes are others than its manifest says")
    return file
