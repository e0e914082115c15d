"""`repository=URL`: any upload API with its index. `github-packages`: the same, if GitHub should have one some day."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pkg_publish.clients import github_packages
from pkg_publish.clients.network import Credential, Network, Origin
from pkg_publish.clients.simple_api import SimpleIndex
from pkg_publish.clients.transport import Transport
from pkg_publish.clients.upload_api import UploadApi, pypi_at
from pkg_publish.errors import ConfigError, PublishError, Unsupported
from pkg_publish.formats.filename import named
from pkg_publish.model import CheckRow, Place, Receipt, Visibility
from pkg_publish.targets.base import Option

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pkg_publish.model import Distribution, Item, Release, RemoteFile, Subject
    from pkg_publish.targets.base import Ambient, TargetSpec
    from pkg_publish.watch import Watch

OPTIONS = (
    Option(name="url", says="the address that takes uploads"),
    Option(name="index-url", says="the address that pip reads; by default `simple/` below the other, for devpi `+simple/`"),
    Option(name="username", says="who uploads"),
    Option(name="password-env", says="the environment variable that holds the password or token"),
)

AT_PYPI, ELSEWHERE = 120.0, 10.0
"""Seconds until an index surely shows what it took: PyPI's stands behind a CDN; others' answer from where they write."""


@dataclass(frozen=True, slots=True)
class RepositoryKind:
    """The kind `repository`."""

    word: str = "repository"
    location: str = "url"
    options: Sequence[Option] = OPTIONS

    def make(self, spec: TargetSpec, ambient: Ambient) -> Repository:
        """Make the target of one upload address."""
        return _repository(spec, ambient)


@dataclass(frozen=True, slots=True)
class GithubPackagesKind:
    """The kind `github-packages`."""

    word: str = "github-packages"
    location: str = "url"
    options: Sequence[Option] = OPTIONS

    def make(self, spec: TargetSpec, ambient: Ambient) -> Repository | GithubPackages:
        """Make the target that searches, or that of the one address which is given."""
        return _repository(spec, ambient) if spec.options else GithubPackages(ambient)


def _repository(spec: TargetSpec, ambient: Ambient) -> Repository:
    """The target of one upload address, by the options of either kind; raises `ConfigError` for an address or a login that makes no sense."""
    url = spec.require("url", "https://index.example.org/upload/")
    origin = Origin.of(url)
    for each in (url, spec.options.get("index-url", "")):
        if "?" in each or "#" in each:
            what = f"the address at {origin} has a query or a fragment, which ends up in logs and leads nowhere"
            raise ConfigError(what, code="no-url", cure="Write the address alone; a token belongs to `password-env`.")
    visibility = Visibility.PUBLIC if pypi_at(url) else Visibility.YOUR_CHOICE
    place = Place(kind=spec.kind, name=f"{spec.kind}={url}", title=f"the index at {origin}", visibility=visibility)
    username, password = spec.login(ambient)
    index_url = spec.options.get("index-url", "")
    if index_url:
        Origin.of(index_url)
    elif pypi_at(url):
        what = f"the target {spec.kind} cannot know where what {origin} takes is read"
        raise ConfigError(what, code="no-index-url", cure="Give `index-url`, the address that pip reads.")
    credential = Credential.basic(url, username, password) if password else None
    return Repository.at(place, spec.options, credential, Transport(Network.read(ambient.environ)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """An upload address and its index."""

    place: Place
    settles: float
    _options: Mapping[str, str]
    _credential: Credential | None
    _transport: Transport
    _api: UploadApi

    @classmethod
    def at(cls, place: Place, options: Mapping[str, str], credential: Credential | None, transport: Transport) -> Repository:
        """By its options, which are checked."""
        url, index_url = options["url"], options.get("index-url", "")
        index = SimpleIndex(index_url, transport, credential) if index_url else SimpleIndex.beside(url, transport, credential)
        return cls(
            place=place,
            settles=AT_PYPI if pypi_at(url) else ELSEWHERE,
            _options=options,
            _credential=credential,
            _transport=transport,
            _api=UploadApi(url, index, transport, credential),
        )

    def wanted(self, release: Release) -> Sequence[Distribution]:
        """Every file."""
        return release.distributions

    def held(self, release: Release, watch: Watch) -> Sequence[Item]:
        """The files of this version that the index shows."""
        return self._api.index.files_of(release.project, release.version, {each.name for each in release.distributions}, watch)

    def open(self, release: Release, watch: Watch) -> RepositoryUpload:
        """Nothing is asked beforehand."""
        return RepositoryUpload(self._api, release)

    def receipt(self, release: Release, watch: Watch) -> Receipt:
        """The project's page; whoever installs needs the login only if others cannot read the index."""
        index, hidden = self._api.index, self._is_hidden(release, watch)
        needed = {name: value for name, value in self._options.items() if hidden or name not in {"username", "password-env"}}
        source = f"repository={needed['url']}" if len(needed) == 1 else json.dumps({"repository": needed})
        return Receipt(url=f"{index.url}{release.project}/", source=source, index_url="" if hidden else index.url)

    def _is_hidden(self, release: Release, watch: Watch) -> bool:
        """Whether somebody without a login sees nothing of the release."""
        if self._credential is None:
            return False
        try:
            return not SimpleIndex(self._api.index.url, self._transport).files_of(release.project, release.version, (), watch)
        except PublishError:
            return True

    def files(self, project: str, version: str | None, watch: Watch) -> Sequence[RemoteFile]:
        """The project's distributions, all or those of one version."""
        return self._api.index.published(project, version, watch)

    def metadata(self, file: RemoteFile, watch: Watch) -> bytes:
        """The file beside it (PEP 658)."""
        return self._api.index.metadata(file, watch)

    def fetch(self, file: RemoteFile, watch: Watch) -> Iterator[bytes]:
        """The file's bytes."""
        return self._api.index.fetch(file, watch)

    def check(self, watch: Watch) -> Iterator[CheckRow]:
        """Whether the index answers, and who would upload; whether the password is right shows only in an upload."""
        url = self._api.index.url
        try:
            said = self._api.index.probe(watch)
        except PublishError as problem:
            yield CheckRow.of("index", problem)
        else:
            means = "it lists no projects, and may still show each of them" if said else ""
            yield CheckRow(check="index", found=f"{url} {said or 'answers'}", means=means, ok=None if said else True)
        if self._credential:
            yield CheckRow(check="login", found=f"{self._credential.username}, with a password", means="whether it is right shows in the first upload", ok=None)
        else:
            yield CheckRow(check="login", found="none", means="uploads are sent without one", ok=None)


