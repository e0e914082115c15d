"""What the build may see of the caller's environment: an allow-list, and what we add to it."""

from __future__ import annotations

import sys
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING

from pkg_publish.errors import ConfigError, Mistakes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

NAMES = frozenset(
    [
        *("PATH", "HOME", "USER", "LOGNAME", "SHELL"),
        *("TZ", "LANG", "LANGUAGE", "TMPDIR", "TEMP", "TMP", "SOURCE_DATE_EPOCH"),
        *("XDG_CONFIG_HOME", "XDG_CACHE_HOME"),
        *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "FTP_PROXY", "NO_PROXY"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "SSL_CLIENT_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO"),
        # Compilers, on every system and of every language that extensions are written in.
        *("CC", "CXX", "CPP", "FC", "F77", "F90", "LD", "AR", "AS", "NM", "RANLIB", "STRIP", "MAKEFLAGS", "ARCHFLAGS"),
        *("CFLAGS", "CXXFLAGS", "CPPFLAGS", "FFLAGS", "FCFLAGS", "LDFLAGS", "LDSHARED", "PKG_CONFIG", "PKG_CONFIG_PATH"),
        *("CPATH", "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH", "LIBRARY_PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"),
        *("MACOSX_DEPLOYMENT_TARGET", "SDKROOT", "DEVELOPER_DIR", "CUDA_HOME", "CUDA_PATH", "CMAKE_ARGS", "CMAKE_GENERATOR", "CMAKE_PREFIX_PATH"),
        *("CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN", "RUSTFLAGS", "CARGO_BUILD_TARGET", "PYENV_ROOT", "PYENV_VERSION"),
        *("INCLUDE", "LIB", "LIBPATH", "DISTUTILS_USE_SDK", "MSSDK", "VSINSTALLDIR", "VCINSTALLDIR", "VCTOOLSINSTALLDIR", "WINDOWSSDKDIR"),
        # Without these no program starts on Windows.
        *("SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "OS", "PROCESSOR_ARCHITECTURE", "NUMBER_OF_PROCESSORS", "USERNAME"),
        *("USERPROFILE", "HOMEDRIVE", "HOMEPATH", "APPDATA", "LOCALAPPDATA", "PROGRAMDATA", "ALLUSERSPROFILE"),
        *("PROGRAMFILES", "PROGRAMFILES(X86)", "PROGRAMW6432", "COMMONPROGRAMFILES", "COMMONPROGRAMFILES(X86)", "COMMONPROGRAMW6432"),
    ]
)
"""The short list of the contract, section 4; compared without regard to case, as Windows and proxies have it."""

FAMILIES = ("LC_", "PIP_", "UV_", "CIBW_", "SETUPTOOLS_SCM_", "VSCMD_")
"""How the names of whole families begin."""

SECRETS = ("UV_PUBLISH_", "UV_GITHUB_TOKEN")
"""How the names of their members begin that are credentials for publishing, or for GitHub."""

NEVER = ("ACTIONS_", "GITHUB_TOKEN", "GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STATE", "GITHUB_STEP_SUMMARY", "PYPI_TOKEN", "TESTPYPI_TOKEN")
"""How the names begin that `build-env` may not name: what the runner and we ourselves use to publish, and the runner's command files."""

FOR_UV = {
    "PIP_INDEX_URL": "UV_INDEX_URL",
    "PIP_EXTRA_INDEX_URL": "UV_EXTRA_INDEX_URL",
    "PIP_TRUSTED_HOST": "UV_INSECURE_HOST",
    "PIP_CONSTRAINT": "UV_CONSTRAINT",
    "PIP_BUILD_CONSTRAINT": "UV_BUILD_CONSTRAINT",
    "PIP_CLIENT_CERT": "SSL_CLIENT_CERT",
    "PIP_CERT": "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE": "SSL_CERT_FILE",
    "CURL_CA_BUNDLE": "SSL_CERT_FILE",
    "PIP_PROXY": "ALL_PROXY",
}
"""What pip is told, and where uv looks for the same; what uv is told itself comes first."""

NOT_FOR_UV = frozenset(
    [
        *("UV_PYTHON", "UV_MANAGED_PYTHON", "UV_NO_MANAGED_PYTHON", "UV_PYTHON_PREFERENCE", "UV_SYSTEM_PYTHON", "UV_BREAK_SYSTEM_PACKAGES"),
        *("UV_TARGET", "UV_PREFIX", "UV_PROJECT", "UV_PROJECT_ENVIRONMENT", "UV_WORKING_DIR"),
    ]
)
"""What uv should install for, and where, said by somebody who meant another installation."""

YES = frozenset(["1", "true", "t", "yes", "y", "on"])
"""What pip takes for one."""


def child_environ(environ: Mapping[str, str], allow: Collection[str]) -> dict[str, str]:
    """The variables of `environ` that a build may see, those named in `allow` too; raises `Mistakes` for names that no build may see."""
    Mistakes.raise_any(_forbidden(name) for name in allow if name.upper().startswith(NEVER))
    seen = {name: value for name, value in environ.items() if name in allow or _is_known(name.upper())}
    if sys.platform == "win32":
        seen["PATH"] = without_git_tools(seen.get("PATH", ""))
    return seen


def git_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """What git may see when we ask it something: what a build may, and its own variables."""
    return child_environ(environ, [name for name in environ if name.upper().startswith("GIT_")])


def _is_known(name: str) -> bool:
    return name in NAMES or (name.startswith(FAMILIES) and not name.startswith(SECRETS))


def _forbidden(name: str) -> ConfigError:
    return ConfigError(
        f"build-env names {name!r}, which no build may see",
        code="build-env-forbidden",
        cure="Whoever owns a build dependency would own it: give the build a credential of its own under another name, or build in another job.",
    )


def without_git_tools(path: str) -> str:
    """A Windows PATH without the Unix tools of Git: its `link.exe` is found before the linker of the compiler."""
    return ";".join(folder for folder in path.split(";") if not _is_git_tools(PureWindowsPath(folder)))


def _is_git_tools(folder: PureWindowsPath) -> bool:
    parts = [part.lower() for part in folder.parts]
    return "git" in parts and parts[-2:] in (["usr", "bin"], ["mingw64", "bin"])


def uv_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of uv in a build that sees `environ`: pip's words for indexes, proxies and certificates in uv's."""
    told = {name: value for name, value in environ.items() if name not in NOT_FOR_UV}
    for theirs, ours in FOR_UV.items():
        if told.get(theirs):
            told.setdefault(ours, told[theirs])
    timeout = told.get("PIP_TIMEOUT") or told.get("PIP_DEFAULT_TIMEOUT", "")
    if timeout.isdecimal():
        told.setdefault("UV_HTTP_TIMEOUT", timeout)
    if links := ",".join(_links(told.get("PIP_FIND_LINKS", ""))):
        told.setdefault("UV_FIND_LINKS", links)
    return told | {"NO_COLOR": "1", "UV_NO_PROGRESS": "1"}


def uv_flags(environ: Mapping[str, str]) -> list[str]:
    """What uv must be told on its command line, since it reads no variable for it."""
    return ["--no-index"] if environ.get("PIP_NO_INDEX", "").lower() in YES else []


def _links(text: str) -> Iterator[str]:
    """What pip passes by with a warning, a folder that is not there, is an error to uv."""
    for link in text.split():
        if "://" in link or Path(link).exists():
            yield link
