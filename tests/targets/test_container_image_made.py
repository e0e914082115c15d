"""What an image is made of: settings, layers, tags; and what is sent, mounted and moved."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests import factory
from tests.targets.contract import once, watch
from tests.targets.images import BOTH, COMMIT, JOB, PYTHON, ImageStand, ambient, make, program

from pkg_publish.errors import Failure
from pkg_publish.state import Done

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.registries import NewRegistry, Registry

    from pkg_publish.model import Release

BASE = "org.opencontainers.image.base."


@pytest.fixture
def release(tmp_path: Path) -> Release:
    """A project with a program."""
    return program(tmp_path / "dist")


@pytest.fixture
def stand(registry_open: Registry, tmp_path: Path) -> ImageStand:
    """No image."""
    return ImageStand(registry_open, tmp_path)


# What it is.


def test_it_runs_the_only_program(stand: ImageStand, release: Release) -> None:
    """By the base's Python, which finds what was installed; what the base ran is forgotten, the rest of its settings stays."""
    stand.bases.put(Env=["PATH=/opt/bin", "LANG=C"], Cmd=["python3"], WorkingDir="/srv", Labels={"theirs": "1"})
    once(stand.target(), release)
    settings = stand.config("1.0")["config"]

    assert settings["Entrypoint"] == ["python3", "/app/bin/demo"]
    assert settings["Env"] == ["PATH=/app/bin:/opt/bin", "LANG=C", "PYTHONPATH=/app/lib"]
    assert (settings["WorkingDir"], settings["Labels"]["theirs"]) == ("/srv", "1")
    assert "Cmd" not in settings
    assert "User" not in settings


def test_it_says_what_it_is(stand: ImageStand, release: Release) -> None:
    """The index has the standard annotations, the base by name and digest, and by which files it was made."""
    digest = stand.bases.put()
    once(stand.target(), release)
    found = stand.server.index("1.0")["annotations"]

    assert (
        found.items()
        >= {
            f"{BASE}name": stand.bases.reference,
            f"{BASE}digest": digest,
            "org.opencontainers.image.created": "2020-01-01T00:00:00Z",
            "org.opencontainers.image.description": "a test",
            "org.opencontainers.image.revision": COMMIT,
            "org.opencontainers.image.source": "https://github.com/octo/demo",
            "org.opencontainers.image.version": "1.0",
        }.items()
    )
    assert {each["platform"]["architecture"] for each in stand.server.index("1.0")["manifests"]} == set(BOTH)
    assert stand.config("1.0")["config"]["Labels"] == found


def test_what_was_asked_for_is_in_it(stand: ImageStand, release: Release) -> None:
    """Labels, the user, and the command with its arguments."""
    once(stand.target(labels="vendor=Octo\nempty=", user="1000:1000", entrypoint="demo --port 80", platforms="linux/amd64"), release)
    settings = stand.config("1.0")["config"]

    assert (settings["Labels"]["vendor"], settings["Labels"]["empty"], settings["User"]) == ("Octo", "", "1000:1000")
    assert settings["Entrypoint"] == ["python3", "/app/bin/demo", "--port", "80"]
    assert len(stand.server.index("1.0")["manifests"]) == 1


def test_the_project_has_a_layer_of_its_own(stand: ImageStand, tmp_path: Path) -> None:
    """What it depends on lies below; every file has a fixed time, owner and permission, and nothing of the installer or of this machine is there."""
    factory.wheel(tmp_path / "dist", "helping", more={"helping-1.0.data/scripts/help.sh": b"#!/bin/sh\n", "helping-1.0.data/scripts/help.py": b"#!python\nx\n"})
    once(stand.target(), program(tmp_path / "dist", extra="Requires-Dist: helping\n"))
    helping, demo = stand.files("1.0", 1), stand.files("1.0", 2)

    assert set(demo) == {
        *("app", "app/bin", "app/bin/demo", "app/lib", "app/lib/demo", "app/lib/demo/__init__.py", "app/lib/demo/__main__.py"),
        *(f"app/lib/demo-1.0.dist-info{name}" for name in ("", "/INSTALLER", "/METADATA", "/RECORD", "/WHEEL", "/entry_points.txt")),
    }
    assert {"app/bin/help.sh", "app/bin/help.py", "app/lib/helping/__init__.py"} <= set(helping)
    assert {(each.uid, each.gid, each.uname, each.mtime) for each in demo.values()} == {(0, 0, "", 1577836800)}
    assert {each.mtime for each in helping.values()} == {315532800}
    assert {name for name, each in {**demo, **helping}.items() if each.mode == 0o755 and each.isfile()} == {
        f"app/bin/{name}" for name in ("demo", "help.sh", "help.py")
    }


