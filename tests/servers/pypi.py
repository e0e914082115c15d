"""PyPI: what warehouse answers to an upload (`forklift/legacy.py`) and to readers, for what no server at hand does."""

from __future__ import annotations

import hashlib
import json
import time
from datetime import UTC, datetime
from email.parser import BytesParser
from email.policy import HTTP
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version
from tests.servers.oidc import Exchange, Identities
from tests.servers.serving import Call, Reply, Server

from pkg_publish.formats.filename import named

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

LIST = "application/vnd.pypi.simple.v1+json"
DAY = 86_400.0
HELP = "See https://pypi.test/help/ for more information."


class Pypi(Server):
    """An index with PyPI's manners. Every knob is a field: set it before the request."""

    def __init__(self, identities: Identities, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(tls)
        self.identities = identities
        self.projects = {"demo"}
        """Normalised names; whoever has a user's token makes more."""
        self.exchange = Exchange(signer=identities.signer, projects=self.projects)
        self.files: dict[str, bytes] = {}
        self.deleted: set[str] = set()
        """File names that are used up."""
        self.attestations: dict[str, str] = {}
        self.tokens = {"pypi-a-token"}
        """Those of users."""
        self.scopes: dict[str, str] = {}
        """The one project that a user's token is for."""
        self.hidden_reads = 0
        """So many reads of the simple index do not see what was uploaded."""
        self.refusal: tuple[int, str] | None = None
        """Answer uploads with this."""
        self.read_only = False
        self.reserved: set[str] = set()
        """Names that no project may have."""
        self.new_projects = 20
        """How many more may be made."""
        self.second_factor = True
        self.verified_email = True
        self.json_status = 200
        self.time_format = "%Y-%m-%dT%H:%M:%S.%fZ"
        self._passed = 0.0
        self._made: dict[tuple[str, str], float] = {}

    def now(self) -> float:
        """Seconds since 1970, with those that were passed."""
        return time.time() + self._passed

    def pass_time(self, seconds: float) -> None:
        """Let tokens end and releases grow old."""
        self._passed += seconds

    def remove(self, name: str) -> None:
        """Let its owner delete a file: the name is used up."""
        del self.files[name]
        self.deleted.add(name)

    def answer(self, call: Call) -> Reply:
        """By path."""
        match unquote(call.path).strip("/").split("/"):
            case ["legacy"] if call.method == "POST" and call.path == "/legacy/":
                return self._upload(call)
            case ["simple", *names]:
                return self._simple(*names)
            case ["pypi", project, "json"]:
                return self._project(project)
            case ["pypi", project, version, "json"]:
                return self._version(project, version)
            case ["files", name] if name in self.files:
                return Reply(body=self.files[name])
            case _:
                return self.exchange.answer(call, self.now()) or Reply(status=404)

    # Writing.

    def _upload(self, call: Call) -> Reply:
        """The rules of an upload, in warehouse's order."""
        if self.read_only:
            return _no(403, "Read-only mode: Uploads are temporarily disabled.")
        user, token = call.login or ("", "")
        if user != "__token__" or token not in self.tokens | self.exchange.minted.keys():
            return _no(403, f"Invalid or non-existent authentication information. {HELP}")
        if self.refusal:
            return _no(*self.refusal)
        form = _form(call)
        name, version = form["name"][1].decode(), form["version"][1].decode()
        if "+" in version:
            return _no(400, f"The use of local versions in <Version('{version}')> is not allowed. {HELP}")
        return self._no_project(name, token) or self._no_right(canonicalize_name(name), token) or self._take(form, token, canonicalize_name(name), version)

    def _no_project(self, name: str, token: str) -> Reply | None:
        """A project is made by a user only."""
        if (project := canonicalize_name(name)) in self.projects:
            return None
        if token in self.exchange.minted:
            return _no(400, "Non-user identities cannot create new projects. This was probably caused by successfully using a pending publisher.")
        if project in self.reserved:
            return _no(400, f"The name {name!r} isn't allowed. {HELP}")
        if refused := self._no_user():
            return refused
        if not self.new_projects:
            return _no(429, "Too many new projects created")
        self.new_projects -= 1
        self.projects.add(project)
        return None

    def _no_right(self, project: str, token: str) -> Reply | None:
        """A token has an end, and projects that it is for."""
        if token in self.exchange.minted:
            projects, ends = self.exchange.minted[token]
            if ends < self.now():
                return _no(403, "Invalid API Token: token is expired")
            return None if project in projects else _no(403, f"Invalid API Token: OIDC scoped token is not valid for project {project!r}")
        if self.scopes.get(token, project) != project:
            return _no(403, f"Invalid API Token: project-scoped token is not valid for project: {project!r}")
        return self._no_user()

    def _no_user(self) -> Reply | None:
        start = "User 'octo', associated with the API token used, does not have"
        if not self.verified_email:
            return _no(403, f"{start} a verified primary email address. Please add a verified primary email before attempting to upload to PyPI. {HELP}")
        if not self.second_factor:
            return _no(403, f"{start} two-factor authentication enabled. Please enable two-factor authentication before attempting to upload to PyPI. {HELP}")
        return None

    def _take(self, form: dict[str, tuple[str, bytes]], token: str, project: str, version: str) -> Reply:
        name, data = form["content"]
        if form["sha256_digest"][1].decode() != hashlib.sha256(data).hexdigest():
            return _no(400, "The digest supplied does not match a digest calculated from the uploaded file.")
        if self.files.get(name) == data:
            return Reply()
        if refused := self._no_file(name, data, (project, version)):
            return refused
        if "attestations" in form and token not in self.exchange.minted:
            return _no(400, "Invalid attestations supplied during upload: Attestations are only supported when using Trusted Publishing")
        self.attestations |= {name: form["attestations"][1].decode()} if "attestations" in form else {}
        self.files[name] = data
        return Reply()

    def _no_file(self, name: str, data: bytes, release: tuple[str, str]) -> Reply | None:
        """A name, and bytes, are taken once; a release is open for two weeks."""
        if name in self.files or data in self.files.values():
            digest = hashlib.blake2b(data, digest_size=32).hexdigest()
            return _no(400, f"File already exists ({name!r}, with blake2_256 hash {digest!r}). {HELP}")
        if name in self.deleted:
            return _no(400, f"This filename was previously used by a file that has since been deleted. Use a different version. {HELP}")
        if self._made.setdefault(release, self.now()) < self.now() - 14 * DAY:
            return _no(400, "Uploading new files to releases older than 14 days is not allowed.")
        return None

    # Reading.

    def _simple(self, project: str = "") -> Reply:
        if not project:
            return Reply(body=json.dumps({"meta": {"api-version": "1.0"}, "projects": []}).encode(), headers={"Content-Type": LIST})
        if self.hidden_reads:
            self.hidden_reads -= 1
            return Reply(status=404)
        files = [{"filename": each["filename"], "url": each["url"], "hashes": each["digests"]} for each in self._listed(project)]
        page = {"meta": {"api-version": "1.0"}, "name": project, "files": files}
        return Reply(body=json.dumps(page).encode(), headers={"Content-Type": LIST}) if files else Reply(status=404)

    def _project(self, project: str) -> Reply:
        if self.json_status != 200:
            return Reply(status=self.json_status)
        versions = sorted({found[1] for each in self._listed(project) if (found := named(str(each["filename"])))}, key=Version)
        if not versions:
            return Reply.of({"message": "Not Found"}, 404)
        return Reply.of({"info": {"name": project, "version": versions[-1]}, "urls": []})

    def _version(self, project: str, version: str) -> Reply:
        if self.json_status != 200:
            return Reply(status=self.json_status)
        urls = [each for each in self._listed(project) if named(str(each["filename"])) == (project, version)]
        return Reply.of({"info": {"name": project}, "urls": urls}) if urls else Reply.of({"message": "Not Found"}, 404)

    def _listed(self, project: str) -> list[dict[str, object]]:
        ours = {name: data for name, data in self.files.copy().items() if (named(name) or ("",))[0] == project}
        return [
            {
                "filename": name,
                "url": f"{self.url}/files/{name}",
                "size": len(data),
                "digests": {"sha256": hashlib.sha256(data).hexdigest()},
                "upload_time_iso_8601": self._time_of(name),
            }
            for name, data in ours.items()
        ]

    def _time_of(self, name: str) -> str | None:
        """When the release of a file was made, as its JSON says it; None: the file came past the rules."""
        made = self._made.get(named(name) or ("", ""))
        return None if made is None else datetime.fromtimestamp(made - self._passed, UTC).strftime(self.time_format)


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


@pytest.fixture
def pypi() -> Iterator[Pypi]:
    """An empty index with one trusted publisher, and who gives the job its identity."""
    with Identities() as identities, Pypi(identities) as server:
        yield server
