"""The index of one version: which files it has, what tells them apart, and how the files of two writers come together."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from packaging.metadata import parse_email

from pkg_publish.errors import Conflict
from pkg_publish.formats import foreign, oci
from pkg_publish.formats.filename import is_of
from pkg_publish.model import RemoteFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


def annotations_of(metadata: bytes, source: str = "") -> dict[str, str]:
    """What an index says of its project, from the core metadata of one of its files and the address of the GitHub repository."""
    return {f"{oci.OURS}layout": oci.LAYOUT, **describing(metadata), **oci.standard(source=source)}


def describing(metadata: bytes) -> dict[str, str]:
    """What core metadata says of a project, as standard annotations."""
    found, _ = parse_email(metadata)
    description = " ".join(found.get("summary", "").split())[: oci.LONGEST["description"]]
    return oci.standard(description=description, licenses=found.get("license_expression", ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionIndex:
    """The files of one version: what its tag points at."""

    entries: tuple[oci.Entry, ...] = ()
    """Sorted by file name, which tells them apart."""
    strangers: tuple[Mapping[str, Any], ...] = ()
    """Descriptors that are no file of this version; they stay when the index is written again. Sorted."""
    annotations: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, data: bytes | None, project: str, version: str) -> VersionIndex:
        """Ours or pyoci's; None: there is none so far. Raises `Conflict` when the tag holds something else, `Integrity` when it is broken."""
        if data is None:
            return cls()
        what = f"{oci.repository_name(project)}:{oci.tag_of(version)}"
        found = oci.document(data, what)
        media, artifact = found.get("mediaType", oci.INDEX), found.get("artifactType")
        if (media, artifact) != (oci.INDEX, oci.ARTIFACT):
            raise _taken(f"{what} is no version of a Python project, but {str(artifact or media)[:100]!r}")
        annotations, manifests = found.get("annotations") or {}, found.get("manifests")
        if not isinstance(annotations, dict) or not isinstance(manifests, list) or not all(isinstance(each, dict) for each in manifests):
            raise oci.broken(f"{what} is no image index")
        if (layout := annotations.get(f"{oci.OURS}layout", oci.LAYOUT)) != oci.LAYOUT:
            raise _taken(f"{what} has the layout {str(layout)[:100]!r} of a later version of this program")
        entries = [entry_of(each, project, version) for each in manifests]
        strangers = sorted((each for each, entry in zip(manifests, entries, strict=True) if not entry), key=oci.encode)
        return cls(strangers=tuple(strangers), annotations=annotations).union([entry for entry in entries if entry])

    def union(self, entries: Iterable[oci.Entry], annotations: Mapping[str, str] | None = None) -> VersionIndex:
        """With these entries and annotations as well; what is there already stays as it is.

        Raises `Conflict` when two contents claim one file name.
        """
        files = {entry.file.name: entry for entry in self.entries}
        for entry in entries:
            there = files.setdefault(entry.file.name, entry).file
            if there.sha256 != entry.file.sha256:
                raise Conflict(
                    f"{there.name} was published with other bytes",
                    code="other-bytes",
                    cure="Release a new version: a published file is never replaced.",
                    details=[f"there: sha256 {there.sha256}", f"here: sha256 {entry.file.sha256}"],
                )
        return replace(self, entries=tuple(files[name] for name in sorted(files)), annotations={**(annotations or {}), **self.annotations})

    def with_sent(self, sent: Mapping[str, oci.Entry], is_whole: Callable[[str], object], annotations: Mapping[str, str]) -> VersionIndex:
        """With files of ours, by name; an entry of that name stays as long as `is_whole` says of its manifest's digest that it is there.

        Raises `Conflict` as `union` does.
        """
        sound = tuple(entry for entry in self.entries if entry.file.name not in sent or is_whole(entry.manifest))
        return replace(self, entries=sound).union(sent.values(), annotations)

    def encode(self) -> bytes:
        """The image index: one spelling for one set of files."""
        return oci.encode(
            {
                "schemaVersion": 2,
                "mediaType": oci.INDEX,
                "artifactType": oci.ARTIFACT,
                "manifests": [*(entry.descriptor for entry in self.entries), *self.strangers],
                "annotations": self.annotations,
            }
        )


def _taken(what: str) -> Conflict:
    return Conflict(what, code="oci-tag-taken", cure="Publish to another place: what this tag holds is not ours to change.")


def entry_of(descriptor: Mapping[str, Any], project: str, version: str) -> oci.Entry | None:
    """The file of a descriptor; None when it is none of this version."""
    match descriptor:
        case {"mediaType": oci.MANIFEST, "digest": str(digest), "platform": {"architecture": str(architecture)}} if oci.is_digest(digest):
            notes = {name: foreign.text(value) for name, value in _annotations(descriptor).items() if isinstance(value, str)}
        case _:
            return None
    repository = oci.repository_name(project)
    rebuilt = f"{repository}-{version}{'-' if architecture.endswith('.whl') else ''}{architecture}"  # as pyoci does
    name = notes.get(f"{oci.OURS}filename", rebuilt)
    if not is_of(name, project, version):
        return None
    file = RemoteFile(
        name=name,
        sha256=_sha256(notes.get(f"{oci.PYOCI}sha256_digest")),
        size=foreign.size(notes.get(f"{oci.OURS}size")),
        url=f"{repository}@{digest}",
        requires_python=notes.get(f"{oci.OURS}requires-python"),
        metadata_sha256=_sha256(notes.get(f"{oci.OURS}core-metadata.sha256")),
    )
    return oci.Entry(file, descriptor)


def _annotations(descriptor: Mapping[str, Any]) -> Mapping[str, object]:
    found = descriptor.get("annotations")
    return found if isinstance(found, dict) else {}


def _sha256(text: str | None) -> str | None:
    return text if oci.is_digest(f"sha256:{text}") else None
