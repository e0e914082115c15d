"""What GitHub's API means when it refuses (docs.github.com/rest, "Troubleshooting the REST API", "Releases")."""

from __future__ import annotations

from pkg_publish.clients.refusals import TEMPORARY, Refusal
from pkg_publish.errors import Conflict, Invalid, Refused, Unavailable

WRITE_CONTENTS = "permissions:\n  contents: write"

ABSENT, NAME_TAKEN = "github-not-found", "asset-name-taken"
"""The codes of answers that may be no failure: nothing there, an asset of that name there."""

IMMUTABLE = "release-immutable"

REFUSALS = (
    Refusal(
        statuses={401},
        raises=Refused,
        code="github-token",
        cause="it does not accept this token, or wants one",
        cure="Use the job's own token, which is the default; at home, set GITHUB_TOKEN. A secret may have expired or been revoked.",
        paste="with:\n  github-token: ${{{{ github.token }}}}",
    ),
    Refusal(
        statuses={403, 429},
        words=r"rate limit|abuse detection",
        raises=Unavailable,
        code="rate-limited",
        cause="it is asked too often",
        cure="Wait until the hour is over, then run again: what is there already stays.",
    ),
    Refusal(
        statuses={403},
        raises=Refused,
        code="github-no-permission",
        cause="this token may not do that; what it would need is {permissions}",
        cure="Give the job `contents: write`. If it has that: publishing a commit that changes workflow files needs more than a job can have, "
        "unless its tag is pushed before; and an organisation may forbid it.",
        paste=WRITE_CONTENTS,
    ),
    Refusal(
        statuses={404, 410},
        raises=Refused,
        code=ABSENT,
        cause="it is not there, or this token may not see it",
        cure="Check the name of the GitHub repository, and that the job has `contents: write`; to a job, GitHub also hides a commit "
        "that changes workflow files: push its tag before.",
        paste=WRITE_CONTENTS,
    ),
    Refusal(
        statuses={422},
        words=r"used by an immutable release",
        raises=Refused,
        code="tag-used-up",
        cause="an immutable release had this tag and was deleted; no other one may ever have it",
        cure="Publish a new version, or under another tag.",
        paste="targets: |\n  - github-release:\n      tag: TAG",
    ),
    Refusal(statuses={422}, words=r"immutable release", raises=Refused, code=IMMUTABLE, cause="{cause}", cure="{cure}", paste="{recipe}"),
    Refusal(
        statuses={422},
        words=r"file_count|limited to \d+ assets",
        raises=Invalid,
        code="too-many-assets",
        cause="a release has 1000 assets at most",
        cure="Publish fewer files, or in several releases.",
    ),
    Refusal(
        statuses={422},
        words=r"size must be less",
        raises=Invalid,
        code="file-too-large",
        cause="the file is larger than it allows",
        cure="Make the file smaller: an asset has less than 2 GiB.",
    ),
    Refusal(
        statuses={422},
        words=r"already_exists",
        raises=Conflict,
        code="tag-has-a-release",
        cause="the tag has a published release",
        cure="Run again: what is missing there is sent.",
    ),
    Refusal(
        statuses={422},
        words=r"body is too long",
        raises=Invalid,
        code="release-notes",
        cause="the notes are longer than it takes",
        cure="Shorten them, or let GitHub make none (`notes: none`): it takes 125,000 letters with those that it makes.",
    ),
    Refusal(
        statuses={409, 422},
        words=r"rule violations|ruleset|restricted|protected|pre[-_ ]?receive",
        raises=Refused,
        code="tag-protected",
        cause="a rule of the GitHub repository keeps this tag from being made",
        cure="Let who may make such tags push it first, or let the rule except this job.",
    ),
    Refusal(
        statuses={422},
        words=r"Failed; invalid|target_commitish|No commit found|Object does not exist",
        raises=Refused,
        code="commit-not-there",
        cause="it does not have the commit that was built",
        cure="Push the commit first; only then can a tag lead to it.",
    ),
    Refusal(
        statuses={400, 422},
        raises=Refused,
        code="github-refused",
        cause="it does not accept this",
        cure="Mend what it names, then run again.",
    ),
    *TEMPORARY,
)

REFUSED_UPLOADS = (
    Refusal(
        statuses={422},
        words=r"already_exists",
        raises=Conflict,
        code=NAME_TAKEN,
        cause="the release has an asset of this name",
        cure="Publish a new version: what others may have installed is not replaced.",
    ),
    *REFUSALS,
)

BUILD_ONCE = """jobs:
  build:
    # the matrix: builds, uploads its files as an artifact
  publish:
    needs: build
    permissions: {contents: write}
    steps:
      # downloads the artifacts of all jobs into dist/
      - uses: OWNER/pkg-publish-action@v1
        with: {build: never, dist-dir: dist, targets: github-release}"""


def immutable(event_name: str, *, many: bool) -> dict[str, str]:
    """The facts of the row `IMMUTABLE`: why a release is locked before all is in it, by the event and by whether there are other jobs, and what to do."""
    if event_name == "release":
        return {
            "cause": "the release is immutable: it was locked when it was published, before this job began",
            "cure": "Run the workflow when the tag is pushed, and let this step make and publish the release.",
            "recipe": "on:\n  push:\n    tags: ['v*']",
        }
    if many:
        return {
            "cause": "the release is immutable: another job of this version has published it, which locked it",
            "cure": "Let the jobs build, and one job that needs them publish all files.",
            "recipe": BUILD_ONCE,
        }
    return {"cause": "the release is immutable: it was locked when it was published", "cure": "Publish a new version.", "recipe": ""}
