"""`oci-layout=DIR`."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests import factory
from tests.targets.contract import Contract, digests, once, watch
from tests.targets.layouts import JOB, LayoutStand, make, name_and_tag
from tests.targets.oci_contract import OciContract

from pkg_publish.errors import ConfigError, Failure, Integrity
from pkg_publish.state import Done

if TYPE_CHECKING:
    from pkg_publish.model import Release

ONE_OF_MANY = """
import sys
from pathlib import Path
from tests import factory
from pkg_publish import publish
from pkg_publish.model import Place, Release, Visibility
from pkg_publish.plan import Plan
from pkg_publish.runner import Runner
from pkg_publish.targets.oci_layout import OciLayout
from pkg_publish.watch import Watch

folder, wheel = map(Path, sys.argv[1:])
release = Release(project="demo", version="1.0", distributions=(factory.distribution(wheel, "demo", "1.0"),))
target = OciLayout(folder, Place(kind="oci-layout", name="", title="", visibility=Visibility.LOCAL), Runner())
print("ready", flush=True)
sys.stdin.readline()
(attempt,) = publish.run(Plan(targets=[target]), release, Watch(300, lambda _: None))
print(attempt.outcome)
"""


@pytest.fixture
def stand(tmp_path: Path) -> LayoutStand:
    """A folder that is not there yet."""
    return LayoutStand(tmp_path / "registry")


@pytest.fixture
def release(tmp_path: Path) -> Release:
    """Two wheels and an sdist."""
    return factory.release(tmp_path / "dist", "hello-world", "1.0+cu1", wheels=2)


class TestContract(Contract):
    """The contract, on an image layout."""


class TestWhatIsThere(OciContract):
    """As it may be found on a disk."""


def test_needs_a_path() -> None:
    """Without a folder the error shows what to write."""
    with pytest.raises(ConfigError) as caught:
        make(Path())
    assert caught.value.paste == "targets: oci-layout=out/registry"


def test_a_second_run_changes_no_byte(stand: LayoutStand, release: Release) -> None:
    """Not even a time, also when another commit built the same files."""
    once(stand.target(), release)
    before = stand.state()

    assert once(make(stand.folder.parent, JOB, path="registry"), release).outcome is Done.ALREADY_PUBLISHED
    assert stand.state() == before


@pytest.mark.parametrize("part", ["manifest", "config"])
def test_metadata_that_is_lost(stand: LayoutStand, release: Release, part: str) -> None:
    """It is called broken."""
    target = stand.target()
    once(target, release)
    (file, *_) = target.files("hello-world", None, watch())
    stand.lose(release, part)

    with pytest.raises(Integrity) as caught:
        target.metadata(file, watch())
    assert caught.value.code == "oci-broken"


def test_no_folder_has_no_projects(tmp_path: Path) -> None:
    """Nor has one with something else in it."""
    (tmp_path / "there" / "stray").mkdir(parents=True)

    assert make(tmp_path, path="nowhere").projects(watch()) == make(tmp_path, path="there").projects(watch()) == []


def test_two_machines_write_one_layout(tmp_path: Path, release: Release) -> None:
    """The same files in another order give the same bytes and digests."""
    backwards = replace(release, distributions=release.distributions[::-1])
    once(make(tmp_path, JOB, path="a"), release)
    once(make(tmp_path, JOB, path="b"), backwards)

    first, second = LayoutStand(tmp_path / "a"), LayoutStand(tmp_path / "b")
    assert sorted(data for data, _ in first.state().values()) == sorted(data for data, _ in second.state().values())
    assert first.index(release) == second.index(release)


def test_the_job_is_written_down(stand: LayoutStand, release: Release) -> None:
    """The GitHub repository links the package to it, the commit says what was built."""
    once(make(stand.folder.parent, JOB, path="registry"), release)

    index = stand.index(release)
    manifest = stand.json(release, index["manifests"][0]["digest"])
    assert index["annotations"]["org.opencontainers.image.source"] == "https://github.com/octo/demo"
    assert manifest["annotations"]["org.opencontainers.image.revision"] == JOB.sha


def test_pyoci_finds_the_files(stand: LayoutStand, release: Release) -> None:
    """Its rules: every tag an index of its type, every descriptor a platform of its own, one layer, and the name is made of these."""
    once(stand.target(), release)

    index = stand.index(release)
    assert index["artifactType"] == "application/pyoci.package.v1"
    found = {}
    for each in index["manifests"]:
        manifest, architecture = stand.json(release, each["digest"]), each["platform"]["architecture"]
        (layer,) = manifest["layers"]
        assert (manifest["artifactType"], layer["mediaType"], each["platform"]["os"]) == (index["artifactType"], index["artifactType"], "any")
        separator = "-" if architecture.endswith(".whl") else ""
        found[f"hello_world-{name_and_tag(release)[1].replace('-', '+')}{separator}{architecture}"] = each["annotations"]["com.pyoci.sha256_digest"]
        assert json.loads(each["annotations"]["com.pyoci.project_urls"]) == {}
    assert found == digests(release)


def test_a_lost_manifest_stops_a_reader(stand: LayoutStand, release: Release) -> None:
    """Nobody can say what the file holds, and an older one is not taken for it."""
    once(stand.target(), release)
    lost = {"digest": "sha256:" + "0" * 64}
    index = stand.index(release)
    stand.point(release, {**index, "manifests": [{**each, "annotations": {}, **lost} for each in index["manifests"][:1]]})

    with pytest.raises(Integrity, match="the manifest of"):
        stand.target().files("hello-world", "1.0+cu1", watch())


@pytest.mark.parametrize("damage", ["no index", "other tags", "no version's index", "an index without files"])
def test_a_damaged_layout_is_never_an_absent_project(stand: LayoutStand, release: Release, damage: str) -> None:
    """Else another index would supply it."""
    once(stand.target(), release)
    path = stand.project(release) / "index.json"
    if damage == "an index without files":
        stand.point(release, {**stand.index(release), "manifests": []})
    elif damage == "no version's index":
        for each in json.loads(path.read_bytes())["manifests"]:
            stand.blob(release, each["digest"]).unlink()
    else:
        path.write_text(path.read_text().replace("1.0-cu1", "latest"))
        path.unlink() if damage == "no index" else None

    with pytest.raises(Integrity) as caught:
        stand.target().files("hello-world", None, watch())
    assert caught.value.code == "project-damaged"


@pytest.mark.parametrize("part", ["manifest", "layer"])
def test_a_damaged_part_stops_everything(stand: LayoutStand, release: Release, part: str) -> None:
    """Index, manifest and bytes must agree."""
    once(stand.target(), release)
    damaged = stand.part(release, part)
    damaged.write_bytes(damaged.read_bytes().replace(b"sha256:", b"sha256;") + b" ")

    attempt = once(stand.target(), release)

    assert attempt.outcome is Failure.INTEGRITY
    assert attempt.problem is not None
    assert attempt.problem.code == "oci-broken"


def test_another_tags_content_is_never_replaced(stand: LayoutStand, release: Release) -> None:
    """A container image under our tag is a conflict, and for a reader damage: no other place may supply the project."""
    image = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": {}, "layers": []}
    stand.point(release, image)

    assert once(stand.target(), release).outcome is Failure.CONFLICT
    assert stand.index(release) == image
    with pytest.raises(Integrity, match="hello-world is there"):
        stand.target().files("hello-world", None, watch())


def test_all_versions_are_listed(stand: LayoutStand, tmp_path: Path) -> None:
    """A tag that names no version is passed by."""
    for version in ("1.0", "1!2.0", "3.0+cu124"):
        once(stand.target(), factory.release(tmp_path / version, version=version, with_sdist=False))
    path = stand.folder / "demo" / "index.json"
    path.write_text(path.read_text().replace('"1.0"', '"latest"'))

    files = stand.target().files("demo", None, watch())

    assert [file.name for file in files] == ["demo-1!2.0-py3-none-any.whl", "demo-3.0+cu124-py3-none-any.whl"]


def test_a_lost_blob_cannot_be_fetched(stand: LayoutStand, release: Release) -> None:
    """It is listed, and the error names the file that is lost."""
    once(stand.target(), release)
    file = stand.target().files("hello-world", "1.0+cu1", watch())[0]
    stand.blob(release, f"sha256:{file.sha256}").unlink()

    with pytest.raises(Integrity, match=file.name.replace("+", r"\+")):
        next(stand.target().fetch(file, watch()))


def test_a_version_too_long_for_a_tag_is_invalid(stand: LayoutStand, release: Release) -> None:
    """It is told before anything is written."""
    attempt = once(stand.target(), replace(release, version="1+" + "a" * 200))

    assert attempt.outcome is Failure.INVALID
    assert not stand.folder.exists()


def test_a_file_that_changed_after_the_check_is_not_sent(stand: LayoutStand, release: Release) -> None:
    """What is sent is what was hashed, also when size and time are the same."""
    first = release.distributions[0]
    attempt = once(stand.target(), replace(release, distributions=(replace(first, sha256="0" * 64),)))

    assert attempt.outcome is Failure.INTEGRITY
    assert stand.stored(release) == {}


def test_twenty_jobs_publish_one_version(stand: LayoutStand, tmp_path: Path) -> None:
    """Started together, a process each: every file is kept, nobody waits for a lock that is left over."""
    whole = factory.release(tmp_path / "dist", wheels=20, with_sdist=False)
    command: list[str | Path] = [sys.executable, "-c", ONE_OF_MANY, stand.folder]
    root = Path(__file__).parents[2]
    jobs = [subprocess.Popen([*command, each.path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root) for each in whole.distributions]
    for job in jobs:
        assert job.stdout
        assert job.stdout.readline() == "ready\n"

    for job in jobs:
        assert job.stdin
        job.stdin.write("go\n")
        job.stdin.flush()

    assert {job.communicate()[0] for job in jobs} == {"published\n"}
    assert stand.stored(whole) == digests(whole)
    assert once(stand.target(), whole).outcome is Done.ALREADY_PUBLISHED
