"""`pypi` and `testpypi`: trusted publishing or a token, and a success only when index and JSON show it."""

from __future__ import annotations

import json
import threading
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pkg_publish.clients import oidc, pypi_api, pypi_checks
from pkg_publish.clients.identity import Provider
from pkg_publish.clients.network import Credential, Network, Origin
from pkg_publish.clients.simple_api import SimpleIndex
from pkg_publish.clients.transport import Transport
from pkg_publish.clients.upload_api import TITLES, UploadApi, upload_address
from pkg_publish.errors import ConfigError, Failure, Invalid, PublishError, Refused
from pkg_publish.formats.filename import named
from pkg_publish.model import CheckRow, Distribution, Place, Receipt, Visibility
from pkg_publish.watch import Hidden

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pkg_publish.model import Item, Release, RemoteFile, Subject
    from pkg_publish.secret import Secret
    from pkg_publish.targets.base import Ambient, Option, TargetSpec
    from pkg_publish.watch import Watch

RENEWED = 300.0
"""Seconds before its end in which an upload token is not used any more: the upload of a large file takes minutes."""

SETTLES = 120.0
"""Seconds until index and JSON surely show what was taken."""

ATTESTATION = ".publish.attestation"
"""What stands behind a file's name in that of its attestation (PEP 740)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PypiKind:
    """The kinds `pypi` and `testpypi`."""

    word: str
    location: None = None
    options: Sequence[Option] = ()

    def make(self, spec: TargetSpec, ambient: Ambient) -> Pypi:
        """Make the target of one of the two."""
        title = TITLES[self.word]
        token = ambient.tokens.get(f"{self.word}-token")
        if not token and not ambient.runner.is_actions and not ambient.reads_only:
            variable = f"{self.word.upper()}_TOKEN"
            raise ConfigError(
                f"there is no token for {title}, and only a workflow has an identity",
                code="no-token",
                cure=f"Set {variable} to an API token of {title}.",
                paste=f"export {variable}=…",
            )
        place = Place(kind=self.word, name=spec.kind, title=title, visibility=Visibility.PUBLIC)
        url = upload_address(test=self.word == "testpypi")
        login = Login(token, Provider.read(ambient.environ), variable="" if ambient.runner.is_actions else f"{self.word.upper()}_TOKEN")
        settles = 0.0 if Origin.of(url).loopback else SETTLES
        job = {"repository": ambient.runner.repository, "workflow_ref": ambient.environ.get("GITHUB_WORKFLOW_REF", "")}
        known = {name: value for name, value in job.items() if value}
        return Pypi(place=place, url=url, transport=Transport(Network.read(ambient.environ)), login=login, settles=settles, job=known)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pypi:
    """PyPI, or TestPyPI."""

    place: Place
    url: str
    """Where uploads go; twine knows it."""
    transport: Transport
    login: Login
    settles: float
    """Its index stands behind a CDN."""
    job: Mapping[str, str] = field(default_factory=dict)
    """What is known of the job without its identity, by the names of claims."""

    @property
    def web(self) -> str:
        """Where people, the index and the JSON are: uploads go to a host of their own, or to the same."""
        scheme, _, rest = self.url.partition("://")
        return f"{scheme}://{rest.partition('/')[0].removeprefix('upload.')}"

    @property
    def index(self) -> SimpleIndex:
        """What pip reads."""
        return SimpleIndex(f"{self.web}/simple/", self.transport)

    def wanted(self, release: Release) -> Sequence[Distribution]:
        """Every file; a local version is `Invalid`."""
        if "+" in release.version:
            raise Invalid(
                f"{self.place.title} takes no local versions, and {release.version} is one",
                code="local-version",
                cure="Publish it as a version without a plus sign, or elsewhere: `ghcr` and `github-release` take it.",
            )
        return release.distributions

    def held(self, release: Release, watch: Watch) -> Sequence[Item]:
        """What index and JSON show; what only one of them shows is on its way to the readers."""
        listed = {file.name: file for file in self.index.files_of(release.project, release.version, {each.name for each in release.distributions}, watch)}
        known = {file.name: file for file in pypi_api.version_files(self.web, release.project, release.version, self.transport, watch)}
        late = listed.keys() ^ known.keys()
        return [replace(file, late=file.name in late) for file in (known | listed).values()]

    def open(self, release: Release, watch: Watch) -> PypiUpload:
        """The token is minted when the first file is sent. Raises `Refused` for a job that can get none."""
        if problem := self.obstacle():
            raise problem
        return PypiUpload(self, release)

    def receipt(self, release: Release, watch: Watch) -> Receipt:
        """The version's page. What a release on TestPyPI needs is seldom there, so our own command leaves that to pip's settings."""
        page = f"{self.web}/project/{release.project}/{release.version}/"
        return Receipt(url=page, source=self.place.kind, index_url=self.index.url if self.place.kind == "pypi" else "")

    def files(self, project: str, version: str | None, watch: Watch) -> Sequence[RemoteFile]:
        """What pip would see."""
        return self.index.files_of(project, version, (), watch)

    def fetch(self, file: RemoteFile, watch: Watch) -> Iterator[bytes]:
        """The file's bytes."""
        return self.index.fetch(file, watch)

    def confirms(self, item: Item, watch: Watch) -> bool:
        """The same bytes once more are answered with a yes, other ones with a no."""
        if not isinstance(item, Distribution):
            return False
        with suppress(PublishError):
            self.upload(item, watch)
            return True
        return False

    def upload(self, distribution: Distribution, watch: Watch) -> None:
        """Upload one file; once again with another token if the one that was minted has ended on the way."""
        token = self.login.token(self.web, self.transport, watch)
        try:
            self._upload(distribution, token, watch)
        except Refused as problem:
            if problem.code != pypi_api.ENDED or not self.login.is_identity:
                raise
            watch.wait(0, f"{problem.what}; getting another and sending it anew")
            self._upload(distribution, self.login.token(self.web, self.transport, watch, ended=token), watch)

    def _upload(self, distribution: Distribution, token: Secret, watch: Watch) -> None:
        """Upload one file; with its attestations, which an index takes from a job's identity alone."""
        credential = Credential.basic(self.url, "__token__", token)
        api = UploadApi(self.url, self.index, self.transport, credential, pypi_api.REFUSALS)
        project, _ = named(distribution.name) or ("", "")
        api.send(project, distribution, watch, attestations=_attestations(distribution) if self.login.is_identity else "")

    def obstacle(self) -> PublishError | None:
        """A job without a token needs an identity, and its environment tells whether it may ask for one."""
        return None if self.login.is_possible else oidc.no_identity()

    def check(self, watch: Watch) -> Iterator[CheckRow]:
        """Whether the index answers, and who would upload."""
        try:
            said = self.index.probe(watch)
        except PublishError as problem:
            yield CheckRow.of("index", problem)
        else:
            if said:
                yield pypi_checks.no_index(f"{self.index.url} {said}")
            else:
                yield CheckRow(check="index", found=f"{self.index.url} answers")
        yield self.login.check()

    def examine(self, subject: Subject, watch: Watch) -> Iterator[CheckRow]:
        """The same, the project's name and version there, and the trusted publisher that this job would need."""
        index, login = self.check(watch)
        yield from (index, login)
        if self.place.kind == "testpypi":
            yield pypi_checks.rehearsal()
        there = False
        if index.ok:  # what is no index says nothing of projects either
            there = yield from pypi_checks.rows(self.web, subject, self.transport, watch)
        if self.login.is_identity:
            yield pypi_checks.publisher(self.web, self.login.claims(self.transport, watch) or self.job, subject.project, there=there)


