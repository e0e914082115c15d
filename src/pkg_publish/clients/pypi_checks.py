"""What PyPI says of a project before a publish, a row each, and what to type into its form for a trusted publisher."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from pkg_publish.clients import oidc, pypi_api
from pkg_publish.errors import Failure, PublishError
from pkg_publish.formats import pypi_rules
from pkg_publish.model import CheckRow

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from pkg_publish.clients.transport import Transport
    from pkg_publish.model import Subject
    from pkg_publish.watch import Watch

OPEN = timedelta(days=14)
"""So long after its first file a version takes others."""


def rehearsal() -> CheckRow:
    """What there is to know of TestPyPI."""
    means = "what is there is no store: rehearse, and publish elsewhere; accounts, tokens and publishers are its own"
    return CheckRow(check="what it is", found="public, and emptied now and then", means=means)


def no_index(found: str) -> CheckRow:
    """Something else answers at its address, so that nothing could be proven there."""
    return CheckRow(
        check="index",
        found=found,
        means="a proxy or a login page stands in between, or the index is out of order: no publish could be proven",
        do="open the address from the machine that publishes, and see what answers",
        ok=False,
        failure=Failure.UNAVAILABLE,
        code="no-index-page",
    )


def rows(index: str, subject: Subject, transport: Transport, watch: Watch) -> Generator[CheckRow, None, bool]:
    """The limits, the project's name, the version and how long that stays open; at the end, whether the project is there."""
    largest = max((each.size for each in subject.files), default=0)
    found = f"{pypi_rules.LARGEST >> 20} MB for a file, 10 GB for a project, unless it has raised them for this one"
    yield CheckRow(check="limits", found=found, means=f"the largest file here has {largest} bytes" if largest else "")
    latest = ""
    if subject.project:
        try:
            latest = pypi_api.latest_version(index, subject.project, transport, watch)
            since = pypi_api.open_since(index, subject.project, subject.version, transport, watch) if latest and subject.version else None
        except PublishError as problem:
            yield CheckRow.of("project", problem, sure=False)
        else:
            yield _name(subject.project, latest, index)
            yield from [_age(subject, since)] if since else []
    else:
        yield CheckRow(check="project", found="its name is not known without a build", ok=None)
    return bool(latest)


def _name(project: str, latest: str, index: str) -> CheckRow:
    """Whether the name is free, and for whom it is not."""
    if latest:
        return CheckRow(
            check="project", found=f"{project} is there, at {latest}", means="only its owners publish to it", do=f"see {index}/project/{project}/", ok=None
        )
    if project.replace("-", "_") in {name.lower() for name in sys.stdlib_module_names}:
        means = "it is that of a module of Python's standard library, which nobody gets"
        return CheckRow(
            check="project",
            found=f"{project} is free",
            means=means,
            do="rename the project",
            ok=False,
            failure=Failure.INVALID,
            code="project-name-not-allowed",
        )
    means = "the first publish makes it; by trusted publishing, a pending publisher of this very name must stand ready"
    return CheckRow(check="project", found=f"{project} is free, unless the name is reserved or too like another", means=means, ok=None)


def _age(subject: Subject, since: datetime) -> CheckRow:
    """A version takes new files for two weeks; what it has already may be sent again for ever."""
    until = since + OPEN
    found = f"{subject.version} is there since {since:%Y-%m-%d}"
    if until > datetime.now(UTC):
        return CheckRow(check="14 days", found=found, means=f"it takes new files until {until:%Y-%m-%d}")
    return CheckRow(
        check="14 days",
        found=found,
        means="it takes no new file any more; the same bytes once more do no harm",
        do="publish a new version",
        ok=None,
        code="release-too-old",
    )


def publisher(index: str, claims: Mapping[str, str], project: str, *, there: bool) -> CheckRow:
    """What to type into the form of a trusted publisher, and the form with all of that filled in: that of the project if it is there, else the account's."""
    owner, _, repository = claims.get("repository", "").partition("/")
    typed = {
        "project": project or "(known when it is built)",
        "owner": owner or "(the account at GitHub)",
        "repository": repository or "(its name at GitHub)",
        "workflow": oidc.workflow_file(claims) or "(the file below .github/workflows)",
        "environment": {"": "(that of the job, if it has one)", "none": "(none)"}.get(claims.get("environment", ""), claims.get("environment", "")),
    }
    return CheckRow(
        check="trusted publisher",
        found=" · ".join(f"{name} {value}" for name, value in typed.items()),
        means="a publisher at the index must have exactly these; whether one has shows in the first upload",
        do=f"register it at {oidc.registration(index, claims, project if there else '')}",
        ok=None,
        code="no-such-publisher",
    )
