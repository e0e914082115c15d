"""How the user wants a release at GitHub to be: the options of `github-release`, read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.version import Version

from pkg_publish.clients.github_refusals import BUILD_ONCE
from pkg_publish.errors import ConfigError
from pkg_publish.formats.github_release import Wish
from pkg_publish.formats.target_yaml import target_yaml

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

LONGEST_NOTES = 100_000
"""Letters: GitHub takes some more."""

NO_TAG = re.compile(r"[\s~^:?*\[\\\x00-\x1f\x7f]|\.\.|@\{|//|/\.|^[-/.]|[/.]$|\.lock$")
"""What no tag of git has (git-check-ref-format)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """For all versions."""

    tag: str
    """Empty: `v` and the version."""
    fixed: bool
    """Somebody asked for this tag."""
    draft: bool
    prerelease: str
    latest: str
    """Each `true`, `false` or `auto`."""
    name: str
    notes: str
    """`generate`, `none`, or a path below `folder`."""
    patterns: Sequence[str]
    """Of extra files, below `folder`."""
    checksums: str
    """The name of the file; empty: none."""
    folder: Path

    @classmethod
    def read(cls, options: Mapping[str, str], folder: Path, tag: str, *, many: bool = False) -> Wishes:
        """Take the tag that triggered the run, or none; raises `ConfigError` for what nobody can wish, or not in one of `many` jobs."""
        sums = options.get("checksums", "")
        wishes = cls(
            tag=options.get("tag") or tag,
            fixed=bool(options.get("tag")),
            draft=_word(options, "draft", "false", "true") == "true",
            prerelease=_word(options, "prerelease", "auto", "true", "false"),
            latest=_word(options, "latest", "auto", "true", "false"),
            name=options.get("name", ""),
            notes=options.get("notes") or "generate",
            patterns=[line.strip() for line in options.get("extra-files", "").splitlines() if line.strip()],
            checksums={"true": "SHA256SUMS", "false": ""}.get(sums.lower(), sums),
            folder=folder,
        )
        if NO_TAG.search(options.get("tag", "")):
            raise odd(options, "tag", "v1.0")
        if wishes.checksums and many:
            raise ConfigError(
                "checksums of github-release is asked for in one of several jobs, and none of them has the files of all",
                code="target-option",
                cure="Let the jobs build, and one job that needs them publish all files.",
                paste=BUILD_ONCE,
            )
        if wishes.prerelease == wishes.latest == "true":
            raise ConfigError("github-release cannot make a pre-release the latest release", code="target-option", cure="Leave one of the two out.")
        return wishes

    def tag_of(self, version: str) -> str:
        """The tag of a version."""
        return self.tag or f"v{version}"

    def wish(self, project: str, version: str, commit: str) -> Wish:
        """Those for one version (names normalised); raises `ConfigError` when its notes cannot be read."""
        tag = self.tag_of(version)
        return Wish(
            project=project,
            version=version,
            tag=tag,
            fixed=self.fixed,
            commit=commit,
            name=self.name or tag,
            notes=None if self.notes == "generate" else "" if self.notes == "none" else self._text(),
            draft=self.draft,
            prerelease=self.prerelease == "true" or (self.prerelease == "auto" and Version(version).is_prerelease),
            latest=self.latest,
        )

    def _text(self) -> str:
        what = f"the notes {self.notes[:200]!r} of github-release"
        try:
            text = (self.folder / self.notes).read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            cure = "Write `generate`, `none`, or the path of a file of text, relative to the folder the command runs in."
            raise ConfigError(f"{what} cannot be read", code="release-notes", cure=cure) from error
        if len(text) > LONGEST_NOTES:
            raise ConfigError(f"{what} are longer than GitHub takes", code="release-notes", cure="Shorten them, or link to the rest.")
        return text


def _word(options: Mapping[str, str], option: str, *words: str) -> str:
    """The value of an option that is one of a few; the first when it is not given."""
    value = (options.get(option) or words[0]).lower()
    if value not in words:
        raise odd(options, option, *words)
    return value


def odd(options: Mapping[str, str], option: str, *words: str) -> ConfigError:
    """What is wrong with an option, and what could stand there."""
    return ConfigError(
        f"{option} of github-release cannot be {options[option][:80]!r}",
        code="target-option",
        cure=f"Write {' or '.join(words)}.",
        paste=target_yaml("github-release", {**options, option: words[0]}),
    )
