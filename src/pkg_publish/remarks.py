"""What a run remarks before it sends anything: worth knowing, however it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pkg_publish import declared, permissions
from pkg_publish.config import BuildMode, Format
from pkg_publish.explain import BUILD_ONCE
from pkg_publish.formats.filename import named
from pkg_publish.targets.base import Foresees
from pkg_publish.verdict import Level, Remark

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pkg_publish.config import Config
    from pkg_publish.plan import Plan
    from pkg_publish.preflight import Found
    from pkg_publish.targets.base import Ambient


def standing(config: Config, ambient: Ambient, *, built: bool) -> Iterator[Remark]:
    """What follows from the configuration and the event; `built`: the build step of the action has built."""
    runner = ambient.runner
    if runner.is_pull_request and not runner.is_untrusted and not config.dry_run:
        yield Remark(level=Level.NOTICE, text="Nothing is published from a pull request: this is a dry run.", code="pull-request")
    for kind in ("pypi", "testpypi"):
        if f"{kind}-token" in ambient.tokens and all(spec.kind != kind for spec in config.targets):
            name = f"`{kind}-token`" if runner.is_actions else f"{kind.upper()}_TOKEN"
            yield Remark(level=Level.NOTICE, text=f"{name} is given, and {kind} is no target: it is used for nothing.", code="token-not-used")
    if built and (held := ", ".join(_identities(ambient))):
        text = f"The project's build ran in a job that holds {held}: whatever runs in a job can reach what its later steps are given."
        yield Remark(level=Level.NOTICE, text=f"{text} Build in a job of its own.", code="build-beside-identity", paste=BUILD_ONCE)


def _identities(ambient: Ambient) -> Iterator[str]:
    """What somebody who owns a build dependency would like to have."""
    if "ACTIONS_ID_TOKEN_REQUEST_URL" in ambient.environ:
        yield "`id-token: write`"
    if ambient.tokens.keys() & {"pypi-token", "testpypi-token"}:
        yield "a token of an index"
    checkout = ambient.folder / ".git" / "config"
    if checkout.is_file() and any(word in checkout.read_text(encoding="utf-8", errors="replace").lower() for word in ("extraheader", "git-credentials")):
        yield "the checkout's token (`persist-credentials: false` would not keep it)"


def obstacles(plan: Plan, ambient: Ambient) -> Iterator[Remark]:
    """Before a build, which may take long: what is known without asking anybody to keep a target from taking the release. A dry run says so at its end."""
    for target in () if plan.dry_run else plan.targets:
        if isinstance(target, Foresees) and (problem := target.obstacle()):
            paste = permissions.for_all(problem.paste, plan.targets, ambient.tokens)
            yield Remark(level=Level.WARNING, text=f"{target.place.title} will not take the release: {problem.what}.", code=problem.code, paste=paste)


def not_built(config: Config, found: Found) -> Iterator[Remark]:
    """Files of an earlier run or step, where somebody may think that they were built by this one."""
    if config.build is BuildMode.AUTO and config.dist_dir is not None and not found.built:
        number = len(found.paths)
        text = f"Nothing was built: {config.dist_dir} held {number} {'file' if number == 1 else 'files'} already. To build, say so, or empty it."
        yield Remark(level=Level.NOTICE, text=text, code="nothing-built", paste="with:\n  build: always")


def on_files(config: Config, ambient: Ambient, found: Found) -> Iterator[Remark]:
    """What lies among the distributions and is none, and where a build that packs all it finds would pack what was published."""
    if found.strangers:
        names = ", ".join(found.strangers[:5]) + (" …" if len(found.strangers) > 5 else "")  # noqa: PLR2004 - enough to know them by
        yield Remark(level=Level.NOTICE, text=f"Not published, since no distribution: {names}", code="stray-files")
    project = (ambient.folder / config.project_dir).resolve()
    theirs, ours = declared.name(project), {name[0] for path in found.paths if (name := named(path.name))}
    if theirs and ours and theirs not in ours and not found.built:
        text = f"The files are those of {', '.join(sorted(ours)[:5])}, and the project in {config.project_dir} is {theirs}."
        text += " See whether `dist-dir` is the right one."
        yield Remark(level=Level.WARNING, text=text, code="another-project")
    lasts = not ambient.runner.is_actions  # the next job has a fresh checkout
    for spec in config.targets if lasts and found.built and Format.SDIST in config.formats else ():
        path = spec.options.get("path", "")
        if path and (ambient.folder / path).resolve().is_relative_to(project):
            text = f"The folder {path} lies inside of the project: the next sdist that is built here may contain it, and be another one."
            text += " Exclude it in the project's settings, or publish to a folder outside."
            yield Remark(level=Level.NOTICE, text=text, code="target-inside-project")
