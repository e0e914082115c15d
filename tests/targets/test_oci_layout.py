"""`oci-layout=DIR`."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests import factory
from tests.servers.process import answers, running
from tests.targets.contract import Contract, digests, once, watch

from pkg_publish.errors import ConfigError, Failure, Integrity
from pkg_publish.runner import Runner
from pkg_publish.state import Done
from pkg_publish.targets.base import Ambient, TargetSpec
from pkg_publish.targets.oci_layout import OciLayout, OciLayoutKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pkg_publish.model import Release

JOB = Runner(repository="octo/demo", sha="a" * 40)

ONE_OF_MANY = """
import sys
from pathlib import Path
from tests import factory
from tests.targets.contract import once
from tests.targets.test_oci_layout import make
from pkg_publish.model import Release

folder, wheel = map(Path, sys.argv[1:])
release = Release(project="demo", version="1.0", distributions=(factory.distribution(wheel, "demo", "1.0"),))
print("ready", flush=True)
sys.stdin.readline()
print(once(make(folder, path="registry"), release).outcome)
"""


def make(folder: Path, runner: Runner | None = None, **options: str) -> OciLayout:
    """A target as the configuration makes it."""
    return OciLayoutKind().make(TargetSpec(kind="oci-layout", options=options), Ambient(folder=folder, environ={}, runner=runner or Runner()))


def name_and_tag(release: Release) -> tuple[str, str]:
    """As the specification of the layout has it, without our code."""
    return release.project.replace("-", "_"), release.version.replace("+", "-").replace("!", "_")


class LayoutStand:
    """A namespace, read and written as JSON and files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def target(self) -> OciLayout:
        """The folder as a target."""
        return make(self.folder.parent, path=self.folder.name)

    def project(self, release: Release) -> Path:
        """The project's layout."""
        return self.folder / name_and_tag(release)[0]

    def blob(self, release: Release, digest: str) -> Path:
        """The file of a digest."""
        return self.project(release) / "blobs" / "sha256" / digest.removeprefix("sha256:")

    def json(self, release: Release, digest: str) -> Any:  # noqa: ANN401 - any JSON
        """What a digest leads to."""
        return json.loads(self.blob(release, digest).read_bytes())

    def index(self, release: Release) -> dict[str, Any]:
        """The version's index."""
        path = self.project(release) / "index.json"
        tags = json.loads(path.read_bytes())["manifests"] if path.exists() else []
        found = [each["digest"] for each in tags if each["annotations"]["org.opencontainers.image.ref.name"] == name_and_tag(release)[1]]
        return self.json(release, found[0]) if found else {"manifests": []}

    def stored(self, release: Release) -> Mapping[str, str]:
        """Follow index, manifest and layer to the bytes, and hash them."""
        layers = [self.json(release, each["digest"])["layers"][0] for each in self.index(release)["manifests"]]
        return {
            each["annotations"]["org.opencontainers.image.title"]: hashlib.sha256(self.blob(release, each["digest"]).read_bytes()).hexdigest()
            for each in layers
        }

    def put(self, name: str, data: bytes, release: Release) -> None:
        """Publish it as another job would."""
        path = self.folder.parent / "theirs" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
        theirs = factory.distribution(path, release.project, release.version)
        assert once(self.target(), replace(release, distributions=(theirs,))).outcome is Done.PUBLISHED

    def remove(self, name: str, release: Release) -> None:
        """Write the index anew, without it."""
        left = [each for each in self.index(release)["manifests"] if name not in str(each)]
        self.point(release, {**self.index(release), "manifests": left})

    def point(self, release: Release, index: object) -> None:
        """Make the version's tag point at this, and forget every other tag."""
        data = json.dumps(index).encode()
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        self.blob(release, digest).parent.mkdir(parents=True, exist_ok=True)
        self.blob(release, digest).write_bytes(data)
        tag = {"digest": digest, "size": len(data), "annotations": {"org.opencontainers.image.ref.name": name_and_tag(release)[1]}}
        (self.project(release) / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [tag]}))

    def state(self) -> dict[str, tuple[bytes, int]]:
        """Every file with its bytes and the time of its last change."""
        return {str(path): (path.read_bytes(), path.stat().st_mtime_ns) for path in self.folder.rglob("*") if path.is_file()}

    def writes(self) -> int:
        """How many files there are, and when each was written, say whether there was one."""
        return sum(time for _, time in self.state().values())


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


