#!/usr/bin/env python3
"""Start pkg-publish from its own checkout, with nothing but a Python: `python3 run.py --help`.

Any Python from 3.6 on can read this file. The work is done by one that the lock has wheels for, and it sees the standard library and the locked
libraries alone: no site-packages, no `PYTHON*` variable, no working directory is on its path. The folder of libraries is made on the first run (`library/`) and
only looked at afterwards.
"""

import os
import sys

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import NoReturn

HERE = os.path.dirname(os.path.abspath(__file__))

ALONE = ("-I", "-S", "-X", "utf8")
"""No `PYTHON*` variables, no user site, no site-packages with their `.pth` files; UTF-8 everywhere."""

OLDEST, NEWEST = (3, 11), (3, 14)
"""The Pythons that the lock has wheels for."""

FITS = f"import sys; sys.exit(not (sys.implementation.name == 'cpython' and {OLDEST} <= sys.version_info[:2] <= {NEWEST}))"
"""What another Python is asked: it leaves with 0 if it fits."""

OUTPUTS = (
    *("status", "target", "targets", "project", "version", "url", "install-command"),
    *("files", "digest", "tag", "release-id", "upload-url", "fallback-reason", "report"),
)
"""The outputs of the action; all of them are written when the set-up fails, too."""

EXIT_ENVIRONMENT, EXIT_CANCELLED = 8, 130

SETUP_PYTHON = """\
- uses: actions/setup-python@a309ff8b426b58ec0e2a45f0f869d46889d02405 # v6.2.0
  with: {python-version: "3.13"}"""


def main(argv: "list[str]") -> int:
    """Find the Python, find or make the libraries, be pkg-publish. Returns the exit code."""
    listen()
    fits = sys.implementation.name == "cpython" and OLDEST <= sys.version_info[:2] <= NEWEST
    other = "" if fits else another_python(os.environ)
    if sys.version_info < OLDEST and not other:
        what = f"This Python is {sys.version.split()[0]}, and there is no 3.11 to 3.14 on PATH, in the runner's tool cache or in pyenv"
        fail(what, code="set-up-python", cure="Add this step before the one that failed:", paste=SETUP_PYTHON)
    if other or not (sys.flags.isolated and sys.flags.no_site):
        return go_on_in(other or sys.executable, argv)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    sys.path.insert(0, os.path.join(HERE, "src"))
    sys.path.insert(1, library())
    import gc

    gc.disable()  # all that is imported stays: looking for garbage in it takes a tenth of the start
    if "PKG_PUBLISH_INPUTS" in os.environ or "PKG_PUBLISH_STEP" in os.environ:
        from pkg_publish.action import main as publish
    else:
        from pkg_publish.cli import main as publish
    gc.freeze()
    gc.enable()
    return publish(argv)


def listen() -> None:
    """Until pkg-publish itself listens to signals, each of them ends the run with a sentence; one that came between two interpreters does so now.

    `KeyboardInterrupt` would not do: raised while Python collects what an import left, it is printed, and ignored.
    """
    import signal

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped())
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGINT, signal.SIGTERM))


def raise_on_signals() -> None:
    """Let signals raise `KeyboardInterrupt`, for what has to be put in order behind it."""
    import signal

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)


def stopped() -> None:
    """Say that somebody stopped us."""
    fail("Stopped before anything was published", code="cancelled", cure="Run it again.", status=EXIT_CANCELLED)


def another_python(environ: "Mapping[str, str]") -> str:
    """The newest Python that fits and runs: on PATH, in the runner's tool cache, in pyenv. Empty if there is none."""
    import glob
    import subprocess

    suffix, inside = (".exe", "python.exe") if os.name == "nt" else ("", "bin/python3")
    names = [f"python{OLDEST[0]}.{minor}" for minor in range(NEWEST[1], OLDEST[1] - 1, -1)] + ["python3", "python"]
    found = [os.path.join(folder, name + suffix) for name in names for folder in environ.get("PATH", "").split(os.pathsep)]
    caches = [os.path.join(environ[name], "Python", "3.*", "*") for name in ("RUNNER_TOOL_CACHE", "AGENT_TOOLSDIRECTORY") if environ.get(name)]
    pyenv = environ.get("PYENV_ROOT") or os.path.join(os.path.expanduser("~"), ".pyenv")
    for pattern in [*caches, os.path.join(pyenv, "versions", "3.*"), os.path.join(pyenv, "pyenv-win", "versions", "3.*")]:
        found += sorted(glob.glob(os.path.join(pattern, inside)), key=numbers, reverse=True)
    for python in dict.fromkeys(path for path in found if os.access(path, os.X_OK)):
        try:
            if subprocess.call([python, "-I", "-c", FITS], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=20) == 0:
                return python
        except (OSError, subprocess.TimeoutExpired):
            continue
    return ""


def numbers(path: str) -> "list[int]":
    """The numbers in a path, so that 3.12 comes after 3.9."""
    return [int(part) for part in "".join(char if char.isdigit() else " " for char in path).split()]


def go_on_in(python: str, argv: "list[str]") -> int:
    """Be the same program in another interpreter. Windows has no exec: there we wait, and hand on the exit code."""
    import signal

    command = [python, *ALONE, os.path.join(HERE, "run.py"), *argv]
    if os.name != "nt":
        signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
        os.execv(python, command)
    import subprocess

    with subprocess.Popen(command) as child:
        for name in ("SIGINT", "SIGBREAK"):  # the console tells the child, too
            signal.signal(getattr(signal, name), signal.SIG_IGN)
        return child.wait()


