"""Distributions as OCI artifacts: names, tags, manifests."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version
from tests import factory

from pkg_publish.errors import Integrity, Invalid
from pkg_publish.formats import oci

if TYPE_CHECKING:
    from pathlib import Path

    from pkg_publish.model import Distribution

NUMBERS = st.integers(0, 3000)
LOCAL = st.lists(st.from_regex(r"[a-z0-9]{1,6}", fullmatch=True), min_size=1, max_size=3).map(".".join)
VERSIONS = st.builds(
    lambda epoch, release, pre, post, dev, local: str(Version(f"{epoch}{release}{pre}{post}{dev}{local}")),
    st.one_of(st.just(""), NUMBERS.map("{}!".format)),
    st.lists(NUMBERS, min_size=1, max_size=4).map(lambda parts: ".".join(map(str, parts))),
    st.one_of(st.just(""), st.builds("{}{}".format, st.sampled_from(["a", "b", "rc"]), NUMBERS)),
    st.one_of(st.just(""), NUMBERS.map(".post{}".format)),
    st.one_of(st.just(""), NUMBERS.map(".dev{}".format)),
    st.one_of(st.just(""), LOCAL.map("+{}".format)),
)


@pytest.fixture
def wheel(tmp_path: Path) -> Distribution:
    """A wheel of a project with capitals in its name."""
    return factory.release(tmp_path, "Hello.World", "1.0").distributions[0]


@given(VERSIONS)
def test_every_version_is_found_again_by_its_tag(version: str) -> None:
    """A tag is one that registries take, and the version comes back from it: so no two share one."""
    tag = oci.tag_of(version)

    assert re.fullmatch(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}", tag)
    assert oci.version_of(tag) == version


@given(VERSIONS)
def test_tags_are_pyocis_but_for_epochs(version: str) -> None:
    """A `+` is a `-` there, and a `!` nothing."""
    if "!" not in version:
        assert oci.tag_of(version) == version.replace("+", "-")


@pytest.mark.parametrize(("tag", "version"), [("1.0-cu124.x", "1.0+cu124.x"), ("1_2.0", "1!2.0"), ("1.0.RC1", "1.0rc1"), ("1.0-1", "1.0+1")])
def test_a_tag_names_a_normalised_version(tag: str, version: str) -> None:
    """Also where another program did not normalise it."""
    assert oci.version_of(tag) == version


@pytest.mark.parametrize("tag", ["latest", "", "sha256-" + "a" * 64, "bar-1.0", "1.0_1", "buildcache", "1" * 5000], ids=lambda tag: tag[:20])
def test_other_tags_name_no_version(tag: str) -> None:
    """Aliases, signatures, caches."""
    assert oci.version_of(tag) is None


def test_a_version_that_no_tag_can_hold_is_invalid() -> None:
    """128 characters fit and 129 do not; the cure says what to shorten."""
    assert len(oci.tag_of("1+" + "a" * 126)) == 128
    with pytest.raises(Invalid, match="129 characters") as caught:
        oci.tag_of("1+" + "a" * 127)
    assert caught.value.code == "version-too-long"


def test_a_project_has_the_name_that_pyoci_gives_it() -> None:
    """Its listing is asked for the normalised name, and looks for it with `_`."""
    assert oci.repository_name("foo-bar-baz") == "foo_bar_baz"


@pytest.mark.parametrize("name", ["a", "octo/repo/hello_world", "a.b/c__d/e---f", "0/" + "x" * 253])
def test_names_that_registries_take(name: str) -> None:
    """The specification's grammar, up to 255 characters."""
    assert oci.is_repository(name)


@pytest.mark.parametrize("name", ["", "Octo/repo", "a//b", "/a", "a/", "a_", "a..b", "a___b", "ü", "a b", "0/" + "x" * 254, "a\n"])
def test_names_that_registries_refuse(name: str) -> None:
    """Capitals, empty parts, separators at the ends, too long."""
    assert not oci.is_repository(name)


