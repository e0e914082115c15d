"""The action, as an action: what it publishes, says and leaves behind."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING, Any

import pytest
from tests import factory

if TYPE_CHECKING:
    from tests.actions.harness import Act, Ran
    from tests.servers.pypiserver import PypiServer

pytestmark = pytest.mark.real("act")

PUBLIC = {"repository": {"visibility": "public", "full_name": "octo/demo"}}

REPORT = """
- id: report
  if: always()
  shell: sh
  env: {REPORT: "${{ steps.publish.outputs.report }}"}
  run: printf 'text=%s\\n' "$(tr -d '\\n' < "$REPORT")" >> "$GITHUB_OUTPUT"
"""


def publish(act: Act, inputs: str, **how: object) -> Ran:
    """Run a workflow with the action; a second step reads its report, since act deletes the runner's folder."""
    steps = "- id: publish\n  uses: OWNER/pkg-publish-action@v1\n  with:\n" + "\n".join(f"    {line}" for line in inputs.strip().splitlines())
    return act.run(f"{steps}\n{REPORT}", payload=PUBLIC, **how)  # type: ignore[arg-type]


def report(ran: Ran, step: str = "report") -> dict[str, Any]:
    """The JSON report that a step has read."""
    found: dict[str, Any] = json.loads(ran.steps[step].outputs["text"])
    return found


def test_publishes_to_an_index(act: Act, pypiserver: PypiServer) -> None:
    """Built, uploaded, read back; outputs, summary and report say so."""
    ran = publish(
        act,
        f"targets: |\n  - repository: {{url: '{pypiserver.url}', username: {pypiserver.username}, password-env: PASSWORD}}",
        job={"env": {"PASSWORD": pypiserver.password}},
    )

    outputs = ran.steps["publish"].outputs
    assert (ran.exit_code, outputs["status"], outputs["project"], outputs["version"]) == (0, "published", "demo", "1.0"), ran.everything
    assert sorted(pypiserver.stored()) == ["demo-1.0-py2.py3-none-any.whl", "demo-1.0.tar.gz"]
    assert {each["name"]: each["sha256"] for each in json.loads(outputs["files"])} == pypiserver.stored()
    assert outputs["install-command"].endswith("demo==1.0")
    assert ran.summary.startswith("## demo 1.0 is published")
    assert report(ran)["status"] == "published"
    assert pypiserver.password not in "".join(line for line in ran.log.splitlines() if not line.startswith("::add-mask::"))


def test_falls_back_and_says_so_once(act: Act) -> None:
    """GitHub Packages first: a notice; a place on the runner only: a warning; nothing is said twice."""
    ran = publish(act, "targets: github-packages, directory=../wheelhouse")

    outputs = ran.steps["publish"].outputs
    assert (ran.exit_code, outputs["status"], outputs["target"]) == (0, "published-by-fallback", "directory=../wheelhouse"), ran.everything
    assert outputs["fallback-reason"].startswith("unsupported: github-packages: ")
    assert sorted(kind for kind, _ in ran.annotations) == ["notice", "warning"]
    assert "::group::" in ran.log


def test_works_twice_in_one_job_and_leaves_nothing_behind(act: Act) -> None:
    """The second finds what the first published; the workspace holds only what was asked for."""
    one = "  uses: OWNER/pkg-publish-action@v1\n  with: {targets: 'directory=../out'}\n"
    look = "- id: look\n  shell: sh\n  run: |\n    echo \"files=$(git status --porcelain --ignored | tr '\\n' ' ')\" >> \"$GITHUB_OUTPUT\"\n"

    ran = act.run(f"- id: one\n{one}- id: two\n{one}{look}", payload=PUBLIC)

    assert ran.exit_code == 0, ran.everything
    assert [ran.steps[name].outputs["status"] for name in ("one", "two")] == ["published", "already-published"]
    assert ran.steps["look"].outputs["files"] == ""
    assert ran.steps["one"].outputs["report"] != ran.steps["two"].outputs["report"]


def test_works_inside_another_composite_action(act: Act) -> None:
    """Nothing depends on being called by a workflow."""
    act.files[".github/actions/release/action.yml"] = """
name: release
description: publishes
outputs:
  status: {description: how it ended, value: "${{ steps.inner.outputs.status }}"}
runs:
  using: composite
  steps:
    - id: inner
      uses: OWNER/pkg-publish-action@v1
      with: {targets: directory=out}
"""

    ran = act.run("- id: outer\n  uses: ./.github/actions/release\n", payload=PUBLIC)

    assert (ran.exit_code, ran.steps["outer"].outputs["status"]) == (0, "published"), ran.everything


def test_publishes_what_another_job_has_built(act: Act) -> None:
    """`build: never`: no build step runs."""
    path = factory.wheel(act.folder / "made", "demo", "1.0")
    act.files[f"dist/{path.name}"] = path.read_bytes()

    ran = publish(act, "targets: directory=out\nbuild: never\ndist-dir: dist")

    assert (ran.exit_code, ran.steps["publish"].outputs["status"]) == (0, "published"), ran.everything
    assert "build" not in ran.log.split("plan")[0]


