"""Bring every real component that the tests use: `python3 tests/real_parts.py`; `--check` only says what is missing.

Idempotent and quick when everything is there. Each part is installed into a folder that its version names, outside the checkout
(`$XDG_CACHE_HOME/pkg-publish-tests`, else `~/.cache/…`), so another version installs again; what Debian has is installed from Debian.
Standard library only: it runs before anything else is there.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import hashlib
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parents[1]
ENVIRON = dict(os.environ)  # noqa: TID251 - as the test command was started; the tests clean their own
CACHE = Path(ENVIRON.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pkg-publish-tests"
LOCK = ROOT / "requirements-test.txt"
NODE = ROOT / "tests" / "node"
PYTHONS = ("3.12", "3.14", "3.13", "3.11")
"""The supported ones. The first that the machine has runs all tests, the others those marked `engine`."""


@dataclass(frozen=True)
class Part:
    """A component: the name that tests ask for, who brings it, and what that one calls it."""

    name: str
    brought_by: str
    what: str
    version: str = ""


PARTS = (
    Part("act", "go", "github.com/nektos/act", "v0.2.89"),
    Part("actionlint", "go", "github.com/rhysd/actionlint/cmd/actionlint", "v1.7.12"),
    Part("crane", "go", "github.com/google/go-containerregistry/cmd/crane", "v0.22.1"),
    Part("oras", "go", "oras.land/oras/cmd/oras", "v1.3.6"),
    Part("registry", "go", "github.com/distribution/distribution/v3/cmd/registry", "v3.1.2"),
    Part("regctl", "go", "github.com/regclient/regclient/cmd/regctl", "v0.11.7"),
    Part("busybox", "debian", "busybox"),
    Part("chromium", "debian", "chromium"),
    Part("debootstrap", "debian", "debootstrap"),
    Part("docker-registry", "debian", "docker-registry"),
    Part("nginx", "debian", "nginx"),
    Part("skopeo", "debian", "skopeo"),
    Part("umoci", "debian", "umoci"),
    Part("languageservice", "npm", "@actions/languageservice"),
    Part("octokit-fixtures", "npm", "@octokit/fixtures"),
    Part("octokit-openapi", "npm", "@octokit/openapi"),
    Part("prism", "npm", "@stoplight/prism-cli"),
    Part("webhooks-examples", "npm", "@octokit/webhooks-examples"),
)

APT = threading.Lock()


class Missing(Exception):
    """A part that could not be brought, and what to install by hand."""


# Where things are.


def keyed(name: str, *contents: bytes) -> Path:
    """A folder that nothing with other contents shares."""
    return CACHE / f"{name}-{hashlib.sha256(b'/'.join(contents)).hexdigest()[:8]}"


def environment(version: str) -> Path:
    """The virtual environment of one Python, for this checkout: our package is in it as the editable source that it is here."""
    return keyed(f"python-{version}", LOCK.read_bytes(), bytes(ROOT))


def python_of(folder: Path) -> Path | None:
    """The interpreter of a virtual environment that is complete."""
    return folder / "bin" / "python" if (folder / "complete").exists() else None


@functools.cache
def interpreters() -> dict[str, Path]:
    """The supported Pythons of this machine, by version, the one for all tests first."""
    return {version: path for version in PYTHONS if (path := _interpreter(version))}


def _interpreter(version: str) -> Path | None:
    """This one, pyenv's, or one on PATH; pyenv's shims are passed by, for they answer for versions that are not active."""
    on_path = [Path(folder) for folder in ENVIRON.get("PATH", "").split(os.pathsep)]
    pyenv = [Path(ENVIRON.get("PYENV_ROOT") or Path.home() / ".pyenv"), *(folder.parent for folder in on_path if folder.name == "shims")]
    folders = [Path(sys.base_prefix) / "bin", *(folder for root in pyenv for folder in sorted(root.glob(f"versions/{version}.*/bin")))]
    folders += [folder for folder in on_path if folder.name != "shims"]
    return next((path for folder in folders if os.access(path := folder / f"python{version}", os.X_OK)), None)


def node_folder() -> Path:
    """Where the locked npm packages are."""
    return keyed("node", (NODE / "package-lock.json").read_bytes())


def find(name: str) -> Path | None:
    """The program or folder of a part; None when it is missing."""
    part = next(part for part in PARTS if part.name == name)
    path = {"go": _find_go, "debian": _find_debian, "npm": _find_npm}[part.brought_by](part)
    return path if path and path.exists() else None


def _find_go(part: Part) -> Path:
    return CACHE / f"{part.name}-{part.version}" / part.name


def _find_debian(part: Part) -> Path | None:
    return Path(found) if (found := shutil.which(part.name, path=f"{ENVIRON.get('PATH', '')}:/usr/sbin:/usr/bin:/sbin:/bin")) else None


def _find_npm(part: Part) -> Path | None:
    folder = node_folder()
    return folder / "node_modules" / part.what if (folder / "complete").exists() else None


def missing() -> list[Part]:
    """All parts that are not there."""
    return [part for part in PARTS if not find(part.name)]


def missing_pythons() -> list[str]:
    """The versions whose libraries are not there."""
    return [version for version in interpreters() if not python_of(environment(version))]


# Bringing them.


def run(*command: object, **environ: str) -> str:
    """Run a program and return what it printed; raises `Missing` with the last of it."""
    words = [str(word) for word in command]
    done = subprocess.run(words, env=ENVIRON | environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Missing(f"{' '.join(words)}: exit {done.returncode}\n{(done.stdout + done.stderr)[-2000:]}")
    return done.stdout


@contextlib.contextmanager
def step(what: str) -> Iterator[None]:
    """Say what was done and how long it took."""
    start = time.monotonic()
    yield
    print(f"parts     {what} · {time.monotonic() - start:.1f} s", flush=True)  # noqa: T201 - a command


def bring_python(wanted: list[str]) -> None:
    """One virtual environment for each Python, all from the one lock."""
    for version in wanted:
        with step(f"Python {version} with the tests' libraries"):
            folder = environment(version)
            uv, settings = bring_uv(), uv_settings()
            run(uv, "venv", "--no-config", "--quiet", "--clear", "--no-python-downloads", "--python", interpreters()[version], folder, **settings)
            sync = ["pip", "sync", "--no-config", "--quiet", "--require-hashes", "--compile-bytecode", "--python", folder / "bin" / "python"]
            run(uv, *sync, LOCK, **settings)
            (folder / "lib" / f"python{version}" / "site-packages" / "checkout.pth").write_text(f"{ROOT / 'src'}\n", encoding="utf-8")
            (folder / "complete").touch()


def bring_uv() -> Path:
    """The uv of the lock, by its hash, through pip: it makes in a second what takes pip half a minute."""
    block = re.search(r"^uv==(\S+)(?:.*\\\n)(?:    --hash=.*\n)+", LOCK.read_text(encoding="utf-8"), re.MULTILINE)
    if block is None:
        raise Missing(f"{LOCK.name} has no uv: run `make lock`")
    folder = CACHE / f"uv-{block[1]}"
    if not (folder / "bin" / "uv").exists():
        lock = CACHE / f"{folder.name}.txt"
        lock.write_text(block[0], encoding="utf-8")
        run(pip(), "-m", "pip", "install", "--quiet", "--require-hashes", "--only-binary", ":all:", "--upgrade", "--target", folder, "-r", lock)
    return folder / "bin" / "uv"


def pip() -> Path:
    """A Python that has pip."""
    for python in (Path(sys.executable), *interpreters().values()):
        with contextlib.suppress(Missing):
            run(python, "-m", "pip", "--version")
            return python
    bring_debian(["python3-pip"])
    return Path("/usr/bin/python3")


def uv_settings() -> dict[str, str]:
    """How this machine's pip reaches its index, in uv's words: uv does not read pip's settings."""
    names = {"index-url": "UV_DEFAULT_INDEX", "extra-index-url": "UV_INDEX", "cert": "SSL_CERT_FILE", "proxy": "ALL_PROXY"}
    lines = re.findall(r"^\S*\.([a-z-]+)='(.*)'$", run(pip(), "-m", "pip", "config", "list"), re.MULTILINE)
    return {names[option]: value for option, value in lines if option in names}


