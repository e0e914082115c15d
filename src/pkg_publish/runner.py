"""What the runner says about itself: a typed view of `GITHUB_*` and the event."""

from __future__ import annotations

import json
import os
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pkg_publish.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

UNTRUSTED_EVENTS = frozenset({"pull_request_target", "issue_comment"})
"""Events that run with the rights of the repository on behalf of somebody who has none."""


LONGEST_EVENT = 25 << 20
"""Letters: GitHub sends no larger payload."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """The job as GitHub describes it; at home everything is empty."""

    is_actions: bool = False
    repository: str = ""
    """`owner/name`, as GitHub spells it."""
    server_url: str = "https://github.com"
    api_url: str = "https://api.github.com"
    event_name: str = ""
    ref: str = ""
    ref_type: str = ""
    sha: str = ""
    run_id: str = ""
    run_attempt: str = ""
    """Which go at the run: the next one begins when all jobs of the one before have ended."""
    image: str = ""
    """`ubuntu24` …, for the first line of the log."""
    temp: Path | None = None
    debug: bool = False
    event: Mapping[str, Any] = field(default_factory=dict)
    """The payload; empty when there is none or it cannot be read."""

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Runner:
        """From the environment of a step."""
        temp = environ.get("RUNNER_TEMP", "")
        return cls(
            is_actions=environ.get("GITHUB_ACTIONS", "").lower() == "true",
            repository=environ.get("GITHUB_REPOSITORY", ""),
            server_url=_server(environ.get("GITHUB_SERVER_URL", ""), "https://github.com"),
            api_url=_server(environ.get("GITHUB_API_URL", ""), "https://api.github.com"),
            event_name=environ.get("GITHUB_EVENT_NAME", ""),
            ref=environ.get("GITHUB_REF", ""),
            ref_type=environ.get("GITHUB_REF_TYPE", ""),
            sha=environ.get("GITHUB_SHA", ""),
            run_id=environ.get("GITHUB_RUN_ID", ""),
            run_attempt=environ.get("GITHUB_RUN_ATTEMPT", ""),
            image=environ.get("ImageOS", "") or environ.get("RUNNER_OS", ""),
            temp=Path(temp) if temp and os.access(temp, os.W_OK) else None,
            debug=environ.get("RUNNER_DEBUG", "") == "1",
            event=_event(environ.get("GITHUB_EVENT_PATH", "")),
        )

    def home(self) -> str:
        """The GitHub repository, `owner/name`; empty when it is not known. Raises `ConfigError` for what can be none."""
        if self.repository and not re.fullmatch(r"[\w.-]+/[\w.-]+", self.repository, re.ASCII):
            raise ConfigError(
                f"the variable GITHUB_REPOSITORY is {self.repository[:80]!r}, which is no GitHub repository",
                code="odd-github-repository",
                cure="The runner sets it; at home write the owner and the name, or unset it.",
                paste="export GITHUB_REPOSITORY=OWNER/NAME",
            )
        return self.repository

    @property
    def owner(self) -> str:
        """The owner of the GitHub repository."""
        return self.repository.partition("/")[0]

    @property
    def name(self) -> str:
        """The GitHub repository without its owner."""
        return self.repository.partition("/")[2]

    @property
    def repository_url(self) -> str:
        """The page of the GitHub repository; empty when it is not known."""
        return f"{self.server_url}/{self.repository}" if self.repository else ""

    @property
    def tag(self) -> str:
        """The tag that triggered the run: of a pushed tag, or of a release event."""
        if self.event_name == "release":
            release = self.event.get("release")
            return str(release.get("tag_name") or "") if isinstance(release, dict) else ""
        return self.ref.removeprefix("refs/tags/") if self.ref.startswith("refs/tags/") else ""

    @property
    def is_public(self) -> bool:
        """The source is public; what is not known counts as private (contract, section 6)."""
        repository = self.event.get("repository")
        if not isinstance(repository, dict):
            return False
        if "visibility" in repository:
            return bool(repository["visibility"] == "public")
        return repository.get("private") is False

    @property
    def is_foreign_pull_request(self) -> bool:
        """An event of a pull request, or a workflow run made by one, that comes from another repository; whatever the event is called."""
        pull, run = self.event.get("pull_request"), self.event.get("workflow_run")
        if isinstance(pull, dict):
            head = pull.get("head")
            return _full_name(head.get("repo") if isinstance(head, dict) else None) != self.repository
        if self.event_name == "workflow_run" and isinstance(run, dict):
            return _full_name(run.get("head_repository")) != self.repository
        return self.event_name in {"pull_request", "workflow_run"}

    @property
    def is_untrusted(self) -> bool:
        """A stranger's code or words may run with the rights of the repository (contract, section 6)."""
        return self.event_name in UNTRUSTED_EVENTS or self.is_foreign_pull_request

    @property
    def has_rights_of_repository(self) -> bool:
        """GitHub runs it with the secrets and the rights of the repository, whoever began it."""
        return self.event_name in UNTRUSTED_EVENTS or self.event_name == "workflow_run"

    @property
    def is_pull_request(self) -> bool:
        """A pull request, or a review of one: nothing is published from it."""
        return self.event_name == "pull_request" or "pull_request" in self.event


def _full_name(repository: object) -> str:
    """`owner/name`; a deleted fork is null in the payload."""
    return str(repository.get("full_name", "")) if isinstance(repository, dict) else ""


def _server(url: str, usual: str) -> str:
    """An address without a login, which would be shown; the usual one for what is none."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return usual
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl().rstrip("/") or usual


def _event(path: str) -> dict[str, Any]:
    """The payload of the event; nothing of it is required. Only a regular file is read, and no more of it than GitHub sends."""
    if not path:
        return {}
    try:
        with open(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), encoding="utf-8") as file:  # noqa: PTH123 - a pipe is not waited for
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return {}
            event = json.loads(file.read(LONGEST_EVENT))
    except (OSError, ValueError, RecursionError):
        return {}
    return event if isinstance(event, dict) else {}
