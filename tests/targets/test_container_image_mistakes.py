"""What cannot become an image: each a code, a sentence, a cure, and nothing pushed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests import factory
from tests.clients.stand import failure
from tests.servers.front import Fault
from tests.servers.ghcr import digest_of
from tests.targets.contract import once, watch
from tests.targets.images import PYTHON, ImageStand, ambient, program, tar

from pkg_publish.clients.image_tags import Tagged
from pkg_publish.clients.oci_api import Repository
from pkg_publish.errors import Failure, PublishError
from pkg_publish.state import Done
from pkg_publish.targets.base import Ambient

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.registries import NewRegistry, Registry

    from pkg_publish.model import Release

INDEX = "application/vnd.oci.image.index.v1+json"

pytestmark = pytest.mark.usefixtures("no_pauses")


@pytest.fixture
def release(tmp_path: Path) -> Release:
    """A project with a program."""
    return program(tmp_path / "dist")


@pytest.fixture
def stand(registry_open: Registry, tmp_path: Path) -> ImageStand:
    """No image."""
    return ImageStand(registry_open, tmp_path)


def problem(stand: ImageStand, release: Release, **options: str) -> PublishError:
    """Why it is not published; nothing was written."""
    written = stand.writes()
    attempt = once(stand.target(None, **options), release)
    assert attempt.problem
    assert attempt.problem.cure
    assert attempt.outcome is attempt.problem.kind
    assert stand.writes() == written
    return attempt.problem


# The base.


def test_no_such_base(stand: ImageStand, release: Release) -> None:
    """Its name stands in the sentence."""
    error = problem(stand, release, base=f"{stand.server.host}/{stand.bases.name}:none")

    assert (error.code, f"{stand.bases.name}:none" in error.what) == ("image-base-unknown", True)


def test_no_such_platform(stand: ImageStand, release: Release) -> None:
    """Those that are there are named, and stand in the YAML."""
    stand.bases.put(platforms=("arm64",))
    error = problem(stand, release)

    assert (error.code, "linux/amd64" in error.what) == ("image-platform-missing", True)
    assert error.details == ("it is there for linux/arm64",)
    assert "platforms: linux/arm64" in error.paste


def test_a_single_image_is_for_one_platform(stand: ImageStand, release: Release) -> None:
    """Its config tells which."""
    stand.bases.image(stand.bases.plain, "arm64", tag="single")

    assert problem(stand, release, base=f"{stand.server.host}/{stand.bases.name}:single").code == "image-platform-missing"


@pytest.mark.parametrize("layer", [tar({"bin/sh": b""}), b"no tar at all" * 100], ids=["other files", "no tar"])
def test_a_base_without_python(stand: ImageStand, release: Release, layer: bytes) -> None:
    """Neither its settings nor its files have one."""
    stand.bases.put(layer=layer)

    assert problem(stand, release).what.endswith("has no Python")


def test_a_base_whose_python_is_too_old(stand: ImageStand, release: Release) -> None:
    """Both versions stand in the sentence."""
    stand.bases.put(Env=["PYTHON_VERSION=3.7.17"])
    error = problem(stand, release)

    assert error.code == "image-base-python"
    assert "has Python 3.7.17, and demo wants >=3.8" in error.what


def test_an_odd_requirement_of_python_requires_nothing(stand: ImageStand, release: Release) -> None:
    """As installers have it."""
    odd = tuple(replace(each, requires_python="three") for each in release.distributions)

    assert once(stand.target(), replace(release, distributions=odd)).outcome is Done.PUBLISHED


def test_a_base_for_alpine_takes_its_own_wheels(stand: ImageStand, tmp_path: Path) -> None:
    """Wheels for musl, not those for glibc."""
    stand.bases.put(Env=[f"PYTHON_VERSION={PYTHON}.0"], history=[{"created_by": "ADD alpine-minirootfs.tar.gz"}])
    for tag in ("manylinux_2_17_x86_64", "musllinux_1_1_x86_64"):
        factory.wheel(tmp_path / "dist", "native", tag=f"py3-none-{tag}", content=tag.encode())
    release = program(tmp_path / "dist", extra="Requires-Dist: native\n")

    assert once(stand.target(platforms="linux/amd64"), release).outcome is Done.PUBLISHED
    assert stand.read("1.0", 1, "app/lib/native/__init__.py") == b"musllinux_1_1_x86_64"


@pytest.mark.parametrize("change", ["no layers", "foreign layer", "no diff_id", "large config", "too many layers"])
def test_a_base_that_is_no_image(stand: ImageStand, release: Release, change: str) -> None:
    """It is not trusted."""
    manifest = stand.server.index(stand.server.index("1", stand.bases.name)["manifests"][1]["digest"], stand.bases.name)
    config: dict[str, Any] = {"architecture": "amd64", "os": "linux", "rootfs": {"diff_ids": ["none" if change == "no diff_id" else digest_of(b"")]}}
    if change == "no layers":
        manifest["layers"] = []
    elif change == "foreign layer":
        manifest["layers"][0]["mediaType"] = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
    elif change == "too many layers":
        manifest["layers"] *= 200
        config["rootfs"]["diff_ids"] *= 200
    elif change == "large config":
        config["padding"] = "x" * (4 << 20)
    stand.bases.put_config(manifest, config)
    bad = f"{stand.server.host}/{stand.bases.name}:bad"

    assert problem(stand, release, base=bad, platforms="linux/amd64").kind is Failure.INTEGRITY


def test_odd_settings_of_a_base_are_passed_by(stand: ImageStand, release: Release) -> None:
    """What is no list or mapping says nothing."""
    stand.bases.put(history="odd", Env="odd", Labels=["odd"])

    assert once(stand.target(), release).outcome is Done.PUBLISHED


# The release.


def test_no_wheel(stand: ImageStand, release: Release) -> None:
    """An sdist would have to be built."""
    error = problem(stand, replace(release, distributions=release.distributions[1:]))

    assert (error.code, error.kind) == ("image-wheel-missing", Failure.INVALID)


def test_a_wheel_is_missing_for_a_platform(stand: ImageStand, tmp_path: Path) -> None:
    """Both names stand in the sentence, and nothing was sent for the other platform either."""
    factory.wheel(tmp_path / "dist", "native", tag="py3-none-manylinux_2_17_x86_64")
    error = problem(stand, program(tmp_path / "dist", extra="Requires-Dist: native\n"))

    assert (error.code, error.kind) == ("image-wheel-missing", Failure.INVALID)
    assert error.what == f"there is no wheel of native for linux/arm64 with Python {PYTHON}"


def test_a_time_that_no_file_can_have(stand: ImageStand, release: Release, tmp_path: Path) -> None:
    """It is passed by; and an sdist before the wheel says nothing of times."""
    turned = replace(release, distributions=release.distributions[::-1])

    assert once(stand.target(ambient(tmp_path, SOURCE_DATE_EPOCH="9" * 20)), turned).outcome is Done.PUBLISHED
    assert stand.config("1.0")["created"] == "2020-01-01T00:00:00Z"


def test_several_programs(stand: ImageStand, tmp_path: Path) -> None:
    """They are listed, and one of them stands in the YAML."""
    error = problem(stand, program(tmp_path / "dist", scripts="demo = demo:main\nother = demo:main\n"))

    assert error.code == "image-entrypoint"
    assert error.what == "demo has several programs, and the image can start one: demo, other"
    assert "entrypoint: demo" in error.paste


def test_a_program_that_does_not_exist(stand: ImageStand, release: Release) -> None:
    """Those that do are listed."""
    error = problem(stand, release, entrypoint="gunicorn demo:app")

    assert error.what == "the image has no program 'gunicorn' to start"
    assert error.details == ("programs in the image: demo",)


def test_no_program_at_all(stand: ImageStand, tmp_path: Path) -> None:
    """Neither a script nor a module that runs."""
    error = problem(stand, factory.release(tmp_path / "dist"))

    assert error.what == "demo has no program to start, and no module demo.__main__"
    assert error.details == ("programs in the image: none",)


@pytest.mark.parametrize(
    ("scripts", "entrypoint", "found"),
    [
        ("", "", ["python3", "-m", "demo"]),
        ("", 'python -c "import demo"', ["python3", "-c", "import demo"]),
        ("a = demo:main\nb = demo:sys.exit\n", "b", ["python3", "/app/bin/b"]),
    ],
)
def test_other_entry_points(stand: ImageStand, tmp_path: Path, scripts: str, entrypoint: str, found: list[str]) -> None:
    """A module, Python itself, one of several programs."""
    once(stand.target(entrypoint=entrypoint), program(tmp_path / "dist", scripts=scripts))

    assert stand.config("1.0")["config"]["Entrypoint"] == found


@pytest.mark.parametrize("manifests", [None, [5], [{"digest": "none", "size": 1}], "not an image"], ids=str)
def test_a_broken_image_under_the_versions_tag(stand: ImageStand, manifests: Any) -> None:  # noqa: ANN401 - any JSON
    """What leads to no image is not trusted, whatever it says of its files."""
    if manifests == "not an image":
        digest = stand.server.put_manifest("1.0", {"schemaVersion": 2, "mediaType": INDEX, "manifests": []})
        manifests = [{"mediaType": INDEX, "digest": digest, "size": 1}]
    tagged = Tagged(data=b"", index={"manifests": manifests})

    assert failure(lambda: tagged.is_whole(Repository(stand.target().registry, stand.server.name), watch())).code == "oci-broken"


def test_what_breaks_off_reached_nothing(stand: ImageStand, release: Release) -> None:
    """Blobs without a tag are seen by nobody: the place is proven untouched."""
    stand.server.front.fail_at(lambda seen: seen.method == "PUT" and "/manifests/sha256:" in seen.path, [Fault()] * 100)

    attempt = once(stand.target(), release, seconds=60)

    assert (attempt.outcome, attempt.problem and attempt.problem.reached) == (Failure.UNAVAILABLE, False)


def test_a_run_that_only_reads_installs_nothing(stand: ImageStand, release: Release, tmp_path: Path) -> None:
    """Who makes a target without saying how wheels are gathered cannot publish with it."""
    run = ambient(tmp_path)
    target = stand.target(Ambient(folder=run.folder, environ=run.environ, runner=run.runner))

    with pytest.raises(NotImplementedError):
        target.open(release, watch()).send(target.wanted(release)[0], watch())


def test_the_check_says_whether_we_are_let_in(new_registry: NewRegistry, tmp_path: Path) -> None:
    """A wrong password shows before anything is made, and a base that is not there for a platform."""
    stand = ImageStand(new_registry("htpasswd"), tmp_path)
    right, wrong = list(stand.target().check(watch())), list(stand.target_with("nobody", "wrong").check(watch()))
    stand.bases.put(platforms=("arm64",))
    missing = list(stand.target().check(watch()))

    assert [(row.check, row.ok) for row in right] == [("registry", True), ("login", None), ("base image", True)]
    assert (wrong[0].check, wrong[0].ok) == ("registry", False)
    assert [(row.ok, row.code) for row in missing[2:]] == [(False, "image-platform-missing")]
