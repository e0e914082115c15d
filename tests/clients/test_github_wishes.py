"""The options of `github-release`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pkg_publish.clients.github_wishes import LONGEST_NOTES, Wishes
from pkg_publish.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


def wishes(folder: Path, triggered: str = "", /, **options: str) -> Wishes:
    """Options, an underscore for each hyphen of their names, in a run that a tag has triggered or not."""
    return Wishes.read({name.replace("_", "-"): value for name, value in options.items()}, folder, triggered)


def test_the_tag_is_the_option_or_what_triggered_the_run_or_the_version(tmp_path: Path) -> None:
    """In this order."""
    assert wishes(tmp_path, "demo-v1", tag="test-7").tag_of("1.0") == "test-7"
    assert wishes(tmp_path, "demo-v1").tag_of("1.0") == "demo-v1"
    assert wishes(tmp_path).tag_of("1.0") == "v1.0"


def test_without_options(tmp_path: Path) -> None:
    """Published, titled by its tag, with GitHub's own notes."""
    wish = wishes(tmp_path).wish("demo", "1.0", "")

    assert (wish.name, wish.notes, wish.draft, wish.prerelease, wish.latest) == ("v1.0", None, False, False, "auto")


@pytest.mark.parametrize(
    ("option", "version", "expected"), [("auto", "1.0rc1", True), ("auto", "1.0", False), ("true", "1.0", True), ("False", "1.0rc1", False)]
)
def test_a_prerelease_is_one_by_its_version_or_by_word(tmp_path: Path, option: str, version: str, expected: bool) -> None:  # noqa: FBT001 - a column
    """In any case of letters."""
    assert wishes(tmp_path, prerelease=option).wish("demo", version, "").prerelease is expected


@pytest.mark.parametrize(("option", "name"), [("true", "SHA256SUMS"), ("false", ""), ("", ""), ("sums.txt", "sums.txt")])
def test_checksums_have_a_usual_name(tmp_path: Path, option: str, name: str) -> None:
    """Or another one."""
    assert wishes(tmp_path, checksums=option).checksums == name


def test_patterns_stand_a_line_each(tmp_path: Path) -> None:
    """Empty lines are none."""
    assert wishes(tmp_path, extra_files="a*\n\n  b.txt \n").patterns == ["a*", "b.txt"]


@pytest.mark.parametrize(
    ("option", "value"),
    [("draft", "yes"), ("prerelease", "maybe"), ("latest", "legacy"), *(("tag", each) for each in ("v 1", "v1..2", "-v1", "v1/", "v1.lock", "a@{b", "v:1"))],
)
def test_what_nobody_can_wish(tmp_path: Path, option: str, value: str) -> None:
    """The words that are known, or what a tag may look like."""
    with pytest.raises(ConfigError) as caught:
        wishes(tmp_path, **{option: value})

    assert caught.value.code == "target-option"
    assert f"{option}: " in caught.value.paste


def test_a_prerelease_is_never_the_latest(tmp_path: Path) -> None:
    """GitHub has no such thing."""
    with pytest.raises(ConfigError):
        wishes(tmp_path, prerelease="true", latest="true")


def test_notes_are_made_or_none_or_a_file(tmp_path: Path) -> None:
    """Relative to where the command runs."""
    (tmp_path / "notes.md").write_text("# Näws\n", encoding="utf-8")

    found = [wishes(tmp_path, notes=notes).wish("demo", "1.0", "").notes for notes in ("generate", "none", "notes.md")]

    assert found == [None, "", "# Näws\n"]


@pytest.mark.parametrize("content", [None, b"\xff", b"x" * (LONGEST_NOTES + 1)], ids=["missing", "no text", "too long"])
def test_notes_that_nobody_can_read_are_a_mistake(tmp_path: Path, content: bytes | None) -> None:
    """Before anything is written."""
    if content:
        (tmp_path / "notes.md").write_bytes(content)

    with pytest.raises(ConfigError) as caught:
        wishes(tmp_path, notes="notes.md").wish("demo", "1.0", "")

    assert caught.value.code == "release-notes"


def test_checksums_are_not_for_one_of_several_jobs(tmp_path: Path) -> None:
    """Each has some of the files only; the recipe gathers them in one job."""
    with pytest.raises(ConfigError) as caught:
        Wishes.read({"checksums": "true"}, tmp_path, "", many=True)

    assert (caught.value.code, "needs: build" in caught.value.paste) == ("target-option", True)
    assert not Wishes.read({"checksums": "false"}, tmp_path, "", many=True).checksums


def test_what_is_pasted_keeps_the_other_options(tmp_path: Path) -> None:
    """Only the odd one is another: who pastes it publishes where they meant to."""
    with pytest.raises(ConfigError) as caught:
        wishes(tmp_path, repo="octo/demo", draft="maybe", extra_files="a.pdf\nb.pdf")

    lines = ["targets: |", "  - github-release:", "      repo: octo/demo", "      draft: false", "      extra-files: |", "        a.pdf", "        b.pdf"]
    assert caught.value.paste.splitlines() == lines
