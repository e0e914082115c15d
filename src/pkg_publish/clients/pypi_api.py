"""What PyPI has beside its upload API: the JSON of a version, and its own words for a refusal (warehouse, `forklift/legacy.py`)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from pkg_publish.clients.refusals import TEMPORARY, Refusal, refused
from pkg_publish.clients.request import Request
from pkg_publish.clients.upload_api import REFUSALS as LEGACY
from pkg_publish.errors import Integrity, Invalid, Refused, Unavailable
from pkg_publish.formats import foreign
from pkg_publish.model import RemoteFile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pkg_publish.clients.transport import Transport
    from pkg_publish.watch import Watch

LONGEST_JSON = 1 << 24
"""Bytes: a version with thousands of files stays below."""

NOT_FOUND = 404

ENDED = "pypi-token-ended"

REFUSALS = (
    Refusal(
        statuses={403},
        words=r"token is expired",
        raises=Refused,
        code=ENDED,
        cause="the token has ended",
        cure="Run again: what is there already stays. A token that a job gets for its identity lives for 15 minutes; "
        "a file whose upload takes longer needs an API token in the token input.",
    ),
    Refusal(
        statuses={403},
        words=r"OIDC scoped token",
        raises=Refused,
        code="no-such-publisher",
        cause="it knows this job as the trusted publisher of another project",
        cure="Register this job as a trusted publisher of this project too, at the index; the name that is published is that of the distribution.",
    ),
    Refusal(
        statuses={403},
        words=r"invalid or non-existent authentication|invalid api token(?!.*scoped)",
        raises=Refused,
        code="pypi-token-invalid",
        cause="the token is not one of this index, was revoked, or has expired",
        cure="PyPI and TestPyPI have tokens of their own. Better than a token is trusted publishing: leave the token input out.",
        paste="permissions:\n  contents: read\n  id-token: write",
    ),
    Refusal(
        statuses={403},
        words=r"isn't allowed to upload to project|not allowed to upload|scoped token",
        raises=Refused,
        code="pypi-token-scope",
        cause="the token or its user may not upload to this project",
        cure="A token for one project serves no other one: make one for this project, or let an owner of it add the user.",
    ),
    Refusal(
        statuses={400, 403},
        words=r"two[- ]factor|\b2fa\b",
        raises=Refused,
        code="pypi-two-factor",
        cause="the account has no second factor",
        cure="Set up two-factor authentication at the index, then run again.",
    ),
    Refusal(
        statuses={400, 403},
        words=r"verified.*email|email.*verif|primary email",
        raises=Refused,
        code="pypi-email",
        cause="the account has no verified e-mail address",
        cure="Verify the address at the index, then run again.",
    ),
    Refusal(
        statuses={400},
        words=r"older than \d+ days",
        raises=Invalid,
        code="release-too-old",
        cause="it takes no new files for a version that is older than 14 days",
        cure="Publish a new version: this one stays as it is.",
    ),
    Refusal(
        statuses={400, 403},
        words=r"non-user identities cannot create|cannot create new projects",
        raises=Refused,
        code="pypi-pending-publisher",
        cause="the project is not there, and the pending publisher names another one",
        cure="The project name of the pending publisher must be that of the distribution: correct it at the index.",
    ),
    Refusal(
        statuses={400, 403},
        words=r"name .*(isn't allowed|not allowed|too similar|conflicts with|prohibited|is invalid)",
        raises=Invalid,
        code="project-name-not-allowed",
        cause="it does not give this name away",
        cure="Rename the project: the name is reserved, or too like another one.",
    ),
    Refusal(
        statuses={400, 413},
        words=r"project size too large",
        raises=Invalid,
        code="project-too-large",
        cause="all files of the project together are more than it allows",
        cure="Delete old versions there, or ask the index for a higher limit.",
    ),
    Refusal(
        statuses={400, 413},
        words=r"file too large|limit for project",
        raises=Invalid,
        code="file-too-large",
        cause="the file is larger than it allows",
        cure="Make the file smaller, or ask the index for a higher limit.",
    ),
    Refusal(
        statuses={400},
        words=r"only one sdist",
        raises=Invalid,
        code="one-sdist",
        cause="it has another sdist of this version, and takes one",
        cure="Publish a new version.",
    ),
    Refusal(
        statuses={400},
        words=r"digest supplied does not match",
        raises=Integrity,
        code="wrong-digest",
        cause="other bytes came than were sent",
        cure="Run again; if it stays so, something between here and the index changes them.",
    ),
    Refusal(
        statuses={400},
        words=r"local versions?",
        raises=Invalid,
        code="local-version",
        cause="it takes no local versions, those with a plus sign",
        cure="Publish it as a version without one, or elsewhere: `ghcr` and `github-release` take it.",
    ),
    Refusal(
        statuses={400},
        words=r"description failed to render",
        raises=Invalid,
        code="description-not-rendered",
        cause="it cannot render the project's description",
        cure="Mend the README that `twine check` complains about, or write it in Markdown, then build again.",
    ),
    Refusal(
        statuses={400},
        words=r"platform tag",
        raises=Invalid,
        code="wheel-platform",
        cause="the wheel is for a platform that it takes nothing for",
        cure="Repair the wheel with auditwheel or build it with cibuildwheel: `linux_x86_64` runs on the machine that built it, `manylinux` on others.",
    ),
    Refusal(
        statuses={400, 403},
        words=r"quarantine|archived|not active",
        raises=Refused,
        code="project-locked",
        cause="it has locked this project, or its owner has",
        cure="Look at the project's page there; its owner, or who runs the index, can open it again.",
    ),
    Refusal(
        statuses={400},
        words=r"attestation",
        raises=Invalid,
        code="attestation-refused",
        cause="an attestation beside the file does not fit",
        cure="Sign again with the identity of this very workflow, or remove the `.publish.attestation` files.",
    ),
    Refusal(
        statuses={400},
        words=r"metadata|classifier|is not a valid|invalid value for|direct dependency",
        raises=Invalid,
        code="metadata-refused",
        cause="it does not accept what the file says of itself",
        cure="Mend what it names in the project's metadata, then build and publish again.",
    ),
    Refusal(
        statuses={429},
        words=r"new projects",
        raises=Unavailable,
        code="too-many-new-projects",
        cause="this account or address has made too many new projects",
        cure="Wait a day: an index allows a few new projects in that time.",
    ),
    *LEGACY,
)


def version_files(index: str, project: str, version: str, transport: Transport, watch: Watch) -> list[RemoteFile]:
    """The files of a version as its JSON lists them, which no cache holds back; an empty list is a proof."""
    found = _json(index, f"{project}/{version}", transport, watch)
    return list(_files(found.get("urls")))


def latest_version(index: str, project: str, transport: Transport, watch: Watch) -> str:
    """The version that the index shows first; empty: there is no such project."""
    match _json(index, project, transport, watch):
        case {"info": {"version": str(version)}}:
            return version
        case _:
            return ""


def open_since(index: str, project: str, version: str, transport: Transport, watch: Watch) -> datetime | None:
    """When the first file of a version came; None: it has none, or the index does not say."""
    listed = _json(index, f"{project}/{version}", transport, watch).get("urls")
    times = [each.get("upload_time_iso_8601") for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    try:
        return min((datetime.fromisoformat(time) for time in times if isinstance(time, str)), default=None)
    except (ValueError, TypeError):  # no time, or one with a zone beside one without
        return None


def _json(index: str, path: str, transport: Transport, watch: Watch) -> dict[str, object]:
    """What the index says below `/pypi/`; empty when it does not know it."""
    url = f"{index}/pypi/{path}/json"
    request = Request(
        doing=f"reading {url}", url=url, headers={"Cache-Control": "max-age=0"}, expects=frozenset({"application/json"}), most=LONGEST_JSON, hops=1
    )
    answer = transport.read(request, watch)
    if answer.status == NOT_FOUND:
        return {}
    if not answer.ok:
        raise refused(TEMPORARY, answer, request.doing)
    found = answer.json()
    return found if isinstance(found, dict) else {}


def _files(listed: object) -> Iterator[RemoteFile]:
    for each in listed if isinstance(listed, list) else ():
        digests = each.get("digests") if isinstance(each, dict) else None
        if isinstance(digests, dict) and isinstance(sha256 := digests.get("sha256"), str):
            yield RemoteFile(name=foreign.text(each.get("filename")), sha256=sha256, size=foreign.size(each.get("size")), url=foreign.text(each.get("url")))
