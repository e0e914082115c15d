"""How the index of a version is written where others write it too, and where a registry loses what it took."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests import factory
from tests.servers.front import Fault
from tests.targets.contract import digests, once, watch
from tests.targets.namespaces import RegistryStand

from pkg_publish import publish
from pkg_publish.clients.oci_versions import write_index
from pkg_publish.errors import Refused, Unavailable
from pkg_publish.plan import Plan
from pkg_publish.state import Done
from pkg_publish.targets import oci
from pkg_publish.watch import Waiting, Watch

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.registries import Registry

    from pkg_publish.model import Release

pytestmark = pytest.mark.usefixtures("no_pauses")


@pytest.fixture
def stand(registry_open: Registry) -> RegistryStand:
    """An empty namespace where anybody may write."""
    return RegistryStand(registry_open)


@pytest.fixture
def release(tmp_path: Path) -> Release:
    """Two wheels and an sdist."""
    return factory.release(tmp_path / "dist", "hello-world", "1.0+cu1", wheels=2)


def test_the_lost_file_of_another_job_holds_nobody_up(stand: RegistryStand, release: Release) -> None:
    """A registry takes no index with a manifest that is not there: ours is written without it, and the log says so."""
    theirs, ours = replace(release, distributions=release.distributions[:1]), replace(release, distributions=release.distributions[1:])
    once(stand.target(), theirs)
    stand.lose(release, "manifest")
    told: list[object] = []

    (attempt,) = publish.run(Plan(targets=[stand.target()]), ours, Watch(60, told.append))

    assert attempt.outcome is Done.PUBLISHED
    assert stand.stored(release) == digests(ours)
    said = [event.why for event in told if isinstance(event, Waiting)]
    assert any(f"has lost {theirs.distributions[0].name}: the index" in why for why in said)


def test_a_written_index_that_cannot_be_read_again_was_written(stand: RegistryStand, release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever keeps us from reading says nothing about what we wrote."""

    def written(*args: Any) -> set[str]:  # noqa: ANN401 - as it comes
        lost = write_index(*args)
        stand.server.front.fail_reads(Fault(status=403))
        return lost

    monkeypatch.setattr(oci, "write_index", written)
    upload = stand.target().open(release, watch())
    upload.send(release.distributions[0], watch())

    with pytest.raises(Refused) as caught:
        upload.finish(watch())

    assert caught.value.reached
    assert stand.stored(release) == digests(replace(release, distributions=release.distributions[:1]))


def test_an_index_that_somebody_overwrites_is_written_again(stand: RegistryStand, release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another job, of which nobody knew, had read it before ours was in: both have their files in the end."""
    theirs, ours = replace(release, distributions=release.distributions[:1]), replace(release, distributions=release.distributions[1:])
    once(stand.target(), theirs)
    stale = [stand.index(release)] * 2

    def overwritten(*args: Any) -> set[str]:  # noqa: ANN401 - as it comes
        lost = write_index(*args)
        if stale:
            stand.point(release, stale.pop())
        return lost

    monkeypatch.setattr(oci, "write_index", overwritten)

    assert once(stand.target(), ours).outcome is Done.PUBLISHED
    assert stand.stored(release) == digests(release)


@pytest.mark.parametrize(("fault", "code"), [(Fault(), "server-error"), (Fault(status=400, body=b"MANIFEST_BLOB_UNKNOWN"), "part-unknown")])
def test_an_index_that_cannot_be_written_is_told(stand: RegistryStand, release: Release, fault: Fault, code: str) -> None:
    """The registry has a problem of its own, or does not find what it has."""
    upload = stand.target().open(release, watch())
    upload.send(release.distributions[0], watch())
    stand.server.front.fail_writes(*[fault] * 5)

    with pytest.raises(Unavailable) as caught:
        upload.finish(watch())

    assert caught.value.code == code
