"""What is compared of reading: an index of ours over a registry, beside three that keep their files themselves, and curl from the registry."""

from __future__ import annotations

import http.client
import random
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import requests
from tests import factory
from tests.real_parts import ROOT, find
from tests.servers.process import answers, free_port, running
from tests.servers.registries import distribution
from tests.targets.contract import once
from tests.targets.namespaces import make

from benchmarks.measure import Command, most
from benchmarks.places import digest
from benchmarks.registry_ways import base_python, lacks, program
from benchmarks.wheels import NAME
from benchmarks.work import Contender, Goal, Place, Row
from pkg_publish.formats.filename import named
from pkg_publish.formats.simple_pages import ACCEPT
from pkg_publish.model import Release

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from benchmarks.work import Shape, Work

BIN = Path(sys.executable).parent
VERSIONS = 60
TOGETHER = "Each has the page in its memory; one curl asks for it again and again on one connection, as pip does. Memory is that of the server."
FIRST = (
    "The server runs, and nobody has asked it for anything: uv installs the newest version. We read from a registry, the others their own disk; "
    "what the registry lists we begin to read when we start, for half a second at most before we listen."
)
LARGE = "We compare the bytes on their way, which curl alone does not; `openssl` does it afterwards. Memory is that of the server."


def rows(shape: Shape) -> list[Row]:
    """All rows, as large as that."""
    return [_pages(shape), _first(shape), _large(shape)]


def _pages(shape: Shape) -> Row:
    return Row(
        word="read-page",
        title=f"The page of a project with {shape.files} files and {min(VERSIONS, shape.files)} versions, {shape.asked} times",
        notes=(TOGETHER,),
        contenders=[Contender(name=name, commands=partial(_asks, shape.asked), place=partial(_started, how, asked=True)) for name, how in SERVERS.items()],
        files=partial(_many, count=shape.files, size=shape.small),
        place=_nowhere,
        rounds=shape.rounds,
        goals=[Goal(against=name, times=1.0) for name in SERVERS if name != OURS],
        warm_up=False,
    )


def _first(shape: Shape) -> Row:
    return Row(
        word="read-first",
        title=f"The first install of a project with {shape.files} files and {min(VERSIONS, shape.files)} versions",
        notes=(FIRST,),
        contenders=[Contender(name=name, commands=_installs, place=partial(_started, how)) for name, how in SERVERS.items()],
        files=partial(_many, count=shape.files, size=shape.small),
        place=_nowhere,
        rounds=shape.rounds,
        goals=[Goal(against=name, times=1.0) for name in SERVERS if name != OURS],
    )


def _large(shape: Shape) -> Row:
    direct = Contender(name="curl from the registry", commands=_blob, place=partial(_prepared, _registry), missing=lacks("curl"))
    compared = Contender(name="curl, then openssl", commands=_compared, place=partial(_prepared, _registry), missing=lacks("openssl"))
    return Row(
        word="read-large",
        title=f"One wheel of {shape.huge / 10**9:g} GB from a registry, through us",
        notes=(LARGE,),
        contenders=(Contender(name=OURS, commands=_file, place=partial(_started, SERVERS[OURS], asked=True)), direct, compared),
        files=_one(shape.huge),
        place=_nowhere,
        rounds=shape.rounds,
        goals=(Goal(against=direct.name, times=1.3), Goal(against=compared.name, times=1.0), Goal(mebibytes=64)),
    )


def _many(folder: Path, count: int, size: int) -> list[Path]:
    """So many wheels of all versions, a release after another."""
    found = []
    for number in range(count):
        python, version = divmod(number, VERSIONS)
        tag = f"cp3{9 + python}-none-any" if python else "py3-none-any"
        found.append(factory.wheel(folder, NAME, f"1.{version}", tag=tag, more={f"{NAME}/data.bin": random.Random(number).randbytes(size)}))  # noqa: S311 - the same in every run
    return sorted(found, key=_version)


def _one(size: int) -> Callable[[Path], Sequence[Path]]:
    from benchmarks.wheels import make as wheels

    return partial(wheels, sizes=[size])


def _version(path: Path) -> tuple[int, ...]:
    return tuple(int(each) for each in (named(path.name) or ("", "0"))[1].split("."))


# What has the files: each gets them once, and lends them to every round and row.


def _home(name: str, files: Sequence[Path]) -> tuple[Path, bool]:
    """A folder, and whether it is new."""
    folder = files[0].parents[2] / f"{name}-{len(files)}"
    new = not folder.exists()
    folder.mkdir(exist_ok=True)
    return folder, new


@contextmanager
def _registry(files: Sequence[Path], log: Path) -> Iterator[str]:
    """Debian's docker-registry; how `--from` names what is in it."""
    del log
    tool = find("docker-registry") or Path("docker-registry")
    home, new = _home("registry", files)
    with distribution(tool, home) as url:
        place = f"{url.removeprefix('http://')}/octo"
        if new:
            for version in sorted({_version(path) for path in files}):
                text = ".".join(map(str, version))
                ours = tuple(factory.distribution(path, NAME, text) for path in files if _version(path) == version)
                once(make(place), Release(project=NAME, version=text, distributions=ours), 600)
        yield f"oci={place}"


@contextmanager
def _folder(files: Sequence[Path], log: Path) -> Iterator[str]:
    """A folder with a folder for the project."""
    del log
    folder, new = _home("folder", files)
    if new:
        (folder / NAME).mkdir()
        for path in files:
            (folder / NAME / path.name).hardlink_to(path)
    yield str(folder)


