"""The `build` front end in a fresh temporary folder: the sdist, packed so that it can be made again, and the wheel from it.

The project is built where it lies, as `python -m build` does: versions come from its git history, and files from beside it. What a backend
leaves there (setuptools: `*.egg-info`) is the backend's; we leave nothing.
"""

from __future__ import annotations

import gzip
import tarfile
import tempfile
import tomllib
import warnings
import zlib
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pkg_publish.build import child, pip_files
from pkg_publish.build.child import ChildFailed
from pkg_publish.build.environment import child_environ
from pkg_publish.build.events import BackendSaid, BuildBegan, Built
from pkg_publish.build.history import last_commit
from pkg_publish.build.isolation import Isolated, Workshop
from pkg_publish.build.tools import find_python, find_uv, own_environment
from pkg_publish.clients.disk import disk
from pkg_publish.errors import BuildError, ConfigError, PublishError
from pkg_publish.formats.repack import repack

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from typing import Literal

    from pkg_publish.watch import Watch

SHOWN = 20
"""The last lines of a failed build that the error holds."""

CURES = {
    "build-failed": "Read what the build said, and run the same at home.",
    "pyproject-broken": "Mend the file: nothing was built.",
    "build-requirements": "Check that the index can be reached and has what `build-system.requires` asks for, for this Python.",
}

DEFAULT_BACKEND = "setuptools.build_meta:__legacy__"
"""PEP 517's answer where `pyproject.toml` names none."""


UNPACKING = (gzip.BadGzipFile, tarfile.TarError, EOFError, zlib.error, KeyError)
"""What bytes that are no `tar.gz` raise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildSettings:
    """What to build, with what, and where to."""

    project: Path
    """The folder of `pyproject.toml` or `setup.py`."""
    formats: Collection[str]
    """`wheel`, `sdist` or both."""
    into: Path
    """A folder that is not there yet, for the distributions."""
    environ: Mapping[str, str] = field(repr=False)
    """The caller's environment."""
    allow: Collection[str] = ()
    """`build-env`: the names of variables that the build may see beside the short list."""
    library: Path | None = None
    """The folder of locked libraries, in which uv lies."""


def run(settings: BuildSettings, watch: Watch) -> Path:
    """Build, and return the folder of distributions, `settings.into`. Only a cancel ends it early: the build's deadline is the job's.

    Raises `ConfigError` where there is no project, `BuildError` if it cannot be read or with the backend's own words, `Environment`
    without a Python or uv, `Cancelled`, and `Mistakes` for names in `allow` that no build may see.
    """
    began = watch.now()
    _check_project(settings.project)
    environ = _build_environ(settings)
    python = find_python(settings.project, environ, own_environment(settings.library, settings.environ))
    shop = Workshop(
        project=settings.project,
        uv=find_uv(settings.library, environ),
        python=python,
        environ=environ,
        pip=pip_files.settings(python, environ),
        watch=watch,
    )
    with disk("building in a temporary folder"), _scratch(settings.into) as folder:
        paths = list(_build_all(settings, Path(folder), shop))
    watch.tell(Built(paths=paths, seconds=watch.now() - began))
    return settings.into


@contextmanager
def _scratch(into: Path) -> Iterator[str]:
    """A temporary folder beside that of the distributions."""
    into.mkdir(parents=True)
    with tempfile.TemporaryDirectory(prefix="pkg-publish-build-", dir=into.parent, ignore_cleanup_errors=True) as folder:
        yield folder


def _check_project(project: Path) -> None:
    if not any((project / name).is_file() for name in ("pyproject.toml", "setup.py")):
        what = f"there is no Python project in {project}: neither pyproject.toml nor setup.py" if project.is_dir() else f"there is no folder {project}"
        raise ConfigError(
            what,
            code="project-not-found",
            cure="Name its folder with `project-dir`, and check the repository out before.",
        )
    path = project / "pyproject.toml"
    try:
        tomllib.loads(path.read_text(encoding="utf-8") if path.is_file() else "")
    except ValueError as error:  # no TOML, or no UTF-8
        raise BuildError(f"{path} is no TOML", code="pyproject-broken", cure=CURES["pyproject-broken"], said=str(error)) from error


def _build_environ(settings: BuildSettings) -> dict[str, str]:
    """What the build sees: the allowed of the caller's, a time, and that its output is a stream of UTF-8 lines."""
    environ = child_environ(settings.environ, settings.allow)
    environ.setdefault("SOURCE_DATE_EPOCH", str(last_commit(settings.project, environ)))
    return environ | {"PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"}


