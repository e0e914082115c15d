"""All at once, within one deadline; what is wrong with the configuration keeps nobody from being asked."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import twine.utils
from tests import factory
from tests.clients.stand import hang
from tests.doctor.examined import rows
from tests.servers.github_world import MAIN
from tests.servers.scripted import Scripted
from tests.toys import Shelf

from pkg_publish import grammar, plan
from pkg_publish.doctor import examination
from pkg_publish.errors import Failure
from pkg_publish.model import CheckRow
from pkg_publish.report.diagnosis import verdict
from pkg_publish.runner import Runner
from pkg_publish.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest
    from tests.doctor.examined import Patient
    from tests.servers.ghcr import Ghcr
    from tests.servers.github import Github
    from tests.servers.pypi import Pypi


def test_a_server_that_hangs_holds_nobody_up(patient: Patient) -> None:
    """What it would have said is not known, which fails nothing."""
    factory.project(patient.folder)
    with Scripted().then(hang) as server:
        began = time.monotonic()
        found = patient.examine(targets=f"repository={server.url}/, directory=out", seconds=2)

    assert time.monotonic() - began < 5
    assert rows(found, "directory=out")["folder"].ok
    assert all(row.ok is not True for name, row in rows(found, f"repository={server.url}/").items() if name == "index")


class Deaf(Shelf):
    """Never says what it is asked for, until it is over."""

    over = threading.Event()

    def check(self, watch: Watch) -> Iterator[CheckRow]:
        """Say one thing, then wait for ever."""
        yield CheckRow(check="door", found="open")
        self.over.wait()


class Kind:
    """Such targets."""

    word, location, options = "deaf", None, ()

    def make(self, spec: object, ambient: object) -> Deaf:
        """One."""
        return Deaf()


def test_a_check_that_never_ends_is_left_alone(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it has said is kept; nothing more is known, which fails nothing."""
    factory.project(patient.folder)
    for module in (plan, examination, grammar):
        monkeypatch.setattr(module, "KINDS", {"deaf": Kind()})

    found = patient.examine(targets="deaf", seconds=0.5)
    Deaf.over.set()

    assert {check: row.found for check, row in rows(found, "shelf").items()} == {"door": "open", "answer": "none in time"}
    assert found.failure is None
    assert verdict(found).endswith(". Not known: shelf (none in time)")


def test_mistakes_are_rows_and_the_other_targets_are_asked(patient: Patient) -> None:
    """A target without its place, and one that is sound."""
    factory.project(patient.folder)

    found = patient.examine(targets="directory, directory=out")

    assert (found.failure, found.groups[0].title) == (Failure.CONFIG, "the configuration")
    assert found.groups[0].rows[0].code == "target-without-place"
    assert rows(found, "directory=out")["folder"].ok


def test_a_private_source_and_a_public_target(patient: Patient) -> None:
    """The policy says no; PyPI is asked all the same."""
    factory.project(patient.folder)
    patient.tokens["pypi-token"] = "pypi-x"

    found = patient.examine(targets="pypi", seconds=0.5)

    assert (found.failure, found.groups[0].rows[0].code) == (Failure.POLICY, "private-to-public")
    assert "who could see it" in rows(found, "pypi") or "answer" in rows(found, "pypi")


def test_pypi_at_home_without_a_token(patient: Patient, pypi: Pypi, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody could publish from here; what a trusted publisher needs is told all the same."""
    monkeypatch.setattr(twine.utils, "DEFAULT_REPOSITORY", f"{pypi.url}/legacy/")
    factory.project(patient.folder)
    patient.runner = Runner(repository="octo/demo")

    found = patient.examine(targets="pypi", allow_public="true")

    assert (found.failure, found.groups[0].rows[0].code) == (Failure.CONFIG, "no-token")
    assert "project demo · owner octo · repository demo" in rows(found, "pypi")["trusted publisher"].found
    assert (rows(found, "pypi")["login"].code, rows(found, "pypi")["login"].paste) == ("no-token", "export PYPI_TOKEN=…")


def test_a_file_that_is_missing_where_nobody_answers(patient: Patient) -> None:
    """What lies here, or does not, is known without GitHub."""
    factory.project(patient.folder)
    patient.runner = Runner(repository="octo/demo", api_url="http://127.0.0.1:9")

    found = patient.examine(targets="- github-release:\n    extra-files: CHANGELOG.md\n    checksums: true")

    assert (found.failure, rows(found, "github-release")["extra files"].code) == (Failure.CONFIG, "extra-files")


def test_one_list_of_permissions_mends_all(patient: Patient) -> None:
    """Whoever pastes one after the other would take away what the first has given."""
    factory.project(patient.folder)
    patient.runner = Runner(is_actions=True, repository="octo/demo", event_name="push", event={"repository": {"visibility": "public"}})
    patient.environ["HTTPS_PROXY"] = "http://127.0.0.1:9"

    found = patient.examine(targets="ghcr, pypi", strategy="all", seconds=2)

    pastes = {row.paste for group in found.groups for row in group.rows if row.paste.startswith("permissions:")}
    assert pastes == {"permissions:\n  contents: read\n  id-token: write\n  packages: write"}


def test_github_packages_that_does_not_answer(patient: Patient) -> None:
    """What it would have said is not known; why it cannot help is."""
    factory.project(patient.folder)
    patient.runner = Runner(repository="octo/demo", server_url="http://127.0.0.1:9")

    found = patient.examine(targets="github-packages, directory=out")

    asked = [row for name, row in rows(found, "github-packages").items() if name.startswith("http")]
    assert {(row.ok, row.found.startswith("no answer")) for row in asked} == {(None, True)}
    assert "who could see it" not in rows(found, "github-packages")
    assert found.targets[0].failure is Failure.UNSUPPORTED


def test_the_default_chain(patient: Patient, github: Github, ghcr: Ghcr) -> None:
    """GitHub Packages has none, GHCR may take it, releases would; nothing is written, not even with a deep look."""
    release = factory.release(patient.folder / "dist")
    event = {"repository": {"visibility": "public", "full_name": "octo/demo"}}
    patient.tokens["github-token"] = github.token
    facts = {"server_url": ghcr.front.url, "api_url": github.url, "event_name": "push", "ref": "refs/tags/v1.0", "sha": MAIN, "event": event}
    patient.runner = Runner(is_actions=True, repository="octo/demo", **facts)  # type: ignore[arg-type]

    found = patient.examine(targets="github-packages, ghcr, github-release")
    deep = patient.examine(targets="ghcr", deep=True)

    assert (found.failure, found.home and found.home.title) == (None, "ghcr"), found
    assert [group.failure for group in found.targets] == [Failure.UNSUPPORTED, None, None]
    assert rows(found, "github-release")["permission"].ok
    assert rows(found, "ghcr")["packages: write"].ok is None
    assert rows(deep, "ghcr")["packages: write"].ok is True
    assert (ghcr.registry.known("octo/demo/demo"), github.world.releases) == (None, [])
    assert release.version == found.version


def test_what_the_doctor_had_no_time_for_is_not_known() -> None:
    """His patience is not that of a publish, and has no input."""
    row = CheckRow.of("answer", Watch(0, print).verdict())

    assert (row.ok, row.failure, row.paste) == (None, None, "")
