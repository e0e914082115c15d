"""pip, as it is set up on this machine: where it would look, and what it can fetch for us."""

from __future__ import annotations

import configparser
import contextlib
import functools
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from library.errors import SetUpFailed, Unreachable

if TYPE_CHECKING:
    from collections.abc import Mapping

ASK = """
import sys
try:
    import pip
except ImportError:
    import ensurepip, pathlib
    sys.path += map(str, pathlib.Path(ensurepip.__file__).parent.glob("_bundled/pip-*.whl"))
from pip._internal.models.index import PyPI
print(PyPI.simple_url)
try:
    from pip._vendor.certifi import where
    print(where())
except (ImportError, OSError):
    pass
"""
"""The default index is pip's to say; with the wheel that Python carries for `ensurepip` where pip is not installed."""

SAID = 300
"""Characters of pip's own words."""

HANDED_ON = frozenset(
    "PIP_" + name
    for name in (
        *("CACHE_DIR", "CERT", "CLIENT_CERT", "CONFIG_FILE", "DEFAULT_TIMEOUT", "EXTRA_INDEX_URL", "FIND_LINKS", "INDEX_URL", "KEYRING_PROVIDER"),
        *("NO_CACHE_DIR", "NO_INDEX", "PROXY", "TIMEOUT", "TRUSTED_HOST", "USE_DEPRECATED", "USE_FEATURE"),
    )
)
"""How to reach an index; what else somebody sets for pip (target, constraint, user, …) is not meant for us."""

SYSTEM = frozenset(
    [
        *("PATH", "HOME", "USER", "LOGNAME", "LANG", "TZ", "TMPDIR", "TEMP", "TMP", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DBUS_SESSION_BUS_ADDRESS"),
        *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
        *("SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "PROGRAMDATA"),
    ]
)
"""What a program needs to run and to find the way out; in any case of letters. The secrets of the job stay with us."""


def handed(environ: Mapping[str, str]) -> dict[str, str]:
    """What pip may see of an environment."""
    return {name: value for name, value in environ.items() if name.upper() in SYSTEM | HANDED_ON or name.startswith(("LC_", "XDG_"))}


def begin(environ: Mapping[str, str]) -> None:
    """Begin to ask pip, if nothing else names an index: it answers while we get ready ourselves."""
    with contextlib.suppress(SetUpFailed):  # whoever needs the settings says what is wrong with them
        if not (environ.get("PKG_PUBLISH_WHEELHOUSE") or read_settings(environ).get("index-url")):
            asked()


@functools.cache
def asked() -> subprocess.Popen[str]:
    """Somebody who asks pip for its default index and the file of its certificates."""
    environ = handed(os.environ)  # noqa: TID251 - so that pip sees less of it
    return subprocess.Popen([sys.executable, "-I", "-c", ASK], env=environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


@functools.cache
def ask() -> tuple[str, ...]:
    """What pip says, each in its line; nothing without pip."""
    with asked() as process:
        return tuple(process.communicate()[0].splitlines())


def indexes(settings: Mapping[str, str]) -> list[str]:
    """The addresses pip would look at, in its order. Raises `Unreachable` where there is none."""
    if settings.get("no-index", "").lower() in {"1", "true", "yes", "on", "t", "y"}:
        raise Unreachable("pip is told to use no index")
    index = settings.get("index-url") or "".join(ask()[:1])
    if not index:
        raise Unreachable("this Python has no pip that knows an index, and PIP_INDEX_URL names none")
    return [index, *settings.get("extra-index-url", "").split()]


def read_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """What pip's files and variables say, the most special last, by the names of its options.

    Raises `SetUpFailed` for a file that pip could not read either: to ask another index instead would tell it what is private.
    """
    settings: dict[str, str] = {}
    for path in files(environ):
        parser = configparser.RawConfigParser()
        try:
            parser.read(path, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError) as error:
            what = f"{path} cannot be read as a configuration of pip"  # the error quotes the line, which may hold a password
            raise SetUpFailed(what, code="set-up-unreachable", cure="Correct it: `pip config list` must not fail.") from error
        for section in ("global", "install"):
            if parser.has_section(section):
                settings |= {name.replace("_", "-"): value for name, value in parser.items(section) if value}
    return settings | {name[4:].lower().replace("_", "-"): value for name, value in environ.items() if name.startswith("PIP_") and value}


def files(environ: Mapping[str, str]) -> list[Path]:
    """Where pip looks for its configuration: the machine's, the user's, this Python's, then the one that `PIP_CONFIG_FILE` names."""
    if (named := environ.get("PIP_CONFIG_FILE", "")) == os.devnull:
        return []
    home = Path(environ.get("USERPROFILE" if sys.platform == "win32" else "HOME", os.sep))
    if sys.platform == "win32":
        name, machine = "pip.ini", [Path(environ.get("PROGRAMDATA", "C:/ProgramData")) / "pip"]
        user = [home / "pip", Path(environ.get("APPDATA", home / "AppData/Roaming")) / "pip"]
    elif sys.platform == "darwin":
        name, machine = "pip.conf", [Path("/Library/Application Support/pip")]
        own = home / "Library/Application Support/pip"
        user = [home / ".pip", own if own.is_dir() else home / ".config/pip"]
    else:
        name, machine = "pip.conf", [*(Path(folder, "pip") for folder in (environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(":")), Path("/etc")]
        user = [home / ".pip", Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "pip"]
    pythons = dict.fromkeys([Path(sys.prefix), Path(sys.executable).parent.parent])
    return [folder / name for folder in [*machine, *user, *pythons]] + [Path(named)] * bool(named)


def install(lock: Path, environ: Mapping[str, str], folder: Path) -> None:
    """Let pip fill an empty folder from the lock. Raises `Unreachable` with pip's last word."""
    options = ["--require-hashes", "--only-binary", ":all:", "--no-deps", "--no-compile", "--no-user", "--no-input", "--quiet", "--retries", "1"]
    command = [sys.executable, "-I", "-m", "pip", "--disable-pip-version-check", "install", *options, "--target", str(folder), "-r", str(lock)]
    ran = subprocess.run(command, env=handed(environ), capture_output=True, text=True, errors="replace", check=False)
    if ran.returncode:
        raise Unreachable(f"pip: {(ran.stderr.strip() or 'no word').splitlines()[-1][:SAID]}")
