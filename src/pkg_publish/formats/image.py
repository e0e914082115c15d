"""Images (https://github.com/opencontainers/image-spec): what a base says of itself, and config, manifest and index of what is put on it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pkg_publish.formats import oci
from pkg_publish.formats.image_layers import GZIP, LAYERS, Layer
from pkg_publish.formats.oci import Blob

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

CONFIG = "application/vnd.oci.image.config.v1+json"
FILES = f"{oci.OURS}files.sha256"
"""The annotation that tells by which release an image was made."""

LIBRARIES, SCRIPTS = "app/lib", "app/bin"
"""Where in an image everything is installed."""

MEDIA_TYPES = {
    "application/vnd.docker.image.rootfs.diff.tar.gzip": LAYERS[GZIP],
    **{each: each for each in ("application/vnd.oci.image.layer.v1.tar", *LAYERS.values())},
}
"""Layers that a base may have, and what an OCI manifest calls those of Docker."""

MOST_LAYERS = 123
"""That a base may have: engines stop at 125."""

_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REFERENCE = re.compile(
    rf"(?P<name>(?:[A-Za-z0-9.-]+(?::[0-9]+)?/)?{_PART}(?:/{_PART})*)(?::(?P<tag>\w[\w.-]{{0,127}}))?(?:@(?P<digest>sha256:[0-9a-f]{{64}}))?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """An image in a registry, as `docker pull` takes it."""

    host: str
    name: str
    tag: str = ""
    digest: str = ""

    @classmethod
    def read(cls, text: str) -> Reference | None:
        """Read `python:3.13-slim`, `ghcr.io/octo/base@sha256:…`; None: it is none."""
        found = _REFERENCE.fullmatch(text)
        if not found:
            return None
        host, _, name = found["name"].partition("/")
        if not name or not (re.search(r"[.:]", host) or host == "localhost"):
            host, name = "docker.io", found["name"] if name else f"library/{host}"
        if not oci.is_repository(name):
            return None
        digest = found["digest"] or ""
        return cls(host=host, name=name, tag=found["tag"] or ("" if digest else "latest"), digest=digest)

    @property
    def target(self) -> str:
        """What a registry finds it by."""
        return self.digest or self.tag

    def __str__(self) -> str:
        return f"{self.host}/{self.name}{f':{self.tag}' if self.tag else ''}{f'@{self.digest}' if self.digest else ''}"


@dataclass(frozen=True, slots=True)
class Platform:
    """What an image runs on."""

    architecture: str
    """As Go calls it."""

    @property
    def machine(self) -> str:
        """As wheels call it."""
        return MACHINES[self.architecture]

    @property
    def descriptor(self) -> dict[str, str]:
        """As an index has it."""
        return {"architecture": self.architecture, "os": "linux"}

    def __str__(self) -> str:
        return f"linux/{self.architecture}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What wheels must fit."""

    platform: Platform
    libc: str
    """`gnu` or `musl`."""
    python: str
    """`3.13`"""

    def __str__(self) -> str:
        return f"{self.platform} with Python {self.python}"


MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
PLATFORMS = {str(each): each for each in map(Platform, MACHINES)}
"""All that an image can be made for, by their names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """An image for one platform that something is put on."""

    config: Mapping[str, Any]
    layers: tuple[Layer, ...]

    @classmethod
    def read(cls, manifest: Mapping[str, Any], config: Mapping[str, Any], what: str) -> Base:
        """From its manifest and config; raises `Integrity`."""
        match manifest, config:
            case {"layers": list(layers)}, {"rootfs": {"diff_ids": list(diff_ids)}} if len(layers) == len(diff_ids):
                if len(layers) > MOST_LAYERS:
                    raise oci.broken(f"{what} has {len(layers)} layers, and with two more no engine takes it")
                found = tuple(_layer(layer, diff_id, what) for layer, diff_id in zip(layers, diff_ids, strict=True))
            case _:
                raise oci.broken(f"{what} is no image: its config and its layers do not agree")
        return cls(config=config, layers=found)

    @property
    def settings(self) -> dict[str, Any]:
        """How it runs."""
        return _mapping(self.config.get("config"))

    @property
    def environment(self) -> dict[str, str]:
        """The variables that it sets."""
        pairs = (str(each).partition("=") for each in _list(self.settings.get("Env")))
        return {name: value for name, _, value in pairs}

    @property
    def python(self) -> str:
        """`3.13.7`, as the official images of Python say it; empty where nothing is said."""
        found = re.match(r"3\.[0-9]+(\.[0-9]+)?", self.environment.get("PYTHON_VERSION", ""))
        return found[0] if found else ""

    @property
    def libc(self) -> str:
        """`musl` if it was made from Alpine; else `gnu`."""
        return "musl" if "alpine" in str(self.config.get("history")).lower() else "gnu"


def _mapping(found: object) -> dict[str, Any]:
    """What may be anything, if it is a mapping; else an empty one."""
    return dict(found) if isinstance(found, dict) else {}


def _list(found: object) -> list[Any]:
    return found if isinstance(found, list) else []


def _layer(descriptor: object, diff_id: object, what: str) -> Layer:
    media_type = str(descriptor.get("mediaType")) if isinstance(descriptor, dict) else ""
    if media_type not in MEDIA_TYPES or not oci.is_digest(str(diff_id)):
        raise oci.broken(f"{what} has a layer that nobody may hand on: {media_type[:100]!r}")
    return Layer(blob=Blob.read(descriptor, what), diff_id=str(diff_id), media_type=MEDIA_TYPES[media_type])


def child_of(index: Mapping[str, Any], platform: Platform) -> str | None:
    """The digest of the image for a platform; None: the index has none."""
    for each in _list(index.get("manifests")):
        match each:
            case {"digest": str(digest), "platform": {"os": "linux", "architecture": platform.architecture}} if oci.is_digest(digest):
                return digest
    return None


def platforms_of(index: Mapping[str, Any]) -> list[str]:
    """The platforms that an index has something for, as people write them."""
    found = [_mapping(_mapping(each).get("platform")) for each in _list(index.get("manifests"))]
    return sorted({f"{each.get('os')}/{each.get('architecture')}" for each in found if each.get("os", "unknown") != "unknown"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What is put on a base, the same for all platforms."""

    entrypoint: Sequence[str]
    user: str
    """Empty: as the base has it."""
    labels: Mapping[str, str] = field(default_factory=dict)
    created: str
    """RFC 3339."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An image for one platform."""

    platform: Platform
    config: bytes
    manifest: bytes

    @classmethod
    def of(cls, base: Base, platform: Platform, added: Mapping[str, Layer], recipe: Recipe, annotations: Mapping[str, str]) -> Image:
        """Put layers on a base; each is `added` under what the history says of it."""
        layers = [*base.layers, *added.values()]
        path = base.environment.get("PATH") or "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        libraries = ":".join(filter(None, [f"/{LIBRARIES}", base.environment.get("PYTHONPATH")]))
        environment = base.environment | {"PATH": f"/{SCRIPTS}:{path}", "PYTHONPATH": libraries}
        settings = base.settings | {"Entrypoint": list(recipe.entrypoint), "Env": [f"{name}={value}" for name, value in environment.items()]}
        settings["Labels"] = {**_mapping(base.settings.get("Labels")), **annotations, **recipe.labels}
        settings |= {"User": recipe.user} if recipe.user else {}
        settings.pop("Cmd", None)  # it was meant for another program
        known = {name: base.config[name] for name in ("architecture", "os", "variant") if name in base.config}
        history = [*_list(base.config.get("history")), *({"created": recipe.created, "created_by": "pkg-publish", "comment": each} for each in added)]
        rootfs = {"type": "layers", "diff_ids": [each.diff_id for each in layers]}
        config = oci.encode({**known, "created": recipe.created, "config": settings, "rootfs": rootfs, "history": history})
        manifest = oci.encode(
            {
                "schemaVersion": 2,
                "mediaType": oci.MANIFEST,
                "config": {"mediaType": CONFIG, "digest": oci.digest_of(config), "size": len(config)},
                "layers": [{"mediaType": each.media_type, "digest": each.blob.digest, "size": each.blob.size} for each in layers],
                "annotations": dict(annotations),
            }
        )
        return cls(platform=platform, config=config, manifest=manifest)


def index(images: Iterable[Image], annotations: Mapping[str, str]) -> bytes:
    """One image for several platforms."""
    manifests = [
        {"mediaType": oci.MANIFEST, "digest": oci.digest_of(each.manifest), "size": len(each.manifest), "platform": each.platform.descriptor} for each in images
    ]
    return oci.encode({"schemaVersion": 2, "mediaType": oci.INDEX, "manifests": manifests, "annotations": dict(annotations)})


def annotation(index: Mapping[str, Any], name: str) -> str | None:
    """What an index, which may be anybody's, says of itself; None: nothing."""
    value = _mapping(index.get("annotations")).get(name)
    return value if isinstance(value, str) else None


def digest_of_files(digests: Mapping[str, str | None]) -> str:
    """The sha256 of a release: of the list that `sha256sum` makes of its files, sorted by name."""
    lines = "".join(f"{sha256}  {name}\n" for name, sha256 in sorted(digests.items()))
    return hashlib.sha256(lines.encode()).hexdigest()
