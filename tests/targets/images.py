"""Images in real registries: bases that the tests make, a target as the configuration makes it, and what a registry holds, read without our code."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import shutil
import sys
import tarfile
import tempfile
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name
from packaging.version import Version
from tests import factory, real_parts
from tests.servers.front import Fault
from tests.servers.ghcr import Package, digest_of

from pkg_publish.build import Gatherer
from pkg_publish.model import Item, Release
from pkg_publish.runner import Runner
from pkg_publish.targets.base import Ambient, Gathered, TargetSpec
from pkg_publish.targets.container_image import ContainerImage, ContainerImageKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.servers.ghcr import Ghcr
    from tests.servers.registries import Registry

    from pkg_publish.formats.image import Machine
    from pkg_publish.watch import Watch

OCI = "application/vnd.oci.image"
PYTHON = ".".join(map(str, sys.version_info[:2]))
BOTH = ("amd64", "arm64")
COMMIT = "0123456789abcdef0123456789abcdef01234567"
JOB = Runner(repository="octo/demo", sha=COMMIT, event={"repository": {"visibility": "public"}})
SCRIPTS = "demo = demo:main\n"
_KEPT = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
UV_CACHE = f"{_KEPT.name}/uv"
"""Of one session: in a cache that stays, the files of every test would stay."""


def tar(files: Mapping[str, bytes], mode: int = 0o755) -> bytes:
    """A tar of some files."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(content), mode
            archive.addfile(info, io.BytesIO(content))
    return data.getvalue()


PLAIN = tar({"etc/os-release": b"ID=tests\n", f"usr/local/bin/python{PYTHON}": b"no python at all"})


class Bases:
    """Base images in a registry, under a name of their own."""

    def __init__(self, server: Registry) -> None:
        self.server, self.name = server, f"{server.name}/base"

    @property
    def reference(self) -> str:
        """The base for both platforms."""
        return f"{self.server.host}/{self.name}:1"

    plain = PLAIN

    def digest(self, tag: str = "1") -> str:
        """What a tag leads to."""
        return digest_of(self.server.manifest(tag, self.name))

    def layer(self, tag: str = "1") -> str:
        """The digest of the layer that the images of both platforms have."""
        child = self.server.index(tag, self.name)["manifests"][1]["digest"]
        return str(self.server.index(child, self.name)["layers"][0]["digest"])

    def put(self, tag: str = "1", *, layer: bytes = PLAIN, platforms: tuple[str, ...] = BOTH, **settings: Any) -> str:  # noqa: ANN401 - what a config holds
        """Make an index; returns its digest. `settings` are the config's, like `Env`."""
        children = [(each, self.image(layer, each, **dict(settings))) for each in platforms]
        manifests = [
            {"mediaType": f"{OCI}.manifest.v1+json", "digest": digest, "size": size, "platform": {"os": "linux", "architecture": each}}
            for each, (digest, size) in children
        ]
        attestation = {**manifests[0], "platform": {"os": "unknown", "architecture": "unknown"}}
        index = {"schemaVersion": 2, "mediaType": f"{OCI}.index.v1+json", "manifests": [attestation, *manifests]}
        return self.server.put_manifest(tag, index, self.name)

    def image(self, layer: bytes, architecture: str, tag: str = "", **settings: Any) -> tuple[str, int]:  # noqa: ANN401 - what a config holds
        """Make an image of one layer, which is packed unless `packing` is empty; returns its digest and size."""
        packing, history = settings.pop("packing", "+gzip"), settings.pop("history", [{"created_by": "the tests"}])
        packed = gzip.compress(layer, 1, mtime=0) if packing else layer
        document = {"config": settings, "rootfs": {"type": "layers", "diff_ids": [digest_of(layer)]}, "history": history}
        config = json.dumps({"architecture": architecture, "os": "linux", **document}).encode()
        parts = [(self.server.put_blob(each, self.name), len(each)) for each in (config, packed)]
        config_part, layer_part = ({"digest": digest, "size": size} for digest, size in parts)
        manifest = {
            "schemaVersion": 2,
            "mediaType": f"{OCI}.manifest.v1+json",
            "config": {"mediaType": f"{OCI}.config.v1+json", **config_part},
            "layers": [{"mediaType": f"{OCI}.layer.v1.tar{packing}", **layer_part}],
        }
        data = json.dumps(manifest).encode()
        return self.server.put_manifest(tag or digest_of(data), data, self.name), len(data)

    def put_config(self, manifest: dict[str, Any], config: Mapping[str, Any]) -> None:
        """Tag this manifest, with another config, as `bad`."""
        data = json.dumps(config).encode()
        self.server.put_blob(data, self.name)
        part = {**manifest["config"], "digest": digest_of(data), "size": len(data)}
        self.server.put_manifest("bad", {**manifest, "config": part}, self.name)


