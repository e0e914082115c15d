"""A build from the settings to the folder of distributions."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from tests import factory
from tests.build.projects import PYPROJECT, Bench, environ, has_ended, project

from pkg_publish import build, preflight
from pkg_publish.errors import BuildError, Cancelled, ConfigError, Environment, Mistakes

WHEEL, SDIST = "demo-1.0-py3-none-any.whl", "demo-1.0.tar.gz"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A sound project, not built yet."""
    return Bench(project(tmp_path / "project"), tmp_path / "out" / "dist")


def failed(bench: Bench) -> BuildError:
    """How a build fails."""
    with pytest.raises(BuildError) as caught:
        bench.run()
    assert not list(bench.into.glob("*.whl"))
    return caught.value


@pytest.mark.parametrize(("formats", "names"), [(("wheel", "sdist"), {WHEEL, SDIST}), (("wheel",), {WHEEL}), (("sdist",), {SDIST})])
def test_what_was_asked_for_is_built(bench: Bench, formats: tuple[str, ...], names: set[str]) -> None:
    """And is a sound release."""
    bench.formats = formats
    release = preflight.check(preflight.collect(bench.run()))
    assert {each.name for each in release.distributions} == names


def test_the_wheel_is_built_from_the_sdist(bench: Bench) -> None:
    """What the sdist lacks, the wheel lacks too."""
    bench.run()
    assert f"packing the wheel in {bench.folder}" not in bench.lines
    assert any(line.startswith("packing the wheel in") and line.endswith("demo-1.0") for line in bench.lines)


def test_a_wheel_alone_is_built_where_the_project_lies(bench: Bench) -> None:
    """So that its history and its neighbours are there."""
    bench.formats = ("wheel",)
    bench.run()
    assert f"packing the wheel in {bench.folder}" in bench.lines


def test_nothing_of_ours_is_left(bench: Bench) -> None:
    """Neither in the project nor beside the distributions."""
    bench.run()
    assert {path.name for path in bench.folder.iterdir()} - {"__pycache__"} == {"pyproject.toml", "backend.py"}
    assert [path.name for path in bench.into.parent.iterdir()] == ["dist"]


def test_two_builds_give_the_same_bytes(bench: Bench) -> None:
    """Although the backend packs the time of day."""
    first = {path.name: path.read_bytes() for path in bench.run().iterdir()}
    (bench.folder / "pyproject.toml").touch()
    bench.into = bench.into.with_name("again")
    assert {path.name: path.read_bytes() for path in bench.run().iterdir()} == first


def test_the_steps_are_told(bench: Bench) -> None:
    """With the backend, the user's Python and what was made."""
    bench.run()

    began = [event for event in bench.events if isinstance(event, build.BuildBegan)]
    assert [(each.kind, each.backend, each.project) for each in began] == [("sdist", "backend", bench.folder), ("wheel", "backend", bench.folder)]
    built = bench.events[-1]
    assert isinstance(built, build.Built)
    assert [path.name for path in built.paths] == [SDIST, WHEEL]


SPY = """
for name, value in sorted(os.environ.items()):
    print("saw", name, value)
"""


def test_the_build_sees_only_what_it_may(bench: Bench) -> None:
    """Its own list, what was named, and where its environment is."""
    project(bench.folder.with_name("spy"), more=SPY)
    bench.folder = bench.folder.with_name("spy")
    bench.environ |= {"GITHUB_ENV": "/command/file", "MY_TOKEN": "secret", "MINE": "named", "UV_PUBLISH_TOKEN": "secret", "LC_ALL": "C.UTF-8"}
    bench.allow = ("MINE",)

    bench.run()

    seen = {line.split(" ")[1]: line.split(" ", 2)[2] for line in bench.lines if line.startswith("saw ")}
    assert (seen["MINE"], seen["LC_ALL"]) == ("named", "C.UTF-8")
    assert not {"GITHUB_ENV", "MY_TOKEN", "UV_PUBLISH_TOKEN"} & seen.keys()
    assert seen["PATH"].startswith(seen["VIRTUAL_ENV"])
    assert seen["SOURCE_DATE_EPOCH"] == "315619200"


