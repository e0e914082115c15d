"""The core metadata of a distribution, as far as we must understand it: whose it is, and which Pythons may have it."""

from __future__ import annotations

from dataclasses import dataclass
from email import policy
from email.parser import BytesParser
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name
from packaging.version import Version

from pkg_publish.formats.foreign import LONGEST

if TYPE_CHECKING:
    from email.message import Message

LIMIT = 1 << 20
"""Bytes: a longer one is a bomb, not a description."""

MOST, MOST_KINDS = 10_000, 200
"""Headers, and names of headers: `packaging` goes through all headers for each name."""

KNOWN = {"1.0", "1.1", "1.2", "2.1", "2.2", "2.3", "2.4"}
"""Versions that every `packaging` knows that we take: what else there is, it is asked, and to import it takes time."""

LONGEST_TYPE = 1000
"""Letters of the description's type, which `email` reads in quadratic time."""

DEEPEST = 100
"""Brackets in a requirement, which `packaging` reads one in another until Python gives up."""


class BadMetadata(Exception):
    """The text names no project and version: why, as the end of a sentence that begins with its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoreMetadata:
    """Whose a distribution is, as it says itself."""

    project: str
    """Normalised name (PEP 503)."""
    version: str
    """Normalised version (PEP 440)."""
    metadata_version: str
    requires_python: str | None
    """As written, on one line; its meaning is judged by those who install."""

    @property
    def is_newer(self) -> bool:
        """Whether it is of a version that `packaging` does not know: readers take what they know of it."""
        if self.metadata_version in KNOWN:
            return False
        from packaging.metadata import Metadata

        try:
            Metadata.from_raw({"metadata_version": self.metadata_version, "name": "any", "version": "1"})
        except ExceptionGroup:
            return True
        return False


def read(data: bytes) -> CoreMetadata:
    """Read `METADATA` or `PKG-INFO`; raises `BadMetadata`."""
    headers = BytesParser(policy=policy.compat32).parsebytes(data[:LIMIT], headersonly=True)
    _check_cost(headers)

    def one(name: str) -> str:
        values = headers.get_all(name, [])
        if len(values) != 1:
            raise BadMetadata(f"has {len(values)} lines {name!r}, and must have one")
        return str(values[0]).strip()

    try:
        project, version = canonicalize_name(one("Name"), validate=True), str(Version(one("Version")))
    except ValueError as error:  # the library's own kinds of it, and numbers that Python refuses to read
        raise BadMetadata(f"names no project and version: {str(error)[:200]}") from error
    if len(project) + len(version) > LONGEST:
        raise BadMetadata(f"names a project and version of more than {LONGEST} letters, which no file name could hold")
    requires = headers.get("Requires-Python")
    return CoreMetadata(
        project=project,
        version=version,
        metadata_version=one("Metadata-Version"),
        requires_python=None if requires is None else " ".join(str(requires).split()),
    )


def _check_cost(headers: Message) -> None:
    """Refuse what costs those who read all of it minutes, or their stack: nobody honest needs so much; raises `BadMetadata`."""
    if len(headers) > MOST or len({name.lower() for name in headers}) > MOST_KINDS:
        raise BadMetadata(f"has more than {MOST:,} lines, or more than {MOST_KINDS} kinds of them")
    if any(len(str(each)) > LONGEST_TYPE for each in headers.get_all("Description-Content-Type", [])):
        raise BadMetadata(f"has a Description-Content-Type of more than {LONGEST_TYPE:,} letters")
    if any(str(each).count("(") > DEEPEST for each in headers.get_all("Requires-Dist", [])):
        raise BadMetadata(f"has a requirement with more than {DEEPEST} brackets")
