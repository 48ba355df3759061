"""Create a company, compared with writing text of the same length to a table without an index."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from bench.measure import Result, in_turn, of_floor
from stcrm_pandas.sandbox.company import make_company
from stcrm_pandas.sandbox.store.filling import fill

AS_OF = dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC)


def make(path: Path, leads: int) -> None:
    path.unlink(missing_ok=True)
    fill(path, make_company(leads=leads, seed=1, as_of=AS_OF), {})


def texts(path: Path) -> list[str]:
    """Return text with the number and length of the rows that `make` created."""
    with sqlite3.connect(path) as db:
        tables = [name for (name,) in db.execute("SELECT name FROM tables")]
        sizes = [size for name in tables for (size,) in db.execute(f'SELECT length(body) FROM "{name}"')]
    db.close()
    return ["x" * size for size in sizes]


def write(path: Path, rows: list[str]) -> None:
    """The floor: write the same bytes to SQLite, and nothing else."""
    path.unlink(missing_ok=True)
    db = sqlite3.connect(path, isolation_level=None)
    for pragma in ("page_size=16384", "journal_mode=OFF", "synchronous=OFF"):
        db.execute(f"PRAGMA {pragma}")
    db.execute("CREATE TABLE rows (n INTEGER PRIMARY KEY, body TEXT)")
    db.execute("BEGIN")
    db.executemany("INSERT INTO rows (body) VALUES (?)", ((text,) for text in rows))
    db.execute("COMMIT")
    db.close()


def run(leads: int, rounds: int, folder: Path) -> Iterator[Result]:
    made = folder / "company.sqlite"
    make(made, leads)
    rows = texts(made)
    ours, floor = in_turn(
        lambda: make(made, leads), lambda: write(folder / "floor.sqlite", rows), rounds=min(rounds, 3)
    )
    what = f"create a demo company of {leads:,} leads ({len(rows):,} rows, {len(rows) / ours.middle:,.0f} rows/s)"
    yield of_floor(what, ours, floor, target="6 x", stretch="3 x", floor_name="write its JSON to SQLite")