def put_base(server: Ghcr, name: str) -> str:
    """Make the stand for GHCR hold a base, for all to read; its reference."""
    layer, package = gzip.compress(PLAIN, mtime=0), Package(public=True)
    manifests = []
    for each in BOTH:
        config = json.dumps({"architecture": each, "os": "linux", "rootfs": {"diff_ids": [digest_of(PLAIN)]}}).encode()
        package.blobs |= {digest_of(data): data for data in (config, layer)}
        docker = {"mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip", "digest": digest_of(layer), "size": len(layer)}
        parts = {"config": {"digest": digest_of(config), "size": len(config)}, "layers": [docker]}
        data = json.dumps({"schemaVersion": 2, "mediaType": f"{OCI}.manifest.v1+json", **parts}).encode()
        package.manifests[digest_of(data)] = data
        manifests.append({"digest": digest_of(data), "size": len(data), "platform": {"os": "linux", "architecture": each}})
    index = json.dumps({"schemaVersion": 2, "mediaType": f"{OCI}.index.v1+json", "manifests": manifests}).encode()
    package.manifests[digest_of(index)] = index
    package.tags["1"] = digest_of(index)
    server.registry.packages[name] = package
    return f"{server.host}/{name}:1"


def program(
    folder: Path, version: str = "1.0", *, name: str = "demo", scripts: str = SCRIPTS, extra: str = "", sdist: bool = True, says: str = "hello"
) -> Release:
    """A release of a project that has a program."""
    module = canonicalize_name(name).replace("-", "_")
    scripts = scripts.replace("demo:", f"{module}:")
    code = f"import sys\n\ndef main():\n    print({says!r}, *sys.argv[1:])\n".encode()
    more = {f"{module}/__main__.py": b"print('as a module')\n"}
    more |= {f"{module}-{version}.dist-info/entry_points.txt": f"[console_scripts]\n{scripts}".encode()} if scripts else {}
    paths = [factory.wheel(folder, name, version, content=code, extra=extra, more=more)]
    paths += [factory.sdist(folder, name, version)] if sdist else []
    return Release(
        project=canonicalize_name(name), version=str(Version(version)), distributions=tuple(factory.distribution(each, name, version) for each in paths)
    )


@dataclass(frozen=True, slots=True)
class Remembering:
    """Installs as the product does, and what was installed before in this session from the same files not once more."""

    gatherer: Gatherer
    scratch: Path

    def __call__(self, release: Release, extras: str, machine: Machine, watch: Watch) -> Gathered:
        """What lies beside the release, and the lock, are all that counts, for there is no index; and the machine, where a wheel is for one alone."""
        (lies,) = {each.path.parent for each in release.distributions}
        beside = tuple(sorted((path.name, hashlib.sha256(path.read_bytes()).hexdigest()) for path in lies.iterdir()))
        for_all = all(name.endswith(("-any.whl", ".tar.gz")) for name, _ in beside)
        key = (release.project, release.version, beside, self.gatherer.lock, extras, None if for_all else machine)
        with _ONE:
            if key not in _GATHERED:
                gathered = self.gatherer(release, extras, machine, watch)
                kept = Path(_KEPT.name, f"{len(_GATHERED)}")
                _GATHERED[key] = (Path(shutil.copytree(gathered.folder, kept)), gathered.pins)
            kept, pins = _GATHERED[key]
        self.scratch.mkdir(parents=True, exist_ok=True)
        return Gathered(folder=Path(shutil.copytree(kept, Path(tempfile.mkdtemp(dir=self.scratch)) / "target")), pins=pins)


_GATHERED: dict[object, tuple[Path, Sequence[str]]] = {}
_ONE = threading.Lock()


def ambient(scratch: Path, runner: Runner = JOB, project: Path | None = None, **environ: str) -> Ambient:
    """A run that installs, from nowhere but the release's own folder unless `environ` says more."""
    environ = {"PATH": f"{Path(sys.executable).parent}:{real_parts.ENVIRON['PATH']}", "PIP_NO_INDEX": "1", "UV_CACHE_DIR": UV_CACHE, **environ}
    gatherer = Gatherer(project=project or scratch, scratch=scratch / "images", environ=environ)
    gather = Remembering(gatherer, scratch / "images") if environ["PIP_NO_INDEX"] else gatherer
    return Ambient(folder=scratch, environ=environ, runner=runner, gather=gather)


