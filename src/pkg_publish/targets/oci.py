"""`ghcr` and `oci=HOST/NAME`: the files of a version as OCI artifacts in a registry, one index for each version."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from pkg_publish.clients import ghcr, oci_catalog, oci_checks, oci_place
from pkg_publish.clients.network import Network, Origin
from pkg_publish.clients.oci_api import PUSH, Outgoing, Repository
from pkg_publish.clients.oci_journal import Journal
from pkg_publish.clients.oci_registry import Registry
from pkg_publish.clients.oci_versions import files_of, first_look, index_of, is_public, whole, write_index
from pkg_publish.clients.retry import pause
from pkg_publish.clients.transport import Transport
from pkg_publish.errors import ConfigError, Invalid, PolicyError, PublishError, Unavailable
from pkg_publish.formats import journal, oci
from pkg_publish.formats.version_index import VersionIndex, annotations_of
from pkg_publish.model import CheckRow, Place, Receipt, Visibility
from pkg_publish.targets.base import Option

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pkg_publish.model import Distribution, Item, Release, RemoteFile, Subject
    from pkg_publish.runner import Runner
    from pkg_publish.targets.base import Ambient, TargetSpec
    from pkg_publish.watch import Watch

JOBS = Option(
    name="jobs",
    says="`auto`, `one` or `many`: whether other jobs publish files of this version at the same time; `auto`: if the job is one of a matrix; "
    "write `many` where jobs of different names do so",
)
AT_GHCR, ELSEWHERE, AMONG_JOBS = 30.0, 5.0, 30.0
"""Seconds until a registry surely shows what it took; among jobs, until one that has overwritten the index of another has seen it and mended it."""
ROUNDS = 20
"""How often an index is written before the look has to find out whether it lasts."""


@dataclass(frozen=True, slots=True)
class GhcrKind:
    """The kind `ghcr`."""

    word: str = "ghcr"
    location: str | None = None
    options: Sequence[Option] = (JOBS,)

    def make(self, spec: TargetSpec, ambient: Ambient) -> Oci:
        """Make the target of the GitHub repository's own namespace."""
        runner, token = ambient.runner, ambient.tokens.get("github-token")
        namespace = runner.home().lower()
        if not namespace:
            raise ConfigError(
                "the GitHub repository is not known, so ghcr has no place of its own",
                code="ghcr-without-place",
                cure="Name the place.",
                paste=f"targets: oci={ghcr.host(runner)}/OWNER/NAME",
            )
        host = ghcr.host(runner)
        return Oci(
            place=Place(kind=self.word, name=self.word, title=f"{host}/{namespace}", visibility=Visibility.AS_REPOSITORY, source=f"oci={host}/{namespace}"),
            settles=AT_GHCR,
            registry=Registry(host, Transport(Network.read(ambient.environ)), runner.owner, token, partial(ghcr.settings, runner)),
            namespace=namespace,
            runner=runner,
            login={"username": "NAME", "password-env": "GITHUB_TOKEN"},
            many=_many(spec, ambient),
            github=True,
            guarded=not runner.is_public and not ambient.allow_public,
        )


@dataclass(frozen=True, slots=True)
class OciKind:
    """The kind `oci`."""

    word: str = "oci"
    location: str = "name"
    options: Sequence[Option] = (
        Option(name="name", says="the registry and the namespace in it: `ghcr.io/octo/demo`"),
        Option(name="username", says="who publishes"),
        Option(name="password-env", says="the environment variable that holds the password or token"),
        Option(name="token-server", says="the host that gives out tokens and may see the password, where that is not the registry's own (GitLab at home)"),
        JOBS,
    )

    def make(self, spec: TargetSpec, ambient: Ambient) -> Oci:
        """Make the target of one namespace."""
        host, namespace = oci_place.split(name := spec.require("name", "ghcr.io/OWNER/NAME"), spec.kind)
        username, password = spec.login(ambient)
        tokens = Origin.of(f"https://{spec.options.get('token-server') or host}").host
        many = _many(spec, ambient)
        source = json.dumps({"oci": dict(spec.options)}) if username else ""
        return Oci(
            place=Place(kind=self.word, name=f"oci={name}", title=name, visibility=Visibility.YOUR_CHOICE, source=source),
            settles=AMONG_JOBS if many else 0.0 if Origin.of(f"https://{host}").loopback else ELSEWHERE,
            registry=Registry(host, Transport(Network.read(ambient.environ)), username, password, token_server=tokens, namespace=namespace),
            namespace=namespace,
            runner=ambient.runner,
            login={each: spec.options[each] for each in ("username", "password-env", "token-server") if each in spec.options},
            many=many,
        )


