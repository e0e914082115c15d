"""Advice for a workflow, told to somebody at a shell: flags, variables and commands instead of YAML."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any

from pkg_publish.config import inputs

if TYPE_CHECKING:
    from collections.abc import Iterator

OURS = "pkg-publish"
"""What starts us where we are installed."""

YAML = re.compile(r"(- )?[\w-]+:( |$)")
"""How YAML begins; the rest that people paste are commands."""

INPUT = re.compile(r"`([a-z-]+): ([^`]+)`")
"""An input and its value in a sentence."""

NAMES = {each.name for each in inputs() if not each.secret}
"""What is a flag at a shell."""


def is_yaml(paste: str) -> bool:
    """Whether it belongs into a workflow."""
    return bool(YAML.match(paste.partition("\n")[0]))


def at_home(paste: str, targets: str = "--targets", command: str = OURS) -> str:
    """Return what does the same on a command line, where targets follow this flag and `command` starts us; empty for what only a workflow has."""
    if not is_yaml(paste):
        return re.sub(rf"^{OURS} ", lambda _: f"{command} ", paste, flags=re.MULTILINE)
    from pkg_publish.formats import plain_yaml

    try:
        document: Any = plain_yaml.load(paste)
    except plain_yaml.Broken:
        return ""
    if isinstance(document, list):
        steps = [each for each in document if isinstance(each, dict) and "/pkg-publish-action" in str(each.get("uses"))]
        return "\n".join(f"{command} publish {' '.join(_flags(each, targets))}" for each in steps)
    return "\n".join([*_variables(document), *_flags(document, targets)])


def in_words(text: str) -> str:
    """Return a sentence that names inputs as YAML has them, with flags in their place."""
    return INPUT.sub(lambda found: f"`--{found[1]} {found[2]}`" if found[1] in NAMES else found[0], text)


def _flags(step: dict[str, Any], targets: str) -> Iterator[str]:
    """Inputs, quoted for a shell; a token never stands on a command line."""
    given = {"targets": step["targets"]} if "targets" in step else {}
    for name, value in (given | _mapping(step, "with")).items():
        if not name.endswith("-token"):
            yield f"{targets if name == 'targets' else f'--{name}'} {shlex.quote(str(value).rstrip())}"


def _variables(step: dict[str, Any]) -> Iterator[str]:
    """Variables of the step, and what stands for the inputs that are secret."""
    tokens = [name.upper().replace("-", "_") for name in _mapping(step, "with") if name.endswith("-token")]
    yield from (f"export {name}=…" for name in [*tokens, *_mapping(step, "env")])


def _mapping(step: dict[str, Any], name: str) -> dict[str, Any]:
    found = step.get(name)
    return found if isinstance(found, dict) else {}
