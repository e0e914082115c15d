"""A run for machines: the outputs of the step and the JSON report, whose schema lies beside this file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pkg_publish import __version__
from pkg_publish.clients.disk import appearing, disk
from pkg_publish.model import Receipt
from pkg_publish.report import phrases, sentences
from pkg_publish.state import State

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pkg_publish.errors import PublishError
    from pkg_publish.model import CheckRow, Item
    from pkg_publish.state import Attempt, Look
    from pkg_publish.verdict import Report

SCHEMA = 1
"""Grows when a reader of older reports would be misled."""

LIMIT = 64 << 10
"""Bytes of one output."""


def outputs(report: Report, path: Path | None = None) -> dict[str, str]:
    """Every output of the contract, section 5, an empty string where there is nothing; `path` is where the JSON report lies.

    `files` stays JSON when there are more files than an output should hold: its last element then says how many are left out.
    """
    facts = _facts(report, path)
    texts = {name: value if isinstance(value, str) else ", ".join(value) for name, value in facts.items() if name != "files"}
    texts["files"] = _within(facts["files"])
    return {name: _harmless(texts[name]) for name in facts}


def document(report: Report, path: Path | None = None) -> dict[str, Any]:
    """The JSON report: the outputs under the same names with `_` for `-`, and everything that happened on the way."""
    return {
        "schema": SCHEMA,
        "generator": f"pkg-publish {__version__}",
        "verdict": sentences.verdict(report),
        **{name.replace("-", "_"): value for name, value in _facts(report, path).items()},
        "exit_code": report.exit_code,
        "dry_run": report.dry_run,
        "strategy": report.strategy,
        "seconds": round(report.seconds, 3),
        "proof": {"python": report.proof.python, "modules": list(report.proof.modules)} if report.proof else None,
        "attempts": [_attempt(report, each) for each in report.attempts],
        "problems": [_problem(each) for each in report.problems],
        "remarks": [{"level": each.level, "code": each.code, "text": each.text, "paste": each.paste} for each in report.remarks],
    }


def write(report: Report, path: Path) -> None:
    """Write the JSON report, whole or not at all; raises `Environment` when the disk refuses."""
    text = json.dumps(document(report, path), indent=2)
    with disk(f"writing the report {path}"):
        path.parent.mkdir(parents=True, exist_ok=True)
        with appearing(path) as file:
            file.write(f"{text}\n".encode("ascii"))


def _facts(report: Report, path: Path | None) -> dict[str, Any]:
    """The outputs before they are text; what only one kind of target gives comes from the first that gives it."""
    release, receipts = report.release, [each.receipt for each in report.holding if each.receipt]
    return {
        "status": report.status,
        "target": report.holding[0].place.name if report.holding else "",
        "targets": [each.place.name for each in report.holding],
        "project": release.project if release else "",
        "version": release.version if release else "",
        "url": report.receipt.url if report.receipt else "",
        "install-command": report.install_command,
        "files": [{"name": each.name, "size": getattr(each, "size", None), "sha256": each.sha256} for each in phrases.published(report)],
        **{name: next(filter(None, (getattr(each, name.replace("-", "_")) for each in receipts)), "") for name in ONE_KIND_ONLY},
        "fallback-reason": report.fallback_reason,
        "report": str(path or ""),
    }


ONE_KIND_ONLY = ("digest", "tag", "release-id", "upload-url")
"""Outputs that only registries or only Releases give."""


def _within(files: Sequence[Mapping[str, object]]) -> str:
    text = json.dumps(files)
    kept = len(files)
    while len(text) > LIMIT:
        kept = min(kept - 1, kept * LIMIT // len(text))
        text = json.dumps([*files[:kept], {"more": len(files) - kept}])
    return text


def _harmless(text: str) -> str:
    """What the runner's file of outputs can hold."""
    return text.encode("utf-8", "backslashreplace")[:LIMIT].decode("utf-8", "ignore")


def _attempt(report: Report, attempt: Attempt) -> dict[str, Any]:
    return {
        "target": attempt.place.name,
        "kind": attempt.place.kind,
        "outcome": attempt.outcome,
        "before": attempt.before.state,
        "after": attempt.after.state,
        "reason": attempt.problem.what if attempt.problem else phrases.outcome(report, attempt),
        "files": [_file(attempt.after, name, item) for name, item in {**attempt.after.wanted, **attempt.after.kept}.items()],
        "seconds": round(attempt.seconds, 3),
        "problem": _problem(attempt.problem) if attempt.problem else None,
        "receipt": _receipt(attempt.receipt) if attempt.receipt else None,
        "checks": [_check(each) for each in attempt.checks],
        "would_work": attempt.would_work,
    }


def _file(seen: Look, name: str, item: Item) -> dict[str, Any]:
    """What a reader sees under one of our names."""
    theirs = seen.held.get(name)
    return {"name": name, "state": _state(seen, name, item), "sha256": theirs.sha256 if theirs else None}


def _state(seen: Look, name: str, item: Item) -> str:
    theirs = seen.held.get(name)
    if name in seen.kept:
        return "kept"
    if theirs is None:
        return "unknown" if seen.state is State.UNREADABLE else "missing"
    if theirs.sha256 != item.sha256:
        return "other-bytes"
    if not theirs.visible:
        return "staged"
    return "late" if theirs.late else "there"


def _problem(problem: PublishError) -> dict[str, Any]:
    return {
        "class": problem.kind,
        "code": problem.code,
        "what": problem.what,
        "said": problem.said,
        "cure": problem.cure,
        "paste": problem.paste,
        "details": list(problem.details),
        "help": problem.help_path,
    }


def _receipt(receipt: Receipt) -> dict[str, str]:
    return {name: getattr(receipt, name) for name in Receipt.__slots__}


def _check(row: CheckRow) -> dict[str, Any]:
    return {"check": row.check, "found": row.found, "means": row.means, "do": row.do, "ok": row.ok}
