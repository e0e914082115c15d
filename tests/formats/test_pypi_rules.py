"""What PyPI refuses, known before it is asked."""

from __future__ import annotations

from typing import Any

import pytest
from tests import factory

from pkg_publish.formats import pypi_rules

WHEEL = "demo-1.0-py3-none-any.whl"


def of_file(name: str = WHEEL, size: int = 10, extra: str = "", version: str = "1.0") -> list[str]:
    """What is wrong with a file."""
    return list(pypi_rules.of_file(name, size, factory.core_metadata("demo", version, extra)))


@pytest.mark.parametrize("name", [WHEEL, "demo-1.0.tar.gz"])
def test_an_ordinary_file_is_taken(name: str) -> None:
    """A wheel, an sdist."""
    assert of_file(name) == []


def test_ordinary_metadata_is_taken() -> None:
    """Names and versions, a link, a classifier."""
    assert of_file(extra="Requires-Dist: other>=1\nProject-URL: Home, https://example.org\nClassifier: Typing :: Typed") == []


@pytest.mark.parametrize(
    "platform",
    [
        *("win32", "win_amd64", "win_arm64", "linux_armv7l", "manylinux1_x86_64", "manylinux2014_aarch64", "manylinux_2_28_x86_64"),
        *("musllinux_1_2_x86_64", "macosx_11_0_arm64", "ios_13_0_arm64_iphoneos", "android_21_arm64_v8a", "pyodide_2024_0_wasm32"),
    ],
)
def test_platforms_that_are_taken(platform: str) -> None:
    """Those that a reader's machine can be known by."""
    assert of_file(f"demo-1.0-cp312-cp312-{platform}.whl") == []


def test_a_wheel_for_the_machine_that_built_it() -> None:
    """Each of its platforms is told once."""
    (text,) = of_file("demo-1.0-cp311.cp312-cp312-linux_x86_64.whl")

    assert text.startswith("its platform is linux_x86_64: repair it")


@pytest.mark.parametrize(
    ("extra", "says"),
    [
        ("Requires-Dist: other @ https://example.org/other.whl", "the address of other"),
        ("Classifier: Private :: Do Not Upload", "asks PyPI to refuse it"),
        (f"Project-URL: {'x' * 33}, https://example.org", "1 to 32 letters"),
        ("Requires-Dist: no requirement!", "requires-dist"),
        ("Description-Content-Type: text/odd", "description-content-type"),
    ],
)
def test_metadata_that_is_refused(extra: str, says: str) -> None:
    """By the specification, or by PyPI alone."""
    (text,) = of_file(extra=extra)

    assert says in text


def test_a_size_and_a_local_version() -> None:
    """All that is wrong is told."""
    size, local = of_file(size=(100 << 20) + 1, version="1.0+cu121")

    assert "unless it has raised the limit" in size
    assert local.startswith("1.0+cu121 is a local version")


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({"name": "demo", "version": "1.0"}, []),
        ({"name": "demo", "dynamic": ["version"], "dependencies": ["other>=1"], "requires-python": ">=3.11"}, []),
        ({"name": "demo", "version": "1.0", "description": "x" * 513}, ["longer than 512"]),
        ({"name": "demo", "version": "1.0", "requires-python": "three"}, ["requires-python"]),
        ({"name": "demo", "version": "1.0", "dependencies": [1]}, ["values of the wrong kind"]),
        ({"name": "demo", "version": "1.0", "urls": [1]}, ["values of the wrong kind"]),
        ({"name": "demo", "version": "1" * 5000}, ["values of the wrong kind"]),
        ({"name": "demo", "version": "1.0", "dependencies": ["a; " + "(" * 5000]}, ["nested too deeply"]),
    ],
)
def test_what_a_project_promises(table: dict[str, Any], says: list[str]) -> None:
    """Judged before it is built."""
    found = list(pypi_rules.of_project(table))

    assert len(found) == len(says)
    assert all(each in text for each, text in zip(says, found, strict=True))


@pytest.mark.parametrize(
    ("extra", "rendered"),
    [
        *(("", False), ("\nText\n", True), ("Description-Content-Type: no type at all\n\nText\n", False)),
        *(("Description-Content-Type: text/x-rst\n\nText\n", True), ("Description-Content-Type: text/markdown\n\nText\n", False)),
    ],
)
def test_what_is_rendered(extra: str, rendered: bool) -> None:  # noqa: FBT001
    """ReStructuredText, also when nobody says that it is that."""
    assert pypi_rules.is_rendered(factory.core_metadata("demo", "1.0", extra)) is rendered
