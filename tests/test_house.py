"""The house's own laws, read from the source: layers, who may do what, sizes, names, and what stands in two places."""

from __future__ import annotations

import ast
import functools
import itertools
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pkg_publish.targets import KINDS

ROOT = Path(__file__).resolve().parents[1]
SRC = ROOT / "src" / "pkg_publish"
OURS = sorted(path for top in ("src", "tests", "benchmarks", "library") for path in (ROOT / top).rglob("*.py")) + sorted(ROOT.glob("*.py"))
TESTS = [path for path in OURS if path.is_relative_to(ROOT / "tests")]

LAYERS = ("values", "formats", "clients", "targets", "engine", "edges")
"""Imports point to the left. Folders are layers by their names; a module at the top is of the engine unless it stands below."""
AT_THE_TOP = dict.fromkeys(["", "errors", "model", "secret", "watch", "runner"], "values") | dict.fromkeys(
    ["action", "cli", "consultation", "entry", "process", "readers", "wsgi"], "edges"
)

CLIENTS_ONLY = {"requests", "urllib3", "oras", "github", "twine"}
"""What speaks over the network, slow to import: each in the client that needs it, when it needs it."""
NO_IO = {"glob", "http.client", "os", "pathlib", "socket", "ssl", "subprocess", "tempfile", "urllib.request"} | CLIENTS_ONLY
EDGES_ONLY = {"print", "input", "exit", "sys.exit", "os._exit", "os.environ", "os.getenv", "time.sleep", "SystemExit"}
SAYS_NOTHING = re.compile(r"(^|_)(utils?|helpers?|manager|handler|misc|common)($|_)", re.IGNORECASE)
THEIRS = {"proxy_manager_for"}
"""Methods of libraries that we override."""
COMES_WITH = {"certifi": "requests", "urllib3": "requests"}
"""Libraries that are part of what another one promises."""


@functools.cache
def tree(path: Path) -> ast.Module:
    """A file as Python reads it."""
    return ast.parse(path.read_text(encoding="utf-8"))


@functools.cache
def nodes(path: Path) -> list[ast.AST]:
    """All of a file's nodes: walking is what takes time here."""
    return list(ast.walk(tree(path)))


def module(path: Path) -> str:
    """Return `targets.base` for `src/pkg_publish/targets/base.py`; a package is called like its folder."""
    return ".".join(path.relative_to(SRC).with_suffix("").parts).removesuffix("__init__").removesuffix(".")


MODULES = {module(path) for path in SRC.rglob("*.py")} - {""}


def layer(name: str) -> str:
    """The layer of a module of ours."""
    top = name.partition(".")[0]
    return top if top in LAYERS else AT_THE_TOP.get(top, "engine")


def typing_only(path: Path) -> set[ast.AST]:
    """All nodes of a file that are there for types alone."""
    guards = (node for node in nodes(path) if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
    return {inner for guard in guards for child in guard.body for inner in ast.walk(child)}


@functools.cache
def imports(path: Path, *, for_types: bool = True) -> set[str]:
    """The full names of all that a file imports, at the top and inside functions, like `pkg_publish.errors`."""
    found = set()
    ignored = set() if for_types else typing_only(path)
    for node in nodes(path):
        if node in ignored:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {str(node.module)}
    return found


def our_imports(path: Path) -> set[str]:
    """The modules of ours that a file of ours imports, as `module` names them."""
    return {name.removeprefix("pkg_publish.") for name in imports(path) if name.startswith("pkg_publish.")} & MODULES


def names_in(path: Path) -> set[str]:
    """Every name that a file uses, and every attribute of a name: `print`, `os.environ`."""
    names = {node.id for node in nodes(path) if isinstance(node, ast.Name)}
    return names | {f"{node.value.id}.{node.attr}" for node in nodes(path) if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)}


