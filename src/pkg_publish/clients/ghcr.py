"""Where GitHub's container registry is, and the pages of what it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from pkg_publish.clients.network import is_loopback
from pkg_publish.errors import Unsupported

if TYPE_CHECKING:
    from pkg_publish.runner import Runner


def host(runner: Runner) -> str:
    """The registry of the runner's server: `containers.HOST` on GHES and ghe.com. A server on this machine, which has no names below its own, is its own."""
    server = urlsplit(runner.server_url)
    if server.hostname == "github.com":
        return "ghcr.io"
    return server.netloc if is_loopback(server.hostname or "") else f"containers.{server.netloc}"


def no_namespace(runner: Runner) -> Unsupported:
    """Why `ghcr` has no place of its own in a GitHub repository whose name is not one that a registry takes (`octo/.github`)."""
    return Unsupported(
        f"the GitHub repository {runner.repository!r} has a name that no registry takes, so ghcr has no place of its own",
        code="ghcr-without-place",
        cure="Name the place.",
        paste=f"targets: oci={host(runner)}/{runner.owner.lower()}/NAME",
    )


def page(runner: Runner, repository: str) -> str:
    """The page of the package that the GitHub repository has in this repository of the registry (`octo/demo/demo`)."""
    return f"{runner.repository_url}/pkgs/container/{_package(repository)}"


def settings(runner: Runner, repository: str) -> str:
    """The page on which a person, and no API, changes who may read or write a package."""
    found = runner.event.get("repository")
    owner = found.get("owner") if isinstance(found, dict) else None
    kind = "users" if isinstance(owner, dict) and owner.get("type") == "User" else "orgs"
    return f"{runner.server_url}/{kind}/{runner.owner}/packages/container/{_package(repository)}/settings"


def surprise(runner: Runner, repository: str, *, public: bool | None) -> str:
    """What the owner of a package should know of who can read it: a sentence, or nothing; None: nobody knows who can."""
    if public is False and runner.is_public:
        where = settings(runner, repository)
        return f"The package {repository} is private, although the GitHub repository is public. Its owner can change that: {where}"
    if public and not runner.is_public:
        return f"The package {repository} is readable for everybody, and nobody can say that the source is. What was public once cannot be taken back."
    return ""


def _package(repository: str) -> str:
    """What GitHub calls the package: all behind the owner, in one piece."""
    return quote(repository.partition("/")[2], safe="")
