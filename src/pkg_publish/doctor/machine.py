"""Rows about where we run: the Python, the system, the workflow's event and the GitHub repository."""

from __future__ import annotations

import platform
import sys
from typing import TYPE_CHECKING

from pkg_publish.model import CheckRow

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pkg_publish.errors import PublishError
    from pkg_publish.runner import Runner

DRY = "a publish runs dry: nothing would be published"
"""What comes of a pull request of the repository's own."""

FROM_A_TAG = "on:\n  push:\n    tags: ['v*']"


def machine(runner: Runner) -> Iterator[CheckRow]:
    """What runs us."""
    yield CheckRow(check="Python", found=f"{platform.python_implementation()} {platform.python_version()}, at {sys.executable}", means="3.11 to 3.14 serve")
    yield CheckRow(check="platform", found=f"{platform.system()} {platform.release()}, {platform.machine()}{f', image {runner.image}' if runner.image else ''}")


def event(runner: Runner, environ: Mapping[str, str], untrusted: PublishError | None) -> Iterator[CheckRow]:
    """What began the run, and what that means for what the job may do; `untrusted`: why nothing is published on it."""
    yield _event(runner, environ, untrusted)
    yield _repository(runner)


def _event(runner: Runner, environ: Mapping[str, str], untrusted: PublishError | None) -> CheckRow:
    if untrusted:
        means = "GitHub gives a fork's pull request a token that only reads, no secrets and no identity; a publish ends here, whatever the targets say"
        if runner.has_rights_of_repository:
            means = "it has the secrets and the rights of this repository, and words or code of whoever began it: that is why a publish ends here"
        return CheckRow.of("event", untrusted, means=means)
    if not runner.is_actions:
        means = "the job's token, its identity and its secrets are not here, so what they may do is not known"
        return CheckRow(
            check="event", found="no workflow", means=means, do="ask again in the job that publishes: `uses: OWNER/pkg-publish-action/doctor@v1`", ok=None
        )
    sender = runner.event.get("sender")
    if "dependabot[bot]" in {environ.get("GITHUB_ACTOR"), str(sender.get("login")) if isinstance(sender, dict) else ""}:
        means = "its token only reads, and the secrets are those of Dependabot, not those of the workflow"
        means += f"; {DRY}" if runner.is_pull_request else ""
        return CheckRow(check="event", found=f"{runner.event_name} by Dependabot", means=means, do="publish when a tag is pushed", ok=None, paste=FROM_A_TAG)
    if runner.is_pull_request:
        return CheckRow(check="event", found=f"{runner.event_name} of this repository", means=DRY, do="publish when a tag is pushed")
    return CheckRow(check="event", found=f"{runner.event_name or 'one that has no name'}{f' of tag {runner.tag}' if runner.tag else ''}")


def _repository(runner: Runner) -> CheckRow:
    if not runner.repository:
        means = "GitHub Packages, `ghcr` and `github-release` have no place of their own then"
        do = "set GITHUB_REPOSITORY to OWNER/NAME, or run in a checkout whose remote `origin` is at GitHub"
        return CheckRow(check="GitHub repository", found="not known", means=means, do=do, ok=None)
    if "repository" not in runner.event:
        return CheckRow(check="GitHub repository", found=runner.repository, means="who can see it is not known here, and counts as private", ok=None)
    means = "everybody sees it" if runner.is_public else "not everybody sees it: public targets need `allow-public: true`"
    return CheckRow(check="GitHub repository", found=runner.repository, means=means)