def test_the_manifest_of_a_file(wheel: Distribution) -> None:
    """What pyoci asks for: its artifact type and exactly one layer. The title is the name under which oras saves it."""
    made = oci.Artifact.of(wheel, "1.0", source="https://github.com/octo/hello", revision="abc")

    manifest = json.loads(made.manifest)
    assert manifest["artifactType"] == "application/pyoci.package.v1"
    assert manifest["config"] == {"mediaType": oci.CONFIG, "digest": oci.digest_of(made.config), "size": len(made.config)}
    assert manifest["layers"] == [
        {
            "mediaType": "application/pyoci.package.v1",
            "digest": f"sha256:{wheel.sha256}",
            "size": wheel.size,
            "annotations": {"org.opencontainers.image.title": wheel.name},
        }
    ]
    assert manifest["annotations"] == {
        "io.github.pkg-publish-action.layout": "1",
        "org.opencontainers.image.source": "https://github.com/octo/hello",
        "org.opencontainers.image.version": "1.0",
        "org.opencontainers.image.revision": "abc",
    }


def test_the_entry_of_a_file(wheel: Distribution) -> None:
    """What pyoci lists by, and what a package index says more: name, size, Python, metadata."""
    made = oci.Artifact.of(wheel, "1.0")

    assert made.entry.manifest == oci.digest_of(made.manifest)
    assert made.entry.descriptor == {
        "mediaType": oci.MANIFEST,
        "digest": oci.digest_of(made.manifest),
        "size": len(made.manifest),
        "platform": {"architecture": "py3-none-any.whl", "os": "any"},
        "annotations": {
            "com.pyoci.sha256_digest": wheel.sha256,
            "com.pyoci.project_urls": "{}",
            "io.github.pkg-publish-action.filename": wheel.name,
            "io.github.pkg-publish-action.size": str(wheel.size),
            "io.github.pkg-publish-action.requires-python": ">=3.8",
            "io.github.pkg-publish-action.core-metadata.sha256": hashlib.sha256(wheel.metadata).hexdigest(),
        },
    }


@pytest.mark.parametrize(
    ("name", "architecture"),
    [
        ("demo-1.0-1-cp311-cp311-musllinux_1_2_x86_64.whl", "1-cp311-cp311-musllinux_1_2_x86_64.whl"),
        ("demo-1.0.tar.gz", ".tar.gz"),
        ("Some-Name-1.0.tar.gz", ".tar.gz"),
        ("demo-1.0.zip", ".zip"),
    ],
)
def test_files_are_told_apart_as_pyoci_does(wheel: Distribution, name: str, architecture: str) -> None:
    """The platform's architecture is the rest of the file name; it is no architecture that Go knows."""
    made = oci.Artifact.of(replace(wheel, name=name), "1.0")

    assert made.entry.descriptor["platform"] == {"architecture": architecture, "os": "any"}


def test_what_is_not_known_is_not_said(wheel: Distribution) -> None:
    """No empty annotations at home, and none for a file without Requires-Python."""
    made = oci.Artifact.of(replace(wheel, requires_python=None), "1.0")

    assert "io.github.pkg-publish-action.requires-python" not in made.entry.descriptor["annotations"]
    assert json.loads(made.manifest)["annotations"].keys() == {"io.github.pkg-publish-action.layout", "org.opencontainers.image.version"}


def test_projects_links_are_pyocis(wheel: Distribution) -> None:
    """They are the JSON text that its `/json` route reads."""
    metadata = factory.core_metadata("hello", "1.0", "Project-URL: Home, https://example.org/ü\n")

    made = oci.Artifact.of(replace(wheel, metadata=metadata), "1.0")

    assert json.loads(made.entry.descriptor["annotations"]["com.pyoci.project_urls"]) == {"Home": "https://example.org/ü"}


