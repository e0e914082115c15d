"""The index of one version."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import factory

from pkg_publish.errors import Conflict, Integrity, PublishError
from pkg_publish.formats import oci
from pkg_publish.formats.version_index import VersionIndex, annotations_of
from pkg_publish.model import RemoteFile

if TYPE_CHECKING:
    from pathlib import Path

    from pkg_publish.model import Release


def entry(name: str, content: str = "x", manifest: str = "m") -> oci.Entry:
    """An entry as ours are, as far as an index cares."""
    sha256 = hashlib.sha256(content.encode()).hexdigest()
    notes = {"com.pyoci.sha256_digest": sha256, "io.github.pkg-publish-action.filename": name}
    platform = {"architecture": name, "os": "any"}
    descriptor = {"mediaType": oci.MANIFEST, "digest": oci.digest_of(manifest.encode()), "size": 1, "platform": platform, "annotations": notes}
    return oci.Entry(RemoteFile(name=name, sha256=sha256), descriptor)


def index(*manifests: Any, **more: Any) -> bytes:  # noqa: ANN401 - any JSON
    """The bytes of an index as any program may have written it."""
    found = {"schemaVersion": 2, "mediaType": oci.INDEX, "artifactType": oci.ARTIFACT, "manifests": manifests, **more}
    return json.dumps(found, indent=1).encode()


def pyoci(architecture: str, **annotations: str) -> dict[str, Any]:
    """A descriptor as pyoci writes it."""
    notes = {"com.pyoci.project_urls": "{}", "org.opencontainers.image.created": "2026-01-01T00:00:00Z", **annotations}
    platform = {"architecture": architecture, "os": "any"}
    return {"mediaType": oci.MANIFEST, "digest": "sha256:" + "b" * 64, "size": 6, "platform": platform, "annotations": notes}


@pytest.fixture
def release(tmp_path: Path) -> Release:
    """Two wheels and an sdist with a local version."""
    return factory.release(tmp_path, "foo-bar", "1.0+cu1", wheels=2)


def entries_of(release: Release) -> list[oci.Entry]:
    """As `send` makes them."""
    return [oci.Artifact.of(each, release.version).entry for each in release.distributions]


def test_what_is_written_is_read(release: Release) -> None:
    """Name, digest, size, Python and metadata digest of every file come back."""
    written = VersionIndex().union(entries_of(release), {"a": "b"})

    read = VersionIndex.read(written.encode(), "foo-bar", "1.0+cu1")

    assert [entry.file.name for entry in read.entries] == sorted(each.name for each in release.distributions)
    for found in read.entries:
        ours = release[found.file.name]
        assert (found.file.sha256, found.file.size, found.file.requires_python) == (ours.sha256, ours.size, ">=3.8")
        assert found.file.metadata_sha256 == hashlib.sha256(ours.metadata).hexdigest()
        assert found.file.url == f"foo_bar@{found.manifest}"
    assert read.annotations == {"a": "b"}
    assert read.encode() == written.encode()


def test_an_index_keeps_its_digest(release: Release) -> None:
    """It lives for ever: the same file gives these bytes in every version of this program."""
    fixed = replace(release.distributions[0], sha256="0" * 64, size=1, metadata=b"Name: foo\nSummary: bar\n")
    made = oci.Artifact.of(fixed, release.version, source="https://github.com/octo/foo", revision="abc")

    whole = VersionIndex().union([made.entry], annotations_of(fixed.metadata, "https://github.com/octo/foo"))

    assert oci.digest_of(whole.encode()) == "sha256:bd6833f936a218c06a2b5039df259408e9ab9a6b705646e8cf5f4dd370b06e0e"


@given(st.permutations([f"demo-1.0-cp3{minor}-none-any.whl" for minor in range(6)]), st.integers(0, 6))
def test_one_set_of_files_is_one_index(names: list[str], cut: int) -> None:
    """In whatever order and portions they come."""
    once = VersionIndex().union(entry(name) for name in sorted(names))
    portions = VersionIndex().union(entry(name) for name in names[:cut]).union(entry(name) for name in names)

    assert portions.encode() == once.encode()


def test_two_contents_under_one_name_are_a_conflict() -> None:
    """Both digests are told."""
    held = VersionIndex().union([entry("demo-1.0.tar.gz", "theirs")])
    with pytest.raises(Conflict) as caught:
        held.union([entry("demo-1.0.tar.gz", "ours")])
    assert [hashlib.sha256(text).hexdigest() in line for text, line in zip((b"theirs", b"ours"), caught.value.details, strict=True)] == [True, True]


def test_what_is_there_stays_as_it_is() -> None:
    """The same bytes from another commit have another manifest; the first one stays, and so do the annotations."""
    held = VersionIndex(annotations={"a": "theirs"}).union([entry("demo-1.0.tar.gz", manifest="theirs")])

    both = held.union([entry("demo-1.0.tar.gz", manifest="ours")], {"a": "ours", "b": "ours"})

    assert both.entries == held.entries
    assert both.annotations == {"a": "theirs", "b": "ours"}


def test_pyocis_files_are_read() -> None:
    """Their names are made of the project's name, the version and the architecture."""
    data = index(pyoci("py3-none-any.whl", **{"com.pyoci.sha256_digest": "c" * 64}), pyoci(".tar.gz"))

    wheel, sdist = (entry.file for entry in VersionIndex.read(data, "foo-bar", "1.0+cu1").entries)

    assert (wheel.name, wheel.sha256, wheel.size) == ("foo_bar-1.0+cu1-py3-none-any.whl", "c" * 64, None)
    assert (sdist.name, sdist.sha256) == ("foo_bar-1.0+cu1.tar.gz", None)


