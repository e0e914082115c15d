"""Outputs and the JSON report, before their schema and before the runner's own parser."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from tests.oracles.runner_commands import entries
from tests.report.scenes import ALL, BAD_GATEWAY, BOTH, GHCR, MISTAKES, NOTHING, PYPI, RELEASE, SDIST, WHEEL, Scene, attempt, look, many, scenes, skipped

import pkg_publish
from pkg_publish.errors import EXIT_CODES, Environment, Failure
from pkg_publish.formats import neutral
from pkg_publish.model import Item, Receipt
from pkg_publish.plan import Strategy
from pkg_publish.report import machine
from pkg_publish.report.sentences import verdict
from pkg_publish.state import Done, Look, State
from pkg_publish.verdict import Level, Proof, Status

if TYPE_CHECKING:
    from enum import StrEnum

SCHEMA = json.loads(Path(machine.__file__).with_name("report.schema.json").read_text(encoding="utf-8"))
NAMES = [
    *("status", "target", "targets", "project", "version", "url", "install-command", "files"),
    *("digest", "tag", "release-id", "upload-url", "fallback-reason", "report"),
]
"""The contract, section 5."""

HOSTILE = "a\n<<EOF\ntarget=evil\n::error::x\udcff"


@pytest.mark.parametrize("scene", scenes().values(), ids=scenes())
def test_every_report_fits_the_schema(scene: Scene) -> None:
    """And is JSON."""
    document = json.loads(json.dumps(machine.document(scene.report(), Path("report.json"))))

    assert list(Draft202012Validator(SCHEMA).iter_errors(document)) == []


def test_a_proof_is_in_the_report() -> None:
    """With what was imported."""
    report = replace(next(iter(scenes().values())).report(), proof=Proof(python="3.12.1", modules=("demo",)))
    document = json.loads(json.dumps(machine.document(report)))

    assert document["proof"] == {"python": "3.12.1", "modules": ["demo"]}
    assert list(Draft202012Validator(SCHEMA).iter_errors(document)) == []


def test_the_schema_is_sound() -> None:
    """By its own schema; every object is closed."""
    Draft202012Validator.check_schema(SCHEMA)
    objects = [each for each in nested(SCHEMA) if each.get("type") == "object"]
    assert all(each["additionalProperties"] is False and set(each["required"]) == set(each["properties"]) for each in objects)


def nested(schema: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - JSON
    """All objects in it."""
    inner = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else []
    return [*([schema] if isinstance(schema, dict) else []), *(found for each in inner for found in nested(each))]


@pytest.mark.parametrize(
    ("words", "enum"),
    [
        (SCHEMA["properties"]["status"]["enum"], Status),
        (SCHEMA["properties"]["strategy"]["enum"], Strategy),
        (SCHEMA["$defs"]["class"]["enum"], Failure),
        (SCHEMA["$defs"]["outcome"]["anyOf"][0]["enum"], Done),
        (SCHEMA["$defs"]["state"]["enum"], State),
        (SCHEMA["$defs"]["remark"]["properties"]["level"]["enum"], Level),
    ],
)
def test_the_schema_knows_our_words(words: list[str], enum: type[StrEnum]) -> None:
    """All of them, and no others."""
    assert words == list(enum)


def test_the_schema_knows_what_a_receipt_says() -> None:
    """Every field."""
    receipt = SCHEMA["$defs"]["attempt"]["properties"]["receipt"]["anyOf"][0]
    assert list(receipt["properties"]) == [each.name for each in fields(Receipt)]


def test_the_schema_knows_our_exit_codes() -> None:
    """Zero, and one for each class."""
    assert set(SCHEMA["properties"]["exit_code"]["enum"]) == {0, *EXIT_CODES.values()}


@pytest.mark.parametrize("scene", scenes().values(), ids=scenes())
def test_every_output_is_always_there(scene: Scene) -> None:
    """In the contract's order, bounded, and the same as in the report."""
    report = scene.report()
    outputs, document = machine.outputs(report, Path("r.json")), machine.document(report, Path("r.json"))

    assert list(outputs) == NAMES
    assert all(len(value.encode()) <= machine.LIMIT for value in outputs.values())
    assert {name: outputs[name] for name in NAMES if name not in {"files", "targets"}} == {
        name: document[name.replace("-", "_")] for name in NAMES if name not in {"files", "targets"}
    }


def test_outputs_of_the_normal_day() -> None:
    """What a later step reads."""
    outputs = machine.outputs(scenes()["normal-day"].report(), Path("r.json"))

    assert outputs["status"] == "published-by-fallback"
    assert (outputs["target"], outputs["targets"]) == ("ghcr", "ghcr")
    assert (outputs["project"], outputs["version"]) == ("sglang", "0.5.10")
    assert outputs["url"] == "https://ghcr.io/octo/sglang/sglang:0.5.10"
    assert outputs["digest"] == f"sha256:{'5' * 64}"
    assert outputs["fallback-reason"].startswith("unsupported: github-packages: ")
    assert json.loads(outputs["files"])[0] == {"name": WHEEL.name, "size": WHEEL.size, "sha256": WHEEL.sha256}
    assert outputs["report"] == "r.json"


