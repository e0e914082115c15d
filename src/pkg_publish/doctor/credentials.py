"""Rows about what the job holds: the kind of its GitHub token, its identity, tokens of an index. No secret is shown, in part neither."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pkg_publish.clients.github_token import scopes as github_token_scopes
from pkg_publish.clients.identity import Provider
from pkg_publish.clients.network import Network
from pkg_publish.clients.transport import Transport
from pkg_publish.errors import PublishError
from pkg_publish.model import CheckRow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pkg_publish.targets.base import Ambient
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


def github_token(ambient: Ambient, watch: Watch) -> Iterator[CheckRow]:
    """Its kind, by how it begins, and its scopes if it has some; what it may do at a place is asked there."""
    token = ambient.tokens.get("github-token")
    if token is None:
        yield CheckRow(check="GitHub token", found="none", means="`ghcr` and `github-release` need one", do="at home, set GITHUB_TOKEN", ok=None)
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


def identity(ambient: Ambient, watch: Watch) -> Iterator[CheckRow]:
    """Whether the job may ask for one, and what that says: a real one is asked for, for nobody but us, and read here."""
    provider = Provider.read(ambient.environ)
    if provider is None:
        found = "the job may not ask for an identity" if ambient.runner.is_actions else "only a workflow's job has one"
        yield CheckRow(check="id-token", found=found, means="trusted publishing to `pypi` and `testpypi` needs one, nothing else does", paste="")
        return
    try:
        claims = provider.claims(Transport(Network.read(ambient.environ)), watch)
    except PublishError as problem:
        yield CheckRow.of("id-token", problem, sure=False)
        return
    told = " · ".join(f"{name}: {value}" for name, value in claims.items() if value != "none")
    yield CheckRow(check="id-token", found=told, means="this is what an index compares with its trusted publishers")


def index_tokens(ambient: Ambient) -> Iterator[CheckRow]:
    """Those of PyPI and TestPyPI that were given."""
    for name in sorted(ambient.tokens.keys() - {"github-token"}):
        odd = not ambient.tokens[name].reveal().startswith("pypi-")
        means = "tokens of PyPI and TestPyPI begin with `pypi-`: this may be something else" if odd else "whether it is right shows in the first upload"
        yield CheckRow(check=name, found="given", means=means, do="trusted publishing needs none: leave it out", ok=None)
