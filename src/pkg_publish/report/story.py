"""What happens on the way, for people who follow: each event as the lines it is in the log. Plain text, made harmless where it is written."""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING, NamedTuple

from pkg_publish.build import BuildBegan, Built
from pkg_publish.errors import Failure
from pkg_publish.job import Began, Checked, Planned, Spared
from pkg_publish.model import Distribution
from pkg_publish.preflight import NewerMetadata
from pkg_publish.publish import Looked, Sending
from pkg_publish.reading import Found, Freezing
from pkg_publish.report import phrases
from pkg_publish.state import Attempt, Done
from pkg_publish.verdict import Verifying, would_fail_with

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pkg_publish.errors import PublishError
    from pkg_publish.interpreter import Interpreter
    from pkg_publish.model import Item

DETAILS = 20
"""Lines of one problem: more are in the report."""


class Line(NamedTuple):
    """The first word, which stands in a column of its own, and the rest."""

    word: str
    text: str
    style: str = ""


@singledispatch
def told(event: object) -> Iterable[Line]:
    """Return the lines of an event; none for one that says nothing by itself."""
    del event
    return ()


@told.register(Began)
def _began(event: Began) -> Iterable[Line]:
    runner = event.runner
    kind, _, name = runner.ref.removeprefix("refs/").partition("/")
    ref = f" of {'tag' if kind == 'tags' else 'branch' if kind == 'heads' else kind} {name}" if name else ""
    facts = [
        event.version,
        " @ ".join(filter(None, [runner.repository, runner.sha[:7]])),
        f"{runner.event_name}{ref}" if runner.event_name else "",
        f"Python {event.python} on {event.system}",
    ]
    return [Line("pkg-publish", " · ".join(filter(None, facts)))]


@told.register(Planned)
def _planned(event: Planned) -> Iterable[Line]:
    plan = event.plan
    names = [target.place.name for target in plan.targets]
    way = "the first that takes it is enough" if plan.first else "every one must hold it"
    line = Line("plan", " → ".join(names) + (f", {way}" if len(names) > 1 else ""))
    return [line, Line("dry run", "nothing will be published")] if plan.dry_run else [line]


@told.register(BuildBegan)
def _build_began(event: BuildBegan) -> Iterable[Line]:
    return [Line("build", f"the {event.kind} with {event.backend} on Python {event.python}")]


@told.register(Built)
def _built(event: Built) -> Iterable[Line]:
    return [Line("built", f"{_some([path.name for path in event.paths])} · {phrases.duration(event.seconds)}")]


@told.register(NewerMetadata)
def _newer_metadata(event: NewerMetadata) -> Iterable[Line]:
    return [Line("note", f"{event.name} has metadata {event.metadata_version}, newer than we know: what we know of it was read")]


@told.register(Checked)
def _checked(event: Checked) -> Iterable[Line]:
    files = event.release.distributions
    found = f"{phrases.count(len(files), 'file')}, {phrases.size(sum(each.size for each in files))}"
    what = ["well-formed", "one version" if len(files) > 1 else "", f"as tag {event.tag} says" if event.tag else ""]
    return [Line("checked", f"{found}: {', '.join(filter(None, what))}")]


@told.register(Looked)
def _looked(event: Looked) -> Iterable[Line]:
    words = phrases.words([place for place, _ in event.looks])
    seen = [f"{words[place.name]} {look.problem.kind if look.problem else look.state}" for place, look in event.looks]
    return [Line("looked", " · ".join([*seen, phrases.duration(event.seconds)]))]


@told.register(Sending)
def _sending(event: Sending) -> Iterable[Line]:
    total = sum(sizes(event.items).values())
    what = ", ".join([phrases.count(len(event.items), "file"), *([phrases.size(total)] if total else [])])
    return [Line(event.place.name, f"sending {what}, to {event.place.title}")]


@told.register(Attempt)
def _attempt(event: Attempt) -> Iterable[Line]:
    seconds = phrases.duration(event.seconds)
    kept = len(event.after.kept)
    proof = f"{phrases.files(event)} files match by sha256" + (f", {phrases.count(kept, 'file')} of theirs kept" if kept else "")
    match event.outcome:
        case Done.PUBLISHED:
            return [Line(event.place.name, f"published and read back: {proof} · {seconds}", "good")]
        case Done.ALREADY_PUBLISHED:
            return [Line(event.place.name, f"already there: {proof}, nothing was sent", "good")]
        case _ if event.problem and would_fail_with(event.before) is event.outcome:  # the look has said the word
            first, *more = problem(event.problem)
            return [first._replace(word=event.place.name, style="bad"), *more]
        case _:
            return [Line(event.place.name, f"{event.outcome} · {seconds}", "bad"), *(problem(event.problem) if event.problem else ())]


@told.register(Spared)
def _spared(event: Spared) -> Iterable[Line]:
    """Whoever has a problem is told of by that."""
    prospects = "" if event.attempt.problem else phrases.prospects(event.attempt)
    return [Line(event.attempt.place.name, f"not tried: {prospects}")] if prospects else []


@told.register(Found)
def _found(event: Found) -> Iterable[Line]:
    file = event.file
    size = f", {phrases.size(file.size)}" if file.size is not None else ""
    return [Line("found", f"{file.name}{size}, at {event.place.title}, for Python {event.python.version}"), _into(event.python)]


def _into(python: Interpreter) -> Line:
    """Whoever has no environment active may not know which Python that is."""
    alone = "" if python.is_environment else ", which belongs to no virtual environment"
    return Line("into", f"{python.path}{alone}")


@told.register(Freezing)
def _freezing(event: Freezing) -> Iterable[Line]:
    return [Line("index", f"{event.project}: {phrases.count(event.files, 'file')}")]


@told.register(Verifying)
def _verifying(event: Verifying) -> Iterable[Line]:
    return [Line("verify", f"installing it from {event.place.title} into a clean environment")]


def problem(error: PublishError) -> Iterable[Line]:
    """What happened, in a sentence of ours and the server's own words; what nobody can change is explained at once."""
    words = phrases.own_words(error)
    final = [Line("", error.cure)] if error.kind is Failure.UNSUPPORTED and error.cure else []
    return [Line("", error.what + (f': "{words}"' if words else "")), *final, *details(error)]


def details(error: PublishError) -> Iterable[Line]:
    """Its details, as many as are read."""
    more = len(error.details) - DETAILS
    return [*(Line("", each) for each in error.details[:DETAILS]), *([Line("", f"… and {more} more")] if more > 0 else [])]


def sizes(items: Sequence[Item]) -> dict[str, int]:
    """Bytes that go out, by name; what is no file of ours has none."""
    return {each.name: each.size for each in items if isinstance(each, Distribution)}


def _some(names: Sequence[str]) -> str:
    return " · ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")  # noqa: PLR2004 - four are read, more are counted
