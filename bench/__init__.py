"""Benchmarks against a floor or another library, timed alternately in one run: `python -m bench --rows 100000`."""
