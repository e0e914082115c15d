"""An OCI image layout on disk."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from pkg_publish.clients.layout import Layout
from pkg_publish.errors import Environment, Integrity
from pkg_publish.formats import oci
from pkg_publish.watch import Watch

if TYPE_CHECKING:
    from pathlib import Path

STALLED = """
import sys
from pathlib import Path
from pkg_publish.clients.layout import Layout
from pkg_publish.watch import Watch

class Stalled:
    blocks = [b"half"]

    def read(self, size):
        if self.blocks:
            return self.blocks.pop()
        print("half way", flush=True)
        return sys.stdin.buffer.read()

def stall(data):
    print("half way", flush=True)
    return sys.stdin.buffer.read()

layout = Layout(Path(sys.argv[1]))
if sys.argv[2] == "blob":
    layout.put_stream(Stalled(), "sha256:" + "a" * 64)
else:
    layout.tag("1.0", stall, Watch(60, lambda _: None))
"""


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """A layout of one empty folder."""
    (tmp_path / "demo").mkdir()
    return Layout(tmp_path / "demo")


def watch() -> Watch:
    """A watch that tells nobody."""
    return Watch(30, lambda _: None)


def tag(layout: Layout, name: str, data: bytes) -> None:
    """Point a tag at these bytes."""
    layout.tag(name, lambda _: data, watch())


def state(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Every file with its bytes and the time of its last change."""
    return {str(path): (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.rglob("*") if path.is_file()}


def test_a_tag_leads_to_what_was_stored(layout: Layout) -> None:
    """The three files of the specification are there, and the tag's bytes come back."""
    tag(layout, "1.0", b"one")

    assert layout.tags() == {"1.0": oci.digest_of(b"one")}
    assert layout.manifest(layout.tags()["1.0"]) == b"one"
    assert json.loads((layout.folder / "oci-layout").read_bytes()) == {"imageLayoutVersion": "1.0.0"}
    assert (layout.folder / "blobs" / "sha256" / hashlib.sha256(b"one").hexdigest()).read_bytes() == b"one"


def test_tags_stand_beside_each_other(layout: Layout) -> None:
    """A tag that moves leaves the others where they are."""
    tag(layout, "1.0", b"one")
    tag(layout, "2.0", b"two")
    tag(layout, "1.0", b"another one")

    assert layout.tags() == {"1.0": oci.digest_of(b"another one"), "2.0": oci.digest_of(b"two")}


def test_a_change_sees_what_is_there(layout: Layout) -> None:
    """Nothing the first time, the stored bytes the next."""
    seen: list[bytes | None] = []

    def change(there: bytes | None) -> bytes:
        seen.append(there)
        return b"one"

    for _ in range(2):
        layout.tag("1.0", change, watch())
    assert seen == [None, b"one"]


def test_the_same_bytes_write_nothing(layout: Layout) -> None:
    """No file changes, not even its time."""
    tag(layout, "1.0", b"one")
    before = state(layout.folder)

    tag(layout, "1.0", b"one")
    layout.put(b"one")

    assert state(layout.folder) == before


def test_what_others_list_stays(layout: Layout) -> None:
    """Descriptors without a tag or with annotations of any sort are another program's."""
    strangers: list[dict[str, Any]] = [{"digest": "sha256:" + "b" * 64}, {"annotations": "x"}, {"annotations": {"org.opencontainers.image.ref.name": 1}}]
    (layout.folder / "index.json").write_text(json.dumps({"manifests": strangers}))

    tag(layout, "1.0", b"one")

    listed = json.loads((layout.folder / "index.json").read_bytes())["manifests"]
    assert all(each in listed for each in strangers)
    assert layout.tags() == {"1.0": oci.digest_of(b"one")}


def test_a_tag_without_a_digest_leads_nowhere(layout: Layout) -> None:
    """A path in its place is not followed."""
    stranger = {"digest": "sha256:../../../etc/passwd", "annotations": {"org.opencontainers.image.ref.name": "1.0"}}
    (layout.folder / "index.json").write_text(json.dumps({"manifests": [stranger]}))

    assert layout.tags() == {}


def test_a_folder_that_is_not_there_has_no_tags(tmp_path: Path) -> None:
    """Reading makes nothing."""
    assert Layout(tmp_path / "nowhere").tags() == {}
    assert Layout(tmp_path / "nowhere").manifest(oci.digest_of(b"")) is None
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"manifests": ["x"]}', " " * (oci.MANIFEST_LIMIT + 1)], ids=["empty", "list", "none", "text", "huge"])
def test_a_broken_index_is_no_layout(layout: Layout, text: str) -> None:
    """It is neither read nor replaced."""
    (layout.folder / "index.json").write_text(text)

    with pytest.raises(Integrity):
        layout.tags()
    with pytest.raises(Integrity):
        tag(layout, "1.0", b"one")
    assert (layout.folder / "index.json").read_text() == text


def test_a_damaged_manifest_is_seen(layout: Layout) -> None:
    """Its digest is compared with every reading."""
    digest = layout.put(b"one")
    layout.blob(digest).write_bytes(b"two")

    with pytest.raises(Integrity, match="does not hold what its name says"):
        layout.manifest(digest)


def test_a_damaged_blob_is_written_again(layout: Layout) -> None:
    """What is there already is hashed before it is believed."""
    digest = layout.put(b"one")
    layout.blob(digest).write_bytes(b"two")

    layout.put(b"one")

    assert layout.manifest(digest) == b"one"


def test_other_bytes_than_were_hashed_are_not_kept(layout: Layout) -> None:
    """Nothing is left of them."""
    with pytest.raises(Integrity):
        layout.put_stream(io.BytesIO(b"two"), oci.digest_of(b"one"))
    assert not [path for path in layout.folder.rglob("*") if path.is_file()]


def test_what_the_disk_refuses_is_said(tmp_path: Path) -> None:
    """A file where the folder should be."""
    (tmp_path / "demo").write_text("")
    with pytest.raises(Environment, match="Not a directory"):
        Layout(tmp_path / "demo").put(b"one")


@pytest.mark.parametrize("where", ["blob", "tag"])
def test_a_killed_writer_leaves_a_layout_that_works(layout: Layout, where: str) -> None:
    """Killed in the middle of a blob or while it held the lock: what was there is readable, and the next writer goes on."""
    tag(layout, "0.9", b"old")
    with subprocess.Popen([sys.executable, "-c", STALLED, layout.folder, where], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        assert writer.stdout
        assert writer.stdout.readline() == b"half way\n"
        writer.kill()

    assert layout.tags() == {"0.9": oci.digest_of(b"old")}
    tag(layout, "1.0", b"new")
    assert layout.tags() == {"0.9": oci.digest_of(b"old"), "1.0": oci.digest_of(b"new")}


def test_a_writer_that_was_killed_at_its_first_step_is_healed(layout: Layout) -> None:
    """The marker is there, and empty."""
    (layout.folder / "oci-layout").touch()

    tag(layout, "1.0", b"one")

    assert json.loads((layout.folder / "oci-layout").read_bytes()) == {"imageLayoutVersion": "1.0.0"}
