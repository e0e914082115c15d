"""Start a server, run a client as soon as its port answers, and end both: `until.py PORT SERVER... --then CLIENT...`."""

from __future__ import annotations

import socket
import subprocess
import sys
import time


def main(port: int, server: list[str], client: list[str]) -> int:
    """Exit with what the client exits with."""
    process = subprocess.Popen(server)
    try:
        while process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
            except OSError:
                time.sleep(0.002)
            else:
                return subprocess.run(client, check=False).returncode
        return 1
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    at = sys.argv.index("--then")
    sys.exit(main(int(sys.argv[1]), sys.argv[2:at], sys.argv[at + 1 :]))
