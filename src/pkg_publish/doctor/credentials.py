"""Rows about what the job holds: the kind of its GitHub token, its identity, tokens of an index. No secret is shown, in part neither."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pkg_publish.clients import oidc
from pkg_publish.clients.github_token import scopes as github_token_scopes
from pkg_publish.clients.identity import Provider
from pkg_publish.clients.network import Network
from pkg_publish.clients.transport import Transport
from pkg_publish.errors import PublishError
from pkg_publish.model import CheckRow

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pkg_publish.targets.base import Ambient, TargetSpec
    from pkg_publish.watch import Watch

KINDS = {
    "ghs_": ("the job's own, or that of a GitHub App", "it may do what `permissions` of the job say; GHCR takes the job's own, and none of an App's"),
    "ghp_": ("a classic personal token", "it may do what its scopes say, for all that its owner may: GHCR wants `write:packages`, releases want `repo`"),
    "github_pat_": ("a fine-grained personal token", "GHCR does not take it; releases want `contents: write` for this repository"),
    "gho_": ("a token of an OAuth app", "it may do what its scopes say"),
    "ghu_": ("a token of a person by a GitHub App", "GHCR does not take it"),
}
"""How tokens of GitHub begin, and what such a one may do."""


SCOPED = ("ghp_", "gho_")
"""Tokens that GitHub tells the scopes of."""


AT_GITHUB = {"ghcr", "github-release"}
"""Targets that take nothing without a token of GitHub's."""

INDEXES = {"pypi", "testpypi"}
"""Targets that take a job's identity, or a token of their own."""


def github_token(specs: Sequence[TargetSpec], ambient: Ambient, watch: Watch) -> Iterator[CheckRow]:
    """Its kind, by how it begins, and its scopes if it has some; what it may do at a place is asked there."""
    token = ambient.tokens.get("github-token")
    if token is None:
        needing = [each.kind for each in specs if each.kind in AT_GITHUB]
        do = "leave the input `github-token` at its default; a command gets it as GITHUB_TOKEN" if ambient.runner.is_actions else "set GITHUB_TOKEN"
        yield _missing("GitHub token", needing, do)
        return
    known = next((kind for begin, kind in KINDS.items() if token.reveal().startswith(begin)), None)
    if known is None:
        yield CheckRow(check="GitHub token", found="of a kind that we do not know", means="what it may do shows at the targets", ok=None)
        return
    yield CheckRow(check="GitHub token", found=known[0], means=known[1], do="prefer the job's own" if "GHCR does not" in known[1] else "")
    if token.reveal().startswith(SCOPED):
        try:
            found = github_token_scopes(ambient.runner.api_url, token, Transport(Network.read(ambient.environ)), watch)
        except PublishError as problem:
            yield CheckRow.of("its scopes", problem, sure=False)
        else:
            yield CheckRow(check="its scopes", found=found or "none", means="GHCR wants `write:packages`, releases want `repo`", ok=None)


def identity(specs: Sequence[TargetSpec], ambient: Ambient, watch: Watch) -> Iterator[CheckRow]:
    """Whether the job may ask for one, and what that says: a real one is asked for, for nobody but us, and read here."""
    needing = [each.kind for each in specs if each.kind in INDEXES and f"{each.kind}-token" not in ambient.tokens]
    provider = Provider.read(ambient.environ)
    if provider is None:
        do = f"only a workflow's job has one; here, set {' and '.join(f'{kind.upper()}_TOKEN' for kind in needing)}"
        if ambient.runner.is_actions:
            do = "give the job `id-token: write`; a reusable workflow gets it from its caller, a fork's pull request never does"
        yield _missing("id-token", needing, do, paste=oidc.PERMISSION if ambient.runner.is_actions else "")
        return
    try:
        claims = provider.claims(Transport(Network.read(ambient.environ)), watch)
    except PublishError as problem:
        yield CheckRow.of("id-token", problem, sure=False)
        return
    told = " · ".join(f"{name}: {value}" for name, value in claims.items() if value != "none")
    means = "this is what an index compares with its trusted publishers"
    if reused := needing and _is_reused(claims):
        means = "the job is that of a reusable workflow, which PyPI and TestPyPI take for no trusted publisher"
    yield CheckRow(check="id-token", found=told, means=means, do="publish in a job of the workflow itself" if reused else "", ok=None if reused else True)


def _is_reused(claims: Mapping[str, str]) -> bool:
    """The job is described in another workflow than the one that the event began."""
    return claims["job_workflow_ref"] not in {"none", claims["workflow_ref"]}


def _missing(check: str, needing: Sequence[str], do: str, paste: str = "") -> CheckRow:
    """There is none: a no only where a target needs one, whose own rows then say what a publish would end with."""
    if not needing:
        return CheckRow(check=check, found="none given, none needed", means="no target here needs one")
    means = f"{' and '.join(f'`{kind}`' for kind in needing)} {'need' if len(needing) > 1 else 'needs'} one"
    return CheckRow(check=check, found="none", means=means, do=do, ok=False, paste=paste)


def index_tokens(ambient: Ambient) -> Iterator[CheckRow]:
    """Those of PyPI and TestPyPI that were given."""
    for name in sorted(ambient.tokens.keys() - {"github-token"}):
        odd = not ambient.tokens[name].reveal().startswith("pypi-")
        means = "tokens of PyPI and TestPyPI begin with `pypi-`: this may be something else" if odd else "whether it is right shows in the first upload"
        yield CheckRow(check=name, found="given", means=means, do="trusted publishing needs none: leave it out", ok=None)
