"""`verify: install`: the release is installed from where it was published, and imported."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests import factory
from tests.clients.stand import QuickClock
from tests.targets import indexes, layouts
from tests.targets.contract import once
from tests.test_job import Desk, codes
from tests.test_plan import ShelfKind
from uv import find_uv_bin

from pkg_publish import grammar, plan
from pkg_publish.errors import Environment, Failure, Integrity, Refused
from pkg_publish.model import Receipt, Visibility
from pkg_publish.report import sentences
from pkg_publish.verdict import Level, Proof, Remark, Status, Verifying
from pkg_publish.verify import Verifier
from pkg_publish.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.servers.pypiserver import PypiServer

    from pkg_publish.model import Release, RemoteFile

PATHS = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # noqa: TID251 - the tests' own edge
TELLS = b"import json, os\nfrom pathlib import Path\nPath(%r).write_text(json.dumps(dict(os.environ)))\n"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A folder with the path that programs are found on."""
    desk = Desk(tmp_path)
    desk.environ = {"PATH": PATHS}
    return desk


def verifier(release: Release, source: Any, receipt: Receipt, folder: Path, path: str = PATHS) -> Verifier:  # noqa: ANN401 - any source
    """One with a clock that does not wait."""
    (folder / "proof").mkdir()
    return Verifier(
        release=release, source=source, receipt=receipt, folder=folder / "proof", environ={"PATH": path}, watch=Watch(300, print, clock=QuickClock())
    )


@pytest.mark.parametrize("target", ["directory=out", "oci-layout=out"])
def test_what_was_published_is_imported(desk: Desk, target: str) -> None:
    """From there, and the report says so."""
    factory.release(desk.folder / "dist")

    report = desk.run(build="never", verify="install", targets=target)

    assert (report.status, report.exit_code) == (Status.PUBLISHED, 0)
    assert any(isinstance(each, Verifying) for each in desk.events)
    assert report.proof == Proof(python=".".join(map(str, sys.version_info[:3])), modules=("demo",))
    assert any("installed from there into a clean environment" in each.text for each in sentences.lead(report))


def test_what_was_there_already_is_proven_too(desk: Desk) -> None:
    """A re-run proves what an earlier one has left."""
    factory.release(desk.folder / "dist")
    desk.run(build="never")

    report = desk.run(build="never", verify="install")

    assert report.status is Status.ALREADY_PUBLISHED
    assert report.proof


def test_nothing_is_proven_unless_it_is_asked_for(desk: Desk) -> None:
    """And nothing when nothing was published."""
    factory.release(desk.folder / "dist")

    assert desk.run(build="never").proof is None
    assert desk.run(build="never", verify="install", dry_run="true", targets="directory=other").proof is None


def test_an_import_that_fails_is_said(desk: Desk) -> None:
    """The step fails; the release is there, and is called so."""
    factory.wheel(desk.folder / "dist", content=b"import not_there\n")

    report = desk.run(build="never", verify="install")

    assert codes(report) == ["import-fails"]
    assert (report.status, report.exit_code) == (Status.PUBLISHED, Failure.INVALID.exit_code)
    assert "No module named 'not_there'" in report.problems[0].said
    assert report.install_command
    assert sentences.verdict(report).endswith("in the folder out, but cannot be imported")


def test_what_is_said_when_python_starts_is_no_module(desk: Desk) -> None:
    """A file of the wheel that Python runs at every start prints something; a module that no statement can name is not imported."""
    factory.wheel(desk.folder / "dist", more={"demo.pth": b"import sys; print('hello'); print('modules: {')\n", "async.py": b""})

    proof = desk.run(build="never", verify="install").proof

    assert isinstance(proof, Proof)
    assert proof.modules == ("demo",)


def test_a_python_that_does_not_start_any_more_is_said(desk: Desk) -> None:
    """A file of the wheel that Python runs at every start ends it."""
    factory.wheel(desk.folder / "dist", more={"demo.pth": b"import os; os._exit(3)\n"})

    assert codes(desk.run(build="never", verify="install")) == ["import-fails"]


def test_an_installer_that_fails_is_said(desk: Desk) -> None:
    """With its last words: here it lacks a dependency."""
    desk.environ["PIP_NO_INDEX"] = "1"
    factory.wheel(desk.folder / "dist", extra="Requires-Dist: not-there-at-all\n")

    report = desk.run(build="never", verify="install")

    assert codes(report) == ["install-fails"]
    assert report.exit_code == Failure.INVALID.exit_code
    assert "not-there-at-all" in " ".join(report.problems[0].details)
    assert sentences.verdict(report).endswith("but was not installed from there")


def test_it_sees_no_secret(desk: Desk) -> None:
    """Nor a file of the runner, nor a module of the workspace."""
    seen = desk.folder / "seen.json"
    desk.environ |= {"ACTIONS_ID_TOKEN_REQUEST_TOKEN": "secret", "GITHUB_TOKEN": "secret", "PASSWORD": "secret", "GITHUB_ENV": "x", "PYTHONPATH": "x"}
    factory.wheel(desk.folder / "dist", content=TELLS % str(seen))

    assert desk.run(build="never", verify="install").proof

    environ = json.loads(seen.read_text())
    assert "PATH" in environ
    assert not {"GITHUB_ENV", "PYTHONPATH"} & environ.keys()
    assert "secret" not in environ.values()


