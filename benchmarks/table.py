"""The results as a page."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from benchmarks.contest import Result

HEAD = """\
# Performance

Made by `python -m benchmarks` (`make bench`): all tools do the same work on the same bytes in one run, as processes of their own, and after each it
is checked that the server holds every file. Seconds are those of this machine; what can be compared is the ratio: how many times as long as the
other tool we took in the same round. Figures are medians, in brackets the least and the most.

Memory is the peak of the process and its children together, as the system counts it (`VmHWM`, read ten times a second, and at the
end), the largest of all rounds. A server that is some milliseconds away stands behind a proxy on this machine that holds back each direction for
half of that, the greeting of a connection included, and limits nothing else.
"""


def page(results: Sequence[Result], facts: Mapping[str, str], versions: Mapping[str, str]) -> str:
    """The whole document in Markdown."""
    parts = [HEAD, *(f"- {name}: {value}" for name, value in facts.items())]
    parts.append("- versions: " + ", ".join(f"{name} {value}" for name, value in versions.items()) + "\n")
    for result in results:
        parts += _section(result)
    return "\n".join(parts).rstrip() + "\n"


def _section(result: Result) -> Iterator[str]:
    row = result.row
    yield f"## {row.title}\n"
    yield "| way | seconds | we take, times as long | peak MiB |"
    yield "| --- | --- | --- | --- |"
    for name in result.names:
        ratio = f"**{median(result.ratios(name)):.2f}** {_span(result.ratios(name))}" if name != result.names[0] else ""
        peak = f"{result.peak(name):.0f}" if result.peak(name) else "-"
        yield f"| {name} | {median(result.seconds(name)):.2f} {_span(result.seconds(name))} | {ratio} | {peak} |"
    yield ""
    rounds = len(result.rounds)
    yield f"n = {rounds} round{'s' if rounds > 1 else ''}; load at the start {result.load}."
    if reached := result.reached():
        yield "Wanted: " + "; ".join(f"{what}: {'reached' if yes else 'not reached'}" for what, yes in reached) + "."
    yield " ".join(row.notes)
    yield ""


def _span(values: Sequence[float]) -> str:
    return f"({min(values):.2f}-{max(values):.2f})"
