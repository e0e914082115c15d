"""Fifteen faults of an upload, the same for twine, uv and us, in one run: `python -m benchmarks.faults` writes their table into `docs/reliability.md`."""

from __future__ import annotations

import itertools
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests import factory
from tests.real_parts import ROOT
from tests.reliability.wires import asks, nth
from tests.servers.front import Fault, Front
from tests.servers.pypiserver import PASSWORD, USERNAME, serving
from tests.tables import table

from benchmarks.machine import versions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

PAGE = ROOT / "docs" / "reliability.md"
PATIENCE = 90
"""Seconds after which a tool counts as one that hangs."""
OURS, CHECKED = "pkg-publish", "uv publish --check-url"
TOOLS = ("twine upload", "uv publish", CHECKED, OURS)
READ_ONLY = Fault(status=403, reason="Read-only mode: Uploads are temporarily disabled.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A fault, and what is right then."""

    name: str
    faults: Iterable[Fault] = ()
    """What happens to the uploads, one after another."""
    right: frozenset[bool] = frozenset({True})
    """Whether all files shall be there afterwards; both: a matter of taste."""
    there: bytes = b""
    """What is there beforehand: the bytes of a wheel's module."""
    files: int = 1


NO, EITHER = frozenset({False}), frozenset({True, False})


def trials(foreign: str) -> Iterator[Trial]:
    """All fifteen; `foreign` is another origin."""
    busy = Fault(status=503, headers={"Retry-After": "1"})
    yield Trial(name="503 once", faults=[busy])
    yield Trial(name="503 four times", faults=[busy] * 4)
    yield Trial(name="503 for ever", faults=itertools.repeat(busy), right=NO)
    yield Trial(name="429", faults=[Fault(status=429, headers={"Retry-After": "2"})])
    yield Trial(name="408", faults=[Fault(status=408)])
    yield Trial(name="reset in the body", faults=[Fault(reset=True, read=500)])
    yield Trial(name="commit, then reset", faults=[Fault(late=True, reset=True)])
    yield Trial(name="commit, then 502", faults=[Fault(late=True, status=502)])
    yield Trial(name="same bytes there", there=b"x = 1\n")
    yield Trial(name="other bytes there", there=b"x = 2\n", right=NO)
    yield Trial(name="307, same origin", faults=[Fault(status=307, headers={"Location": "/"})], right=EITHER)
    yield Trial(name="307, foreign", faults=itertools.repeat(Fault(status=307, headers={"Location": foreign})), right=NO)
    yield Trial(name="403 read-only", faults=itertools.repeat(READ_ONLY), right=NO)
    yield Trial(name="second of two files 403", faults=itertools.repeat(Fault(status=403)), right=NO, files=2)
    yield Trial(name="15 s hang, then reset", faults=[Fault(silent=True)])


def command(tool: str, url: str, folder: Path, files: Sequence[Path]) -> list[str]:
    """How a tool is started, with its defaults."""
    if tool == OURS:
        targets = json.dumps([{"repository": {"url": url, "username": USERNAME, "password-env": "INDEX_PASSWORD"}}])
        start = [sys.executable, "-c", "from pkg_publish.cli import main; main()", "publish", "--build", "never"]
        return [*start, "--dist-dir", str(folder), "--targets", targets, "--timeout", "80s"]
    if tool == "twine upload":
        start = [sys.executable, "-m", "twine", "upload", "--non-interactive", "--disable-progress-bar", "--repository-url", url]
        return [*start, "--username", USERNAME, "--password", PASSWORD, *map(str, files)]
    from uv import find_uv_bin

    check = ["--check-url", f"{url}simple/"] if tool == CHECKED else []
    return [find_uv_bin(), "publish", "--publish-url", url, *check, "--username", USERNAME, "--password", PASSWORD, *map(str, files)]


def judge(code: int, trial: Trial, *, complete: bool) -> str:
    """What a tool has come to, in a word."""
    if (code == 0) != complete:
        return "false red" if complete else "false green"
    return "right" if complete in trial.right else "gave up"


def hang_up(front: Front) -> None:
    """Be silent for 15 seconds, then break the connection off."""
    front.over.wait(15)
    front.over.set()


def play(tool: str, trial: Trial, upstream: str, store: Path) -> str:
    """Let a tool upload to an empty index, once."""
    with tempfile.TemporaryDirectory() as name, Front(upstream) as front:
        folder = Path(name)
        for path in store.iterdir():
            path.unlink()
        tags = ["py3-none-any", "cp39-none-any"][: trial.files]
        files = [factory.wheel(folder / "dist", tag=tag) for tag in tags]
        if trial.there:
            (store / files[0].name).write_bytes(factory.wheel(folder / "there", content=trial.there).read_bytes())
        front.passes = lambda _: hang_up(front)
        front.fail_at(nth(trial.files, asks("POST")), trial.faults)
        environ = {**os.environ, "HOME": name, "INDEX_PASSWORD": PASSWORD, "UV_NO_PROGRESS": "1"}  # noqa: TID251 - a tool is started as from a shell
        try:
            done = subprocess.run(
                command(tool, f"{front.url}/", folder / "dist", files), cwd=name, env=environ, capture_output=True, timeout=PATIENCE, check=False
            )
        except subprocess.TimeoutExpired:
            return "hangs"
        complete = all((store / each.name).is_file() and (store / each.name).read_bytes() == each.read_bytes() for each in files)
        return judge(done.returncode, trial, complete=complete)


def main() -> int:
    """Play all, and write the table."""
    found: dict[str, dict[str, str]] = {}
    with tempfile.TemporaryDirectory() as name, serving(Path(name) / "index") as (upstream, store), Front(upstream) as foreign:
        for tool in TOOLS:
            for trial in trials(foreign.url.replace("127.0.0.1", "localhost") + "/"):
                found.setdefault(trial.name, {})[tool] = play(tool, trial, upstream, store)
                sys.stderr.write(f"{tool}: {trial.name}: {found[trial.name][tool]}\n")
    counts = {tool: Counter(row[tool] for row in found.values()) for tool in TOOLS}
    rows = [[name, *row.values()] for name, row in found.items()]
    sums = [[word, *(str(counts[tool][word]) for tool in TOOLS)] for word in ("right", "gave up", "false red", "false green", "hangs")]
    known = ", ".join(f"{name} {number}" for name, number in versions().items() if name in {"twine", "uv", "pypiserver", "pkg-publish"})
    text = f"\nOne run each; {known}.\n\n{table(['fault', *TOOLS], [*rows, *sums])}\n\n"
    page = PAGE.read_text(encoding="utf-8")
    page = re.sub(r"(?<=<!-- peers: made by `python -m benchmarks.faults` -->\n).*?(?=<!-- end -->)", lambda _: text, page, flags=re.DOTALL)
    PAGE.write_text(page, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
