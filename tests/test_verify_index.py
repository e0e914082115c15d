"""`verify: install` at an index that pip reads by itself, and that has not all that a release needs."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests import factory
from tests.clients.stand import QuickClock
from tests.desk import attack, put
from tests.targets import indexes, layouts
from tests.targets.contract import once
from tests.test_verify import Late
from uv import find_uv_bin

from pkg_publish import preflight
from pkg_publish.catalog import Catalog
from pkg_publish.clients.wsgi_server import serving
from pkg_publish.errors import Invalid
from pkg_publish.index import Index
from pkg_publish.install_command import Origin, install_command
from pkg_publish.model import Release
from pkg_publish.verdict import Proof
from pkg_publish.verify import Verifier
from pkg_publish.watch import Waiting, Watch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.servers.pypiserver import PypiServer


@pytest.fixture
def upstream(tmp_path: Path) -> Iterator[str]:
    """An index with what a release needs, and an attacker's 99.0 of the release."""
    target = layouts.make(tmp_path, path="upstream")
    put(target, factory.wheel(tmp_path / "theirs", "third"), "third")
    attack(tmp_path / "theirs", "demo")
    put(target, tmp_path / "theirs" / "demo-99.0-py3-none-any.whl", version="99.0")
    with serving(Index(Catalog([target])), 0, print) as address:
        yield f"{address}/simple/"


@pytest.fixture
def verifier(pypiserver: PypiServer, tmp_path: Path) -> Verifier:
    """A release that needs something, at an index that has nothing else; uv installs, which is quick."""
    file = preflight.alone(factory.wheel(tmp_path / "dist", extra="Requires-Dist: third\n"))
    assert file
    release = Release(project="demo", version="1.0", distributions=(file,))
    target: Any = indexes.make(pypiserver.url, pypiserver.username, pypiserver.password)
    receipt = once(target, release).receipt
    assert receipt
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "python3").write_text(f'#!/bin/sh\n[ "$3" = venv ] && [ "$2" = -m ] && exit 1\nexec {sys.executable} "$@"\n')
    (programs / "python3").chmod(0o755)
    (programs / "uv").symlink_to(find_uv_bin())
    (tmp_path / "proof").mkdir()
    environ = {"PATH": f"{programs}:/usr/bin:/bin", "UV_NO_CACHE": "1"}
    return Verifier(release=release, source=target, receipt=receipt, folder=tmp_path / "proof", environ=environ, watch=Watch(300, print, clock=QuickClock()))


def test_what_the_index_lacks_comes_from_the_one_that_is_set_up(verifier: Verifier, upstream: str) -> None:
    """Through our own index, so that nothing of ours comes from there; the command that is printed is the one that was proven."""
    found = replace(verifier, environ={**verifier.environ, "PIP_INDEX_URL": upstream}).verify()

    assert isinstance(found, Proof)
    assert (found.modules, found.beyond) == (("demo",), True)
    command = install_command(verifier.release, verifier.receipt, Origin(), beyond=found.beyond)
    assert command.startswith("pkg-publish install demo==1.0 --from ")
    assert verifier.receipt.source.rpartition("=")[2].strip("'\"} ") in command


def test_what_nobody_has_is_an_error(verifier: Verifier) -> None:
    """In the words of the installer."""
    with pytest.raises(Invalid) as caught:
        replace(verifier, environ={**verifier.environ, "UV_NO_INDEX": "1"}).verify()

    assert caught.value.code == "install-fails"
    assert "third" in " ".join(caught.value.details)


def test_an_index_that_is_late_to_installers_is_waited_for(verifier: Verifier, upstream: str) -> None:
    """It shows us what it has, and them not yet, as behind a cache."""
    late, told = Late(verifier.source, 1), list[object]()
    with serving(Index(Catalog([late])), 0, print) as address:
        receipt = replace(verifier.receipt, index_url=f"{address}/simple/")
        release = Release(project="demo", version="1.0", distributions=())

        watch = Watch(300, told.append, clock=QuickClock())
        found = replace(verifier, release=release, receipt=receipt, watch=watch, environ={**verifier.environ, "PIP_INDEX_URL": upstream}).verify()

    assert isinstance(found, Proof)
    assert {each.why for each in told if isinstance(each, Waiting)} == {f"{verifier.source.place.title} does not show it to installers yet"}
