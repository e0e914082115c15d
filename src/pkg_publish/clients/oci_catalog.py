"""What a reader may ask a registry beside the versions of a project: which projects there are, and what a file says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urljoin

from pkg_publish.clients.network import Origin
from pkg_publish.clients.request import Request
from pkg_publish.errors import Refused, Unavailable, Unsupported
from pkg_publish.formats import oci

if TYPE_CHECKING:
    from pkg_publish.clients.oci_api import Repository
    from pkg_publish.clients.oci_registry import Registry
    from pkg_publish.clients.request import Answer
    from pkg_publish.errors import PublishError
    from pkg_publish.model import RemoteFile
    from pkg_publish.watch import Watch

SCOPES = ("registry:catalog:*",)
PAGE = 1000
"""Repositories that are asked for at once."""
PAGES = 100


def projects(registry: Registry, namespace: str, watch: Watch) -> list[str]:
    """The projects (normalised names) that have a repository in a namespace, sorted; raises `Unsupported` when the registry does not list them."""
    found, url = set(), f"{registry.url}/v2/_catalog?n={PAGE}"
    for _ in range(PAGES):
        request = Request(doing=f"listing the repositories of {registry.host}", url=url)
        try:
            answer = registry.ask(request, SCOPES, watch, lambda each: registry.transport.read(each, watch))
        except Refused as problem:
            raise _unlisted(registry, problem) from problem
        if not answer.ok:
            raise _unlisted(registry, registry.refused(answer, request.doing))
        found |= {name.removeprefix(f"{namespace}/") for name in _names(answer) if name.startswith(f"{namespace}/")}
        if not (url := _next(answer, registry.url)):
            break
    return sorted(oci.project_of(name) for name in found if "/" not in name)


def _unlisted(registry: Registry, problem: PublishError) -> PublishError:
    """A clear no, by whatever status: it keeps no such list, or shows it to nobody like us; what may pass is another matter."""
    if isinstance(problem, Unavailable):
        return problem
    return Unsupported(f"{registry.host} does not say which projects it has", code="no-list-of-projects", cure="Name them with --project.", said=problem.said)


def _names(answer: Answer) -> list[str]:
    match answer.json():
        case {"repositories": list(names)}:
            return [name for name in names if isinstance(name, str)]
        case _:
            return []


def _next(answer: Answer, base: str) -> str:
    """The next page, as long as it is the same registry's; empty on the last."""
    url = urljoin(answer.url, answer.next_page)
    return url if answer.next_page and Origin.of(url) == Origin.of(base) else ""


def metadata_of(repository: Repository, file: RemoteFile, watch: Watch) -> bytes:
    """The core metadata in the config of a file's manifest; raises `Integrity` when it is not there."""
    manifest = repository.manifest(file.url.partition("@")[2], watch)
    if manifest is None:
        raise oci.broken(f"the manifest of {file.name} is not there")
    config = oci.FileManifest.read(manifest, file.name).config
    if config.size > oci.MANIFEST_LIMIT:
        raise oci.broken(f"the config of {file.name} is larger than any manifest")
    return oci.metadata_in(b"".join(repository.blob(config.digest, config.size, watch)), file.name)
