"""One target: what it says, what it has of the version, who could see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import twine.utils
from tests import factory
from tests.doctor.examined import rows
from tests.servers.scripted import Scripted, answer
from tests.toys import Shelf

from pkg_publish import grammar, plan
from pkg_publish.doctor import examination
from pkg_publish.errors import Failure
from pkg_publish.model import Visibility
from pkg_publish.runner import Runner

if TYPE_CHECKING:
    from tests.doctor.examined import Patient
    from tests.servers.pypi import Pypi

OUT = "directory=out"


def test_nothing_is_there_so_far(patient: Patient) -> None:
    """Nor after the visit."""
    factory.release(patient.folder / "dist")

    found = rows(patient.examine(), OUT)

    assert found["version 1.0"].found == "nothing of it is there"
    assert found["folder"].ok
    assert not (patient.folder / "out").exists()


@pytest.mark.parametrize(("names", "says"), [(["*"], "all of it is there already"), (["*.whl"], "some of it is there")])
def test_our_files_are_there(patient: Patient, names: list[str], says: str) -> None:
    """With their digests."""
    release = factory.release(patient.folder / "dist")
    factory.release(patient.folder / "out")
    for path in set((patient.folder / "out").iterdir()) - {path for name in names for path in (patient.folder / "out").glob(name)}:
        path.unlink()

    row = rows(patient.examine(), OUT)["version 1.0"]

    assert row.found.startswith(says)
    assert str(release.distributions[0].sha256) in row.found


def test_other_bytes_are_there(patient: Patient) -> None:
    """A publish would be a conflict, unless theirs are kept."""
    factory.release(patient.folder / "dist", with_sdist=False)
    factory.wheel(patient.folder / "out", content=b"other")

    found = patient.examine()

    assert (found.failure, rows(found, OUT)["version 1.0"].code) == (Failure.CONFLICT, "other-bytes-same-name")
    assert patient.examine(on_conflict="keep").failure is None


def test_a_version_that_is_not_built_yet(patient: Patient) -> None:
    """Whether its files would be the same, nobody knows."""
    factory.project(patient.folder)
    assert rows(patient.examine(), OUT)["version 1.0"].found == "nothing of it is there"
    factory.release(patient.folder / "out", wheels=11)

    row = rows(patient.examine(), OUT)["version 1.0"]

    assert (row.ok, row.found.endswith("and 2 more")) == (None, True)


def test_a_version_that_is_shown_to_others_only(patient: Patient) -> None:
    """Not known, which fails nothing."""
    factory.project(patient.folder)
    with Scripted().then(answer(404), answer(403)) as server:
        row = rows(patient.examine(targets=f"repository={server.url}/"), f"repository={server.url}/")["version 1.0"]

    assert (row.ok, row.code) == (None, "index-refused")


def test_a_place_that_does_not_answer_is_asked_for_no_version(patient: Patient) -> None:
    """It would only cost time."""
    factory.project(patient.folder)

    found = rows(patient.examine(targets="repository=http://127.0.0.1:9/"), "repository=http://127.0.0.1:9/")

    assert found["index"].failure is Failure.UNAVAILABLE
    assert "version 1.0" not in found


def test_a_local_version_at_pypi(patient: Patient, pypi: Pypi, monkeypatch: pytest.MonkeyPatch) -> None:
    """Never, whatever it says."""
    monkeypatch.setattr(twine.utils, "DEFAULT_REPOSITORY", f"{pypi.url}/legacy/")
    factory.release(patient.folder / "dist", version="1.0+cu121")
    patient.tokens["pypi-token"] = "pypi-x"

    found = patient.examine(targets="pypi", allow_public="true")

    assert rows(found, "pypi")["version 1.0+cu121"].code == "local-version"
    assert found.failure is Failure.INVALID


class Kind:
    """Targets in memory that have no check."""

    word, location, options = "shelf", None, ()

    def __init__(self, visibility: Visibility) -> None:
        self.visibility = visibility

    def make(self, spec: object, ambient: object) -> Shelf:
        """One."""
        return Shelf(visibility=self.visibility)


@pytest.mark.parametrize(
    ("visibility", "event", "means"),
    [
        (Visibility.PUBLIC, {}, "everybody, for ever"),
        (Visibility.AS_REPOSITORY, {}, "not known here"),
        (Visibility.AS_REPOSITORY, {"repository": {"private": False}}, "the GitHub repository is public"),
        (Visibility.AS_REPOSITORY, {"repository": {"private": True}}, "not public"),
        (Visibility.YOUR_CHOICE, {}, "that server"),
        (Visibility.LOCAL, {}, "stays on this machine"),
    ],
)
def test_who_could_see_it(patient: Patient, monkeypatch: pytest.MonkeyPatch, visibility: Visibility, event: dict[str, Any], means: str) -> None:
    """For each target; one without a check has this row alone."""
    factory.project(patient.folder)
    patient.runner = Runner(repository="octo/demo", event=event)
    kind = Kind(visibility)
    for module in (plan, examination, grammar):
        monkeypatch.setattr(module, "KINDS", {"shelf": kind})

    found = rows(patient.examine(targets="shelf", allow_public="true"), "shelf")

    assert list(found) == ["who could see it"]
    assert means in found["who could see it"].means
