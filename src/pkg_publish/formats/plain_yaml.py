"""YAML of strings, lists and mappings alone; imported by what reads some, for it loads PyYAML."""

from __future__ import annotations

from typing import Any

import yaml

Broken = (yaml.YAMLError, RecursionError)
"""What is raised for a text that is no YAML."""


def load(text: str) -> object:
    """Read a document; every word stays as it was written. Raises one of `Broken`."""
    return yaml.load(text, _Words)  # noqa: S506 - no object but those three


class _Words(yaml.BaseLoader):
    """YAML whose every word stays as it was written, and whose mappings have each key once."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - as PyYAML has it
        """Raises `yaml.YAMLError` for a key that stands twice, the first of which would be lost."""
        keys = [str(key.value) for key, _ in node.value]
        if twice := next((key for key in keys if keys.count(key) > 1), None):
            raise yaml.constructor.ConstructorError(None, None, f"{twice[:80]!r} stands twice", node.start_mark)
        return super().construct_mapping(node, deep)
