"""Workflows of `examples/` and the action `doctor`, as far as act can run them, at servers that stand for GitHub's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from tests.actions.test_default_chain import PUBLIC, chain  # noqa: F401 - a fixture

if TYPE_CHECKING:
    from tests.actions.harness import Ran
    from tests.actions.test_default_chain import Chain

pytestmark = pytest.mark.real("act")

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def steps(example: str) -> list[dict[str, Any]]:
    """What the one job of an example does after the checkout."""
    (job,) = yaml.safe_load((EXAMPLES / example).read_text(encoding="utf-8"))["jobs"].values()
    first, *rest = job["steps"]
    assert first["uses"].startswith("actions/checkout@")
    return list(rest)


def run(chain: Chain, example: str, **facts: str) -> Ran:  # noqa: F811 - the fixture
    """Run it as it stands."""
    return chain.run(yaml.safe_dump(steps(example), sort_keys=False), **facts)


def test_ghcr(chain: Chain) -> None:  # noqa: F811 - the fixture
    """The files are in the registry, and the command that installs them in the log."""
    ran = run(chain, "ghcr.yml")

    published = ran.steps["publish"].outputs
    assert (ran.exit_code, published["status"], published["target"]) == (0, "published", "ghcr"), ran.everything
    assert sorted(chain.in_registry()) == ["demo-1.0-py2.py3-none-any.whl", "demo-1.0.tar.gz"]
    assert published["install-command"] in ran.log


def test_release_assets(chain: Chain) -> None:  # noqa: F811 - the fixture
    """Once published, the release has the changes and the checksums, too."""
    chain.act.files["CHANGELOG.md"] = "# Changes\n"

    ran = run(chain, "release-assets.yml")

    published = ran.steps["publish"].outputs
    assert (ran.exit_code, published["status"], published["tag"]) == (0, "published", "v1.0"), ran.everything
    assert sorted(chain.github.stored("v1.0")) == ["CHANGELOG.md", "SHA256SUMS", "demo-1.0-py2.py3-none-any.whl", "demo-1.0.tar.gz"]
    assert not chain.github.release("v1.0").draft
    assert published["url"] in ran.log


def test_monorepo(chain: Chain) -> None:  # noqa: F811 - the fixture
    """The tag chooses the project, and must name its version."""
    chain.act.files.update({f"packages/demo/{name}": content for name, content in chain.act.files.items()})
    facts = {"GITHUB_SERVER_URL": chain.ghcr.front.url, "GITHUB_API_URL": chain.github.url, "GITHUB_REF": "refs/tags/demo-v1.0", "GITHUB_REF_NAME": "demo-v1.0"}

    ran = chain.act.run(yaml.safe_dump(steps("monorepo.yml"), sort_keys=False), payload=PUBLIC, secrets={"GITHUB_TOKEN": chain.github.token}, runner=facts)

    assert ran.exit_code == 0, ran.everything
    assert sorted(chain.in_registry()) == ["demo-1.0-py2.py3-none-any.whl", "demo-1.0.tar.gz"]
    assert "as tag demo-v1.0 says" in ran.log


def test_diagnose_github_packages(chain: Chain) -> None:  # noqa: F811 - the fixture
    """Every address with its answer, and the place that would take the project; nothing is written anywhere."""
    ran = run(chain, "diagnose-github-packages.yml")

    asked = ran.steps["doctor"].outputs
    assert (ran.exit_code, asked["status"]) == (0, "ready"), ran.everything
    assert ran.summary.startswith("## Nothing is known to keep demo 1.0 from being published to ghcr")
    assert f"{chain.ghcr.front.url}/octo/_" in ran.summary
    assert "and creates nothing" in ran.summary
    assert (chain.in_registry(), chain.github.world.releases) == ({}, [])
    assert "a-github-token" not in ran.summary


def test_a_doctor_whose_finding_is_bad_fails_the_job(chain: Chain) -> None:  # noqa: F811 - the fixture
    """Red, with one error, and a report all the same."""
    step = {
        "id": "doctor",
        "uses": "OWNER/pkg-publish-action/doctor@v1",
        "with": {"targets": "github-packages, ghcr", "github-token": "${{ secrets.NOBODY }}x"},
    }
    read = {"id": "read", "if": "always()", "shell": "sh", "env": {"REPORT": "${{ steps.doctor.outputs.report }}"}}
    read["run"] = 'printf \'text=%s\\n\' "$(tr -d \'\\n\' < "$REPORT")" >> "$GITHUB_OUTPUT"'

    ran = chain.run(yaml.safe_dump([step, read], sort_keys=False))

    report = json.loads(ran.steps["read"].outputs["text"])
    assert (ran.steps["doctor"].outcome, ran.steps["doctor"].outputs["status"]) == ("failure", "failed"), ran.everything
    assert (report["failure"], report["exit_code"]) == ("refused", 1)
    assert [kind for kind, _ in ran.annotations] == ["error"], ran.annotations
