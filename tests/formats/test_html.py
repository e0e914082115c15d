"""Pages of strangers."""

from __future__ import annotations

import pytest

from pkg_publish.formats.html import PIECE, Page


class Words(Page):
    """Remembers tags."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        """Remember it."""
        self.tags.append(tag)


def tags(text: str) -> list[str]:
    """The tags of a page."""
    page = Words()
    page.read(text)
    return page.tags


@pytest.mark.parametrize("start", ["<![foo[>", "<![if !IE]>", "<!x>", "<?php>", "</>", "<!-- -->", "&#99999999999;"])
def test_survives_what_is_no_html(start: str) -> None:
    """Whatever comes before a tag, it is found."""
    assert tags(f"{start}<a>") == ["a"]


def test_a_tag_may_lie_across_two_pieces() -> None:
    """A page is read piece by piece."""
    assert tags("x" * (PIECE - 2) + "<a><b>") == ["a", "b"]


def test_a_tag_that_never_ends_ends_the_page() -> None:
    """It would be read again with every piece, in the square of its length."""
    assert tags("<b><a href='" + "x" * 10 * PIECE + "'><c>") == ["b"]
