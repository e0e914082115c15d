"""`oci=HOST/NAME` and `ghcr`: the contract on real registries, the places they stand for, and what a registry holds of a release."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests import factory
from tests.targets.contract import Contract, ServerContract, digests, once, watch
from tests.targets.layouts import JOB
from tests.targets.layouts import make as make_layout
from tests.targets.namespaces import RegistryStand, make
from tests.targets.oci_contract import OciContract
from tests.toys import Shelf

from pkg_publish import publish
from pkg_publish.errors import ConfigError, Failure, Integrity
from pkg_publish.model import Subject, Visibility
from pkg_publish.plan import Plan
from pkg_publish.runner import Runner
from pkg_publish.secret import Secret
from pkg_publish.state import Done
from pkg_publish.targets.base import Ambient, TargetSpec
from pkg_publish.targets.oci import GhcrKind, Oci, OciKind

if TYPE_CHECKING:
    from tests.servers.registries import NewRegistry, Registry

    from pkg_publish.model import Release


pytestmark = pytest.mark.usefixtures("no_pauses")


@pytest.mark.parametrize("kind", ["open", "v3", "crane"])
class TestContractWhereAnybodyWrites(Contract):
    """The contract, on registries without users."""

    @pytest.fixture
    def stand(self, kind: str, new_registry: NewRegistry) -> RegistryStand:
        """An empty namespace."""
        return RegistryStand(new_registry(kind))


@pytest.mark.parametrize("kind", ["htpasswd", "token"])
class TestContractWithUsers(ServerContract):
    """The contract, on registries that want a password, and one that wants tokens."""

    @pytest.fixture
    def stand(self, kind: str, new_registry: NewRegistry) -> RegistryStand:
        """An empty namespace."""
        return RegistryStand(new_registry(kind))


# The places.


def ghcr(runner: Runner, **options: str) -> Oci:
    """The target `ghcr` of a job."""
    return GhcrKind().make(TargetSpec(kind="ghcr", options=options), Ambient(folder=Path(), environ={}, runner=runner, tokens={"github-token": Secret("x")}))


@pytest.mark.parametrize(
    ("server", "host"),
    [
        ("https://github.com", "ghcr.io"),
        ("https://github.example.org", "containers.github.example.org"),
        ("https://octo.ghe.com", "containers.octo.ghe.com"),
    ],
)
def test_ghcr_is_where_the_github_repository_is(server: str, host: str) -> None:
    """In lower case, at the registry of the runner's own server."""
    target = GhcrKind().make(TargetSpec(kind="ghcr"), Ambient(folder=Path(), environ={}, runner=Runner(server_url=server, repository="Octo/Demo.py")))

    assert (target.registry.url, target.namespace) == (f"https://{host}", "octo/demo.py")
    assert (target.place.visibility, target.settles) == (Visibility.AS_REPOSITORY, 30)


def test_ghcr_needs_a_github_repository() -> None:
    """Without one, the cure names the target that takes a place."""
    with pytest.raises(ConfigError, match="ghcr has no place") as caught:
        ghcr(Runner())

    assert (caught.value.code, caught.value.paste) == ("ghcr-without-place", "targets: oci=ghcr.io/OWNER/NAME")


@pytest.mark.parametrize("repository", ["octo/.github", "octo/_demo", "octo/demo-", "octo/a..b"])
def test_where_no_registry_takes_the_name_ghcr_is_passed_by(tmp_path: Path, repository: str) -> None:
    """The default chain goes on; nothing is asked, and the cure names the target that takes a place."""
    target = ghcr(Runner(repository=repository))

    first, second = publish.run(Plan(targets=[target, Shelf()]), factory.release(tmp_path), watch())

    assert (first.outcome, second.outcome) == (Failure.UNSUPPORTED, Done.PUBLISHED)
    assert first.problem
    assert (first.problem.code, first.problem.paste) == ("ghcr-without-place", "targets: oci=ghcr.io/octo/NAME")
    assert [(row.ok, row.means) for row in target.check(watch())] == [(None, "this target is passed by")]
    assert [(row.ok, row.failure) for row in target.examine(Subject(project="demo"), watch())] == [(False, Failure.UNSUPPORTED)]


