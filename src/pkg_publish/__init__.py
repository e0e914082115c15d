"""Publish a Python project from GitHub: build, try each target in order, prove it, report."""

__version__ = "0.1.0"