@pytest.mark.parametrize("metadata", [b"Name: a\r\nSummary: \xc3\xbc \xf0\x9f\x90\x8d\r\n", b"Name: a\nAuthor: M\xfcller \xed\xa0\x80\n", b""])
def test_metadata_comes_back_byte_for_byte(wheel: Distribution, metadata: bytes) -> None:
    """Also with other line ends, and what is not UTF-8: installers compare its digest."""
    made = oci.Artifact.of(replace(wheel, metadata=metadata), "1.0")

    assert oci.metadata_in(made.config, wheel.name) == metadata
    assert json.loads(made.config)["filename"] == wheel.name


def test_a_config_without_metadata_has_none() -> None:
    """As pyoci's, which is empty."""
    assert oci.metadata_in(b"{}", "x.whl") == b""


def test_metadata_that_is_no_text_is_broken() -> None:
    """A lone surrogate that no metadata of ours has."""
    with pytest.raises(Integrity):
        oci.metadata_in(b'{"metadata":"\\ud800"}', "x.whl")


def test_the_same_file_gives_the_same_bytes(wheel: Distribution) -> None:
    """No time and no order of chance is in them; these digests stay as they are."""
    fixed = replace(wheel, sha256="0" * 64, size=1, metadata=b"Name: hello\n")

    made = oci.Artifact.of(fixed, "1.0", source="https://github.com/octo/hello", revision="abc")

    assert oci.digest_of(made.config) == "sha256:c38b5874ca66b0931ba21986e93ae455de8eefbb41cf8917b6b6b854289b4b8e"
    assert oci.digest_of(made.manifest) == "sha256:81069e52397cd05cd53b6b94f1040fe2c1422dec5a61a3c6697c885d1a79c10f"


def test_a_manifest_is_read(wheel: Distribution) -> None:
    """Config and file, by digest and size."""
    made = oci.Artifact.of(wheel, "1.0")

    parts = oci.FileManifest.read(made.manifest, wheel.name)

    assert parts.layer == oci.Blob(f"sha256:{wheel.sha256}", wheel.size)
    assert parts.config == oci.Blob(oci.digest_of(made.config), len(made.config))


GOOD: dict[str, Any] = {"digest": "sha256:" + "a" * 64, "size": 1}


@pytest.mark.parametrize(
    "found",
    [
        [],
        {"config": GOOD},
        {"config": GOOD, "layers": []},
        {"config": GOOD, "layers": [GOOD, GOOD]},
        {"config": GOOD, "layers": ["x"]},
        {"config": GOOD | {"size": -1}, "layers": [GOOD]},
        {"config": GOOD | {"size": "1"}, "layers": [GOOD]},
        {"config": GOOD | {"size": 10**400}, "layers": [GOOD]},
        {"config": GOOD | {"digest": "sha256:../../etc/passwd"}, "layers": [GOOD]},
        {"config": GOOD, "layers": [GOOD | {"digest": "sha512:" + "a" * 128}]},
    ],
    ids=repr,
)
def test_a_broken_manifest_is_refused(found: Any) -> None:  # noqa: ANN401 - any JSON
    """Whatever stands in it, nothing but `Integrity` comes out."""
    with pytest.raises(Integrity):
        oci.FileManifest.read(json.dumps(found).encode(), "x.whl")


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b"[" * 100_000, b'{"a":' + b"9" * 5000 + b"}"], ids=["empty", "cut", "binary", "deep", "long"])
def test_what_is_no_json_is_refused(data: bytes) -> None:
    """Cut, binary, nested without end, numbers without end."""
    with pytest.raises(Integrity):
        oci.document(data, "a test")


def test_numbers_that_json_does_not_have_are_not_written() -> None:
    """Python reads `1e999` and would write `Infinity`."""
    with pytest.raises(Integrity, match="a number that is none"):
        oci.encode(oci.document(b'{"a": 1e999}', "a test"))


def test_what_is_nested_without_end_is_not_written() -> None:
    """Whoever reads less deeply than we do is spared."""
    value: dict[str, Any] = {}
    for _ in range(100_000):
        value = {"a": value}
    with pytest.raises(Integrity, match="nested"):
        oci.encode(value)
