"""What GitHub makes of Markdown: the nodes of CommonMark with tables and HTML, and what is linked in their text afterwards.

The autolinks are those of https://github.github.com/gfm/#autolinks-extension- as cmark-gfm finds them, in text from which the parser has taken
escapes and entities; where the two differ, more is found here. What GitHub links beyond that is in its documentation of autolinked references.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from collections.abc import Iterable

    from markdown_it.token import Token

PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).disable("text_join")

LINKED = re.compile(
    r"(?<![\w`])@[a-z0-9]"  # a mention
    r"|#\d|\bGH-\d|\b(?:GHSA|CVE)-\w"  # an issue, an advisory
    r"|(?<![0-9A-Za-z_])[0-9a-f]{7,40}(?![0-9A-Za-z_])"  # a commit
    r"|:[\w+-]+:"  # an emoji
    r"|(?<![A-Za-z0-9])www\.|[a-z][a-z0-9+.-]*://\S"  # the autolinks of GFM, and whatever looks like an address
    r"|[\w.+:-]@[\w.-]",  # mail, with or without a scheme: a domain may begin with a dot or a hyphen, and a dot before the `@` may count for it
    re.IGNORECASE | re.ASCII,
)

WRITTEN = re.compile(r"\$|\[\^[^\s\]]+\]")
"""What counts only if no backslash stands before it: formulas and footnotes."""


def linked(text: str) -> list[str]:
    """What GitHub would turn into links and pictures in a text that is no code."""
    return LINKED.findall(text)


@dataclass
class Page:
    """What a reader sees, and the nodes it is made of."""

    nodes: list[str] = field(default_factory=list)
    text: str = ""
    """The text of all nodes, without spaces of no width."""
    linked: list[str] = field(default_factory=list)
    """What GitHub would turn into links and pictures."""
    cells: list[list[str]] = field(default_factory=list)
    """The rows of all tables."""
    blocks: list[tuple[str, str]] = field(default_factory=list)
    """The fenced blocks: language and text."""
    links: list[str] = field(default_factory=list)
    headings: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    """The tags in blocks of HTML."""
    titles: list[str] = field(default_factory=list)
    """The text of blocks of HTML."""


class _Block(HTMLParser):
    """A block of HTML: its tags, and its text in code and elsewhere."""

    def __init__(self, data: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = self.plain = ""
        self.feed(data)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data
        self.plain += "" if self.tags[-1:] == ["code"] else data

    def handle_endtag(self, tag: str) -> None:
        self.tags.append(f"/{tag}")


def rendered(markdown: str) -> Page:
    """Render a page."""
    page = Page()
    inside = ""
    for token in PARSER.parse(markdown):
        page.nodes.append(token.type)
        inside = token.type if token.nesting == 1 else inside
        if token.type == "tr_open":
            page.cells.append([])
        elif token.type in {"fence", "code_block"}:
            page.blocks.append((token.info, token.content))
        elif token.type == "html_block":
            _read_block(token.content, page)
        elif token.type == "inline":
            before = len(page.text)
            _read(token.children or (), page)
            said = page.text[before:]
            if inside in {"th_open", "td_open"}:
                page.cells[-1].append(said)
            elif inside == "heading_open":
                page.headings.append(said)
    return page


def _read_block(html: str, page: Page) -> None:
    block = _Block(html)
    page.tags += block.tags
    page.titles += filter(None, [block.text.replace("\u200b", "").strip()])
    page.linked += linked(block.plain)


def _read(tokens: Iterable[Token], page: Page) -> None:
    """Read one block; text that only escapes divide is one text."""
    text = ""
    for token in tokens:
        page.nodes.append(token.type)
        if token.type in {"text", "text_special"}:
            text += token.content
            page.linked += WRITTEN.findall(token.content) if token.type == "text" else []
        else:
            page.linked += linked(text)
            text = ""
        if token.type in {"text", "text_special", "code_inline"}:
            page.text += token.content.replace("\u200b", "")
        elif token.type == "link_open":
            page.links.append(str(token.attrs["href"]))
    page.linked += linked(text)


def data_nodes(markdown: str) -> set[str]:
    """The nodes that text alone must never make."""
    return {node for node in rendered(markdown).nodes if node not in {"paragraph_open", "paragraph_close", "inline", "text", "code_inline", "text_special"}}
