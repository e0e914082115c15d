"""What would be published, and whether PyPI would take it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests import factory
from tests.doctor.examined import rows

from pkg_publish.errors import Failure
from pkg_publish.runner import Runner

if TYPE_CHECKING:
    from tests.doctor.examined import Patient

    from pkg_publish.model import CheckRow

TITLE = "what would be published"


def found(patient: Patient, **given: str) -> dict[str, CheckRow]:
    """The rows about it."""
    return rows(patient.examine(given), TITLE)


def pyproject(patient: Patient, text: str) -> None:
    """Write one."""
    (patient.folder / "pyproject.toml").write_text(text)


@pytest.mark.parametrize(("folder", "given"), [("dist", {"build": "never", "dist_dir": ""}), ("wheels", {"dist_dir": "wheels"})])
def test_files_that_are_there(patient: Patient, folder: str, given: dict[str, str]) -> None:
    """Hashed, and judged by PyPI's rules."""
    release = factory.release(patient.folder / folder)

    diagnosis = patient.examine(given)

    assert (diagnosis.project, diagnosis.version, diagnosis.failure) == ("demo", "1.0", None)
    group = next(each for each in diagnosis.groups if each.title == TITLE)
    assert [row.check for row in group.rows] == [each.name for each in release.distributions]
    assert str(release.distributions[0].sha256) in group.rows[0].found


def test_a_file_that_is_bad(patient: Patient) -> None:
    """Nobody would take it."""
    (patient.folder / "dist").mkdir()
    (patient.folder / "dist" / "demo-1.0.tar.gz").write_bytes(b"x")

    diagnosis = patient.examine()

    assert diagnosis.failure is Failure.INVALID
    assert rows(diagnosis, TITLE)["distributions"].ok is False


@pytest.mark.parametrize(("targets", "ok"), [("pypi", False), ("directory=out", None)])
def test_what_pypi_would_refuse_counts_where_pypi_is_a_target(patient: Patient, targets: str, ok: bool | None) -> None:  # noqa: FBT001
    """A wheel for the machine that built it; elsewhere it is only told."""
    factory.wheel(patient.folder / "dist", tag="cp312-cp312-linux_x86_64")
    patient.tokens["pypi-token"] = "pypi-x"

    group = next(each for each in patient.examine(targets=targets, allow_public="true").groups if each.title == TITLE)

    assert [(row.ok, "linux_x86_64" in row.found) for row in group.rows] == [(ok, True)]


def test_many_files(patient: Patient) -> None:
    """The first of those that are sound, and how many more; each that is not."""
    release = factory.release(patient.folder / "dist", wheels=25, with_sdist=False)
    factory.wheel(patient.folder / "dist", tag="cp312-cp312-linux_x86_64")

    checks = list(found(patient))

    assert checks == ["demo-1.0-cp312-cp312-linux_x86_64.whl", *sorted(each.name for each in release.distributions)[:20], "5 more"]


def test_a_project_that_pypi_would_refuse(patient: Patient) -> None:
    """Known before it is built."""
    pyproject(patient, '[project]\nname = "demo"\nversion = "1.0+cu121"\n')

    row = found(patient)["pyproject.toml"]

    assert (row.ok, "local version" in row.found) == (None, True)


def test_a_description_that_pypi_would_render(patient: Patient) -> None:
    """We do not."""
    factory.wheel(patient.folder / "dist", extra="Description-Content-Type: text/x-rst\n\nTitle\n=====\n")

    assert found(patient)["description"].ok is None


@pytest.mark.parametrize(("tag", "given", "ok"), [("v1.0", {}, True), ("v2.0", {}, False), ("v2.0", {"check_tag": "false"}, None)])
def test_the_tag_names_the_version(patient: Patient, tag: str, given: dict[str, str], ok: bool | None) -> None:  # noqa: FBT001
    """Or is not asked."""
    factory.release(patient.folder / "dist")
    patient.runner = Runner(ref=f"refs/tags/{tag}")

    rows_ = found(patient, **given)

    assert (rows_["tag"].ok if "tag" in rows_ else None) is ok


