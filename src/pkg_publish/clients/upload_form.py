"""The form of the upload API, as twine fills it in, on its way as a stream. Imported when something is uploaded, for it brings twine."""

from __future__ import annotations

import os
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from packaging.metadata import parse_email
from packaging.version import Version
from twine.package import DIST_TYPES, PackageFile
from urllib3 import encode_multipart_formdata

from pkg_publish.formats import foreign
from pkg_publish.model import Filetype

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import BinaryIO

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
        self.sha2_digest = self.blake2_256_digest = None  # ours follows the file, and nobody needs another beside it


def _metadata(text: bytes) -> RawMetadata:
    """The fields that twine would send; what a newer specification has added is left out, and its judgement left to the index."""
    fields, _ = parse_email(text)
    said = foreign.version(fields.get("metadata_version", "0"))
    if said and said < Version("2.4"):  # setuptools wrote the field before it was specified, and indexes refuse it there
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
    """A form, its file, and last the digest, which may still be made while the file is on its way: as `setup.py upload` sent it for twenty years."""

    def __init__(self, distribution: Distribution, attestations: str = "") -> None:
        self._distribution = distribution
        attested = [("attestations", attestations)] if attestations else []
        empty = ("content", (distribution.name, b"", "application/octet-stream"))
        whole, self.content_type = encode_multipart_formdata([*fields(distribution), *attested, empty])
        self._boundary = self.content_type.partition("boundary=")[2]
        self._head = whole.removesuffix(f"\r\n--{self._boundary}--\r\n".encode())

    @contextmanager
    def opened(self, watch: Watch) -> Iterator[Content]:
        """The form for one try; the file is opened anew, and must be the one that was hashed."""
        with self._distribution.open() as file:
            yield Joined(self._head, watch.body(self._distribution.name, file), partial(self._tail, file), len(self._end("0" * 64)))

    def _tail(self, file: BinaryIO) -> bytes:
        """What follows the file, if it is still the one that was hashed; raises `Integrity`."""
        self._distribution.compare(file)
        return self._end(str(self._distribution.sha256))

    def _end(self, digest: str) -> bytes:
        field = f'--{self._boundary}\r\nContent-Disposition: form-data; name="sha256_digest"\r\n\r\n{digest}'
        return f"\r\n{field}\r\n--{self._boundary}--\r\n".encode()


class Joined:
    """A stream between two pieces of memory, of which the last is asked for at the end."""

    def __init__(self, head: bytes, stream: Content, tail: Callable[[], bytes], tail_size: int) -> None:
        self._length = len(head) + len(stream) + tail_size
        self._blocks = self._read(head, stream, tail)
        self._size = 0

    def __len__(self) -> int:
        return self._length

    def read(self, size: int = -1) -> bytes:
        """Return the next block: of the stream at most so many bytes, a piece of memory whole with the block beside it; at the end an empty one."""
        self._size = size
        return next(self._blocks, b"")

    def _read(self, head: bytes, stream: Content, tail: Callable[[], bytes]) -> Iterator[bytes]:
        left = len(stream)
        while block := stream.read(self._size):
            left -= len(block)
            yield head + block + (b"" if left else tail())
            head = b""
        yield tail() if left else b""  # a file that became shorter is told there
