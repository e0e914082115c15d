"""What is compared: the rows of the table."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from benchmarks import index_ways, reading, registry_ways, wheels
from benchmarks.index_ways import PEERS, TOOL, VENV
from benchmarks.places import registry, sink
from benchmarks.registry_ways import AT_ONCE, CURL, ORAS, ORAS_PY, SKOPEO
from benchmarks.work import Contender, Goal, Row, Shape

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

REGISTRY = "docker-registry of Debian, new for each push, on a file system in memory where there is one."
SINK = "The index keeps names and digests and drops the bytes, so that it is never the slow one; we read it before and after, the others do not."


def all_rows(shape: Shape) -> list[Row]:
    """All rows, as large as that."""
    publishing = [_registry_many(shape), _registry_large(shape), _index_many(shape), _index_large(shape), _start_cold(shape), _start_warm(shape)]
    return [*publishing, *reading.rows(shape)]


def _registry_many(shape: Shape) -> Row:
    parallel = Contender(name="curl --parallel", commands=CURL.commands, missing=CURL.missing)
    return Row(
        word="registry-many",
        title=f"{shape.many} wheels of {shape.small // 1000} KB to a registry, {shape.registry_away * 1000:.0f} ms away",
        notes=(
            REGISTRY,
            (
                f"curl, {AT_ONCE} at once, makes the {5 * shape.many + 1} requests of a correct push of {shape.many} artifacts with one layer, in phases: "
                "POST and PUT for each file and each config, a manifest for each file, the index. It reads nothing; we look before, and read back."
            ),
            f"oras pushes one artifact with {shape.many} layers, which is one manifest for all; oras-py pushes one artifact after another.",
        ),
        contenders=(registry_ways.OURS, parallel, ORAS, ORAS_PY),
        files=partial(_wheels, sizes=[shape.small] * shape.many),
        place=partial(registry, away=shape.registry_away),
        rounds=shape.rounds,
        goals=(Goal(against=parallel.name, times=1.1),),
    )


def _registry_large(shape: Shape) -> Row:
    return Row(
        word="registry-large",
        title=f"One wheel of {_size(shape.huge)} to a registry",
        notes=(
            REGISTRY,
            "curl: openssl hashes, then POST and PUT of both blobs, manifest and index. skopeo copies from an image layout that lies ready, its digests known.",
        ),
        contenders=(registry_ways.OURS, CURL, ORAS, SKOPEO, ORAS_PY),
        files=partial(_wheels, sizes=[shape.huge]),
        place=registry,
        rounds=shape.rounds,
        goals=(Goal(against="curl", times=1.0), Goal(mebibytes=64)),
        warm_up=False,
    )


def _index_many(shape: Shape) -> Row:
    return Row(
        word="index-many",
        title=f"{shape.some} wheels of {_size(shape.least)} to {_size(shape.most)} to an index, {shape.index_away * 1000:.0f} ms away",
        notes=(SINK,),
        contenders=(index_ways.OURS, *PEERS.values()),
        files=partial(_wheels, sizes=wheels.spread(shape.least, shape.most, shape.some)),
        place=partial(sink, away=shape.index_away),
        rounds=2 * shape.rounds - 1,
        goals=(Goal(against="twine", times=0.3),),
    )


def _index_large(shape: Shape) -> Row:
    return Row(
        word="index-large",
        title=f"One wheel of {_size(shape.large)} to an index",
        notes=(SINK, "curl: openssl hashes, then one form."),
        contenders=(index_ways.OURS, index_ways.CURL, *PEERS.values()),
        files=partial(_wheels, sizes=[shape.large]),
        place=sink,
        rounds=shape.rounds,
        goals=(Goal(against="twine", times=0.25), Goal(mebibytes=64)),
        warm_up=False,
    )


def _start_cold(shape: Shape) -> Row:
    return Row(
        word="start-cold",
        title="Set-up with empty caches, until the first request has come to the index",
        notes=("Each fetches what it needs from this machine's package index. For `uv tool run` uv is there already; ours is a checkout that was never run.",),
        contenders=index_ways.COLD,
        files=partial(_wheels, sizes=[shape.small]),
        place=sink,
        rounds=shape.rounds,
        goals=(Goal(against=VENV, times=0.12),),
        warm_up=False,
        first_byte=True,
    )


def _start_warm(shape: Shape) -> Row:
    return Row(
        word="start-warm",
        title="The same once everything is there",
        notes=(f"`{TOOL}` has its cache, we have our folder of libraries.",),
        contenders=index_ways.WARM,
        files=partial(_wheels, sizes=[shape.small]),
        place=sink,
        rounds=3 * shape.rounds,
        goals=(Goal(seconds=0.25),),
        first_byte=True,
    )


def _wheels(folder: Path, sizes: Sequence[int]) -> Sequence[Path]:
    return wheels.make(folder, sizes)


def _size(size: int) -> str:
    unit, name = next((unit, name) for unit, name in ((10**9, "GB"), (10**6, "MB"), (1000, "KB")) if size >= unit)
    return f"{size / unit:g} {name}"
