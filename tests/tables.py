"""The README's tables, made from the code: `python -m tests.tables` writes them, a test compares them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from pkg_publish.config import inputs
from pkg_publish.errors import Failure, PublishError
from pkg_publish.plan import FALL_BACK_ON
from pkg_publish.targets import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table in Markdown."""
    names = list(head)
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in [names, ["---"] * len(names), *rows])


def targets() -> str:
    """Kinds and their options."""
    return table(
        ["target", "options"], ((f"`{kind.word}={kind.location.upper()}`" if kind.location else f"`{kind.word}`", _options(kind)) for kind in KINDS.values())
    )


def _options(kind: Any) -> str:  # noqa: ANN401 - a TargetKind
    return "; ".join(f"`{option.name}`: {option.says}" for option in kind.options) or "none"


def input_rows() -> str:
    """Every input."""
    return table(["input", "default", ""], ((f"`{each.name}`", f"`{each.default}`" if each.default else "none", each.says) for each in inputs()))


def action() -> dict[str, Any]:
    """`action.yml`."""
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    return loaded


def outputs() -> str:
    """Every output, as `action.yml` describes it."""
    return table(["output", ""], ((f"`{name}`", each["description"]) for name, each in action()["outputs"].items()))


def failures() -> str:
    """Every class of failure."""
    return table(["class", "means", "then", "exit"], _failures())


def _failures() -> Iterator[list[str]]:
    for each in Failure:
        (kind,) = (error for error in PublishError.__subclasses__() if error.kind is each)
        then = "the next target, if this one was proven untouched" if each in FALL_BACK_ON else "stop"
        yield [f"`{each}`", (kind.__doc__ or "").splitlines()[0].rstrip("."), then, str(each.exit_code)]


TABLES = {"targets": targets, "inputs": input_rows, "outputs": outputs, "failures": failures}


def with_tables(text: str) -> str:
    """The text with every table as the code has it."""
    for name, make in TABLES.items():
        text = re.sub(
            rf"(?<=<!-- {name}: made by `python -m tests.tables` -->\n).*?(?=<!-- end -->)", f"\n{make()}\n\n".replace("\\", r"\\"), text, flags=re.DOTALL
        )
    return text


if __name__ == "__main__":
    README.write_text(with_tables(README.read_text(encoding="utf-8")), encoding="utf-8")
