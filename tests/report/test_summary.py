"""The job summary, with words that want to be more than words, and with more of them than fit."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.oracles.github_markdown import rendered
from tests.report.scenes import ALL, BOTH, GHCR, MISTAKES, NOTHING, PACKAGES, PYPI, RELEASE, UNKNOWN, WORKS, Scene, attempt, distribution, look, scenes, skipped

from pkg_publish.errors import ConfigError, Refused
from pkg_publish.model import CheckRow, Place, Receipt, Release, Visibility
from pkg_publish.report.summary import LIMIT, summary
from pkg_publish.verdict import Level, Remark, Report

MARKUP = [
    "`",
    "```",
    "|",
    "\\",
    "**",
    "[x](https://evil.org)",
    "![x](y)",
    "<img src=x>",
    "</details>",
    "\n",
    "\n## x",
    "@octo",
    "#1",
    ":x:",
    "<!--",
    "\x1b[31m",
]
words = st.lists(st.sampled_from(MARKUP) | st.text(max_size=4), max_size=6).map("".join)


def hostile(word: str) -> Report:
    """A run in which every word of others is this one."""
    problem = Refused(f"x{word}", code="some-code", cure=word, paste=word, said=word, details=[word, word])
    place = Place(kind="k", name=f"n{word}", title=f"t{word}", visibility=Visibility.PUBLIC)
    release = Release(project=f"p{word}", version="1", distributions=(distribution(f"f{word}", 5),))
    check = CheckRow(check=word, found=word, do=word, ok=False)
    receipt = Receipt(url=f"https://x.org/{word}", digest=word)
    there = look(release, *(each.name for each in release.distributions))
    fell = replace(attempt(GHCR, look(release), there), place=place, receipt=receipt)
    scene = Scene(release=release, tried=[attempt(PYPI, look(release), problem=problem), fell], skipped=[skipped(RELEASE, look(release), check)])
    remark = Remark(level=Level.WARNING, text=word, code="other-code", paste=f"{word}x")
    return replace(scene.report(), remarks=(remark,), install_command=f"x{word}", problems=(problem,))


@settings(max_examples=150, deadline=None)
@given(words)
def test_words_of_others_stay_words(word: str) -> None:
    """The page has the same bones whatever is written on them, and nothing to click on but what we made."""
    page, plain = rendered(summary(hostile(word))), rendered(summary(hostile("plain")))

    assert len(page.headings) == 1
    assert [len(row) for row in page.cells] == [len(row) for row in plain.cells]
    assert [node for node in page.nodes if node in {"html_block", "table_open", "image", "html_inline"}] == [
        node for node in plain.nodes if node in {"html_block", "table_open"}
    ]
    assert {link for link in page.links if "evil" in link} == set()
    assert set(page.tags) == set(plain.tags) | (set(page.tags) & {"code", "/code"})
    assert page.linked == []


def test_a_colon_of_ours_makes_no_emoji() -> None:
    """Behind words that lack only that."""
    problem = Refused("there is :tada", code="some-code", cure="y", said="no")
    page = rendered(summary(Scene(tried=[attempt(PYPI, NOTHING, problem=problem)]).report()))

    assert page.cells[1][3] == "there is :tada: no"
    assert page.linked == []


def test_a_title_is_html() -> None:
    """In which GitHub reads no Markdown: no backslash is seen, and what is quoted is code."""
    refused = Refused("x", code="some-code", cure="y", details=["one", "two"])
    place = replace(PYPI, title="the index `a_b` & https://x.org/*")
    fell = replace(attempt(PYPI, NOTHING, problem=refused), place=place)
    page = rendered(summary(Scene(tried=[fell, attempt(GHCR, NOTHING, ALL)]).report()))

    assert "What the index a_b & https://x.org/* answered" in page.titles
    assert page.tags.count("code") == 2


def test_an_address_is_a_link_only_if_it_is_no_more() -> None:
    """What a browser may be given is clicked on, the rest is read."""
    for url, links in {"https://x.org/a:1.0": 1, "https://x.org/a)b": 0, "javascript:x": 0, "http://127.0.0.1:8000/x/": 1, "": 0}.items():
        fell = replace(attempt(GHCR, NOTHING, ALL), receipt=Receipt(url=url))
        assert len(rendered(summary(Scene(tried=[fell]).report())).links) == links


def test_who_sees_it_as_a_read_has_shown() -> None:
    """Not as the kind of place promises."""
    fell = attempt(GHCR, NOTHING, ALL)
    shown = replace(fell, receipt=Receipt(url="", visible_to="private"))

    assert rendered(summary(Scene(tried=[shown]).report())).cells[1][3] == "private"


def test_a_dry_run_tells_of_each_target() -> None:
    """What would happen there."""
    looks = [skipped(RELEASE, NOTHING), skipped(GHCR, ALL), skipped(PYPI, look(BOTH, wheel=""))]
    rows = rendered(summary(Scene(skipped=looks, plan={"dry_run": True}).report())).cells

    assert [row[1] for row in rows[1:4]] == ["not needed", "already there", "conflict"]


def test_no_receipt() -> None:
    """The place that held it did not say where, and nothing is made up."""
    page = rendered(summary(Scene(tried=[replace(attempt(PYPI, NOTHING, ALL), receipt=None)]).report()))

    assert page.cells[1] == ["pypi", "published", "2 of 2", "public", "2.3"]


LONG = "<é`|\n#" * 5000


@pytest.mark.parametrize(
    "report",
    [
        hostile(LONG),
        Scene(early=[ConfigError(f"{LONG}{n}", code="x", cure=LONG, paste=f"{n}{LONG}", details=[LONG] * 50) for n in range(300)]).report(),
        replace(
            scenes()["normal-day"].report(), remarks=tuple(Remark(level=Level.NOTICE, text=f"{n}{LONG}", code="x", paste=f"{n}{LONG}") for n in range(300))
        ),
        Scene(tried=[replace(each, place=replace(PYPI, name=f"{n}{LONG}")) for n, each in enumerate([attempt(PYPI, NOTHING, ALL)] * 60)]).report(),
        scenes()["thousand-files"].report(),
    ],
    ids=["words", "mistakes", "remarks", "targets", "files"],
)
def test_it_fits_whatever_there_is(report: Report) -> None:
    """Less is shown of each list, which says so; nothing is cut inside a table or a block."""
    text = summary(report)
    page = rendered(text)

    assert len(text.encode()) <= LIMIT
    assert text.count("<details>") == text.count("</details>")
    assert {len(row) for row in page.cells} <= {3, 4, 5}
    assert all(line.count("|") in {0, 4, 5, 6} for line in text.splitlines() if line.startswith("|"))


def test_what_is_left_out_is_counted() -> None:
    """Of a thousand files as many as fit."""
    text = summary(scenes()["thousand-files"].report())

    assert text.count("| `sglang_kernel-") == 350
    assert "… and 650 more, which are in the JSON report." in text


@pytest.mark.parametrize("url", ["https://github.com/OWNER/pkg-publish-action/blob/v1/docs/troubleshooting.md", "docs/troubleshooting.md"])
def test_codes_lead_to_the_documentation(url: str) -> None:
    """Wherever it lies."""
    assert rendered(summary(Scene(early=MISTAKES).report(), url)).links == [f"{url}#{each.code}" for each in MISTAKES]


def test_what_is_pasted_is_named_by_its_language() -> None:
    """YAML or a command."""
    blocks = rendered(summary(scenes()["build-failed"].report())).blocks + rendered(summary(scenes()["bad-night"].report())).blocks

    assert [language for language, _ in blocks] == ["sh", "yaml"]


def test_a_target_that_was_not_needed() -> None:
    """Its prospects, as its own check has them; the reason why it could not be read, in a word."""
    spares = [skipped(RELEASE, NOTHING), skipped(PYPI, look(BOTH, problem=MISTAKES[0])), skipped(PACKAGES, NOTHING, WORKS, UNKNOWN)]
    rows = rendered(summary(Scene(tried=[attempt(GHCR, NOTHING, ALL)], skipped=spares).report())).cells

    unknown = "cannot be known before: whether it is right shows in the first upload"
    assert [row[3] for row in rows[2:5]] == ["–", "config", unknown]  # noqa: RUF001 - a dash
