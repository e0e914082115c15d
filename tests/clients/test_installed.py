"""What of a folder that wheels were installed into gets into an image, whatever the wheels say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pkg_publish.clients.installed import Installed, overlapping

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pkg_publish.formats.image_layers import Member

DEMO = "[console_scripts]\ndemo = demo:main\n"


def tree(folder: Path, files: dict[str, str]) -> Path:
    """Files by their paths."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def content(members: Sequence[Member], name: str) -> bytes:
    """The bytes of a member."""
    (found,) = [each for each in members if each.name == name]
    with found.content() as file:
        return file.read()


def names(members: Sequence[Member]) -> set[str]:
    """Their names, without the metadata."""
    return {each.name for each in members if "dist-info" not in each.name}


def test_a_record_that_names_files_of_this_machine(tmp_path: Path) -> None:
    """They are not read, wherever they lie; nor is what only leads there."""
    secret = tree(tmp_path / "home", {"secret": "s3cret"}) / "secret"
    record = f"demo.py,,\n{secret},,\n../home/secret,,\nlink,,\nlinked/secret,,\n"
    folder = tree(tmp_path / "target", {"demo.py": "", "demo-1.0.dist-info/RECORD": record, "evil-1.dist-info/RECORD": record})
    (folder / "link").symlink_to(secret)
    (folder / "linked").symlink_to(secret.parent)

    found = Installed.read(folder, "demo")

    assert (names(found.project), names(found.others)) == ({"app/lib/demo.py"}, set())


def test_what_nobody_lists_belongs_to_the_others(tmp_path: Path) -> None:
    """It was installed, so it is in the image; what installers and interpreters leave is not."""
    files = {"demo.py": "", "stray": "", "egg.egg-info/PKG-INFO": "", "demo-1.0.dist-info/RECORD": '"demo.py",,\n"a, b",,\nx\n', "a, b": ""}
    left = {".lock": "", "__pycache__/demo.pyc": "", "demo-1.0.dist-info/REQUESTED": "", "demo-1.0.dist-info/direct_url.json": "{}"}

    found = Installed.read(tree(tmp_path, files | left), "demo")

    assert names(found.project) == {"app/lib/demo.py", "app/lib/a, b"}
    assert {each.name for each in found.others} == {"app/lib/stray", "app/lib/egg.egg-info/PKG-INFO", "app/lib/demo-1.0.dist-info/RECORD"}


def test_what_has_the_name_of_the_installers_files_elsewhere_stays(tmp_path: Path) -> None:
    """A project may have files called so."""
    found = Installed.read(tree(tmp_path, {"demo/.lock": "", "demo/REQUESTED": ""}), "demo")

    assert names(found.others) == {"app/lib/demo/.lock", "app/lib/demo/REQUESTED"}


@pytest.mark.parametrize(
    ("text", "script"),
    [
        (DEMO, b"from demo import main\n"),
        ("[other]\nx = y:z\n\n[console_scripts]\ndemo=demo.cli : App.run [fast]", b"from demo.cli import App\n"),
        ("[console_scripts]\ndemo = demo\n", None),
        ("[console_scripts]\ndemo = demo:main; import os\n", None),
        ("[console_scripts]\n../demo = demo:main\n", None),
        ("[gui_scripts]\ndemo = demo:main\n", None),
        ("no section\n", None),
    ],
)
def test_programs(tmp_path: Path, text: str, script: bytes | None) -> None:
    """Each is written as the specification has it; what declares none is not written, and never run."""
    about = {"demo-1.0.dist-info/RECORD": "bin/demo,sha256=x,1\n", "demo-1.0.dist-info/entry_points.txt": text}
    found = Installed.read(tree(tmp_path, {"bin/demo": "#!/here/bin/python3.12\nold\n", **about}), "demo")

    assert found.scripts == (["demo"] if script else [])
    assert content(found.project, "app/bin/demo").startswith(b"#!/usr/bin/env python3\n" + (b"import sys\n" + script if script else b"old\n"))


def test_a_program_that_is_only_declared(tmp_path: Path) -> None:
    """Is none."""
    assert Installed.read(tree(tmp_path, {"demo-1.0.dist-info/entry_points.txt": DEMO}), "demo").scripts == []


@pytest.mark.parametrize(
    ("first", "found"),
    [
        ("#!/a/b/python", "#!/usr/bin/env python3"),
        ("#! /usr/bin/env python3.12", "#!/usr/bin/env python3"),
        ("#!/a/pythonw -u", "#!/usr/bin/env python3"),
        ("#!/bin/sh\n'''exec' '/a path/python' \"$0\" \"$@\"\n' '''", "#!/usr/bin/env python3"),
        ("#!/opt/python/bin/bash", "#!/opt/python/bin/bash"),
        ("#!/bin/sh\necho", "#!/bin/sh\necho"),
        ("no text", "no text"),
    ],
)
def test_first_lines_of_programs(tmp_path: Path, first: str, found: str) -> None:
    """Only a Python of this machine is another one in the image."""
    folder = tree(tmp_path, {"bin/sub/a": f"{first}\nrest\n"})

    assert content(Installed.read(folder, "demo").others, "app/bin/sub/a") == f"{found}\nrest\n".encode()


def test_who_brings_the_same_file(tmp_path: Path) -> None:
    """Only with other bytes it matters which."""
    records = {"one": "a,sha256=1,\nb,sha256=2,\n", "two": "a,sha256=1,\nb,sha256=3,\n", "three": "a,sha256=1,\n"}

    assert overlapping(tree(tmp_path, {f"{name}-1.0.dist-info/RECORD": text for name, text in records.items()})) == ["one", "two"]
