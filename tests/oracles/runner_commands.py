"""How GitHub's runner reads what a step prints and writes, after actions/runner: `ActionCommand.cs`, `FileCommandManager.cs`.

Its searches compare as people of a culture do (`String.StartsWith` and `IndexOf` without `Ordinal`), so characters that ICU ignores stand in
nobody's way: they are taken out here before anything is searched. Names are not compared with the list of known commands: none at all may be seen.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

FILLERS = "\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0" + "".join(map(chr, [*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)]))
SPACES = "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"

DATA = {"%0D": "\r", "%0A": "\n", "%25": "%"}
PROPERTY = {"%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ",", "%25": "%"}
OLD = {"%3B": ";", "%0D": "\r", "%0A": "\n", "%5D": "]", "%25": "%"}


@dataclass(frozen=True)
class Command:
    """What the runner would do."""

    name: str
    data: str
    properties: dict[str, str] = field(default_factory=dict)


def commands(printed: str) -> list[Command]:
    """All that a step's output makes the runner do; a line ends at LF, CR or both."""
    return [found for line in re.split(r"\r\n|\r|\n", printed) if (found := _new(_without_ignored(line)) or _old(_without_ignored(line)))]


def _without_ignored(line: str) -> str:
    return "".join(letter for letter in line if letter in SPACES or (unicodedata.category(letter) not in {"Cc", "Cf"} and letter not in FILLERS))


def _new(line: str) -> Command | None:
    """`::name key=value,key=value::data`, after blanks."""
    line = line.lstrip(SPACES)
    if not line.startswith("::") or (end := line.find("::", 2)) < 0:
        return None
    name, _, facts = line[2:end].partition(" ")
    return Command(name, _unescaped(line[end + 2 :], DATA), _properties(facts.strip(), ",", PROPERTY))


def _old(line: str) -> Command | None:
    """`##[name key=value;key=value]data`, anywhere."""
    begin = line.find("##[")
    end = line.find("]", begin)
    if begin < 0 or end < 0:
        return None
    name, _, facts = line[begin + 3 : end].partition(" ")
    return Command(name, _unescaped(line[end + 1 :], OLD), _properties(facts, ";", OLD))


def _properties(facts: str, separator: str, escapes: dict[str, str]) -> dict[str, str]:
    pairs = (fact.partition("=") for fact in facts.split(separator))
    return {key: _unescaped(value.lstrip("="), escapes) for key, _, value in pairs if key and value}


def _unescaped(text: str, escapes: dict[str, str]) -> str:
    for escape, letter in escapes.items():
        text = text.replace(escape, letter)
    return text


def entries(text: str, newline: str = "\n") -> dict[str, str]:
    """What a file of outputs sets: `name=value` or `name<<delimiter`; raises `ValueError` where the runner fails the step."""
    found = {}
    lines = iter(text.removesuffix(newline).split(newline) if text else [])
    for line in lines:
        equals, heredoc = line.find("="), line.find("<<")
        if not line:
            continue
        if equals >= 0 and (heredoc < 0 or equals < heredoc):
            found[line[:equals]] = line[equals + 1 :]
        elif heredoc > 0 and line[heredoc + 2 :]:
            found[line[:heredoc]] = newline.join(_until(line[heredoc + 2 :], lines))
        else:
            raise ValueError(line)
    return found


def _until(delimiter: str, lines: object) -> list[str]:
    taken: list[str] = []
    for line in lines:  # type: ignore[attr-defined]
        if line == delimiter:
            return taken
        taken.append(line)
    raise ValueError(delimiter)