@dataclass(frozen=True, slots=True)
class PypiUpload:
    """Uploads, one form for each file."""

    pypi: Pypi
    release: Release

    def send(self, item: Item, watch: Watch) -> None:
        """Upload one file."""
        self.pypi.upload(self.release[item.name], watch)

    def finish(self, watch: Watch) -> None:
        """Nothing is left to do: each file shows itself."""


class Login:
    """A token that was given, or one that is minted when it is first needed and renewed before it ends."""

    def __init__(self, given: Secret | None, provider: Provider | None, variable: str = "") -> None:
        self._given, self._provider, self._variable = given, provider, variable
        self._minted, self._until = given, 0.0
        self._minting = threading.Lock()

    @property
    def is_identity(self) -> bool:
        """The job's own, and not somebody's token."""
        return self._given is None

    @property
    def is_possible(self) -> bool:
        """There is a token, or a way to one."""
        return self._given is not None or self._provider is not None

    def token(self, index: str, transport: Transport, watch: Watch, ended: Secret | None = None) -> Secret:
        """The token of the hour, and another one than that which `ended`."""
        if self._given:
            return self._given
        with self._minting:
            if self._minted is None or self._minted == ended or watch.now() > self._until:
                minted = oidc.mint(index, self._provider, transport, watch)
                watch.tell(Hidden(minted.token))
                self._minted, self._until = minted.token, watch.now() + minted.seconds - RENEWED
            return self._minted

    def claims(self, transport: Transport, watch: Watch) -> Mapping[str, str]:
        """What the job's identity says of it; empty where it cannot be had."""
        with suppress(PublishError):
            return self._provider.claims(transport, watch) if self._provider else {}
        return {}

    def check(self) -> CheckRow:
        """Who would upload."""
        if self._given:
            return CheckRow(check="login", found="a token", means="whether it is right shows in the first upload", ok=None)
        if self._provider:
            return CheckRow(check="login", found="the job's identity", means="whether the index knows it shows in the first upload", ok=None)
        if self._variable:
            do, paste = f"set {self._variable}", f"export {self._variable}=…"
            means = "only a workflow's job has an identity"
            return CheckRow(check="login", found="none", means=means, do=do, ok=False, failure=Failure.CONFIG, code="no-token", paste=paste)
        return CheckRow(
            check="login",
            found="none",
            means="the job may not ask for an identity",
            do="add `id-token: write`",
            ok=False,
            failure=Failure.REFUSED,
            code="id-token-permission",
            paste=oidc.PERMISSION,
        )


def _attestations(distribution: Distribution) -> str:
    """The attestations that lie beside a file, as the form wants them; empty when there are none. Raises `Invalid` for what is no JSON."""
    path = distribution.path.with_name(distribution.name + ATTESTATION)
    if not path.is_file():
        return ""
    try:
        return json.dumps([json.loads(path.read_text(encoding="utf-8"))])
    except (ValueError, RecursionError) as error:
        raise Invalid(f"{path.name} is no JSON", code="attestation-refused", cure="Sign again, or remove the file.") from error
