"""Check before the first byte: what lies in a folder becomes a release, or all that is wrong with it is said at once."""

from __future__ import annotations

import hashlib
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from packaging.version import Version

from pkg_publish.clients.disk import BLOCK, names_in
from pkg_publish.errors import ConfigError, Invalid, Mistakes, PublishError
from pkg_publish.formats import archive, core_metadata, filename, record, tar_archive, zip_archive
from pkg_publish.formats.archive import BadArchive, Difference, shown
from pkg_publish.formats.core_metadata import BadMetadata
from pkg_publish.formats.tag import right_tag, version_in
from pkg_publish.model import Distribution, Filetype, Release, Stamp

if TYPE_CHECKING:
    import io
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from typing import BinaryIO

    from pkg_publish.formats.archive import Contents
    from pkg_publish.formats.core_metadata import CoreMetadata
    from pkg_publish.model import LocalFile

AT_ONCE = 4
"""Files that are hashed at the same time."""

FORMS = (".whl", ".tar.gz")
"""What every index takes; PyPI's rule for sdists is PEP 625."""

OTHER_FORMS = (".zip", ".egg", ".exe", ".msi", ".rpm", ".deb", ".dmg", ".tar", ".tgz", ".tar.bz2", ".tar.xz", ".tar.z", ".tar.zst")
"""What somebody may take for a distribution, and no index does any more."""

COMPANIONS = (".attestation", ".asc", ".sig", ".sigstore", ".sigstore.json", ".metadata", ".provenance", ".sha256")
"""What other tools lay beside a distribution: passed by without a word."""