PLACES = [
    ("octo/demo", "does not begin with the host of a registry", "ghcr.io/OWNER/octo/demo"),
    ("team:latest", "does not begin with the host of a registry and ends in a tag (:latest)", "ghcr.io/OWNER/team"),
    ("ghcr.io", "names no namespace behind the host", "ghcr.io/NAME"),
    ("ghcr.io/", "names no namespace behind the host", "ghcr.io/NAME"),
    ("ghcr.io/Octo/demo", "has capital letters", "ghcr.io/octo/demo"),
    ("ghcr.io/octo/demo:1.0", "ends in a tag (:1.0)", "ghcr.io/octo/demo"),
    ("ghcr.io/octo/demo@sha256:ab12", "ends in a tag (@sha256:ab12)", "ghcr.io/octo/demo"),
    ("ghcr.io/octo//demo", "has a namespace that no registry takes", "ghcr.io/NAME"),
    ("ghcr.io/octo/demo/", "has a namespace that no registry takes", "ghcr.io/octo/demo"),
    ("https://127.0.0.1:5917/team", "begins with https://", "127.0.0.1:5917/team"),
    ("HTTPS://127.0.0.1:5917/Team:1", "begins with HTTPS:// and ends in a tag (:1)", "127.0.0.1:5917/team"),
]


@pytest.mark.parametrize(("name", "wrong", "mended"), PLACES)
def test_oci_needs_a_registry_and_a_namespace(name: str, wrong: str, mended: str) -> None:
    """It says which part is wrong, and pastes a place that is none of what was refused. `octo/demo` would be a name at Docker Hub."""
    with pytest.raises(ConfigError) as caught:
        make(name)

    assert caught.value.code == "no-oci-place"
    assert caught.value.what == f"{name!r} is no place in a registry: it {wrong}"
    assert caught.value.paste == f"targets: oci={mended}"


@pytest.mark.parametrize("name", ["", "me:secret@ghcr.io/octo/demo", "https://me:secret@ghcr.io/octo/demo", "ghcr.io:x/octo", "ghcr.io:99999/octo"])
def test_oci_needs_a_host_that_can_be_spoken_to(name: str) -> None:
    """No credentials inside, no odd port."""
    with pytest.raises(ConfigError) as caught:
        make(name)

    assert "secret" not in caught.value.what + caught.value.paste


def test_everything_but_this_machine_is_spoken_to_over_tls() -> None:
    """Docker Hub answers under another name."""
    urls = [make(f"{host}/octo/demo").registry.url for host in ("localhost:5000", "registry.example.org:5000", "docker.io")]

    assert urls == ["http://localhost:5000", "https://registry.example.org:5000", "https://registry-1.docker.io"]


@pytest.mark.parametrize("login", [{"username": "me"}, {"password-env": "REGISTRY_PASSWORD"}])
def test_half_a_login_is_a_mistake(login: dict[str, str]) -> None:
    """The cure shows the whole one."""
    spec = TargetSpec(kind="oci", options={"name": "ghcr.io/octo/demo"} | login)

    with pytest.raises(ConfigError) as caught:
        OciKind().make(spec, Ambient(folder=Path(), environ={"REGISTRY_PASSWORD": "x"}, runner=Runner()))

    assert caught.value.code == "half-a-login"
    assert {"      name: ghcr.io/octo/demo"} < set(caught.value.paste.splitlines())


@pytest.mark.parametrize(
    ("jobs", "total", "many"), [("auto", "", False), ("auto", "1", False), ("auto", "20", True), ("auto", "x", False), ("one", "20", False), ("many", "", True)]
)
def test_a_job_knows_of_others(jobs: str, total: str, many: bool) -> None:  # noqa: FBT001 - a table
    """By the matrix it is part of, or because somebody says so."""
    spec = TargetSpec(kind="oci", options={"name": "ghcr.io/octo/demo", "jobs": jobs})

    assert OciKind().make(spec, Ambient(folder=Path(), environ={"PKG_PUBLISH_JOB_TOTAL": total}, runner=Runner())).many is many


def test_jobs_is_one_of_three_words() -> None:
    """Another one is refused."""
    with pytest.raises(ConfigError, match="jobs of ghcr is 'two'"):
        ghcr(Runner(repository="octo/demo"), jobs="two")