def bring_go(wanted: list[str]) -> None:
    """`go install`, each program into a folder of its own."""
    if not shutil.which("go"):
        raise Missing(f"Go is needed for {', '.join(wanted)}: install it, 1.24 or newer")
    for part in PARTS:
        if part.name in wanted:
            with step(f"{part.name} {part.version}"):
                run("go", "install", f"{part.what}@{part.version}", GOBIN=str(_find_go(part).parent), GOFLAGS="-buildvcs=false")


def bring_debian(wanted: list[str]) -> None:
    """`apt-get install`, as root or through sudo if that asks for no password."""
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if not shutil.which("apt-get") or (sudo and not shutil.which("sudo")):
        raise Missing(f"install with your system's packages: {', '.join(wanted)}")
    command = [*sudo, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=300"]
    install = [*command, "install", "--no-install-recommends", *wanted]
    with APT, step(f"{', '.join(wanted)} from Debian"):
        try:
            run(*install)
        except Missing:  # the lists are not there, or old
            run(*command, "update")
            run(*install)


def bring_npm(wanted: list[str]) -> None:
    """`npm ci` from the lock in `tests/node`."""
    if not shutil.which("npm"):
        raise Missing(f"npm with Node.js 20 or newer is needed for {', '.join(wanted)}")
    folder = node_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with step(f"{', '.join(wanted)} from npm"):
        for name in ("package.json", "package-lock.json"):
            shutil.copy(NODE / name, folder)
        run("npm", "ci", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
        (folder / "complete").touch()


BRINGERS = {"go": bring_go, "debian": bring_debian, "npm": bring_npm}


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """One at a time on this machine."""
    import fcntl

    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def bring() -> list[str]:
    """Bring all that is missing, side by side; return what could not be brought, in words."""
    jobs: dict[Callable[[list[str]], None], list[str]] = {}
    for part in missing():
        jobs.setdefault(BRINGERS[part.brought_by], []).append(part.name)
    if versions := missing_pythons():
        jobs[bring_python] = versions
    with ThreadPoolExecutor() as pool:
        return [problem for problem in pool.map(_problem, jobs, jobs.values()) if problem]


def _problem(bringer: Callable[[list[str]], None], names: list[str]) -> str:
    try:
        bringer(names)
    except Missing as problem:
        return str(problem)
    return ""


def main() -> int:
    """The command; exit 1 when a part is missing that is needed here."""
    parser = argparse.ArgumentParser(description="Bring every real component that the tests use.")
    parser.add_argument("--check", action="store_true", help="install nothing, say what is missing")
    parser.add_argument("--pythons", action="store_true", help="print the interpreters that run the tests, the one for all tests first")
    chosen = parser.parse_args()
    if chosen.pythons:
        print(*filter(None, (python_of(environment(version)) for version in interpreters())), sep="\n")  # noqa: T201
        return 0
    problems = [f"{name} is missing" for name in (*missing_pythons(), *(part.name for part in missing()))]
    if problems and not chosen.check:
        with alone():
            problems = bring()
    if not interpreters():
        problems.append(f"no supported Python: install one of {', '.join(PYTHONS)}")
    for problem in problems:
        print(f"parts     {problem}", flush=True)  # noqa: T201
    runnable = bool(interpreters()) and not missing_pythons()
    return 1 if problems and (chosen.check or not runnable or "CI" in ENVIRON) else 0


if __name__ == "__main__":
    sys.exit(main())
