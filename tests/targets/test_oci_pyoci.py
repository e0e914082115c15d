"""Between us and pyoci: what it has published is read by us, and what we publish by its rules (its `docs/design.md`), in a real registry."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest
import requests
from packaging.version import Version
from tests import factory
from tests.index_client import asking
from tests.targets.contract import digests, once
from tests.targets.namespaces import RegistryStand

from pkg_publish.formats.simple_pages import JSON

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.registries import NewRegistry, Registry

ARTIFACT = "application/pyoci.package.v1"
EMPTY = b"{}"


@pytest.fixture(params=["open", "token"])
def stand(request: pytest.FixtureRequest, new_registry: NewRegistry) -> RegistryStand:
    """An empty namespace."""
    return RegistryStand(new_registry(request.param))


def publish_as_pyoci(server: Registry, name: str, version: str, paths: list[Path]) -> None:
    """An index for the version, a manifest with an empty config for each file; no size and no name of a file is written down."""
    repository = f"{server.name}/{name.replace('-', '_')}".lower()
    descriptors = []
    for path in paths:
        data = path.read_bytes()
        layer = {"mediaType": ARTIFACT, "digest": server.put_blob(data, repository), "size": len(data)}
        config = {"mediaType": "application/vnd.oci.empty.v1+json", "digest": server.put_blob(EMPTY, repository), "size": len(EMPTY)}
        manifest = {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "artifactType": ARTIFACT,
            "config": config,
            "layers": [layer],
        }
        text = json.dumps(manifest).encode()
        digest = server.put_manifest(f"sha256:{hashlib.sha256(text).hexdigest()}", text, repository)
        rest = path.name.removeprefix(f"{name.replace('-', '_')}-{version}").removeprefix("-")
        descriptors.append(
            {
                "mediaType": manifest["mediaType"],
                "digest": digest,
                "size": len(text),
                "platform": {"architecture": rest, "os": "any"},
                "annotations": {"com.pyoci.sha256_digest": hashlib.sha256(data).hexdigest(), "org.opencontainers.image.created": "2026-01-01T00:00:00Z"},
            }
        )
    index = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "artifactType": ARTIFACT, "manifests": descriptors}
    server.put_manifest(version.replace("+", "-"), index, repository)


def test_what_pyoci_has_published_is_served(stand: RegistryStand, tmp_path: Path) -> None:
    """Every file under its name, with its digest and its bytes; there is no metadata that could be promised."""
    paths = [factory.wheel(tmp_path, "hello-world", "1.0+cu1"), factory.sdist(tmp_path, "hello-world", "1.0+cu1")]
    publish_as_pyoci(stand.server, "hello-world", "1.0+cu1", paths)

    with asking(stand.target(), named=["hello-world"]) as client:
        page = client.get("/simple/hello-world/", Accept=JSON).json()
        found = {each["filename"]: each for each in page["files"]}
        assert found.keys() == {path.name for path in paths}
        for path in paths:
            assert requests.get(requests.compat.urljoin(f"{client.url}/simple/x/", found[path.name]["url"]), timeout=30).content == path.read_bytes()
            assert found[path.name]["core-metadata"] is False


def listed_by_pyoci(server: Registry, name: str) -> dict[str, str]:
    """All files of a project and their digests, by pyoci's rules: it fails on every tag that is not as it has it."""
    repository = f"{server.name}/{name.replace('-', '_')}".lower()
    found = {}
    for tag in server.tags(repository):
        index: dict[str, Any] = server.index(tag, repository)
        assert index["mediaType"] == "application/vnd.oci.image.index.v1+json"
        assert index["artifactType"] == ARTIFACT
        for each in index["manifests"]:
            assert each["platform"]["os"] == "any"
            architecture, version = each["platform"]["architecture"], tag.replace("-", "+")
            manifest = server.index(each["digest"], repository)
            (layer,) = manifest["layers"]
            assert (manifest["artifactType"], layer["mediaType"]) == (ARTIFACT, ARTIFACT)
            assert layer["digest"] == f"sha256:{each['annotations']['com.pyoci.sha256_digest']}"
            assert json.loads(each["annotations"]["com.pyoci.project_urls"]) == {}
            file = f"{name.replace('-', '_')}-{version}{'' if architecture.startswith('.') else '-'}{architecture}"
            found[file] = hashlib.sha256(server.blob(layer["digest"], repository)).hexdigest()
    return found


def test_pyoci_reads_what_we_publish(stand: RegistryStand, tmp_path: Path) -> None:
    """Several versions, one with a local part; nothing else lies in the repository."""
    releases = [factory.release(tmp_path / version, "hello-world", version, wheels=2) for version in ("1.0", "1.0+cu1", "2.0rc1")]
    for release in releases:
        once(stand.target(jobs="many"), release)

    wanted = {name: sha256 for release in releases for name, sha256 in digests(release).items()}
    assert listed_by_pyoci(stand.server, "hello-world") == wanted
    assert [str(Version(tag.replace("-", "+"))) for tag in stand.server.tags(f"{stand.server.name}/hello_world")] == ["1.0", "1.0+cu1", "2.0rc1"]
