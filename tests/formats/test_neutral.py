"""Foreign text, before the runner's own parsers and before Markdown's."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.oracles.github_markdown import data_nodes, rendered
from tests.oracles.runner_commands import Command, commands, entries

from pkg_publish.formats import neutral

PIECES = [
    *("::", ":", "##[", "#", "[", "]", "error", "add-mask", "stop-commands", "set-output name=x", "%0A", "%25", "%", "=", ",", ";"),
    *(" ", "\t", "\n", "\r", "\x1b[2J", "\x00", "\u200b", "\u202e", "\u2028", "\xa0", "\ufe0f", "\u3164", "\udc80", "é", "\U000e0041"),
]
MARKUP = [
    *("`", "``", "|", "\\", "*", "**", "_", "~~", "[x](y)", "![x](y)", "[", "](", "<b>", "<!--", "-->", "&lt;", "&#64;", "$", "]: x", "[^1]"),
    *("# ", "- ", "+ ", "> ", "1. ", "1) ", "---", "===", "```", "~~~", "    ", "\n", "@octo", "#1", "octo/x#1", "GH-1", ":x:", "www.x.org", "a@b.org"),
    *("http://", "https://x.org/a_b", "ftp://x", "mailto:a@b.c", " ", "x", "é", "javascript:", "xmpp:a@b.c/d", "x@.org", "x@-.org", "@.", "@_.b", "www"),
    *("a5c3785ed8", "8d6a358", "CVE-2026-1", "GHSA-a-b-c", "$x$", "$`x`$", "> [!NOTE]", "<details>", "\\"),
]
hostile = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=14).map("".join)
markup = st.lists(st.sampled_from(MARKUP) | st.sampled_from(PIECES) | st.text(max_size=3), max_size=14).map("".join)


@settings(max_examples=1000, deadline=None)
@given(hostile)
@example("::error::x")
@example(" \t\xa0::error::x")
@example("\u200b:\u200b:error::x")
@example("harmless ##[error]x")
@example("#\x00#[error]x")
@example("a\n::error::x\r##[error]")
def test_no_line_is_a_command(text: str) -> None:
    """The runner sees one line, and nothing in it to obey, whatever it ignores."""
    shown = neutral.line(text)

    assert commands(shown) == []
    assert shown == shown.rstrip("\r\n")
    assert shown.isprintable()


@given(st.text(max_size=2000), st.integers(5, 50))
def test_a_line_is_bounded(text: str, limit: int) -> None:
    """And says that it was cut."""
    shown = neutral.line(text, limit)

    assert len(shown) <= limit
    assert len(text) <= limit or len(shown) < limit or shown.endswith("…")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("    File x.py, line 3", "    File x.py, line 3"),
        ("two\r\n  lines\n\n", "two lines"),
        ("a\tb", "a   b"),
        ("C:\\new", "C:\\new"),
        ("red \x1b[31m", "red \\x1b[31m"),
        ("\u202egpj.exe", "\\u202egpj.exe"),
        ("a\xa0b", "a b"),
        ("file\udcff.whl", "file\\udcff.whl"),
        ("std::string", "std::string"),
        ("::warning::x", ": :warning::x"),
        ("x ##[group]", "x ## [group]"),
        ("", ""),
    ],
)
def test_a_line_shows_what_was_there(text: str, shown: str) -> None:
    """Spelt out where it has no shape, broken where it would be obeyed, else as it is."""
    assert neutral.line(text) == shown


def test_words_of_others_are_quoted() -> None:
    """On one line."""
    assert neutral.quoted(" permission_denied:\n write_package ") == '"permission_denied: write_package"'


@settings(max_examples=250, deadline=None)
@given(hostile, hostile)
def test_the_runner_reads_a_command_as_it_was_meant(message: str, title: str) -> None:
    """One command of that name; the message and the title come out as they went in, spelt out."""
    (found,) = commands(neutral.command("error", message, title=title))

    assert found.name == "error"
    assert found.data == "\n".join(neutral.visible(line.expandtabs(4)) for line in message.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    assert found.properties.get("title", "") == neutral.visible(found.properties.get("title", ""))


@pytest.mark.parametrize(
    ("made", "read"),
    [
        (neutral.command("endgroup"), Command("endgroup", "")),
        (neutral.command("notice", "100 % sure:\nyes", title="a: b, c"), Command("notice", "100 % sure:\nyes", {"title": "a: b, c"})),
        (neutral.command("error", "::add-mask::x", title=""), Command("error", "::add-mask::x")),
    ],
)
def test_commands(made: str, read: Command) -> None:
    """As the actions toolkit writes them."""
    assert commands(made) == [read]


@given(st.integers(4000, 4200), st.sampled_from(["%", "\n", "\x1b", "é"]))
def test_a_message_is_never_cut_inside_an_escape(length: int, letter: str) -> None:
    """It is cut first, and escaped then."""
    (found,) = commands(neutral.command("error", "x" * length + letter * 300))

    assert len(found.data) == neutral.MESSAGE
    assert found.data.endswith("…")
    assert set(found.data.rstrip("…").lstrip("x")) <= set(neutral.visible(letter)) | {"\n"}


@pytest.mark.parametrize(
    ("secret", "hidden"),
    [
        ("pypi-AgEIcHlwaS5vcmc", ["pypi-AgEIcHlwaS5vcmc"]),
        ("50%25 secret", ["50%25 secret"]),
        ("true", []),
        ("       1", []),
        ("", []),
        ("-----BEGIN KEY-----\nMIIEow\nAAAAB3NzaC1yc2E\r\n}\nAAAAB3NzaC1yc2E", ["-----BEGIN KEY-----", "AAAAB3NzaC1yc2E"]),
    ],
)
def test_masks(secret: str, hidden: list[str]) -> None:
    """Each line of a secret is hidden exactly, and nothing so short that it would blacken the log."""
    assert [each for line in neutral.masks(secret) for each in commands(line)] == [Command("add-mask", each) for each in hidden]


@settings(max_examples=250, deadline=None)
@given(hostile | st.text(), hostile)
def test_outputs_come_out_as_they_went_in(value: str, other: str) -> None:
    """No value sets another output, on any system."""
    text = neutral.output("files", value, "ghadelimiter_1") + neutral.output("url", other, "ghadelimiter_2")

    assert entries(text) == {"files": value, "url": other}


@pytest.mark.parametrize("value", ["x\nEOF\ntarget=evil", "EOF"])
def test_an_output_never_holds_its_delimiter(value: str) -> None:
    """Or the rest of it would be an output of its own."""
    with pytest.raises(ValueError, match="delimiter"):
        neutral.output("files", value, "EOF")


@settings(max_examples=250, deadline=None)
@given(markup)
def test_a_sentence_is_a_sentence(text: str) -> None:
    """Whatever is in it: no link, image, HTML, heading or list, and nothing that GitHub would link afterwards."""
    made = neutral.markdown(text)

    assert data_nodes(made) == set()
    assert rendered(made).linked == []


@settings(max_examples=250, deadline=None)
@given(markup, st.sampled_from([neutral.markdown, neutral.code]))
def test_a_cell_is_one_cell(text: str, render: type) -> None:
    """Between two others in a table, and it begins and ends there."""
    page = rendered(f"| a | b | c |\n|---|---|---|\n| first | {render(text)} | last |\n")

    assert [row[0] for row in page.cells] == ["a", "first"]
    assert [row[2] for row in page.cells] == ["c", "last"]
    assert page.linked == []
    assert not set(page.nodes) & {"link_open", "image", "html_inline", "html_block", "em_open", "strong_open", "s_open"}


@settings(max_examples=250, deadline=None)
@given(markup)
def test_a_code_span_shows_the_text(text: str) -> None:
    """All of it, and nothing else."""
    words = neutral.visible(re.sub(r"[\t\r\n]", " ", text)).split()

    assert rendered(f"x {neutral.code(text)}").text.split() == ["x", *words]


@settings(max_examples=250, deadline=None)
@given(markup)
def test_a_block_ends_where_we_end_it(text: str) -> None:
    """Whatever fences are in it."""
    page = rendered(f"before\n\n{neutral.fenced(text, 'yaml')}\n\nafter")

    assert [node for node in page.nodes if node in {"fence", "paragraph_open"}] == ["paragraph_open", "fence", "paragraph_open"]
    assert page.text.startswith("before")
    assert page.text.endswith("after")


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("GHCR answered 403", "GHCR answered 403"),
        ("add `packages: write` to it", "add `packages: write` to it"),
        ("see https://x.org/a_b.", "see `https://x.org/a_b`."),
        ("a|b", "a&#124;b"),
        ("1.0 is there", "1\\.0 is there"),
        ("# no heading", "\\# no heading"),
        ("ask @octo about #12", "ask @&#8203;octo about #&#8203;12"),
        ("at 12:30, sha256:ab", "at 12:30, sha256:ab"),
        ("one ` of two", "one &#96; of two"),
        ("mail a@-.org", "mail a@&#8203;-.org"),
        ("built from 8d6a358f1", "built from `8d6a358f1`"),
        ("see CVE-2026-1", "see CVE&#8203;-2026-1"),
        ("8d6a358`x`", "`8d6a358`&#8203;`x`"),
        ("`a|b`: x", "&#96;a&#124;b&#96;: x"),
    ],
)
def test_sentences(text: str, made: str) -> None:
    """As little is changed as can be; what is quoted as code, and addresses, stand as code."""
    assert neutral.markdown(text) == made


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("x.whl", "`x.whl`"),
        ("a`b", "``a`b``"),
        ("``a", "``` ``a ```"),
        ("a|`b`", "a&#124;&#96;b&#96;"),
        ("a|8d6a358", "a&#124;`8d6a358`"),
        (" ", ""),
        ("a\nb", "`a b`"),
    ],
)
def test_code_spans(text: str, made: str) -> None:
    """With a fence that is longer than what is in it; a bar would end the cell."""
    assert neutral.code(text) == made


@settings(max_examples=250, deadline=None)
@given(markup)
@example("`&lt;b>` @octo x@.org 8d6a358https://x.org/<b>")
def test_a_title_of_html_shows_the_text(text: str) -> None:
    """All of it but the quotes of code, in no tag but that of code, and nothing is linked."""
    page = rendered(f"<details><summary>x{neutral.html(text)}</summary>\n\n</details>")

    assert set(page.tags) <= {"details", "summary", "code", "/code", "/summary", "/details"}
    shown = neutral.visible(re.sub(r"[\t\r\n]", " ", text)).strip()
    assert page.titles[0].replace("`", "").split() == f"x{shown}".replace("`", "").split()
    assert page.linked == []


@pytest.mark.parametrize(
    "text",
    [
        *("@octo", "#1", "octo/x#1", "GH-1", "GHSA-a-b", "CVE-2026-1", "8d6a358", ":tada:", "www.x", "ftp://x", "https://x"),
        *("a@b.c", "a@.c", "a@-.c", "a@_.c", "mailto:a@b.c", "xmpp:a@b.c/d", "$x$", "[^1]"),
    ],
)
def test_the_oracle_sees_what_github_links(text: str) -> None:
    """Where nobody has made it harmless, alone and in a sentence."""
    assert rendered(text).linked
    assert rendered(f"see {text}, then").linked
    assert not rendered(f"see `{text}`, then").linked


def test_blocks() -> None:
    """Lines stay lines."""
    assert neutral.fenced("a:\r\n\tb: \x1b\n", "yaml") == "```yaml\na:\n    b: \\x1b\n```"
    assert neutral.fenced("````") == "`````\n````\n`````"
    assert neutral.fenced("x" * 9, limit=5) == "```\nxxxx…\n```"