def test_pyocis_entries_stay_as_they_were() -> None:
    """When ours come to theirs, theirs keep every field."""
    theirs = pyoci(".tar.gz") | {"urls": ["https://example.org"]}

    both = VersionIndex.read(index(theirs), "demo", "1.0").union([entry("demo-1.0-py3-none-any.whl")])

    assert theirs in json.loads(both.encode())["manifests"]


OURS = pyoci(".tar.gz")
STRANGERS = [
    {},
    OURS | {"mediaType": oci.INDEX},
    OURS | {"digest": "sha256:../../../etc/passwd"},
    OURS | {"platform": {"os": "linux"}},
    OURS | {"platform": {"architecture": "amd64", "os": "linux"}},
    OURS | {"platform": {"architecture": "-../../x.whl", "os": "any"}},
    OURS | {"annotations": {"io.github.pkg-publish-action.filename": "../../evil-1.0.tar.gz"}},
    OURS | {"annotations": {"io.github.pkg-publish-action.filename": "other-1.0.tar.gz"}},
    OURS | {"annotations": {"io.github.pkg-publish-action.filename": "demo-2.0.tar.gz"}},
]


@pytest.mark.parametrize("stranger", STRANGERS, ids=repr)
def test_what_is_no_file_of_the_version_is_nobodys(stranger: dict[str, Any]) -> None:
    """It is not listed, and it stays where it is."""
    found = VersionIndex.read(index(stranger), "demo", "1.0")

    assert found.entries == ()
    assert json.loads(found.encode())["manifests"] == [stranger]


@pytest.mark.parametrize(
    "notes",
    [
        None,
        "text",
        {"com.pyoci.sha256_digest": 1},
        {"com.pyoci.sha256_digest": "C" * 64, "io.github.pkg-publish-action.size": "-1"},
        {"com.pyoci.sha256_digest": "short", "io.github.pkg-publish-action.size": "9" * 5000},
        {"io.github.pkg-publish-action.size": "²"},
    ],
    ids=repr,
)
def test_annotations_that_make_no_sense_say_nothing(notes: Any) -> None:  # noqa: ANN401 - any JSON
    """Digest and size are unknown then, and are found in the manifest."""
    (found,) = VersionIndex.read(index(OURS | {"annotations": notes}), "demo", "1.0").entries

    assert (found.file.name, found.file.sha256, found.file.size) == ("demo-1.0.tar.gz", None, None)


@pytest.mark.parametrize(
    "data",
    [
        index(mediaType=oci.MANIFEST),
        index(artifactType=None),
        index(artifactType="application/vnd.example"),
        index(annotations={"io.github.pkg-publish-action.layout": "2"}),
        b"{}",
    ],
    ids=["image", "image-index", "artifact", "later-layout", "empty"],
)
def test_a_tag_that_holds_something_else_is_a_conflict(data: bytes) -> None:
    """A container image, another artifact, a layout that we do not know: not ours to change."""
    with pytest.raises(Conflict) as caught:
        VersionIndex.read(data, "demo", "1.0")
    assert caught.value.code == "oci-tag-taken"


@pytest.mark.parametrize("data", [b"", b"[]", index(annotations=["x"]), index(manifests="x"), index("x")], ids=["empty", "list", "notes", "text", "texts"])
def test_a_broken_index_is_refused(data: bytes) -> None:
    """What is no image index at all."""
    with pytest.raises(Integrity):
        VersionIndex.read(data, "demo", "1.0")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from([oci.INDEX, oci.MANIFEST, "sha256:" + "a" * 64, ".tar.gz"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["mediaType", "digest", "size", "platform", "architecture", "annotations"]), inner, max_size=6)
    ),
    max_leaves=20,
)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(("mediaType", "manifests", "annotations"), JSON)))
def test_no_index_breaks_us(found: dict[str, Any]) -> None:
    """Whatever stands in it, it is read or refused, and what is read is written and read again."""
    try:
        read = VersionIndex.read(json.dumps({"artifactType": oci.ARTIFACT, **found}).encode(), "demo", "1.0")
    except PublishError:
        return
    assert VersionIndex.read(read.encode(), "demo", "1.0") == read


def test_an_index_tells_what_the_project_is() -> None:
    """Source, summary and licence, for GHCR's page and its link to the GitHub repository."""
    metadata = b"Metadata-Version: 2.4\nName: demo\nVersion: 1.0\nSummary: " + b"long " * 200 + b"\nLicense-Expression: MIT\n"

    found = annotations_of(metadata, "https://github.com/octo/demo")

    assert found.pop("org.opencontainers.image.description") == ("long " * 200)[:512]
    assert found == {
        "io.github.pkg-publish-action.layout": "1",
        "org.opencontainers.image.source": "https://github.com/octo/demo",
        "org.opencontainers.image.licenses": "MIT",
    }


def test_what_ghcr_would_refuse_is_left_out() -> None:
    """A licence of more than 256 characters, and what nobody knows."""
    assert annotations_of(b"Name: demo\nLicense-Expression: " + b"A OR " * 60 + b"B\n") == {"io.github.pkg-publish-action.layout": "1"}
