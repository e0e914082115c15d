"""The picture of an index in the documentation: `python -m tests.index_picture` makes it of a page as it is served, in headless Chromium.

The digest of the page stands in the picture, so that a test can tell whether the page still is the one that is shown.
"""

from __future__ import annotations

import hashlib
import tempfile
import zlib
from dataclasses import replace
from pathlib import Path

from tests import picture
from tests.test_catalog import Library

from pkg_publish.catalog import Catalog
from pkg_publish.index import Index
from pkg_publish.model import RemoteFile

PICTURE = picture.ROOT / "docs" / "index.png"
SIZE = "980,720"
VERSIONS = {"0.6.0rc1": None, "0.5.1.post1": None, "0.5.1": "wrong kernels for sm90", "0.5.0": None, "0.4.9": None}
"""Each with the reason why it was yanked."""
WORD = b"Page"


def page() -> bytes:
    """A page as a browser on the machine that serves it gets it."""
    files = [
        RemoteFile(name=name, sha256=hashlib.sha256(name.encode()).hexdigest(), size=1000 * len(name) ** 2, requires_python=">=3.10", yanked=yanked)
        for version, yanked in VERSIONS.items()
        for name in (f"sglang-{version}-py3-none-any.whl", f"sglang-{version}.tar.gz")
    ]
    library = Library(*files)
    library.place = replace(library.place, name="oci=ghcr.io/octo")
    index = Index(Catalog([library]), command=["python3", "run.py"])
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/simple/sglang/", "HTTP_HOST": "127.0.0.1:8080", "wsgi.url_scheme": "http"}
    return b"".join(index(environ, lambda *_: None))


def signed(png: bytes, digest: str) -> bytes:
    """The picture with a text in it that says what it shows; the first part of every picture is 25 bytes long."""
    text = WORD + b"\0" + digest.encode()
    part = len(text).to_bytes(4, "big") + b"tEXt" + text + zlib.crc32(b"tEXt" + text).to_bytes(4, "big")
    return png[:33] + part + png[33:]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        picture.show(Path(folder), page().decode(), f"--screenshot={PICTURE}", f"--window-size={SIZE}")
    PICTURE.write_bytes(signed(PICTURE.read_bytes(), hashlib.sha256(page()).hexdigest()))
