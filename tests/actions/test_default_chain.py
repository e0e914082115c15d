"""The action without a word about targets: GitHub Packages, then GHCR, then a release, at servers that stand for GitHub's."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from tests.servers.ghcr import CANNOT_CREATE
from tests.servers.github_world import MAIN

if TYPE_CHECKING:
    from tests.actions.harness import Act, Ran, Step
    from tests.servers.ghcr import Ghcr
    from tests.servers.github import Github

pytestmark = pytest.mark.real("act")

PUBLIC = {"repository": {"visibility": "public", "full_name": "octo/demo"}}
STEP = "  uses: OWNER/pkg-publish-action@v1\n"


@dataclass(frozen=True, kw_only=True)
class Chain:
    """A job whose GitHub is on this machine."""

    act: Act
    github: Github
    ghcr: Ghcr

    def run(self, steps: str = f"- id: publish\n{STEP}", *, token: str = "") -> Ran:
        """Run steps on the commit that is there, with the token of a job that may write all; the secret WEAK lets nobody make a package."""
        facts = {"GITHUB_SERVER_URL": self.ghcr.front.url, "GITHUB_API_URL": self.github.url, "SHA_REF": MAIN}
        secrets = {"GITHUB_TOKEN": token or self.github.token, "WEAK": CANNOT_CREATE}
        return self.act.run(steps, payload=PUBLIC, secrets=secrets, runner=facts)

    def in_registry(self) -> dict[str, str]:
        """The digest of each file of version 1.0 in GHCR, by name."""
        if not self.ghcr.registry.known("octo/demo/demo"):
            return {}
        files = self.ghcr.index("octo/demo/demo", "1.0")["manifests"]
        layers = [self.ghcr.index("octo/demo/demo", each["digest"])["layers"][0] for each in files]
        return {each["annotations"]["org.opencontainers.image.title"]: each["digest"].removeprefix("sha256:") for each in layers}


@pytest.fixture
def chain(act: Act, github: Github, ghcr: Ghcr) -> Chain:
    """GHCR and releases of an empty repository."""
    github.world.tokens[CANNOT_CREATE] = "write"
    return Chain(act=act, github=github, ghcr=ghcr)


def files(step: Step) -> dict[str, str]:
    """What a step says that it has published: digests by name."""
    listed: list[dict[str, Any]] = json.loads(step.outputs["files"])
    return {each["name"]: each["sha256"] for each in listed}


def test_ghcr_is_the_home_of_a_project_by_default(chain: Chain) -> None:
    """GitHub Packages has no registry, GHCR takes both files, a release is not made; nothing warns, for that is the normal life."""
    ran = chain.run()

    published = ran.steps["publish"]
    assert ran.exit_code == 0, ran.everything
    assert (published.outputs["status"], published.outputs["target"]) == ("published-by-fallback", "ghcr")
    assert published.outputs["fallback-reason"].startswith("unsupported: github-packages: ")
    assert sorted(files(published)) == ["demo-1.0-py2.py3-none-any.whl", "demo-1.0.tar.gz"]
    assert chain.in_registry() == files(published)
    assert chain.github.world.releases == []
    assert [kind for kind, _ in ran.annotations] == ["notice"], ran.annotations
    row = next(line for line in ran.summary.splitlines() if line.startswith("| github-release "))
    assert "not needed" in row
    assert "would work |" in row


def test_a_fallback_that_would_not_work_is_said_on_every_night(chain: Chain) -> None:
    """GHCR took it, but the job could not have made a release: a warning that names the permission, long before it is needed."""
    chain.github.world.tokens[chain.github.token] = "read"

    ran = chain.run()

    assert (ran.exit_code, ran.steps["publish"].outputs["target"]) == (0, "ghcr"), ran.everything
    warnings = [text for kind, text in ran.annotations if kind == "warning"]
    assert len(warnings) == 1, ran.annotations
    assert warnings[0].startswith("GitHub Releases of octo/demo was not needed, and would not have worked")
    assert "contents: write" in warnings[0]


def test_a_release_is_the_home_when_ghcr_refuses(chain: Chain) -> None:
    """The owner lets jobs make no packages: a warning with the cure, and the files are in a published release of the commit's tag."""
    ran = chain.run(token=CANNOT_CREATE)

    published = ran.steps["publish"]
    assert ran.exit_code == 0, ran.everything
    assert (published.outputs["status"], published.outputs["target"], published.outputs["tag"]) == ("published-by-fallback", "github-release", "v1.0")
    assert chain.github.stored("v1.0") == files(published)
    assert not chain.github.release("v1.0").draft
    assert chain.github.world.tags == {"v1.0": MAIN}
    assert chain.in_registry() == {}
    assert any(kind == "warning" and "ghcr" in text for kind, text in ran.annotations), ran.annotations
    assert "GitHub starts no other workflow for it" in ran.summary


def test_a_second_step_writes_nothing_and_finds_the_home_of_the_first(chain: Chain) -> None:
    """What went to a release stays there, though GHCR would take it now."""
    ran = chain.run(f"- id: one\n{STEP}  with: {{github-token: '${{{{ secrets.WEAK }}}}'}}\n- id: two\n{STEP}")

    assert ran.exit_code == 0, ran.everything
    ends = [(ran.steps[name].outputs["status"], ran.steps[name].outputs["target"]) for name in ("one", "two")]
    assert ends == [("published-by-fallback", "github-release"), ("already-published", "github-release")]
    assert chain.github.uploads.writes() == len(files(ran.steps["one"]))
    assert chain.in_registry() == {}


def test_a_job_without_rights_learns_all_that_it_lacks(chain: Chain) -> None:
    """Red; the YAML of both permissions stands in the summary, and nothing is anywhere."""
    chain.ghcr.registry.secrets["ghs_reads"] = "read"
    chain.github.world.tokens["ghs_reads"] = "read"

    ran = chain.run(token="ghs_reads")

    failed = ran.steps["publish"]
    assert (failed.outcome, failed.outputs["status"], failed.outputs["target"]) == ("failure", "failed", ""), ran.everything
    assert "packages: write" in ran.summary
    assert "contents: write" in ran.summary
    assert (chain.in_registry(), chain.github.world.releases) == ({}, [])
