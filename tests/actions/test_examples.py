"""Workflows of `examples/` and the action `doctor`, as far as act can run them, at servers that stand for GitHub's.

One run does the steps of all jobs that need no other machine, one after another: without artifacts, which act cannot fetch the actions for, and without PyPI
and TestPyPI, whose addresses are their own (`tests/targets/test_pypi_identity.py` publishes there by the job's identity).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from tests.actions.test_default_chain import PUBLIC, chain  # noqa: F401 - a fixture
from tests.servers.github_world import MAIN

if TYPE_CHECKING:
    from tests.actions.test_default_chain import Chain
    from tests.servers.pypiserver import PypiServer

pytestmark = pytest.mark.real("act")

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
ELSEWHERE = ("actions/checkout@", "actions/upload-artifact@", "actions/download-artifact@", "actions/upload-pages-artifact@")
FILES = ["demo-1.0-py2.py3-none-any.whl", "demo-1.0.tar.gz"]
PAST_PAGES = """
cat site/index.html site/simple/demo/index.html
python3 -m pip download --quiet --no-deps --no-index --find-links site/simple/demo/index.html --dest got demo==1.0
sha256sum got/*
"""
"""What a reader of the pages does: pip takes the file of the release, and compares it with the digest on the page."""
BAD_DOCTOR = """
- id: bad
  continue-on-error: true
  uses: OWNER/pkg-publish-action/doctor@v1
  with: {targets: "github-packages, ghcr", github-token: "${{ secrets.NOBODY }}x"}
- id: read
  shell: sh
  env: {REPORT: "${{ steps.bad.outputs.report }}"}
  run: printf 'text=%s\\n' "$(tr -d '\\n' < "$REPORT")" >> "$GITHUB_OUTPUT"
"""


def steps(name: str, index: str = "") -> list[dict[str, Any]]:
    """What a job of an example does by itself, its step of ours under this name of both; an index of one's own is at this address."""
    example, _, job = name.partition("_")
    text = (EXAMPLES / f"{example}.yml").read_text(encoding="utf-8")
    text = text.replace("https://packages.example.com/api/packages/octo/pypi/simple/", f"{index}simple/")
    text = text.replace("https://packages.example.com/api/packages/octo/pypi", index).replace("username: publisher", "username: maintainer")
    found = [each for each in yaml.safe_load(text)["jobs"][job]["steps"] if not each.get("uses", "").startswith(ELSEWHERE)]
    for each in found:
        if each.get("uses", "").startswith("OWNER/"):
            each["id"] = name
    return list(yaml.safe_load(json.dumps(found).replace("steps.publish.", f"steps.{name}.").replace("steps.doctor.", f"steps.{name}.")))


def test_all_that_act_can_run(chain: Chain, pypiserver: PypiServer) -> None:  # noqa: F811 - the fixture
    """What the first publishes the others find; the doctor has seen before that nothing was there, and written nothing."""
    act = chain.act
    act.files.update({f"python/{name}": content for name, content in act.files.items()} | {"CHANGELOG.md": "# Changes\n"})
    wanted = {
        "ghcr_publish": "published",
        "release-assets_publish": "published",
        "two-jobs_build": "published",
        "two-jobs_publish": "published",
        "private-index_publish": "already-published",
        "production_store": "already-published",
        "production_release": "already-published",
        "matrix_sdist": "already-published",
        "matrix_registry": "already-published",
        "from-a-fork_publish": "already-published",
    }
    here = [*steps("diagnose-github-packages_diagnose"), *yaml.safe_load(BAD_DOCTOR)]
    here += [each for name in wanted for each in steps(name, pypiserver.url)]
    here += [{"run": f"ln -s '{act.action}' pkg-publish-action"}, *steps("pages_index"), {"run": PAST_PAGES}]
    facts = {"GITHUB_SERVER_URL": chain.ghcr.front.url, "GITHUB_API_URL": chain.github.url, "SHA_REF": MAIN, "GITHUB_REPOSITORY_OWNER": "octo"}
    secrets = {"GITHUB_TOKEN": chain.github.token, "PACKAGES_PASSWORD": pypiserver.password}

    ran = act.run(yaml.safe_dump(here, sort_keys=False), payload=PUBLIC, secrets=secrets, runner=facts)

    assert ran.exit_code == 0, ran.everything
    assert {name: step.outputs["status"] for name, step in ran.steps.items() if name in wanted} == wanted
    diagnosed, report = ran.steps["diagnose-github-packages_diagnose"].outputs, json.loads(ran.steps["read"].outputs["text"])
    assert diagnosed["status"] == "ready"
    assert ran.summary.startswith("## Nothing is known to keep demo 1.0 from being published to ghcr")
    assert f"{chain.ghcr.front.url}/octo/_" in ran.summary
    assert "and creates nothing" in ran.summary
    assert (ran.steps["bad"].outcome, report["failure"], report["exit_code"]) == ("failure", "refused", 1)
    assert [kind for kind, _ in ran.annotations].count("error") == 1, ran.annotations
    assert sorted(chain.in_registry()) == sorted(pypiserver.stored()) == FILES
    assert sorted(chain.github.stored("v1.0")) == ["CHANGELOG.md", "SHA256SUMS", *FILES]
    assert not chain.github.release("v1.0").draft
    for name in ("ghcr_publish", "private-index_publish"):
        assert ran.steps[name].outputs["install-command"] in ran.log
    assert ran.steps["release-assets_publish"].outputs["url"] in ran.log
    assert ">demo-1.0.tar.gz</a>" in ran.log
    assert '<a href="simple/demo/">demo</a>' in ran.log
    assert f"{chain.github.stored('v1.0')[FILES[0]]}  got/{FILES[0]}" in ran.log
    assert not any(secret in ran.summary for secret in secrets.values())


def test_monorepo(chain: Chain) -> None:  # noqa: F811 - the fixture
    """The tag chooses the project, and must name its version."""
    chain.act.files.update({f"packages/demo/{name}": content for name, content in chain.act.files.items()})
    facts = {"GITHUB_SERVER_URL": chain.ghcr.front.url, "GITHUB_API_URL": chain.github.url, "GITHUB_REF": "refs/tags/demo-v1.0", "GITHUB_REF_NAME": "demo-v1.0"}
    here = yaml.safe_dump(steps("monorepo_publish"), sort_keys=False)

    ran = chain.act.run(here, payload=PUBLIC, secrets={"GITHUB_TOKEN": chain.github.token}, runner=facts)

    assert ran.exit_code == 0, ran.everything
    assert sorted(chain.in_registry()) == FILES
    assert "as tag demo-v1.0 says" in ran.log
