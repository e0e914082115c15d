"""How uv is set up, by files and variables (https://docs.astral.sh/uv/concepts/configuration-files/)."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pkg_publish.clients.disk import disk
from pkg_publish.constraints import check_files, check_line
from pkg_publish.errors import ConfigError
from pkg_publish.installer_setup import CONSTRAINTS, Setup, kept, past_proxies, unheeded_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

INDEXES = ("index", "index-url", "extra-index-url", "find-links", "no-index", "torch-backend")
NOT_IN_UV_TOML = frozenset(
    [
        *("sources", "workspace", "conflicts", "managed", "package", "default-groups", "dependency-groups", "dev-dependencies", "build-backend"),
        *("environments", "required-environments", "publish-url", "trusted-publishing", "check-url", "pip"),
    ]
)
"""What stands in a `pyproject.toml` alone, or is no installer's; the table `pip` is taken apart."""

BOUNDS = ("constraint-dependencies", "override-dependencies", "build-constraint-dependencies", "exclude-dependencies", "extra-build-dependencies")
"""Requirements, which may hold an address."""

PROXIES = {"http-proxy": "HTTP_PROXY", "https-proxy": "HTTPS_PROXY"}
"""What may hold a login, so that it is never written to a file."""

UV_SAYS = re.compile(r"by default: <(https://[^>\s]+)>")
"""How uv's help names the index that it takes by itself."""

ALWAYS = {"PIP_CONFIG_FILE": os.devnull, "UV_NO_SOURCES": "1", "UV_NO_CACHE": "1"}
"""Our index has another address each time, so that uv would keep all of it once more, and never find it again."""

YES = frozenset(["1", "true", "t", "yes", "y", "on"])
PATIENCE = 60


def of_uv(uv: str, environ: Mapping[str, str], here: Path, scratch: Path, indexes: Sequence[str] | None = None) -> Setup:
    """How uv is set up for a command that runs in the folder `here`; `indexes` are named instead of its own.

    What its files say beside indexes is kept in a file in `scratch`. Raises `ConfigError` for a file that is not TOML, and when nobody says where it
    installs from.
    """
    config = _config(environ, here)
    for_pip = config.pop("pip")
    for name in CONSTRAINTS:
        check_files(environ.get(name, ""), here)
    for name in BOUNDS:
        for line in _texts(config.get(name)):
            check_line(line, f"{name} of uv's configuration")
    names = {name for name in ("find-links", "torch-backend") if {**config, **for_pip}.get(name)}
    proxies = {variable: proxy for name, variable in PROXIES.items() if (proxy := config.pop(name, ""))}
    direct = environ.get("NO_PROXY") or environ.get("no_proxy") or ",".join(config.pop("no-proxy", []))
    rest, pip = ({name: value for name, value in each.items() if name not in INDEXES} for each in (config, for_pip))
    kept_in_file = {**rest, **({"pip": pip} if pip else {})}
    return Setup(
        indexes=[*_indexes(uv, environ, config, for_pip)] if indexes is None else indexes,
        trusted=[*environ.get("UV_INSECURE_HOST", "").split(), *config.get("allow-insecure-host", [])],
        environ={**proxies, **kept(environ), **past_proxies(direct), **ALWAYS, **_written(kept_in_file, scratch)},
        unheeded=[*unheeded_in(environ, "UV_"), *(f"{name} in uv's configuration" for name in sorted(names))],
    )


def _indexes(uv: str, environ: Mapping[str, str], config: Mapping[str, Any], for_pip: Mapping[str, Any]) -> Iterator[str]:
    """The main one, then the extra ones; nothing if it shall use none. One that is named for pip counts when none is named for uv."""
    if environ.get("UV_NO_INDEX", "").lower() in YES or for_pip.get("no-index") or config.get("no-index"):
        return
    listed = [each for each in config.get("index", []) if not each.get("explicit")]
    mains = [environ.get("UV_DEFAULT_INDEX"), environ.get("UV_INDEX_URL"), for_pip.get("index-url")]
    mains += [*(_with_name(each) for each in listed if each.get("default")), config.get("index-url"), environ.get("PIP_INDEX_URL")]
    yield _with_login(next(filter(None, mains), "") or _by_itself(uv, environ), environ)
    extras = [*environ.get("UV_INDEX", "").split(), *environ.get("UV_EXTRA_INDEX_URL", "").split(), *for_pip.get("extra-index-url", [])]
    extras += [*(_with_name(each) for each in listed if not each.get("default")), *config.get("extra-index-url", [])]
    yield from (_with_login(each, environ) for each in extras)


