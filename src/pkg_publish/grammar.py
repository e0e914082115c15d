"""The text of `targets` and `--from`: YAML, a list or a plain string (contract, section 3)."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

from pkg_publish.errors import ConfigError
from pkg_publish.formats.target_yaml import target_yaml
from pkg_publish.targets import KINDS
from pkg_publish.targets.base import TargetSpec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pkg_publish.targets.base import TargetKind

EXAMPLE = "targets: github-packages, oci-layout=out/registry"
WITH_OPTIONS = "targets: |\n  - ghcr\n  - oci-layout:\n      path: out/registry"


def near(word: str, words: Iterable[str]) -> str:
    """The known one that a word was probably meant to be; empty if none is like it."""
    return next(iter(get_close_matches(word.lower(), sorted(words), n=1)), "")


def nearest(word: str, words: Iterable[str]) -> str:
    """`did you mean …?` for a word that nobody knows, else the list of the known ones."""
    known = sorted(words)
    if close := near(word, known):
        return f"Did you mean {close}?"
    return f"Known are: {', '.join(known)}."


def parse(text: str) -> tuple[list[TargetSpec], list[ConfigError]]:
    """Return the targets in order and everything that is wrong with the text."""
    specs: list[TargetSpec] = []
    mistakes: list[ConfigError] = []
    for item in _items(text):
        try:
            spec = item if isinstance(item, ConfigError) else _spec(item)
        except ConfigError as error:
            spec = error
        if isinstance(spec, ConfigError):
            mistakes.append(spec)
        elif spec in specs:
            mistakes.append(ConfigError(f"{spec.kind} stands twice in targets with the same place", code="target-twice", cure="Name each place once."))
        else:
            specs.append(spec)
    if any(each.code == "unknown-target" for each in mistakes) and (mended := _spelt(text)):
        for each in mistakes:
            each.paste = mended if each.code == "unknown-target" else each.paste
    if not specs and not mistakes:
        mistakes.append(ConfigError("targets names no target", code="no-target", cure="Name at least one.", paste=EXAMPLE))
    return specs, mistakes


def _spelt(text: str) -> str:
    """The list with every target spelt right; empty if one is like none that is known, or if there is more in it than words, which may be a secret."""
    words = [str(item).strip() for item in _items(text)]
    found = [word if word in KINDS else near(word, KINDS) for word in words]
    return f"targets: {', '.join(found)}" if all(found) and all(re.fullmatch(r"[\w-]+", word) for word in words) else ""


def _items(text: str) -> Iterator[object]:
    """Every item. A plain string is split by us: YAML would fold its lines into one, and refuse some."""
    if not re.search(r"^\s*(-\s|[\[{]|[\w-]+\s*:(\s|$))", text, re.MULTILINE):
        lines = (re.sub(r"(^|\s)#.*", "", line) for line in text.splitlines())
        yield from (word for line in lines for part in line.split(",") if (word := part.strip()))
        return
    from pkg_publish.formats import plain_yaml

    try:
        document = plain_yaml.load(text)
    except plain_yaml.Broken as error:
        yield _not_yaml(text, error)
        return
    if isinstance(document, dict):
        yield from ({kind: options} for kind, options in document.items())
    elif isinstance(document, list):
        yield from document
    else:
        what = "targets mixes words and a list of YAML"
        yield ConfigError(what, code="targets-is-not-yaml", cure="Begin every line with a dash, or none.", paste=EXAMPLE)


def _not_yaml(text: str, error: Exception) -> ConfigError:
    """What a reader of YAML says; the options of a target that lacks its colon are a line too late for the mistake."""
    mark, said = getattr(error, "problem_mark", None), str(getattr(error, "problem", "") or "")
    line = mark.line if mark else 0
    before = text.splitlines()[line - 1].strip() if line else ""
    if said == "mapping values are not allowed here" and re.fullmatch(r"(-\s+)?[\w-]+", before):
        word = before.lstrip("- ")
        what = f"targets is not YAML in line {line}: {word!r} has options below it, and no colon behind it"
        return ConfigError(what, code="targets-is-not-yaml", cure=f"Write {word}: before its options.", paste=WITH_OPTIONS)
    where = f" in line {line + 1}" if mark else ""
    cure = "Write a list, or words with commas."
    return ConfigError(f"targets is not YAML{where}", code="targets-is-not-yaml", cure=cure, paste=WITH_OPTIONS, said=said)


def _spec(item: object) -> TargetSpec:
    """One item: `kind`, `kind=location`, or `{kind: {option: value}}`; raises `ConfigError`."""
    match item:
        case str():
            word, equals, location = item.partition("=")
            kind = _kind(word.strip())
            if not equals:
                return TargetSpec(kind=kind.word)
            if kind.location is None:
                raise ConfigError(f"the target {kind.word} has one place and takes none", code="target-option", cure=f"Write {kind.word} alone.")
            return TargetSpec(kind=kind.word, options=dict([_option(kind, kind.location, location.strip())]))
        case dict() if len(item) == 1:
            ((word, options),) = item.items()
            kind = _kind(str(word))
            if options and not isinstance(options, dict):
                what = f"the options of {kind.word} are no mapping"
                raise ConfigError(what, code="target-option", cure="Write one `option: value` a line.", paste=_shape(kind))
            return TargetSpec(kind=kind.word, options=dict(_option(kind, str(name), value) for name, value in (options or {}).items()))
        case dict() if above := _beside(item):
            given = dict(_option(above, str(name), value) for name, value in item.items() if name != above.word)
            what = f"the options of {above.word} stand beside it, and not below it"
            raise ConfigError(what, code="target-option", cure="Indent them more than the name of the target.", paste=target_yaml(above.word, given))
        case _:
            what = "targets has an item that is no target: "
            what += "a mapping of several" if isinstance(item, dict) else "a list" if isinstance(item, list) else "nothing"
            raise ConfigError(what, code="no-target", cure="One kind an item.", paste=EXAMPLE)


def _beside(item: Mapping[object, object]) -> TargetKind | None:
    """The kind of a target whose options are not indented enough to be below it."""
    word, *others = map(str, item) if item else [""]
    kind = KINDS.get(word)
    known = {option.name for option in kind.options} if kind else set()
    return kind if not item.get(word) and known.issuperset(others) else None


def _kind(word: str) -> TargetKind:
    if word in KINDS:
        return KINDS[word]
    close = near(word, KINDS)
    paste = f"targets: {close}" if close else EXAMPLE
    raise ConfigError(f"there is no target {word[:80]!r}", code="unknown-target", cure=nearest(word, KINDS), paste=paste)


def _option(kind: TargetKind, name: str, value: object) -> tuple[str, str]:
    known = [option.name for option in kind.options]
    if name in known:
        return name, _text(kind, name, value)
    if f"{name}-env" in known:
        cure = f"A secret never stands in targets: name an environment variable with {name}-env."
        paste = f"targets: |\n  - {kind.word}:\n      {name}-env: MY_{name.upper()}\nenv:\n  MY_{name.upper()}: ${{{{ secrets.MY_{name.upper()} }}}}"
        raise ConfigError(f"{kind.word} takes no {name}", code="secret-in-targets", cure=cure, paste=paste)
    close = near(name, known)
    paste = target_yaml(kind.word, {close: "…"}) if close else _shape(kind)
    raise ConfigError(f"the target {kind.word} has no option {name[:80]!r}", code="target-option", cure=nearest(name, known), paste=paste)


def _text(kind: TargetKind, name: str, value: object) -> str:
    """An option's value: a word, or several, a line each."""
    words = value.rstrip("\n").split("\n") if isinstance(value, str) else value if isinstance(value, list) else [value]
    if all(isinstance(word, str) and word.isprintable() for word in words):
        return "\n".join(map(str, words))
    what = f"{name} of {kind.word} is neither a word nor a list of words, or has control characters"
    raise ConfigError(what, code="target-option", cure="Write `option: value`.", paste=_shape(kind))


def _shape(kind: TargetKind) -> str:
    return target_yaml(kind.word, {option.name: "…" for option in kind.options})
