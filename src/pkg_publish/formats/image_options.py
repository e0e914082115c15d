"""What the options of an image say, as values; every mistake is a `ConfigError`."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.utils import InvalidName, canonicalize_name

from pkg_publish.errors import ConfigError
from pkg_publish.formats.image import PLATFORMS, Reference
from pkg_publish.formats.image_layers import GZIP, LAYERS, ZSTD, can_pack

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pkg_publish.formats.image import Platform

BASE = "python:3.13-slim"
VERSION, LATEST, COMMIT = "version", "latest", "commit"
"""Tags that have a meaning."""

PYTHON_3_14 = """- uses: actions/setup-python@a309ff8b426b58ec0e2a45f0f869d46889d02405 # v6.2.0
  with:
    python-version: "3.14\""""

_USER = re.compile(r"\w[\w.-]*(?::\w[\w.-]*)?", re.ASCII)
_TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What somebody wants an image to be."""

    base: Reference
    platforms: Sequence[Platform]
    entrypoint: Sequence[str]
    """Empty: the project's only program."""
    extras: str
    """`[a,b]`, or empty."""
    tags: Sequence[str]
    """Beside the version's."""
    labels: Mapping[str, str]
    user: str
    compression: str

    @classmethod
    def read(cls, options: Mapping[str, str]) -> Wishes:
        """Read the options of a target; raises `ConfigError`."""
        base = options.get("base") or BASE
        if not (reference := Reference.read(base)):
            raise _odd("base", base, "Write it as `docker pull` takes it.", BASE)
        return cls(
            base=reference,
            platforms=tuple(_platform(each) for each in _words(options.get("platforms")) or PLATFORMS),
            entrypoint=_command(options.get("entrypoint", "")),
            extras=_extras(_words(options.get("extras"))),
            tags=tuple(_tag(each) for each in _words(options.get("tags")) or (COMMIT, LATEST)),
            labels=dict(_label(line) for line in options.get("labels", "").splitlines()),
            user=_user(options.get("user", "")),
            compression=_compression(options.get("compression") or GZIP),
        )

    def moving(self, *, commit: str, prerelease: bool) -> list[str]:
        """The tags beside that of the version; `latest` comes last, and never for a pre-release."""
        found = [commit if each == COMMIT else each for each in self.tags if each not in {VERSION, LATEST}]
        return [*filter(None, dict.fromkeys(found)), *([LATEST] if LATEST in self.tags and not prerelease else [])]


def _words(text: str | None) -> list[str]:
    return list(dict.fromkeys(re.findall(r"[^\s,]+", text or "")))


def _command(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as error:
        raise _odd("entrypoint", text, "Write it as in a shell, every quote closed.", "demo --port 80") from error


def _platform(word: str) -> Platform:
    if word in PLATFORMS:
        return PLATFORMS[word]
    raise _odd("platforms", word, f"Known are {' and '.join(PLATFORMS)}.", ", ".join(PLATFORMS))


def _extras(words: Sequence[str]) -> str:
    try:
        names = sorted(canonicalize_name(each, validate=True) for each in words)
    except InvalidName as error:
        raise _odd("extras", ", ".join(words), "Write the names of extras of the project, with commas.", "cli, fast") from error
    return f"[{','.join(names)}]" if names else ""


def _tag(word: str) -> str:
    if _TAG.fullmatch(word):
        return word
    raise _odd("tags", word, "A tag has letters, digits, `_`, `.` and `-`; `version`, `latest` and `commit` have a meaning.", "version, latest, commit")


def _label(line: str) -> tuple[str, str]:
    name, equals, value = line.partition("=")
    if name.strip() and equals:
        return name.strip(), value.strip()
    raise _odd("labels", line, "Write one `name=value` a line.", "org.opencontainers.image.vendor=Octo")


def _user(text: str) -> str:
    if not text or _USER.fullmatch(text):
        return text
    raise _odd("user", text, "Write a number or a name, and a group behind a colon if you like.", '"1000:1000"')


def _compression(word: str) -> str:
    if can_pack(word):
        return word
    if word == ZSTD:
        cure, paste = "Run it with Python 3.14, or leave the option out: every registry and engine takes gzip.", PYTHON_3_14
        raise ConfigError("layers packed with zstd need a Python that has it, and this one does not", code="image-zstd", cure=cure, paste=paste)
    raise _odd("compression", word, f"Known are {' and '.join(LAYERS)}.", GZIP)


def _odd(option: str, value: str, cure: str, example: str) -> ConfigError:
    paste = f"targets: |\n  - container-image:\n      {option}: {example}"
    return ConfigError(f"{option} of container-image is {value[:200]!r}", code="image-option", cure=cure, paste=paste)
