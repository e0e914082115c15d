"""`pypi` and `testpypi`: what doctor learns there, beside the check."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import twine.utils
from tests import factory
from tests.servers.pypi import DAY
from tests.servers.scripted import Scripted, answer
from tests.targets.contract import once, watch
from tests.targets.test_pypi import _addresses, make  # noqa: F401 - a fixture
from tests.targets.test_pypi_identity import identity

from pkg_publish.model import Subject
from pkg_publish.targets.pypi import PypiKind

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.pypi import Pypi

    from pkg_publish.model import CheckRow, Release
    from pkg_publish.targets.pypi import Pypi as Target

DEMO = Subject(project="demo", version="1.0")


@pytest.fixture
def release(tmp_path: Path) -> Release:
    """A wheel and an sdist."""
    return factory.release(tmp_path / "dist")


def rows(target: Target, subject: Subject = DEMO) -> dict[str, CheckRow]:
    """What the doctor is told, by the name of the check."""
    return {row.check: row for row in target.examine(subject, watch())}


def test_a_name_that_is_free(pypi: Pypi) -> None:
    """The first publish makes the project; with trusted publishing something must stand ready."""
    row = rows(make())["project"]

    assert row.ok is None
    assert "demo is free" in row.found
    assert "pending publisher" in row.means
    assert not any(call.path == "/legacy/" for call in pypi.calls)


def test_a_name_that_nobody_gets(pypi: Pypi) -> None:
    """That of a module of the standard library."""
    row = rows(make(), Subject(project="zoneinfo"))["project"]

    assert (row.ok, row.failure, row.code) == (False, "invalid", "project-name-not-allowed")
    assert pypi.calls


def test_a_version_that_is_there_takes_files_for_two_weeks(pypi: Pypi, release: Release) -> None:
    """Until when, and after that none."""
    once(make(), release)
    early = rows(make())
    pypi.pass_time(15 * DAY)
    late = rows(make())

    assert early["project"].found == "demo is there, at 1.0"
    assert (early["14 days"].ok, "takes new files until" in early["14 days"].means) == (True, True)
    assert (late["14 days"].ok, late["14 days"].code) == (None, "release-too-old")


def test_a_version_of_which_nobody_knows_the_age(pypi: Pypi, release: Release) -> None:
    """No row: the index does not say, says it in words that nobody knows, or is not asked."""
    pypi.files["demo-0.9.tar.gz"] = b"x"
    assert "14 days" not in rows(make(), Subject(project="demo", version="0.9"))
    assert "14 days" not in rows(make(), Subject(project="demo"))

    once(make(), release)
    pypi.time_format = "yesterday"

    assert "14 days" not in rows(make())


def test_an_index_that_does_not_say(pypi: Pypi) -> None:
    """It is not known, which fails nothing."""
    pypi.json_status = 404
    assert "is free" in rows(make())["project"].found
    pypi.json_status = 500

    assert rows(make())["project"].ok is None


def test_a_project_without_a_name_is_asked_for_nowhere(pypi: Pypi) -> None:
    """It has to be built first."""
    row = rows(make(), Subject())["project"]

    assert (row.ok, row.found) == (None, "its name is not known without a build")
    assert not any(call.path.startswith("/pypi/") for call in pypi.calls)


def test_limits_beside_the_largest_file(pypi: Pypi, release: Release) -> None:
    """If there are files."""
    largest = max(each.size for each in release.distributions)

    assert rows(make())["limits"].means == ""
    assert rows(make(), Subject(files=release.distributions))["limits"].means == f"the largest file here has {largest} bytes"
    assert pypi.calls


def test_something_else_in_the_place_of_the_index(monkeypatch: pytest.MonkeyPatch) -> None:
    """A login page: no publish could be proven there."""
    with Scripted().then(answer(200, b"hello", Content_Type="text/html")) as server:
        monkeypatch.setattr(twine.utils, "DEFAULT_REPOSITORY", f"{server.url}/legacy/")
        found = rows(make())

    assert (found["index"].ok, found["index"].failure, found["index"].code) == (False, "unavailable", "no-index-page")
    assert found["index"].found.startswith(f"{server.url}/simple/ answered 200")
    assert found["index"].do
    assert list(found) == ["index", "login"]


def test_testpypi_is_no_store(pypi: Pypi) -> None:
    """It says so before anything else is said."""
    found = rows(make(kind=PypiKind(word="testpypi")))

    assert "emptied" in found["what it is"].found
    assert pypi.calls


def test_the_fields_of_a_trusted_publisher_come_from_the_jobs_identity(pypi: Pypi, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the form filled in; the identity itself is nowhere."""
    identity(pypi, monkeypatch)
    pypi.identities.claims["environment"] = "release"

    row = rows(make(None, environ=pypi.identities.environ()))["trusted publisher"]

    assert row.found == "project demo · owner octo · repository demo · workflow release.yml · environment release"
    assert row.do.endswith("/manage/account/publishing/?provider=github&owner=octo&repository=demo&workflow_filename=release.yml&environment=release")
    assert "eyJ" not in str(row)


def test_without_an_identity_they_come_from_the_job(pypi: Pypi, monkeypatch: pytest.MonkeyPatch) -> None:
    """As far as the runner says; also when the identity cannot be had."""
    identity(pypi, monkeypatch)
    pypi.identities.refusal = (500, "no")
    job = {"GITHUB_WORKFLOW_REF": "octo/demo/.github/workflows/publish.yml@refs/heads/main"}

    assert "workflow publish.yml" in rows(make(None, environ=job))["trusted publisher"].found
    assert "workflow publish.yml" in rows(make(None, environ=job | pypi.identities.environ()))["trusted publisher"].found
    nothing = rows(make(None))["trusted publisher"]
    assert "workflow (the file below .github/workflows) · environment (that of the job, if it has one)" in nothing.found
    assert nothing.do.endswith("/manage/account/publishing/?provider=github")


def test_a_project_that_is_there_has_a_form_of_its_own(pypi: Pypi, release: Release) -> None:
    """A pending publisher is for names that are free."""
    once(make(), release)

    assert pypi.url + "/manage/project/demo/settings/publishing/?provider=github" in rows(make(None))["trusted publisher"].do


def test_a_token_needs_no_publisher(pypi: Pypi) -> None:
    """Nothing is to be typed in."""
    assert "trusted publisher" not in rows(make())
    assert pypi.calls