def _many(spec: TargetSpec, ambient: Ambient) -> bool:
    """Whether the job has to reckon with others; raises `ConfigError`."""
    jobs = spec.options.get("jobs") or "auto"
    if jobs not in {"auto", "one", "many"}:
        raise ConfigError(f"jobs of {spec.kind} is {jobs[:80]!r}", code="target-option", cure="Write auto, one or many.")
    return ambient.has_rivals if jobs == "auto" else jobs == "many"


@dataclass(frozen=True, slots=True, kw_only=True)
class Oci:
    """A namespace of a registry: each project has a repository in it, each version a tag."""

    place: Place
    settles: float
    registry: Registry
    namespace: str
    runner: Runner
    login: Mapping[str, str]
    """The options of a reader who has to log in."""
    many: bool
    """Other jobs may publish files of the same version at the same time."""
    github: bool = False
    """It is GitHub's own, with a page for each package, and one for its settings."""
    guarded: bool = False
    """The source is private, and nobody said that it may become public."""
    taken: set[str] = field(default_factory=set)
    """Digests of the manifests that the registry took in this run: it has compared them, and looked for their blobs."""

    def wanted(self, release: Release) -> Sequence[Distribution]:
        """Every file; a name or version that no repository or tag can have is `Invalid`, and what no namespace can be named after `Unsupported`."""
        if not oci.is_repository(self.namespace):
            raise ghcr.no_namespace(self.runner)
        (journal.prefix_of if self.many else oci.tag_of)(release.version)
        name = self._name(release.project)
        if not oci.is_repository(journal.repository_of(name) if self.many else name):
            raise Invalid(f"{name[:300]!r} is too long for a repository", code="registry-name", cure="Publish to a place with a shorter name.")
        return release.distributions

    def held(self, release: Release, watch: Watch) -> Sequence[Item]:
        """The files that the version's index shows, ours only if they are whole; what only the journal shows is staged.

        Raises `PolicyError` when the source is private and the package public.
        """
        name, ours = self._name(release.project), {each.name for each in release.distributions}
        if self.guarded and not self.taken and is_public(self.registry, name, watch):
            raise PolicyError(
                f"the source is private, or nobody can say that it is public, and {self.registry.host}/{name} is readable for everybody",
                code="private-to-public",
                cure="If the world shall have it, say so; else publish to another place: what was public once cannot be taken back.",
                paste="with:\n  allow-public: true",
            )
        repository, index = first_look(self.registry, name, lambda found: (found, index_of(found, release.project, release.version, watch)))
        mine = [entry for entry in index.entries if entry.file.name in ours]
        others = [entry.file for entry in index.entries if entry.file.name not in ours]
        shown = {entry.file.name for entry in index.entries}
        staged = [replace(entry.file, visible=False) for entry in self._journaled(release, watch) if entry.file.name not in shown]
        return [*whole(repository, mine, self.taken, watch), *others, *staged]

    def _journaled(self, release: Release, watch: Watch) -> Sequence[oci.Entry]:
        if not self.many:
            return []
        name = journal.repository_of(self._name(release.project))
        return first_look(self.registry, name, lambda found: Journal(found, release.project, release.version, self._job).fresh(watch))

    def open(self, release: Release, watch: Watch) -> OciUpload:
        """Nothing is asked beforehand: the first write gets its token."""
        name = self._name(release.project)
        written = Journal(Repository(self.registry, journal.repository_of(name), PUSH), release.project, release.version, self._job)
        return OciUpload(Repository(self.registry, name, PUSH), release, self.runner, self.taken, written if self.many else None)

    def receipt(self, release: Release, watch: Watch) -> Receipt:
        """Where the version is, its index by digest, and who can read it, as one read without a login shows."""
        name, tag = self._name(release.project), oci.tag_of(release.version)
        data = Repository(self.registry, name).manifest(tag, watch)
        public = data is not None if self.registry.is_anonymous else self._is_public(name, watch)
        place = f"{self.registry.host}/{self.namespace}"
        hidden = {"name": place, **self.login} if public is False and self.login else None
        return Receipt(
            url=ghcr.page(self.runner, name) if self.github else f"{self.registry.host}/{name}:{tag}",
            source=json.dumps({"oci": hidden}) if hidden else f"oci={place}",
            digest=oci.digest_of(data) if data else "",
            visible_to={True: "public", False: "private", None: ""}[public],
            warning=ghcr.surprise(self.runner, name, public=public) if self.github else "",
        )

    def _is_public(self, name: str, watch: Watch) -> bool | None:
        try:
            return is_public(self.registry, name, watch)
        except PublishError:
            return None

    def files(self, project: str, version: str | None, watch: Watch) -> Sequence[RemoteFile]:
        """What the indexes of the version, or of all versions, say."""
        return files_of(Repository(self.registry, self._name(project)), project, version, watch)

    def projects(self, watch: Watch) -> Sequence[str]:
        """Those whose repositories the registry lists."""
        return oci_catalog.projects(self.registry, self.namespace, watch)

    def metadata(self, file: RemoteFile, watch: Watch) -> bytes:
        """It lies in the config of the file's manifest."""
        return oci_catalog.metadata_of(self._repository(file), file, watch)

    def fetch(self, file: RemoteFile, watch: Watch) -> Iterator[bytes]:
        """The file's bytes."""
        return self._repository(file).unjudged(f"sha256:{file.sha256}", file.size, watch)

    def _repository(self, file: RemoteFile) -> Repository:
        return Repository(self.registry, f"{self.namespace}/{file.url.partition('@')[0]}")

    def check(self, watch: Watch) -> Iterator[CheckRow]:
        """Whether the registry answers, and lets us in as writers; what a login may write to shows in the first upload."""
        if not oci.is_repository(self.namespace):
            yield CheckRow.of("namespace", ghcr.no_namespace(self.runner), sure=False, means="this target is passed by")
            return
        yield from oci_checks.access(self.registry, self.namespace, watch, github=self.runner if self.github else None)

    def examine(self, subject: Subject, watch: Watch) -> Iterator[CheckRow]:
        """The same, and what is under the project's name."""
        if not oci.is_repository(self.namespace):
            yield CheckRow.of("namespace", ghcr.no_namespace(self.runner))
            return
        rows = list(self.check(watch))
        yield from rows
        if subject.project and all(row.ok is not False for row in rows):
            yield from oci_checks.package(self.registry, self._name(subject.project), watch, github=self.runner if self.github else None, deep=subject.deep)

    def _name(self, project: str) -> str:
        return f"{self.namespace}/{oci.repository_name(project)}"

    @property
    def _job(self) -> journal.Job:
        return journal.Job(run=self.runner.run_id, attempt=self.runner.run_attempt, commit=self.runner.sha)


