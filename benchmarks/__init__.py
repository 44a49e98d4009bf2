"""Measurements behind the numbers of README and docs; each runs as `python -m benchmarks.NAME`."""
