"""What pip's configuration files say: uv reads none of them, and a company's index often stands nowhere else."""

from __future__ import annotations

import ast
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pkg_publish.build.tools import Python

ANSWERS_WITHIN = 30.0
"""Seconds for pip to start, on a cold disk."""


def settings(python: Python, environ: Mapping[str, str]) -> dict[str, str]:
    """The variables (`PIP_INDEX_URL` …) that say the same as the files do; the user's own pip reads them, if there are any (it takes half a second)."""
    if not any(path.is_file() for path in _files(python, environ)):
        return {}
    command = [python.path, "-m", "pip", "config", "list"]
    try:
        listed = subprocess.run(command, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=ANSWERS_WITHIN, check=True)  # noqa: S603 - the user's pip
    except (OSError, subprocess.SubprocessError):  # no pip, or a file that it cannot read: uv says what is missing
        return {}
    return dict(_variables(listed.stdout))


def _variables(listed: str) -> Iterator[tuple[str, str]]:
    """From lines like `global.index-url='https://…'`; those of the section `install` come last."""
    for line in sorted(listed.splitlines()):
        option, _, value = line.partition("=")
        section, _, name = option.partition(".")
        if section in {"global", "install"}:
            yield f"PIP_{name.upper().replace('-', '_')}", str(ast.literal_eval(value))


def _files(python: Python, environ: Mapping[str, str]) -> Iterator[Path]:
    """Where pip looks, on any system: https://pip.pypa.io/en/stable/topics/configuration/."""
    if (named := environ.get("PIP_CONFIG_FILE", "")) == os.devnull:  # pip then reads no file at all
        return
    yield Path(named)
    home = environ.get("USERPROFILE") or environ.get("HOME", "/")
    folders = ["/etc", "/etc/xdg/pip", "/Library/Application Support/pip", python.prefix]
    folders += [f"{home}/{place}" for place in (".pip", ".config/pip", "pip", "Library/Application Support/pip")]
    folders += [f"{environ[name]}/pip" for name in ("XDG_CONFIG_HOME", "APPDATA", "PROGRAMDATA") if environ.get(name)]
    yield from (Path(folder, name) for folder in folders for name in ("pip.conf", "pip.ini"))
