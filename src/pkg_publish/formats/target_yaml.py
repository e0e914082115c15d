"""A target with options, as YAML that people paste."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def target_yaml(kind: str, options: Mapping[str, str]) -> str:
    """The input `targets` with this one; values stand as they are, one of several lines as a block."""
    return "\n".join(["targets: |", f"  - {kind}:", *(line for name, value in options.items() for line in _option(name, value))])


def _option(name: str, value: str) -> Iterator[str]:
    first, *more = value.split("\n")
    yield f"      {name}: |" if more else f"      {name}: {first}"
    yield from (f"        {line}" for line in [first, *more] if more)
