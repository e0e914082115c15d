"""Killed at any moment: the truth is at the targets, and the next run finds it. `make soak` kills more often, with another seed each time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.reliability.kills import kills
from tests.reliability.spots import KINDS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.reliability.kills import Ground

pytestmark = pytest.mark.real("docker-registry")


@pytest.mark.parametrize("kind", KINDS)
def test_a_kill_is_healed_by_the_next_run(kind: str, ground: Ground, tmp_path: Path) -> None:
    """No reader sees half of a file, and nothing of ours lies about afterwards."""
    seconds = ground.usual(kind, tmp_path)

    found = [ground.survive(each, seconds, tmp_path / str(each.number)) for each in kills(seed=1, count=len(KINDS)) if each.kind == kind]

    assert found == [[]]
