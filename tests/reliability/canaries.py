"""Canaries: a secret in every form in which it might leak, and all the places where one might be found."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator, Mapping

    from tests.servers.front import Front


def forms(secret: str) -> dict[str, bytes]:
    """How it may be written: as it is, in base64 at each of three offsets, escaped, in hexadecimal, backwards."""
    raw = secret.encode()
    whole = {"raw": raw, "url": quote(secret, safe="").encode(), "json": json.dumps(secret)[1:-1].encode(), "hex": raw.hex().encode(), "backwards": raw[::-1]}
    # the letters of base64 that hold bits of the secret alone
    shifted = {f"base64 at {offset}": base64.b64encode(b"\0" * offset + raw)[-(-offset * 8 // 6) :].rstrip(b"=")[:-1] for offset in range(3)}
    return whole | shifted


def found(secrets: Mapping[str, str], places: Mapping[str, bytes]) -> list[str]:
    """Where one of them is, and in which form."""
    return [
        f"{name} ({form}) in {where}"
        for name, secret in secrets.items()
        for form, text in forms(secret).items()
        for where, data in places.items()
        if text in data
    ]


def on_disk(*folders: Path) -> Iterator[tuple[str, bytes]]:
    """Every file below, but our own libraries and what only the reader of the test wrote."""
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file() and "site-packages" not in path.parts and "pkg-publish-0" not in path.parts:
                yield str(path), path.read_bytes()


def asked(fronts: Mapping[str, Front]) -> Iterator[tuple[str, bytes]]:
    """What each request brought: the line, all headers but the one that proves who asks, and every byte of the body."""
    for place, front in fronts.items():
        for number, seen in enumerate(front.requests):
            kept = {name: value for name, value in seen.headers.items() if name != "Authorization"}
            assert len(seen.body) == seen.size, "not all of it was kept"
            yield f"request {number} at {place}: {seen.method} {seen.path}", f"{seen.path} {kept}".encode()
            yield f"body {number} at {place}: {seen.method} {seen.path}", bytes(seen.body)


PROBE = b"-c\0\0"
"""How the command ends by which `start.sh` asks a Python whether it runs: the very program that it then becomes."""


class Processes:
    """What other users, or children, may see of a process and of all it starts."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process, self.seen = process, dict[str, bytes]()
        self.children: set[int] = set()

    def look(self) -> None:
        """Read the command lines of all, and the environments of the children."""
        self._look_at(self.process.pid, b"")

    def _look_at(self, pid: int, parent: bytes) -> None:
        try:
            line = Path(f"/proc/{pid}/cmdline").read_bytes()
            self.seen[f"command line of {pid}: {line!r}"] = line
            if parent and line not in {b"", parent} and not line.endswith(PROBE):  # a fork is its parent until it begins something
                self.children.add(pid)
                self.seen[f"environment of {pid}: {line!r}"] = Path(f"/proc/{pid}/environ").read_bytes()
            below = [int(each) for task in Path(f"/proc/{pid}/task").iterdir() for each in (task / "children").read_text().split()]
        except OSError:  # it has ended
            return
        for each in below:
            self._look_at(each, line)