@dataclass(frozen=True, slots=True)
class OciUpload:
    """Blobs and manifests by their digests, then one index that shows them."""

    repository: Repository
    release: Release
    runner: Runner
    taken: set[str]
    journal: Journal | None
    """None: no other job publishes files of this version."""
    sent: dict[str, oci.Entry] = field(default_factory=dict)

    @property
    def is_staged(self) -> bool:
        """What is in a journal, other jobs put into the index."""
        return self.journal is None

    def send(self, item: Item, watch: Watch) -> None:
        """Send file, metadata and manifest; no tag of the version leads to them so far."""
        distribution = self.release[item.name]
        made = oci.Artifact.of(distribution, self.release.version, source=self.runner.repository_url, revision=self.runner.sha)
        blobs = [Outgoing.of_file(distribution, watch), Outgoing.of(made.config, f"the metadata of {item.name}")]
        try:
            self.repository.push(blobs, watch)
            self.repository.put_manifest(made.entry.manifest, made.manifest, oci.MANIFEST, watch, blobs)
        except Unavailable as problem:
            problem.reached = False  # whatever arrived: nothing leads there
            raise
        if self.journal and self.journal.write(made.entry, self.runner.repository_url, watch):
            watch.wait(0, f"the journal entry that an earlier run, or one of another commit, had left for {item.name} was replaced")
        self.taken.add(made.entry.manifest)
        self.sent[item.name] = made.entry

    def finish(self, watch: Watch) -> None:
        """Write the version's index: what is there, and ours. Then read it again until it has all, for others may have written it between read and write."""
        lost: set[str] = set()
        for tries in range(1, ROUNDS):
            writes = False
            try:
                there = index_of(self.repository, self.release.project, self.release.version, watch)  # before the journal, which has what comes meanwhile
                others = [entry for entry in (self.journal.fresh(watch) if self.journal else ()) if entry.manifest not in lost]
                index = self._with_all(there, others, watch)
                if index == there:
                    return
                writes = True
                lost |= write_index(self.repository, oci.tag_of(self.release.version), index, self.sent, watch)
            except PublishError as problem:
                problem.reached = tries > 1 or (writes and problem.reached)  # it was written before, or now perhaps
                raise
            if self.journal or tries > 1:
                watch.wait(pause(min(tries, 3), {}), "other jobs may have written the index at the same time; reading it again")

    def _with_all(self, there: VersionIndex, others: Sequence[oci.Entry], watch: Watch) -> VersionIndex:
        """What the index shall be: entries of other jobs come in by the journal, ours whose manifest is lost are made anew."""
        known = self.sent.keys() | {entry.file.name for entry in there.entries}
        annotations = annotations_of(self.release.distributions[0].metadata, self.runner.repository_url)
        new = there.union(entry for entry in others if entry.file.name not in known)
        return new.with_sent(self.sent, lambda digest: digest in self.taken or self.repository.manifest(digest, watch), annotations)