def test_a_wheel_for_another_python_is_not_proven(desk: Desk) -> None:
    """That is a notice: another job has that Python."""
    factory.wheel(desk.folder / "dist", tag="cp27-none-any")

    report = desk.run(build="never", verify="install")

    assert report.exit_code == 0
    assert [(each.level, each.code) for each in report.remarks] == [(Level.NOTICE, "install-not-proven")]


def test_a_distribution_without_modules(desk: Desk) -> None:
    """Is installed, and there is nothing to import."""
    factory.wheel(desk.folder / "dist", "1demo")

    proof = desk.run(build="never", verify="install").proof

    assert proof
    assert proof.modules == ()


@pytest.mark.parametrize("late", [0, 1])
def test_pip_reads_an_index_by_itself(pypiserver: PypiServer, tmp_path: Path, late: int) -> None:
    """As the printed command has it; one that is late is waited for."""
    release = factory.release(tmp_path / "dist")
    target: Any = indexes.make(pypiserver.url, pypiserver.username, pypiserver.password)
    receipt = once(target, release).receipt
    assert receipt
    assert receipt.index_url

    found = verifier(release, Late(target, late), receipt, tmp_path).verify()

    assert isinstance(found, Proof)
    assert found.modules == ("demo",)


class Late:
    """A source that shows nothing so many times."""

    def __init__(self, source: Any, times: int) -> None:  # noqa: ANN401 - any source
        self.source, self.times, self.place, self.fetch = source, 2 * times, source.place, source.fetch

    def files(self, project: str, version: str | None, watch: Watch) -> Sequence[RemoteFile]:
        """What it has, at last."""
        self.times -= 1
        found: Sequence[RemoteFile] = self.source.files(project, version, watch) if self.times < 0 else []
        return found


@pytest.fixture
def published(tmp_path: Path) -> tuple[Release, Any, Receipt]:
    """A release in a layout."""
    release = factory.release(tmp_path / "dist")
    target = layouts.make(tmp_path, path="registry")
    receipt = once(target, release).receipt
    assert receipt
    return release, target, receipt


def test_late_is_not_failed(published: tuple[Release, Any, Receipt], tmp_path: Path) -> None:
    """After a minute it is a warning that nothing was proven."""
    release, target, receipt = published

    found = verifier(release, Late(target, 1000), receipt, tmp_path).verify()

    assert isinstance(found, Remark)
    assert (found.level, found.code) == (Level.WARNING, "install-not-proven")
    assert "60 seconds" in found.text


def test_what_stays_damaged_is_an_error(published: tuple[Release, Any, Receipt], tmp_path: Path) -> None:
    """A list may be ahead of what it lists, and not for long."""
    release, target, receipt = published
    (target.folder / "demo" / "index.json").unlink()

    with pytest.raises(Integrity):
        verifier(release, target, receipt, tmp_path).verify()


def test_a_place_that_refuses_is_an_error(published: tuple[Release, Any, Receipt], tmp_path: Path) -> None:
    """The same as everywhere."""
    release, target, receipt = published
    source = Late(target, 0)
    source.fetch = lambda *_: refuse()

    with pytest.raises(Refused):
        verifier(release, source, receipt, tmp_path).verify()


def refuse() -> None:
    """Say no."""
    raise Refused("no", code="registry-denied")


def test_a_draft_is_not_proven(published: tuple[Release, Any, Receipt], tmp_path: Path) -> None:
    """Nobody can install it."""
    release, target, receipt = published

    found = verifier(release, target, replace(receipt, source=""), tmp_path).verify()

    assert isinstance(found, Remark)
    assert found.level is Level.NOTICE


@pytest.fixture
def debian(tmp_path: Path) -> Path:
    """A folder with a Python that makes no environments, as Debian's without its `venv`."""
    folder = tmp_path / "bin"
    folder.mkdir()
    script = f'#!/bin/sh\nfor word in "$@"; do [ "$word" = venv ] && echo "ensurepip is not available" && exit 1; done\nexec {sys.executable} "$@"\n'
    (folder / "python3").write_text(script)
    (folder / "python3").chmod(0o755)
    return folder


def test_uv_makes_the_environment_where_python_cannot(published: tuple[Release, Any, Receipt], tmp_path: Path, debian: Path) -> None:
    """If it is there."""
    release, target, receipt = published
    (debian / "uv").symlink_to(find_uv_bin())

    assert isinstance(verifier(release, target, receipt, tmp_path, f"{debian}:/usr/bin:/bin").verify(), Proof)


def test_without_either_nothing_is_proven(published: tuple[Release, Any, Receipt], tmp_path: Path, debian: Path) -> None:
    """An error of this machine; the release is there."""
    release, target, receipt = published

    with pytest.raises(Environment) as caught:
        verifier(release, target, receipt, tmp_path, f"{debian}:/bin").verify()

    assert caught.value.code == "no-environment"
    assert "ensurepip" in caught.value.said


def test_a_target_that_cannot_be_read_is_not_proven(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """An image, for instance."""
    kind = ShelfKind("shelf", Visibility.YOUR_CHOICE)
    for module in (plan, grammar):
        monkeypatch.setattr(module, "KINDS", {"shelf": kind})
    factory.release(desk.folder / "dist")

    report = desk.run(build="never", verify="install", targets="shelf")

    assert (report.exit_code, report.proof) == (0, None)
