"""Where the bytes lie that a registry or a release leads to: another host, with signed addresses."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from tests.servers.serving import Call, Reply, Server

if TYPE_CHECKING:
    from collections.abc import Callable


class Storage(Server):
    """Gives bytes whole or in part; whoever brings a login is refused, as such hosts do, for the address is signed."""

    def __init__(self, find: Callable[[str], bytes | None]) -> None:
        """`find` knows the bytes by the name they were given in `address`."""
        super().__init__()
        self._find = find

    def address(self, name: str) -> str:
        """The signed address of bytes."""
        return f"{self.url}/{name}?sig=for-a-minute"

    def answer(self, call: Call) -> Reply:
        """Give them; the signature is all that matters."""
        if call.authorization:
            return Reply(status=400, body=b"<Error><Code>InvalidAuthenticationInfo</Code></Error>", headers={"Content-Type": "application/xml"})
        data = self._find(unquote(call.path).removeprefix("/")) if call.query.get("sig") == "for-a-minute" else None
        if data is None:
            return Reply(status=403, body=b"<Error><Code>AuthenticationFailed</Code></Error>", headers={"Content-Type": "application/xml"})
        kind = {"Content-Type": "application/octet-stream", "Accept-Ranges": "bytes"}
        if not (part := re.fullmatch(r"bytes=(\d+)-(\d*)", call.headers.get("Range", ""))):
            return Reply(body=data, headers=kind)
        first, last = int(part[1]), min(int(part[2] or len(data)), len(data) - 1)
        return Reply(status=206, body=data[first : last + 1], headers=kind | {"Content-Range": f"bytes {first}-{last}/{len(data)}"})
