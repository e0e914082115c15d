"""The upload API that PyPI began and others speak ("legacy"): one form for each file, and an index that shows what was taken."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pkg_publish.clients.refusals import TEMPORARY, Refusal, refused
from pkg_publish.clients.request import Request
from pkg_publish.errors import Conflict, Invalid, Refused, Unavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pkg_publish.clients.network import Credential
    from pkg_publish.clients.simple_api import SimpleIndex
    from pkg_publish.clients.transport import Transport
    from pkg_publish.model import Distribution
    from pkg_publish.watch import Watch

TITLES = {"pypi": "PyPI", "testpypi": "TestPyPI"}

REFUSALS = (
    Refusal(
        statuses={400, 403, 503},
        words=r"read[- ]?only|maintenance|\bupload.*\bdisabled",
        raises=Unavailable,
        code="index-read-only",
        cause="it takes no uploads for the time being",
        cure="Wait until it does, then run again.",
    ),
    Refusal(
        statuses={401, 403},
        raises=Refused,
        code="upload-refused",
        cause="{why}",
        cure="Give `username` and `password-env` of somebody who may upload this project; check that the secret is the right one and has not expired.",
        paste="targets: |\n  - repository:\n      url: {url}\n      username: NAME\n      password-env: INDEX_PASSWORD\n"
        "env:\n  INDEX_PASSWORD: ${{{{ secrets.INDEX_PASSWORD }}}}",
    ),
    Refusal(
        statuses={400, 409, 422},
        words=r"previously used|already been used|has since been deleted",
        raises=Invalid,
        code="file-name-used",
        cause="a deleted file had this name, and no other may ever have it",
        cure="Publish a new version.",
    ),
    Refusal(
        statuses={400, 409, 422},
        words=r"already (exists?|been (taken|uploaded|published))|does not allow updating|duplicate (file|package|version)\b",
        raises=Conflict,
        code="file-exists",
        cause="it has another file of this name",
        cure="Publish a new version: what others may have installed is not replaced.",
    ),
    Refusal(
        statuses={409},
        raises=Conflict,
        code="file-exists",
        cause="it has another file of this name",
        cure="Publish a new version: what others may have installed is not replaced.",
    ),
    Refusal(
        statuses={413},
        raises=Invalid,
        code="file-too-large",
        cause="the file is larger than it allows",
        cure="Make the file smaller, or ask who runs the index, or the proxy before it, to allow more.",
    ),
    Refusal(
        statuses={404, 405, 410, 501},
        raises=Refused,
        code="no-upload-address",
        cause="this address takes no uploads",
        cure="Give the address that takes uploads as `url`, not the one that pip reads; where a project or an owner is part of it, check that it exists.",
    ),
    Refusal(
        statuses={400, 415, 422},
        raises=Invalid,
        code="file-refused",
        cause="it does not accept this file",
        cure="Mend what it names, then publish again.",
    ),
    *TEMPORARY,
)


class UploadApi:
    """An address that takes uploads, and the index beside it."""

    def __init__(
        self,
        url: str,
        index: SimpleIndex,
        transport: Transport,
        credential: Credential | None = None,
        refusals: Sequence[Refusal] = REFUSALS,
    ) -> None:
        self.url, self.index = url, index
        self._transport, self._credential, self._refusals = transport, credential, refusals

    def send(self, project: str, distribution: Distribution, watch: Watch, attestations: str = "") -> None:
        """Upload one file of a project (normalised name), with its attestations (a JSON list, PEP 740) if there are any.

        After a fault the index is asked whether it shows the file, before it is sent again.
        """
        from pkg_publish.clients.upload_form import Form

        form = Form(distribution, attestations)
        request = Request(
            method="POST",
            doing=f"uploading {distribution.name}",
            url=self.url,
            headers={"Content-Type": form.content_type},
            content=lambda: form.opened(watch),
            credential=self._credential,
        )
        answer = self._transport.write(request, watch, lambda: self.shows(project, distribution, watch))
        if not answer.ok:
            why = "this user may not upload there" if self._credential else "it takes no uploads without a login"
            raise refused(self._refusals, answer, request.doing, why=why)

    def shows(self, project: str, distribution: Distribution, watch: Watch) -> bool:
        """Whether the index shows this file, to the byte; raises `Conflict` when it shows another one of its name."""
        found = self.index.files_of(project, None, {distribution.name}, watch)
        theirs = next((file.sha256 for file in found if file.name == distribution.name), None)
        if theirs not in {None, distribution.sha256}:
            raise Conflict(
                f"{distribution.name} was put to {self.index.url} by somebody else in the meantime, with other bytes",
                code="file-exists",
                cure="Publish a new version: what others may have installed is not replaced.",
                details=[f"theirs sha256 {theirs}", f"ours   sha256 {distribution.sha256}"],
            )
        return theirs is not None


def upload_address(*, test: bool) -> str:
    """Where PyPI, or TestPyPI, takes uploads, as twine has it."""
    from twine.utils import DEFAULT_REPOSITORY, TEST_REPOSITORY

    return str(TEST_REPOSITORY if test else DEFAULT_REPOSITORY)


def pypi_at(url: str) -> str:
    """Whose uploads an address takes: `pypi`, `testpypi`, or nothing for an index of somebody else; without twine nothing is uploaded anyway."""
    try:
        host = (urlsplit(url).hostname or "").rstrip(".")  # DNS knows a name with a dot at its end as the same
        if "pypi" not in host:
            return ""
        hosts = {word: urlsplit(upload_address(test=word == "testpypi")).hostname or "" for word in ("pypi", "testpypi")}
    except (ValueError, ImportError):
        return ""
    return next((word for word, theirs in hosts.items() if host in {theirs, theirs.removeprefix("upload.")}), "")
