"""Other programs read an `oci-layout` of ours: every byte and every digest is what we said."""

from __future__ import annotations

import hashlib
import json
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from tests import factory
from tests.servers.process import answers, running
from tests.targets.contract import digests, once, watch
from tests.targets.layouts import JOB, LayoutStand, make

from pkg_publish.state import Done

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pkg_publish.model import Receipt, Release

TAG = "1.0-cu1"


@dataclass(frozen=True, slots=True)
class Published:
    """A release in a layout."""

    stand: LayoutStand
    release: Release
    receipt: Receipt

    def is_in(self, namespace: Path) -> bool:
        """Whether this layout holds it with every digest."""
        target = make(namespace.parent, path=namespace.name)
        return target.receipt(self.release, watch()).digest == self.receipt.digest and once(target, self.release).outcome is Done.ALREADY_PUBLISHED


@pytest.fixture
def published(tmp_path: Path) -> Published:
    """Two wheels and an sdist with a local version, from a job."""
    release = factory.release(tmp_path / "dist", "hello-world", "1.0+cu1", wheels=2)
    receipt = once(make(tmp_path, JOB, path="registry"), release).receipt
    assert receipt
    return Published(LayoutStand(tmp_path / "registry"), release, receipt)


@pytest.fixture
def run(tool: Callable[[str], Path]) -> Callable[..., str]:
    """Run a program; what it prints."""

    def run(name: str, *arguments: str | Path) -> str:
        return subprocess.run([tool(name), *arguments], check=True, capture_output=True, text=True).stdout.strip()

    return run


@pytest.fixture
def registry(tmp_path: Path, tool: Callable[[str], Path], free_port: int) -> Iterator[str]:
    """A registry of crane's, empty."""
    (tmp_path / "disk").mkdir()
    command: list[str | Path] = [tool("crane"), "registry", "serve", "--address", f"127.0.0.1:{free_port}", "--disk", tmp_path / "disk"]
    with running(command, ready=answers(free_port, "/v2/"), log=tmp_path / "registry.log"):
        yield f"127.0.0.1:{free_port}"


def saved(folder: Path) -> dict[str, str]:
    """The sha256 of what a program saved, by file name."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def copy(run: Callable[..., str], source: str, goal: str) -> None:
    """Copy a version with skopeo, which fails when it would have to change a digest."""
    run("skopeo", "copy", "--all", "--preserve-digests", "--src-tls-verify=false", "--dest-tls-verify=false", source, goal)


@pytest.mark.real("oras")
def test_oras_reads_it(published: Published, run: Callable[..., str], tmp_path: Path) -> None:
    """All files of a version, or one by its platform, under their own names."""
    version = published.receipt.url
    run("oras", "pull", "--oci-layout", version, "-o", tmp_path / "all")
    run("oras", "pull", "--oci-layout", "--platform", "any/cp39-none-any.whl", version, "-o", tmp_path / "one")

    assert saved(tmp_path / "all") == digests(published.release)
    assert saved(tmp_path / "one").keys() == {"hello_world-1.0+cu1-cp39-none-any.whl"}
    assert run("oras", "resolve", "--oci-layout", version) == published.receipt.digest


@pytest.mark.real("skopeo")
def test_skopeo_copies_it(published: Published, run: Callable[..., str], tmp_path: Path) -> None:
    """From layout to layout every digest is kept, the index's too."""
    (tmp_path / "copy").mkdir()

    copy(run, f"oci:{published.receipt.url}", f"oci:{tmp_path / 'copy' / 'hello_world'}:{TAG}")

    assert published.is_in(tmp_path / "copy")


@pytest.mark.real("skopeo")
def test_skopeo_takes_it_apart(published: Published, run: Callable[..., str], tmp_path: Path) -> None:
    """Into a folder of files that are called by their sha256."""
    copy(run, f"oci:{published.receipt.url}", f"dir:{tmp_path / 'apart'}")

    assert saved(tmp_path / "apart")["manifest.json"] == published.receipt.digest.removeprefix("sha256:")
    assert saved(tmp_path / "apart").keys() >= {each.sha256 for each in published.release.distributions}


@pytest.mark.real("crane")
def test_crane_pushes_it(published: Published, run: Callable[..., str], tmp_path: Path, registry: str) -> None:
    """As it lies there, to a registry, where the version has the same digest and a file the same bytes."""
    wheel, repository = published.release.distributions[0], f"{registry}/octo/hello_world"
    run("crane", "push", "--index", published.stand.project(published.release), f"{repository}:layout")
    run("crane", "tag", f"{repository}@{published.receipt.digest}", TAG)

    run("crane", "export", "--platform", "any/cp38-none-any.whl", f"{repository}:{TAG}", tmp_path / wheel.name)

    assert json.loads(run("crane", "manifest", f"{repository}:{TAG}")) == published.stand.index(published.release)
    assert hashlib.sha256((tmp_path / wheel.name).read_bytes()).hexdigest() == wheel.sha256


@pytest.mark.real("crane", "skopeo")
def test_it_goes_through_registries_and_back(published: Published, run: Callable[..., str], tmp_path: Path, registry: str) -> None:
    """Layout, registry, another repository, layout: every digest is kept, and it is published there already."""
    (tmp_path / "back").mkdir()
    there, further = f"docker://{registry}/octo/hello_world:{TAG}", f"docker://{registry}/copy/hello_world:{TAG}"

    copy(run, f"oci:{published.receipt.url}", there)
    copy(run, there, further)
    copy(run, further, f"oci:{tmp_path / 'back' / 'hello_world'}:{TAG}")

    assert published.is_in(tmp_path / "back")
