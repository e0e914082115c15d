"""Where the installed command begins: while Python still imports us, a signal ends the process without a word, for nothing was begun."""

from __future__ import annotations

import os
import signal
from typing import NoReturn


def main() -> NoReturn:
    """Run the command, which listens to signals by itself once it has something to put in order."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: os._exit(130))
    from pkg_publish.cli import main as command

    command()
