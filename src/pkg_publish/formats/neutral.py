"""Foreign text made harmless: shown in logs, Markdown and outputs, obeyed by no terminal, runner or browser.

The runner takes a line for a command that begins with `::` after blanks, or holds `##[` anywhere, and compares as people read: characters that
are drawn as nothing do not keep it from seeing one. So what cannot be seen is spelt out first, and what is left of a command is broken by a blank.
"""

from __future__ import annotations

import re
import unicodedata
from html import escape
from itertools import chain, zip_longest
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LINE = 300
"""Letters of one foreign text in a line: more is not read."""

BLOCK = 4000
"""Letters of a block of code."""

MESSAGE = 4096
"""Letters of an annotation, where the runner cuts."""

LEAST_SECRET = 8
"""Letters: a shorter mask would blacken half the log, and drop outputs that happen to hold it."""

UNSEEN = frozenset(
    map(chr, chain([0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0], range(0x180B, 0x1810), range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0)))
)
"""Letters that Unicode calls printable and that are drawn as nothing: fillers and variation selectors."""


def visible(text: str) -> str:
    r"""Spell out every character that has no shape of its own, as Python would: `\x1b`, `\u202e`. Line breaks and tabs too."""
    if text.isprintable() and UNSEEN.isdisjoint(text):
        return text
    return "".join(map(_seen, text))


def _seen(letter: str) -> str:
    if letter.isprintable() and letter not in UNSEEN:
        return letter
    return " " if unicodedata.category(letter) == "Zs" else letter.encode("unicode_escape").decode()


def _folded(text: str, limit: int) -> str:
    """One visible line of at most `limit` letters; its indentation stays."""
    first, *rest = (each.rstrip(" \t") for each in re.split(r"[\r\n]+", text[: 8 * limit]))
    return _cut(visible(" ".join(filter(None, [first, *(each.lstrip(" \t") for each in rest)])).expandtabs(4)), limit)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _block(text: str, limit: int) -> str:
    """Visible lines, `limit` letters in all."""
    lines = re.split(r"\r\n|\r|\n", text[: limit + 1])
    return _cut("\n".join(visible(each.expandtabs(4)) for each in lines), limit)


def line(text: str, limit: int = LINE) -> str:
    """Return one line for a log."""
    broken = _folded(text, limit).replace("##[", "## [")
    return _cut(re.sub(r"^( *):(?=:)", r"\1: ", broken), limit)


def quoted(text: str, limit: int = LINE) -> str:
    """Return the words of somebody else, as words of somebody else."""
    return f'"{line(text.strip(), limit)}"'


def command(name: str, message: str = "", **properties: str) -> str:
    """Return a line that the runner obeys, escaped as the actions toolkit does; the message may have several lines."""
    data = _block(message, MESSAGE).replace("%", "%25").replace("\n", "%0A")
    facts = ",".join(f"{key}={_property(value)}" for key, value in properties.items() if value)
    return f"::{name} {facts}::{data}" if facts else f"::{name}::{data}"


def _property(value: str) -> str:
    escaped = _folded(value, LINE).strip().replace("%", "%25")
    return escaped.replace(":", "%3A").replace(",", "%2C")


def masks(value: str) -> Iterator[str]:
    """Yield the lines that make the runner hide a secret: one for each line of it that is long enough. No other text is as exact as it came."""
    for each in dict.fromkeys(map(str.strip, re.split(r"[\r\n]+", value))):
        if len(each) >= LEAST_SECRET:
            yield f"::add-mask::{each.replace('%', '%25')}"


def output(name: str, value: str, delimiter: str) -> str:
    """Return an entry of the runner's file of outputs; raises `ValueError` when the delimiter, which nobody may guess, stands in it."""
    if delimiter in name or delimiter in value:
        raise ValueError("the delimiter of an output stands in the output")
    return f"{name}<<{delimiter}\n{value}\n{delimiter}\n"


SPANS = re.compile(r"(`[^`|]+`|https?://[^\s`|\"'<>]*[^\s`|\"'<>.,;:!?)\]])")
"""What stands as code in a sentence: what its writer quoted so, and addresses."""

HASHES = re.compile(r"((?<![0-9A-Za-z_])[0-9A-Fa-f]{7,40}(?![0-9A-Za-z_]))")
"""What GitHub may take for a commit stands as code, too: also what is one only beside other code."""

SPECIAL = {letter: f"\\{letter}" for letter in "\\*_[]~$"} | {"<": "&lt;", ">": "&gt;", "&": "&amp;", "|": "&#124;", "`": "&#96;"}

NOWHERE = "&#8203;"
"""A space of no width: what GitHub looks for after Markdown is done, it does not find across one."""

LINKED = re.compile(r"@|#(?=\d)|:(?=[\w+-]+:)|:(?=//)|(?<=www)(?=\.)|(?<=GH)(?=-\d)|(?<=GHSA)(?=-)|(?<=CVE)(?=-)", re.IGNORECASE)
"""Mentions, mail, issues, emoji, addresses, advisories: the places where they come apart."""


def markdown(text: str, limit: int = LINE) -> str:
    """Return one sentence for GitHub's Markdown, in a table or not: no link, image, HTML, heading, emphasis, mention, issue or emoji."""
    return "".join(_spans(_parts(text, limit)))


def _parts(text: str, limit: int) -> list[str]:
    """One visible line, every second part of which is code."""
    parts = SPANS.split(_folded(text, limit).strip())
    return [*chain.from_iterable([part] if number % 2 else HASHES.split(part) for number, part in enumerate(parts))]


def _spans(parts: Sequence[str]) -> Iterator[str]:
    """Every second part is code; a sentence begins no list, heading or rule."""
    for number, part in enumerate(parts):
        if number % 2:
            yield code(part[1:-1] if part.startswith("`") else part)
        elif not part and 0 < number < len(parts) - 1:
            yield NOWHERE  # two pieces of code side by side would be one
        else:
            escaped = "".join(SPECIAL.get(letter, letter) for letter in _apart(part))
            begun = re.sub(r"^(\d*)([#=+.)-])", r"\1\\\2", escaped) if number == 0 else escaped
            yield begun.replace("\0", NOWHERE)


def _apart(text: str) -> str:
    """With a zero at each place where a link comes apart: no visible text has one."""
    return LINKED.sub(lambda found: f"{found[0]}\0", text)


def html(text: str, limit: int = LINE) -> str:
    """Return one sentence for a piece of HTML, in which GitHub reads no Markdown and still makes links."""
    parts = _parts(text, limit)
    plain = [escape(_apart(part)).replace("\0", NOWHERE) for part in parts[::2]]
    spans = [f"<code>{escape(part.strip('`'))}</code>" for part in parts[1::2]]
    return "".join(chain.from_iterable(zip_longest(plain, spans, fillvalue="")))


def code(text: str, limit: int = LINE) -> str:
    """Return a code span, in a table or not. A bar would end a cell of a table, so text with one is shown as a sentence is."""
    shown = _folded(text, limit).strip()
    if not shown or "|" in shown:
        return "".join(_spans(HASHES.split(shown)))
    fence = _fence(shown, 1)
    edge = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{edge}{shown}{edge}{fence}"


def fenced(text: str, language: str = "", limit: int = BLOCK) -> str:
    """Return a block of code that nothing in it ends."""
    shown = _block(text.rstrip(), limit)
    fence = _fence(shown, 3)
    return f"{fence}{language}\n{shown}\n{fence}"


def _fence(text: str, least: int) -> str:
    longest = max(map(len, re.findall("`+", text)), default=0)
    return "`" * max(least, longest + 1)
