"""The command that installs what was published."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests import factory

from pkg_publish import __version__, preflight
from pkg_publish.install_command import Origin, install_command
from pkg_publish.model import Receipt, Release

SHA = "0123456789abcdef0123456789abcdef01234567"
OTHER = "f" * 40


@pytest.fixture
def release(tmp_path: Path) -> Release:
    """One wheel, one sdist."""
    return factory.release(tmp_path)


@pytest.mark.parametrize(
    ("archive", "ref", "revision"),
    [
        (f"node: {SHA}\nref-names: HEAD -> main\n", "v1", SHA),
        ("node: $Format:%H$\n", OTHER, OTHER),
        ("node: $Format:%H$\n", "v1", f"v{__version__}"),
        ("", "", f"v{__version__}"),
    ],
    ids=["stamp", "sha as ref", "moving ref", "nothing"],
)
def test_begins_with_what_a_stranger_can_run(release: Release, archive: str, ref: str, revision: str) -> None:
    """The stamp, else the ref if it is a sha, else the tag of our version."""
    origin = Origin(repository="octo/pkg-publish-action", ref=ref, archive=archive)

    command = install_command(release, Receipt(source="oci=ghcr.io/octo/demo"), origin)

    assert command == f"uvx --from git+https://github.com/octo/pkg-publish-action@{revision} pkg-publish install demo==1.0 --from oci=ghcr.io/octo/demo"


def test_from_a_checkout(release: Release) -> None:
    """What is at hand."""
    assert install_command(release, Receipt(source="oci-layout=a b"), Origin(run=Path("run.py"))) == "python3 run.py install demo==1.0 --from 'oci-layout=a b'"


def test_when_installed(release: Release) -> None:
    """The command itself."""
    assert install_command(release, Receipt(source="directory=/x"), Origin()) == "pkg-publish install demo==1.0 --from directory=/x"


def test_plain_pip_where_pip_can_read(release: Release) -> None:
    """One index, never an extra one."""
    command = install_command(release, Receipt(source="repository=x", index_url="https://index.test/simple/"), Origin())

    assert command == "python3 -m pip install --index-url https://index.test/simple/ demo==1.0"


def test_our_own_where_that_index_lacks_something(release: Release) -> None:
    """What it needs comes from another index then, for which pip has no safe way."""
    receipt = Receipt(source="repository=x", index_url="https://index.test/simple/")

    assert install_command(release, receipt, Origin(), beyond=True) == "pkg-publish install demo==1.0 --from repository=x"


@pytest.mark.parametrize(
    ("extra", "sdist", "ends"), [("", False, "/demo"), ("Requires-Dist: third\n", False, "--denied absent"), ("", True, "--denied absent")]
)
def test_a_stranger_at_a_public_registry(tmp_path: Path, extra: str, sdist: bool, ends: str) -> None:  # noqa: FBT001 - a table
    """GHCR denies to strangers what is not there: who needs something from elsewhere, or has to build, says that this is all right."""
    file = preflight.alone(factory.sdist(tmp_path) if sdist else factory.wheel(tmp_path, extra=extra))
    assert file
    release = Release(project="demo", version="1.0", distributions=(file,))
    receipt = Receipt(source="oci=ghcr.io/octo/demo", digest="sha256:0", visible_to="public")

    assert install_command(release, receipt, Origin()).endswith(ends)
    assert install_command(release, replace(receipt, visible_to="private"), Origin()).endswith("/demo")


def test_the_documentation_of_a_checkout_is_the_file_in_it(tmp_path: Path) -> None:
    """Wherever the command runs; on the web if that is known."""
    assert Origin(run=tmp_path / "run.py").docs_url == f"{tmp_path}/docs/troubleshooting.md"
    assert Origin(run=Path("run.py")).docs_url == f"{Path.cwd()}/docs/troubleshooting.md"
    assert Origin(repository="octo/action", ref="a" * 40).docs_url == f"https://github.com/octo/action/blob/{'a' * 40}/docs/troubleshooting.md"


def test_nothing_where_nothing_can_be_installed(release: Release) -> None:
    """A draft, an image."""
    assert install_command(release, Receipt(url="https://x"), Origin()) == ""
