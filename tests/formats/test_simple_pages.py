"""Pages of indexes, and what only looks like one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from pkg_publish.formats import simple_pages
from pkg_publish.formats.simple_pages import HTML, JSON, PLAIN, read
from pkg_publish.model import RemoteFile

BASE = "https://index.example.org/simple/demo/"
SHA = "ab" * 32
WHEEL = "demo-1.0-py3-none-any.whl"


def html(body: str, kind: str = PLAIN) -> list[RemoteFile] | None:
    """What an HTML page lists."""
    return read(kind, body.encode(), BASE)


def of_json(*files: object, version: object = "1.0") -> list[RemoteFile] | None:
    """What a JSON page lists."""
    return read(JSON, json.dumps({"meta": {"api-version": version}, "name": "demo", "files": files}).encode(), BASE)


def test_reads_all_facts_of_json() -> None:
    """PEP 691, 700, 714 and 592."""
    entry: dict[str, Any] = {
        "filename": WHEEL,
        "url": f"../../files/{WHEEL}#x",
        "hashes": {"sha256": SHA.upper(), "md5": "1"},
        "size": 7,
        "requires-python": ">=3.8",
        "core-metadata": {"sha256": SHA},
        "yanked": "broken",
    }

    assert of_json(entry) == [
        RemoteFile(
            name=WHEEL,
            sha256=SHA,
            size=7,
            url=f"https://index.example.org/files/{WHEEL}",
            requires_python=">=3.8",
            metadata_sha256=SHA,
            yanked="broken",
        )
    ]


def test_reads_all_facts_of_html() -> None:
    """PEP 503, 592, 658 and 714, entities resolved."""
    page = (
        f'<a href="../../files/{WHEEL}#sha256={SHA}" data-requires-python="&gt;=3.8" data-yanked="broken" data-core-metadata="sha256={SHA}">x</a>'
        f'<a href="https://files.example.org/demo-1.0%2Bcpu-py3-none-any.whl?x=1" data-yanked data-dist-info-metadata="true">y</a>'
    )

    assert html(page) == [
        RemoteFile(
            name=WHEEL,
            sha256=SHA,
            url=f"https://index.example.org/files/{WHEEL}",
            requires_python=">=3.8",
            metadata_sha256=SHA,
            yanked="broken",
        ),
        RemoteFile(name="demo-1.0+cpu-py3-none-any.whl", url="https://files.example.org/demo-1.0%2Bcpu-py3-none-any.whl?x=1", yanked=""),
    ]


@pytest.mark.parametrize(
    "facts",
    [
        {"hashes": {"sha256": "ab"}},
        {"hashes": []},
        {"size": "7"},
        {"size": -1},
        {"size": True},
        {"size": 10**400},
        {"requires-python": [">=3"]},
        {"hashes": {"sha256": "\ud800" * 64}},
        {"requires-python": ""},
        {"requires-python": None},
        {"dist-info-metadata": True},
        {"yanked": False},
    ],
    ids=str,
)
def test_what_cannot_be_believed_is_unknown(facts: dict[str, Any]) -> None:
    """A fact of another type or shape counts as none."""
    assert of_json({"filename": WHEEL, "url": WHEEL} | facts) == [RemoteFile(name=WHEEL, url=BASE + WHEEL)]


ROOT = "https://index.example.org/simple/"


@pytest.mark.parametrize(
    ("page", "listed"),
    [
        ('<a href="0/">0</a>', True),
        ('<!doctype html><a href="/simple/foo-bar/">Foo.<b>Bar</b></a>\n<a href="two">two</a>', True),
        ('<a href="0/">0</a><form><input name="password"></form>', False),
        ('<a href="/login/">login</a>', False),
        ('<a href="help/">Get help</a>', False),
        ('<a href="demo/">demo</a><a href="../">up</a>', False),
        ("<a>demo</a>", False),
        ("no links", False),
        ("", False),
    ],
)
def test_a_list_of_projects_needs_no_title(page: str, *, listed: bool) -> None:
    """PEP 503 asks for its links alone, and no page for people has such ones only."""
    assert simple_pages.lists_projects(PLAIN, page.encode(), ROOT) is listed


def test_a_list_of_projects_is_html_of_bearable_length(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else nobody reads it."""
    monkeypatch.setattr(simple_pages, "LONGEST_HTML", 10)

    assert not simple_pages.lists_projects(PLAIN, b'<a href="0/">0</a>', ROOT)
    assert not simple_pages.lists_projects("text/plain", b"<a></a>", ROOT)


