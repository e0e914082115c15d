"""What GitHub makes of Markdown: the nodes of CommonMark with tables and HTML, and what is linked in their text afterwards."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from collections.abc import Iterable

    from markdown_it.token import Token

PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])

LINKED = re.compile(
    r"(?<![\w`])@[a-z0-9]"  # a mention
    r"|(?<!\w)#\d|\bGH-\d"  # an issue
    r"|:[\w+-]+:"  # an emoji
    r"|\bwww\.\S|[a-z][a-z0-9+.-]*://\S"  # the autolinks of GFM
    r"|[\w.+-]+@[\w-]+\.\w",
    re.IGNORECASE | re.ASCII,
)


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
        elif token.type == "inline":
            before = len(page.text)
            _read(token.children or (), page)
            said = page.text[before:]
            if inside in {"th_open", "td_open"}:
                page.cells[-1].append(said)
            elif inside == "heading_open":
                page.headings.append(said)
    return page


def _read(tokens: Iterable[Token], page: Page) -> None:
    for token in tokens:
        page.nodes.append(token.type)
        if token.type == "text":
            page.linked += LINKED.findall(token.content)
        if token.type in {"text", "code_inline"}:
            page.text += token.content.replace("\u200b", "")
        elif token.type == "link_open":
            page.links.append(str(token.attrs["href"]))


def data_nodes(markdown: str) -> set[str]:
    """The nodes that text alone must never make."""
    return {node for node in rendered(markdown).nodes if node not in {"paragraph_open", "paragraph_close", "inline", "text", "code_inline", "text_special"}}
