"""Run all benchmarks and print one table."""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench import (
    applying,
    cold,
    decoding,
    diffing,
    founding,
    imports,
    limit,
    mirror,
    opt_outs,
    reducing,
    searching,
    warm,
    workbooks,
)
from bench.measure import Result, table

PACKAGES = (
    "pandas",
    "pandera",
    "pyarrow",
    "orjson",
    "narwhals",
    "polars",
    "duckdb",
    "requests",
    "requests-cache",
    "servicepytan",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--only",
        default="",
        help="comma-separated: imports,decoding,warm,diffing,reducing,cold,limit,applying,opt_outs,founding,searching,"
        "workbooks,mirror",
    )
    options = parser.parse_args()
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PACKAGES)
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {versions}")
    print(f"{options.rows:,} rows, {options.rounds} rounds after a warm-up\n")
    start = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        results = list(run(options.rows, options.rounds, options.only.split(",") if options.only else [], Path(folder)))
    print("\n" + table(results))
    print(f"\n{time.perf_counter() - start:.0f} s in total")


def run(rows: int, rounds: int, only: list[str], folder: Path) -> Iterator[Result]:
    benches = {
        "imports": lambda: imports.run(rounds),
        "decoding": lambda: decoding.run(rows, rounds),
        "warm": lambda: warm.run(rows, rounds, folder),
        "diffing": lambda: diffing.run(max(rows, 200_000), rounds),
        "reducing": lambda: reducing.run(rows, rounds),
        "cold": lambda: cold.run(rounds, folder),
        "limit": lambda: limit.run(folder),
        "applying": lambda: applying.run(folder),
        "opt_outs": lambda: opt_outs.run(folder),
        "founding": lambda: founding.run(rounds, folder),
        "searching": lambda: searching.run(max(rows, 200_000), rounds, folder),
        "workbooks": lambda: workbooks.run(rounds, folder),
        "mirror": lambda: mirror.run(rows, rounds, folder),
    }
    for name, bench in benches.items():
        if not only or name in only:
            for result in bench():
                print(f"{name}: {result.what}: {result.ratio}", flush=True)
                yield result


if __name__ == "__main__":
    main()
