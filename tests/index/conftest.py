"""A place with one wheel, served as an index, and who asks it."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from tests.index_client import BLOCKS, WHEEL, Counted, asking

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.index_client import Client


@pytest.fixture
def serve() -> Iterator[Callable[..., Client]]:
    """Serve sources, and return who asks."""
    with ExitStack() as stack:
        yield lambda *sources, **how: stack.enter_context(asking(*sources, **how))


@pytest.fixture
def source() -> Counted:
    """A place with one wheel, which comes in four blocks."""
    return Counted(WHEEL, blocks=BLOCKS)


@pytest.fixture
def client(serve: Callable[..., Client], source: Counted) -> Client:
    """Who asks it."""
    return serve(source)
