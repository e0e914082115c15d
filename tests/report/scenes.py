"""Runs as values: what happened, told by events and judged, without a network and without a clock."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from pkg_publish import verdict
from pkg_publish.build import BackendSaid, BuildBegan, Built
from pkg_publish.errors import BuildError, Cancelled, ConfigError, PublishError, Refused, Unavailable, Unsupported
from pkg_publish.explain import explained
from pkg_publish.job import Began, Checked, Planned, Spared
from pkg_publish.model import CheckRow, Distribution, Filetype, Item, Place, Receipt, Release, Stamp, Visibility
from pkg_publish.plan import Plan, Strategy
from pkg_publish.publish import Looked, Sending
from pkg_publish.runner import Runner
from pkg_publish.state import Attempt, Done, Look, State, outcome
from pkg_publish.watch import Sent, Watch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pkg_publish.targets.base import Target
    from pkg_publish.verdict import Remark, Report

PACKAGES = Place(kind="github-packages", name="github-packages", title="GitHub Packages", visibility=Visibility.AS_REPOSITORY)
GHCR = Place(kind="ghcr", name="ghcr", title="ghcr.io/octo/sglang", visibility=Visibility.AS_REPOSITORY)
RELEASE = Place(kind="github-release", name="github-release", title="the GitHub Release v0.5.10", visibility=Visibility.AS_REPOSITORY)
PYPI = Place(kind="pypi", name="pypi", title="PyPI", visibility=Visibility.PUBLIC)
FOLDER = Place(kind="directory", name="directory=out/wheels", title="the folder out/wheels", visibility=Visibility.LOCAL)
IMAGE = Place(kind="container-image", name="container-image", title="the image ghcr.io/octo/sglang", visibility=Visibility.AS_REPOSITORY)

INSTALL = "uvx --from git+https://github.com/OWNER/pkg-publish-action@v1.2.0 pkg-publish install sglang==0.5.10 --from "
RECEIPTS = {
    "ghcr": Receipt(url="https://ghcr.io/octo/sglang/sglang:0.5.10", source="oci=ghcr.io/octo/sglang", digest=f"sha256:{'5' * 64}"),
    "github-release": Receipt(url="https://github.com/octo/sglang/releases/tag/v0.5.10", source="github-release=octo/sglang", tag="v0.5.10", release_id="7"),
    "pypi": Receipt(url="https://index.example.org/project/sglang/0.5.10/", index_url="https://index.example.org/simple/"),
    "directory": Receipt(url="/home/runner/work/sglang/out/wheels", source="directory=/home/runner/work/sglang/out/wheels"),
    "container-image": Receipt(
        url="https://github.com/octo/sglang/pkgs/container/sglang",
        digest=f"sha256:{'6' * 64}",
        command=f"docker run --rm ghcr.io/octo/sglang@sha256:{'6' * 64}",
        resolved="numpy==2.4.0 requests==2.33.1",
    ),
}

NO_REGISTRY = Unsupported(
    "GitHub Packages has no Python registry: none of its addresses serves an index",
    code="github-packages-has-no-python-registry",
    cure="This is a limit of GitHub, not a mistake in the repository, the token or the name: creating the package by hand, other names or other tokens "
    "cannot help.",
    details=[f"https://upload.pkg.github.com/octo/{name}: https://upload.pkg.github.com answered 404" for name in ("sglang", "", "_")],
)
WRITE_PACKAGE = Refused(
    "sending sglang-0.5.10-py3-none-any.whl to ghcr.io/octo/sglang failed: https://ghcr.io answered 403, this job may not write to the package",
    code="ghcr-write-package",
    cure="Give the job `packages: write`.",
    paste="permissions:\n  contents: write\n  packages: write",
    said="permission_denied: write_package",
)
TOO_MANY = Refused(
    "sending sglang-0.5.10.tar.gz to PyPI failed: https://upload.example.org answered 403, this project may not have more",
    code="file-refused",
    cure="Ask PyPI for more room.",
    said="Project size too large. Limit for project 'sglang' total size is 10 GB.",
)
BAD_GATEWAY = Unavailable(
    "making the draft failed: https://api.github.com answered 502, the server has a problem of its own",
    code="server-error",
    cure="Wait until it is well again, then run again: what is there already stays.",
    said="Server Error",
    details=["asked 4 times"],
)
MISTAKES = (
    ConfigError("the input strategy cannot be 'frist'", code="input-value", cure="Did you mean first?", paste="with:\n  strategy: first"),
    ConfigError("there is no target 'gchr'", code="unknown-target", cure="Did you mean ghcr?", paste="targets: github-packages, ghcr, github-release"),
    ConfigError(
        "the environment variable 'INDEX_PASSWORD' that password-env of repository names is empty",
        code="secret-is-empty",
        cure="Hand the secret to the step; an empty value often means that the secret's name is misspelt or that the event gets no secrets.",
        paste="env:\n  INDEX_PASSWORD: ${{ secrets.INDEX_PASSWORD }}",
    ),
)
BACKEND = BuildError(
    "building the wheel with setuptools 80.9.0 failed",
    code="build-failed",
    cure="Read what it said; the same fails at home.",
    paste="python -m build",
    said="error: package directory 'sglang' does not exist",
    details=["running bdist_wheel", "error: package directory 'sglang' does not exist"],
)


def distribution(name: str, size: int) -> Distribution:
    """A file that is nowhere."""
    kind = Filetype.WHEEL if name.endswith(".whl") else Filetype.SDIST
    stamp = Stamp(device=0, inode=0, size=size, mtime_ns=0)
    return Distribution(name=name, sha256=digest(name), path=Path(name), filetype=kind, size=size, stamp=stamp, metadata=b"", built=True)


def digest(text: str) -> str:
    """Some sha256."""
    return hashlib.sha256(text.encode()).hexdigest()


WHEEL, SDIST = distribution("sglang-0.5.10-py3-none-any.whl", 4_100_000), distribution("sglang-0.5.10.tar.gz", 5_300_000)
BOTH = Release(project="sglang", version="0.5.10", distributions=(WHEEL, SDIST))


def look(release: Release, *there: str, problem: PublishError | None = None, keep: Sequence[str] = (), **others: str) -> Look:
    """A look that finds these names with our bytes, and others with theirs."""
    ours = {each.name: each for each in release.distributions}
    theirs = {each.name: Item(name=each.name, sha256=digest("theirs")) for each in release.distributions if each.filetype in others or each.name in keep}
    held = {name: Item(name=name, sha256=ours[name].sha256) for name in there} | theirs
    kept = {name: theirs[name] for name in keep}
    return Look(wanted={name: item for name, item in ours.items() if name not in kept}, held=held, problem=problem, kept=kept)


@dataclass(frozen=True)
class Stand:
    """A target that has a place and nothing else."""

    place: Place


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One run: what each target was before and after, and what else there is."""

    release: Release = BOTH
    tried: Sequence[Attempt] = ()
    skipped: Sequence[Attempt] = ()
    plan: dict[str, Any] = field(default_factory=dict)
    remarks: Sequence[Remark] = ()
    early: Sequence[PublishError] = ()
    built: bool = True

    @property
    def targets(self) -> list[Target]:
        """In the order in which the attempts are given."""
        return [cast("Target", Stand(each.place)) for each in (*self.tried, *self.skipped)]

    @property
    def made(self) -> Plan:
        """What was asked for."""
        return Plan(targets=self.targets, in_workflow=True, **self.plan)

    @property
    def attempts(self) -> list[Attempt]:
        """As the job explains them."""
        watch = Watch(9, lambda _: None)
        return [explained(each, target, self.release, watch) for each, target in zip((*self.tried, *self.skipped), self.targets, strict=True)]

    def report(self) -> Report:
        """As the job concludes it."""
        if self.early:
            return verdict.failed_early(self.early, self.remarks, seconds=0.2)
        report = verdict.conclude(self.made, self.release, self.attempts, self.remarks, seconds=12.3)
        receipt = report.receipt
        return replace(report, install_command=INSTALL + receipt.source if receipt.source else receipt.command) if receipt else report

    def events(self) -> list[object]:
        """What the log is told; the last is the report."""
        runner = Runner(is_actions=True, repository="octo/sglang", sha="1a2b3c4d5e", event_name="push", ref="refs/tags/v0.5.10")
        report = self.report()
        events: list[object] = [Began(version="1.2.0", runner=runner, python="3.12.7", system="ubuntu24")]
        if self.built:
            events += [Planned(self.made), *building("sdist"), *building("wheel")]
        if self.early:
            return [*events, report]
        names = [Path(each.name) for each in self.release.distributions]
        events += [Built(paths=names, seconds=8.4), Checked(self.release, "v0.5.10", 0.1)]
        events += [Looked([(each.place, each.before) for each in report.attempts], 1.1)]
        for attempt in report.attempts:
            events += [*sending(attempt), attempt] if attempt.outcome is not Done.SKIPPED else [Spared(attempt)] * (attempt.would_work is not False)
        return [*events, report]