def make(name: str, scratch: Path, login: tuple[str, str] | None = None, run: Ambient | None = None, **options: str) -> ContainerImage:
    """A target as the configuration makes it."""
    run = run or ambient(scratch)
    given = {"username": login[0], "password-env": "REGISTRY_PASSWORD"} if login else {}
    environ = {**run.environ, "REGISTRY_PASSWORD": login[1] if login else ""}
    return ContainerImageKind().make(TargetSpec(kind="container-image", options={"name": name} | given | options), replace(run, environ=environ))


class ImageStand:
    """An image in a real registry, on a base in the same one."""

    def __init__(self, server: Registry, scratch: Path, **options: str) -> None:
        self.server, self.scratch, self.options = server, scratch, options
        self.bases = Bases(server)
        self.bases.put()
        self.login = (server.username, server.password) if server.username else None

    def target(self, run: Ambient | None = None, **options: str) -> ContainerImage:
        """The image, with its user."""
        return make(self.server.reference, self.scratch, self.login, run, **({"base": self.bases.reference} | self.options | options))

    def target_with(self, username: str | None, password: str | None) -> ContainerImage:
        """The image, with another user or none."""
        login = (username, password) if username and password else None
        return make(self.server.reference, self.scratch, login, base=self.bases.reference)

    def answer_writes(self, *statuses: int) -> None:
        """Let the front fail."""
        self.server.front.fail_writes(*(Fault(status=status) for status in statuses))

    def writes(self) -> int:
        """What passed the front."""
        return self.server.front.writes()

    @staticmethod
    def wanted(release: Release) -> list[Item]:
        """The version's tag, with the sha256 of what `sha256sum` prints of the files, as a shell would make it."""
        lines = [f"{each.sha256}  {each.name}\n" for each in sorted(release.distributions, key=lambda each: each.name)]
        tag = release.version.replace("+", "-").replace("!", "_")
        return [Item(name=tag, sha256=hashlib.sha256("".join(lines).encode()).hexdigest())]

    def digest(self, tag: str) -> str:
        """What a tag leads to."""
        return digest_of(self.server.manifest(tag))

    def stored(self, release: Release) -> dict[str, str]:
        """By tag, what the image says of the files that it was made of; every part of it is fetched and hashed."""
        (item,) = self.wanted(release)
        tag = item.name
        if not self.server.has(tag):
            return {}
        index = self.server.index(tag)
        for each in index["manifests"]:
            manifest = self.server.index(each["digest"])
            for part in (manifest["config"], *manifest["layers"]):
                self.server.blob(part["digest"])
        return {tag: index["annotations"]["io.github.pkg-publish-action.files.sha256"]}

    def config(self, tag: str, architecture: str = "amd64") -> dict[str, Any]:
        """How an image runs."""
        found: dict[str, Any] = json.loads(self.server.blob(self.manifest(tag, architecture)["config"]["digest"]))
        return found

    def manifest(self, tag: str, architecture: str = "amd64") -> dict[str, Any]:
        """The manifest for a platform."""
        (digest,) = [each["digest"] for each in self.server.index(tag)["manifests"] if each["platform"] == {"os": "linux", "architecture": architecture}]
        return self.server.index(digest)

    def repack(self, tag: str, layer: int) -> str:
        """Pack a layer of all platforms otherwise, and move the tag to the image that has it so; its digest."""
        index, digest = self.server.index(tag), ""
        for child in index["manifests"]:
            manifest = self.server.index(child["digest"])
            data = gzip.compress(gzip.decompress(self.server.blob(manifest["layers"][layer]["digest"])), 1, mtime=0)
            digest = self.server.put_blob(data)
            manifest["layers"][layer] |= {"digest": digest, "size": len(data)}
            whole = json.dumps(manifest).encode()
            child |= {"digest": self.server.put_manifest(digest_of(whole), whole), "size": len(whole)}
        self.server.put_manifest(tag, index)
        return digest

    def files(self, tag: str, layer: int) -> dict[str, tarfile.TarInfo]:
        """What a layer holds."""
        with self._opened(tag, layer) as archive:
            return {member.name: member for member in archive}

    def read(self, tag: str, layer: int, name: str) -> bytes:
        """A file of a layer."""
        with self._opened(tag, layer) as archive:
            content = archive.extractfile(name)
            assert content is not None
            return content.read()

    def _opened(self, tag: str, layer: int) -> tarfile.TarFile:
        return tarfile.open(fileobj=io.BytesIO(self.server.blob(self.manifest(tag)["layers"][layer]["digest"])))
