"""The ways to push to a registry: ours, oras-py, oras, skopeo, and what curl does without any comfort."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from tests.real_parts import ROOT, find

from benchmarks.measure import Command
from benchmarks.places import digest
from benchmarks.work import Contender

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from benchmarks.work import Work

INDEX, MANIFEST = (f"application/vnd.oci.image.{each}.v1+json" for each in ("index", "manifest"))
ARTIFACT = "application/pyoci.package.v1"
AT_ONCE = 16


def base_python() -> Path:
    """The interpreter below the environment that we run in: what a user has before anything is installed."""
    return Path(sys.base_prefix) / "bin" / f"python{sys.version_info[0]}.{sys.version_info[1]}"


def ours(targets: str, work: Work, root: Path = ROOT) -> Command:
    """Our command in a checkout, as the README says to start it."""
    return Command([base_python(), root / "run.py", "publish", "--build", "never", "--dist-dir", work.dist, "--targets", targets.format(work.address)])


def _ours(work: Work) -> Iterator[Command]:
    yield ours("oci={}/octo", work)


def _oras_py(work: Work) -> Iterator[Command]:
    yield Command([sys.executable, Path(__file__).with_name("oras_push.py"), work.address, "octo/bench", *work.files])


def _oras(work: Work) -> Iterator[Command]:
    names = [f"{path.name}:{ARTIFACT}" for path in work.files]
    flags = ["--plain-http", "--no-tty", "--concurrency", AT_ONCE, "--artifact-type", ARTIFACT]
    yield Command([str(word) for word in (find("oras"), "push", *flags, f"{work.address}/octo/bench:1.0", *names)], folder=work.dist)


def _layout(work: Work) -> None:
    """What skopeo copies from: an image layout, in which the wheel is a link."""
    blobs = work.folder / "layout" / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    (blobs / digest(work.files[0])).hardlink_to(work.files[0])
    (blobs / hashlib.sha256(b"{}").hexdigest()).write_bytes(b"{}")
    data = _manifest(work.files[0], digest(work.files[0]), hashlib.sha256(b"{}").hexdigest(), 2)
    (blobs / hashlib.sha256(data).hexdigest()).write_bytes(data)
    tag = {"mediaType": MANIFEST, "digest": f"sha256:{hashlib.sha256(data).hexdigest()}", "size": len(data)}
    tag |= {"annotations": {"org.opencontainers.image.ref.name": "1.0"}}
    (work.folder / "layout" / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [tag]}))
    (work.folder / "layout" / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')


def _skopeo(work: Work) -> Iterator[Command]:
    """Its cache of where blobs are lies in its home, which is new each time: else it would find them and send none."""
    flags = ["--insecure-policy", "copy", "--dest-tls-verify=false", "--quiet"]
    yield Command(
        [str(find("skopeo")), *flags, f"oci:{work.folder / 'layout'}:1.0", f"docker://{work.address}/octo/bench:1.0"],
        environ={"HOME": str(work.folder), "XDG_DATA_HOME": str(work.folder / "data"), "XDG_RUNTIME_DIR": str(work.folder)},
    )


def _manifest(path: Path, sha256: str, config: str, size: int) -> bytes:
    layer = {"mediaType": ARTIFACT, "digest": f"sha256:{sha256}", "size": path.stat().st_size}
    settings = {"mediaType": "application/vnd.oci.empty.v1+json", "digest": f"sha256:{config}", "size": size}
    return json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "artifactType": ARTIFACT, "config": settings, "layers": [layer]}).encode()


def _curl(work: Work) -> Iterator[Command]:
    """Hash, open a session for every blob, send it, then every manifest, then the index: the requests of a correct push, with nothing read back."""
    base, folder = f"http://{work.address}/v2/octo/bench", work.folder
    for path in work.files:
        (folder / f"{path.name}.config").write_text(json.dumps({"filename": path.name}))
    blobs = [each for path in work.files for each in (path, folder / f"{path.name}.config")]
    yield _openssl(blobs, folder / "digests")
    digests = _digests(folder / "digests")
    sessions = {path: folder / f"{path.name}.head" for path in blobs}
    yield _curls(folder, [{"url": f"{base}/blobs/uploads/", "request": "POST", "data": "", "dump-header": str(head)} for head in sessions.values()])
    yield _curls(folder, [_upload(f"{_location(base, head)}digest=sha256:{digests[path.name]}", path) for path, head in sessions.items()])
    made = [_written(path, folder, digests) for path in work.files]
    yield _openssl(made, folder / "manifests")
    found = _digests(folder / "manifests")
    yield _curls(folder, [_upload(f"{base}/manifests/sha256:{found[path.name]}", path, MANIFEST) for path in made])
    entries = [{"mediaType": MANIFEST, "digest": f"sha256:{found[path.name]}", "size": path.stat().st_size} for path in made]
    (folder / "index").write_text(json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}))
    yield _curls(folder, [_upload(f"{base}/manifests/1.0", folder / "index", INDEX)])


def _written(path: Path, folder: Path, digests: Mapping[str, str]) -> Path:
    config = folder / f"{path.name}.config"
    manifest = folder / f"{path.name}.manifest"
    manifest.write_bytes(_manifest(path, digests[path.name], digests[config.name], config.stat().st_size))
    return manifest


def _openssl(paths: Sequence[Path], into: Path) -> Command:
    return Command([program("openssl"), "dgst", "-sha256", "-r", "-out", into, *paths])


def _digests(listed: Path) -> dict[str, str]:
    return {Path(name).name: sha256 for sha256, name in re.findall(r"^([0-9a-f]{64}) \*(.+)$", listed.read_text(), re.MULTILINE)}


def _location(base: str, head: Path) -> str:
    """Where a session goes on, ready for one more parameter."""
    found = re.search(r"^location: *(\S+)", head.read_text(), re.IGNORECASE | re.MULTILINE)
    url = urljoin(base, found[1] if found else "")
    return f"{url}{'&' if '?' in url else '?'}"


def _upload(url: str, path: Path, kind: str = "application/octet-stream") -> dict[str, str]:
    return {"url": url, "upload-file": str(path), "header": f"Content-Type: {kind}"}


def _curls(folder: Path, transfers: Sequence[Mapping[str, Any]]) -> Command:
    """One curl that makes all these requests, so many at once."""
    lines = [[*(f"{name} = {json.dumps(value)}" for name, value in each.items()), 'output = "/dev/null"', "fail"] for each in transfers]
    config = folder / "curl"
    config.write_text("\nnext\n".join("\n".join(each) for each in lines))
    return Command([program("curl"), "--silent", "--show-error", "--parallel", "--parallel-max", str(AT_ONCE), "--parallel-immediate", "--config", config])


def program(name: str) -> str:
    """Where a program of the system is; its name when it is not here."""
    return shutil.which(name) or name


def lacks(name: str) -> str:
    """The name of a program that is not here."""
    return "" if shutil.which(name) else name


OURS = Contender(name="pkg-publish", commands=_ours)
ORAS_PY = Contender(name="oras-py", commands=_oras_py)
ORAS = Contender(name="oras", commands=_oras, missing="" if find("oras") else "oras")
SKOPEO = Contender(name="skopeo", commands=_skopeo, prepare=_layout, missing="" if find("skopeo") else "skopeo")
CURL = Contender(name="curl", commands=_curl, missing=lacks("curl") or lacks("openssl"))
