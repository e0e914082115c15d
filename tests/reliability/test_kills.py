"""Killed at any moment: the truth is at the targets, and the next run finds it. `make soak` kills more often, with another seed each time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.reliability.kills import kills
from tests.reliability.spots import KINDS, LIBRARY

if TYPE_CHECKING:
    from pathlib import Path

    from tests.reliability.kills import Ground

pytestmark = pytest.mark.real("docker-registry")


@pytest.fixture(scope="module")
def pace(ground: Ground, tmp_path_factory: pytest.TempPathFactory) -> float:
    """Seconds within which a kill comes: about what a step takes on this machine."""
    return 1.5 * ground.usual(LIBRARY, tmp_path_factory.mktemp("pace"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_kill_is_healed_by_the_next_run(kind: str, ground: Ground, pace: float, tmp_path: Path) -> None:
    """No reader sees half of a file, and nothing of ours lies about afterwards."""
    found = [ground.survive(each, pace, tmp_path / str(each.number)) for each in kills(seed=1, count=len(KINDS)) if each.kind == kind]

    assert found == [[]]
