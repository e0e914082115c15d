"""Who reads the base with which login, and what of it stays in the image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.servers.front import Fault
from tests.targets.contract import once
from tests.targets.images import PYTHON, Bases, ImageStand, ambient, program

from pkg_publish.errors import Failure
from pkg_publish.state import Done

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.registries import NewRegistry, Registry

    from pkg_publish.model import Release

pytestmark = pytest.mark.usefixtures("no_pauses")


@pytest.fixture
def release(tmp_path: Path) -> Release:
    """A project with a program."""
    return program(tmp_path / "dist")


def base_in(server: Registry) -> Bases:
    """A base of a known Python in a registry."""
    bases = Bases(server)
    bases.put(Env=[f"PYTHON_VERSION={PYTHON}.1"])
    server.front.forget()
    return bases


def test_a_private_base_in_the_same_registry(new_registry: NewRegistry, release: Release, tmp_path: Path) -> None:
    """Is read with the login that publishes."""
    stand = ImageStand(new_registry("token"), tmp_path)

    assert once(stand.target(), release).outcome is Done.PUBLISHED


def test_our_login_goes_to_no_other_registry(new_registry: NewRegistry, release: Release, tmp_path: Path) -> None:
    """Where the base is for all to read, no request has a credential."""
    stand, elsewhere = ImageStand(new_registry("htpasswd"), tmp_path), base_in(new_registry("open"))

    assert once(stand.target(base=elsewhere.reference), release).outcome is Done.PUBLISHED
    assert elsewhere.server.front.requests
    assert [each for each in elsewhere.server.front.requests if each.headers["Authorization"]] == []


def test_a_private_base_elsewhere_is_refused(new_registry: NewRegistry, release: Release, tmp_path: Path) -> None:
    """Nor does it go to one that asks for it; nothing is written."""
    stand, theirs = ImageStand(new_registry("token"), tmp_path), base_in(new_registry("htpasswd"))
    attempt = once(stand.target(base=theirs.reference), release)

    assert (attempt.outcome, stand.stored(release)) == (Failure.REFUSED, {})
    assert [each for each in theirs.server.front.requests if each.headers["Authorization"]] == []


@pytest.mark.parametrize("kind", ["htpasswd", "token"])
def test_a_private_base_elsewhere_with_a_login_of_its_own(new_registry: NewRegistry, release: Release, tmp_path: Path, kind: str) -> None:
    """It goes to the base's registry, and not to ours, which is open."""
    stand, theirs = ImageStand(new_registry("open"), tmp_path), base_in(new_registry(kind))
    run = ambient(tmp_path, BASE_PASSWORD=theirs.server.password)
    login = {"base-username": theirs.server.username, "base-password-env": "BASE_PASSWORD"}

    assert once(stand.target(run, base=theirs.reference, **login), release).outcome is Done.PUBLISHED
    assert [each for each in stand.server.front.requests if each.headers["Authorization"]] == []


def test_a_base_of_our_registry_with_a_login_of_its_own(new_registry: NewRegistry, release: Release, tmp_path: Path) -> None:
    """It is the one that reads it: here it is wrong."""
    stand = ImageStand(new_registry("htpasswd"), tmp_path)
    run = ambient(tmp_path, BASE_PASSWORD="wrong")

    assert once(stand.target(run, **{"base-username": "nobody", "base-password-env": "BASE_PASSWORD"}), release).outcome is Failure.REFUSED


def test_where_a_base_finds_its_own_libraries(new_registry: NewRegistry, release: Release, tmp_path: Path) -> None:
    """It still does, after ours."""
    stand = ImageStand(new_registry("open"), tmp_path)
    stand.bases.put(Env=[f"PYTHON_VERSION={PYTHON}.1", "PYTHONPATH=/opt/lib"])
    once(stand.target(), release)

    assert "PYTHONPATH=/app/lib:/opt/lib" in stand.config("1.0")["config"]["Env"]


def test_a_version_s_tag_is_not_moved_by_another_version(new_registry: NewRegistry, tmp_path: Path) -> None:
    """Whoever names it among the tags."""
    stand = ImageStand(new_registry("open"), tmp_path)
    for version in ("1.0", "1.1"):
        assert once(stand.target(tags="1.0, stable"), program(tmp_path / "dist", version)).outcome is Done.PUBLISHED

    assert stand.server.index("1.0")["annotations"]["org.opencontainers.image.version"] == "1.0"
    assert stand.digest("stable") == stand.digest("1.1")


@pytest.mark.parametrize("body", [b"x" * (5 << 20), b"[" * 100_000, b"{}"], ids=["too large", "too deep", "empty"])
def test_a_manifest_that_is_none(new_registry: NewRegistry, release: Release, tmp_path: Path, body: bytes) -> None:
    """It is read no further than manifests go, and nothing is written."""
    stand, theirs = ImageStand(new_registry("open"), tmp_path), base_in(new_registry("open"))
    answer = Fault(status=200, headers={"Content-Type": "application/vnd.oci.image.index.v1+json"}, body=body)
    theirs.server.front.fail_at(lambda seen: "/manifests/" in seen.path, [answer] * 10)
    attempt = once(stand.target(base=theirs.reference), release)

    assert attempt.outcome in {Failure.INTEGRITY, Failure.UNAVAILABLE}
    assert (attempt.problem and attempt.problem.reached, stand.writes()) == (False, 0)


def test_a_layer_that_is_another_one(new_registry: NewRegistry, release: Release, tmp_path: Path) -> None:
    """Its digest is compared on the way, and no tag leads to it."""
    stand, theirs = ImageStand(new_registry("open"), tmp_path), base_in(new_registry("open"))
    layer = theirs.layer()
    size = len(theirs.server.blob(layer, theirs.name))
    theirs.server.front.fail_at(lambda seen: seen.method == "GET" and layer in seen.path, [Fault(status=200, body=b"x" * size)] * 100)
    attempt = once(stand.target(base=theirs.reference), release)

    assert attempt.outcome is Failure.INTEGRITY
    assert stand.server.tags() == []