@dataclass(frozen=True, slots=True)
class RepositoryUpload:
    """Uploads, one form for each file."""

    api: UploadApi
    release: Release

    def send(self, item: Item, watch: Watch) -> None:
        """Upload one file."""
        self.api.send(self.release.project, self.release[item.name], watch)

    def finish(self, watch: Watch) -> None:
        """Nothing is left to do: each file showed itself."""


class GithubPackages:
    """Looks for a Python registry at GitHub and says that there is none; where there is one, it is a repository like others."""

    place = Place(kind="github-packages", name="github-packages", title="GitHub Packages", visibility=Visibility.AS_REPOSITORY)

    def __init__(self, ambient: Ambient) -> None:
        ambient.runner.home()
        self._runner, self._token = ambient.runner, ambient.tokens.get("github-token")
        self._transport = Transport(Network.read(ambient.environ))
        self._asking = threading.Lock()
        self._found: Repository | None = None
        self._answers: Sequence[str] = ()
        self._answered = True

    @property
    def settles(self) -> float:
        """As the repository that was found."""
        return self._found.settles if self._found else 0.0

    def wanted(self, release: Release) -> Sequence[Distribution]:
        """Every file."""
        return release.distributions

    def held(self, release: Release, watch: Watch) -> Sequence[Item]:
        """What the index that was found shows; raises `Unsupported` when there is none."""
        return self._registry(release.project, watch).held(release, watch)

    def open(self, release: Release, watch: Watch) -> RepositoryUpload:
        """Nothing is asked beforehand."""
        return self._registry(release.project, watch).open(release, watch)

    def receipt(self, release: Release, watch: Watch) -> Receipt:
        """The project's page."""
        return self._registry(release.project, watch).receipt(release, watch)

    def files(self, project: str, version: str | None, watch: Watch) -> Sequence[RemoteFile]:
        """The project's distributions in the index that was found."""
        return self._registry(project, watch).files(project, version, watch)

    def fetch(self, file: RemoteFile, watch: Watch) -> Iterator[bytes]:
        """The file's bytes."""
        project, _ = named(file.name) or ("", "")
        return self._registry(project, watch).fetch(file, watch)

    def check(self, watch: Watch) -> Iterator[CheckRow]:
        """What is known before anybody is asked, or that of the repository that was found."""
        if self._found:
            yield from self._found.check(watch)
        else:
            yield CheckRow(check="Python registry", found="GitHub Packages has none", means="this target is passed by", do="leave it out of `targets`", ok=None)

    def examine(self, subject: Subject, watch: Watch) -> Iterator[CheckRow]:
        """What each address answers, and why nothing makes a registry of them; or the rows of the one that was found."""
        try:
            found = self._registry(subject.project or self._runner.name, watch)
        except Unsupported as problem:
            yield from github_packages.rows(problem)
        except PublishError as problem:
            yield CheckRow.of("Python registry", problem)
        else:
            yield from found.check(watch)

    def _registry(self, project: str, watch: Watch) -> Repository:
        """The registry, searched for once a run; raises `Unsupported` when there is none."""
        with self._asking:
            if not self._answers:
                self._found, self._answers = self._search(project, watch)
        if self._found:
            return self._found
        why = "none of its addresses serves an index" if self._answered else "none of its addresses answered, and none is known to serve an index"
        if not self._runner.repository:
            why = "without a GitHub repository there is no address to ask"
        raise Unsupported(
            f"GitHub Packages has no Python registry: {why}",
            code="github-packages-has-no-python-registry",
            cure="This is a limit of GitHub, not a mistake in the repository, the token or the name: "
            "creating the package by hand, other names or other tokens cannot help.",
            details=self._answers,
        )

    def _search(self, project: str, watch: Watch) -> tuple[Repository | None, Sequence[str]]:
        """The repository at the first address that serves an index, and what each answered. The token goes there and nowhere else."""
        runner = self._runner
        if not runner.repository:
            return None, ["the GitHub repository is not known, so nothing was asked"]
        url, answers, self._answered = github_packages.find(github_packages.addresses(runner, project), self._transport, watch)
        if not url:
            return None, answers
        options = {"url": url} | ({"username": runner.owner, "password-env": "GITHUB_TOKEN"} if self._token else {})
        credential = Credential.basic(url, runner.owner, self._token) if self._token else None
        return Repository.at(self.place, options, credential, self._transport), answers
