"""Distance on one machine: a proxy for TCP that holds back what passes for half a round trip each way, and nothing else.

Whatever comes is taken at once and handed on when its time has come, so neither throughput nor the number of connections is limited. The
kernel greets a client on the spot; a server that far away would need a round trip for it, so what a client sends first waits that much longer.
It is a process of its own (`python -m benchmarks.delay UPSTREAM SECONDS`), so that it never waits for what else this one does.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Self

BLOCK = 1 << 18
"""Bytes taken at once."""
IN_FLIGHT = 1 << 10
"""Blocks on their way in each direction of a connection: 256 MiB, more than any window."""


class Delay:
    """Stands at `address` before the server at `upstream` (both `HOST:PORT`), so many seconds of round trip away; a context manager."""

    def __init__(self, upstream: str, round_trip: float) -> None:
        self.address = ""
        self._words = [sys.executable, "-m", "benchmarks.delay", upstream, str(round_trip)]

    def __enter__(self) -> Self:
        root = Path(__file__).parents[1]
        self._process = subprocess.Popen(self._words, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout  # noqa: S101 - for types
        self.address = self._process.stdout.readline().strip()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()  # whose end of input is the end


class _Proxy:
    """The proxy itself."""

    def __init__(self, upstream: str, round_trip: float) -> None:
        self._upstream, self._round_trip = upstream, round_trip
        self._at_work: set[object] = set()
        """The tasks of all connections: asyncio itself keeps none alive."""

    async def serve(self) -> None:
        """Say where it is, and work until the input ends."""
        self._loop = asyncio.get_running_loop()
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0, limit=BLOCK, backlog=256)
        sys.stdout.write("{}:{}\n".format(*server.sockets[0].getsockname()[:2]))
        sys.stdout.flush()
        await self._loop.run_in_executor(None, sys.stdin.read)
        server.close()

    async def _connected(self, from_client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        greeted = self._loop.time() + self._round_trip
        self._at_work.add(asyncio.current_task())
        with suppress(ConnectionError, asyncio.CancelledError):  # somebody went away, or the block has ended
            await self._join(from_client, to_client, greeted)
        to_client.close()
        self._at_work.discard(asyncio.current_task())

    async def _join(self, from_client: asyncio.StreamReader, to_client: asyncio.StreamWriter, greeted: float) -> None:
        host, _, port = self._upstream.partition(":")
        from_server, to_server = await asyncio.open_connection(host, int(port), limit=BLOCK)
        try:
            await asyncio.gather(self._pump(from_client, to_server, greeted), self._pump(from_server, to_client, greeted))
        finally:
            to_server.close()

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, not_before: float) -> None:
        """Hand on what comes, each block half a round trip after it came; its end too."""
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(IN_FLIGHT)
        taking = asyncio.create_task(self._take(source, under_way, not_before))
        try:
            while True:
                due, block = await under_way.get()
                await asyncio.sleep(due - self._loop.time())
                if not block:
                    break
                sink.write(block)
                await sink.drain()
            if sink.can_write_eof():
                sink.write_eof()
        finally:
            taking.cancel()

    async def _take(self, source: asyncio.StreamReader, under_way: asyncio.Queue[tuple[float, bytes]], not_before: float) -> None:
        block = b"-"
        while block:
            try:
                block = await source.read(BLOCK)
            except ConnectionError:
                block = b""
            await under_way.put((max(self._loop.time(), not_before) + self._round_trip / 2, block))


if __name__ == "__main__":
    asyncio.run(_Proxy(sys.argv[1], float(sys.argv[2])).serve())
