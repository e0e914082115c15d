"""What GitHub's releases have of a version before a publish, a row each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pkg_publish.clients.github_refusals import IMMUTABLE
from pkg_publish.errors import Failure, PublishError
from pkg_publish.formats import asset_name
from pkg_publish.model import CheckRow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pkg_publish.clients.github_api import GithubApi
    from pkg_publish.model import Subject
    from pkg_publish.watch import Watch


def rows(api: GithubApi, tag: str, watch: Watch) -> Iterator[CheckRow]:
    """The repository, alone if nobody answers; the token's permission; and the tag, if it is not empty, with its release."""
    there = row("repository", lambda: f"{api.name} is {'private' if api.is_private(watch) else 'readable for everybody'}")
    yield there
    if there.failure is Failure.UNAVAILABLE:
        return
    yield _permission(api, tag, watch)
    if tag:
        yield row("tag", lambda: f"{tag} is on {commit}" if (commit := api.commit_of(tag, watch)) else f"{tag} will be made")
        yield _release(api, tag, watch)


def row(check: str, found: Callable[[], str]) -> CheckRow:
    """What is found, or why it cannot be."""
    try:
        return CheckRow(check=check, found=found())
    except PublishError as problem:
        return CheckRow.of(check, problem)


def _permission(api: GithubApi, tag: str, watch: Watch) -> CheckRow:
    """What GitHub says to a question that needs `contents: write`; other words than a refusal leave it open."""
    try:
        api.ask_to_write(tag or "v0", watch)
    except PublishError as problem:
        known = problem.code not in {"github-refused", "commit-not-there"}
        return CheckRow.of("permission", problem, sure=known)
    return CheckRow(check="permission", found="this token may write releases")


def _release(api: GithubApi, tag: str, watch: Watch) -> CheckRow:
    try:
        there = api.published(tag, watch)
    except PublishError as problem:
        return CheckRow.of("release", problem)
    if there and there.immutable:
        found, means = f"{tag} is published, and locked: nothing can be added", "what it has already is not sent again"
        return CheckRow(check="release", found=found, means=means, do=api.immutable["cure"], ok=None, code=IMMUTABLE)
    return CheckRow(check="release", found=f"{tag} is published" if there else f"{tag} has none that is published")


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
