"""Say hello."""

import sys


def greeting(name: str = "world") -> str:
    """Return what is said to somebody."""
    return f"Hello, {name}!"


def main() -> None:
    """Say it to the world."""
    sys.stdout.write(f"{greeting()}\n")