def test_programs_name_no_python_of_this_machine(stand: ImageStand, tmp_path: Path) -> None:
    """What the installer wrote into them is written anew, and `RECORD` does not speak of them."""
    factory.wheel(tmp_path / "dist", "helping", more={"helping-1.0.data/scripts/help.py": b"#!python\nx\n"})
    once(stand.target(), program(tmp_path / "dist", extra="Requires-Dist: helping\n"))

    assert stand.read("1.0", 1, "app/bin/help.py") == b"#!/usr/bin/env python3\nx\n"
    assert stand.read("1.0", 2, "app/bin/demo").startswith(b"#!/usr/bin/env python3\nimport sys\nfrom demo import main\n")
    assert b"bin/" not in stand.read("1.0", 2, "app/lib/demo-1.0.dist-info/RECORD")


def test_the_time_is_that_of_the_build(stand: ImageStand, release: Release, tmp_path: Path) -> None:
    """Where it is given."""
    once(stand.target(ambient(tmp_path, SOURCE_DATE_EPOCH="1000000000")), release)

    assert stand.config("1.0")["created"] == "2001-09-09T01:46:40Z"
    assert stand.files("1.0", 1)["app/bin/demo"].mtime == 1000000000


def test_a_wheel_without_times_is_as_old_as_can_be(stand: ImageStand, tmp_path: Path) -> None:
    """Some tools write no date at all."""
    release = program(tmp_path / "dist", sdist=False)
    path = release.distributions[0].path
    with zipfile.ZipFile(path) as old:
        files = {name: old.read(name) for name in old.namelist()}
    with zipfile.ZipFile(path, "w") as new:
        for name, data in files.items():
            new.writestr(zipfile.ZipInfo(name, (1980, 0, 0, 0, 0, 0)), data)
    once(stand.target(), replace(release, distributions=(factory.distribution(path, "demo", "1.0"),)))

    assert stand.config("1.0")["created"] == "1980-01-01T00:00:00Z"


# What is sent.


def test_base_layers_of_the_same_registry_are_mounted(stand: ImageStand, release: Release) -> None:
    """They are not sent, and not fetched either, where the base says which Python it has."""
    stand.bases.put(Env=[f"PYTHON_VERSION={PYTHON}.1"])
    layer = stand.bases.layer()
    once(stand.target(), release)
    seen = stand.server.front.requests

    assert any(each.method == "POST" and f"mount={layer.replace(':', '%3A')}" in each.path for each in seen)
    assert [each for each in seen if each.method in {"GET", "PUT"} and layer.replace(":", "%3A") in each.path.replace(":", "%3A")] == []


def test_base_layers_of_another_registry_are_handed_on(stand: ImageStand, release: Release, new_registry: NewRegistry, tmp_path: Path) -> None:
    """Byte for byte, from one to the other."""
    elsewhere = ImageStand(new_registry("v3"), tmp_path)
    layer = elsewhere.bases.layer()

    assert once(stand.target(base=elsewhere.bases.reference), release).outcome is Done.PUBLISHED
    assert stand.server.blob(layer) == elsewhere.server.blob(layer, elsewhere.bases.name)


