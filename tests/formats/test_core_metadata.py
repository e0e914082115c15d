"""Core metadata, as far as we must understand it."""

from __future__ import annotations

import pytest

from pkg_publish.formats import core_metadata
from pkg_publish.formats.core_metadata import BadMetadata

SOUND = b"Metadata-Version: 2.1\nName: De.Mo\nVersion: 1.0-RC1\n"


def test_project_and_version_are_normalised() -> None:
    """As the specifications want them."""
    said = core_metadata.read(SOUND)

    assert (said.project, said.version, said.requires_python, said.is_newer) == ("de-mo", "1.0rc1", None, False)


def test_the_pythons_it_requires_are_one_line() -> None:
    """A header may be folded."""
    assert core_metadata.read(SOUND + b"Requires-Python: >=3.8,\n  <4\n\nbody").requires_python == ">=3.8, <4"


def test_a_body_is_no_header() -> None:
    """A description may speak of names."""
    assert core_metadata.read(SOUND + b"\nName: other\n").project == "de-mo"


def test_newer_metadata_is_read() -> None:
    """Its name and version mean the same."""
    assert core_metadata.read(SOUND.replace(b"2.1", b"9.9")).is_newer
    assert not core_metadata.read(SOUND.replace(b"2.1", b"2.5")).is_newer


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "has 0 lines 'Name'"),
        (SOUND + b"Name: other\n", "has 2 lines 'Name'"),
        (SOUND + b"Version: 2\n", "has 2 lines 'Version'"),
        (SOUND.replace(b"Metadata-Version", b"Metadata"), "has 0 lines 'Metadata-Version'"),
        (SOUND.replace(b"De.Mo", b"de mo"), "names no project and version"),
        (SOUND.replace(b"1.0", b"one"), "names no project and version"),
        (SOUND.replace(b"De.Mo", b"\xff\xfe"), "names no project and version"),
        (SOUND.replace(b"1.0-", b"1" * 5000), "names no project and version"),
        (SOUND.replace(b"De.Mo", b"a" * 5000), "more than 255 letters"),
        (SOUND + b"Classifier: x\n" * 10_000, "more than 10,000 lines"),
        (SOUND + b"".join(b"A%d:\n" % number for number in range(200)), "more than 200 kinds"),
        (SOUND + b"Description-Content-Type: text/plain" + b"; " * 500, "more than 1,000 letters"),
        (SOUND + b"Requires-Dist: a; " + b"(" * 500, "more than 100 brackets"),
    ],
)
def test_metadata_that_names_nobody_is_refused(data: bytes, why: str) -> None:
    """One name, one version, or none at all; and nothing that costs other readers minutes, or their stack."""
    with pytest.raises(BadMetadata, match=why):
        core_metadata.read(data)
