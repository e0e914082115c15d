"""A release and what it depends on, installed for another machine: by uv, from wheels alone, each by its hash, so that no code of any package runs."""

from __future__ import annotations

import re
import tempfile
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pkg_publish.build import child, pip_files
from pkg_publish.build.child import ChildFailed
from pkg_publish.build.environment import child_environ, uv_environ, uv_flags
from pkg_publish.build.isolation import Workshop
from pkg_publish.build.tools import find_python, find_uv, own_environment
from pkg_publish.clients.disk import disk
from pkg_publish.clients.installed import overlapping
from pkg_publish.errors import ConfigError, Integrity, Invalid, Unavailable
from pkg_publish.targets.base import Gathered

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pkg_publish.errors import PublishError
    from pkg_publish.formats.image import Machine
    from pkg_publish.model import Release
    from pkg_publish.watch import Watch

LOCKS = ("pylock.toml", "requirements.txt")
"""What a project may ship (https://packaging.python.org/en/latest/specifications/pylock-toml/), the stronger first."""

SHOWN = 20
"""The last lines of a failure that the error holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gatherer:
    """Installs for others with what this machine builds with."""

    project: Path
    """In which a lock may lie."""
    scratch: Path
    """A folder that somebody else removes."""
    environ: Mapping[str, str] = field(repr=False)
    library: Path | None = None
    """The folder of locked libraries, in which uv lies."""

    def __call__(self, release: Release, extras: str, machine: Machine, watch: Watch) -> Gathered:
        """Install the release, with extras (`[a,b]` or nothing), into a fresh folder.

        Raises `Invalid` when a wheel is missing for the machine, `Integrity` for a wheel with another hash, `Unavailable` when the index does not
        answer, `Environment` without a Python or uv.
        """
        shop = self._shop(watch)
        with disk("gathering wheels in a temporary folder"):
            self.scratch.mkdir(parents=True, exist_ok=True)
            folder = Path(tempfile.mkdtemp(prefix="image-", dir=self.scratch))
            wanted = folder / "wanted.txt"
            hashes = [f"--hash=sha256:{each.sha256}" for each in release.distributions]
            wanted.write_text(f"{release.project}{extras}=={release.version} {' '.join(hashes)}\n", encoding="utf-8")
            flags = [*uv_flags(shop.told), *_links(release, shop), "--only-binary", ":all:", *_for(machine)]
            locked = folder / "locked.txt"
            if lock := self.lock:
                locked.write_text(lock, encoding="utf-8")
            else:
                _uv(shop, machine, ["compile", "--quiet", "--generate-hashes", "--no-annotate", "--no-header", *flags, "-o", str(locked), str(wanted)])
            installing = ["install", "--quiet", "--require-hashes", "--link-mode", "hardlink", "--python", shop.python.path, "--target", str(folder / "target")]
            installing += [*flags, "-r", str(locked), "-r", str(wanted)]
            _uv(shop, machine, installing)
            for each in sorted(overlapping(folder / "target"), key=lambda each: each == release.project):
                _uv(shop, machine, [*installing, "--reinstall-package", each])  # in an order, so that the last one's files are there and not anybody's
            resolved = "" if lock else locked.read_text(encoding="utf-8")
        pins = re.findall(r"^([a-z0-9-]+==[^\s;\\]+)", resolved, re.MULTILINE)
        return Gathered(folder=folder / "target", pins=tuple(pin for pin in pins if pin.partition("==")[0] != release.project))

    @property
    def lock(self) -> str:
        """The lock that the project ships, as requirements with hashes; empty when it ships none."""
        pylock, requirements = (self.project / name for name in LOCKS)
        if pylock.is_file():
            return "\n".join(_pins(pylock))
        text = requirements.read_text(encoding="utf-8") if requirements.is_file() else ""
        return text if "--hash=" in text else ""

    def _shop(self, watch: Watch) -> Workshop:
        environ = child_environ(self.environ, ())
        folder = self.project if self.project.is_dir() else Path.cwd()
        python = find_python(folder, environ, own_environment(self.library, self.environ))
        pip = pip_files.settings(python, environ)
        return Workshop(project=self.project, uv=find_uv(self.library, environ), python=python, environ=environ, pip=pip, watch=watch)


def _pins(pylock: Path) -> Iterator[str]:
    """The packages of a `pylock.toml`; the project itself has no wheels there, and what belongs to extras or groups is for those who develop."""
    try:
        packages = tomllib.loads(pylock.read_text(encoding="utf-8"))["packages"]
        for each in packages:
            marker = each.get("marker", "")
            if each.get("wheels") and not re.search(r"\b(extras|dependency_groups)\b", marker):
                hashes = " ".join(f"--hash=sha256:{wheel['hashes']['sha256']}" for wheel in each["wheels"])
                yield f"{each['name']}=={each['version']}{f' ; {marker}' if marker else ''} {hashes}"
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(
            f"{pylock} is no lock that can be read",
            code="image-lock",
            cure="Write it anew.",
            paste="uv export --format pylock.toml --no-dev --no-emit-project -o pylock.toml",
            said=str(error)[:200],
        ) from error


def _links(release: Release, shop: Workshop) -> Iterator[str]:
    """Where wheels lie beside the index: ours, and what the user's settings name, which a flag would hide."""
    folders = sorted({str(each.path.parent) for each in release.distributions})
    for each in (*folders, *uv_environ(shop.told).get("UV_FIND_LINKS", "").split(",")):
        if each:
            yield from ("--find-links", each)