def test_a_dry_run_writes_nothing(act: Act) -> None:
    """Everything but the write."""
    ran = publish(act, "targets: directory=out\ndry-run: true")

    assert (ran.exit_code, ran.steps["publish"].outputs["status"]) == (0, "planned"), ran.everything
    assert ran.summary.startswith("## Dry run: demo 1.0 would be published")


def test_a_pull_request_runs_dry(act: Act) -> None:
    """From the same repository."""
    payload = PUBLIC | {"pull_request": {"head": {"repo": {"full_name": "octo/demo"}}, "base": {"ref": "main"}}}

    ran = act.run("- id: publish\n  uses: OWNER/pkg-publish-action@v1\n  with: {targets: directory=out}\n", event="pull_request", payload=payload)

    assert (ran.exit_code, ran.steps["publish"].outputs["status"]) == (0, "planned"), ran.everything


def test_the_build_sees_no_secret(act: Act) -> None:
    """Neither in its own environment nor in that of the processes above it, nor a command file of the runner."""
    act.files["backend/spy.py"] = """
import os
from flit_core.buildapi import *
from flit_core import buildapi

def build_wheel(directory, config_settings=None, metadata_directory=None):
    seen, pid = [], os.getpid()
    while pid > 1:
        try:
            seen.append(open(f"/proc/{pid}/environ").read())
            name = open(f"/proc/{pid}/cmdline").read()
            pid = int(open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[1])
        except OSError:
            break
        if "act" in os.path.basename(name.split(chr(0))[0]) and "push" in name:
            break
    open(os.path.join(os.environ["SPY_DIR"], "seen"), "w").write("\\n".join(seen[:-1] if len(seen) > 1 else seen))
    return buildapi.build_wheel(directory, config_settings, metadata_directory)
"""
    act.files["pyproject.toml"] = str(act.files["pyproject.toml"]).replace(
        'build-backend = "flit_core.buildapi"', 'build-backend = "spy"\nbackend-path = ["backend"]'
    )
    ran = publish(
        act,
        "targets: directory=out\nformats: wheel\nbuild-env: SPY_DIR\ngithub-token: ${{ secrets.CANARY }}",
        secrets={"CANARY": "canary-0123456789"},
        job={"env": {"SPY_DIR": str(act.folder), "OTHER": "other-canary-0123456789"}},
    )

    seen = (act.folder / "seen").read_text(encoding="utf-8")
    assert ran.exit_code == 0, ran.everything
    assert "SPY_DIR" in seen
    assert not [word for word in ("canary-0123456789", "GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STEP_SUMMARY", "ACTIONS_") if word in seen]


BAD = {
    "unknown target": ("targets: nowhere", 2, "unknown-target"),
    "no target": ("targets: ','", 2, "no-target"),
    "bad word": ("targets: directory=out\nstrategy: some", 2, "input-value"),
    "empty token": ("targets: directory=out\npypi-token: ''", 2, "secret-is-empty"),
    "secret not set": ("targets: |\n  - repository: {url: 'https://x.test/', username: u, password-env: NOT_SET}", 2, "secret-is-empty"),
    "plain http": ("targets: repository=http://index.test/", 2, "insecure-url"),
    "credentials in the address": ("targets: repository=https://u:p@index.test/", 2, "credentials-in-url"),
    "no project": ("targets: directory=out\nproject-dir: nowhere", 2, "project-not-found"),
    "nothing in dist-dir": ("targets: directory=out\nbuild: never\ndist-dir: nowhere", 2, "no-distributions"),
}


def test_bad_input_is_refused_before_anything_is_written(act: Act) -> None:
    """Red, with its exit code, one error that names the code, all outputs, a summary, and no traceback; here in one job, one step after another."""
    steps = "".join(
        f"- id: bad{number}\n  continue-on-error: true\n  uses: OWNER/pkg-publish-action@v1\n  with:\n{textwrap.indent(inputs, '    ')}\n"
        + REPORT.replace("report\n", f"report{number}\n", 1).replace("steps.publish", f"steps.bad{number}")
        for number, (inputs, _, _) in enumerate(BAD.values())
    )

    ran = act.run(steps, payload=PUBLIC)

    for number, (_, code, slug) in enumerate(BAD.values()):
        refused, said = ran.steps[f"bad{number}"], report(ran, f"report{number}")
        assert (refused.outcome, refused.outputs["status"]) == ("failure", "failed"), ran.everything
        assert [said["exit_code"], said["problems"][0]["code"]] == [code, slug]
    assert [kind for kind, _ in ran.annotations if kind == "error"] == ["error"] * len(BAD), ran.annotations
    assert ran.summary.count("## Nothing is published") == len(BAD)
    assert "Traceback" not in ran.everything
    assert not list(act.folder.glob("**/out"))
