"""The folder of locked libraries: where it comes from when it is missing. Standard library alone, Python 3.11 and up; `run.py` is its only user."""
