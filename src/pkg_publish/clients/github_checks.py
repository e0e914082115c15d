"""What GitHub's releases have of a version before a publish, a row each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pkg_publish.errors import Failure, PublishError
from pkg_publish.formats import asset_name
from pkg_publish.model import CheckRow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pkg_publish.clients.github_api import GithubApi
    from pkg_publish.model import Subject
    from pkg_publish.watch import Watch


def drafts(api: GithubApi, tag: str, watch: Watch) -> Iterator[CheckRow]:
    """Those of a tag, as far as the token sees them: somebody may be at work there."""
    try:
        found = [each for each in api.releases(watch) if each.draft and each.tag == tag]
    except PublishError as problem:
        yield CheckRow.of("drafts", problem, sure=False)
        return
    ours = all(each.marker for each in found)
    means = "" if not found else "a run of ours has left it behind: the next one goes on in it" if ours else "somebody has made it: files are added to it"
    yield CheckRow(check="drafts", found=f"{len(found)} of {tag}" if found else f"none of {tag}", means=means)


def names(subject: Subject) -> CheckRow:
    """Whether GitHub keeps the names of the files, or, where there are none so far, those that a version will give them."""
    stand_in = f"{subject.project.replace('-', '_') or 'demo'}-{subject.version}.tar.gz"
    known = [each.name for each in subject.files] or ([stand_in] if subject.version else [])
    changed = [name for name in known if asset_name.stored_as(name) != name]
    if changed:
        means = "no installer finds it there, or takes it for another version"
        found = f"GitHub would keep {changed[0]} as {asset_name.stored_as(changed[0])}"
        do = "publish to `ghcr` or an index: they take a version with an epoch"
        return CheckRow(check="asset names", found=found, means=means, do=do, ok=False, failure=Failure.INVALID, code="asset-name")
    return CheckRow(check="asset names", found="kept as they are" if known else "not known without a build", ok=True if known else None)
