"""What every test gets: an environment with nothing of ours in it, and a home of its own."""

from __future__ import annotations

import itertools
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from tests import real_parts
from tests.servers import process

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

pytest_plugins = [f"tests.servers.{name}" for name in ("pypiserver", "devpi", "pypi", "registries", "ghcr", "github")]

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


def pytest_addoption(parser: pytest.Parser) -> None:
    """`make soak`."""
    parser.addoption("--soak", type=int, default=0, metavar="N", help="try N random examples in each random test, other ones each time")


def pytest_configure(config: pytest.Config) -> None:
    """Clean the environment, once and before the first server starts: what a test adds goes with the test."""
    environ = os.environ  # noqa: TID251 - the tests' own edge
    for name in list(environ):
        if name.upper().startswith(FOREIGN) and name not in INDEX:
            del environ[name]
    for path in (Path.home() / ".config" / "pip" / "pip.conf", Path.home() / ".pip" / "pip.conf"):
        if path.is_file():
            environ.setdefault("PIP_CONFIG_FILE", str(path))
    settings.register_profile("the same everywhere", deadline=None, derandomize=True)  # a busy machine is no failure, nor is a lucky number
    settings.register_profile("soak", deadline=None, max_examples=config.getoption("--soak") or 1)
    settings.load_profile("soak" if config.getoption("--soak") else "the same everywhere")
    environ["UV_CACHE_DIR"] = str(real_parts.CACHE / "uv-cache")
    environ["PIP_CACHE_DIR"] = str(real_parts.CACHE / "pip-cache")


ONCE = frozenset({"actions", "servers"} | {f"test_{name}.py" for name in ("committed", "house", "lock", "readme", "real_builds", "workflows")})
"""Tests that another Python would not answer otherwise."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as `engine` what runs on every supported Python: all that is about our code and needs nothing but libraries."""
    for item in items:
        bound = item.get_closest_marker("real") or "tool" in getattr(item, "fixturenames", ())
        if not bound and item.path.relative_to(Path(__file__).parent).parts[0] not in ONCE:
            item.add_marker("engine")


SOAKED = {
    "foreign texts": ("tests/formats/test_neutral.py", "tests/report/"),
    "foreign documents": ("tests/formats/test_simple_pages.py", "tests/formats/test_version_index.py"),
    "spoilt files": ("tests/test_hostile_files.py",),
    "histories": ("tests/reliability/",),
}
"""What random tests try, by where they are."""
TRIED = "examples tried"


@pytest.hookimpl(trylast=True)
def pytest_itemcollected(item: pytest.Item) -> None:
    """Let a test with a number of its own try as many examples as all others by `make soak`."""
    function = getattr(item, "function", None)
    if item.config.getoption("--soak") and (own := getattr(function, OWN, None)):
        setattr(function, OWN, settings(own, max_examples=item.config.getoption("--soak")))


OWN = "_hypothesis_internal_use_settings"
"""Where Hypothesis keeps what `@settings` said of a test: nothing else reaches it."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Hand on how much a random test has tried, from whichever process it ran in."""
    report = yield
    said = getattr(item, "hypothesis_statistics", "")
    if report.when == "teardown" and said:
        report.user_properties.append((TRIED, sum(map(int, re.findall(r"(\d+) passing", said)))))
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say how much was tried by `make soak`."""
    reports = [report for several in terminalreporter.stats.values() for report in several if isinstance(report, pytest.TestReport)]
    for what, where in SOAKED.items() if config.getoption("--soak") else ():
        tried = sum(int(str(dict(each.user_properties).get(TRIED, 0))) for each in reports if each.nodeid.startswith(where))
        terminalreporter.write_line(f"soak      {tried:,} {what}, seed {config.getoption('--hypothesis-seed')}")


_homes = itertools.count()


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home directory."""
    folder = tmp_path_factory.getbasetemp() / "homes" / str(next(_homes))
    folder.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("USERPROFILE", str(folder))
    return folder


@pytest.fixture
def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on."""
    return process.free_port()


def _require(name: str) -> Path:
    """Where a part is. Missing, it fails the test where `CI` is set and skips it elsewhere."""
    if found := real_parts.find(name):
        return found
    reason = f"{name} is missing: python3 tests/real_parts.py brings it"
    if "CI" in real_parts.ENVIRON:
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(autouse=True)
def _real(request: pytest.FixtureRequest) -> None:
    """`@pytest.mark.real("skopeo", …)`: the parts that the test cannot do without."""
    for mark in request.node.iter_markers("real"):
        for name in mark.args:
            _require(name)


@pytest.fixture(scope="session")
def tool() -> Callable[[str], Path]:
    """Make the function that says where a part is: `tool("crane")` is a program, `tool("webhooks-examples")` a folder."""
    return _require