def _for(machine: Machine) -> list[str]:
    system = "unknown-linux-musl" if machine.libc == "musl" else "manylinux_2_28"
    return ["--python-platform", f"{machine.platform.machine}-{system}", "--python-version", machine.python]


def _uv(shop: Workshop, machine: Machine, words: list[str]) -> None:
    try:
        child.run([shop.uv, "--no-config", "pip", *words], cwd=Path.cwd(), environ=uv_environ(shop.told), watch=shop.watch)
    except ChildFailed as error:
        raise _failure(machine, [line.strip() for line in error.lines if line.strip()]) from error


def _failure(machine: Machine, lines: list[str]) -> PublishError:
    """What uv's words mean: it has one exit code for everything."""
    text = "\n".join(lines)
    facts: dict[str, Any] = {"said": lines[0] if lines else "", "details": lines[-SHOWN:]}
    if "No solution found" in text:
        missing = re.search(r"(?:Because |because |versions of )([A-Za-z0-9._-]+)\S* ha(?:s|ve) no (?:usable )?wheels", text)
        what = f"there is no wheel of {missing[1]} for {machine}" if missing else f"its dependencies cannot be resolved for {machine}"
        cure = "Publish wheels for it, ask its authors for them, or leave the platform out with `platforms`: no code of a package runs, so none is built."
        return Invalid(what, code="image-wheel-missing", cure=cure, **facts)
    if re.search("no trusted hash|must have a hash", text):
        cure = "Lock everything it depends on, with hashes; or ship no lock: then the dependencies are resolved."
        paste = "uv export --no-dev --no-emit-project -o requirements.txt"
        return ConfigError("the project's lock does not hold all that it depends on", code="image-lock", cure=cure, paste=paste, **facts)
    if (found := re.search(r"Failed to (?:install: (\S+)|download `([^`]+)`.*\n.*wheel is invalid)", text)) and "os error" not in text:
        what, cure = f"{found[1] or found[2]} is no wheel that can be installed", "Look at what uv says of it, and tell its authors."
        return Invalid(what, code="image-wheel-broken", cure=cure, **facts)
    if "Hash mismatch" in text:
        cure = "Look at who gives other bytes than those that were locked."
        return Integrity(f"a wheel for {machine} is not the one that was locked", code="image-wheel-changed", cure=cure, **facts)
    cure = "Look at what uv says, and whether the index can be reached; then run again."
    return Unavailable(f"wheels for {machine} could not be fetched", code="image-wheels-not-fetched", cure=cure, **facts)