def test_outputs_of_a_run_that_did_not_begin() -> None:
    """They are written, and say nothing."""
    outputs = machine.outputs(Scene(early=MISTAKES).report())

    assert outputs == dict.fromkeys(NAMES, "") | {"status": "failed", "files": "[]"}


def test_outputs_of_several_targets() -> None:
    """What only one kind gives comes from that one."""
    tried = [attempt(PYPI, NOTHING, ALL), attempt(GHCR, ALL), attempt(RELEASE, NOTHING, ALL)]
    outputs = machine.outputs(Scene(tried=tried, plan={"strategy": Strategy.ALL}).report())

    assert outputs["targets"] == "pypi, ghcr, github-release"
    assert outputs["url"].startswith("https://index.example.org/")
    assert outputs["digest"] == f"sha256:{'5' * 64}"
    assert (outputs["tag"], outputs["release-id"], outputs["upload-url"]) == ("v0.5.10", "7", "")


def test_more_files_than_an_output_holds() -> None:
    """It stays JSON, and says how many are left out; the report has them all."""
    release = many(1000)
    report = Scene(release=release, tried=[attempt(GHCR, look(release))]).report()

    *files, last = json.loads(machine.outputs(report)["files"])
    assert len(files) + last["more"] == 1000
    assert len(files) > 200
    assert len(machine.document(report)["files"]) == 1000


def test_hostile_outputs_come_out_as_one_value() -> None:
    """They set nothing else, and what cannot be written is spelt out."""
    report = replace(scenes()["normal-day"].report(), fallback_reason=HOSTILE * 9000)
    value = machine.outputs(report)["fallback-reason"]

    assert len(value.encode()) <= machine.LIMIT
    assert value.startswith(HOSTILE.replace("\udcff", "\\udcff"))
    assert entries(neutral.output("fallback-reason", value, "ghadelimiter_1")) == {"fallback-reason": value}


def test_the_state_of_each_file() -> None:
    """What a reader sees under each of our names."""
    held = {WHEEL.name: Item(name=WHEEL.name, sha256=WHEEL.sha256, visible=False), SDIST.name: Item(name=SDIST.name)}
    odd = Look(wanted=NOTHING.wanted, held=held)

    late = {name: replace(item, late=True) for name, item in ALL.held.items()}

    assert states(Look(wanted=NOTHING.wanted, held=late)) == {WHEEL.name: "late", SDIST.name: "late"}
    assert states(odd) == {WHEEL.name: "staged", SDIST.name: "other-bytes"}
    assert states(ALL) == {WHEEL.name: "there", SDIST.name: "there"}
    assert states(NOTHING) == {WHEEL.name: "missing", SDIST.name: "missing"}
    assert states(look(BOTH, SDIST.name, keep=[WHEEL.name])) == {WHEEL.name: "kept", SDIST.name: "there"}
    assert states(look(BOTH, problem=BAD_GATEWAY)) == {WHEEL.name: "unknown", SDIST.name: "unknown"}


def states(seen: Look) -> dict[str, str]:
    """As the report has them."""
    report = Scene(tried=[attempt(GHCR, NOTHING, ALL)], skipped=[skipped(PYPI, seen)]).report()
    return {each["name"]: each["state"] for each in machine.document(report)["attempts"][1]["files"]}


def test_an_attempt_in_the_report() -> None:
    """Everything about it."""
    refused, fell = machine.document(scenes()["fallback-past-a-refusal"].report())["attempts"][1:]

    assert (refused["target"], refused["outcome"], refused["before"], refused["after"]) == ("ghcr", "refused", "absent", "absent")
    assert refused["reason"] == refused["problem"]["what"]
    assert (refused["problem"]["code"], refused["problem"]["said"]) == ("ghcr-write-package", "permission_denied: write_package")
    assert refused["problem"]["help"] == "docs/troubleshooting.md#ghcr-write-package"
    assert fell["receipt"] == {name: getattr(fell_to(), name) for name in fell["receipt"]}


def fell_to() -> Receipt:
    """Where it went."""
    receipt = scenes()["fallback-past-a-refusal"].report().receipt
    assert receipt
    return receipt


def test_what_a_target_that_was_not_needed_would_do() -> None:
    """Its checks, and what they come to."""
    spare = machine.document(scenes()["already-published"].report())["attempts"][1]

    assert (spare["outcome"], spare["reason"], spare["would_work"]) == ("skipped", "not needed", False)
    assert spare["checks"][0]["do"] == "give the job `contents: write`"


def test_the_report_as_a_file(tmp_path: Path) -> None:
    """ASCII, in a folder that is made for it, and it says where it is and who wrote it."""
    path, report = tmp_path / "deep" / "report.json", scenes()["conflict"].report()
    machine.write(report, path)

    found = json.loads(path.read_bytes().decode("ascii"))
    assert (found["schema"], found["report"], found["verdict"]) == (1, str(path), verdict(report))
    assert found["generator"] == f"pkg-publish {pkg_publish.__version__}"


def test_a_report_that_cannot_be_written(tmp_path: Path) -> None:
    """An expected failure, which the caller may turn into a warning."""
    (tmp_path / "file").write_text("")

    with pytest.raises(Environment, match="writing the report"):
        machine.write(scenes()["conflict"].report(), tmp_path / "file" / "report.json")
