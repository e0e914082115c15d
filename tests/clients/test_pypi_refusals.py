"""What PyPI says to an upload, and to a job's identity, word for word: one cause, one class, one remedy."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests import factory
from tests.clients.stand import Run, failure
from tests.servers.oidc import Identities
from tests.servers.scripted import Scripted, answer

from pkg_publish.clients import oidc, pypi_api
from pkg_publish.clients.identity import Provider
from pkg_publish.clients.network import Credential
from pkg_publish.clients.simple_api import SimpleIndex
from pkg_publish.clients.transport import Transport
from pkg_publish.clients.upload_api import UploadApi
from pkg_publish.errors import Failure
from pkg_publish.secret import Secret

if TYPE_CHECKING:
    from pathlib import Path

REFUSED, UNAVAILABLE, INVALID, CONFLICT = Failure.REFUSED, Failure.UNAVAILABLE, Failure.INVALID, Failure.CONFLICT

UPLOADS = [
    (400, "File already exists ('demo-1.0.tar.gz', with blake2_256 hash '0ab1'). See https://pypi.test/help/#file-name-reuse", CONFLICT, "file-exists"),
    (400, "This filename was previously used by a file that has since been deleted. Use a different version.", INVALID, "file-name-used"),
    (400, "Uploading new files to releases older than 14 days is not allowed.", INVALID, "release-too-old"),
    (400, "Only one sdist may be uploaded per release.", INVALID, "one-sdist"),
    (400, "File too large. Limit for project 'demo' is 100 MB. See https://pypi.test/help/#file-size-limit", INVALID, "file-too-large"),
    (400, "Project size too large. Limit for project 'demo' total size is 10 GB.", INVALID, "project-too-large"),
    (400, "The digest supplied does not match a digest calculated from the uploaded file.", Failure.INTEGRITY, "wrong-digest"),
    (400, "The use of local versions in <Version('1.0+cu121')> is not allowed.", INVALID, "local-version"),
    (400, "The description failed to render for 'text/x-rst'. See https://pypi.test/help/#description-content-type", INVALID, "description-not-rendered"),
    (400, "Binary wheel 'demo-1.0-cp312-cp312-linux_x86_64.whl' has an unsupported platform tag 'linux_x86_64'.", INVALID, "wheel-platform"),
    (400, "'Private :: Do Not Upload' is not a valid classifier.", INVALID, "metadata-refused"),
    (400, "Invalid value for requires_dist. Error: Can't have direct dependency: 'a @ https://example.org/a.whl'", INVALID, "metadata-refused"),
    (400, "Metadata is missing required field 'name'", INVALID, "metadata-refused"),
    (400, "Non-user identities cannot create new projects. This was probably caused by a pending publisher.", REFUSED, "pypi-pending-publisher"),
    (400, "The name 'os' isn't allowed. See https://pypi.test/help/#project-name", INVALID, "project-name-not-allowed"),
    (400, "Invalid distribution file.", INVALID, "file-refused"),
    (400, "Invalid distribution file. ZIP archive not accepted: Duplicate filename in local headers.", INVALID, "file-refused"),
    (400, "The project has already migrated to another index.", INVALID, "file-refused"),
    (400, "This filename has already been used, use a different version.", INVALID, "file-name-used"),
    (400, "Invalid attestations supplied during upload: Attestations are only supported when using Trusted Publishing", INVALID, "attestation-refused"),
    (403, "Invalid or non-existent authentication information. See https://pypi.test/help/#invalid-auth", REFUSED, "pypi-token-invalid"),
    (403, "Invalid API Token: token is expired", REFUSED, "pypi-token-ended"),
    (403, "The user 'octo' isn't allowed to upload to project 'demo'.", REFUSED, "pypi-token-scope"),
    (403, "The given token isn't allowed to upload to project 'demo'.", REFUSED, "pypi-token-scope"),
    (403, "Invalid API Token: OIDC scoped token is not valid for project 'demo'", REFUSED, "no-such-publisher"),
    (403, "User 'octo', associated with the API token used, does not have a verified primary email address.", REFUSED, "pypi-email"),
    (403, "User 'octo', associated with the API token used, does not have two-factor authentication enabled.", REFUSED, "pypi-two-factor"),
    (403, "Project 'demo' is in quarantine.", REFUSED, "project-locked"),
    (403, "Read-only mode: Uploads are temporarily disabled.", UNAVAILABLE, "index-read-only"),
    (403, "New uploads are temporarily disabled.", UNAVAILABLE, "index-read-only"),
    (410, "Project pre-registration is no longer required or supported, upload your files instead.", REFUSED, "no-upload-address"),
    (429, "Too many new projects created", UNAVAILABLE, "too-many-new-projects"),
    (429, "Too Many Requests", UNAVAILABLE, "rate-limited"),
    (503, "Service Unavailable", UNAVAILABLE, "server-error"),
]


@pytest.mark.parametrize("form", ["beside the status", "in the body"])
@pytest.mark.parametrize(("status", "words", "kind", "code"), UPLOADS, ids=lambda value: str(value)[:50])
def test_a_refused_upload_has_one_cause(status: int, words: str, kind: Failure, code: str, form: str, run: Run, tmp_path: Path) -> None:  # noqa: PLR0917 - a table
    """Wherever PyPI says it: HTTP/2 has no words beside the status."""
    file = factory.distribution(factory.wheel(tmp_path), "demo", "1.0")
    said = (
        answer(status, reason=words) if form == "beside the status" else answer(status, f"<html><body>{words}</body></html>".encode(), Content_Type="text/html")
    )
    with Scripted().then(said) as server:
        url = f"{server.url}/legacy/"
        index = SimpleIndex(f"{server.url}/simple/", Transport())
        api = UploadApi(url, index, Transport(), Credential.basic(url, "__token__", Secret("pypi-x")), pypi_api.REFUSALS)
        problem = failure(lambda: api.send("demo", file, run.watch))

    assert (problem.kind, problem.code) == (kind, code), problem
    assert problem.cure


IDENTITIES = [
    (422, "invalid-publisher", "valid token, but no corresponding publisher (Publisher with matching claims was not found)", REFUSED, "no-such-publisher"),
    (422, "invalid-pending-publisher", "valid token, but project already exists", REFUSED, "pending-publisher-late"),
    (422, "not-enabled", "GitHub trusted publishing functionality not enabled", UNAVAILABLE, "trusted-publishing-off"),
    (422, "invalid-payload", "unknown trusted publishing issuer", REFUSED, "identity-issuer"),
    (422, "invalid-payload", "malformed JWT", REFUSED, "identity-refused"),
    (422, "invalid-token", "malformed or invalid token", REFUSED, "identity-refused"),
    (422, "invalid-reuse-token", "invalid token: already used", UNAVAILABLE, "identity-used"),
    (403, "", "Trusted publishing functionality not enabled", REFUSED, "no-trusted-publishing"),
    (429, "", "The client has exceeded the rate limit", UNAVAILABLE, "rate-limited"),
    (503, "", "", UNAVAILABLE, "server-error"),
]


@pytest.mark.parametrize(("status", "word", "description", "kind", "code"), IDENTITIES, ids=lambda value: str(value)[:40])
def test_a_refused_identity_has_one_cause(  # noqa: PLR0917 - a table
    status: int, word: str, description: str, kind: Failure, code: str, run: Run
) -> None:
    """With what was compared."""
    errors = [{"code": word, "description": description}] if word else []
    body = json.dumps({"message": "Token request failed" if word else description, "errors": errors}).encode()
    audience, said = (answer(each, text, Content_Type="application/json") for each, text in ((200, b'{"audience": "pypi"}'), (status, body)))
    with Identities() as identities, Scripted().then(audience, said) as server:
        problem = failure(lambda: oidc.mint(server.url, Provider.read(identities.environ()), Transport(), run.watch))

    assert (problem.kind, problem.code) == (kind, code), problem
    assert problem.cure
    assert "repository: octo/demo" in problem.details
