"""Our numbers beside our peers', on the same bytes in one run: `python -m benchmarks`."""
