"""What images are called, and what their indexes say."""

from __future__ import annotations

import hashlib

import pytest

from pkg_publish.formats.image import PLATFORMS, Base, Reference, annotation, child_of, digest_of_files, platforms_of

DIGEST = f"sha256:{'a' * 64}"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("python", "docker.io/library/python:latest"),
        ("python:3.13-slim", "docker.io/library/python:3.13-slim"),
        ("octo/base:1", "docker.io/octo/base:1"),
        ("ghcr.io/octo/base", "ghcr.io/octo/base:latest"),
        ("localhost/base", "localhost/base:latest"),
        ("127.0.0.1:5000/octo/base:1", "127.0.0.1:5000/octo/base:1"),
        (f"ghcr.io/octo/base@{DIGEST}", f"ghcr.io/octo/base@{DIGEST}"),
        (f"python:3@{DIGEST}", f"docker.io/library/python:3@{DIGEST}"),
    ],
)
def test_references(text: str, found: str) -> None:
    """As `docker pull` reads them."""
    reference = Reference.read(text)

    assert str(reference) == found
    assert reference
    assert reference.target == (reference.digest or reference.tag)


@pytest.mark.parametrize(
    "text", ["", "Python", "Octo/base", "ghcr.io/Octo/base", "python:", "python:a b", "python@sha256:1", "https://ghcr.io/octo/base", "a//b"]
)
def test_no_references(text: str) -> None:
    """What no registry has."""
    assert Reference.read(text) is None


@pytest.mark.parametrize("index", [{}, {"manifests": None}, {"manifests": ["odd", {"platform": "odd"}], "annotations": []}])
def test_an_odd_index_has_nothing(index: dict[str, object]) -> None:
    """It is somebody else's."""
    assert child_of(index, PLATFORMS["linux/amd64"]) is None
    assert platforms_of(index) == []
    assert annotation(index, "any") is None


def test_the_digest_of_files_is_that_of_their_list() -> None:
    """`sha256sum` of what `sha256sum` prints, sorted by name."""
    assert digest_of_files({"b": "2", "a": "1"}) == hashlib.sha256(b"1  a\n2  b\n").hexdigest()


@pytest.mark.parametrize(("version", "found"), [("3.13.7", "3.13.7"), ("3.14.0rc1", "3.14.0"), ("3.13", "3.13"), ("2.7.18", ""), ("", "")])
def test_what_a_base_says_of_its_python(version: str, found: str) -> None:
    """As wheels and specifiers want it."""
    assert Base(config={"config": {"Env": [f"PYTHON_VERSION={version}"]}}, layers=()).python == found
