"""A server and a run for every test of a client."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.clients.stand import Run
from tests.servers.scripted import Scripted

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def server() -> Iterator[Scripted]:
    """A server without steps."""
    with Scripted() as scripted:
        yield scripted


@pytest.fixture
def run() -> Run:
    """A run with much time."""
    return Run()