def functions(path: Path) -> list[tuple[str, int]]:
    """Each function and its lines, the docstring not counted."""
    found = []
    for node in nodes(path):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            said = node.body[0] if ast.get_docstring(node) else None
            lines = (node.end_lineno or 0) - node.lineno + 1 - ((said.end_lineno or 0) - said.lineno + 1 if said else 0)
            found.append((f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", lines))
    return found


def test_imports_point_down() -> None:
    """No layer imports one above it, for types neither."""
    assert SRC / "publish.py" in OURS
    up = [
        f"{module(path)} imports {name}"
        for path in SRC.rglob("*.py")
        for name in our_imports(path)
        if LAYERS.index(layer(name)) > LAYERS.index(layer(module(path)))
    ]
    assert up == []


def test_targets_do_not_know_one_another() -> None:
    """What two targets share lies in a client; only the list of kinds knows them all."""
    files = [path for path in (SRC / "targets").glob("*.py") if path.stem not in {"__init__", "base"}]
    known = [f"{path.stem} imports {name}" for path in files for name in our_imports(path) if name.startswith("targets.") and name != "targets.base"]
    assert files
    assert known == []


def test_clients_know_no_targets_words() -> None:
    """A client imports neither `Release` nor anything else that only a target can judge."""
    judged = {"pkg_publish.model.Release", "pkg_publish.model.Receipt", "pkg_publish.model.Place"}
    assert [path.name for path in (SRC / "clients").glob("*.py") if imports(path) & judged] == []


def test_formats_are_pure() -> None:
    """Bytes become values and values bytes, without a file or a socket."""
    files = list((SRC / "formats").glob("*.py"))
    impure = [f"{path.name} uses {name}" for path in files for name in (imports(path, for_types=False) & NO_IO) | (names_in(path) & {"open"})]
    assert files
    assert impure == []


def test_only_clients_speak_to_servers() -> None:
    """The libraries that do are imported in `clients/` alone."""
    elsewhere = [path for path in SRC.rglob("*.py") if layer(module(path)) != "clients"]
    assert [f"{module(path)} imports {name}" for path in elsewhere for name in imports(path) if name.partition(".")[0] in CLIENTS_ONLY] == []


def test_starting_imports_no_client_library() -> None:
    """`pkg-publish --help` does not wait for libraries that the run may never need."""
    code = "import sys, pkg_publish.action, pkg_publish.cli; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert "pkg_publish" in loaded
    assert loaded & CLIENTS_ONLY == set()


def test_only_edges_touch_the_process() -> None:
    """The environment, output, sleep and exit belong to the edges; below, they are arguments and return values."""
    inner = [path for path in SRC.rglob("*.py") if layer(module(path)) != "edges"]
    assert [f"{module(path)} uses {name}" for path in inner for name in names_in(path) & EDGES_ONLY] == []


def test_tests_wait_for_conditions() -> None:
    """A test that sleeps is slow on a good day and fails on a bad one."""
    assert [path.name for path in TESTS if path != Path(__file__) and "time.sleep" in names_in(path)] == []


def test_files_fit_in_a_head() -> None:
    """300 lines are the limit."""
    sizes = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8").count("\n") for path in OURS}
    assert {path: lines for path, lines in sizes.items() if lines > 300} == {}


@pytest.mark.parametrize("top", sorted({path.relative_to(ROOT).parts[0] for path in OURS}))
def test_functions_are_short(top: str) -> None:
    """50 lines are the limit, nine of ten have 25 at most."""
    lengths = [found for path in OURS if path.is_relative_to(ROOT / top) for found in functions(path)]
    assert [found for found in lengths if found[1] > 50] == []
    assert sum(lines > 25 for _, lines in lengths) <= len(lengths) / 10


def test_names_say_something() -> None:
    """No file, class or function is called after nothing."""
    defined = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in OURS
        for name in [path.stem, *(node.name for node in nodes(path) if isinstance(node, (ast.ClassDef, ast.FunctionDef)))]
        if SAYS_NOTHING.search(name) and name not in THEIRS
    }
    assert defined == set()


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.word)
def test_every_target_passes_the_contract(kind: object) -> None:
    """The test file that is called like the target's own has a class that inherits the contract, and knows the kind's word."""
    path = ROOT / "tests" / "targets" / f"test_{type(kind).__module__.rpartition('.')[2]}.py"
    bases = {ast.unparse(base) for node in nodes(path) if isinstance(node, ast.ClassDef) for base in node.bases}
    assert bases & {"Contract", "ServerContract", "ItemContract"}
    assert kind.word in path.read_text(encoding="utf-8")  # type: ignore[attr-defined]


def test_every_dependency_is_declared_and_used() -> None:
    """What we import is what we declare, and the other way round."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = itertools.chain(project["dependencies"], *project["optional-dependencies"].values())
    declared = {canonicalize_name(Requirement(line).name) for line in lines}
    providers = packages_distributions()
    tops = {name.partition(".")[0] for path in SRC.rglob("*.py") for name in imports(path, for_types=False)}
    tops -= sys.stdlib_module_names | {"pkg_publish"}
    used = {canonicalize_name(distribution) for top in tops for distribution in providers.get(top, [f"nobody brings {top}"])}
    assert {COMES_WITH.get(name, name) for name in used} == declared


CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def codes(path: Path) -> set[str]:
    """The error codes of a file: what stands at `code=`; and where `code` is a name, the slugs in its assignments and in the constants of the file."""
    values = [node.value for node in nodes(path) if isinstance(node, ast.keyword) and node.arg == "code"]
    if any(isinstance(node, (ast.Name, ast.arg)) and "code" in {getattr(node, "id", ""), getattr(node, "arg", "")} for node in nodes(path)):
        assigned = [node for node in nodes(path) if isinstance(node, ast.Assign) and "code" in ast.unparse(node.targets[0]).strip("()").split(", ")]
        constants = [node for node in tree(path).body if isinstance(node, (ast.Assign, ast.AnnAssign))]
        values += [node.value for node in (*assigned, *constants) if node.value]
    texts = {inner.value for value in values for inner in ast.walk(value) if isinstance(inner, ast.Constant) and isinstance(inner.value, str)}
    return {text for text in texts if CODE.fullmatch(text)}


def test_every_error_code_is_explained() -> None:
    """Each code has a heading in the documentation, and each heading a code. In edges and reports, where `code` is mostly another thing, literals count."""
    text = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    explained = set(re.findall(r"^#{2,} `?([a-z0-9-]+)`?$", text, re.MULTILINE))
    setting_up = [ROOT / "run.py", *(ROOT / "library").glob("*.py")]
    raising = [path for path in SRC.rglob("*.py") if layer(module(path)) != "edges" and not module(path).startswith("report")]
    literal = [*setting_up, *(path for path in SRC.rglob("*.py") if path not in raising)]
    raised = set().union(*(codes(path) for path in raising)) | {
        code for path in literal for code in re.findall(r'\bcode="([a-z-]+)"', path.read_text(encoding="utf-8"))
    }
    assert "no-source" in raised
    everything = [*SRC.rglob("*.py"), *setting_up]
    constants = {getattr(node, "value", None) for path in everything for node in nodes(path) if isinstance(node, ast.Constant)}
    assert raised - explained == set()
    assert explained - constants == set()