def test_a_second_release_sends_only_what_is_new(stand: ImageStand, tmp_path: Path) -> None:
    """The layer of what it depends on is there already: one layer, two configs, two manifests and the tags are sent."""
    factory.wheel(tmp_path / "dist", "helping", content=b"x = 1\n" * 100_000)
    once(stand.target(platforms="linux/amd64"), program(tmp_path / "dist", "1.0", extra="Requires-Dist: helping\n"))
    dependencies = stand.manifest("1.0")["layers"][1]["digest"]
    stand.server.front.forget()

    once(stand.target(platforms="linux/amd64"), program(tmp_path / "dist", "1.1", extra="Requires-Dist: helping\n"))

    assert stand.manifest("1.1")["layers"][1]["digest"] == dependencies
    assert not any("helping" in each.path for each in stand.server.front.requests)


def test_a_layer_that_is_there_is_not_packed_again(stand: ImageStand, tmp_path: Path) -> None:
    """As another zlib may pack it otherwise: what the latest image has is taken as it is."""
    factory.wheel(tmp_path / "dist", "helping")
    once(stand.target(), program(tmp_path / "dist", "1.0", extra="Requires-Dist: helping\n"))
    other = stand.repack("latest", 1)

    assert once(stand.target(), program(tmp_path / "dist", "1.1", extra="Requires-Dist: helping\n")).outcome is Done.PUBLISHED
    assert {stand.manifest("1.1", each)["layers"][1]["digest"] for each in BOTH} == {other}


def test_a_layer_that_was_lost_is_packed_again(stand: ImageStand, tmp_path: Path) -> None:
    """The latest image names it, and it is not there."""
    factory.wheel(tmp_path / "dist", "helping")
    once(stand.target(), program(tmp_path / "dist", "1.0", extra="Requires-Dist: helping\n"))
    stand.server.remove_blob(stand.manifest("1.0")["layers"][1]["digest"])

    assert once(stand.target(), program(tmp_path / "dist", "1.1", extra="Requires-Dist: helping\n")).outcome is Done.PUBLISHED
    assert set(stand.stored(program(tmp_path / "dist", "1.1", extra="Requires-Dist: helping\n"))) == {"1.1"}


# Tags.


def test_the_default_tags(stand: ImageStand, release: Release) -> None:
    """The version, the commit, and `latest`, which comes last, all lead to one digest."""
    attempt = once(stand.target(), release)
    put = [
        each.path.rpartition("/")[2] for each in stand.server.front.requests if each.method == "PUT" and "sha256:" not in each.path and "manifests" in each.path
    ]

    assert stand.server.tags() == sorted(["1.0", COMMIT, "latest"])
    assert attempt.receipt
    assert {stand.digest(tag) for tag in stand.server.tags()} == {attempt.receipt.digest}
    assert put == ["1.0", COMMIT, "latest"]


@pytest.mark.parametrize(("version", "tags", "found"), [("1.0rc1", "", [COMMIT, "1.0rc1"]), ("1.0", "stable, version", ["1.0", "stable"])])
def test_other_tags(stand: ImageStand, tmp_path: Path, version: str, tags: str, found: list[str]) -> None:
    """A pre-release is never the latest; words without a meaning are tags that move."""
    once(stand.target(tags=tags), program(tmp_path / "dist", version))

    assert stand.server.tags() == sorted(found)


def test_latest_moves_forward_only(stand: ImageStand, tmp_path: Path) -> None:
    """A mended old version takes its own tag, and `latest` stays where it is; a newer one takes it."""
    for version, latest in (("2.0", "2.0"), ("1.1", "2.0"), ("2.1", "2.1")):
        assert once(stand.target(ambient(tmp_path, replace(JOB, sha=""))), program(tmp_path / "dist", version)).outcome is Done.PUBLISHED
        assert stand.digest("latest") == stand.digest(latest)


