"""What a registry says before a publish, a row each; what only an upload can tell is said as such."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pkg_publish.clients import ghcr
from pkg_publish.clients.oci_api import PULL, PUSH, Repository
from pkg_publish.clients.oci_refusals import WRITE_PACKAGES
from pkg_publish.clients.oci_versions import first_look, is_public
from pkg_publish.errors import Failure, PublishError, Refused
from pkg_publish.formats import oci
from pkg_publish.model import CheckRow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pkg_publish.clients.oci_registry import Registry
    from pkg_publish.runner import Runner
    from pkg_publish.watch import Watch


def access(registry: Registry, namespace: str, watch: Watch, *, github: Runner | None) -> Iterator[CheckRow]:
    """Whether the registry answers, and lets us in as writers; what a login may write to shows in the first upload. `github`: it is GitHub's own registry."""
    if github and registry.is_anonymous:
        do = "give the job `packages: write`, and its token to the step"
        if not github.is_actions:
            do = "set GITHUB_TOKEN to a classic token with the scope write:packages"
        yield CheckRow(
            check="login",
            found="none",
            means="nobody writes there without",
            do=do,
            ok=False,
            failure=Failure.REFUSED,
            code="registry-login",
            paste=WRITE_PACKAGES if github.is_actions else "export GITHUB_TOKEN=…",
        )
        return
    scope = (f"repository:{namespace}:{PULL if registry.is_anonymous else PUSH}",)
    try:
        registry.greet(scope, watch)
    except PublishError as problem:
        yield CheckRow.of("registry", problem)
        return
    yield CheckRow(check="registry", found=f"{registry.host} lets us in")
    login = "none" if registry.is_anonymous else "accepted"
    yield CheckRow(check="login", found=login, means="whether it is enough to write there shows in the first upload", ok=None)


def package(registry: Registry, name: str, watch: Watch, *, github: Runner | None, deep: bool) -> Iterator[CheckRow]:
    """What is under a name, whose it is and who can read it; `github`: it is GitHub's own registry."""
    written = f"{github.repository}/{name.rpartition('/')[2]}" if github else name
    yield CheckRow(check="name", found=f"{registry.host}/{name}", means="registries want lower case" if name != written else "")
    try:
        tags, source = first_look(registry, name, lambda found: _holds(found, watch))
    except Refused as problem:
        means = "it is not there, or this token may not see it; the registry says the same of both"
        yield CheckRow.of("package", problem, sure=False, means=means)
        tags, source = [], ""
    except PublishError as problem:
        yield CheckRow.of("package", problem)
        return
    else:
        absent = "nothing so far: the first publish makes it" + (", linked to the GitHub repository and as visible as that" if github else "")
        yield CheckRow(check="package", found=f"there, with {len(tags)} {'tag' if len(tags) == 1 else 'tags'}" if tags else absent)
    if tags:
        yield from _readers(registry, name, watch, github)
    if tags and github:
        yield _link(source, github)
    if github:
        yield _permission(registry, name, watch, github, deep=deep)


def _holds(repository: Repository, watch: Watch) -> tuple[list[str], str]:
    """The tags, and the GitHub repository that what is under the last one names."""
    tags = repository.tags(watch)
    data = repository.manifest(tags[-1], watch) if tags else None
    match oci.document(data, f"the manifest of {tags[-1]}") if data else None:
        case {"annotations": {"org.opencontainers.image.source": str(source)}}:
            return tags, source
        case _:
            return tags, ""


def _readers(registry: Registry, name: str, watch: Watch, github: Runner | None) -> Iterator[CheckRow]:
    try:
        public = is_public(registry, name, watch)
    except PublishError as problem:
        yield CheckRow.of("visibility", problem, sure=False)
        return
    surprise = ghcr.surprise(github, name, public=public) if github else ""
    found = "everybody can read it" if public else "who reads it needs a login"
    yield CheckRow(check="visibility", found=found, means=surprise, ok=None if surprise else True)


def _link(source: str, github: Runner) -> CheckRow:
    """Whether a package belongs to the GitHub repository whose job would write to it, as its own manifests say."""
    if source.lower() == github.repository_url.lower():
        return CheckRow(check="linked", found=f"it names {source}")
    means = "the job's token may write to packages of its own GitHub repository alone, and to those that let it"
    do = f"add {github.repository} under Manage Actions access, with the role Write"
    return CheckRow(check="linked", found=f"it names {source}" if source else "it names no GitHub repository", means=means, do=do, ok=None)


def _permission(registry: Registry, name: str, watch: Watch, github: Runner, *, deep: bool) -> CheckRow:
    """`packages: write`, "Manage Actions access" and what the owner allows: a refusal is the only thing that tells them."""
    where = ghcr.settings(github, name)
    if not deep:
        return CheckRow(
            check="packages: write",
            found="cannot be known before",
            means='GHCR gives every token what it asks for; the permission, "Manage Actions access" and the owner\'s policy show in the first upload',
            do=f"look at {where}, or ask with `{'deep: true' if github.is_actions else '--deep'}`, which begins an upload that GHCR cannot cancel",
            ok=None,
            code="ghcr-write-package",
            paste=WRITE_PACKAGES,
        )
    try:
        Repository(registry, name, PUSH).ask_to_write(watch)
    except PublishError as problem:
        return CheckRow.of("packages: write", problem)
    return CheckRow(check="packages: write", found="an upload may be begun", means="GHCR cannot cancel it, and forgets it: nothing is there that anybody sees")
