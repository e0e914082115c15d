"""PyPI and the runner's identity provider in one: what warehouse answers (`forklift/legacy.py`, `oidc/views.py`), for what no server at hand does."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from email.parser import BytesParser
from email.policy import HTTP
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest
from tests.servers.serving import Call, Reply, Server

from pkg_publish.formats.filename import named

if TYPE_CHECKING:
    from collections.abc import Iterator

LIST = "application/vnd.pypi.simple.v1+json"
CLAIMS = {
    "repository": "octo/demo",
    "repository_owner": "octo",
    "workflow_ref": "octo/demo/.github/workflows/release.yml@refs/tags/v1.0",
    "job_workflow_ref": "octo/demo/.github/workflows/release.yml@refs/tags/v1.0",
    "ref": "refs/tags/v1.0",
    "event_name": "push",
}


class Pypi(Server):
    """An index with PyPI's manners. Every knob is a field: set it before the request."""

    def __init__(self) -> None:
        super().__init__()
        self.files: dict[str, bytes] = {}
        self.attestations: dict[str, str] = {}
        self.tokens = {"pypi-a-token"}
        self.hidden_reads = 0
        """So many reads of the simple index do not see what was uploaded."""
        self.refusal: tuple[int, str] | None = None
        """Answer uploads with this."""
        self.oidc_error: str | None = None
        """Answer the exchange with this code."""
        self.environment = ""
        self.lives: float | None = 900
        self.token_in_answer = True
        self.json_status = 200
        self._identities = 0
        self._used: set[str] = set()

    def answer(self, call: Call) -> Reply:
        """By path."""
        if call.path == "/legacy/":
            return self._upload(call)
        if call.path.startswith("/simple/"):
            return self._simple(call.path.split("/")[2])
        if found := re.fullmatch(r"/pypi/([^/]+)/([^/]+)/json", unquote(call.path)):
            return self._version(found[1], found[2])
        if call.path.startswith("/files/"):
            return Reply(body=self.files[unquote(call.path).removeprefix("/files/")])
        return self._identity(call)

    def _upload(self, call: Call) -> Reply:
        """The rules of an upload, in warehouse's order."""
        user, token = call.login or ("", "")
        if user != "__token__" or token not in self.tokens:
            return _no(403, "Invalid or non-existent authentication information.")
        if self.refusal:
            return _no(*self.refusal)
        form = _form(call)
        name, data = form["content"]
        if name in self.files and self.files[name] != data:
            digest = hashlib.blake2b(data, digest_size=32).hexdigest()
            return _no(400, f"File already exists ('{name}', with blake2_256 hash '{digest}').")
        assert form["sha256_digest"][1].decode() == hashlib.sha256(data).hexdigest()
        self.files[name] = data
        if "attestations" in form:
            self.attestations[name] = form["attestations"][1].decode()
        return Reply()

    def _simple(self, project: str) -> Reply:
        if not project:
            return Reply(body=json.dumps({"meta": {"api-version": "1.0"}, "projects": []}).encode(), headers={"Content-Type": LIST})
        if self.hidden_reads:
            self.hidden_reads -= 1
            return Reply(status=404)
        files = [{"filename": each["filename"], "url": each["url"], "hashes": each["digests"]} for each in self._listed(project)]
        page = {"meta": {"api-version": "1.0"}, "name": project, "files": files}
        return Reply(body=json.dumps(page).encode(), headers={"Content-Type": LIST}) if files else Reply(status=404)

    def _version(self, project: str, version: str) -> Reply:
        if self.json_status != 200:
            return Reply(status=self.json_status)
        urls = [each for each in self._listed(project) if named(str(each["filename"])) == (project, version)]
        return Reply.of({"info": {"name": project}, "urls": urls}) if urls else Reply.of({"message": "Not Found"}, 404)

    def _listed(self, project: str) -> list[dict[str, object]]:
        ours = {name: data for name, data in self.files.items() if (named(name) or ("",))[0] == project}
        return [
            {"filename": name, "url": f"{self.url}/files/{name}", "size": len(data), "digests": {"sha256": hashlib.sha256(data).hexdigest()}}
            for name, data in ours.items()
        ]

    def _identity(self, call: Call) -> Reply:
        """The runner's endpoint, and PyPI's two."""
        match call.path:
            case "/_/oidc/audience":
                return Reply.of({"audience": "pypi"})
            case "/id-token" if call.authorization == "bearer request-token":
                self._identities += 1
                claims = CLAIMS | {"aud": call.query["audience"], "jti": str(self._identities), "environment": self.environment}
                return Reply.of({"value": f"{_part({'alg': 'RS256'})}.{_part(claims)}.signature"})
            case "/_/oidc/mint-token":
                return self._mint(str(call.json()["token"]))
            case _:
                return Reply(status=404)

    def _mint(self, identity: str) -> Reply:
        code = self.oidc_error or ("invalid-reuse-token" if identity in self._used else None)
        self._used.add(identity)
        if code:
            if code == "invalid-reuse-token":
                self.oidc_error = None
            return Reply.of({"message": "Token request failed", "errors": [{"code": code, "description": f"{code} it is"}]}, 422)
        token = f"pypi-minted-{len(self._used)}-0123456789"
        self.tokens.add(token)
        return Reply.of({"success": True, "token": token if self.token_in_answer else None} | ({"expires_in": self.lives} if self.lives is not None else {}))


def _no(status: int, words: str) -> Reply:
    """PyPI says why beside the status, and in the body."""
    return Reply(status=status, reason=words, body=f"<html><body><h1>{status}</h1>{words}</body></html>".encode(), headers={"Content-Type": "text/html"})


def _form(call: Call) -> dict[str, tuple[str, bytes]]:
    """The fields of a form, each with its file name; the last of several of a name."""
    head = f"Content-Type: {call.headers['Content-Type']}\r\n\r\n".encode()
    found = {}
    for part in BytesParser(policy=HTTP).parsebytes(head + call.body).iter_parts():
        name = str(part.get_param("name", header="content-disposition"))
        found[name] = (part.get_filename() or "", bytes(part.get_payload(decode=True)))
    return found


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@pytest.fixture
def pypi() -> Iterator[Pypi]:
    """An empty index."""
    with Pypi() as server:
        yield server
