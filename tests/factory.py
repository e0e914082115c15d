"""Wheels, sdists and releases made in code: real files, as small as they can be."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import tarfile
import zipfile
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name
from packaging.version import Version

from pkg_publish.model import Distribution, Filetype, Release, Stamp

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def core_metadata(name: str, version: str, extra: str = "") -> bytes:
    """The METADATA of a project that has nothing to say."""
    return f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nSummary: a test\nRequires-Python: >=3.8\n{extra}\n".encode()


def wheel(
    folder: Path,
    name: str = "demo",
    version: str = "1.0",
    *,
    tag: str = "py3-none-any",
    content: bytes = b"x = 1\n",
    extra: str = "",
    more: Mapping[str, bytes] | None = None,
) -> Path:
    """Write a wheel that pip installs; `extra` are more lines of its metadata, `more` are files beside the usual ones."""
    stem = f"{canonicalize_name(name).replace('-', '_')}-{version}"
    module = canonicalize_name(name).replace("-", "_")
    files = {
        f"{module}/__init__.py": content,
        f"{stem}.dist-info/METADATA": core_metadata(name, version, extra),
        f"{stem}.dist-info/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n".encode(),
        **(more or {}),
    }
    lines = [f"{path},sha256={_urlsafe(data)},{len(data)}" for path, data in files.items()]
    files[f"{stem}.dist-info/RECORD"] = "\n".join([*lines, f"{stem}.dist-info/RECORD,,", ""]).encode()
    path = folder / f"{stem}-{tag}.whl"
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, data in files.items():
            archive.writestr(zipfile.ZipInfo(member, (2020, 1, 1, 0, 0, 0)), data)
    return path


def _urlsafe(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def sdist(folder: Path, name: str = "demo", version: str = "1.0", *, content: bytes = b"x = 1\n") -> Path:
    """Write an sdist that pip builds."""
    module = canonicalize_name(name).replace("-", "_")
    stem = f"{module}-{version}"
    pyproject = f'[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n[project]\nname = "{name}"\nversion = "{version}"\n'
    files = {"PKG-INFO": core_metadata(name, version), "pyproject.toml": pyproject.encode(), f"{module}/__init__.py": content}
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0) as zipped, tarfile.open(fileobj=zipped, mode="w") as archive:
        for member, data in files.items():
            info = tarfile.TarInfo(f"{stem}/{member}")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{stem}.tar.gz"
    path.write_bytes(buffer.getvalue())
    return path


def distribution(path: Path, name: str, version: str) -> Distribution:
    """A file of `wheel` or `sdist` as preflight would make it."""
    with path.open("rb") as file:
        stamp = Stamp.of(file)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Distribution(
        name=path.name,
        sha256=digest,
        path=path,
        filetype=Filetype.WHEEL if path.suffix == ".whl" else Filetype.SDIST,
        size=stamp.size,
        stamp=stamp,
        metadata=core_metadata(name, version),
        requires_python=">=3.8",
    )


def release(folder: Path, name: str = "demo", version: str = "1.0", *, wheels: int = 1, with_sdist: bool = True) -> Release:
    """A release of so many wheels, for different Pythons if there are several, and an sdist."""
    tags = ["py3-none-any"] if wheels == 1 else [f"cp3{minor}-none-any" for minor in range(8, 8 + wheels)]
    paths = [wheel(folder, name, version, tag=tag) for tag in tags]
    if with_sdist:
        paths.append(sdist(folder, name, version))
    return Release(
        project=canonicalize_name(name),
        version=str(Version(version)),
        distributions=tuple(distribution(path, name, version) for path in paths),
    )


def project(folder: Path, name: str = "demo", version: str = "1.0") -> Path:
    """Write a project that flit builds."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pyproject.toml").write_text(
        f'[build-system]\nrequires = ["flit_core"]\nbuild-backend = "flit_core.buildapi"\n'
        f'[project]\nname = "{name}"\nversion = "{version}"\ndescription = "a test"\nrequires-python = ">=3.8"\n'
    )
    (folder / f"{name}.py").write_text("x = 1\n")
    return folder
