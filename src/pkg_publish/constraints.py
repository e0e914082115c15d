"""Files of constraints, read before an installer does: they bound versions, and what else could stand in them leads past our index."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement

from pkg_publish.clients.disk import disk
from pkg_publish.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_HASH = re.compile(r"--hash=\w+:[0-9a-fA-F]+")
_COMMENT = re.compile(r"(^|\s)#.*")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
_CONTINUES, _EXPANDS = "\\", "${"


def check_files(named: str, here: Path) -> None:
    """Check the files that a setting names, of which a relative one begins at `here`; one that is not there is left to the installer.

    Raises `ConfigError` for an address, and for a file that holds anything but requirements of names and versions.
    """
    for each in named.split():
        path = here / each
        if _SCHEME.match(each) or (_CONTINUES in each and not path.is_file()):
            raise _leads_away(f"the constraints {each[:200].rpartition('@')[2]!r} are no file on this machine")
        with disk(f"reading {path}"):
            data = path.read_bytes() if path.is_file() else b""
        for line in _lines(data.decode("utf-8", "replace")):
            check_line(line, str(path))


def check_line(line: str, where: str) -> None:
    """Check one requirement; raises `ConfigError` for any other option than a hash, for an address, and for what is no requirement."""
    words = [word for word in line.split() if not _HASH.fullmatch(word)]
    try:
        sound = Requirement(" ".join(words)).url is None and not any(word.startswith("-") for word in words) and _EXPANDS not in line
    except InvalidRequirement:
        sound = False
    if not sound:
        raise _leads_away(f"the constraints in {where} hold a line that bounds no version")


def _lines(text: str) -> Iterator[str]:
    """Lines without comments, joined where one continues, as strictly as any installer that reads them."""
    held = ""
    for line in text.removeprefix("\ufeff").splitlines():
        held += _COMMENT.sub("", line)
        if held.endswith(_CONTINUES):
            held = held[:-1]
        else:
            yield from filter(str.strip, [held])
            held = ""
    yield from filter(str.strip, [held])


def _leads_away(what: str) -> ConfigError:
    return ConfigError(
        f"{what}, and could supply what was published to the places that were named",
        code="constraints-name-index",
        cure="Keep only names with versions in a file of constraints; name an index with --upstream, or in the installer's own settings.",
    )