def _written(config: Mapping[str, Any], scratch: Path) -> dict[str, str]:
    """The variable that has uv read this and no other configuration."""
    if not config:
        return {"UV_NO_CONFIG": "1"}
    path = scratch / "uv.toml"
    with disk(f"writing {path}"):
        path.write_text("".join(f"{_toml(name)} = {_toml(value)}\n" for name, value in config.items()), encoding="utf-8")
    return {"UV_CONFIG_FILE": str(path)}


def _texts(value: object) -> Iterator[str]:
    """The requirements in a list, in a table of lists, and in the tables of such a list."""
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for each in inside:
        yield from _texts(each.get("requirement") if isinstance(value, list) and isinstance(each, dict) else each)
    if isinstance(value, str):
        yield value


def _toml(value: object) -> str:
    """A value on one line: https://toml.io/en/v1.0.0. Strings, keys too, are written as those of JSON."""
    match value:
        case dict():
            return f"{{{', '.join(f'{_toml(name)} = {_toml(each)}' for name, each in value.items())}}}"
        case list():
            return f"[{', '.join(map(_toml, value))}]"
        case _:
            return json.dumps(value, ensure_ascii=False, default=str).replace("\x7f", "\\u007f")


def _config(environ: Mapping[str, str], here: Path) -> dict[str, Any]:
    """All that uv's files say, those of the project before the user's before the system's; lists are joined. The table `pip` is always there."""
    found: dict[str, Any] = {}
    pip: dict[str, Any] = {}
    for config in _files(environ, here):
        _add(pip, config.get("pip", {}))
        _add(found, {name: value for name, value in config.items() if name not in NOT_IN_UV_TOML})
    return {**found, "pip": pip}


def _add(found: dict[str, Any], weaker: Mapping[str, Any]) -> None:
    for name, value in weaker.items():
        found[name] = [*found[name], *value] if isinstance(found.get(name), list) and isinstance(value, list) else found.get(name, value)


def _files(environ: Mapping[str, str], here: Path) -> Iterator[Mapping[str, Any]]:
    """What they say, the strongest first: https://docs.astral.sh/uv/concepts/configuration-files/."""
    if named := environ.get("UV_CONFIG_FILE"):
        yield _read(Path(named))
        return
    if environ.get("UV_NO_CONFIG", "").lower() in YES:
        return
    for folder in (here, *here.parents):
        if found := _read(folder / "uv.toml") or _read(folder / "pyproject.toml").get("tool", {}).get("uv"):
            yield found
            break
    home = Path(environ.get("HOME", "/"))
    yield _read(Path(environ.get("APPDATA") or environ.get("XDG_CONFIG_HOME") or home / ".config") / "uv" / "uv.toml")
    system = [*environ.get("XDG_CONFIG_DIRS", "/etc/xdg").split(os.pathsep), environ.get("PROGRAMDATA") or "/etc"]
    yield next(filter(None, (_read(Path(folder) / "uv" / "uv.toml") for folder in system)), {})


def _read(path: Path) -> dict[str, Any]:
    """A file of TOML; nothing when it is not there. Raises `ConfigError` for one that is none."""
    if not path.is_file():
        return {}
    with disk(f"reading {path}"):
        data = path.read_bytes()
    try:
        return tomllib.loads(data.decode())
    except ValueError as error:
        raise ConfigError(f"{path} is no TOML: {error}", code="installer-settings", cure="Mend the file; uv would refuse it too.") from error


def _with_name(index: Mapping[str, Any]) -> str:
    """As the variables have it: `name=address`."""
    return f"{index['name']}={index.get('url', '')}" if index.get("name") else str(index.get("url", ""))


def _with_login(text: str, environ: Mapping[str, str]) -> str:
    """The address of an index, with the login that variables hold for its name."""
    named = re.fullmatch(r"([\w.-]+)=(\S+)", text)
    if not named:
        return text
    name, url = re.sub(r"[^A-Z0-9]", "_", named[1].upper()), named[2]
    user, password = (environ.get(f"UV_INDEX_{name}_{each}", "") for each in ("USERNAME", "PASSWORD"))
    scheme, mark, rest = url.partition("://")
    return f"{scheme}{mark}{quote(user, safe='')}:{quote(password, safe='')}@{rest}" if (user or password) and "@" not in rest.partition("/")[0] else url


def _by_itself(uv: str, environ: Mapping[str, str]) -> str:
    """The index that uv takes when nobody names one, as its help says."""
    command = [uv, "help", "pip", "install"]
    try:
        done = subprocess.run(command, env=dict(environ), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True, timeout=PATIENCE)  # noqa: S603 - the user's own uv
        said = done.stdout
    except (OSError, subprocess.SubprocessError):
        said = ""
    if found := UV_SAYS.search(said):
        return found[1]
    raise ConfigError(
        "nobody says where dependencies come from that were not published to the places that were named",
        code="upstream-unknown",
        cure="Name the index with --upstream, or say that there is none: --upstream none.",
        paste="--upstream https://index.example.org/simple/",
    )
