"""What GitHub's API says, word for word: one cause, one class, one remedy."""

from __future__ import annotations

import json

import pytest
from tests.clients.stand import Run, failure
from tests.clients.test_github_api import FILE, api
from tests.servers.scripted import Scripted, answer

from pkg_publish.errors import Failure
from pkg_publish.formats.github_release import TaggedRelease

CONTENTS = "contents: write"
REFUSED, UNAVAILABLE, INVALID, CONFLICT = Failure.REFUSED, Failure.UNAVAILABLE, Failure.INVALID, Failure.CONFLICT


def invalid(resource: str = "Release", **facts: str) -> dict[str, object]:
    """A 422 in GitHub's shape."""
    return {"message": "Validation Failed", "errors": [{"resource": resource, **facts}]}


ANSWERS: list[tuple[int, dict[str, object], Failure, str, str]] = [
    (401, {"message": "Bad credentials"}, REFUSED, "github-token", "github-token"),
    (403, {"message": "Resource not accessible by integration"}, REFUSED, "github-no-permission", CONTENTS),
    (404, {"message": "Not Found"}, REFUSED, "github-not-found", CONTENTS),
    (403, {"message": "API rate limit exceeded for installation."}, UNAVAILABLE, "rate-limited", ""),
    (403, {"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}, UNAVAILABLE, "rate-limited", ""),
    (429, {"message": "You have exceeded a secondary rate limit."}, UNAVAILABLE, "rate-limited", ""),
    (422, {"message": "Cannot upload assets to an immutable release."}, REFUSED, "release-immutable", ""),
    (422, invalid(code="custom", field="tag_name", message="tag_name was used by an immutable release"), REFUSED, "tag-used-up", "tag: TAG"),
    (422, invalid(code="custom", message="body is too long (maximum is 125000 characters)"), INVALID, "release-notes", ""),
    (422, invalid("ReleaseAsset", code="custom", field="file_count", message="file_count limited to 1000 assets per release"), INVALID, "too-many-assets", ""),
    (422, invalid("ReleaseAsset", code="custom", field="size", message="size must be less than 2147483648"), INVALID, "file-too-large", ""),
    (422, invalid(code="custom", message="Object does not exist"), REFUSED, "commit-not-there", ""),
    (422, {"message": "Repository rule violations found\n\nCannot create ref due to creations being restricted."}, REFUSED, "tag-protected", ""),
    (400, {"message": "Invalid argument."}, REFUSED, "github-refused", ""),
    (502, {"message": "Server Error"}, UNAVAILABLE, "server-error", ""),
]


@pytest.mark.parametrize(("status", "body", "kind", "code", "paste"), ANSWERS, ids=lambda value: str(value)[:60])
def test_a_refusal_has_one_cause(status: int, body: dict[str, object], kind: Failure, code: str, paste: str, run: Run) -> None:  # noqa: PLR0917 - a table
    """And one remedy, whether a file was sent or a question asked."""
    step = answer(status, json.dumps(body).encode(), Content_Type="application/json")
    with Scripted().then(step) as server:
        there = TaggedRelease(id=1, tag="v1.0", upload_url=f"{server.url}/up{{?name,label}}")
        found = [
            failure(lambda: api(server.url).upload(there, FILE, run.watch, lambda: False)),
            failure(lambda: api(server.url).ask_to_write("v1.0", run.watch)),
        ]

    for problem in found:
        assert (problem.kind, problem.code) == (kind, code), problem
        assert problem.cure
        assert paste in problem.paste if paste else not problem.paste


def test_what_is_there_already(run: Run) -> None:
    """A tag has a release, or a release an asset of this name."""
    tag, name = (json.dumps(invalid(code="already_exists", field=field)).encode() for field in ("tag_name", "name"))
    with Scripted().then(answer(422, tag, Content_Type="application/json"), answer(422, name, Content_Type="application/json")) as server:
        there = TaggedRelease(id=1, tag="v1.0", upload_url=f"{server.url}/up")
        release = failure(lambda: api(server.url).ask_to_write("v1.0", run.watch))
        asset = failure(lambda: api(server.url).upload(there, FILE, run.watch, lambda: False))

    assert [(each.kind, each.code) for each in (release, asset)] == [(CONFLICT, "tag-has-a-release"), (CONFLICT, "asset-name-taken")]


def test_the_permission_that_is_wanted_is_named(run: Run) -> None:
    """GitHub says it beside a 403."""
    step = answer(
        403, b'{"message": "Resource not accessible by integration"}', Content_Type="application/json", X_Accepted_GitHub_Permissions="contents=write"
    )
    with Scripted().then(step) as server:
        problem = failure(lambda: api(server.url).ask_to_write("v1.0", run.watch))

    assert "contents=write" in problem.what
