"""What a job must be allowed: a list of permissions takes away what is not in it, so the one that people paste has all that the plan needs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from pkg_publish.targets.base import Target

NEEDS = {
    "container-image": "packages",
    "ghcr": "packages",
    "github-release": "contents",
    "pypi": "id-token",
    "testpypi": "id-token",
}
"""What the job's own token or identity must be allowed to write for each kind of target."""

LIST = re.compile(r"permissions:\n((?:  [a-z-]+: [a-z]+(?:\n|$))+)")
"""How YAML begins that gives a job permissions."""


def for_all(paste: str, targets: Sequence[Target], tokens: Container[str]) -> str:
    """Return the YAML with what all targets need; `tokens` are the token inputs that stand for an identity. What gives no permissions stays as it is."""
    found = LIST.match(paste)
    if not found:
        return paste
    given = dict(line.strip().split(": ") for line in found[1].splitlines())
    kinds = [target.place.kind for target in targets]
    written = {NEEDS[kind] for kind in kinds if kind in NEEDS and f"{kind}-token" not in tokens}
    together = {"contents": "read"} | given | dict.fromkeys(written, "write")
    lines = "".join(f"  {name}: {level}\n" for name, level in sorted(together.items()))
    return f"permissions:\n{lines}{paste[found.end() :]}".rstrip("\n")
