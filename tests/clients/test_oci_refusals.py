"""What GHCR and other registries say, word for word: one cause, one class, one remedy."""

from __future__ import annotations

import pytest
from tests.clients.scripts import error, repository
from tests.clients.stand import Run, failure
from tests.servers.scripted import Scripted, answer

from pkg_publish.errors import Failure

PACKAGES = "packages: write"

REFUSED, UNAVAILABLE, INVALID = Failure.REFUSED, Failure.UNAVAILABLE, Failure.INVALID

ANSWERS = [
    (403, "DENIED", "permission_denied: write_package", REFUSED, "ghcr-write-package", PACKAGES),
    (403, "DENIED", "installation not allowed to Write organization package", REFUSED, "ghcr-no-permission", PACKAGES),
    (403, "DENIED", "installation not allowed to Create organization package", REFUSED, "ghcr-create-package", PACKAGES),
    (403, "DENIED", "Resource not accessible by integration", REFUSED, "ghcr-no-permission", PACKAGES),
    (403, "DENIED", "invalid token", REFUSED, "registry-token", PACKAGES),
    (403, "DENIED", "permission_denied: The token provided does not match expected scopes.", REFUSED, "registry-token", PACKAGES),
    (401, "UNAUTHORIZED", "unauthenticated: User cannot be authenticated with the token provided.", REFUSED, "registry-token", PACKAGES),
    (401, "UNAUTHORIZED", "authentication required", REFUSED, "registry-login", "password-env"),
    (403, "DENIED", "requested access to the resource is denied", REFUSED, "registry-denied", PACKAGES),
    (403, "DENIED", "denied", REFUSED, "registry-denied", PACKAGES),
    (429, "TOOMANYREQUESTS", "retry-after: 10.3ms, allowed: 2000/minute", UNAVAILABLE, "rate-limited", ""),
    (403, "DENIED", "You have exceeded a secondary rate limit.", UNAVAILABLE, "rate-limited", ""),
    (
        416,
        "REQUESTED_RANGE_NOT_SATISFIABLE",
        "the request body is too large and exceeds the maximum permissible limit of 4.00MiB",
        REFUSED,
        "registry-chunk-too-large",
        "",
    ),
    (404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry", UNAVAILABLE, "upload-lost", ""),
    (404, "MANIFEST_BLOB_UNKNOWN", "blob unknown to registry", UNAVAILABLE, "part-unknown", ""),
    (400, "UNKNOWN", "unknown blob", UNAVAILABLE, "part-unknown", ""),
    (404, "MANIFEST_UNKNOWN", "OCI index found, but Accept header does not support OCI indexes", REFUSED, "registry-accept", ""),
    (405, "UNSUPPORTED", "The operation is unsupported.", Failure.UNSUPPORTED, "registry-unsupported", ""),
    (405, "", "", REFUSED, "no-registry", ""),
    (400, "NAME_INVALID", "invalid repository name", INVALID, "registry-name", ""),
    (400, "", "invalid reference format: repository name must be lowercase", INVALID, "registry-name", ""),
    (404, "NAME_UNKNOWN", "repository name not known to registry", REFUSED, "no-repository", ""),
    (413, "", "", INVALID, "file-too-large", ""),
    (415, "UNSUPPORTED", "media type is not supported", Failure.UNSUPPORTED, "registry-takes-no-artifacts", ""),
    (400, "DIGEST_INVALID", "provided digest did not match uploaded content", Failure.INTEGRITY, "wrong-digest", ""),
    (400, "TAG_INVALID", "the tag is immutable", Failure.CONFLICT, "oci-tag-taken", ""),
    (403, "DENIED", "storage quota exceeded", REFUSED, "registry-full", ""),
    (503, "UNAVAILABLE", "registry is in read-only mode", UNAVAILABLE, "registry-read-only", ""),
    (502, "", "", UNAVAILABLE, "server-error", ""),
]


@pytest.mark.parametrize(("status", "word", "message", "kind", "code", "paste"), ANSWERS, ids=lambda value: str(value)[:40])
def test_a_refusal_has_one_cause(status: int, word: str, message: str, kind: Failure, code: str, paste: str, run: Run) -> None:  # noqa: PLR0917 - a table
    """And one remedy, with the YAML where that is one."""
    step = error(status, word, message) if word or message else answer(status)
    with Scripted().then(step) as server:
        problem = failure(lambda: repository(server, login=True).ask_to_write(run.watch))

    assert (problem.kind, problem.code) == (kind, code), problem
    assert message in problem.said
    assert problem.cure
    assert paste in problem.paste if paste else not problem.paste
