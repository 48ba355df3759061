"""Benchmarks: ratios to a floor or a rival, measured in turn in one run. `python -m bench --rows 100000`."""
