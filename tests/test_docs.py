"""What people copy from the documentation: YAML that is YAML, inputs that are there, targets that we take."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from tests import tables
from tests.clients import test_github_refusals, test_oci_refusals, test_pypi_refusals

from pkg_publish import cli, grammar
from pkg_publish.config import inputs
from pkg_publish.targets import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
COPIED = [
    path
    for path in (*ROOT.glob("docs/*.md"), *ROOT.glob("[!C]*.md"), *ROOT.glob("examples/**/*.*"), *ROOT.glob(".github/**/*.yml"))
    if path.suffix in {".md", ".yml"}
]
"""All that people copy from."""
BLOCKS = [
    pytest.param(text, id=f"{path.name}:{number}")
    for path in PAGES
    for number, text in enumerate(re.findall(r"^```yaml\n(.*?)^```", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL))
]

OURS = re.compile(r"OWNER/pkg-publish-action(/doctor)?@\S+")


def given(found: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - YAML
    """The inputs of every step of ours, or of one whose action is not named."""
    if isinstance(found, dict):
        if "with" in found and OURS.fullmatch(found.get("uses", "OWNER/pkg-publish-action@v1")):
            yield found["with"]
        for each in found.values():
            yield from given(each)
    elif isinstance(found, list):
        for each in found:
            yield from given(each)


@pytest.mark.parametrize("text", BLOCKS)
def test_what_people_copy_is_what_we_take(text: str) -> None:
    """Every input is one of ours, and every list of targets has kinds and options that are there."""
    for written in given(yaml.safe_load(text)):
        assert written.keys() <= {each.name for each in inputs()}
        if "targets" in written:
            assert grammar.parse(written["targets"])[1] == []


COMMANDS = [
    pytest.param(line, id=f"{path.name}:{number}")
    for path in COPIED
    for number, line in enumerate(re.findall(r"\brun\.py ((?:doctor|index|install|publish|serve)\b[^`\n]+)", path.read_text(encoding="utf-8")))
]


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_that_people_copy_is_one_that_we_take(line: str) -> None:
    """Its words, its flags, its targets."""
    words = shlex.split(line.replace("…", "directory=out").replace("$", ""))
    arguments = cli.arguments(words) if "--help" not in words else None

    for text in [*(getattr(arguments, "sources", None) or []), *filter(None, [getattr(arguments, "targets", None)])]:
        assert grammar.parse(text)[1] == []


def test_the_command_has_one_name_wherever_people_copy_it() -> None:
    """The one that works without installing anything; that of an installation is told once."""
    installed = re.compile(r"pkg-publish (doctor|index|install|publish|serve)\b")

    assert len(COMMANDS) > 15
    assert [path.name for path in COPIED if installed.search(path.read_text(encoding="utf-8"))] == []


def test_what_stands_for_the_inputs_of_others_is_there() -> None:
    """In the second column every name is one of an input, an output, a target or an option of ours."""
    options = {option.name for kind in KINDS.values() for option in kind.options}
    ours = {each.name for each in inputs()} | set(KINDS) | options | tables.action()["outputs"].keys()
    page = (ROOT / "docs" / "migrating.md").read_text(encoding="utf-8")
    rows = [line.split("|")[2] for line in page.splitlines() if line.startswith("| `")]
    named = {name for row in rows for name in re.findall(r"`([^`]+)`", row)}

    assert len(rows) > 40
    assert {name.partition(":")[0] for name in named} <= ours


def said_by_servers() -> Iterator[tuple[str, str]]:
    """Texts of real servers that tests feed, with the code that each gets."""
    yield from ((json.dumps(body), code) for _, body, _, code, _ in test_github_refusals.ANSWERS)
    yield from ((message, code) for _, _, message, _, code, _ in test_oci_refusals.ANSWERS if message)
    yield from ((words, code) for _, words, _, code in test_pypi_refusals.UPLOADS)
    yield from ((words, code) for _, _, words, _, code in test_pypi_refusals.IDENTITIES if words)


@pytest.mark.parametrize(("said", "code"), list(said_by_servers()), ids=lambda value: value[:40])
def test_troubleshooting_is_found_by_what_a_server_says(said: str, code: str) -> None:
    """People search for that: its words stand below the heading of the code."""
    page = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    section = page.partition(f"\n## {code}\n")[2].partition("\n## ")[0]
    (quoted,) = re.findall(r"^A server says: (.+)$", section, re.MULTILINE)

    assert any(words in said for words in re.findall(r"`([^`]+)`", quoted))


def test_what_a_server_says_leads_to_the_heading_about_it() -> None:
    """The README's table: each text is one that a test feeds, and that gets this code."""
    fed = [*said_by_servers(), ("404 below upload.pkg.github.com", "github-packages-has-no-python-registry")]
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([^`]+)`.*\(docs/troubleshooting\.md#([a-z0-9-]+)\) \|$", page, re.MULTILINE)

    assert len(rows) > 12
    assert [row for row in rows if not any(row[0] in said and row[1] == code for said, code in fed)] == []


THEIRS = {
    "pypa/gh-action-pypi-publish": "user password repository-url repository_url packages-dir packages_dir verify-metadata verify_metadata skip-existing "
    "skip_existing verbose print-hash print_hash attestations",
    "softprops/action-gh-release": "body body_path name tag_name draft prerelease preserve_order files working_directory overwrite_files "
    "fail_on_unmatched_files repository token target_commitish discussion_category_name generate_release_notes previous_tag append_body make_latest "
    "url id upload_url assets",
    "A step with build and twine": "srcdir --outdir --sdist-extract-dir --sdist --wheel --metadata --report --config-setting --config-json --installer "
    "--no-isolation --env-dir --dependency-constraints-txt --skip-dependency-check --quiet --verbose --repository-url --attestations --sign --sign-with "
    "--identity --username --password --non-interactive --comment --config-file --skip-existing --cert --client-cert --disable-progress-bar "
    "TWINE_REPOSITORY TWINE_REPOSITORY_URL TWINE_USERNAME TWINE_PASSWORD TWINE_NON_INTERACTIVE TWINE_CERT",
}
"""The inputs that their `action.yml` names, the old spellings too, and the outputs; the flags that their `--help` names, and the variables."""


@pytest.mark.parametrize("theirs", THEIRS)
def test_every_input_of_what_people_come_from_is_mapped(theirs: str) -> None:
    """In the section about it."""
    _, _, page = (ROOT / "docs" / "migrating.md").read_text(encoding="utf-8").partition(f"## {theirs}\n")
    section, _, _ = page.partition("\n## ")

    assert [name for name in THEIRS[theirs].split() if f"`{name}`" not in section] == []


def test_links_lead_somewhere() -> None:
    """Within the repository."""
    links = [(path, link) for path in PAGES for link in re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text(encoding="utf-8"))]
    assert links
    assert [f"{path.name}: {link}" for path, link in links if not (path.parent / link).exists()] == []
