"""Who comes to the doctor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import twine.utils
from tests.doctor.examined import Patient

from pkg_publish.clients import retry

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a Python that says at once who it is."""
    folder = tmp_path_factory.mktemp("bin")
    (folder / "python3").write_text("#!/bin/sh\nprintf '/usr/bin/python3\\n/usr\\n3.12.7\\n'\n")
    (folder / "python3").chmod(0o755)
    return folder


@pytest.fixture
def patient(tmp_path: Path, programs: Path, monkeypatch: pytest.MonkeyPatch) -> Patient:
    """An empty folder; tries follow one another at once, and PyPI is where nobody answers."""
    monkeypatch.setattr(retry, "BASE", 0.0)
    monkeypatch.setattr(twine.utils, "DEFAULT_REPOSITORY", "http://127.0.0.1:9/legacy/")
    return Patient(tmp_path, programs)