def test_pyocis_own_files_are_read(stand: LayoutStand, release: Release) -> None:
    """Also those of its first versions, which give no digest in the index."""
    once(stand.target(), release)
    index = stand.index(release)
    stand.point(release, {**index, "manifests": [{**each, "annotations": {}} for each in index["manifests"]]})
    target = stand.target()

    files = target.files("hello-world", "1.0+cu1", watch())

    assert {file.name: file.sha256 for file in files} == digests(release)
    assert once(target, release).outcome is Done.ALREADY_PUBLISHED


def test_a_lost_manifest_is_an_unknown_digest(stand: LayoutStand, release: Release) -> None:
    """The file is listed, and nobody can say what it holds."""
    once(stand.target(), release)
    lost = {"digest": "sha256:" + "0" * 64}
    index = stand.index(release)
    stand.point(release, {**index, "manifests": [{**each, "annotations": {}, **lost} for each in index["manifests"][:1]]})

    (file,) = stand.target().files("hello-world", "1.0+cu1", watch())

    assert file.sha256 is None


def parts_of(stand: LayoutStand, release: Release) -> dict[str, str]:
    """The digests of what one file is made of."""
    first = stand.index(release)["manifests"][0]
    manifest = stand.json(release, first["digest"])
    return {"manifest": first["digest"], "config": manifest["config"]["digest"], "layer": manifest["layers"][0]["digest"]}


@pytest.mark.parametrize("part", ["manifest", "config", "layer"])
def test_a_lost_part_is_sent_again(stand: LayoutStand, release: Release, part: str) -> None:
    """The file is not held before, and whole after, also from another commit."""
    once(stand.target(), release)
    stand.blob(release, parts_of(stand, release)[part]).unlink()

    attempt = once(make(stand.folder.parent, JOB, path="registry"), release)

    assert len(attempt.before.missing) == 1
    assert attempt.outcome is Done.PUBLISHED
    assert stand.stored(release) == digests(release)


@pytest.mark.parametrize("part", ["manifest", "layer"])
def test_a_damaged_part_stops_everything(stand: LayoutStand, release: Release, part: str) -> None:
    """Index, manifest and bytes must agree."""
    once(stand.target(), release)
    damaged = stand.blob(release, parts_of(stand, release)[part])
    damaged.write_bytes(damaged.read_bytes().replace(b"sha256:", b"sha256;") + b" ")

    attempt = once(stand.target(), release)

    assert attempt.outcome is Failure.INTEGRITY
    assert attempt.problem is not None
    assert attempt.problem.code == "oci-broken"


def test_an_index_that_promises_other_bytes_is_broken(stand: LayoutStand, release: Release) -> None:
    """Readers by index and readers by manifest would get different files."""
    once(stand.target(), release)
    text = json.dumps(stand.index(release))
    stand.point(release, json.loads(text.replace(release.distributions[0].sha256 or "", "0" * 64)))

    assert once(stand.target(), release).outcome is Failure.INTEGRITY


def test_another_tags_content_is_never_replaced(stand: LayoutStand, release: Release) -> None:
    """A container image under our tag is a conflict, and no version of the project."""
    image = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": {}, "layers": []}
    stand.point(release, image)

    assert once(stand.target(), release).outcome is Failure.CONFLICT
    assert stand.index(release) == image
    assert list(stand.target().files("hello-world", None, watch())) == []


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
    command: list[str | Path] = [sys.executable, "-c", ONE_OF_MANY, tmp_path]
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


# Other programs read what we wrote.


@pytest.fixture
def read_by(tool: Callable[[str], Path]) -> Callable[..., str]:
    """Run one of them; what it prints."""

    def run(name: str, *arguments: str | Path) -> str:
        return subprocess.run([tool(name), *arguments], check=True, capture_output=True, text=True).stdout.strip()

    return run


