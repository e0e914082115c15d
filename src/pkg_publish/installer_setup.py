"""How an installer is set up, by files and variables: where it installs from, which our index stands before, and all the rest, which it keeps."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pkg_publish.constraints import check_files

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from pkg_publish.interpreter import Interpreter

REPLACED = frozenset(
    [
        *("PIP_INDEX_URL", "PIP_PYPI_URL", "PIP_EXTRA_INDEX_URL", "PIP_NO_INDEX", "PIP_CONFIG_FILE", "PIP_PROXY"),
        *("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_NO_INDEX", "UV_CONFIG_FILE", "UV_NO_CONFIG"),
    ]
)
"""What is heeded, and said anew: the indexes behind ours, and the way to them."""

CONSTRAINTS = ("PIP_CONSTRAINT", "PIP_BUILD_CONSTRAINT", "UV_CONSTRAINT", "UV_OVERRIDE", "UV_BUILD_CONSTRAINT", "UV_EXCLUDE")
"""Files that bound versions, which are read before."""

PIP_CARRIED = """
    break-system-packages cache-dir cert check-build-dependencies client-cert compile config-settings debug default-timeout disable-pip-version-check
    dry-run exists-action force-reinstall global-option ignore-installed ignore-requires-python keyring-provider log no-binary no-build-isolation
    no-cache-dir no-clean no-color no-compile no-deps no-dependencies no-input no-python-version-warning no-use-pep517 no-warn-conflicts
    no-warn-script-location only-binary pre prefer-binary prefix progress-bar quiet require-hashes require-virtualenv resume-retries retries
    root root-user-action src target timeout trusted-host upgrade upgrade-strategy uploaded-prior-to use-deprecated use-feature use-pep517 user verbose
"""
UV_CARRIED = """
    allow-insecure-host break-system-packages cache-dir color compile-bytecode compile-bytecode-timeout concurrent-builds concurrent-downloads
    concurrent-installs config-settings custom-compile-command exclude-newer exclude-newer-package extra-build-dependencies fork-strategy
    http-connect-timeout http-retries http-timeout http-upload-timeout index-strategy insecure-host keyring-provider libc link-mode lock-timeout
    managed-python native-tls no-binary no-binary-package no-build no-build-isolation no-build-package no-cache no-installer-metadata no-managed-python
    no-progress no-python-downloads no-sources no-verify-hashes no-wrap offline prerelease preview preview-features python python-downloads
    python-install-dir python-preference require-hashes request-timeout resolution skip-wheel-filename-check stack-size system-certs system-python
    verify-hashes
"""
"""Settings of pip and uv that say how they install, and none from where."""

CARRIED = frozenset(
    [
        *CONSTRAINTS,
        *(f"PIP_{each.upper().replace('-', '_')}" for each in PIP_CARRIED.split()),
        *(f"UV_{each.upper().replace('-', '_')}" for each in UV_CARRIED.split()),
    ]
)
"""The variables that are kept, in this very spelling: pip takes `PIP_FIND-LINKS` and `PIP___FIND_LINKS` for the same."""

LOGINS = re.compile(r"UV_INDEX_.*_(USERNAME|PASSWORD)")
"""What belongs to the indexes behind ours."""

_FAMILIES = re.compile(r"(PIP|UV)_", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """One installer, as somebody has set it up."""

    indexes: Sequence[str] = ()
    """The main one and the extra ones, maybe with a login inside; none: it shall use none."""
    trusted: Collection[str] = ()
    """Hosts that it may speak to without encryption."""
    environ: Mapping[str, str]
    """What it sees, without any index."""
    unheeded: Sequence[str] = ()
    """The settings that are not heeded."""

    def behind(self, addresses: Sequence[str]) -> dict[str, str]:
        """The environment in which there are these indexes and no other, for the installer and for any that a build starts."""
        first, *others = addresses
        beside = " ".join(others)
        more = {"PIP_EXTRA_INDEX_URL": beside, "UV_INDEX": beside} if beside else {}
        return {**self.environ, "PIP_INDEX_URL": first, "UV_DEFAULT_INDEX": first, **more}


def of_pip(python: Interpreter, environ: Mapping[str, str], indexes: Sequence[str] | None = None) -> Setup:
    """How the pip of a Python is set up; `indexes` are named instead of its own.

    Raises `Environment` when it does not say, `ConfigError` when a file of constraints could name an index.
    """
    found = python.settings(environ)
    said = {f"PIP_{name.upper().replace('-', '_')}": str(value) for name, value in found["said"].items()}
    for name in CONSTRAINTS:
        check_files({**said, **environ}.get(name, ""), Path())
    proxy = said.get("PIP_PROXY", "")
    by_pip = {name: proxy for scheme in ("http_proxy", "https_proxy") for name in (scheme, scheme.upper())} if proxy else {}
    direct = "" if proxy else environ.get("NO_PROXY", environ.get("no_proxy", ""))
    return Setup(
        indexes=found["indexes"] if indexes is None else indexes,
        trusted=found["trusted"],
        environ={**kept({**said, **environ}), **by_pip, **past_proxies(direct), "PIP_CONFIG_FILE": os.devnull, "UV_NO_CONFIG": "1"},
        unheeded=unheeded_in({**said, **environ}, "PIP_"),
    )


def kept(environ: Mapping[str, str]) -> dict[str, str]:
    """What an installer sees of its variables: of those that bear its name, the ones that are known to lead nowhere past our index."""
    return {name: value for name, value in environ.items() if name in CARRIED or not _FAMILIES.match(name)}


def unheeded_in(environ: Mapping[str, str], family: str) -> list[str]:
    """The variables that are set and not heeded, of one installer: `PIP_` or `UV_`."""
    heeded = CARRIED | REPLACED
    return sorted(name for name, value in environ.items() if value and name.startswith(family) and name not in heeded and not LOGINS.fullmatch(name))


def past_proxies(direct: str) -> dict[str, str]:
    """Our index is on this machine, and no proxy may learn where."""
    hosts = ",".join(filter(None, [direct, "127.0.0.1"]))
    return {"NO_PROXY": hosts, "no_proxy": hosts}
