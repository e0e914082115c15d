"""Our actions, our workflows and the examples, as GitHub's own parser and three linters read them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

if TYPE_CHECKING:
    from collections.abc import Callable

    Tool = Callable[[str], Path]

ROOT = Path(__file__).resolve().parents[1]
ACTIONS = sorted(path for path in (ROOT / folder / "action.yml" for folder in (".", "install", "doctor")) if path.exists())
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
EXAMPLES = sorted((ROOT / "examples").glob("*.yml"))
EVERYTHING = [*ACTIONS, *WORKFLOWS, *EXAMPLES]


def said(*command: str | Path) -> str:
    """What a program prints about our files, and how it ended when it did not end well."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else f"exit {done.returncode}: {done.stdout}{done.stderr}"


def python_tool(name: str) -> Path:
    """A linter of the environment that runs the tests."""
    return Path(sys.executable).with_name(name)


def test_all_are_found() -> None:
    """There is an action, and at least one workflow."""
    assert ROOT / "action.yml" in ACTIONS
    assert WORKFLOWS


@pytest.fixture(scope="module")
def wrong(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an action and a workflow in which something is wrong."""
    folder = tmp_path_factory.mktemp("wrong")
    (folder / "action.yml").write_text("name: x\ndescription: x\nruns: {using: composite, steps: [{run: true}]}\n")
    ours = "{uses: OWNER/pkg-publish-action@v1, with: {tragets: ghcr}}, {uses: OWNER/pkg-publish-action/doctor@v1, with: {deeep: true}}"
    steps = f"[{ours}, {{run: '${{{{ nothing.here }}}}'}}]"
    (folder / "flow.yml").write_text(f"on: push\njobs: {{x: {{runs-on: ubuntu-latest, steps: {steps}}}}}\n")
    return folder


@pytest.fixture(scope="module")
def remarks(tool: Tool, wrong: Path) -> list[str]:
    """What GitHub's language service says of all files, those in which something is wrong included: it takes long to start."""
    modules = tool("languageservice").parents[1]
    return said("node", ROOT / "tests" / "node" / "validate.mjs", modules, ROOT / "action.yml", *EVERYTHING, *wrong.iterdir()).splitlines()


@pytest.mark.real("languageservice")
def test_github_reads_them(remarks: list[str], wrong: Path) -> None:
    """GitHub's parser knows every key, expression and input."""
    assert [each for each in remarks if not each.startswith(str(wrong))] == []


@pytest.mark.real("languageservice")
def test_github_would_say_what_is_wrong(remarks: list[str], wrong: Path) -> None:
    """A step without a shell, an unknown context and an input that we do not have are found."""
    found = "\n".join(each for each in remarks if each.startswith(str(wrong)))

    assert [word for word in ("shell", "tragets", "deeep", "nothing") if word not in found] == []


def test_zizmor_finds_nothing() -> None:
    """The strictest auditor of workflows agrees."""
    report = said(python_tool("zizmor"), "--offline", "--config=.github/zizmor.yml", "--persona=auditor", "--format=json", "--no-progress", *EVERYTHING)
    assert report == "[]"


@pytest.mark.real("actionlint")
def test_actionlint_finds_nothing(tool: Tool) -> None:
    """The workflows of all, the shell lines in them included."""
    assert said(tool("actionlint"), "-no-color", *WORKFLOWS, *EXAMPLES) == ""


@pytest.mark.parametrize(
    ("schema", "paths"), [("vendor.github-actions", ACTIONS), ("vendor.github-workflows", [*WORKFLOWS, *EXAMPLES])], ids=["actions", "workflows"]
)
def test_they_fit_the_schema(schema: str, paths: list[Path]) -> None:
    """The published JSON Schemas agree."""
    assert said(python_tool("check-jsonschema"), "--builtin-schema", schema, *paths) == "ok -- validation done"


def test_dependabot_reads_its_file() -> None:
    """And dependabot's."""
    path = ROOT / ".github" / "dependabot.yml"
    assert said(python_tool("check-jsonschema"), "--builtin-schema", "vendor.dependabot", path) == "ok -- validation done"


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_the_head_of_an_example_says_what_to_change_and_to_set_up(example: Path) -> None:
    """Whatever in it is not yet that of the reader: names, folders, addresses, files; and what must stand ready at GitHub and at an index."""
    text = example.read_text(encoding="utf-8")
    head, _, body = text.partition("\nname: ")
    environments = {name for job in yaml.safe_load(text)["jobs"].values() for name in [job.get("environment", "")] if isinstance(name, str)}
    theirs = {"OWNER", *environments, *re.findall(r"secrets\.(\w+)", body), *re.findall(r"project-dir: (\w+)", body), *re.findall(r"(\w+\.example\.com)", body)}
    theirs |= set(re.findall(r"extra-files: (\S+)", body)) | ({"trusted publisher"} if re.search(r"targets: (test)?pypi", body) else set())

    assert re.findall(r"^# (Change|Set up): ", head, re.MULTILINE) == ["Change", "Set up"]
    assert [name for name in theirs if name not in " ".join(head.replace("#", " ").split())] == []


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_can_be_copied(example: Path) -> None:
    """No right for all jobs, one run at a time, and a line in the README."""
    workflow = yaml.safe_load(example.read_text(encoding="utf-8"))

    assert workflow["permissions"] == {}
    assert workflow["concurrency"]["group"]
    assert all(job["permissions"] for job in workflow["jobs"].values())
    assert f"](examples/{example.name})" in (ROOT / "README.md").read_text(encoding="utf-8")
