"""Inputs: every value, every mistake, all mistakes at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from pkg_publish.config import BuildMode, CheckTag, Config, Format, OnConflict, Verify, inputs
from pkg_publish.errors import Failure, Mistakes
from pkg_publish.plan import Strategy
from pkg_publish.secret import Secret

PLACE = {"targets": "directory=out"}


def mistakes(**given: str) -> list[str]:
    """What is wrong with these inputs, by code."""
    with pytest.raises(Mistakes) as caught:
        Config.read(PLACE | {name.replace("_", "-"): text for name, text in given.items()})
    return [each.code for each in caught.value.found]


def test_defaults() -> None:
    """Only `targets` is given: the rest is as the contract says."""
    config = Config.read(PLACE)

    assert config.strategy is Strategy.FIRST
    assert config.fall_back_on == (Failure.UNSUPPORTED, Failure.UNAVAILABLE, Failure.REFUSED)
    assert config.on_conflict is OnConflict.FAIL
    assert (config.project_dir, config.dist_dir, config.build) == (Path(), None, BuildMode.AUTO)
    assert config.formats == (Format.WHEEL, Format.SDIST)
    assert (config.verify, config.check_tag) == (Verify.DIGEST, CheckTag.AUTO)
    assert (config.allow_public, config.dry_run, config.summary) == (False, False, True)
    assert (config.timeout, config.report, config.build_env) == (900.0, None, ())
    assert config.tokens == {}


def test_every_value_can_be_given() -> None:
    """Words are read in any case, lists with commas or white space, names in any case."""
    config = Config.read(
        {
            "Targets": "directory=out",
            "STRATEGY": "ALL",
            "fall-back-on": "unsupported\nunavailable",
            "on-conflict": "Keep",
            "allow-public": "TRUE",
            "dist-dir": "wheels",
            "formats": "wheel",
            "build-env": "A, B_2\nC",
            "check-tag": "false",
            "report": "r.json",
            "pypi-token": "pypi-secret",
            "testpypi-token": "OIDC",
        }
    )

    assert config.strategy is Strategy.ALL
    assert config.fall_back_on == (Failure.UNSUPPORTED, Failure.UNAVAILABLE)
    assert config.on_conflict is OnConflict.KEEP
    assert config.allow_public is True
    assert (config.dist_dir, config.formats, config.build_env) == (Path("wheels"), (Format.WHEEL,), ("A", "B_2", "C"))
    assert config.tokens == {"pypi-token": Secret("pypi-secret")}


def test_an_empty_value_means_the_default() -> None:
    """A workflow hands on `${{ inputs.dry-run }}`, which is empty on a push."""
    assert Config.read(PLACE | {"dry-run": "", "timeout": " "}).dry_run is False


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("15m", 900), ("1h30m", 5400), ("2h", 7200), ("45", 45), (" 1m 5s ", 65)],
)
def test_times(text: str, seconds: float) -> None:
    """Hours, minutes, seconds."""
    assert Config.read(PLACE | {"timeout": text}).timeout == seconds


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("strategy", "frist"),
        ("fall_back_on", "conflict"),
        ("on_conflict", "overwrite"),
        ("allow_public", "yes"),
        ("build", "maybe"),
        ("formats", "egg"),
        ("build_env", "A=1"),
        ("verify", "hope"),
        ("check_tag", "1"),
        ("dry_run", "0"),
        ("timeout", "soon"),
        ("timeout", "0"),
        ("project_dir", "a\nb"),
    ],
)
def test_values_that_make_no_sense(name: str, text: str) -> None:
    """Each is refused with the input's name and the YAML that mends it."""
    with pytest.raises(Mistakes) as caught:
        Config.read(PLACE | {name.replace("_", "-"): text})

    (mistake,) = caught.value.found
    assert mistake.code == "input-value"
    assert name.replace("_", "-") in mistake.what
    assert mistake.paste.startswith(f"with:\n  {name.replace('_', '-')}: ")


def test_all_mistakes_come_together() -> None:
    """Nobody mends one mistake a run."""
    assert mistakes(strategy="frist", taregts="x", timeout="soon", targets="nowhere", pypi_token="") == [
        "unknown-input",
        "unknown-target",
        "input-value",
        "secret-is-empty",
        "input-value",
    ]


def test_an_unknown_input_names_the_nearest() -> None:
    """A typo costs no search."""
    with pytest.raises(Mistakes) as caught:
        Config.read(PLACE | {"dist_dir": "x"})

    assert caught.value.found[0].cure.startswith("Did you mean dist-dir?")


@pytest.mark.parametrize("name", ["github_token", "pypi_token", "testpypi_token"])
def test_an_empty_token_is_a_mistake(name: str) -> None:
    """An empty secret never changes the method silently."""
    assert mistakes(**{name: "  "}) == ["secret-is-empty"]


@pytest.mark.parametrize("value", ["two words", "two\nlines", "ümlaut", "tab\tinside"])
@pytest.mark.parametrize("name", ["github_token", "pypi_token", "testpypi_token"])
def test_a_token_that_can_be_none_is_a_mistake_before_anybody_is_asked(name: str, value: str) -> None:
    """Blanks around it do no harm."""
    assert mistakes(**{name: value}) == ["secret-is-odd"]
    assert Config.read(PLACE | {name.replace("_", "-"): " pypi-abc\n"}).tokens


def test_a_token_never_prints_itself() -> None:
    """Neither in the configuration's own text."""
    config = Config.read(PLACE | {"github-token": "ghs_0123456789"})

    assert "ghs_0123456789" not in repr(config)
    assert config.tokens["github-token"].reveal() == "ghs_0123456789"


def test_every_input_has_a_clause_for_the_tables() -> None:
    """The README and `--help` are made from it."""
    assert all(each.says for each in inputs())
    assert [each.name for each in inputs() if each.secret] == ["github-token", "pypi-token", "testpypi-token"]
