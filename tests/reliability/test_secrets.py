"""No secret is anywhere but in the `Authorization` of a request to its own place; what others planted changes nothing."""

from __future__ import annotations

import itertools
import json
import secrets
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.oracles.runner_commands import commands
from tests.reliability.canaries import Processes, asked, forms, found, on_disk
from tests.reliability.wires import UploadWire
from tests.servers.pypiserver import PASSWORD
from tests.servers.tokens import MAINTAINERS_PASSWORD
from tests.targets.contract import digests

from pkg_publish.formats.neutral import LEAST_SECRET

if TYPE_CHECKING:
    from pathlib import Path

    from tests.reliability.kills import Ground
    from tests.reliability.steps import Step

pytestmark = pytest.mark.real("docker-registry")


def watched(step: Step) -> tuple[int, str, Processes]:
    """Run a step and look at its processes all the time."""
    process = step.start()
    seen = Processes(process)
    said = ""
    while process.returncode is None:
        seen.look()
        with suppress(subprocess.TimeoutExpired):
            said, _ = process.communicate(timeout=0.01)
    return process.returncode, said, seen


def masked_before_all_else(said: str) -> set[str]:
    """What the runner is told to hide before anything is printed but our own first line."""
    first, *rest = said.splitlines()
    assert first.startswith("pkg-publish ")
    return {command.data for line in itertools.takewhile(lambda line: line.startswith("::add-mask::"), rest) for command in commands(line)}


@pytest.mark.parametrize("broken", [False, True], ids=["well", "refused"])
@pytest.mark.parametrize("kind", ["repository", "oci", "github-release"])
def test_a_canary_is_found_nowhere(ground: Ground, tmp_path: Path, home: Path, kind: str, *, broken: bool) -> None:
    """Log, summary, outputs, report, files, command lines, children, addresses, headers, what the place keeps: in no form."""
    place = ground.spot(kind, tmp_path)
    canaries = {"github-token": f"ghs_canary+/{secrets.token_hex(12)}", "other": f"other canary&{secrets.token_hex(12)}"}
    wire = ground.stands.wires[{"repository": "upload API", "oci": "registry", "github-release": "release API"}[kind]]
    login = {"repository": PASSWORD, "oci": MAINTAINERS_PASSWORD, "github-release": canaries["github-token"]}[kind]
    if kind == "github-release":
        vars(wire)["api_server"].world.tokens[login] = "read" if broken else "write"
    environ = {"OTHER": canaries["other"], "RUNNER_DEBUG": "1"} | ({"PASSWORD": f"wrong{login}"} if broken and kind != "github-release" else {})
    step = replace(ground.step(place, tmp_path), environ=dict(place.environ) | environ)
    step = replace(step, inputs={"github-token": canaries["github-token"], "verify": "install" if kind == "repository" else "digest"})

    code, said, processes = watched(step)

    assert (code == 0) is not broken, said
    handed = {canaries["github-token"], dict(step.environ).get("PASSWORD", login)}
    assert masked_before_all_else(said) == {each for each in handed if len(each) >= LEAST_SECRET}
    masked = "\n".join(line for line in said.splitlines() if not line.startswith("::add-mask::"))
    places = {"the log": masked.encode()} | dict(on_disk(tmp_path, ground.temp, home)) | dict(asked(wire.fronts())) | processes.seen
    leaks = found(canaries | {"login": login}, places)
    assert leaks == [], "\n".join(leaks)
    assert len(places) > 10
    assert processes.children or kind != "repository" or broken
    assert place.stored() == ({} if broken else digests(ground.release))


@pytest.mark.parametrize("form", forms("x"))
def test_a_canary_would_be_found(form: str) -> None:
    """In every form, whatever stands around it."""
    canary = "ghs_canary+/0123456789abcdef"
    assert found({"it": canary}, {"there": b"before " + forms(canary)[form] + b" behind"})


def test_what_others_planted_changes_nothing(ground: Ground, tmp_path: Path, home: Path) -> None:
    """Logins in the home folder, a module and a setting in the checkout: another user would be refused, another address would be asked."""
    place = ground.spot("repository", tmp_path)
    wire = ground.stands.wires["upload API"]
    assert isinstance(wire, UploadWire)
    host = wire.front.url.removeprefix("http://")
    (home / ".netrc").write_text("default login planted password planted\n")
    (home / ".pypirc").write_text(f"[distutils]\nindex-servers = pypi\n[pypi]\nrepository = {wire.front.url}/planted\nusername = planted\npassword = planted\n")
    (home / ".docker").mkdir()
    (home / ".docker" / "config.json").write_text(json.dumps({"auths": {host: {"auth": "cGxhbnRlZDpwbGFudGVk"}}}))
    for name in ("twine", "requests", "json", "sitecustomize"):
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    (tmp_path / "pyproject.toml").write_text(f'[tool.uv]\npublish-url = "{wire.front.url}/planted"\n')

    code, said, _ = watched(ground.step(place, tmp_path))

    assert (code, (tmp_path / "ran").exists()) == (0, False), said
    assert place.stored() == digests(ground.release)
    assert not [seen.path for seen in wire.front.requests if "planted" in seen.path or "planted" in str(seen.headers)]


LURKS = """
import os, pathlib, sys
if os.fork():
    os._exit(0)
os.setsid()
while True:
    for path in pathlib.Path("/proc").glob("[0-9]*/environ"):
        try:
            text = path.read_bytes()
        except OSError:
            continue
        if sys.argv[1].encode() + b"=" in text:
            pathlib.Path(sys.argv[2]).write_bytes(text.partition(sys.argv[1].encode() + b"=")[2].partition(b"\\0")[0])
            os._exit(0)
"""
"""What a build may leave behind: a process that waits for a variable to appear in any environment."""


def test_what_a_hostile_build_can_still_reach(tmp_path: Path) -> None:
    """No environment hides a secret from a process of an earlier step: only another job does."""
    name, secret, loot = f"PASSWORD_{secrets.token_hex(4)}", secrets.token_hex(8), tmp_path / "loot"
    subprocess.run([sys.executable, "-c", LURKS, name, str(loot)], env={}, check=True)

    later = subprocess.Popen([sys.executable, "-c", "input()"], env={name: secret}, stdin=subprocess.PIPE)
    while not loot.exists() or not loot.read_text():
        with suppress(subprocess.TimeoutExpired):
            later.wait(timeout=0.05)
    later.communicate(b"\n")

    assert loot.read_text() == secret
