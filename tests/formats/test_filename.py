"""Whose distribution a file name names."""

from __future__ import annotations

import pytest

from pkg_publish.formats.filename import is_of


@pytest.mark.parametrize(
    "name",
    ["foo_bar-1.0-py3-none-any.whl", "Foo.Bar-1.0-2-cp312-cp312-manylinux_2_17_x86_64.whl", "foo_bar-1.0.tar.gz", "foo-bar-1.0.zip", "foo_bar-v1.0.tar.gz"],
)
def test_a_name_in_any_spelling_is_the_projects(name: str) -> None:
    """Name and version are compared normalised."""
    assert is_of(name, "foo-bar")
    assert is_of(name, "foo-bar", "1.0")


@pytest.mark.parametrize("name", ["foo_bar-1.1-py3-none-any.whl", "foo_bar-1.0+cu1.tar.gz"])
def test_another_version_is_the_projects_only(name: str) -> None:
    """A version that is given must be this one, its local part included."""
    assert is_of(name, "foo-bar")
    assert not is_of(name, "foo-bar", "1.0")


@pytest.mark.parametrize(
    "name",
    [
        "",
        "foo-1.0.tar.gz",
        "foo_bar-1.0.exe",
        "foo_bar-1.0.whl",
        "foo_bar-1.0-py3-none-any/../../x.whl",
        "../foo_bar-1.0.tar.gz",
        "foo_bar-1.0-py3-none-any\n.whl",
        "foo_bar-1.0-py3-none-\x1b[2J.whl",
        "fo\u043e_bar-1.0.tar.gz",
        "foo_bar-1.0-py3-none-any .whl",
        f"foo_bar-{'1' * 5000}.tar.gz",
        f"foo_bar-1.0-{'.'.join(['py3'] * 20)}-{'.'.join(['none'] * 15)}-{'.'.join(['any'] * 15)}.whl",
    ],
    ids=lambda name: repr(name[:40]),
)
def test_what_is_no_such_name_is_nobodys(name: str) -> None:
    """Another project, no distribution, a path, a control character, a letter that only looks like one."""
    assert not is_of(name, "foo-bar")
