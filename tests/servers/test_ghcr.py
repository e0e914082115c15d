"""The fake of GitHub's container registry: other people's clients take it for one, and it has GHCR's manners."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest
import requests
from tests.servers.ghcr import CANNOT_CREATE, READER, Ghcr, digest_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Tool = Callable[[str], Path]

NAME = "octo/demo"
BLOB = b"the file"
MANIFEST_TYPE, INDEX_TYPE = "application/vnd.oci.image.manifest.v1+json", "application/vnd.oci.image.index.v1+json"
CONFIG = {"mediaType": "application/vnd.oci.empty.v1+json", "digest": digest_of(BLOB), "size": len(BLOB)}
MANIFEST = {"schemaVersion": 2, "mediaType": MANIFEST_TYPE, "config": CONFIG, "layers": [CONFIG]}
INDEX = {"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": []}


def bearer(ghcr: Ghcr, secret: str | None, actions: str = "pull,push", name: str = NAME) -> requests.Response:
    """Ask for a token, by GitHub's or as a stranger."""
    query = {"service": "ghcr.io", "scope": f"repository:{name}:{actions}"}
    return requests.get(f"{ghcr.front.url}/token", query, auth=("anybody", secret) if secret else None, timeout=10)


class Client:
    """A client with a token, or another login."""

    def __init__(self, ghcr: Ghcr, secret: str = "", authorization: str = "") -> None:
        self.url = f"{ghcr.front.url}/v2/{NAME}"
        self.login = authorization or f"Bearer {bearer(ghcr, secret or ghcr.token).json()['token']}"

    def ask(self, method: str, path: str, data: bytes | None = None, **headers: str) -> requests.Response:
        """Ask, and follow nothing."""
        every = {"Authorization": self.login} | {name.replace("_", "-"): value for name, value in headers.items()}
        return requests.request(method, f"{self.url}/{path}", data=data, headers=every, timeout=10, allow_redirects=False)

    def session(self) -> str:
        """Begin an upload."""
        return self.ask("POST", "blobs/uploads/").headers["Location"].removeprefix(f"/v2/{NAME}/")

    def push(self, reference: str = "1.0", manifest: object = MANIFEST) -> requests.Response:
        """A blob and a manifest."""
        self.ask("PUT", f"{self.session()}?digest={digest_of(BLOB)}", BLOB)
        return self.ask("PUT", f"manifests/{reference}", json.dumps(manifest).encode())

    def get(self, reference: str = "1.0") -> requests.Response:
        """A manifest, with all that can be accepted."""
        return self.ask("GET", f"manifests/{reference}", Accept=f"{MANIFEST_TYPE}, {INDEX_TYPE}")


def refusal(answer: requests.Response) -> tuple[int, str, str]:
    """Status, code and words."""
    error = answer.json()["errors"][0]
    return answer.status_code, error["code"], error["message"]


def run(*command: str | Path, folder: Path, password: str = "") -> subprocess.CompletedProcess[str]:
    """Run a program."""
    return subprocess.run(command, input=password, cwd=folder, capture_output=True, text=True, check=False)


def test_oras_pushes_and_anybody_pulls(ghcr: Ghcr, tool: Tool, tmp_path: Path) -> None:
    """With a login by oras, without one by crane; the host of the bytes sees no login."""
    (tmp_path / "demo.txt").write_bytes(BLOB)
    login = ["--plain-http", "--username", "anybody", "--password-stdin"]
    pushed = run(tool("oras"), "push", f"{ghcr.host}/{NAME}:1.0", "demo.txt", *login, folder=tmp_path, password=ghcr.token)
    assert pushed.returncode == 0, pushed.stderr

    pulled = run(tool("crane"), "blob", f"{ghcr.host}/{NAME}@{digest_of(BLOB)}", folder=tmp_path)

    assert pulled.stdout.encode() == BLOB, pulled.stderr
    assert ghcr.index(NAME, "1.0")["layers"][0]["digest"] == digest_of(BLOB)
    assert [call.authorization for call in ghcr.blobs.calls] == [None]


def test_skopeo_copies_an_index(ghcr: Ghcr, tool: Tool, tmp_path: Path) -> None:
    """By its digest."""
    client = Client(ghcr)
    child = client.push(digest_of(json.dumps(MANIFEST).encode())).headers["Docker-Content-Digest"]
    size = len(json.dumps(MANIFEST).encode())
    client.push("1.0", INDEX | {"manifests": [{"mediaType": MANIFEST_TYPE, "digest": child, "size": size}]})

    words = ["--insecure-policy", "copy", "--all", "--src-tls-verify=false", f"docker://{ghcr.host}/{NAME}:1.0", f"oci:{tmp_path}/copy:1.0"]
    done = run(tool("skopeo"), *words, folder=tmp_path)

    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "copy" / "index.json").read_text())["manifests"][0]["digest"] == ghcr.package(NAME).tags["1.0"]


