"""What the doctor has found, as people and machines read it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from tests.oracles import github_markdown
from tests.oracles.runner_commands import commands

from pkg_publish.doctor import Diagnosis, Group
from pkg_publish.errors import Failure
from pkg_publish.model import CheckRow, Place, Visibility
from pkg_publish.plan import FALL_BACK_ON, Strategy
from pkg_publish.report import diagnosis as rendered

LONG = "a sentence of some words that is so long that no column holds it in one line, whatever the terminal is"
DRY = "On this event a publish runs dry: nothing would be published."
YES = CheckRow(check="Python", found="CPython 3.12")
UNKNOWN = CheckRow(check="login", found="accepted", means=LONG, ok=None, code="ghcr-write-package")
SILENT = CheckRow.silence("answer", "none in time")
NO = CheckRow(
    check="permission", found="403", means="no", do="give it", ok=False, failure=Failure.REFUSED, code="github-no-permission", paste="permissions:\n  x: y"
)


def place(name: str) -> Place:
    """A target."""
    return Place(kind=name, name=name, title=name, visibility=Visibility.LOCAL)


def made(*rows: CheckRow, strategy: Strategy = Strategy.FIRST) -> Diagnosis:
    """A machine and one target with these rows."""
    groups = (Group(title="this machine", rows=(YES,)), Group(title="ghcr", rows=rows, place=place("ghcr")))
    return Diagnosis(groups=groups, strategy=strategy, fall_back_on=FALL_BACK_ON, project="demo", version="1.0", seconds=1.5)


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (made(YES), "Nothing is known to keep demo 1.0 from being published to ghcr"),
        (made(YES, UNKNOWN), "Nothing is known to keep demo 1.0 from being published to ghcr; 1 thing cannot be known before"),
        (made(UNKNOWN, strategy=Strategy.ALL), "Nothing is known to keep demo 1.0 from its targets; 1 thing cannot be known before"),
        (made(YES, SILENT, SILENT), "Nothing is known to keep demo 1.0 from being published to ghcr. Not known: ghcr (none in time)"),
        (
            replace(made(SILENT), groups=(Group(title="g", rows=(SILENT,)),)),
            "Nothing is known to keep demo 1.0 from its targets. Not known: answer (none in time)",
        ),
        (made(UNKNOWN, NO), "A publish of demo 1.0 is certain to fail (refused): ghcr: permission: 403"),
        (
            replace(made(YES), dry=True),
            f"{DRY} On another: nothing is known to keep demo 1.0 from being published to ghcr",
        ),
        (
            replace(made(NO), dry=True),
            f"{DRY} On another: a publish of demo 1.0 is certain to fail (refused): ghcr: permission: 403",
        ),
        (made(replace(NO, found="it says no")), "A publish of demo 1.0 is certain to fail (refused): ghcr: it says no"),
        (Diagnosis(groups=()), "Nothing is known to keep this project from its targets"),
    ],
    ids=["ready", "unknown", "all", "silent", "silent about all", "failed", "dry", "dry and failed", "a sentence", "empty"],
)
def test_the_verdict_is_one_sentence(found: Diagnosis, says: str) -> None:
    """About what, where, and how much is not known."""
    assert rendered.verdict(found) == says


def test_a_colon_of_ours_makes_no_emoji() -> None:
    """Behind the name of a check that lacks only that."""
    page = github_markdown.rendered(rendered.markdown(made(replace(NO, check=":tada"))))

    assert "To mend :tada:" in page.text
    assert page.linked == []


def test_columns_are_aligned() -> None:
    """Each group has its own; no line is wider than the terminal."""
    lines = list(rendered.table(made(YES, UNKNOWN, NO), 140))

    head = next(line for line in lines if "do this" in line and "check" in line)
    rows = [line for line in lines if line.startswith(("  yes", "  NO", "  ?"))]
    assert all(len(line) <= 140 for line in lines)
    assert [row[head.index("check") :].split()[0] for row in rows] == ["Python", "Python", "login", "permission"]
    assert lines[-1].startswith("A publish of demo 1.0 is certain to fail")
    assert "  permissions:" in lines
    assert lines[-3:-1] == ["More: docs/troubleshooting.md#github-no-permission", ""]


def test_columns_of_a_group_that_is_wide() -> None:
    """The check has a column as wide as it needs, within reason."""
    row = CheckRow(check="https://upload.example.org/" + "x" * 200, found="answered 404")

    assert all(len(line) <= 140 for line in rendered.table(made(row), 140))


def test_a_narrow_terminal_gets_paragraphs() -> None:
    """A row is a paragraph; what is empty is left out; an address stays whole."""
    address = "https://example.org/" + "x" * 90
    lines = list(rendered.table(made(CheckRow(check="page", found="there", do=f"look at {address}"), UNKNOWN), 60))

    assert "  yes  page" in lines
    assert "       found:   there" in lines
    assert any(address in line for line in lines)
    assert not any(line.strip().startswith("means:") and "there" in line for line in lines)
    assert all(len(line) <= 60 or address in line or line == lines[-1] for line in lines)


@pytest.mark.parametrize("width", [40, 80, 140, 300])
def test_nobody_elses_words_are_obeyed(width: int) -> None:
    """Neither by the runner nor by the terminal, wherever a line is broken."""
    words = "x " * 30
    evil = CheckRow(
        check="::error::c", found=f"{words}::set-output name=x::y {words}\n::error::z\x1b[31m", means=f"{words}##[error]w", do="::stop-commands::x", ok=False
    )
    text = "\n".join(rendered.table(made(evil), width))

    assert commands(text) == []
    assert "\x1b" not in text


def test_at_home_advice_is_for_a_shell() -> None:
    """What only a workflow has is left out; what mends two things is said once."""
    inputs = replace(NO, check="targets", do="say `allow-public: true`", paste="with:\n  allow-public: true")

    text = "\n".join(rendered.table(rendered.at_home(made(NO, inputs, inputs), "python3 run.py"), 140))

    assert "permissions:" not in text
    assert text.count("To mend targets:\n  --allow-public true\n") == 1
    assert "say `--allow-public true`" in text


def test_the_summary_has_the_verdict_first() -> None:
    """Then the table, with links to the documentation, then the YAML."""
    text = rendered.markdown(made(YES, UNKNOWN, NO), "https://example.org/docs")

    assert text.startswith("## A publish of demo 1.0 is certain to fail (refused): ghcr: permission: 403\n")
    assert "| **no** | permission | 403 | no | give it ([more](https://example.org/docs#github-no-permission)) |" in text
    assert "([more](https://example.org/docs#ghcr-write-package)) |" in text
    assert text.endswith("To mend permission:\n\n```yaml\npermissions:\n  x: y\n```\n")


def test_the_summary_holds_foreign_text_harmless() -> None:
    """No link, no HTML, no second cell."""
    text = rendered.markdown(made(CheckRow(check="c", found="<img src=x> | [a](b) @octo")))

    assert "<img" not in text
    assert all(line.count("|") == 6 for line in text.splitlines() if line.startswith("|"))


def test_a_summary_is_never_longer_than_github_takes() -> None:
    """The rest is in the JSON report."""
    longest = CheckRow(**dict.fromkeys(("check", "found", "means", "do"), "*" * 5000))  # type: ignore[arg-type]

    text = rendered.markdown(made(*[longest] * 500))

    assert len(text.encode()) < 1 << 20
    assert text.endswith("… and 305 more rows, which are in the JSON report.\n")


def test_json_fits_its_schema(tmp_path: Path) -> None:
    """Which lies beside the code."""
    schema = json.loads((Path(rendered.__file__).parent / "doctor.schema.json").read_text(encoding="utf-8"))

    rendered.write(made(YES, UNKNOWN, NO), tmp_path / "new" / "r.json")

    found = json.loads((tmp_path / "new" / "r.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(found)
    assert (found["status"], found["exit_code"], found["failure"], found["groups"][1]["target"]) == ("failed", 1, "refused", "ghcr")
    assert rendered.document(made(YES))["status"] == "ready"
    assert [row["ok"] for row in found["groups"][1]["rows"]] == [True, None, False]
