"""The registries are what tests believe, as other people's clients see them."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING
from urllib.request import parse_http_list, parse_keqv_list

import pytest
import requests
from tests.servers.registries import Registry, digest_of
from tests.servers.tokens import MAINTAINER, READER, READERS_PASSWORD

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Tool = Callable[[str], Path]

EMPTY = b"{}"


def oras(tool: Tool, *words: str, user: str = "", password: str = "", folder: Path) -> subprocess.CompletedProcess[str]:
    """Run oras in a folder, perhaps with a login."""
    login = ["--username", user, "--password-stdin"] if user else []
    command: list[str | Path] = [tool("oras"), *words, "--plain-http", *login]
    return subprocess.run(command, input=password, cwd=folder, capture_output=True, text=True, check=False)


def push(tool: Tool, registry: Registry, user: str, password: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Push a file as version 1.0."""
    (folder / "demo.txt").write_text("the file")
    return oras(tool, "push", f"{registry.reference}:1.0", "demo.txt", user=user, password=password, folder=folder)


def manifest_with(registry: Registry, name: str = "") -> dict[str, object]:
    """A manifest of one blob that the registry has."""
    digest = registry.put_blob(EMPTY, name)
    config = {"mediaType": "application/vnd.oci.empty.v1+json", "digest": digest, "size": len(EMPTY)}
    return {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": config, "layers": [config]}


def test_it_takes_what_oras_pushes(any_registry: Registry, tool: Tool, tmp_path: Path) -> None:
    """The witness finds the bytes, and the front saw them pass."""
    done = push(tool, any_registry, any_registry.username, any_registry.password, tmp_path)

    assert done.returncode == 0, done.stderr
    assert any_registry.tags() == ["1.0"]
    assert [layer["digest"] for layer in any_registry.index("1.0")["layers"]] == [digest_of(b"the file")]
    assert any_registry.blob(digest_of(b"the file")) == b"the file"
    assert any_registry.front.writes() > 2


def test_a_witness_writes_and_reads_past_the_front(any_registry: Registry) -> None:
    """What it put is there, by tag and digest, and nothing else is."""
    manifest = manifest_with(any_registry, f"{any_registry.name}/files")
    digest = any_registry.put_manifest("1.0", manifest, f"{any_registry.name}/files")

    assert any_registry.has(digest, f"{any_registry.name}/files")
    assert any_registry.manifest("1.0", f"{any_registry.name}/files") == json.dumps(manifest).encode()
    assert (any_registry.tags(), any_registry.has("1.0")) == ([], False)
    assert any_registry.front.requests == []


def test_it_forgets(any_registry: Registry) -> None:
    """A manifest that was removed is gone with its tags."""
    any_registry.put_manifest("1.0", manifest_with(any_registry))

    any_registry.remove("1.0")

    assert not any_registry.has("1.0")


def test_each_test_has_a_name_of_its_own(new_registry: Callable[[str], Registry]) -> None:
    """Also in the registry that it shares with others."""
    one, other = new_registry("open"), new_registry("open")

    assert one.upstream == other.upstream
    assert one.name != other.name


@pytest.mark.parametrize("kind", ["htpasswd", "token"])
def test_a_wrong_password_is_refused(new_registry: Callable[[str], Registry], kind: str, tool: Tool, tmp_path: Path) -> None:
    """Nothing is stored."""
    registry = new_registry(kind)

    done = push(tool, registry, "maintainer", "wrong", tmp_path)

    assert done.returncode != 0
    assert "401" in done.stderr
    assert registry.tags() == []


def test_basic_is_asked_for(registry_htpasswd: Registry) -> None:
    """In the registry's own challenge."""
    answer = requests.get(f"http://{registry_htpasswd.host}/v2/", timeout=10)

    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, 'Basic realm="tests"')


def token_of(registry: Registry, scope: str, login: tuple[str, str] | None = None) -> str:
    """A token as the server gives it."""
    assert registry.token_server
    answer = requests.get(registry.token_server.realm, {"service": "registry.test", "scope": scope}, auth=login, timeout=10)
    return str(answer.json()["token"])


def told(registry: Registry, method: str, path: str, token: str) -> requests.Response:
    """What a registry says to somebody with a token."""
    return requests.request(method, f"http://{registry.host}/v2/{registry.name}/{path}", headers={"Authorization": f"Bearer {token}"}, timeout=10)


def test_a_token_is_good_for_its_scope_alone(registry_token: Registry) -> None:
    """A pull token does not push, and the challenge names the scope that does; nor does a token for another name."""
    login = (registry_token.username, registry_token.password)
    pull = told(registry_token, "POST", "blobs/uploads/", token_of(registry_token, f"repository:{registry_token.name}:pull", login))
    other = told(registry_token, "POST", "blobs/uploads/", token_of(registry_token, f"repository:{registry_token.name}/x:pull,push", login))
    right = told(registry_token, "POST", "blobs/uploads/", token_of(registry_token, f"repository:{registry_token.name}:pull,push", login))

    assert [answer.status_code for answer in (pull, other, right)] == [401, 401, 202]
    fields = parse_keqv_list(parse_http_list(pull.headers["WWW-Authenticate"].removeprefix("Bearer ")))
    assert fields["scope"] in {f"repository:{registry_token.name}:{actions}" for actions in ("pull,push", "push,pull")}  # in any order, as Go's maps are
    assert fields["error"] == "insufficient_scope"


def test_a_reader_is_given_less_than_was_asked_for(registry_token: Registry) -> None:
    """Not an error: the registry refuses later."""
    token = token_of(registry_token, f"repository:{registry_token.name}:pull,push", (READER, READERS_PASSWORD))

    assert told(registry_token, "POST", "blobs/uploads/", token).status_code == 401
    assert registry_token.token_server
    assert registry_token.token_server.given[-1].access == ((registry_token.name, "pull"),)


def test_what_is_public_is_read_by_anybody(registry_token: Registry) -> None:
    """With a token, but without a login."""
    registry_token.put_manifest("1.0", manifest_with(registry_token))
    scope = f"repository:{registry_token.name}:pull"
    before = told(registry_token, "GET", "manifests/1.0", token_of(registry_token, scope)).status_code
    assert registry_token.token_server

    registry_token.token_server.settings.public.add(registry_token.name)

    assert (before, told(registry_token, "GET", "tags/list", token_of(registry_token, scope)).status_code) == (401, 200)
    assert {given.user for given in registry_token.token_server.given} == {""}


def test_a_token_may_be_dead_on_arrival(registry_token: Registry) -> None:
    """It expired two minutes ago: nobody has to wait for that."""
    assert registry_token.token_server
    registry_token.token_server.settings.lifetime = -120

    answer = told(registry_token, "GET", "tags/list", token_of(registry_token, f"repository:{registry_token.name}:pull", (MAINTAINER, registry_token.password)))

    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_a_token_server_speaks_in_several_ways(registry_token: Registry) -> None:
    """With or without an end, with another word for the token."""
    assert registry_token.token_server
    settings = registry_token.token_server.settings
    settings.announced, settings.word, settings.refresh = None, "access_token", True

    answer = requests.get(registry_token.token_server.realm, {"service": "registry.test"}, timeout=10).json()

    assert set(answer) == {"access_token", "refresh_token"}
