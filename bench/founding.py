"""Making a company of 20,000 leads, beside writing texts of the same lengths into a table without an index."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from bench.measure import Result, in_turn, of_floor
from stcrm_pandas.sandbox.company import make_company
from stcrm_pandas.sandbox.store.filling import fill

LEADS = 20_000
AS_OF = dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC)


def make(path: Path, leads: int = LEADS) -> None:
    path.unlink(missing_ok=True)
    fill(path, make_company(leads=leads, seed=1, as_of=AS_OF), {})


def texts(path: Path) -> list[str]:
    """As long as the rows in a file that `make` made, and as many."""
    with sqlite3.connect(path) as db:
        tables = [name for (name,) in db.execute("SELECT name FROM tables")]
        sizes = [size for name in tables for (size,) in db.execute(f'SELECT length(body) FROM "{name}"')]
    db.close()
    return ["x" * size for size in sizes]


def write(path: Path, rows: list[str]) -> None:
    """The floor: as little as SQLite can do with so many bytes."""
    path.unlink(missing_ok=True)
    db = sqlite3.connect(path, isolation_level=None)
    for pragma in ("page_size=16384", "journal_mode=OFF", "synchronous=OFF"):
        db.execute(f"PRAGMA {pragma}")
    db.execute("CREATE TABLE rows (n INTEGER PRIMARY KEY, body TEXT)")
    db.execute("BEGIN")
    db.executemany("INSERT INTO rows (body) VALUES (?)", ((text,) for text in rows))
    db.execute("COMMIT")
    db.close()


def run(rounds: int, folder: Path) -> Iterator[Result]:
    made = folder / "company.sqlite"
    make(made)
    rows = texts(made)
    ours, floor = in_turn(lambda: make(made), lambda: write(folder / "floor.sqlite", rows), rounds=min(rounds, 3))
    what = f"a demo company of {LEADS:,} leads ({len(rows):,} rows, {len(rows) / ours.middle:,.0f} a second)"
    yield of_floor(what, ours, floor, reach="6 x", dream="3 x", floor_name="texts alone")
