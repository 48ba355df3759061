"""A kernel of its own: it edits names in a frame, and prints each edit when it is acknowledged.

python kernel.py LOG CLIENT FIRST ROWS
"""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

import pandas as pd

from stcrm_pandas.grid.columns import columns_of_frame, row_of_frame
from stcrm_pandas.grid.log import GridLog
from stcrm_pandas.grid.session import Session


def frame_of(rows: int) -> pd.DataFrame:
    return pd.DataFrame({"id": range(1, rows + 1), "name": pd.Series([""] * rows, dtype="str")})


def session_of(path: Path, rows: int) -> Session:
    frame = frame_of(rows)
    columns = columns_of_frame(("id",), frame)
    return Session(frame, row_of_frame(("id",), columns), columns, GridLog.open(path, {}), None)


def main(path: str, client: str, first: str, rows: str) -> None:
    session = session_of(Path(path), int(rows))
    print("ready", flush=True)
    for number in itertools.count(int(first)):
        key = str(number % int(rows) + 1)
        edits = [(key, "name", session.state((key, "name")).value, f"{client}{number}")]
        for answer in session.edit(client, number, "", edits):
            for verdict in answer.verdicts:
                if answer.client == client:
                    print(number, key, verdict.verdict, verdict.value, sep="|", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