def test_a_project_that_says_what_it_is(patient: Patient) -> None:
    """Without a build; its tag is compared too."""
    factory.project(patient.folder)
    patient.runner = Runner(ref="refs/tags/v1.0")

    rows_ = found(patient)

    assert rows_["project"].found == "demo 1.0, as pyproject.toml says, and has to be built"
    assert (rows_["project"].means.startswith("PyPI's rules are kept"), rows_["tag"].ok) == (True, True)


@pytest.mark.parametrize("version", ["", 'version = "no version"', f'version = "{"1" * 5000}"', 'dynamic = ["version"]'], ids=lambda text: text[:30])
def test_a_project_whose_version_is_made_by_the_build(patient: Patient, version: str) -> None:
    """The name is known, and no more."""
    pyproject(patient, f'[project]\nname = "Demo_Project"\n{version}\n')

    diagnosis = patient.examine()

    assert (diagnosis.project, diagnosis.version) == ("demo-project", "")
    assert rows(diagnosis, TITLE)["project"].ok is None


@pytest.mark.parametrize("text", ["project = 1", "[project]\nname = 1", "[build-system]\nrequires = []"])
def test_a_project_that_says_nothing(patient: Patient, text: str) -> None:
    """It has to be built."""
    pyproject(patient, text)

    assert found(patient)["project"].ok is None


def test_a_project_of_setup_py(patient: Patient) -> None:
    """So has this."""
    (patient.folder / "setup.py").write_text("")

    assert found(patient)["project"].ok is None


def test_no_project_at_all(patient: Patient) -> None:
    """A publish would fail."""
    diagnosis = patient.examine()

    assert diagnosis.failure is Failure.CONFIG
    assert "there is no project" in rows(diagnosis, TITLE)["distributions"].found


def test_files_that_must_be_there(patient: Patient) -> None:
    """`build: never`; and `always` does not look at them."""
    factory.project(patient.folder)
    assert patient.examine(build="never").failure is Failure.CONFIG
    factory.release(patient.folder / "dist", version="2.0")

    assert patient.examine(build="never").version == "2.0"
    assert patient.examine(build="always").version == "1.0"


def test_files_of_an_earlier_build_are_passed_by(patient: Patient) -> None:
    """As a publish would; what to say for them is told."""
    factory.project(patient.folder)
    factory.release(patient.folder / "dist", version="2.0")

    diagnosis = patient.examine(dist_dir="")

    assert diagnosis.version == "1.0"
    assert "`dist-dir: dist`" in rows(diagnosis, TITLE)["dist"].do


@pytest.mark.parametrize(("path", "ok"), [(None, True), ("/nowhere", False)])
def test_a_build_needs_a_python(patient: Patient, path: str | None, ok: bool) -> None:  # noqa: FBT001
    """One that PATH leads to; where files are published, none."""
    factory.project(patient.folder)
    patient.environ["PATH"] = path or patient.environ["PATH"]

    built = patient.examine()
    factory.release(patient.folder / "dist")

    row = rows(built, TITLE)["Python to build with"]
    assert (row.ok, built.failure) == (ok, None if ok else Failure.ENVIRONMENT)
    assert ("3.12.7" in row.found) is ok
    assert "Python to build with" not in rows(patient.examine(build="never"), TITLE)


@pytest.mark.parametrize(("name", "told"), [("demo", False), ("other", True)])
def test_files_of_another_project(patient: Patient, name: str, told: bool) -> None:  # noqa: FBT001
    """Than the one that lies there: a folder may be the wrong one."""
    factory.project(patient.folder, name)
    factory.release(patient.folder / "dist")

    assert ("project" in found(patient)) is told


@pytest.mark.parametrize(("text", "why"), [(b"[project\n", "line 1"), (b"\xff", "decode"), (b"a = " + b"[" * 5000, "nested"), (None, "directory")])
def test_a_project_that_no_tool_can_read(patient: Patient, text: bytes | None, why: str) -> None:
    """It says where."""
    path = patient.folder / "pyproject.toml"
    if text is None:
        path.mkdir()
        (patient.folder / "setup.py").touch()
    else:
        path.write_bytes(text)

    row = rows(patient.examine(), "what would be published")["distributions"]

    assert (row.failure, why in row.found) == (Failure.BUILD, True)
