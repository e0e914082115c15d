"""What a registry or the way to it does wrong: nothing is installed, nothing is left behind, and no reader of an index gets a whole body."""

from __future__ import annotations

import hashlib
import itertools
import tempfile
from typing import TYPE_CHECKING

import pytest
import requests
from tests import factory
from tests.index_client import asking
from tests.servers.front import Fault
from tests.targets.contract import once, watch
from tests.targets.namespaces import RegistryStand
from tests.test_install import never

from pkg_publish.catalog import Catalog
from pkg_publish.errors import Integrity, PublishError, Unavailable
from pkg_publish.formats import oci
from pkg_publish.install import install
from pkg_publish.interpreter import Interpreter
from pkg_publish.model import Release

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.front import Seen
    from tests.servers.registries import NewRegistry

LARGE = bytes(range(256)) * 20_000
FAULTS = {"tampered": Fault(spoils=True), "cut": Fault(cut=100), "empty": Fault(status=200), "other": Fault(status=200, body=b"PK")}


@pytest.fixture
def stand(new_registry: NewRegistry) -> RegistryStand:
    """An empty namespace."""
    return RegistryStand(new_registry("open"))


@pytest.fixture
def release(stand: RegistryStand, tmp_path: Path) -> Release:
    """A wheel that comes in several blocks, published."""
    made = tmp_path / "dist" / "demo-1.0-py3-none-any.whl"
    made.parent.mkdir()
    made.write_bytes(LARGE)
    release = Release(project="demo", version="1.0", distributions=(factory.distribution(made, "demo", "1.0"),))
    assert once(stand.target(), release).holds
    return release


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files go."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def fetches_a_blob(seen: Seen) -> bool:
    """The request that brings the file."""
    return seen.method == "GET" and "/blobs/" in seen.path


def fails(stand: RegistryStand) -> PublishError:
    """Install; what is raised before the installer is started."""
    any_python = Interpreter(path=None, version="3.12.0", tags=("py3-none-any",), has_pip=True)  # type: ignore[arg-type] # never started
    with pytest.raises(PublishError) as caught:
        install("demo==1.0", Catalog([stand.target()]), any_python, never, watch())
    return caught.value


@pytest.mark.usefixtures("release")
@pytest.mark.parametrize("fault", FAULTS)
def test_other_bytes_on_the_way(stand: RegistryStand, temporary: Path, fault: str) -> None:
    """One bit, a body that ends early again and again, none, another one."""
    stand.server.front.fail_at(fetches_a_blob, itertools.repeat(FAULTS[fault]))

    problem = fails(stand)

    assert isinstance(problem, Unavailable if fault == "cut" else Integrity)
    assert list(temporary.iterdir()) == []


@pytest.mark.usefixtures("release")
def test_an_index_that_was_changed_on_the_way(stand: RegistryStand, temporary: Path) -> None:
    """It is not what its digest says."""
    stand.server.front.fail_at(lambda seen: "/manifests/" in seen.path, itertools.repeat(Fault(spoils=True)))

    assert isinstance(fails(stand), Integrity)
    assert list(temporary.iterdir()) == []


def test_a_manifest_that_was_swapped(stand: RegistryStand, release: Release, temporary: Path) -> None:
    """An index without digests, as others write them, leads to a manifest by its digest: another one is not taken."""
    index = stand.index(release)
    descriptor = index["manifests"][0]
    stand.point(release, {**index, "manifests": [{**descriptor, "annotations": {}}]})
    other = oci.encode(
        {**stand.manifest(release, descriptor["digest"]), "layers": [{"digest": stand.server.put_blob(b"PK", stand.repository(release)), "size": 2}]}
    )
    stand.server.front.fail_at(lambda seen: descriptor["digest"] in seen.path, itertools.repeat(Fault(status=200, body=other)))

    assert isinstance(fails(stand), Integrity)
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("fault", FAULTS)
def test_no_reader_of_an_index_gets_a_whole_body(stand: RegistryStand, release: Release, fault: str) -> None:
    """It is cut, or refused before it begins."""
    (file,) = release.distributions
    stand.server.front.fail_at(fetches_a_blob, itertools.repeat(FAULTS[fault]))

    with asking(stand.target()) as client:
        url = f"{client.url}/files/demo/{file.sha256}/{file.name}"
        try:
            answer = requests.get(url, timeout=60)
        except requests.exceptions.RequestException:
            return
        assert answer.status_code == 502


def test_a_download_that_breaks_off_is_taken_up(stand: RegistryStand, release: Release) -> None:
    """Once is no fault: the reader notices nothing."""
    (file,) = release.distributions
    stand.server.front.fail_at(fetches_a_blob, [Fault(cut=1_000_000)])

    with asking(stand.target()) as client:
        data = requests.get(f"{client.url}/files/demo/{file.sha256}/{file.name}", timeout=60).content

    assert hashlib.sha256(data).hexdigest() == file.sha256
