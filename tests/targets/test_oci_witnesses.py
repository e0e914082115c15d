"""Other programs read what we published to a registry: every byte and every digest is what we said."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from importlib import import_module
from typing import TYPE_CHECKING

import pytest
from tests import factory
from tests.targets.contract import digests, once
from tests.targets.layouts import JOB
from tests.targets.layouts import make as make_layout
from tests.targets.namespaces import RegistryStand

from pkg_publish.formats import oci
from pkg_publish.state import Done

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.servers.registries import NewRegistry, Registry

    from pkg_publish.model import Receipt, Release

MEBIBYTE = 1 << 20
"""Bytes."""

PUBLISH_AND_MEASURE = """
import re, sys
from pathlib import Path
from tests import factory
from tests.targets.contract import once, watch
from tests.targets.namespaces import make
from pkg_publish.model import Release

wheel, name = sys.argv[1:]
release = Release(project="demo", version="1.0", distributions=(factory.distribution(Path(wheel), "demo", "1.0"),))
target = make(name)
attempt = once(target, release, seconds=300)
(file,) = target.files("demo", "1.0", watch())
size = sum(len(block) for block in target.fetch(file, watch(300)))
peak = re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())  # `ru_maxrss` would count the process that started this one
print(attempt.outcome, size, peak[1])
"""


@pytest.fixture
def release(tmp_path: Path) -> Release:
    """Two wheels and an sdist with a local version."""
    return factory.release(tmp_path / "dist", "hello-world", "1.0+cu1", wheels=2)


@pytest.fixture(params=["open", "v3", "crane"])
def stand(request: pytest.FixtureRequest, new_registry: NewRegistry) -> RegistryStand:
    """An empty namespace in each registry."""
    return RegistryStand(new_registry(request.param))


@pytest.fixture
def other(new_registry: NewRegistry) -> RegistryStand:
    """A namespace that nobody has published to."""
    return RegistryStand(new_registry("open"))


@pytest.fixture
def published(stand: RegistryStand, release: Release) -> Receipt:
    """The release, published by a job."""
    receipt = once(stand.target(JOB), release).receipt
    assert receipt
    return receipt


@pytest.fixture
def run(tool: Callable[[str], Path]) -> Callable[..., bytes]:
    """Run a program; what it prints."""

    def run(name: str, *arguments: str | Path) -> bytes:
        return subprocess.run([tool(name), *arguments], check=True, capture_output=True).stdout

    return run


def saved(folder: Path) -> dict[str, str]:
    """The sha256 of what a program saved, by file name."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


@pytest.mark.real("oras")
def test_oras_pulls_it(published: Receipt, release: Release, tmp_path: Path, run: Callable[..., bytes]) -> None:
    """All files of a version, or one by its platform, under their own names."""
    run("oras", "pull", "--plain-http", published.url, "-o", tmp_path / "all")
    run("oras", "pull", "--plain-http", "--platform", "any/cp39-none-any.whl", published.url, "-o", tmp_path / "one")

    assert saved(tmp_path / "all") == digests(release)
    assert saved(tmp_path / "one").keys() == {"hello_world-1.0+cu1-cp39-none-any.whl"}
    assert run("oras", "resolve", "--plain-http", published.url).decode().strip() == published.digest


@pytest.mark.real("crane")
def test_crane_reads_it(stand: RegistryStand, published: Receipt, release: Release, run: Callable[..., bytes]) -> None:
    """The index by tag, and each file as a blob."""
    assert run("crane", "digest", published.url).decode().strip() == published.digest
    assert json.loads(run("crane", "manifest", published.url)) == stand.index(release)

    for each in release.distributions:
        blob = run("crane", "blob", f"{published.url.rpartition(':')[0]}@sha256:{each.sha256}")
        assert hashlib.sha256(blob).hexdigest() == each.sha256


@pytest.mark.real("regctl")
def test_regctl_reads_it(stand: RegistryStand, published: Receipt, release: Release, run: Callable[..., bytes]) -> None:
    """The same, by another implementation."""
    run("regctl", "registry", "set", "--tls", "disabled", stand.server.host)

    assert run("regctl", "manifest", "head", published.url).decode().strip() == published.digest
    for each in release.distributions:
        blob = run("regctl", "blob", "get", published.url.rpartition(":")[0], f"sha256:{each.sha256}")
        assert hashlib.sha256(blob).hexdigest() == each.sha256


@pytest.mark.real("skopeo")
def test_skopeo_copies_it_on(published: Receipt, release: Release, other: RegistryStand, tmp_path: Path, run: Callable[..., bytes]) -> None:
    """From registry to registry and on to a layout: every digest is kept, and it is published there already."""
    copy = ("skopeo", "copy", "--all", "--preserve-digests", "--src-tls-verify=false", "--dest-tls-verify=false")
    there, layout = f"docker://{other.server.reference}/hello_world:1.0-cu1", tmp_path / "layout" / "hello_world"
    layout.parent.mkdir()
    run(*copy, f"docker://{published.url}", there)
    run(*copy, there, f"oci:{layout}:1.0-cu1")

    attempts = [once(other.target(JOB), release), once(make_layout(tmp_path, JOB, path="layout"), release)]
    assert {attempt.outcome for attempt in attempts} == {Done.ALREADY_PUBLISHED}
    assert {attempt.receipt.digest for attempt in attempts if attempt.receipt} == {published.digest}


def test_oras_py_reads_it(stand: RegistryStand, published: Receipt, release: Release, tmp_path: Path) -> None:
    """It takes our reference for what we mean, and fetches each file by its manifest."""
    container = import_module("oras.container").Container(published.url)
    registry = import_module("oras.provider").Registry(insecure=True)
    folder = tmp_path / "fetched"
    folder.mkdir()
    for each in stand.index(release)["manifests"]:
        manifest = registry.get_manifest(f"{published.url.rpartition(':')[0]}@{each['digest']}")
        (layer,) = manifest["layers"]
        registry.download_blob(container, layer["digest"], str(folder / layer["annotations"]["org.opencontainers.image.title"]))

    assert (container.registry, container.api_prefix, container.tag) == (stand.server.host, stand.repository(release), "1.0-cu1")
    assert saved(folder) == digests(release)


def test_our_constants_are_those_of_oras_py() -> None:
    """Media types and the annotation that names a file."""
    constants = import_module("oras.defaults")

    assert (constants.default_manifest_media_type, constants.default_index_media_type) == (oci.MANIFEST, oci.INDEX)
    assert constants.annotation_title == f"{oci.IMAGE}title"
    assert constants.oci_ref_name_annotation == f"{oci.IMAGE}ref.name"


def test_a_large_wheel_takes_little_memory(registry_open: Registry, tmp_path: Path) -> None:
    """There and back: 300 MiB within 64."""
    wheel = tmp_path / "demo-1.0-py3-none-any.whl"
    with wheel.open("wb") as file:
        file.truncate(300 * MEBIBYTE)

    command = [sys.executable, "-c", PUBLISH_AND_MEASURE, str(wheel), registry_open.reference]
    outcome, size, peak = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()

    assert (outcome, int(size)) == ("published", 300 * MEBIBYTE)
    assert int(peak) * 1024 <= 64 * MEBIBYTE