def test_a_stranger_gets_a_token_for_what_is_public(ghcr: Ghcr) -> None:
    """Opaque, without an end; not for what is private or not there, which look the same."""
    Client(ghcr).push()
    public = bearer(ghcr, None, "pull")
    ghcr.package(NAME).public = False
    refused = [bearer(ghcr, None, "pull"), bearer(ghcr, None, "pull", "octo/none")]

    assert public.json() == {"token": public.json()["token"]}
    assert "." not in public.json()["token"]
    assert [refusal(each) for each in refused] == [(403, "DENIED", "requested access to the resource is denied")] * 2


def test_without_a_login_there_is_a_challenge(ghcr: Ghcr) -> None:
    """For reading, whatever was asked."""
    answer = requests.post(f"{ghcr.front.url}/v2/{NAME}/blobs/uploads/", timeout=10)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == f'Bearer realm="{ghcr.front.url}/token",service="ghcr.io",scope="repository:{NAME}:pull"'


@pytest.mark.parametrize("authorization", ["Basic YW55Ym9keTpnaHNfd3JpdGVy", "Bearer ghs_writer"])
def test_another_login_is_no_token(ghcr: Ghcr, authorization: str) -> None:
    """And is not challenged; nor is a wrong one at the token endpoint."""
    answer = Client(ghcr, authorization=authorization).get()

    assert refusal(answer) == (403, "DENIED", "invalid token")
    assert "WWW-Authenticate" not in answer.headers
    assert refusal(bearer(ghcr, "ghs_expired")) == (403, "DENIED", "denied")


@pytest.mark.parametrize(("status", "challenged"), [(403, False), (401, True)])
def test_a_token_may_expire(ghcr: Ghcr, status: int, *, challenged: bool) -> None:
    """As one that is not known, or with a challenge."""
    client, ghcr.registry.expired_as = Client(ghcr), status
    ghcr.registry.expire()

    answer = client.ask("POST", "blobs/uploads/")

    assert (answer.status_code, "WWW-Authenticate" in answer.headers) == (status, challenged)
    assert Client(ghcr).push().status_code == 201


@pytest.mark.parametrize(
    ("secret", "words"),
    [(READER, "installation not allowed to Write organization package"), (CANNOT_CREATE, "installation not allowed to Create organization package")],
)
def test_who_may_not_write_gets_a_token_all_the_same(ghcr: Ghcr, secret: str, words: str) -> None:
    """And hears of it when an upload begins."""
    assert refusal(Client(ghcr, secret).ask("POST", "blobs/uploads/")) == (403, "DENIED", words)
    assert ghcr.registry.packages == {}


def test_a_package_may_not_belong_to_the_repository(ghcr: Ghcr) -> None:
    """Somebody else pushed it first."""
    Client(ghcr).push()
    ghcr.package(NAME).linked = False

    assert refusal(Client(ghcr).ask("POST", "blobs/uploads/")) == (403, "DENIED", "permission_denied: write_package")
    assert Client(ghcr).get().status_code == 200


def test_a_token_is_good_for_its_scope(ghcr: Ghcr) -> None:
    """Reading is not writing."""
    client = Client(ghcr, authorization=f"Bearer {bearer(ghcr, ghcr.token, 'pull').json()['token']}")

    assert refusal(client.ask("POST", "blobs/uploads/"))[1:] == ("DENIED", "permission_denied: The token provided does not match expected scopes.")
    assert ghcr.registry.given == [(ghcr.token, (f"repository:{NAME}:pull",))]


def test_bytes_lie_elsewhere(ghcr: Ghcr) -> None:
    """Whole and in part, for those who bring no login."""
    Client(ghcr).push()
    head = Client(ghcr).ask("HEAD", f"blobs/{digest_of(BLOB)}")
    where = Client(ghcr).ask("GET", f"blobs/{digest_of(BLOB)}")

    assert (head.status_code, head.headers["Content-Length"], where.status_code) == (200, str(len(BLOB)), 307)
    assert requests.get(where.headers["Location"], headers={"Range": "bytes=4-"}, timeout=10).content == b"file"
    assert requests.get(where.headers["Location"], headers={"Authorization": "Bearer x"}, timeout=10).status_code == 400


