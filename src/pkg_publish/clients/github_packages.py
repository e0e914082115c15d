"""Where people have looked for a Python registry at GitHub, and what answers there."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pkg_publish.clients.network import is_loopback
from pkg_publish.clients.simple_api import SimpleIndex
from pkg_publish.errors import PublishError
from pkg_publish.model import CheckRow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pkg_publish.clients.transport import Transport
    from pkg_publish.runner import Runner
    from pkg_publish.watch import Watch

PROBING = 2.0
"""Seconds for all addresses together: with the last slice of a wait it stays well below three."""

SILENCE = frozenset({"unreachable", "no-answer", "tls-certificate"})
"""The codes of problems that are no answer of whoever was asked (`faults.py`)."""


SILENT = "no answer"
"""How the line of an address begins that said nothing."""


def addresses(runner: Runner, project: str) -> list[str]:
    """The upload addresses to ask, the one that most people have tried first.

    They follow the runner's server as GitHub's other registries do: `npm.pkg.github.com`, but `npm.HOST` on GHES and ghe.com. A server on this machine,
    which has no names below its own, stands for them all.
    """
    server = urlsplit(runner.server_url)
    host = server.hostname or ""
    if is_loopback(host):
        upload = index = f"http://{server.netloc}"
    else:
        below = "pkg.github.com" if host == "github.com" else server.netloc
        upload, index = f"https://upload.{below}", f"https://pypi.{below}"
    owner, name = runner.owner, runner.name
    forms = [f"{upload}/{owner}/{name}", f"{upload}/{owner}/{project}", f"{upload}/{owner}/", f"{upload}/{owner}/_", f"{index}/{owner}/"]
    return list(dict.fromkeys(forms))


def find(urls: list[str], transport: Transport, watch: Watch) -> tuple[str, list[str], bool]:
    """Ask all addresses at once, without credentials and without a byte of a distribution, whether there is a simple index below them.

    Return the first that has one, or an empty string, a line for each about what it answered, and whether any answered. An index is a list of
    projects at `simple/` (at `+simple/` where the server says that it is devpi) in a content type of PEP 503 or 691.
    """
    part, silent = watch.part(PROBING), []

    def ask(url: str) -> str:
        try:
            return SimpleIndex.beside(url, transport).probe(part)
        except PublishError as problem:
            why = f"no answer within {PROBING} s" if part.over else problem.what.rpartition(" failed: ")[2]
            if part.over or problem.code in SILENCE:
                silent.append(url)
                return why if why.startswith(SILENT) else f"{SILENT}: {why}"
            return why

    with ThreadPoolExecutor(len(urls)) as pool:
        said = list(pool.map(ask, urls))
    watch.left()
    found = next((url for url, why in zip(urls, said, strict=True) if not why), "")
    return found, [f"{url}: {why or 'an index'}" for url, why in zip(urls, said, strict=True)], len(silent) < len(urls)


def rows(problem: PublishError) -> Iterator[CheckRow]:
    """That there is none, as `problem` says; then what each address answered, and why nobody can make a Python registry of them.

    What was not asked, or did not answer, is no finding: what is known of it by heart stands under what it means.
    """
    none = CheckRow(check="Python registry", found=f"{problem.what}, so nothing can be published there", ok=False, failure=problem.kind, code=problem.code)
    yield none
    for line in problem.details:
        url, asked, said = line.partition(": ")
        silent = said.startswith(SILENT) or not asked
        means = "what is there is not known" if silent else "no Python registry is there"
        yield replace(
            none, check=url if asked else "addresses", found=said or line, means=means, ok=None if silent else False, failure=None if silent else none.failure
        )
    yield replace(
        none,
        check="package API",
        found="no way to create a package, which is known without asking",
        means="it knows npm, maven, rubygems, docker, nuget and container; it lists, reads, deletes and restores, and creates nothing: "
        "a package is made by its own client's upload alone, and no address is known that takes that of a Python client",
    )
    yield replace(
        none,
        check="creating it by hand, settings, other names, other tokens, support",
        found="nothing that could be tried",
        means="none of them helps: this is no mistake in the repository, the token or the name; GitHub has closed the plan for it (github/roadmap#94)",
        do="publish to `ghcr`, `github-release` or an index of your own; this target is passed by",
    )