def test_the_time_of_the_last_commit_is_the_time_of_all_files(bench: Bench) -> None:
    """So that everybody who builds this commit gets the same bytes."""
    dated = {"GIT_COMMITTER_DATE": "1700000000 +0100", "GIT_AUTHOR_DATE": "1600000000 +0000"}
    identity = ["-c", "user.name=me", "-c", "user.email=me@example.invalid"]
    for words in (["init", "-q"], ["add", "."], [*identity, "commit", "-q", "-m", "first"]):
        subprocess.run(["git", "-C", str(bench.folder), *words], env={**bench.environ, **dated}, check=True)

    sdist = (bench.run() / SDIST).read_bytes()

    assert int.from_bytes(sdist[4:8], "little") == 1_700_000_000


def test_a_time_that_is_set_is_kept(bench: Bench) -> None:
    """The user knows better."""
    bench.environ["SOURCE_DATE_EPOCH"] = "1500000000"
    sdist = (bench.run() / SDIST).read_bytes()
    assert int.from_bytes(sdist[4:8], "little") == 1_500_000_000


NEEDS = """
def get_requires_for_build_wheel(config_settings=None):
    import demo_dependency
    return ["demo-extra"]
"""


def test_what_a_build_requires_is_installed_from_the_callers_index(bench: Bench, tmp_path: Path) -> None:
    """What `pyproject.toml` names, then what the backend asks for; pip's words for the index count."""
    factory.wheel(tmp_path / "wheelhouse", "demo-dependency")
    factory.wheel(tmp_path / "wheelhouse", "demo-extra")
    bench.folder = project(tmp_path / "needs", more=NEEDS, pyproject=PYPROJECT.replace("requires = []", 'requires = ["demo-dependency"]'))
    bench.environ |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": f"{tmp_path}/missing {tmp_path}/wheelhouse"}

    bench.run()

    assert " + demo-extra==1.0" in bench.lines


def test_a_requirement_that_is_nowhere_is_said_so(bench: Bench, tmp_path: Path) -> None:
    """In the installer's words."""
    bench.folder = project(tmp_path / "needs", pyproject=PYPROJECT.replace("requires = []", 'requires = ["demo-dependency"]'))
    bench.environ |= {"PIP_NO_INDEX": "1"}

    error = failed(bench)

    assert (error.code, error.what) == ("build-requirements", "installing what the build of the sdist requires failed")
    assert any("demo-dependency" in line for line in error.details)


def test_a_backend_is_called_by_its_distribution(bench: Bench, tmp_path: Path) -> None:
    """`demo_dependency.module` is of demo-dependency 1.0."""
    factory.wheel(tmp_path / "wheelhouse", "demo-dependency")
    pyproject = PYPROJECT.replace("requires = []", 'requires = ["demo-dependency"]').replace('"backend"', '"demo_dependency.module:api"')
    bench.folder = project(tmp_path / "needs", pyproject=pyproject.replace('backend-path = ["."]\n', ""))
    bench.environ |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": f"{tmp_path}/wheelhouse"}

    error = failed(bench)

    assert error.what == "building the sdist with demo-dependency 1.0 failed"
    assert "is not available" in error.said


def test_a_backend_that_fails_has_the_last_word(bench: Bench, tmp_path: Path) -> None:
    """All that it said is told, the end of it is in the error."""
    bench.folder = project(tmp_path / "broken", more='\ndef build_sdist(where, config_settings=None):\n    raise RuntimeError("no compiler")\n')

    error = failed(bench)

    assert error.what == "building the sdist with backend failed"
    assert error.said == "RuntimeError: no compiler"
    assert bench.lines[-1] == error.details[-1]


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ("\ndel build_sdist\n", "no attribute 'build_sdist'"),
        ('\ndef build_sdist(where, config_settings=None):\n    open(where + "/demo.zip", "w").write("zip")\n    return "demo.zip"\n', "packing demo.zip again"),
    ],
)
def test_a_backend_that_makes_no_sdist_is_said_so(bench: Bench, tmp_path: Path, more: str, why: str) -> None:
    """Not at all, or of another kind."""
    bench.folder = project(tmp_path / "other", more=more)
    error = failed(bench)
    assert why in f"{error.what}: {error.said}"


