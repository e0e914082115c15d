"""The form of the upload API, as twine fills it in, on its way as a stream. Imported when something is uploaded, for it brings twine."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from packaging.metadata import parse_email
from packaging.version import InvalidVersion, Version
from twine.package import DIST_TYPES, PackageFile
from urllib3 import encode_multipart_formdata

from pkg_publish.model import Filetype

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from packaging.metadata import RawMetadata

    from pkg_publish.clients.request import Content
    from pkg_publish.model import Distribution
    from pkg_publish.watch import Watch

FILETYPES = {Filetype.WHEEL: "bdist_wheel", Filetype.SDIST: "sdist"}


class _Hashed(PackageFile):
    """twine's view of a distribution that was read and hashed by us: twine would do both again."""

    def __init__(self, distribution: Distribution) -> None:
        filetype = FILETYPES[distribution.filetype]
        super().__init__(os.devnull, None, _metadata(distribution.metadata), DIST_TYPES[filetype](str(distribution.path)).py_version, filetype)
        self.sha2_digest = distribution.sha256
        self.blake2_256_digest = None  # nobody needs it beside sha256


def _metadata(text: bytes) -> RawMetadata:
    """The fields that twine would send; what a newer specification has added is left out, and its judgement left to the index."""
    fields, _ = parse_email(text)
    try:
        old = Version(fields.get("metadata_version", "0")) < Version("2.4")
    except InvalidVersion:
        old = False
    if old:  # setuptools wrote the field before it was specified, and indexes refuse it there
        fields.pop("license_files", None)
    return fields


def fields(distribution: Distribution) -> list[tuple[str, str]]:
    """All of the form but the file itself."""
    filled: Mapping[str, object] = _Hashed(distribution).metadata_dictionary()
    return [*((key, each) for key, value in filled.items() for each in _values(key, value)), (":action", "file_upload"), ("protocol_version", "1")]


def _values(key: str, value: object) -> list[str]:
    """The values of one field, as warehouse reads them."""
    match value:
        case dict():
            return [f"{name}, {url}" for name, url in value.items()]
        case list() if key == "keywords":
            return [", ".join(value)]
        case list():
            return value
        case _:
            return [str(value)]


class Form:
    """A form and the file at its end."""

    def __init__(self, distribution: Distribution, attestations: str = "") -> None:
        self._distribution = distribution
        attested = [("attestations", attestations)] if attestations else []
        empty = ("content", (distribution.name, b"", "application/octet-stream"))
        whole, self.content_type = encode_multipart_formdata([*fields(distribution), *attested, empty])
        self._tail = f"\r\n--{self.content_type.partition('boundary=')[2]}--\r\n".encode()
        self._head = whole.removesuffix(self._tail)

    @contextmanager
    def opened(self, watch: Watch) -> Iterator[Content]:
        """The form for one try; the file is opened anew, and must be the one that was hashed."""
        with self._distribution.open() as file:
            yield Joined(self._head, watch.body(self._distribution.name, file), self._tail)


class Joined:
    """A stream between two pieces of memory."""

    def __init__(self, head: bytes, stream: Content, tail: bytes) -> None:
        self._length = len(head) + len(stream) + len(tail)
        self._blocks = self._read(head, stream, tail)
        self._size = 0

    def __len__(self) -> int:
        return self._length

    def read(self, size: int = -1) -> bytes:
        """Return the next block: of the stream at most so many bytes, a piece of memory whole; at the end an empty one."""
        self._size = size
        return next(self._blocks, b"")

    def _read(self, head: bytes, stream: Content, tail: bytes) -> Iterator[bytes]:
        yield head
        while block := stream.read(self._size):
            yield block
        yield tail
