"""Where we run, and what that means."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.doctor.examined import rows

from pkg_publish.errors import Failure
from pkg_publish.runner import Runner

if TYPE_CHECKING:
    from tests.doctor.examined import Patient

    from pkg_publish.model import CheckRow

PUBLIC = {"repository": {"visibility": "public", "full_name": "octo/demo"}}
OURS, FORK = ({"pull_request": {"head": {"repo": {"full_name": name}}}} for name in ("octo/demo", "stranger/demo"))


def event(patient: Patient, name: str = "push", payload: dict[str, Any] | None = None, **facts: object) -> CheckRow:
    """What is said of an event."""
    patient.runner = replace(Runner(is_actions=True, repository="octo/demo", event_name=name, event=PUBLIC | (payload or {})), **facts)  # type: ignore[arg-type]
    return rows(patient.examine(), "the event")["event"]


def test_the_machine_is_told(patient: Patient) -> None:
    """Python and system, with the runner's image if there is one."""
    patient.runner = Runner(image="ubuntu24")

    found = rows(patient.examine(), "this machine")

    assert found["Python"].found.startswith("CPython 3.")
    assert found["platform"].found.endswith("image ubuntu24")


def test_no_workflow(patient: Patient) -> None:
    """What a job would get cannot be known at home."""
    found = rows(patient.examine(), "the event")

    assert (found["event"].ok, found["GitHub repository"].ok) == (None, None)


def test_an_ordinary_event(patient: Patient) -> None:
    """With its tag."""
    assert event(patient, ref="refs/tags/v1.0").found == "push of tag v1.0"
    assert event(patient, "").found == "one that has no name"


@pytest.mark.parametrize(
    ("name", "payload", "means"),
    [
        ("pull_request", FORK, "no secrets"),
        ("pull_request_target", OURS, "secrets and the rights of this repository"),
        ("pull_request_target", FORK, "secrets and the rights of this repository"),
        ("issue_comment", {}, "secrets and the rights of this repository"),
        ("workflow_run", {}, "secrets and the rights of this repository"),
    ],
)
def test_strangers_publish_nothing(patient: Patient, name: str, payload: dict[str, Any], means: str) -> None:
    """A publish is certain to fail, and the row says why; it is said once."""
    row = event(patient, name, payload)
    found = patient.examine()

    assert (row.ok, row.code, found.failure, found.dry) == (False, "untrusted-event", Failure.POLICY, False)
    assert means in row.means
    assert [each.title for each in found.groups].count("the configuration") == 0


def test_a_pull_request_of_ours_runs_dry(patient: Patient) -> None:
    """Nothing fails, and nothing would be published, which Dependabot's are told too."""
    row = event(patient, "pull_request", OURS)
    dependabots = event(patient, "pull_request", OURS | {"sender": {"login": "dependabot[bot]"}})

    assert (row.ok, row.means, patient.examine().dry) == (True, "a publish runs dry: nothing would be published", True)
    assert dependabots.means.endswith("; a publish runs dry: nothing would be published")


@pytest.mark.parametrize(("actor", "sender"), [("dependabot[bot]", {}), ("octo", {"sender": {"login": "dependabot[bot]"}})])
def test_dependabot_has_other_secrets(patient: Patient, actor: str, sender: dict[str, Any]) -> None:
    """Whoever re-runs it."""
    patient.environ["GITHUB_ACTOR"] = actor

    row = event(patient, "push", sender)

    assert (row.ok, row.found) == (None, "push by Dependabot")


@pytest.mark.parametrize(
    ("payload", "ok", "means"),
    [(PUBLIC, True, "everybody sees it"), ({"repository": {"private": True}}, True, "not everybody"), ({}, None, "counts as private")],
)
def test_who_sees_the_repository(patient: Patient, payload: dict[str, Any], ok: bool | None, means: str) -> None:  # noqa: FBT001
    """It decides on what may become public."""
    patient.runner = Runner(is_actions=True, repository="octo/demo", event_name="push", event=payload)

    row = rows(patient.examine(), "the event")["GitHub repository"]

    assert (row.ok, means in row.means) == (ok, True)