def test_a_tag_that_stayed_behind_is_moved(stand: ImageStand, release: Release) -> None:
    """A run was cut before it moved `latest`: the next one does no more than that."""
    once(stand.target(), release)
    digest, theirs = stand.digest("1.0"), stand.server.index(stand.bases.digest(), stand.bases.name)
    stand.server.put_manifest("latest", {"schemaVersion": 2, "mediaType": theirs["mediaType"], "manifests": []})
    stand.server.front.forget()

    assert once(stand.target(), release).outcome is Done.PUBLISHED
    assert (stand.digest("latest"), stand.digest("1.0"), stand.writes()) == (digest, digest, 1)


def test_on_a_base_that_has_moved_it_is_already_there(stand: ImageStand, release: Release) -> None:
    """The same files: the version's tag stays as it is."""
    once(stand.target(), release)
    digest = stand.digest("1.0")
    stand.bases.put(Env=["NEW=1"])

    assert once(stand.target(), release).outcome is Done.ALREADY_PUBLISHED
    assert stand.digest("1.0") == digest


def test_what_somebody_else_put_there_is_a_conflict(stand: ImageStand, release: Release) -> None:
    """An image that says nothing of the files it was made of stays."""
    stand.server.put_manifest("1.0", {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": []})

    assert once(stand.target(), release).outcome is Failure.CONFLICT


@pytest.mark.parametrize("part", ["manifest", "layer"])
def test_a_lost_part_is_sent_again(stand: ImageStand, release: Release, part: str) -> None:
    """An image that nobody can pull is not there, and whole after."""
    once(stand.target(), release)
    lost = stand.manifest("1.0")["layers"][1]["digest"] if part == "layer" else stand.server.index("1.0")["manifests"][0]["digest"]
    (stand.server.remove_blob if part == "layer" else stand.server.remove)(lost)

    assert once(stand.target(), release).outcome is Done.PUBLISHED
    assert set(stand.stored(release)) == {"1.0"}


@pytest.mark.parametrize(("says", "outcome"), [("hello", Done.PUBLISHED), ("goodbye", Failure.CONFLICT)])
def test_another_job_was_faster(stand: ImageStand, release: Release, tmp_path: Path, says: str, outcome: object) -> None:
    """What it put under the version's tag meanwhile stays."""
    target = stand.target()
    upload, (item,) = target.open(release, watch()), target.wanted(release)
    once(stand.target(), program(tmp_path / "theirs", says=says))
    digest = stand.digest("1.0")

    upload.send(item, watch())
    upload.finish(watch())

    assert (stand.digest("1.0"), stand.digest("latest")) == (digest, digest)
    assert once(stand.target(), release).outcome is (Done.ALREADY_PUBLISHED if outcome is Done.PUBLISHED else outcome)


def test_a_run_says_what_it_resolved(stand: ImageStand, tmp_path: Path) -> None:
    """The receipt names what the project depends on; a run that had nothing to make names nothing."""
    factory.wheel(tmp_path / "dist", "helping", "2.0")
    release = program(tmp_path / "dist", extra="Requires-Dist: helping\n")
    receipts = [once(stand.target(), release).receipt for _ in range(2)]

    assert [receipt.resolved for receipt in receipts if receipt] == ["helping==2.0", ""]


def test_a_base_can_be_named_by_digest(stand: ImageStand, release: Release) -> None:
    """It is used as it is, a single image too."""
    digest, _ = stand.bases.image(stand.bases.plain, "arm64")
    once(stand.target(base=f"{stand.server.host}/{stand.bases.name}@{digest}", platforms="linux/arm64"), release)
    found: dict[str, Any] = stand.server.index("1.0")["annotations"]

    assert (found[f"{BASE}name"], found[f"{BASE}digest"]) == (f"{stand.server.host}/{stand.bases.name}", digest)


def test_an_image_can_be_built_on_itself(stand: ImageStand, release: Release, tmp_path: Path) -> None:
    """Then its own layers are there, and nothing is mounted."""
    once(stand.target(), release)

    assert once(make(stand.server.reference, tmp_path, base=f"{stand.server.reference}:1.0"), program(tmp_path / "next", "1.1")).outcome is Done.PUBLISHED
