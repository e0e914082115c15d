"""The text of `targets`."""

from __future__ import annotations

import pytest

from pkg_publish import grammar
from pkg_publish.grammar import parse
from pkg_publish.targets import KINDS


def read(text: str) -> list[tuple[str, dict[str, str]]]:
    """Kinds and options; the text must be sound."""
    specs, mistakes = parse(text)
    assert mistakes == []
    return [(each.kind, dict(each.options)) for each in specs]


@pytest.mark.parametrize(
    "text",
    [
        "directory=a, directory=b",
        "directory=a\ndirectory=b",
        "directory = a ,\n  directory= b, ",
        "directory=a # here\n# and not here\ndirectory=b",
        "- directory=a\n- directory=b",
        "[directory=a, directory=b]",
        "- directory:\n    path: a\n- directory: {path: b}",
    ],
)
def test_all_spellings_mean_the_same(text: str) -> None:
    """A plain string, a list, mappings."""
    assert read(text) == [("directory", {"path": "a"}), ("directory", {"path": "b"})]


@pytest.mark.parametrize(("value", "text"), [("true", "true"), ("no", "no"), ("1.0", "1.0"), ("010", "010"), ("[a, 2]", "a\n2"), ("", ""), ("'x y'", "x y")])
def test_option_values_become_text(value: str, text: str) -> None:
    """As they were written: no booleans, no numbers."""
    assert read(f"- directory:\n    path: {value}") == [("directory", {"path": text})]


def test_a_mapping_alone_is_a_list() -> None:
    """Whoever forgets the dash is understood."""
    assert read("directory: {path: a}\n") == [("directory", {"path": "a"})]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "no-target"),
        (" , \n", "no-target"),
        ("[]", "no-target"),
        ("- [nested]", "no-target"),
        ("- a: 1\n  b: 2", "no-target"),
        ("- 7", "unknown-target"),
        ("nowhere", "unknown-target"),
        ("Directory=a", "unknown-target"),
        ("directory=a, directory=a", "target-twice"),
        ("- directory: a", "target-option"),
        ("- directory: {paht: a}", "target-option"),
        ("- directory: {path: [}", "targets-is-not-yaml"),
        ("- directory: {path: a, path: b}", "targets-is-not-yaml"),
        ("directory: {path: a}\ndirectory: {path: b}", "targets-is-not-yaml"),
        ("[" * 5000, "targets-is-not-yaml"),
        ("- directory: {path: {a: b}}", "target-option"),
        ('- directory: {path: "a\\0b"}', "target-option"),
        ("directory=a\x07b", "target-option"),
        ("\t- x: [", "targets-is-not-yaml"),
        ("directory=a\n- directory=b", "targets-is-not-yaml"),
    ],
)
def test_mistakes(text: str, code: str) -> None:
    """Each has its code, a cure and something to paste or a list of what is known."""
    _, (mistake,) = parse(text)

    assert mistake.code == code
    assert mistake.cure


def test_all_mistakes_of_the_text_come_together() -> None:
    """One run shows them all."""
    _, mistakes = parse("nowhere, directroy=a, directory=b")

    assert [each.code for each in mistakes] == ["unknown-target", "unknown-target"]
    assert mistakes[1].cure.startswith("Did you mean directory?")


@pytest.mark.parametrize(
    ("text", "paste"),
    [
        ("gchr", "targets: ghcr"),
        ("github-packages, gchr,\ngithub-relase", "targets: github-packages, ghcr, github-release"),
        ("gchr, repository=https://me:secret@index.example.org/", "targets: ghcr"),
        ("gchr, nowhere", "targets: ghcr"),
        ("nowhere", grammar.EXAMPLE),
        ("- gchr", "targets: ghcr"),
        ("- directory: {paht: a}", "targets: |\n  - directory:\n      path: …"),
    ],
)
def test_what_was_misspelt_is_pasted_as_it_was_meant(text: str, paste: str) -> None:
    """With all that stands beside it, unless that may hold a secret."""
    _, mistakes = parse(text)

    assert (mistakes[0].paste, "secret" in mistakes[0].paste) == (paste, False)


def test_a_secret_never_stands_in_targets() -> None:
    """`password` is refused with the option that names an environment variable."""
    kind = next((kind for kind in KINDS.values() if any(option.name == "password-env" for option in kind.options)), None)
    assert kind is not None

    _, (mistake,) = parse(f"- {kind.word}: {{password: hunter2}}")

    assert mistake.code == "secret-in-targets"
    assert "hunter2" not in repr(vars(mistake))
    assert "password-env" in mistake.paste


def test_a_kind_without_a_place_takes_none() -> None:
    """`kind=place` where there is nothing to choose."""
    kind = next((kind for kind in KINDS.values() if kind.location is None), None)
    if kind is not None:
        _, (mistake,) = parse(f"{kind.word}=x")
        assert mistake.code == "target-option"


def test_a_block_of_lines_is_an_option_of_several_words() -> None:
    """As YAML has it for patterns, a line each."""
    (spec,), mistakes = parse("- github-release:\n    extra-files: |\n      *.pdf\n      docs/*.html\n")

    assert mistakes == []
    assert spec.options == {"extra-files": "*.pdf\ndocs/*.html"}


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("- github-release\n    draft: true\n", 1, "github-release"),
        ("- ghcr\n- oci\n    name: ghcr.io/octo/demo\n", 2, "oci"),
        ("oci\n  name: ghcr.io/octo/demo", 1, "oci"),
    ],
)
def test_a_colon_that_is_missing_is_looked_for_in_its_own_line(text: str, line: int, word: str) -> None:
    """YAML sees the mistake a line too late."""
    _, (mistake,) = parse(text)

    assert mistake.what == f"targets is not YAML in line {line}: {word!r} has options below it, and no colon behind it"
    assert mistake.cure == f"Write {word}: before its options."
    assert mistake.paste == grammar.WITH_OPTIONS


def test_options_that_are_not_indented_enough_are_pasted_as_they_must_be() -> None:
    """Beside the target they belong to nothing."""
    _, (mistake,) = parse("- github-release:\n  repo: octo/demo\n  extra-files: [a.pdf, b.pdf]")

    assert (mistake.code, mistake.what) == ("target-option", "the options of github-release stand beside it, and not below it")
    assert parse(mistake.paste.partition("|\n")[2]) == parse("- github-release:\n    repo: octo/demo\n    extra-files: [a.pdf, b.pdf]")


@pytest.mark.parametrize("text", ["- ghcr:\n  directory: a", "- ghcr: {jobs: one}\n  oci-layout: a", "- {}"])
def test_several_targets_in_one_item_are_none(text: str) -> None:
    """Each stands for itself."""
    _, (mistake,) = parse(text)

    assert (mistake.code, mistake.cure) == ("no-target", "One kind an item.")


def test_what_is_pasted_when_yaml_fails_has_options() -> None:
    """And is sound itself."""
    assert parse(grammar.WITH_OPTIONS.partition("|\n")[2])[1] == []