def building(kind: str) -> list[object]:
    """The events of a build."""
    began = BuildBegan(project=Path("python"), kind=kind, backend="setuptools 80.9.0", python="3.12.7")
    return [began, *(BackendSaid(line) for line in (f"running {kind}", "::warning::copying sglang/x.py", "\x1b[31mdone\x1b[0m"))]


def sending(attempt: Attempt) -> list[object]:
    """The events of what goes out."""
    missing = attempt.before.missing
    if attempt.before.state not in {State.ABSENT, State.PARTIAL} or not missing:
        return []
    return [Sending(attempt.place, missing), *(Sent(each.name, each.size) for each in missing if isinstance(each, Distribution))]


def attempt(place: Place, before: Look, after: Look | None = None, problem: PublishError | None = None, seconds: float = 2.3) -> Attempt:
    """One that was tried."""
    after = after or before
    problem = problem or before.problem
    done = outcome(before, after, problem)
    receipt = RECEIPTS[place.kind] if isinstance(done, Done) else None
    return Attempt(place=place, outcome=done, before=before, after=after, receipt=receipt, problem=problem, seconds=seconds)


def skipped(place: Place, before: Look, *checks: CheckRow) -> Attempt:
    """One that was not."""
    return Attempt(place=place, outcome=Done.SKIPPED, before=before, after=before, problem=before.problem, checks=checks)