def saved(folder: Path) -> dict[str, str]:
    """The sha256 of what a program saved, by file name."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


@pytest.mark.real("oras")
def test_oras_reads_it(stand: LayoutStand, release: Release, tmp_path: Path, read_by: Callable[..., str]) -> None:
    """All files of a version, or one by its platform, under their own names."""
    receipt = once(stand.target(), release).receipt
    assert receipt
    read_by("oras", "pull", "--oci-layout", receipt.url, "-o", tmp_path / "all")
    read_by("oras", "pull", "--oci-layout", "--platform", "any/cp39-none-any.whl", receipt.url, "-o", tmp_path / "one")

    assert saved(tmp_path / "all") == digests(release)
    assert saved(tmp_path / "one").keys() == {"hello_world-1.0+cu1-cp39-none-any.whl"}
    assert read_by("oras", "resolve", "--oci-layout", receipt.url) == receipt.digest


@pytest.mark.real("skopeo")
def test_skopeo_copies_it(stand: LayoutStand, release: Release, tmp_path: Path, read_by: Callable[..., str]) -> None:
    """From layout to layout every digest is kept, the index's too."""
    receipt = once(make(stand.folder.parent, JOB, path="registry"), release).receipt
    assert receipt
    copy = tmp_path / "copy" / "hello_world"
    copy.parent.mkdir()
    read_by("skopeo", "copy", "--all", "--preserve-digests", f"oci:{receipt.url}", f"oci:{copy}:1.0-cu1")

    copied = make(tmp_path, path="copy")
    assert copied.receipt(release, watch()).digest == receipt.digest
    assert once(copied, release).outcome is Done.ALREADY_PUBLISHED


@pytest.fixture
def registry(tmp_path: Path, tool: Callable[[str], Path], free_port: int) -> Iterator[str]:
    """A registry of crane's, empty."""
    (tmp_path / "disk").mkdir()
    command: list[str | Path] = [tool("crane"), "registry", "serve", "--address", f"127.0.0.1:{free_port}", "--disk", tmp_path / "disk"]
    with running(command, ready=answers(free_port, "/v2/"), log=tmp_path / "registry.log"):
        yield f"127.0.0.1:{free_port}"


@pytest.mark.real("crane")
def test_crane_pushes_it(stand: LayoutStand, release: Release, tmp_path: Path, read_by: Callable[..., str], registry: str) -> None:
    """As it lies there, to a registry, where the version has the same digest and a file the same bytes."""
    receipt = once(stand.target(), release).receipt
    assert receipt
    wheel = release.distributions[0]
    whole = f"{registry}/octo/hello_world"

    read_by("crane", "push", "--index", stand.project(release), f"{whole}:layout")
    read_by("crane", "tag", f"{whole}@{receipt.digest}", "1.0-cu1")
    read_by("crane", "export", "--platform", "any/cp38-none-any.whl", f"{whole}:1.0-cu1", tmp_path / wheel.name)

    assert json.loads(read_by("crane", "manifest", f"{whole}:1.0-cu1")) == stand.index(release)
    assert hashlib.sha256((tmp_path / wheel.name).read_bytes()).hexdigest() == wheel.sha256


@pytest.mark.real("crane")
@pytest.mark.real("skopeo")
def test_it_goes_through_registries_and_back(stand: LayoutStand, release: Release, tmp_path: Path, read_by: Callable[..., str], registry: str) -> None:
    """Layout, registry, another repository, layout: every digest is kept, and it is published there already."""
    receipt = once(stand.target(), release).receipt
    assert receipt
    there, further, back = f"docker://{registry}/octo/hello_world:1.0-cu1", f"docker://{registry}/copy/hello_world:1.0-cu1", tmp_path / "back" / "hello_world"
    back.parent.mkdir()
    for source, goal in ((f"oci:{receipt.url}", there), (there, further), (further, f"oci:{back}:1.0-cu1")):
        read_by("skopeo", "copy", "--all", "--preserve-digests", "--src-tls-verify=false", "--dest-tls-verify=false", source, goal)

    assert make(tmp_path, path="back").receipt(release, watch()).digest == receipt.digest
    assert once(make(tmp_path, path="back"), release).outcome is Done.ALREADY_PUBLISHED