@contextmanager
def _devpi_state(files: Sequence[Path], log: Path) -> Iterator[str]:
    """What devpi keeps, with an index that has the files."""
    folder, new = _home("devpi", files)
    if new:
        words: list[str | Path] = [BIN / "devpi-init", "--serverdir", folder, "--root-passwd", "root-password", "--no-root-pypi"]
        subprocess.run(words, check=True, capture_output=True)
        port = free_port()
        with running(_devpi(str(folder), port), ready=answers(port, "/+api"), log=log):
            _upload(f"http://127.0.0.1:{port}/root/demo", files)
    yield str(folder)


def _upload(url: str, files: Sequence[Path]) -> None:
    with requests.Session() as session:
        session.auth = ("root", "root-password")
        session.put(url, json={"type": "stage", "bases": [], "volatile": False}, timeout=60).raise_for_status()
        for path in files:
            form = {":action": "file_upload", "metadata_version": "2.1", "name": NAME, "version": ".".join(map(str, _version(path)))}
            form |= {"filetype": "bdist_wheel", "pyversion": "py3"}
            session.post(f"{url}/", data=form, files={"content": (path.name, path.read_bytes())}, timeout=60).raise_for_status()


# Who serves them.


def _ours(state: str, port: int) -> Sequence[str | Path]:
    return [base_python(), ROOT / "run.py", "serve", "--from", state, "--port", str(port)]


def _pypiserver(state: str, port: int) -> Sequence[str | Path]:
    return [sys.executable, "-m", "pypiserver", "run", "-i", "127.0.0.1", "-p", str(port), "--hash-algo", "sha256", "--disable-fallback", state]


def _simple_repository(state: str, port: int) -> Sequence[str | Path]:
    return [BIN / "simple-repository-server", state, "--host", "127.0.0.1", "--port", str(port)]


def _devpi(state: str, port: int) -> Sequence[str | Path]:
    login = ["--argon2-memory-cost", "1024", "--argon2-time-cost", "1"]  # of which nothing here is measured
    return [BIN / "devpi-server", "--serverdir", state, "--host", "127.0.0.1", "--port", str(port), "--offline-mode", *login]


@dataclass(frozen=True, slots=True)
class Server:
    """Who serves."""

    state: Callable[[Sequence[Path], Path], AbstractContextManager[str]]
    """Brings the files to where it has them."""
    command: Callable[[str, int], Sequence[str | Path]]
    index: str = "/simple/"
    alive: str = "/"
    """What it answers without looking at the files of a project."""


OURS = "pkg-publish"
SERVERS = {
    OURS: Server(_registry, _ours),
    "devpi": Server(_devpi_state, _devpi, index="/root/demo/+simple/", alive="/+api"),
    "pypiserver": Server(_folder, _pypiserver, alive="/health"),
    "simple-repository-server": Server(_folder, _simple_repository, alive="/simple/"),
}


@contextmanager
def _nowhere(folder: Path) -> Iterator[Place]:
    """Every contender here has a place of its own."""
    yield Place(address=str(folder), holds=lambda _: False)


@contextmanager
def _prepared(state: Callable[..., AbstractContextManager[str]], folder: Path, files: Sequence[Path]) -> Iterator[Place]:
    """The files, and nobody who serves them; what was to be done with them has ended well, or it would have failed."""
    with state(files, folder / "log") as where:
        yield Place(address=where, holds=lambda _: True)


@contextmanager
def _started(server: Server, folder: Path, files: Sequence[Path], *, asked: bool = False) -> Iterator[Place]:
    """A server that runs; `asked`: it has shown its page before."""
    port = free_port()
    page = f"{server.index}{NAME}/"
    with (
        server.state(files, folder / "log") as where,
        running(server.command(where, port), ready=answers(port, server.alive), log=folder / "log") as process,
    ):
        if asked:
            _page(port, page)
        yield Place(address=f"127.0.0.1:{port}{server.index}", holds=lambda _: _has_all(_page(port, page), files), peak=lambda: most(process.pid))


def _has_all(page: str, files: Sequence[Path]) -> bool:
    return all(path.name in page for path in files)


def _page(port: int, path: str) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path, headers={"Accept": ACCEPT})
    text = connection.getresponse().read().decode()
    connection.close()
    return text


# What is asked of them.


def _asks(times: int, work: Work) -> Iterator[Command]:
    line = f'url = "http://{work.address}{NAME}/"\noutput = "/dev/null"\n'
    (work.folder / "curl").write_text(line * times)
    yield Command([program("curl"), "--silent", "--show-error", "--fail", "--header", f"Accept: {ACCEPT}", "--config", work.folder / "curl"])


def _installs(work: Work) -> Iterator[Command]:
    flags: list[str | Path] = ["--no-config", "--no-cache", "--quiet", "--python", base_python(), "--target", work.folder / "installed"]
    yield Command([BIN / "uv", "pip", "install", *flags, "--default-index", f"http://{work.address}", NAME])


def _file(work: Work) -> Iterator[Command]:
    path = work.files[0]
    root = work.address.removesuffix("/simple/")
    yield Command([program("curl"), "--silent", "--fail", "--output", "/dev/null", f"http://{root}/files/{NAME}/{digest(path)}/{path.name}"])


def _blob(work: Work, into: Path = Path("/dev/null")) -> Iterator[Command]:
    host, _, name = work.address.removeprefix("oci=").partition("/")
    yield Command([program("curl"), "--silent", "--fail", "--output", into, f"http://{host}/v2/{name}/{NAME}/blobs/sha256:{digest(work.files[0])}"])


def _compared(work: Work) -> Iterator[Command]:
    yield from _blob(work, work.folder / "file")
    yield Command([program("openssl"), "dgst", "-sha256", work.folder / "file"])
