"""What registries refuse, GHCR above all, and what to do about it: one table, the special before the general.

The codes are those of https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes; GHCR's sentences are its own.
"""

from __future__ import annotations

from pkg_publish.clients.refusals import TEMPORARY, Refusal
from pkg_publish.errors import Conflict, Integrity, Invalid, Refused, Unavailable, Unsupported

WRITE_PACKAGES = "permissions:\n  contents: read\n  packages: write"

NO = {401, 403}

REFUSALS = (
    Refusal(
        statuses={403, 429},
        words=r"rate limit|too many requests|TOOMANYREQUESTS",
        raises=Unavailable,
        code="rate-limited",
        cause="it is asked too often",
        cure="Wait some minutes, then run again: what is there already stays.",
    ),
    Refusal(
        statuses=NO,
        words=r"write_package",
        raises=Refused,
        code="ghcr-write-package",
        cause="this job may not write to the package, which is there already",
        cure="Give the job `packages: write`; if it has that, the package was first published from elsewhere: "
        "on its settings page add the GitHub repository under Manage Actions access, with the role Write{settings}.",
        paste=WRITE_PACKAGES,
    ),
    Refusal(
        statuses=NO,
        words=r"not allowed to create",
        raises=Refused,
        code="ghcr-create-package",
        cause="the organisation lets this job create no packages",
        cure="Let an owner of the organisation allow it (Settings, Packages, Package creation), and give the job `packages: write`.",
        paste=WRITE_PACKAGES,
    ),
    Refusal(
        statuses=NO,
        words=r"not allowed to write|not accessible by integration",
        raises=Refused,
        code="ghcr-no-permission",
        cause="the job lacks the permission to write packages",
        cure="Give it to the job.",
        paste=WRITE_PACKAGES,
    ),
    Refusal(
        statuses=NO,
        words=r"invalid token|bad credentials|token.*(expired|not supported|expected scopes)|authenticated with the token|authentication token not provided",
        raises=Refused,
        code="registry-token",
        cause="it does not accept the token",
        cure="Use the job's own token, with `packages: write`, or a classic personal token with write:packages that has not expired; "
        "GHCR takes neither fine-grained tokens nor those of GitHub Apps.",
        paste=f"{WRITE_PACKAGES}\nwith:\n  github-token: ${{{{{{{{ github.token }}}}}}}}",
    ),
    Refusal(
        statuses={400, 403, 405, 503},
        words=r"read[- ]?only|maintenance",
        raises=Unavailable,
        code="registry-read-only",
        cause="it takes nothing for the time being",
        cure="Wait until it does, then run again.",
    ),
    Refusal(
        statuses={400, 403, 413, 429, 507},
        words=r"quota|storage (limit|space)|insufficient storage|billing|no space left",
        raises=Refused,
        code="registry-full",
        cause="it has no room left for this",
        cure="Make room, or let its owner raise the limit.",
    ),
    Refusal(
        statuses={400, 403, 405, 409, 412},
        words=r"immutable|TAG_INVALID|already exists",
        raises=Conflict,
        code="oci-tag-taken",
        cause="the tag is there and must not change",
        cure="Release a new version, or allow tags to change: each further file of a version is added to what its tag shows.",
    ),
    Refusal(
        statuses={401},
        raises=Refused,
        code="registry-login",
        cause="{login_cause}",
        cure="{login_cure}",
        paste="targets: |\n  - oci:\n      name: {place}\n      username: {user}\n      password-env: REGISTRY_PASSWORD\n"
        "env:\n  REGISTRY_PASSWORD: ${{{{ secrets.REGISTRY_PASSWORD }}}}",
    ),
    Refusal(
        statuses={403},
        raises=Refused,
        code="registry-denied",
        cause="this login may not do that there",
        cure="Give it the right to read and write there; a GitHub job needs `packages: write`, and a package that others may read must be public.",
        paste=WRITE_PACKAGES,
    ),
    Refusal(
        statuses={413},
        raises=Invalid,
        code="file-too-large",
        cause="the file is larger than it allows",
        cure="Make the file smaller, or ask who runs the registry, or the proxy before it, to allow more.",
    ),
    Refusal(
        statuses={400, 404},
        words=r"BLOB_UPLOAD_(UNKNOWN|INVALID)",
        raises=Unavailable,
        code="upload-lost",
        cause="it lost the upload on the way",
        cure="Run again: what is there already stays.",
    ),
    Refusal(
        statuses={404},
        words=r"Accept header does not support",
        raises=Refused,
        code="registry-accept",
        cause="it has an index and was not told that we take one",
        cure="Let the proxy in between hand on the header `Accept`: we name all kinds of manifest in it.",
    ),
    Refusal(
        statuses={416},
        raises=Refused,
        code="registry-chunk-too-large",
        cause="it takes no such large piece of an upload",
        cure="Let no proxy stand in between that cuts uploads into pieces: we send each file in one.",
    ),
    Refusal(
        statuses={400, 404},
        words=r"BLOB_UNKNOWN|MANIFEST_UNKNOWN|unknown blob",
        raises=Unavailable,
        code="part-unknown",
        cause="it does not find what it took before",
        cure="Run again in some minutes: what is there already stays.",
    ),
    Refusal(
        statuses={400},
        words=r"DIGEST_INVALID|SIZE_INVALID|did not match",
        raises=Integrity,
        code="wrong-digest",
        cause="other bytes came than were sent",
        cure="Run again; if it stays so, something between here and the registry changes them.",
    ),
    Refusal(
        statuses={400, 404},
        words=r"NAME_INVALID|lower ?case|invalid reference|invalid repository name",
        raises=Invalid,
        code="registry-name",
        cause="it holds nothing under such a name",
        cure="Publish to another place: `oci=HOST/NAME`, all in lower case.",
    ),
    Refusal(
        statuses={404},
        words=r"NAME_UNKNOWN|NOT_FOUND|repository.*not (found|exist)|does not exist",
        raises=Refused,
        code="no-repository",
        cause="it makes no repository by itself, and this one is not there",
        cure="Create it at the registry, the project or namespace first, then run again.",
    ),
    Refusal(
        statuses={400, 406, 415, 422},
        words=r"MANIFEST_INVALID|media ?type|artifact|UNSUPPORTED",
        raises=Unsupported,
        code="registry-takes-no-artifacts",
        cause="it takes images and no artifacts",
        cure="Publish to a registry that takes OCI artifacts, as GHCR does.",
    ),
    Refusal(
        statuses={405},
        words=r"UNSUPPORTED|operation is unsupported",
        raises=Unsupported,
        code="registry-unsupported",
        cause="it does nothing of that kind",
        cure="Publish to a registry that does all that the OCI distribution specification asks of one, as GHCR does for publishing.",
    ),
    Refusal(
        statuses={400, 404, 405, 410, 501},
        raises=Refused,
        code="no-registry",
        cause="as no registry does",
        cure="Check the place: HOST is the registry's name without https://, and NAME the namespace in it.",
    ),
    *TEMPORARY,
)
