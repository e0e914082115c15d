"""`ghcr`, on a registry with the peculiarities of GitHub's."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests import factory
from tests.servers.ghcr import CANNOT_CREATE, READER, TOKEN, Package, refuse
from tests.targets.contract import ServerContract, digests, once, watch
from tests.targets.namespaces import NAME, PUBLIC, GhcrStand

from pkg_publish import publish
from pkg_publish.errors import Failure
from pkg_publish.model import Release
from pkg_publish.plan import Plan
from pkg_publish.state import Done
from pkg_publish.watch import Waiting, Watch

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.ghcr import Ghcr
    from tests.servers.serving import Call, Reply

pytestmark = pytest.mark.usefixtures("no_pauses")


@pytest.fixture
def stand(ghcr: Ghcr) -> GhcrStand:
    """An empty registry."""
    return GhcrStand(ghcr)


@pytest.fixture
def release(tmp_path: Path) -> Release:
    """A wheel."""
    return factory.release(tmp_path / "dist", with_sdist=False)


class TestContract(ServerContract):
    """The contract, on GHCR with all its peculiarities."""

    @pytest.fixture
    def release(self, tmp_path: Path) -> Release:
        """Three wheels and an sdist."""
        return factory.release(tmp_path / "dist", wheels=3)


class TestPeculiarities:
    """What no other registry does."""

    def test_too_many_requests_are_waited_for(self, stand: GhcrStand, release: Release) -> None:
        """How long stands in the message, in milliseconds: our own pauses are longer."""
        stand.server.registry.too_many = 3

        assert once(stand.target(), release).outcome is Done.PUBLISHED

    def test_what_was_written_is_seen_late(self, stand: GhcrStand, release: Release) -> None:
        """A look that sees what was there before is repeated."""
        stand.server.registry.lag = 2

        assert once(stand.target(), release).outcome is Done.PUBLISHED

    def test_many_jobs_bear_what_is_seen_late(self, stand: GhcrStand, tmp_path: Path) -> None:
        """Index and journal are read until they have everything."""
        stand.server.registry.lag = 2
        release = factory.release(tmp_path / "dist", wheels=3)

        assert once(stand.job(PUBLIC, jobs="many"), release).outcome is Done.PUBLISHED
        assert stand.stored(release) == digests(release)

    @pytest.mark.parametrize("said", [(404, "MANIFEST_BLOB_UNKNOWN"), (400, "BLOB_UNKNOWN")], ids=str)
    def test_blobs_that_were_lost_are_sent_again(self, stand: GhcrStand, release: Release, said: tuple[int, str]) -> None:
        """It takes a blob and does not find it a moment later."""
        stand.server.registry.loses, stand.server.registry.loses_as = 2, said

        assert once(stand.target(), release).outcome is Done.PUBLISHED
        assert stand.stored(release) == digests(release)

    @pytest.mark.parametrize("status", [401, 403])
    def test_a_token_that_ran_out_is_renewed(self, stand: GhcrStand, release: Release, status: int) -> None:
        """Whichever way it says so."""
        stand.server.registry.expired_as = status
        target = stand.target()
        target.held(release, watch())
        upload = target.open(release, watch())
        upload.send(release.distributions[0], watch())
        stand.server.registry.expire()

        upload.finish(watch())

        assert stand.stored(release) == digests(release)

    def test_the_host_of_the_blobs_sees_no_token(self, stand: GhcrStand, release: Release) -> None:
        """It would refuse us if it did; a HEAD may lead there too."""
        stand.server.registry.head_redirects = True
        target = stand.target()
        once(target, release)
        (file,) = target.files("demo", "1.0", watch())

        assert hashlib.sha256(b"".join(target.fetch(file, watch()))).hexdigest() == file.sha256
        assert once(stand.target(), release).outcome is Done.ALREADY_PUBLISHED
        assert [call.authorization for call in stand.server.blobs.calls] == [None]

    def test_one_token_is_fetched_for_each_scope(self, stand: GhcrStand, tmp_path: Path) -> None:
        """To read, to write, and for the read without a login; nothing else asks for one."""
        once(stand.target(), factory.release(tmp_path / "dist", wheels=9))

        login, scope = stand.server.token, f"repository:{NAME}:pull"
        assert stand.server.registry.given == [(login, (scope,)), (login, (f"{scope},push",)), ("", (scope,))]

    def test_no_chunk_is_sent(self, stand: GhcrStand, tmp_path: Path) -> None:
        """It takes none above 4 MiB; one write takes all."""
        wheel = factory.wheel(tmp_path / "dist", content=secrets.token_bytes(5 << 20))
        release = Release(project="demo", version="1.0", distributions=(factory.distribution(wheel, "demo", "1.0"),))

        assert once(stand.target(), release).outcome is Done.PUBLISHED
        assert {call.method for call in stand.server.registry.calls} <= {"GET", "HEAD", "POST", "PUT"}

    def test_the_file_of_another_job_that_is_seen_late_stays(self, stand: GhcrStand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """It does not find the manifest, neither for the index nor when asked: a moment later it does."""
        release = factory.release(tmp_path / "dist", wheels=2, with_sdist=False)
        theirs, ours = (replace(release, distributions=(each,)) for each in release.distributions)
        once(stand.target(), theirs)
        late, answer, left = stand.server.index(NAME, "1.0")["manifests"][0]["digest"], stand.server.registry.answer, [2]

        def lagging(call: Call) -> Reply:
            writes = call.method == "PUT" and late.encode() in call.body and left[0] > 0
            reads = call.method == "GET" and call.path.endswith(late) and left[0] > 0
            left[0] -= reads
            return refuse(404, "MANIFEST_UNKNOWN", "unknown blob" if writes else "manifest unknown") if writes or reads else answer(call)

        monkeypatch.setattr(stand.server.registry, "answer", lagging)

        assert once(stand.target(), ours).outcome is Done.PUBLISHED
        assert stand.stored(release) == digests(release)

    def test_children_of_an_index_that_were_cleaned_away_are_revived(self, stand: GhcrStand, release: Release) -> None:
        """They have no tag, so clean-ups of what has none kill them."""
        once(stand.target(), release)
        package = stand.server.package(NAME)
        package.manifests = {digest: data for digest, data in package.manifests.items() if digest in package.tags.values()}

        assert once(stand.target(), release).outcome is Done.PUBLISHED
        assert stand.stored(release) == digests(release)

    @pytest.mark.parametrize(("jobs", "waits"), [("one", False), ("many", True)])
    def test_a_refused_index_is_waited_for_only_where_others_may_write_it(
        self, stand: GhcrStand, release: Release, monkeypatch: pytest.MonkeyPatch, *, jobs: str, waits: bool
    ) -> None:
        """What no index leads to, no reader finds, however late he comes: the next target need not wait half a minute."""
        told: list[object] = []
        route = stand.server.registry._route
        no = refuse(403, "DENIED", "permission_denied: write_package")
        monkeypatch.setattr(stand.server.registry, "_route", lambda *call: no if call[0].method == "PUT" and call[3] == "1.0" else route(*call))

        (attempt,) = publish.run(Plan(targets=[stand.job(PUBLIC, jobs=jobs)]), release, Watch(2, told.append))

        assert attempt.outcome is (Failure.DEADLINE if waits else Failure.REFUSED)
        assert any(isinstance(event, Waiting) for event in told) is waits

    @pytest.mark.parametrize(
        ("token", "linked", "code"), [(READER, True, "ghcr-no-permission"), (CANNOT_CREATE, True, "ghcr-create-package"), (TOKEN, False, "ghcr-write-package")]
    )
    def test_each_refusal_has_a_remedy_of_its_own(self, stand: GhcrStand, release: Release, token: str, linked: bool, code: str) -> None:  # noqa: FBT001
        """The permission of the job, the policy of the organisation, the access of the GitHub repository."""
        if not linked:
            stand.server.registry.packages[NAME] = Package(public=True, linked=False, manifests={"sha256:of-another-version": b"{}"})

        attempt = once(stand.target_with("any", token), release)

        assert attempt.outcome is Failure.REFUSED
        assert attempt.problem
        assert (attempt.problem.code, attempt.problem.paste) == (code, "permissions:\n  contents: read\n  packages: write")
        assert linked or "/users/Octo/packages/container/demo.py%2Fdemo/settings" in attempt.problem.cure