TAG = Item(name="0.5.10", sha256=digest("image"))
NO_IMAGE, AN_IMAGE = Look(wanted={TAG.name: TAG}, held={}), Look(wanted={TAG.name: TAG}, held={TAG.name: TAG})
NOTHING, ALL = look(BOTH), look(BOTH, WHEEL.name, SDIST.name)
WORKS = CheckRow(check="permission", found="contents: write")
UNKNOWN = CheckRow(check="login", found="a token", means="whether it is right shows in the first upload", ok=None)
WOULD_NOT = CheckRow(check="permission", found="contents: read", means="no Release can be made", do="give the job `contents: write`", ok=False)


def many(number: int) -> Release:
    """A release of so many wheels, with names as long as they come."""
    names = [f"sglang_kernel-0.5.10-cp3{minor}-cp3{minor}-manylinux_2_17_x86_64.manylinux2014_x86_64.whl" for minor in range(number)]
    return Release(project="sglang-kernel", version="0.5.10", distributions=tuple(distribution(name, 1_000_000) for name in names))


def scenes() -> dict[str, Scene]:
    """All that people read, by name."""
    unsupported = attempt(PACKAGES, look(BOTH, problem=NO_REGISTRY), seconds=0.9)
    thousand = many(1000)
    held = [each.name for each in thousand.distributions]
    return {
        "normal-day": Scene(tried=[unsupported, attempt(GHCR, NOTHING, ALL)], skipped=[skipped(RELEASE, NOTHING, WORKS)]),
        "fallback-past-a-refusal": Scene(
            tried=[unsupported, attempt(GHCR, NOTHING, problem=WRITE_PACKAGE), attempt(RELEASE, NOTHING, ALL, seconds=3.4)],
        ),
        "already-published": Scene(tried=[attempt(GHCR, ALL, seconds=0.1)], skipped=[skipped(RELEASE, NOTHING, WOULD_NOT)]),
        "bad-night": Scene(tried=[attempt(GHCR, NOTHING, problem=WRITE_PACKAGE), attempt(RELEASE, NOTHING, problem=BAD_GATEWAY, seconds=41.2)]),
        "half-published": Scene(tried=[attempt(PYPI, NOTHING, look(BOTH, WHEEL.name), TOO_MANY)], skipped=[skipped(GHCR, NOTHING)]),
        "conflict": Scene(tried=[attempt(GHCR, look(BOTH, SDIST.name, wheel=""))], skipped=[skipped(RELEASE, NOTHING)]),
        "kept": Scene(tried=[attempt(GHCR, look(BOTH, keep=[WHEEL.name]), look(BOTH, SDIST.name, keep=[WHEEL.name]))], plan={"keep": True}),
        "incomplete": Scene(
            tried=[attempt(PYPI, NOTHING, ALL), attempt(GHCR, NOTHING, problem=WRITE_PACKAGE)],
            skipped=[skipped(RELEASE, NOTHING)],
            plan={"strategy": Strategy.ALL},
        ),
        "dry-run": Scene(skipped=[skipped(PACKAGES, look(BOTH, problem=NO_REGISTRY)), skipped(GHCR, NOTHING, WORKS)], plan={"dry_run": True}),
        "unconfirmed": Scene(tried=[attempt(GHCR, NOTHING, problem=None)], skipped=[skipped(RELEASE, NOTHING)]),
        "cancelled": Scene(
            tried=[attempt(GHCR, NOTHING, problem=Cancelled("the run was cancelled", code="cancelled", cure="Run it again.", reached=True))],
            skipped=[skipped(RELEASE, NOTHING)],
        ),
        "mistakes": Scene(early=MISTAKES, built=False),
        "build-failed": Scene(early=[BACKEND], skipped=[skipped(PACKAGES, NOTHING), skipped(GHCR, NOTHING)]),
        "local-only": Scene(tried=[attempt(FOLDER, NOTHING, ALL, seconds=0.01)]),
        "image": Scene(tried=[attempt(IMAGE, NO_IMAGE, AN_IMAGE, seconds=7.1)]),
        "files-and-image": Scene(tried=[attempt(GHCR, NOTHING, ALL), attempt(IMAGE, NO_IMAGE, AN_IMAGE)], plan={"strategy": Strategy.ALL}),
        "thousand-files": Scene(release=thousand, tried=[attempt(GHCR, look(thousand), look(thousand, *held), seconds=95)]),
    }
