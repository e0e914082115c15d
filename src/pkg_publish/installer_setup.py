"""How an installer is set up, by files and variables: where it installs from, which our index stands before, and all the rest, which it keeps."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pkg_publish.clients.disk import disk
from pkg_publish.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from pkg_publish.interpreter import Interpreter

REPLACED = frozenset(
    [
        *("PIP_INDEX_URL", "PIP_PYPI_URL", "PIP_EXTRA_INDEX_URL", "PIP_NO_INDEX", "PIP_CONFIG_FILE", "PIP_PROXY"),
        *("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_NO_INDEX", "UV_CONFIG_FILE", "UV_NO_CONFIG"),
    ]
)
"""What is heeded, and said anew: the indexes behind ours, and the way to them."""

UNHEEDED = frozenset(
    [
        *("PIP_FIND_LINKS", "PIP_REQUIREMENT", "PIP_REQUIREMENTS", "PIP_EDITABLE", "PIP_GROUP"),
        *("UV_FIND_LINKS", "UV_TORCH_BACKEND"),
    ]
)
"""What would stand beside our index, so that a name that a source knows could come from there."""

LOGINS = re.compile(r"UV_INDEX_.*_(USERNAME|PASSWORD)")
"""What belongs to the indexes behind ours."""

LEADS_AWAY = re.compile(r"\s*(-i|-f|--index-url|--pypi-url|--extra-index-url|--find-links)\b")
"""A line of a file of constraints that names an index."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """One installer, as somebody has set it up."""

    indexes: Sequence[str] = ()
    """The main one and the extra ones, maybe with a login inside; none: it shall use none."""
    trusted: Collection[str] = ()
    """Hosts that it may speak to without encryption."""
    environ: Mapping[str, str]
    """What it sees, without any index."""
    unheeded: Sequence[str] = ()
    """The settings that are not heeded."""

    def behind(self, addresses: Sequence[str]) -> dict[str, str]:
        """The environment in which there are these indexes and no other, for the installer and for any that a build starts."""
        first, *others = addresses
        beside = " ".join(others)
        more = {"PIP_EXTRA_INDEX_URL": beside, "UV_INDEX": beside} if beside else {}
        return {**self.environ, "PIP_INDEX_URL": first, "UV_DEFAULT_INDEX": first, **more}


def of_pip(python: Interpreter, environ: Mapping[str, str], indexes: Sequence[str] | None = None) -> Setup:
    """How the pip of a Python is set up; `indexes` are named instead of its own.

    Raises `Environment` when it does not say, `ConfigError` when a file of constraints names an index.
    """
    found = python.settings(environ)
    said = {f"PIP_{name.upper().replace('-', '_')}": str(value) for name, value in found["said"].items()}
    for name in ("PIP_CONSTRAINT", "PIP_BUILD_CONSTRAINT"):
        for each in said.get(name, "").split():
            _check_constraints(Path(each))
    proxy = said.get("PIP_PROXY", "")
    by_pip = {name: proxy for scheme in ("http_proxy", "https_proxy") for name in (scheme, scheme.upper())} if proxy else {}
    direct = "" if proxy else environ.get("NO_PROXY", environ.get("no_proxy", ""))
    return Setup(
        indexes=found["indexes"] if indexes is None else indexes,
        trusted=found["trusted"],
        environ={**kept({**said, **environ}), **by_pip, **past_proxies(direct), "PIP_CONFIG_FILE": os.devnull, "UV_NO_CONFIG": "1"},
        unheeded=unheeded_in({**said, **environ}, "PIP_"),
    )


def _check_constraints(path: Path, above: Collection[Path] = ()) -> None:
    """What pip reads there may name an index, which would stand beside ours."""
    with disk(f"reading {path}"):
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() and path not in above else []
    for line in lines:
        if LEADS_AWAY.match(line):
            raise ConfigError(
                f"the constraints in {path} name an index, which could supply what was published to the places that were named",
                code="constraints-name-index",
                cure="Take that line out of the file, and name the index with --upstream, or in pip's own settings.",
            )
        if nested := re.match(r"\s*(?:-c|-r|--constraint|--requirement)[\s=]*(\S+)", line):
            _check_constraints(path.parent / nested[1], [*above, path])


def kept(environ: Mapping[str, str]) -> dict[str, str]:
    """What an installer sees of its variables: nothing that leads past our index."""
    return {name: value for name, value in environ.items() if name.upper() not in REPLACED | UNHEEDED and not LOGINS.fullmatch(name.upper())}


def unheeded_in(environ: Mapping[str, str], family: str) -> list[str]:
    """The variables that are set and not heeded, of one installer: `PIP_` or `UV_`."""
    return sorted(name for name, value in environ.items() if value and name.upper() in UNHEEDED and name.upper().startswith(family))


def past_proxies(direct: str) -> dict[str, str]:
    """Our index is on this machine, and no proxy may learn where."""
    hosts = ",".join(filter(None, [direct, "127.0.0.1"]))
    return {"NO_PROXY": hosts, "no_proxy": hosts}
