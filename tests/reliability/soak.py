"""Kills by the hundred: `python -m tests.reliability.soak SEED [COUNT]`; `make soak` does more of everything that is random."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

from tests import real_parts
from tests.reliability.kills import Ground, kills, large_files
from tests.reliability.spots import KINDS, stands


def main(seed: int, count: int) -> int:
    """Exit 1 when a kill was not healed by the run after it."""
    began, complaints = time.monotonic(), list[str]()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with stands(lambda part: real_parts.find(part) or Path(part), folder) as found:
            ground = Ground(stands=found, temp=folder / "temp", release=large_files(folder / "dist"))
            ground.temp.mkdir()
            ground.warm(folder / "warm")
            usual = {kind: ground.usual(kind, folder) for kind in KINDS}
            for kill in kills(seed, count):
                for complaint in ground.survive(kill, usual[kill.kind], folder / str(kill.number)):
                    complaints.append(complaint)
                    print(complaint, flush=True)  # noqa: T201
    print(f"soak      {count} kills on {len(KINDS)} kinds of targets, seed {seed}: {len(complaints)} complaints, {time.monotonic() - began:.0f} s")  # noqa: T201
    return 1 if complaints else 0


if __name__ == "__main__":
    code = main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 150)
    sys.stdout.flush()
    os._exit(code)  # connections that are over still hold threads
