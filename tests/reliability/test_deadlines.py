"""The deadline of a step, as somebody sees it who watches the log."""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING

import pytest
from tests.reliability.wires import asks
from tests.servers.front import Fault

if TYPE_CHECKING:
    from pathlib import Path

    from tests.reliability.kills import Ground

pytestmark = pytest.mark.real("docker-registry")
TIMEOUT = 10


def test_a_silent_server_ends_with_the_deadline_and_the_log_is_never_silent(ground: Ground, tmp_path: Path) -> None:
    """Exit code 7, not five seconds after the time is up; no ten seconds without a line."""
    place = ground.spot("repository", tmp_path)
    (front,) = ground.stands.wires["upload API"].fronts().values()
    front.fail_at(asks("POST"), itertools.repeat(Fault(silent=True)))
    step = ground.step(place, tmp_path, timeout=f"{TIMEOUT}s")
    with step.start() as process:
        assert process.stdout
        said = [(time.monotonic(), line) for line in process.stdout]
        ended = time.monotonic()
    front.forget()

    times = [moment for moment, _ in said]
    assert process.returncode == 7, said
    assert ended - times[0] < TIMEOUT + 5
    assert max(later - earlier for earlier, later in itertools.pairwise([*times, ended])) < 10, said