REBUILD = "Build it again, with a current backend."
AS_BUILT = "Publish the file under the name that its backend gave it."


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The distributions that lie in a folder, unread."""

    paths: tuple[Path, ...]
    strangers: tuple[str, ...] = ()
    """Names of what else lies there: worth a notice, no more."""
    built: bool = False
    """This run built them."""


@dataclass(frozen=True, slots=True)
class NewerMetadata:
    """An event: this file has metadata of a version that we do not know; what we know of it was read."""

    name: str
    metadata_version: str


def holds_distributions(folder: Path) -> bool:
    """Whether there is anything to publish in a folder."""
    return bool(_find(folder).paths)


def collect(folder: Path) -> Found:
    """Find what is to be published, sound or not; raises `ConfigError` when there is nothing."""
    found = _find(folder)
    if not found.paths:
        raise ConfigError(
            f"there is no wheel and no sdist in {folder}",
            code="no-distributions",
            cure="Name the folder with `dist-dir`, and fill it before: a job downloads what another has built.",
            paste="with:\n  dist-dir: dist",
        )
    return found


def _find(folder: Path) -> Found:
    """Sort the entries of a folder; a file that is hidden is meant to be. Raises `Mistakes` for a folder that cannot be read."""
    kept = sorted(name for name in names_in(folder) if not name.startswith(".") and not name.lower().endswith(COMPANIONS))
    ours = [name for name in kept if name.lower().endswith(FORMS + OTHER_FORMS)]
    return Found(paths=tuple(folder / name for name in ours), strangers=tuple(name for name in kept if name not in ours))


def check(found: Found, tell: Callable[[object], None] = lambda _: None, heed: Callable[[], object] = lambda: None) -> Release:
    """Examine every file; raises `Mistakes` with what is wrong with any of them, and with all together.

    Each is then hashed, once, while others look where it goes: nobody needs the digest before a place has a file of its name, or has taken it.
    `heed` is called all the time meanwhile; what it raises, whoever asks for a digest gets.
    """
    with ThreadPoolExecutor(AT_ONCE) as pool:
        examined = list(pool.map(partial(_examined, built=found.built), found.paths))
    Mistakes.raise_any(each for each in examined if isinstance(each, PublishError))
    files = sorted((each for each in examined if isinstance(each, _File)), key=lambda each: (each.named.filetype is Filetype.SDIST, each.named.name))
    _check_one_release(files)
    for each in files:
        if each.said.is_newer:
            tell(NewerMetadata(each.named.name, each.said.metadata_version))
    said = files[0].said
    pool = ThreadPoolExecutor(AT_ONCE)
    hashed = tuple(replace(each.distribution, hashing=pool.submit(_sha256, each.distribution, heed).result) for each in files)
    pool.shutdown(wait=False)
    return Release(project=said.project, version=said.version, distributions=hashed)


def _sha256(file: LocalFile, heed: Callable[[], object]) -> str:
    """The digest of the file that was examined; raises `Integrity` for another one."""
    digest = hashlib.sha256()
    with file.open() as opened:
        while block := opened.read(BLOCK):
            heed()
            digest.update(block)
        file.compare(opened)
    return digest.hexdigest()


def hashed(release: Release) -> Release:
    """The same, with every digest; none where a run was over before it was made, or where the file has changed."""
    return replace(release, distributions=tuple(each if _is_hashed(each) else replace(each, sha256=None, hashing=None) for each in release.distributions))


def _is_hashed(file: LocalFile) -> bool:
    try:
        return bool(file.sha256)
    except PublishError:
        return False


def alone(path: Path) -> Distribution | None:
    """One file, read and hashed; None: it would not be published."""
    with suppress(Mistakes):
        return check(Found(paths=(path,))).distributions[0]
    return None


def _check_one_release(files: Sequence[_File]) -> None:
    """One project in one version; it has one sdist at most, since an sdist has only one name."""
    releases = sorted({f"{each.said.project} {each.said.version}" for each in files})
    if len(releases) > 1:
        several = Invalid(
            f"the files are of {len(releases)} releases: {', '.join(releases[:5])}",
            code="several-releases",
            cure="Publish one version of one project at a time: empty the folder before it is filled, or name another with `dist-dir`.",
        )
        raise Mistakes([several])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    """What a file's name says."""

    name: str
    filetype: Filetype
    project: str
    version: str
    stem: str
    """Where its metadata lies: the folder of an sdist, the `.dist-info` of a wheel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    """A file that is sound by itself."""

    named: _Named
    said: CoreMetadata
    distribution: Distribution


def _examined(path: Path, *, built: bool) -> _File | PublishError:
    """Check one file by itself: the name, then the archive, then what it says of itself."""
    try:
        named = _named(path.name)
        with _opened(path) as file:
            stamp = Stamp.of(file)
            contents = _contents(named, file)
        metadata = _metadata(named, contents)
        said = _said(named, metadata)
    except PublishError as error:
        return error
    except BadArchive as bad:
        return Invalid(f"{path.name} {bad.why}", code=bad.code, cure=REBUILD)
    distribution = Distribution(
        name=named.name,
        path=path,
        filetype=named.filetype,
        size=stamp.size,
        stamp=stamp,
        metadata=metadata,
        requires_python=said.requires_python,
        built=built,
    )
    return _File(named=named, said=said, distribution=distribution)


def _named(name: str) -> _Named:
    """Read a file name as strictly as PyPI does; raises `Invalid`."""
    if not name.endswith(FORMS):
        raise _misnamed(name, "of a kind that no index takes any more", "Publish wheels and `.tar.gz` sdists; move other files out of the folder.")
    if not (names := filename.named(name)):
        raise _misnamed(name, "which is no file name of a distribution", AS_BUILT)
    project, version = names
    begins = project.replace("-", "_")
    if name.endswith(".whl"):
        written, said, _ = name.split("-", 2)
        if written != begins:
            raise _misnamed(name, f"which must begin with {begins}-", REBUILD)
        return _Named(name=name, filetype=Filetype.WHEEL, project=project, version=version, stem=f"{written}-{said}.dist-info")
    stem = f"{begins}-{version}"
    if name != f"{stem}.tar.gz":
        raise _misnamed(name, f"which must be {stem}.tar.gz (PEP 625)", REBUILD)
    return _Named(name=name, filetype=Filetype.SDIST, project=project, version=version, stem=stem)


def _misnamed(name: str, why: str, cure: str) -> Invalid:
    return Invalid(f"there is a file {shown(name)}, {why}", code="file-name", cure=cure)


def _opened(path: Path) -> io.BufferedReader:
    """Open a regular file and nothing else: a link, a folder or a pipe of that name is refused, and never waited for."""
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            raise _irregular(f"{path.name} is no regular file")
        return os.fdopen(os.open(path, flags), "rb")
    except OSError as error:
        raise _irregular(f"{path.name} cannot be read: {error.strerror}") from error


def _irregular(what: str) -> Invalid:
    return Invalid(what, code="not-a-regular-file", cure="Put the file itself into the folder: a link is never followed, since what it leads to may change.")


def _contents(named: _Named, file: BinaryIO) -> Contents:
    """List an archive, and read the short texts in it that tell whose it is; raises `BadArchive`."""
    if named.filetype is Filetype.SDIST:
        return tar_archive.read(file, named.stem, {f"{named.stem}/PKG-INFO": core_metadata.LIMIT})
    limits = {"METADATA": core_metadata.LIMIT, "WHEEL": core_metadata.LIMIT, "RECORD": record.LIMIT}
    return zip_archive.read(file, {f"{named.stem}/{text}": limit for text, limit in limits.items()})


def _metadata(named: _Named, contents: Contents) -> bytes:
    """The core metadata, once the archive has all that its kind must have; raises `BadArchive`."""
    wheel = named.filetype is Filetype.WHEEL
    needed = [f"{named.stem}/{text}" for text in (("METADATA", "WHEEL", "RECORD") if wheel else ("PKG-INFO",))]
    if lacking := [name for name in needed if name not in contents.texts]:
        raise BadArchive(f"has no {' and no '.join(lacking)}")
    if wheel:
        folders = {top for name in contents.members if (top := name.partition("/")[0]).endswith(".dist-info")}
        if len(folders) > 1:
            raise BadArchive(f"has {len(folders)} .dist-info folders, and installers want one")
        record.check(contents, named.stem)
    return contents.texts[needed[0]]


def _said(named: _Named, metadata: bytes) -> CoreMetadata:
    """What the file says of itself, which must be what its name says."""
    try:
        said = core_metadata.read(metadata)
    except BadMetadata as bad:
        raise Invalid(f"the metadata of {named.name} {bad}", code="metadata-disagrees", cure=REBUILD) from bad
    if (said.project, said.version) != (named.project, named.version):
        raise Invalid(
            f"{named.name} says inside that it is {said.project} {said.version}",
            code="metadata-disagrees",
            cure=f"{AS_BUILT} A version is changed in the project, not in the file's name.",
        )
    return said


def differences(ours: Distribution, theirs: BinaryIO) -> Difference:
    """What differs inside of our file and theirs of the same name; bounded, whatever they sent."""
    named = _named(ours.name)
    try:
        with ours.open() as file:
            here = _contents(named, file)
        return archive.differences(here, _contents(named, theirs))
    except BadArchive as bad:
        return Difference(f"theirs {bad.why}", inside=True)


def tag_differs(release: Release, tag: str) -> ConfigError | None:
    """What is wrong with a tag that triggered the release; None when it names the version (PEP 440), after a prefix or not."""
    if version_in(tag)[1] == Version(release.version):
        return None
    right = right_tag(tag, release.version)
    return ConfigError(
        f"the tag {shown(tag)} does not name the version {release.version}",
        code="tag-mismatch",
        cure="Tag the commit as its version says, or set the version that the tag has; `check-tag: false` publishes whatever the tag says.",
        paste=f"git tag {right} && git push origin {right}",
    )
