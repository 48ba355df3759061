"""Run all benchmarks and print one table."""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import tempfile
import time
from collections.abc import Callable, Iterator
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
    scale,
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
    parser.add_argument("--only", nargs="*", default=[], choices=BENCHES, metavar="NAME", help=", ".join(BENCHES))
    options = parser.parse_args()
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PACKAGES)
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {versions}")
    print(f"{options.rows:,} rows, {options.rounds} rounds after a warm-up\n")
    start = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        results = list(run(options.rows, options.rounds, options.only, Path(folder)))
    print("\n" + table(results))
    print(f"\n{time.perf_counter() - start:.0f} s in total")


Bench = Callable[[int, int, Path], Iterator[Result]]


def up_to(size: int, rows: int) -> int:
    """Return the size of a benchmark that is the same at any number of rows from 100,000; smaller below."""
    return min(size, size * rows // 100_000)


BENCHES: dict[str, Bench] = {
    "imports": lambda rows, rounds, folder: imports.run(rounds),
    "decoding": lambda rows, rounds, folder: decoding.run(rows, rounds),
    "warm": warm.run,
    "diffing": lambda rows, rounds, folder: diffing.run(max(rows, up_to(200_000, rows)), rounds),
    "reducing": lambda rows, rounds, folder: reducing.run(rows, rounds),
    "cold": lambda rows, rounds, folder: cold.run(up_to(100_000, rows), rounds, folder),
    "limit": lambda rows, rounds, folder: limit.run(up_to(400, rows), folder),
    "applying": lambda rows, rounds, folder: applying.run(up_to(2_000, rows), folder),
    "opt_outs": lambda rows, rounds, folder: opt_outs.run(up_to(300, rows), folder),
    "founding": lambda rows, rounds, folder: founding.run(up_to(20_000, rows), rounds, folder),
    "scale": lambda rows, rounds, folder: scale.run(min(rounds, 2)),
    "searching": lambda rows, rounds, folder: searching.run(max(rows, up_to(200_000, rows)), rounds, folder),
    "workbooks": lambda rows, rounds, folder: workbooks.run(up_to(10_000, rows), rounds, folder),
    "mirror": mirror.run,
}
"""The benchmarks by name, called with a number of rows, a number of rounds and an empty folder."""


def run(rows: int, rounds: int, only: list[str], folder: Path) -> Iterator[Result]:
    for name in only or BENCHES:
        for result in BENCHES[name](rows, rounds, folder):
            print(f"{name}: {result.what}: {result.ratio}", flush=True)
            yield result


if __name__ == "__main__":
    main()
