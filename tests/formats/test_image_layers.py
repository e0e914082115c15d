"""Layers that are the same whenever they are made."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile

from hypothesis import given
from hypothesis import strategies as st

from pkg_publish.formats.image_layers import Layer, Member, diff_id, write

TIME = 1577836800
PARTS = st.text("abc-. ü", min_size=1, max_size=4).filter(lambda part: part.strip(".") != "")


def made(members: list[Member], time: int = TIME) -> tuple[Layer, bytes]:
    """A layer and its bytes."""
    target = io.BytesIO()
    return write(members, target, time), target.getvalue()


def test_digests_and_size_are_those_of_the_bytes() -> None:
    """Of what is sent, and of the tar in it."""
    layer, data = made([Member.of("app/lib/a.py", b"x"), Member.of("app/bin/a", b"y", runs=True)])

    assert layer.blob.size == len(data)
    assert layer.blob.digest == f"sha256:{hashlib.sha256(data).hexdigest()}"
    assert layer.diff_id == f"sha256:{hashlib.sha256(gzip.decompress(data)).hexdigest()}"


def test_the_gzip_header_tells_nothing() -> None:
    """Neither a name nor a time (RFC 1952)."""
    assert made([])[1][:8] == b"\x1f\x8b\x08\x00\x00\x00\x00\x00"


def test_folders_come_before_what_is_in_them() -> None:
    """With permissions by which everybody can read, and an owner that is nobody's."""
    members = [Member.of("b/c", b"z"), Member.of("a/x", b"y", runs=True)]
    with tarfile.open(fileobj=io.BytesIO(made(members)[1])) as archive:
        found = [(each.name, each.mode, each.isdir(), each.mtime, each.uid, each.gid, each.uname, each.gname) for each in archive]

    same = (TIME, 0, 0, "", "")
    assert found == [("a", 0o755, True, *same), ("a/x", 0o755, False, *same), ("b", 0o755, True, *same), ("b/c", 0o644, False, *same)]


@given(st.dictionaries(st.lists(PARTS, min_size=1, max_size=3).map("/".join), st.binary(max_size=20), max_size=6), st.randoms(use_true_random=False))
def test_the_order_does_not_matter(files: dict[str, bytes], random: object) -> None:
    """Whatever lies there, the same files make the same layer, and come out again."""
    names = {name for name in files if not any(other.startswith(f"{name}/") for other in files)}
    members = [Member.of(name, files[name]) for name in sorted(names)]
    shuffled = list(members)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    layer, data = made(members)

    assert (layer, data) == made(shuffled)
    assert diff_id(shuffled, TIME) == layer.diff_id
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        contents = {each.name: content.read() for each in archive if (content := archive.extractfile(each))}
    assert contents == {name: files[name] for name in names}
