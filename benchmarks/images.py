"""`python -m benchmarks.images`: a release as an image for two platforms, beside buildah: a first one, and the next with unchanged dependencies."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from tests.real_parts import ENVIRON, ROOT, find
from tests.servers.front import Front
from tests.servers.registries import Registry, distribution
from tests.targets import debian

from benchmarks.machine import load, machine
from benchmarks.measure import Command, Failed, timed
from benchmarks.registry_ways import base_python
from benchmarks.work import environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

PAGE = ROOT / "docs" / "performance-images.md"
NAME, VERSIONS = "yamllint", ("1.37.0", "1.37.1")
"""A real program, pure, which depends on one that is compiled; both releases need the same."""
PLATFORMS = {"amd64": "x86_64-manylinux_2_28", "arm64": "aarch64-manylinux_2_28"}
UV = Path(sys.executable).parent / "uv"
CONTAINERFILE = """FROM {base}
ARG TARGETARCH
COPY $TARGETARCH/others /app/lib
COPY $TARGETARCH/project /app/lib
ENV PYTHONPATH=/app/lib
ENTRYPOINT ["python3", "-m", "yamllint"]
"""

HEAD = """\
# Images beside buildah

Made by `python -m benchmarks.images`. A release of yamllint, which depends on PyYAML, becomes an image for amd64 and arm64 on Debian with a
Python, in a registry on this machine, in which the base lies, too. The first release finds no image of it; the next has the same dependencies.
Wheels lie in a cache for both. buildah (`--isolation chroot`, `vfs`) copies folders that `uv pip install --target` has filled, which counts: no
step runs in its images, so that none waits for an emulated arm64. `docker build` would run `pip install` there, or copy as well.

Figures are medians, in brackets the least and the most; bytes are those of all requests that write.
"""


@dataclass(frozen=True, slots=True)
class Bench:
    """What one contender works with in one round."""

    folder: Path
    server: Registry
    base: str
    wheels: Path

    @property
    def image(self) -> str:
        """Where it goes."""
        return f"{self.server.host}/{self.server.name}/image"


def ours(bench: Bench, version: str) -> Iterator[Command]:
    """Our command, as the README says to start it."""
    words: list[str | Path] = [
        "publish",
        "--build",
        "never",
        "--dist-dir",
        bench.wheels / version,
        "--targets",
        f"{{container-image: {{name: {bench.image}, base: {bench.base}}}}}",
    ]
    yield Command([base_python(), ROOT / "run.py", *words], folder=bench.wheels)


def buildah(bench: Bench, version: str) -> Iterator[Command]:
    """Install for each platform, what it depends on apart from the project; build with the layers of the last time; push."""
    context = bench.folder / "context"
    for architecture, platform in PLATFORMS.items():
        install: list[str | Path] = [
            UV,
            "pip",
            "install",
            "--quiet",
            "--no-config",
            "--only-binary",
            ":all:",
            "--python-version",
            "3.11",
            "--python-platform",
            platform,
        ]
        others, project = context / architecture / "others", context / architecture / "project"
        yield Command([*install, "--target", others, "pyyaml", "pathspec"])
        yield Command([*install, "--reinstall", "--no-deps", "--target", project, *(bench.wheels / version).glob("*.whl")])
    (context / "Containerfile").write_text(CONTAINERFILE.format(base=bench.base))
    store: list[str | Path] = ["buildah", "--storage-driver", "vfs", "--root", bench.folder / "store", "--runroot", bench.folder / "run"]
    platforms = [word for each in PLATFORMS for word in ("--platform", f"linux/{each}")]
    build: list[str | Path] = [
        "build",
        "--isolation",
        "chroot",
        "--layers",
        "--timestamp",
        "0",
        "--tls-verify=false",
        *platforms,
        "--manifest",
        f"bench:{version}",
        context,
    ]
    yield Command([*store, *build])
    yield Command([*store, "manifest", "push", "--all", "--tls-verify=false", f"bench:{version}", f"docker://{bench.image}:{version}"])


WAYS = {"pkg-publish": ours, "buildah": buildah}


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds, and bytes that were sent."""

    seconds: float
    sent: int


def held(rounds: int, folder: Path) -> Mapping[tuple[str, str], Sequence[Took]]:
    """What each took for each release."""
    found: dict[tuple[str, str], list[Took]] = {(name, version): [] for name in WAYS for version in VERSIONS}
    environ = environment(ENVIRON, folder / "home") | {"UV_CACHE_DIR": str(folder / "uv")}
    wheels = _wheels(folder / "wheels")
    for number in range(-1, rounds):
        for name, way in WAYS.items():
            with ExitStack() as stack:
                bench = _bench(stack, Path(tempfile.mkdtemp(dir=folder)), wheels)
                for version in VERSIONS:
                    bench.server.front.forget()
                    took = timed(way(bench, version), environ, bench.folder / "log")
                    if len(bench.server.index(version, f"{bench.server.name}/image")["manifests"]) != len(PLATFORMS):
                        raise Failed(f"{name}: not everything is there")
                    if number >= 0:  # the first fills the caches
                        found[name, version].append(
                            Took(took.seconds, sum(each.size for each in bench.server.front.requests if each.method in {"PUT", "PATCH", "POST"}))
                        )
                    sys.stderr.write(f"round {number + 1}: {name} {version} {took.seconds:.2f} s\n")
    return found


def _bench(stack: ExitStack, folder: Path, wheels: Path) -> Bench:
    program, crane = find("docker-registry"), find("crane")
    if program is None or crane is None:
        raise FileNotFoundError("docker-registry or crane is missing: python3 tests/real_parts.py brings them")
    upstream = stack.enter_context(distribution(program, folder))
    front = stack.enter_context(Front(upstream))
    server = Registry(kind="open", name="octo", upstream=upstream, front=front)
    return Bench(folder, server, debian.put(server, partial(_said, crane)), wheels)


def _said(*words: object) -> str:
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, check=True).stdout


def _wheels(folder: Path) -> Path:
    for version in VERSIONS:
        _said(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest", folder / version, f"{NAME}=={version}")
    return folder


def page(found: Mapping[tuple[str, str], Sequence[Took]], facts: Sequence[str]) -> str:
    """The document in Markdown."""
    lines = [HEAD, *(f"- {each}" for each in facts), "", "| way | release | seconds | bytes sent |", "| --- | --- | --- | --- |"]
    for version, called in zip(VERSIONS, ("the first", "the next"), strict=True):
        for name in WAYS:
            took = found[name, version]
            seconds = sorted(each.seconds for each in took)
            lines.append(f"| {name} | {called} | {median(seconds):.2f} ({seconds[0]:.2f}-{seconds[-1]:.2f}) | {median(each.sent for each in took):,.0f} |")
    return "\n".join([*lines, ""])


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.images", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, metavar="N")
    parser.add_argument("--output", type=Path, default=PAGE, metavar="FILE")
    chosen = parser.parse_args()
    facts = [f"machine: {machine()}", f"load at the start: {load()}", f"versions: {_said('buildah', '--version').strip()}, {_said(UV, '--version').strip()}"]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        found = held(chosen.rounds, Path(folder))
    text = page(found, [*facts, f"rounds: {chosen.rounds}"])
    chosen.output.write_text(text, encoding="utf-8")
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
