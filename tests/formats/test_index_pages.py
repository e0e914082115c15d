"""Pages of the simple index, written: what our own reader, which is held against others', makes of them."""

from __future__ import annotations

import json
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from pkg_publish.formats import index_pages, simple_pages
from pkg_publish.formats.index_pages import Link
from pkg_publish.model import RemoteFile

BASE = "https://host/simple/demo/"
WHEEL = RemoteFile(
    name="demo-1.0+cu1-py3-none-any.whl",
    sha256="a" * 64,
    size=1_234_567,
    url=f"{BASE}demo-1.0%2Bcu1-py3-none-any.whl",
    requires_python='>=3.8, !="<script>"',
    metadata_sha256="b" * 64,
)
SDIST = RemoteFile(name="demo-1!2.0.tar.gz", sha256="c" * 64, size=5, url=f"{BASE}demo-1%212.0.tar.gz", yanked="it's <b>bad</b>")
OLD = RemoteFile(name="demo-0.9.tar.gz", sha256="d" * 64, size=3_000, url=f"{BASE}demo-0.9.tar.gz", yanked="")
FILES = [OLD, WHEEL, SDIST]
LINKS = [Link(file=each, url=each.url.removeprefix(BASE)) for each in FILES]


def test_json_says_all_that_is_known() -> None:
    """It comes back as it was; the version of the API is the one that asks for sizes and versions."""
    data = index_pages.project_json("demo", LINKS)

    assert simple_pages.read(simple_pages.JSON, data, BASE) == FILES
    page = json.loads(data)
    assert page["meta"] == {"api-version": "1.1"}
    assert page["versions"] == ["0.9", "1.0+cu1", "1!2.0"]
    assert page["files"][1]["core-metadata"] == {"sha256": "b" * 64}
    assert "dist-info-metadata" not in page["files"][1]  # pip 22.3 to 23.1 end with an exception at it, which is why PEP 714 has the other name
    assert [each["yanked"] for each in page["files"]] == [True, False, "it's <b>bad</b>"]
    assert "requires-python" not in page["files"][0]


def test_json_without_a_size_is_of_the_first_version() -> None:
    """The later one promises a size for every file."""
    page = json.loads(index_pages.project_json("demo", [replace(LINKS[0], file=replace(OLD, size=None))]))

    assert page["meta"] == {"api-version": "1.0"}
    assert "size" not in page["files"][0]


def test_html_says_the_same_to_installers() -> None:
    """But for the size, which it has no place for."""
    data = index_pages.project_html("demo", LINKS, [])

    found = simple_pages.read(simple_pages.PLAIN, data, BASE)
    assert found is not None
    assert {each.name: each for each in found} == {each.name: replace(each, size=None) for each in FILES}


def test_metadata_that_is_not_there_is_not_promised() -> None:
    """Neither here nor there."""
    link = replace(LINKS[1], described=False)

    assert json.loads(index_pages.project_json("demo", [link]))["files"][0]["core-metadata"] is False
    assert b"metadata=" not in index_pages.project_html("demo", [link], [])


class Tags(HTMLParser):
    """The tags of a page."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed(data.decode())

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.found.add(tag)


def test_nothing_foreign_becomes_a_tag() -> None:
    """Neither a reason nor a version of Python, a command or a note."""
    hostile = "<script>alert(1)</script>"
    file = replace(WHEEL, yanked=hostile, requires_python=hostile)
    data = index_pages.project_html("demo", [Link(file=file, url='x" onclick="y')], [hostile], [hostile])

    assert not Tags(data).found & {"script", "b"}
    assert b"onclick=" not in data.replace(b"&quot; onclick=", b"")


@pytest.mark.parametrize(
    ("size", "text"), [(None, "unknown"), (0, "0 B"), (999, "999 B"), (1_000, "1.0 kB"), (1_234_567, "1.2 MB"), (5_000_000_000_000, "5000.0 GB")]
)
def test_people_read_sizes(size: int | None, text: str) -> None:
    """With a unit."""
    assert f"<td>{text}<td>".encode() in index_pages.project_html("demo", [replace(LINKS[0], file=replace(OLD, size=size))], [])


def test_links_have_one_order() -> None:
    """That of versions, not of letters; the page has the newest on top."""
    ordered = index_pages.sorted_links(reversed(LINKS))

    assert ordered == LINKS
    page = index_pages.project_html("demo", ordered, []).decode()
    assert page.index("demo-1!2.0") < page.index("demo-1.0+cu1") < page.index("demo-0.9")


def test_a_list_of_projects() -> None:
    """For installers and for people."""
    assert json.loads(index_pages.projects_json(["a", "b"]))["projects"] == [{"name": "a"}, {"name": "b"}]
    page = index_pages.projects_html(["a", "b"], ["there is <more>"])
    assert b'<a href="b/">b</a>' in page
    assert b"there is &lt;more&gt;" in page


def test_what_is_no_unicode_spoils_no_page() -> None:
    """Half of a surrogate pair, which a source may say in JSON: a mark stands for it, and the rest is read."""
    odd = [replace(LINKS[0], file=replace(OLD, yanked="\ud800", requires_python=">3\udfff"))]

    for data in (index_pages.project_json("demo", odd), index_pages.project_html("demo", odd, ["\ud800"], ["\ud800"])):
        found = simple_pages.read(simple_pages.JSON if data.startswith(b"{") else simple_pages.PLAIN, data, BASE)
        assert found is not None
        assert [(each.yanked, each.requires_python) for each in found] == [("?", ">3?")]
    assert json.loads(index_pages.projects_json(["\ud800"]))["projects"] == [{"name": "?"}]
    assert b'<a href="%3F/">?</a>' in index_pages.projects_html(["\ud800"])