@pytest.mark.parametrize("data", [b"[build-system", b"\xff", b"build-system = 1", b'[build-system]\nrequires = "x"'])
def test_a_pyproject_that_cannot_be_read_is_said_so(bench: Bench, data: bytes) -> None:
    """With its path, and no word of a build that there was not."""
    (bench.folder / "pyproject.toml").write_bytes(data)
    error = failed(bench)
    assert "pyproject.toml" in error.what
    assert (error.code, error.cure, error.paste) == ("pyproject-broken", "Mend the file: nothing was built.", "")


def test_a_pyproject_that_is_no_toml_is_found_before_anything_is_made(bench: Bench) -> None:
    """An environment costs seconds, and an index that answers."""
    (bench.folder / "pyproject.toml").write_text("[project")
    bench.environ["PATH"] = ""
    assert failed(bench).said.startswith("Expected ']'")


def test_a_folder_that_is_not_there_is_said_so(bench: Bench, tmp_path: Path) -> None:
    """And not that it lacks a file."""
    bench.folder = tmp_path / "missing"
    with pytest.raises(ConfigError, match="there is no folder") as caught:
        bench.run()
    assert caught.value.code == "project-not-found"


def test_warnings_about_the_project_are_told_with_the_rest(bench: Bench) -> None:
    """Before the build of a table with a typo fails for want of what it did not name."""
    (bench.folder / "pyproject.toml").write_text(PYPROJECT.replace("build-system", "build-sytem"))
    bench.environ |= {"PIP_NO_INDEX": "1"}
    failed(bench)
    assert "warning: Found 'build-sytem' in pyproject.toml, did you mean 'build-system'?" in bench.lines


def test_a_project_without_pyproject_is_built_by_setuptools(bench: Bench) -> None:
    """As PEP 517 has it."""
    (bench.folder / "pyproject.toml").unlink()
    (bench.folder / "setup.py").touch()
    bench.environ |= {"PIP_NO_INDEX": "1"}
    assert any("setuptools" in line for line in failed(bench).details)


def test_a_folder_without_a_project_is_a_mistake(bench: Bench, tmp_path: Path) -> None:
    """It says which input names the folder."""
    bench.folder = tmp_path
    with pytest.raises(ConfigError) as caught:
        bench.run()
    assert (caught.value.code, caught.value.paste) == ("project-not-found", "")


def test_a_name_that_no_build_may_see_is_a_mistake(bench: Bench) -> None:
    """Nothing is built."""
    bench.allow = ("ACTIONS_ID_TOKEN_REQUEST_TOKEN",)
    with pytest.raises(Mistakes, match="which no build may see"):
        bench.run()
    assert not bench.into.exists()


def test_a_disk_that_refuses_is_said_so(bench: Bench) -> None:
    """A file lies where the folder should be."""
    bench.into.parent.write_text("")
    with pytest.raises(Environment, match="Not a directory"):
        bench.run()


LINGERS = """
import subprocess, time
def build_sdist(where, config_settings=None):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    print("child", child.pid)
    time.sleep(600)
"""


def test_a_cancel_ends_the_build_and_all_it_started(bench: Bench, tmp_path: Path) -> None:
    """Within five seconds."""
    bench.folder = project(tmp_path / "lingers", more=LINGERS)
    children: list[int] = []

    def heard(line: str) -> None:
        if line.startswith("child "):
            children.append(int(line.split()[1]))
            bench.stop.set()

    bench.heard = heard
    with pytest.raises(Cancelled):
        bench.run()

    assert has_ended(children[0])
    assert not list(bench.into.iterdir())


def test_the_python_that_is_first_on_path_builds(bench: Bench) -> None:
    """Whatever Python we run on ourselves."""
    bench.environ = environ(PATH=f"{bench.folder}:/usr/bin:/bin")
    real = Path("/usr/bin/python3").resolve()
    (bench.folder / "python3").symlink_to(real)
    bench.formats = ("wheel",)

    bench.run()

    began = next(event for event in bench.events if isinstance(event, build.BuildBegan))
    said = subprocess.run([real, "-c", "import platform; print(platform.python_version())"], capture_output=True, text=True, check=True)
    assert began.python == said.stdout.strip()