def test_tags_come_in_the_order_of_their_making(ghcr: Ghcr) -> None:
    """In pages that lead to one another."""
    client, ghcr.registry.page = Client(ghcr), 2
    for tag in ("2.0", "1.0", "10.0"):
        client.push(tag)
    first = client.ask("GET", "tags/list")
    second = client.ask("GET", first.links["next"]["url"].partition(f"{NAME}/")[2])

    assert (first.json()["tags"], second.json()["tags"], second.links) == (["2.0", "1.0"], ["10.0"], {})


def test_what_is_not_accepted_is_not_found(ghcr: Ghcr) -> None:
    """Said so, with the word 404."""
    Client(ghcr).push("1.0", INDEX)

    answer = Client(ghcr).ask("GET", "manifests/1.0", Accept=f"{MANIFEST_TYPE}, */*")

    assert refusal(answer) == (404, "MANIFEST_UNKNOWN", "OCI index found, but Accept header does not support OCI indexes")


def test_what_was_just_written_may_not_be_seen(ghcr: Ghcr) -> None:
    """Nothing, or what was there before, for as many reads as a test says, of the tag and of the digest."""
    client, ghcr.registry.lag = Client(ghcr), 1
    digest = client.push().headers["Docker-Content-Digest"]
    seen = [client.get(each).status_code for each in ("1.0", "1.0", digest, digest)]
    client.push("1.0", INDEX)

    assert seen == [404, 200, 404, 200]
    assert [client.get().json()["mediaType"] for _ in range(2)] == [MANIFEST_TYPE, INDEX_TYPE]


def test_too_many_requests_say_so_in_words(ghcr: Ghcr) -> None:
    """Without `Retry-After`."""
    client, ghcr.registry.too_many = Client(ghcr), 1
    answer = client.get()

    assert refusal(answer) == (429, "TOOMANYREQUESTS", "retry-after: 10.3ms, allowed: 2000/minute")
    assert "Retry-After" not in answer.headers
    assert client.push().status_code == 201


def test_a_chunk_has_4_mib_at_most(ghcr: Ghcr) -> None:
    """Small ones make a blob."""
    client = Client(ghcr)
    session = client.session()
    statuses = [client.ask("PATCH", session, data).status_code for data in (b"x" * ((4 << 20) + 1), BLOB[:3], BLOB[3:])]

    assert statuses == [416, 202, 202]
    assert client.ask("PUT", f"{session}?digest={digest_of(BLOB)}").status_code == 201


def test_a_session_is_used_once(ghcr: Ghcr) -> None:
    """Also by a PUT that went wrong."""
    client = Client(ghcr)
    session = client.session()
    answers = [client.ask("PUT", f"{session}?digest={digest_of(data)}", BLOB) for data in (b"other", BLOB)]

    assert [refusal(each)[:2] for each in answers] == [(400, "DIGEST_INVALID"), (404, "BLOB_UPLOAD_UNKNOWN")]


def test_a_blob_may_be_lost(ghcr: Ghcr) -> None:
    """The manifest is refused until it is sent again."""
    client, ghcr.registry.loses = Client(ghcr), 1
    answers = [client.push(), client.ask("PUT", "manifests/1.0", json.dumps(MANIFEST).encode()), client.push()]

    assert [each.status_code for each in answers] == [404, 404, 201]
    assert refusal(answers[0]) == (404, "MANIFEST_BLOB_UNKNOWN", "unknown blob")


def test_an_index_needs_its_children(ghcr: Ghcr) -> None:
    """All of them."""
    child = {"mediaType": MANIFEST_TYPE, "digest": digest_of(b"none"), "size": 4}

    assert refusal(Client(ghcr).push("1.0", INDEX | {"manifests": [child]}))[:2] == (404, "MANIFEST_UNKNOWN")


def test_there_is_no_delete_and_no_referrers(ghcr: Ghcr) -> None:
    """And nobody who has capital letters."""
    client = Client(ghcr)
    digest = client.push().headers["Docker-Content-Digest"]

    assert refusal(client.ask("DELETE", f"manifests/{digest}"))[:2] == (405, "UNSUPPORTED")
    assert refusal(client.ask("GET", f"referrers/{digest}"))[:2] == (404, "MANIFEST_UNKNOWN")
    client.url = client.url.replace("octo", "Octo")
    assert refusal(client.get())[:2] == (400, "NAME_INVALID")


def test_a_mount_is_an_upload_unless_a_test_wants_one(ghcr: Ghcr) -> None:
    """As the specification allows."""
    client = Client(ghcr)
    client.push()
    path = f"blobs/uploads/?mount={digest_of(BLOB)}&from={NAME}"
    without = client.ask("POST", path).status_code
    ghcr.registry.mounts = True

    assert (without, client.ask("POST", path).status_code) == (202, 201)
