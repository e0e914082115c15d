"""The form, held against twine's own."""

from __future__ import annotations

import email.parser
import email.policy
import hashlib
import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests import factory
from tests.clients.stand import Run
from twine.package import PackageFile
from twine.repository import Repository

from pkg_publish.clients.upload_form import Form, fields
from pkg_publish.errors import Integrity
from pkg_publish.watch import Sent

if TYPE_CHECKING:
    from pathlib import Path

    from pkg_publish.model import Distribution

RICH = """Metadata-Version: {version}
Name: Demo.Project_x
Version: 1.0
Summary: Ein Prüfstück, mit "Zeichen"
Keywords: one,two three
Home-page: https://example.org/
Author: A B
Author-email: "A B" <a@example.org>
License-File: LICENSE
License-File: AUTHORS
Classifier: Programming Language :: Python
Classifier: Topic :: Software Development
Project-URL: Docs, https://example.org/docs
Project-URL: Source, https://example.org/source
Requires-Dist: requests>=2
Requires-Dist: rich; extra == "x"
Provides-Extra: x
Requires-Python: >=3.8
Platform: any
Dynamic: Summary
Description-Content-Type: text/markdown

# Demo

Zeilen in UTF-8: ä € 😀
"""


def with_metadata(path: Path, metadata: str) -> Distribution:
    """A distribution with other metadata, in its archive and out."""
    made = factory.distribution(path, "demo", "1.0")
    return replace(made, metadata=metadata.encode())


def twines(path: Path, metadata: bytes, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What twine would send for a file that has this metadata."""
    for reader in ("twine.wheel.Wheel.read", "twine.sdist.TarGzSDist.read"):
        monkeypatch.setattr(reader, lambda _: metadata)
    data = PackageFile.from_filename(str(path), comment=None).metadata_dictionary()
    made = Repository._convert_metadata_to_list_of_tuples(data)
    return [*((name, value) for name, value in made if not name.endswith("_digest")), (":action", "file_upload"), ("protocol_version", "1")]


@pytest.mark.parametrize("version", ["2.2", "2.4"])
@pytest.mark.parametrize("make", [factory.wheel, factory.sdist], ids=["wheel", "sdist"])
def test_fields_are_twines(make: object, version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them, in their order; but the digests, of which one follows the file."""
    path = make(tmp_path, "demo", "1.0")  # type: ignore[operator]
    metadata = RICH.format(version=version)

    ours = fields(with_metadata(path, metadata))

    assert ours == twines(path, metadata.encode(), monkeypatch)
    assert ("license_file", "LICENSE") in ours or version == "2.2"


@pytest.mark.parametrize("version", ["9.9", "newest", "2." + "1" * 5000], ids=lambda version: version[:10])
def test_newer_metadata_is_sent_as_far_as_it_is_known(version: str, tmp_path: Path) -> None:
    """A field nobody here knows is left out, and the index judges the rest."""
    text = f"Metadata-Version: {version}\nName: demo\nVersion: 1.0\nNew-Field: x\n"

    sent = dict(fields(with_metadata(factory.wheel(tmp_path), text)))

    assert (sent["metadata_version"], sent["name"], sent["version"]) == (version, "demo", "1.0")
    assert "x" not in sent.values()


def test_the_body_is_the_form_and_the_file(tmp_path: Path) -> None:
    """As a multipart reader sees it; its length is known beforehand, and every block of the file is told."""
    path, run = factory.wheel(tmp_path, content=os.urandom(300_000)), Run()
    form = Form(factory.distribution(path, "demo", "1.0"))

    with form.opened(run.watch) as body:
        data = b"".join(iter(lambda: body.read(100_000), b""))
        assert len(body) == len(data)

    parsed = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(f"Content-Type: {form.content_type}\n\n".encode() + data)
    *_, file, digest = parsed.iter_parts()
    assert (file["content-disposition"].params["name"], file.get_filename()) == ("content", path.name)
    assert file.get_content() == path.read_bytes()
    assert (digest["content-disposition"].params["name"], digest.get_content()) == ("sha256_digest", hashlib.sha256(path.read_bytes()).hexdigest())
    assert sum(event.size for event in run.told if isinstance(event, Sent)) == path.stat().st_size


def test_another_file_by_now_is_not_opened(tmp_path: Path) -> None:
    """What is sent is what was hashed."""
    path = factory.wheel(tmp_path)
    form = Form(factory.distribution(path, "demo", "1.0"))
    os.utime(path, (1, 1))

    with pytest.raises(Integrity), form.opened(Run().watch):
        pass


@pytest.mark.parametrize("size", [0, 200_000])
def test_a_file_that_changes_on_its_way_is_not_finished(size: int, tmp_path: Path) -> None:
    """Shorter or as long: its digest, without which no index takes it, is never sent."""
    path = factory.wheel(tmp_path, content=os.urandom(200_000))
    form = Form(factory.distribution(path, "demo", "1.0"))

    with form.opened(Run().watch) as body:
        body.read(1000)
        os.truncate(path, size)
        with pytest.raises(Integrity):
            list(iter(lambda: body.read(100_000), b""))
