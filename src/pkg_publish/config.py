"""Every input, stated once: the action's inputs, the flags and the table in the README come from here."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pkg_publish import grammar
from pkg_publish.errors import ConfigError, Failure, Mistakes
from pkg_publish.plan import FALL_BACK_ON, Strategy
from pkg_publish.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pkg_publish.errors import PublishError
    from pkg_publish.targets.base import TargetSpec

Word = TypeVar("Word", bound=StrEnum)


class BuildMode(StrEnum):
    """When to build."""

    AUTO = "auto"  # unless dist-dir is given and holds distributions
    ALWAYS = "always"
    NEVER = "never"


class OnConflict(StrEnum):
    """What other bytes under one of our names mean."""

    FAIL = "fail"
    KEEP = "keep"


class Verify(StrEnum):
    """What proves a success."""

    DIGEST = "digest"  # read back and compare
    INSTALL = "install"  # also install it from there, and import it


class CheckTag(StrEnum):
    """Whether the version must match the tag."""

    AUTO = "auto"  # on tag and release events
    TRUE = "true"
    FALSE = "false"


class Format(StrEnum):
    """What to build."""

    WHEEL = "wheel"
    SDIST = "sdist"


def _mistake(name: str, text: str, cure: str, paste: str) -> ConfigError:
    return ConfigError(f"the input {name} cannot be {text[:80]!r}", code="input-value", cure=cure, paste=f"with:\n  {name}: {paste}")


def _boolean(name: str, text: str) -> bool:
    if text.lower() in {"true", "false"}:
        return text.lower() == "true"
    raise _mistake(name, text, "Write true or false.", "true")


def _one_of(words: type[Word]) -> Callable[[str, str], Word]:
    def read(name: str, text: str) -> Word:
        try:
            return words(text.lower())
        except ValueError:
            raise _mistake(name, text, grammar.nearest(text, words), grammar.near(text, words) or next(iter(words))) from None

    return read


def _several_of(words: type[Word], *, known: frozenset[Word] | None = None) -> Callable[[str, str], tuple[Word, ...]]:
    allowed = [word for word in words if known is None or word in known]

    def read(name: str, text: str) -> tuple[Word, ...]:
        found = [word.lower() for word in re.split(r"[,\s]+", text) if word]
        for word in found:
            if word not in allowed:
                raise _mistake(name, word, grammar.nearest(word, allowed), ", ".join(allowed))
        return tuple(words(word) for word in dict.fromkeys(found))

    return read


def _names(name: str, text: str) -> tuple[str, ...]:
    found = [word for word in re.split(r"[,\s]+", text) if word]
    for word in found:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", word):
            raise _mistake(name, word, "Write names of environment variables.", "MY_FLAG, MY_OTHER_FLAG")
    return tuple(found)


def _folder(name: str, text: str) -> Path:
    if text.isprintable():
        return Path(text)
    raise _mistake(name, text, "A path has no control characters.", "python")


def _maybe_folder(name: str, text: str) -> Path | None:
    return _folder(name, text) if text else None


def _duration(name: str, text: str) -> float:
    found = re.fullmatch(r"(?:(\d{1,4})h)?\s*(?:(\d{1,5})m)?\s*(?:(\d{1,6})s?)?", text.strip())
    hours, minutes, seconds = (int(part or 0) for part in found.groups()) if found else (0, 0, 0)
    if total := hours * 3600 + minutes * 60 + seconds:
        return float(total)
    raise _mistake(name, text, "Write a time as 90s, 15m or 1h30m.", "15m")


def _targets(name: str, text: str) -> tuple[TargetSpec, ...]:
    del name
    specs, mistakes = grammar.parse(text)
    Mistakes.raise_any(mistakes)
    return tuple(specs)


def _token(name: str, text: str) -> Secret:
    if value := text.strip():
        if not value.isascii() or not value.isprintable() or " " in value:
            what, cure = f"the input {name} has characters that no token has", "Set the secret again: a line break or a blank may have slipped in."
            raise ConfigError(what, code="secret-is-odd", cure=cure)
        return Secret(value)
    paste = f"with:\n  {name}: ${{{{ secrets.{name.upper().replace('-', '_')} }}}}"
    cure = "The secret's name may be misspelt, or this event gets no secrets; leave the input out to use its default."
    raise ConfigError(f"the input {name} is empty", code="secret-is-empty", cure=cure, paste=paste)


def _token_or_oidc(name: str, text: str) -> Secret | None:
    return None if text.strip().lower() == "oidc" else _token(name, text)


def option(default: str, says: str, read: Callable[[str, str], Any], *, secret: bool = False) -> Any:  # noqa: ANN401 - as `field`
    """Make a field: the default as written, one clause for tables, and how to read it."""
    return field(metadata={"default": default, "says": says, "read": read, "secret": secret})


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One input, for those who list them: parsers, `action.yml`, the README."""

    name: str
    default: str
    says: str
    secret: bool
    read: Callable[[str, str], object]

    @property
    def is_boolean(self) -> bool:
        """It is `true` or `false`, and nothing else."""
        return self.read is _boolean


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What the user asked for, every value read and none contradicting its own kind."""

    targets: tuple[TargetSpec, ...] = option("github-packages, ghcr, github-release", "where to publish, in this order", _targets)
    strategy: Strategy = option("first", "`first`: the first target that takes the release is enough; `all`: every target must hold it", _one_of(Strategy))
    fall_back_on: tuple[Failure, ...] = option(
        "unsupported, unavailable, refused",
        "which failures may go on to the next target",
        _several_of(Failure, known=FALL_BACK_ON),
    )
    on_conflict: OnConflict = option("fail", "other bytes under one of our names: `fail`, or `keep` them and send what is missing", _one_of(OnConflict))
    allow_public: bool = option(
        "false",
        "let a private or internal GitHub repository publish to a public target; at home, where nobody says that the source is public, as well",
        _boolean,
    )
    project_dir: Path = option(".", "folder with `pyproject.toml` or `setup.py`", _folder)
    dist_dir: Path | None = option("", "where distributions are found, or copied after a build; relative to `project-dir`", _maybe_folder)
    build: BuildMode = option("auto", "`auto`: unless `dist-dir` holds distributions; `always`; `never`", _one_of(BuildMode))
    formats: tuple[Format, ...] = option("wheel, sdist", "what to build; the wheel is built from the sdist when both are", _several_of(Format))
    build_env: tuple[str, ...] = option("", "names of environment variables the build may see, beside a short list", _names)
    verify: Verify = option(
        "digest", "`digest`: read back and compare; `install`: also install it from there into a clean environment, and import it", _one_of(Verify)
    )
    check_tag: CheckTag = option("auto", "the version must match the tag: on tag and release events; `true`, `false`", _one_of(CheckTag))
    github_token: Secret | None = option("${{ github.token }}", "for what belongs to GitHub", _token, secret=True)
    pypi_token: Secret | None = option("oidc", "a token instead of OIDC", _token_or_oidc, secret=True)
    testpypi_token: Secret | None = option("oidc", "a token instead of OIDC", _token_or_oidc, secret=True)
    dry_run: bool = option("false", "do everything but write", _boolean)
    summary: bool = option("true", "write a job summary; the command by itself does so when it is asked to and `GITHUB_STEP_SUMMARY` names a file", _boolean)
    report: Path | None = option("", "where the JSON report goes; in the action a file under the runner's temp folder", _maybe_folder)
    timeout: float = option("15m", "one deadline for publishing, as `90s`, `15m` or `1h30m` (a number alone: seconds); the build has the job's", _duration)

    @classmethod
    def read(cls, given: Mapping[str, str]) -> Config:
        """Read the inputs by name; an empty value means the default, except for a token. Raises `Mistakes` with all there are."""
        known = {each.name: each for each in inputs()}
        written = {name.lower(): text for name, text in given.items()}
        mistakes: list[PublishError] = [_unknown(name, known) for name in given if name.lower() not in known]
        values: dict[str, Any] = {}
        for each in known.values():
            try:
                values[each.name.replace("-", "_")] = _value(each, written.get(each.name))
            except ConfigError as error:
                mistakes.append(error)
            except Mistakes as several:
                mistakes += several.found
        Mistakes.raise_any(mistakes)
        return cls(**values)

    @property
    def tokens(self) -> dict[str, Secret]:
        """The tokens that were given, by the names of their inputs."""
        given = {"github-token": self.github_token, "pypi-token": self.pypi_token, "testpypi-token": self.testpypi_token}
        return {name: token for name, token in given.items() if token}


def inputs() -> Iterator[Input]:
    """Every input in the order of the contract."""
    for each in fields(Config):
        facts = each.metadata
        yield Input(name=each.name.replace("_", "-"), default=facts["default"], says=facts["says"], secret=facts["secret"], read=facts["read"])


def _value(each: Input, text: str | None) -> object:
    if each.secret:
        return None if text is None else each.read(each.name, text)
    return each.read(each.name, (text or "").strip() or each.default)


def _unknown(name: str, known: Mapping[str, Input]) -> ConfigError:
    return ConfigError(f"there is no input {name[:80]!r}", code="unknown-input", cure=grammar.nearest(name, known))