def _build_all(settings: BuildSettings, scratch: Path, shop: Workshop) -> Iterator[Path]:
    """The sdist first, for the wheel is built from it."""
    source, watch = settings.project, shop.watch
    if "sdist" in settings.formats:
        raw = _build(source, "sdist", scratch, shop)
        sdist = settings.into / raw.name
        with _step(f"packing {raw.name} again", watch), raw.open("rb") as old, tempfile.TemporaryFile(dir=scratch) as tar, sdist.open("xb") as new:
            repack(old, tar, new, int(shop.environ["SOURCE_DATE_EPOCH"]))
        yield sdist
        if "wheel" in settings.formats:
            with _step(f"unpacking {sdist.name}", watch):
                source = _unpacked(sdist, scratch / "source")
    if "wheel" in settings.formats:
        wheel = _build(source, "wheel", scratch, shop)
        yield wheel.replace(settings.into / wheel.name)


def _unpacked(sdist: Path, folder: Path) -> Path:
    """Unpack an sdist and return the folder of the project."""
    with tarfile.open(sdist) as archive:
        archive.extraction_filter = getattr(tarfile, "data_filter", None)  # 3.11.0 to 3.11.3 have none
        archive.extractall(folder)  # noqa: S202 - what the project's own build packed, and `data_filter` guards
    return folder / sdist.name.removesuffix(".tar.gz")


def _build(project: Path, kind: Literal["sdist", "wheel"], scratch: Path, shop: Workshop) -> Path:
    """Build one distribution in an environment of its own; returns where it lies."""
    from build import ProjectBuilder

    def backend_runs(cmd: Sequence[str], cwd: str | None = None, extra_environ: Mapping[str, str] | None = None) -> None:
        child.run(cmd, cwd=Path(cwd or project), environ={**shop.environ, **(extra_environ or {})}, watch=shop.watch)

    isolated = Isolated(scratch / f"{kind}-environment", shop)
    with _step(f"making an environment for the {kind} with Python {shop.python.version}", shop.watch, code="build-requirements"):
        isolated.make()
    with _step(f"reading {project / 'pyproject.toml'}", shop.watch, code="pyproject-broken"):
        builder = ProjectBuilder.from_isolated_env(isolated, project, runner=backend_runs)
    with _step(f"installing what the build of the {kind} requires", shop.watch, code="build-requirements"):
        isolated.install(builder.build_system_requires)
    backend = isolated.name(_backend(project))
    shop.watch.tell(BuildBegan(project=shop.project, kind=kind, backend=backend, python=shop.python.version))
    with _step(f"building the {kind} with {backend}", shop.watch):
        requirements = builder.get_requires_for_build(kind)
    with _step(f"installing what {backend} requires", shop.watch, code="build-requirements"):
        isolated.install(requirements)
    with _step(f"building the {kind} with {backend}", shop.watch):
        return Path(builder.build(kind, scratch / kind))


def _backend(project: Path) -> str:
    """The module that builds; `build` has read the file before and found it sound."""
    path = project / "pyproject.toml"
    table = tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return str(table.get("build-system", {}).get("build-backend", DEFAULT_BACKEND))


@contextmanager
def _step(doing: str, watch: Watch, *, code: str = "build-failed") -> Iterator[None]:
    """Turn what fails into a `BuildError` that holds its last words; tell warnings about the project with the rest of the build's output."""
    from build import BuildBackendException, BuildException

    try:
        with _warnings_told(watch):
            yield
    except (BuildException, BuildBackendException, ChildFailed, *UNPACKING) as error:
        cause = error.exception if isinstance(error, BuildBackendException) else error
        if isinstance(cause, PublishError):  # cancelled while the backend ran
            raise cause from None
        lines = cause.lines if isinstance(cause, ChildFailed) else str(error).splitlines()
        details = [line for line in lines if line.strip()][-SHOWN:]
        said = details[-1] if details else str(cause)
        raise BuildError(
            f"{doing} failed", code=code, cure=CURES[code], paste="" if code == "pyproject-broken" else "python -m build", said=said, details=details
        ) from error


@contextmanager
def _warnings_told(watch: Watch) -> Iterator[None]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            yield
        finally:
            for each in caught:
                watch.tell(BackendSaid(f"warning: {each.message}"))
