"""What every test gets: an environment with nothing of ours in it, and a home of its own."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from tests.servers import process

if TYPE_CHECKING:
    from pathlib import Path

pytest_plugins = ["tests.servers.pypiserver", "tests.servers.devpi"]

FOREIGN = (
    *("ACTIONS_", "GITHUB_", "INPUT_", "RUNNER_", "GH_", "ACT_"),  # the runner's, also when it runs these tests
    *("PKG_PUBLISH_", "PYPI_", "TESTPYPI_", "TWINE_", "PIP_", "UV_", "XDG_", "NETRC"),
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "NO_COLOR", "FORCE_COLOR", "SOURCE_DATE_EPOCH"),
)
"""How the names begin of what may change what our code does, in any case of letters."""

INDEX = frozenset(
    [
        *("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX", "PIP_TRUSTED_HOST", "PIP_PROXY"),
        *("PIP_CERT", "PIP_CLIENT_CERT", "PIP_CONFIG_FILE", "PIP_DEFAULT_TIMEOUT", "PIP_RETRIES", "PIP_DISABLE_PIP_VERSION_CHECK"),
        *("UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_HTTP_TIMEOUT", "UV_NATIVE_TLS", "UV_SYSTEM_CERTS"),
    ]
)
"""What a machine needs to reach its package index: builds in tests fetch their backends."""


def pytest_configure() -> None:
    """Clean the environment, once and before the first server starts: what a test adds goes with the test."""
    for name in list(os.environ):  # noqa: TID251 - the tests' own edge
        if name.upper().startswith(FOREIGN) and name not in INDEX:
            del os.environ[name]  # noqa: TID251


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home directory."""
    folder = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("USERPROFILE", str(folder))
    return folder


@pytest.fixture
def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on."""
    return process.free_port()