def library() -> str:
    """The folder of the locked libraries, made if it is not there. Its name is handed on in `PKG_PUBLISH_LIBRARY`: uv is in its `bin`."""
    folder = os.path.join(shelf(os.environ), key())
    if not os.path.isabs(folder):
        fail("There is no home folder to keep libraries in", code="set-up-disk", cure="Name a folder for caches in XDG_CACHE_HOME.")
    if not is_whole(folder):
        make_library(folder)
    os.environ["PKG_PUBLISH_LIBRARY"] = folder
    return folder


def shelf(environ: "Mapping[str, str]") -> str:
    """Where folders of libraries are: in Actions never longer than the job, at home in the user's cache."""
    if environ.get("GITHUB_ACTIONS") == "true" and environ.get("RUNNER_TEMP"):
        user = f"-{os.getuid()}" if hasattr(os, "getuid") else ""  # a container's root leaves files that nobody else can remove
        return os.path.join(environ["RUNNER_TEMP"], f"pkg-publish{user}")
    home = os.path.expanduser("~")
    caches = {"win32": environ.get("LOCALAPPDATA") or os.path.join(home, "AppData", "Local"), "darwin": os.path.join(home, "Library", "Caches")}
    chosen = environ.get("XDG_CACHE_HOME", "")
    return os.path.join(chosen if os.path.isabs(chosen) else caches.get(sys.platform, os.path.join(home, ".cache")), "pkg-publish")


def key() -> str:
    """The name of the folder: lock, Python, platform and C library, all that its content depends on."""
    import hashlib
    from importlib.machinery import EXTENSION_SUFFIXES

    with open(os.path.join(HERE, "requirements.txt"), "rb") as file:
        lock = hashlib.sha256(file.read()).hexdigest()[:16]
    machine = os.uname().machine if hasattr(os, "uname") else ""
    try:
        libc = os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (AttributeError, ValueError, OSError):  # Windows, macOS, musl
        libc = ""
    return "-".join(filter(None, [lock, EXTENSION_SUFFIXES[0].split(".")[1], machine, libc.replace(" ", "-")]))


def is_whole(folder: str) -> bool:
    """The folder is ours, and has as many files and bytes as when it was made: no cleaner and no power cut took some."""
    try:
        if hasattr(os, "getuid") and {os.stat(path).st_uid for path in (folder, os.path.dirname(folder))} != {os.getuid()}:
            return False
        with open(os.path.join(folder, ".whole")) as file:
            return file.read() == "{} {}".format(*measure(folder))
    except OSError:
        return False


def measure(folder: str) -> "tuple[int, int]":
    """Files and bytes below a folder, but `.whole` and what Python compiles."""
    files = size = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                more = measure(entry.path) if entry.name != "__pycache__" else (0, 0)
                files, size = files + more[0], size + more[1]
            elif entry.name != ".whole":
                files, size = files + 1, size + entry.stat().st_size
    return files, size


def make_library(folder: str) -> None:
    """Make the folder, or say why not and leave."""
    sys.path.insert(0, HERE)
    raise_on_signals()
    try:
        from pathlib import Path

        from library import pip

        pip.begin(os.environ)  # it answers while we import the rest
        from library.errors import SetUpFailed
        from library.folder import compile_behind, make, release_asset

        from pkg_publish import __version__
    except ImportError as error:
        what = f"The Python at {sys.executable} lacks a part of its standard library: {error}"
        fail(
            what,
            code="set-up-python",
            cure="Install all of it (Debian: apt-get install python3), or add this step before the one that failed:",
            paste=SETUP_PYTHON,
        )
    sys.path.remove(HERE)
    try:
        asset = release_asset(os.environ, Path(HERE), __version__)
        compile_behind(os.environ, os.path.join(HERE, "src"))
        make(Path(folder), Path(HERE, "requirements.txt"), os.environ, asset=asset, is_whole=is_whole)
        compile_behind(os.environ, folder)
        listen()
    except SetUpFailed as error:
        fail(error.what, code=error.code, cure=error.cure)
    except OSError as error:
        what = f"The folder of libraries {folder} cannot be made: {error.strerror or error}"
        fail(what, code="set-up-disk", cure="Make room there, or name another folder for caches in XDG_CACHE_HOME.")
    except KeyboardInterrupt:
        fail("Stopped while the libraries were on their way", code="cancelled", cure="Run it again: nothing was begun.", status=EXIT_CANCELLED)


def fail(what: str, *, code: str, cure: str, paste: str = "", status: int = EXIT_ENVIRONMENT) -> "NoReturn":
    """Say it where somebody will look, write every output, and leave at once: a thread that waits for a server would hold us."""
    what = "".join(char if char.isprintable() else "?" for char in what)
    message = "\n".join(filter(None, [f"{what}.", cure, paste, f"See docs/troubleshooting.md#{code}"]))
    if os.environ.get("GITHUB_ACTIONS") == "true":
        print("::error title=pkg-publish cannot start::" + message.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A"))
    else:
        print("pkg-publish cannot start: " + message, file=sys.stderr)
    delimiter = os.urandom(16).hex()
    values = dict.fromkeys(OUTPUTS, "")
    values.update(status="failed", files="[]")
    append("GITHUB_OUTPUT", "".join(f"{name}<<{delimiter}\n{value}\n{delimiter}\n" for name, value in values.items()))
    quoted = message.replace("&", "&amp;").replace("<", "&lt;")
    append("GITHUB_STEP_SUMMARY", f"## Nothing is published: pkg-publish cannot start\n\n<pre>{quoted}</pre>\n")
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def append(variable: str, text: str) -> None:
    """Add to a file that the runner reads; at home there is none."""
    try:
        with open(os.environ.get(variable) or os.devnull, "a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        print(f"{variable} cannot be written: {error}", file=sys.stderr)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        stopped()