@pytest.mark.parametrize(
    ("project", "version", "jobs"),
    [("a" * 260, "1.0", "one"), ("a" * 240, "1.0", "many"), ("demo", "1+" + "a" * 130, "one"), ("demo", "1+" + "a" * 115, "many")],
)
def test_what_is_too_long_is_invalid(tmp_path: Path, project: str, version: str, jobs: str) -> None:
    """A repository's name or a tag; the journal needs a few letters more."""
    release = replace(factory.release(tmp_path, with_sdist=False), project=project, version=version)

    assert once(make("127.0.0.1:1/octo/demo", jobs=jobs), release).outcome is Failure.INVALID


# What a registry holds.


@pytest.fixture
def stand(registry_open: Registry) -> RegistryStand:
    """An empty namespace where anybody may write."""
    return RegistryStand(registry_open)


@pytest.fixture
def release(tmp_path: Path) -> Release:
    """Two wheels and an sdist."""
    return factory.release(tmp_path / "dist", "hello-world", "1.0+cu1", wheels=2)


class TestWhatIsThere(OciContract):
    """As it may be found in a registry."""


def test_a_registry_and_a_layout_hold_the_same_bytes(stand: RegistryStand, release: Release, tmp_path: Path) -> None:
    """So a version has one digest wherever it is."""
    here = once(stand.target(JOB), release).receipt
    there = once(make_layout(tmp_path, JOB, path="layout"), release).receipt

    assert here
    assert there
    assert here.digest == there.digest
    assert stand.index(release)["annotations"]["org.opencontainers.image.source"] == "https://github.com/octo/demo"


def test_the_receipt_is_a_reference(stand: RegistryStand, release: Release) -> None:
    """As crane, oras and skopeo take it, and as our own install does."""
    receipt = once(stand.target(), release).receipt

    assert receipt
    assert receipt.url == f"{stand.server.reference}/hello_world:1.0-cu1"
    assert (receipt.source, receipt.visible_to, receipt.warning) == (f"oci={stand.server.reference}", "public", "")


def test_what_an_earlier_run_has_sent_is_not_sent_again(stand: RegistryStand, release: Release) -> None:
    """It was cut off before the index: the second run looks for each file, and writes manifests and index alone."""
    upload = stand.target().open(release, watch())
    for each in release.distributions:
        upload.send(each, watch())
    seen = len(stand.server.front.requests)

    assert once(stand.target(), release).outcome is Done.PUBLISHED
    sent = {each.sha256 for each in stand.server.front.requests[seen:] if each.method == "PUT"}
    assert sent & set(digests(release).values()) == set()


def test_all_versions_are_listed(stand: RegistryStand, tmp_path: Path) -> None:
    """A tag that names no version is passed by; one of a version that holds something else stops the reader."""
    releases = [factory.release(tmp_path / version, version=version, with_sdist=False) for version in ("1.0", "1!2.0", "3.0+cu124")]
    for each in releases:
        once(stand.target(), each)
    image = stand.manifest(releases[0], stand.index(releases[0])["manifests"][0]["digest"]) | {"artifactType": "application/x"}
    stand.server.put_manifest("latest", image, f"{stand.server.name}/demo")

    files = stand.target().files("demo", None, watch())

    assert [file.name for file in files] == ["demo-1!2.0-py3-none-any.whl", "demo-1.0-py3-none-any.whl", "demo-3.0+cu124-py3-none-any.whl"]
    stand.point(releases[0], image)
    with pytest.raises(Integrity, match="demo is there"):
        stand.target().files("demo", None, watch())
    assert once(stand.target(), releases[0]).outcome is Failure.CONFLICT


def test_a_file_that_changed_after_the_check_is_not_sent(stand: RegistryStand, release: Release) -> None:
    """The registry compares what came with what was hashed."""
    first = release.distributions[0]

    attempt = once(stand.target(), replace(release, distributions=(replace(first, sha256="0" * 64),)))

    assert attempt.outcome is Failure.INTEGRITY
    assert stand.stored(release) == {}


def test_a_damaged_file_is_not_fetched(stand: RegistryStand, release: Release) -> None:
    """What the index promises is what comes, or `Integrity`."""
    target = stand.target()
    once(target, release)
    first, second, _ = target.files("hello-world", "1.0+cu1", watch())

    with pytest.raises(Integrity):
        list(target.fetch(replace(first, sha256="0" * 64), watch()))
    with pytest.raises(Integrity):
        list(target.fetch(replace(second, size=1), watch()))
