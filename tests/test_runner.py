"""What the runner says about itself."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from pkg_publish.runner import Runner

if TYPE_CHECKING:
    from pathlib import Path


def runner(folder: Path, event: object, **variables: str) -> Runner:
    """A runner with this payload."""
    path = folder / "event.json"
    path.write_text(event if isinstance(event, str) else json.dumps(event), encoding="utf-8")
    return Runner.read({"GITHUB_EVENT_PATH": str(path), "GITHUB_REPOSITORY": "octo/demo", **variables})


def test_at_home_everything_is_empty() -> None:
    """No variable is required."""
    home = Runner.read({})

    assert (home.is_actions, home.repository, home.tag, home.temp, home.is_public) == (False, "", "", None, False)
    assert (home.server_url, home.api_url) == ("https://github.com", "https://api.github.com")


def test_reads_the_variables_of_a_step(tmp_path: Path) -> None:
    """The usual ones."""
    step = Runner.read(
        {
            "GITHUB_ACTIONS": "true",
            "GITHUB_REPOSITORY": "Octo/Demo",
            "RUNNER_TEMP": str(tmp_path),
            "RUNNER_DEBUG": "1",
            "GITHUB_SERVER_URL": "https://ghe.test/",
            "GITHUB_RUN_ID": "7",
            "GITHUB_RUN_ATTEMPT": "2",
        }
    )

    assert (step.is_actions, step.owner, step.name, step.temp, step.debug, step.server_url) == (True, "Octo", "Demo", tmp_path, True, "https://ghe.test")
    assert (step.run_id, step.run_attempt) == ("7", "2")


@pytest.mark.parametrize("event", ["", "no json", "[]", "null", "[" * 100_000])
def test_a_payload_that_cannot_be_read_is_no_payload(tmp_path: Path, event: str) -> None:
    """Nothing of it is required."""
    assert runner(tmp_path, event).event == {}


def test_a_payload_that_is_not_there() -> None:
    """A path that leads nowhere."""
    assert Runner.read({"GITHUB_EVENT_PATH": "/nowhere/event.json"}).event == {}


@pytest.mark.parametrize(
    ("event", "variables", "tag"),
    [
        ({}, {"GITHUB_REF": "refs/tags/v1.0"}, "v1.0"),
        ({}, {"GITHUB_REF": "refs/heads/main"}, ""),
        ({"release": {"tag_name": "v2.0"}}, {"GITHUB_EVENT_NAME": "release", "GITHUB_REF": "refs/tags/v1.0"}, "v2.0"),
        ({"release": {"tag_name": None}}, {"GITHUB_EVENT_NAME": "release"}, ""),
        ({"release": None}, {"GITHUB_EVENT_NAME": "release"}, ""),
    ],
)
def test_the_tag_that_triggered_the_run(tmp_path: Path, event: object, variables: dict[str, str], tag: str) -> None:
    """Of a pushed tag, or of a release event."""
    assert runner(tmp_path, event, **variables).tag == tag


@pytest.mark.parametrize(
    ("repository", "public"),
    [
        ({"visibility": "public"}, True),
        ({"visibility": "internal", "private": False}, False),
        ({"private": False}, True),
        ({"private": True}, False),
        ({}, False),
        (None, False),
    ],
)
def test_what_is_not_known_to_be_public_counts_as_private(tmp_path: Path, repository: object, public: bool) -> None:  # noqa: FBT001
    """Visibility of the source."""
    assert runner(tmp_path, {"repository": repository}).is_public is public


HOME: dict[str, Any] = {"full_name": "octo/demo"}
FORK: dict[str, Any] = {"full_name": "stranger/demo"}


@pytest.mark.parametrize(
    ("name", "event", "foreign"),
    [
        ("push", {}, False),
        ("pull_request_review", {"pull_request": {"head": {"repo": FORK}}}, True),
        ("pull_request_review", {"pull_request": {"head": {"repo": HOME}}}, False),
        ("pull_request", {"pull_request": {"head": {"repo": HOME}}}, False),
        ("pull_request", {"pull_request": {"head": {"repo": FORK}}}, True),
        ("pull_request", {"pull_request": {"head": {"repo": None}}}, True),
        ("pull_request", {"pull_request": {"head": None}}, True),
        ("pull_request", {}, True),
        ("workflow_run", {"workflow_run": {"head_repository": HOME}}, False),
        ("workflow_run", {"workflow_run": {"head_repository": FORK}}, True),
        ("workflow_run", {}, True),
    ],
)
def test_what_comes_from_another_repository(tmp_path: Path, name: str, event: object, foreign: bool) -> None:  # noqa: FBT001
    """A deleted fork and a payload that says nothing count as foreign."""
    assert runner(tmp_path, event, GITHUB_EVENT_NAME=name).is_foreign_pull_request is foreign


@pytest.mark.parametrize(("name", "event", "pull"), [("pull_request", {}, True), ("pull_request_review", {"pull_request": {}}, True), ("push", {}, False)])
def test_events_of_pull_requests(tmp_path: Path, name: str, event: object, pull: bool) -> None:  # noqa: FBT001
    """Whatever they are called."""
    assert runner(tmp_path, event, GITHUB_EVENT_NAME=name).is_pull_request is pull


@pytest.mark.parametrize("path", ["/dev/zero", "pipe"])
def test_only_a_regular_file_is_read_as_a_payload(tmp_path: Path, path: str) -> None:
    """Neither for ever nor waiting."""
    if not hasattr(os, "mkfifo"):
        pytest.skip("no pipes with names")
    os.mkfifo(tmp_path / "pipe")

    assert Runner.read({"GITHUB_EVENT_PATH": str(tmp_path / path)}).event == {}


def test_a_pull_request_of_an_odd_shape_is_foreign(tmp_path: Path) -> None:
    """Nothing says that it is our own."""
    assert runner(tmp_path, {"pull_request": {"head": "x"}}, GITHUB_REPOSITORY="o/n").is_foreign_pull_request


@pytest.mark.parametrize(
    ("url", "read"),
    [("https://u:secret@h/", "https://h"), ("https://[::1", "https://github.com"), ("", "https://github.com"), ("https://h", "https://h")],
)
def test_an_address_of_github_shows_no_login(url: str, read: str) -> None:
    """What is no address is not gone by."""
    assert Runner.read({"GITHUB_SERVER_URL": url}).server_url == read


def test_a_folder_for_the_run_that_is_not_there_is_none() -> None:
    """The system has one of its own."""
    assert Runner.read({"RUNNER_TEMP": "/nonexistent"}).temp is None