def test_half_a_letter_is_spelt_out() -> None:
    """JSON may hold one, and nobody could write it."""
    entry = {"filename": WHEEL, "url": WHEEL, "requires-python": "\ud800", "yanked": "\ud800"}

    assert of_json(entry) == [RemoteFile(name=WHEEL, url=BASE + WHEEL, requires_python="?", yanked="?")]


def test_yanked_without_a_reason() -> None:
    """`true` is an empty reason."""
    (file,) = of_json({"filename": WHEEL, "url": WHEEL, "yanked": True}) or []

    assert file.yanked == ""


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("../../etc/demo-1.0.tar.gz", "x"),
        ("demo-1.0.exe", "x"),
        ("demo-1.0\n.tar.gz", "x"),
        ("demo-1.0\ud800.tar.gz", "x"),
        (WHEEL, "ftp://x/y"),
        (WHEEL, "https://[/"),
        (WHEEL, "javascript:x"),
        (WHEEL, "https://x/\ud800"),
    ],
)
def test_what_is_no_distribution_is_left_out(name: str, url: str) -> None:
    """By its name, or because its address cannot be asked."""
    assert of_json({"filename": name, "url": url}, "no mapping", {}) == []


def test_links_that_are_no_distributions_are_left_out() -> None:
    """Anchors without an address, and with others."""
    assert html(f'<a>x</a><a href="../">up</a><a href="/x.zip">x</a><a href="ftp://x/{WHEEL}">x</a><a href="{WHEEL}"></a>') == [
        RemoteFile(name=WHEEL, url=BASE + WHEEL)
    ]


def test_a_base_moves_all_links() -> None:
    """Unless it is none."""
    assert [file.url for file in html(f'<base href="/files/"><base href="https://[/"><base><a href="{WHEEL}">') or []] == [
        f"https://index.example.org/files/{WHEEL}"
    ]


@pytest.mark.parametrize(
    "page",
    [
        "<title>Links for demo</title>",
        "<title>Simple Index</title><h1>Simple Index</h1>",
        "<head><title>root/pypi: simple list (including inherited indices)</title>",
        "<h1>Index of /simple/demo/</h1>",
        '<meta name="pypi:repository-version" content="1.1"><title>x</title>',
    ],
)
def test_an_index_may_have_no_files(page: str) -> None:
    """It is known by its name or its mark."""
    assert html(page) == []


@pytest.mark.parametrize(
    "page",
    [
        "",
        "<title>Sign in</title><p>Links for demo",
        '<meta name="pypi:repository-version" content="2.0">',
        '<meta name="viewport"><title>404</title>',
        f"<title>{'x' * 2000} simple index",
        "not html at all",
        f"<title>simple index</title>{'x' * simple_pages.LONGEST_HTML}",
    ],
    ids=["empty", "portal", "version-2", "404", "long-title", "text", "too-long"],
)
def test_other_pages_are_no_index(page: str) -> None:
    """A login page that answers 200 is no proof that a project is absent."""
    assert html(page) is None


def test_a_type_of_its_own_is_enough() -> None:
    """HTML that was sent as a page of an index is one."""
    assert html("", HTML) == []
    assert read("application/json", b"{}", BASE) is None


@pytest.mark.parametrize(
    "page",
    [b"{", b"[" * 100_000, b"[]", b"{}", b'{"meta": {"api-version": "2.0"}, "files": []}', b'{"meta": {"api-version": 1}, "files": []}', b"\xff"],
)
def test_json_of_another_kind_is_no_index(page: bytes) -> None:
    """Broken, bottomless, or of a version that is not ours."""
    assert read(JSON, page, BASE) is None


def test_a_list_of_projects_is_an_index() -> None:
    """Without files."""
    assert read(JSON, b'{"meta": {"api-version": "1.0"}, "projects": [{"name": "demo"}]}', BASE) == []


@given(some.binary(max_size=400), some.sampled_from([JSON, HTML, PLAIN]))
def test_nothing_is_raised(page: bytes, kind: str) -> None:
    """Whatever the page."""
    assert isinstance(read(kind, page, BASE), list | None)


@given(some.text(alphabet="<>!-[]ahref=\"'#&;/ .whl\\x", max_size=300))
def test_nothing_is_raised_by_html(page: str) -> None:
    """However it is broken."""
    assert isinstance(html(page), list | None)
