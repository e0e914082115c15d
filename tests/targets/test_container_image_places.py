"""What the options of `container-image` mean, where an image lies, and who may read it."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.clients.stand import failure
from tests.servers.front import Fault
from tests.targets.contract import once, watch
from tests.targets.images import JOB, ambient, program, put_base
from tests.targets.namespaces import PRIVATE, PUBLIC

from pkg_publish.errors import Failure
from pkg_publish.model import Visibility
from pkg_publish.runner import Runner
from pkg_publish.secret import Secret
from pkg_publish.state import Done
from pkg_publish.targets.base import Ambient, TargetSpec
from pkg_publish.targets.container_image import ContainerImage, ContainerImageKind

if TYPE_CHECKING:
    from tests.servers.ghcr import Ghcr

    from pkg_publish.model import Release

pytestmark = pytest.mark.usefixtures("no_pauses")


@pytest.fixture
def release(tmp_path: Path) -> Release:
    """A project with a program."""
    return program(tmp_path / "dist")


# The configuration.


def made(options: dict[str, str], runner: Runner = JOB, **facts: Any) -> ContainerImage:  # noqa: ANN401 - what a run may know
    """The target, without a run."""
    known: dict[str, Any] = {"folder": Path(), "environ": {}, "runner": runner}
    return ContainerImageKind().make(TargetSpec(kind="container-image", options=options), Ambient(**known | facts))


@pytest.mark.parametrize(
    "options",
    [
        {"base": "UPPER CASE"},
        {"base": "Octo/demo"},
        {"platforms": "linux/amd64, windows/amd64"},
        {"extras": "a b, -"},
        {"tags": "latest, no/tag"},
        {"labels": "vendor=Octo\nno value"},
        {"labels": "=no name"},
        {"entrypoint": 'demo "'},
        {"user": "root\nUSER"},
        {"compression": "lzma"},
    ],
    ids=str,
)
def test_options_that_make_no_sense(options: dict[str, str]) -> None:
    """Each is shown, with one that makes sense."""
    error = failure(lambda: made({"name": "ghcr.io/octo/demo"} | options))

    assert (error.kind, error.code) == (Failure.CONFIG, "image-option")
    assert next(iter(options)) in error.what
    assert next(iter(options)) in error.paste


def test_zstd_needs_a_python_that_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The step that brings one stands in the YAML."""
    monkeypatch.setitem(sys.modules, "compression.zstd", None)
    error = failure(lambda: made({"name": "ghcr.io/octo/demo", "compression": "zstd"}))

    assert (error.kind, error.code) == (Failure.CONFIG, "image-zstd")
    assert "setup-python" in error.paste


def test_half_a_login_for_the_base() -> None:
    """The option that is missing stands in the YAML."""
    error = failure(lambda: made({"name": "ghcr.io/octo/demo", "base-username": "octo"}))

    assert (error.code, "base-password-env: MY_PASSWORD" in error.paste) == ("half-a-login", True)


@pytest.mark.parametrize("name", ["ghcr.io/Octo/Demo", "octo/demo", "ghcr.io", "ghcr.io/octo/demo:1.0"])
def test_a_name_that_no_image_has(name: str) -> None:
    """A host, and a name in lower case without a tag."""
    assert failure(lambda: made({"name": name})).code == "no-oci-place"


def test_the_default_place_is_the_repositorys() -> None:
    """In lower case, as visible as the GitHub repository."""
    target = made({}, replace(JOB, repository="Octo/Demo.py"))

    assert (target.place.name, target.place.title) == ("container-image", "the image ghcr.io/octo/demo.py")
    assert (target.place.visibility, target.settles) == (Visibility.AS_REPOSITORY, 30.0)
    assert str(target.wishes.base) == "docker.io/library/python:3.13-slim"


def test_elsewhere_it_is_the_users_choice() -> None:
    """The place has the name that was given."""
    target = made({"name": "registry.example.com/octo/demo"})

    assert (target.place.name, target.settles) == ("container-image=registry.example.com/octo/demo", 5.0)
    assert target.place.visibility is Visibility.YOUR_CHOICE


@pytest.mark.parametrize("repository", ["", "octo/-demo"])
def test_no_repository_no_default_place(repository: str) -> None:
    """It asks for a name."""
    error = failure(lambda: made({}, Runner(repository=repository)))

    assert error.code == "ghcr-without-place"
    assert "container-image=ghcr.io/" in error.paste


# GitHub's registry.


def github(server: Ghcr, tmp_path: Path, event: dict[str, Any], **facts: Any) -> ContainerImage:  # noqa: ANN401 - what a run may know
    """The default place of a job."""
    bases = {"base": f"{server.host}/octo/base:1"}
    run = ambient(tmp_path, Runner(server_url=server.front.url, repository="Octo/Demo.py", event=event))
    return ContainerImageKind().make(TargetSpec(kind="container-image", options=bases), replace(run, tokens={"github-token": Secret(server.token)}, **facts))


def test_githubs_own_place(ghcr: Ghcr, release: Release, tmp_path: Path) -> None:
    """The image of the repository, with its page."""
    put_base(ghcr, "octo/base")
    attempt = once(github(ghcr, tmp_path, PUBLIC), release)

    assert attempt.outcome is Done.PUBLISHED
    assert attempt.receipt
    assert attempt.receipt.url == f"{ghcr.front.url}/Octo/Demo.py/pkgs/container/demo.py"
    assert (attempt.receipt.visible_to, attempt.receipt.warning) == ("public", "")


def test_a_private_source_stays_private(ghcr: Ghcr, release: Release, tmp_path: Path) -> None:
    """An image that everybody can read gets nothing of it, unless somebody has said so."""
    put_base(ghcr, "octo/base")
    once(github(ghcr, tmp_path, PUBLIC), release)
    newer = program(tmp_path / "newer", "1.1")

    assert once(github(ghcr, tmp_path, PRIVATE), newer).outcome is Failure.POLICY
    assert once(github(ghcr, tmp_path, PRIVATE, allow_public=True), newer).outcome is Done.PUBLISHED


def test_who_can_read_it_may_stay_unknown(ghcr: Ghcr, release: Release, tmp_path: Path) -> None:
    """An answer that says nothing keeps no receipt back."""
    put_base(ghcr, "octo/base")
    target = github(ghcr, tmp_path, PUBLIC)
    once(target, release)
    ghcr.front.fail_at(lambda seen: "tags/list" in seen.path, [Fault()] * 100)

    assert target.receipt(release, watch()).visible_to == ""
