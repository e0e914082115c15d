"""What PyPI refuses in a file or its metadata, as far as that is known without asking it (warehouse, `forklift/legacy.py` and `forklift/metadata.py`)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from packaging.metadata import Metadata, parse_email
from packaging.utils import parse_wheel_filename

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LARGEST = 100 << 20
"""Bytes of a file, where PyPI has not raised the limit for a project."""

LONGEST_SUMMARY, LONGEST_LABEL = 512, 32
"""Letters."""

PLATFORM = re.compile(
    r"any|win32|win_(amd64|arm64)|linux_armv[67]l|manylinux(1|2010|2014|_\d+_\d+)_\w+|musllinux_\d+_\d+_\w+|macosx_\d+_\d+_\w+"
    r"|ios_\d+_\d+_\w+|android_\d+_\w+|(pyodide|pyemscripten|emscripten)_\w+"
)
"""Platforms of wheels that it takes; a plain `linux_x86_64` runs on the machine that built it."""


def of_file(name: str, size: int, metadata: bytes) -> Iterator[str]:
    """Yield what is wrong with a distribution, a clause each; that it is well-formed was seen before."""
    if size > LARGEST:
        yield f"it has {size} bytes, and PyPI takes {LARGEST} unless it has raised the limit of this project"
    if name.endswith(".whl"):
        platforms = sorted({tag.platform for tag in parse_wheel_filename(name)[3]})
        for each in platforms:
            if not PLATFORM.fullmatch(each):
                yield f"its platform is {each}: repair it with auditwheel, or build it in a manylinux image"
    try:
        found = Metadata.from_email(metadata, validate=True)
    except ExceptionGroup as several:
        yield from _messages(several)
    else:
        yield from _of_metadata(found)


def of_project(project: Mapping[str, Any]) -> Iterator[str]:
    """Yield what will be wrong with the metadata that the table `project` of a `pyproject.toml` promises; what is dynamic is not judged."""
    raw: dict[str, Any] = {"metadata_version": "2.4", "name": project.get("name"), "version": project.get("version", "0")}
    fields = {
        "description": "summary",
        "dependencies": "requires_dist",
        "classifiers": "classifiers",
        "requires-python": "requires_python",
        "urls": "project_urls",
    }
    raw |= {name: project[key] for key, name in fields.items() if project.get(key)}
    try:
        found = Metadata.from_raw(raw, validate=True)  # type: ignore[arg-type]  # as the user wrote it
        yield from _of_metadata(found)
    except ExceptionGroup as several:
        yield from _messages(several)
    except (TypeError, AttributeError, ValueError, RecursionError):
        yield "the table project of pyproject.toml has values of the wrong kind, or a requirement nested too deeply"


def is_rendered(metadata: bytes) -> bool:
    """Whether PyPI renders the description and refuses one that it cannot: reStructuredText, which is also what it takes an unnamed kind for."""
    found, _ = parse_email(metadata)
    return bool(found.get("description")) and found.get("description_content_type", "text/x-rst").startswith("text/x-rst")


def _messages(several: ExceptionGroup[Exception]) -> Iterator[str]:
    """One for each field."""
    for each in several.exceptions:
        yield str(each)[:300]


def _of_metadata(found: Metadata) -> Iterator[str]:
    """What PyPI asks beyond the specification."""
    if found.version.local:
        yield f"{found.version} is a local version, and PyPI takes none"
    if len(found.summary or "") > LONGEST_SUMMARY:
        yield f"its summary is longer than {LONGEST_SUMMARY} letters"
    for requirement in found.requires_dist or ():
        if requirement.url:
            yield f"it depends on the address of {requirement.name}: PyPI takes names and versions only"
    for label in found.project_urls or {}:
        if not 0 < len(label) <= LONGEST_LABEL:
            yield f"the label {label[:80]!r} of one of its links must have 1 to {LONGEST_LABEL} letters"
    for classifier in found.classifiers or ():
        if classifier.lower().startswith("private ::"):
            yield f"its classifier {classifier[:80]!r} asks PyPI to refuse it"
