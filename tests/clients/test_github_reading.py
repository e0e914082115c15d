"""Releases at GitHub for readers: without a library that they would have to install."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from tests import factory
from tests.clients.stand import failure
from tests.servers.scripted import Scripted, answer
from tests.targets.contract import once
from tests.targets.releases import OnGithub

from pkg_publish.clients import github_reading
from pkg_publish.clients.github_api import GithubApi
from pkg_publish.clients.transport import Transport
from pkg_publish.formats.github_release import TaggedRelease

if TYPE_CHECKING:
    from pathlib import Path

    from tests.clients.stand import Run
    from tests.targets.releases import ReleaseStand

WITHOUT_LIBRARIES = """
import sys
for name in ("github", "twine", "build", "id"):
    sys.modules[name] = None
from tests.targets.contract import watch
from tests.targets.releases import ReleaseStand
from pkg_publish.runner import Runner
from pkg_publish.targets.base import Ambient, TargetSpec
from pkg_publish.targets.github_release import GithubReleaseKind
ambient = Ambient(folder=None, environ={}, runner=Runner(api_url=sys.argv[1]))
target = GithubReleaseKind().make(TargetSpec(kind="github-release", options={"repo": "octo/demo"}), ambient)
for version in ("1.0", None):
    print(*(len(b"".join(target.fetch(file, watch()))) for file in target.files("demo", version, watch())), *target.projects(watch()))
print(*target.addresses(target.files("demo", None, watch()), watch()))
"""


def api(server: Scripted) -> GithubApi:
    """A repository whose API a server plays."""
    return GithubApi(url=server.url, name="octo/demo", transport=Transport(), token=None, immutable={"cause": "", "cure": "", "recipe": ""})


class TestReading(OnGithub):
    """What a reader has is the standard library, `requests` and `packaging`."""

    def test_nothing_more_is_needed(self, stand: ReleaseStand, tmp_path: Path) -> None:
        """Versions, files, projects and addresses."""
        release = factory.release(tmp_path / "dist")
        once(stand.target(), release)

        done = subprocess.run([sys.executable, "-c", WITHOUT_LIBRARIES, stand.server.url], capture_output=True, text=True, check=True)

        sizes = sorted(str(each.size) for each in release.distributions)
        lines = [line.split() for line in done.stdout.splitlines()]
        assert [sorted(line) for line in lines[:2]] == [sorted([*sizes, "demo"])] * 2
        assert all("/releases/download/v1.0/demo-1.0" in each for each in lines[2])


def test_all_pages_are_read(server: Scripted, run: Run) -> None:
    """A hundred at once; drafts are nobody's, and what is no release is none."""
    first = [{"id": number, "tag_name": f"v{number}", "draft": number == 7} for number in range(100)]
    server.then(answer(200, json.dumps(first).encode()), answer(200, json.dumps([{"id": 100, "assets": [{"name": "x", "size": "?"}, 7]}, 7]).encode()))

    found = github_reading.releases(api(server), run.watch)

    assert len(found) == 100
    assert [(asset.name, asset.size, asset.sha256) for asset in found[-1].assets] == [("x", None, None)]
    assert [each.line.split()[1] for each in server.asked] == [f"/repos/octo/demo/releases?per_page=100&page={page}" for page in (1, 2)]


def test_a_list_without_end_ends(server: Scripted, run: Run) -> None:
    """After more than anybody has."""
    server.then(answer(200, json.dumps([{"id": 1}] * 100).encode()))

    assert len(github_reading.assets(api(server), TaggedRelease(id=1, tag="v1"), run.watch)) == 10_000


@pytest.mark.parametrize("body", [b"[]", b'{"private": null}', b"7"])
def test_what_does_not_say_that_it_is_public_is_private(server: Scripted, run: Run, body: bytes) -> None:
    """And lists nothing."""
    server.then(answer(200, body))

    assert github_reading.is_private(api(server), run.watch)
    assert github_reading.releases(api(server), run.watch) == []


def test_no_release_is_no_error(server: Scripted, run: Run) -> None:
    """Any other refusal is one."""
    server.then(answer(404, b'{"message": "Not Found"}'), answer(200, b"[]"), answer(403, b'{"message": "no"}'))

    assert github_reading.published(api(server), "v1", run.watch) is None
    assert github_reading.published(api(server), "v1", run.watch) is None
    assert failure(lambda: github_reading.published(api(server), "v1", run.watch)).code != "github-not-found"
