"""`import stcrm_pandas` compared with `import pandas`, each in a new process."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

from bench.measure import Result, in_turn, of_floor


def import_of(name: str) -> None:
    subprocess.run([sys.executable, "-c", f"import {name}"], check=True)


def run(rounds: int) -> Iterator[Result]:
    ours, floor = in_turn(lambda: import_of("stcrm_pandas"), lambda: import_of("pandas"), rounds=rounds)
    yield of_floor(
        "import stcrm_pandas",
        ours,
        floor,
        target="1.6 x",
        stretch="1.2 x",
        floor_name="import pandas",
    )
    ours, floor = in_turn(
        lambda: import_of("stcrm_pandas, stcrm_pandas.client"), lambda: import_of("pandas"), rounds=rounds
    )
    yield of_floor(
        "import stcrm_pandas and its client",
        ours,
        floor,
        target="-",
        stretch="-",
        floor_name="import pandas",
    )
