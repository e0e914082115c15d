"""The command that installs what was published."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests import factory

from pkg_publish import __version__
from pkg_publish.install_command import Origin, install_command
from pkg_publish.model import Receipt

if TYPE_CHECKING:
    from pkg_publish.model import Release

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


def test_nothing_where_nothing_can_be_installed(release: Release) -> None:
    """A draft, an image."""
    assert install_command(release, Receipt(url="https://x"), Origin()) == ""
