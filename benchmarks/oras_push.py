"""Push each file as an artifact of its own, as oras-py's users do: `python oras_push.py HOST NAME FILE...`."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

host, name, *paths = sys.argv[1:]
client = import_module("oras.client").OrasClient(insecure=True)
for number, path in enumerate(map(Path, paths)):
    client.push(target=f"{host}/{name}:{number}", files=[f"{path}:application/pyoci.package.v1"], disable_path_validation=True, quiet=True)
