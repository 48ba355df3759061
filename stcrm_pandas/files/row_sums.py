"""Checksums of rows in SQLite files, which have none, so that a row that was damaged is an error.

Each row has its checksum in a table of its own. A trigger deletes it with its row, so a checksum without a row shows
that a row was lost. Rows of earlier versions have no checksum.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Mapping, Sequence

Keys = Mapping[str, Sequence[str]]
"""The columns of the key, one or two, of each table whose rows have checksums."""


class DamagedRows(Exception):
    """Rows were changed or lost, or the file is damaged. The message is the reason."""


def add_table(db: sqlite3.Connection, keys: Keys) -> None:
    """Create the table of checksums and its triggers, if they do not exist, and add those of rows that have none."""
    db.execute(
        "CREATE TABLE IF NOT EXISTS sums (of_table TEXT NOT NULL, key_1 NOT NULL, key_2 NOT NULL, sum BLOB NOT NULL,"
        " PRIMARY KEY (of_table, key_1, key_2)) WITHOUT ROWID"
    )
    for table, key in keys.items():
        first, second = _both(key, "OLD.")
        db.execute(
            f"CREATE TRIGGER IF NOT EXISTS sums_of_{table} AFTER DELETE ON {table} BEGIN"
            f" DELETE FROM sums WHERE of_table = '{table}' AND key_1 = {first} AND key_2 = {second}; END"
        )
        add(db, table, key)
    db.execute("INSERT OR IGNORE INTO sums VALUES ('', '', 0, ?)", (_sum(_schema(db, keys)),))


def add(db: sqlite3.Connection, table: str, key: Sequence[str]) -> None:
    """Add the checksums of the rows of a table that have none."""
    first, second = _both(key)
    rows = db.execute(
        f"SELECT {first}, {second}, * FROM {table} WHERE NOT EXISTS (SELECT 1 FROM sums"
        f" WHERE of_table = '{table}' AND key_1 = {first} AND key_2 = {second})"
    ).fetchall()
    db.executemany(
        "INSERT INTO sums VALUES (?, ?, ?, ?)",
        [(table, key_1, key_2, _sum(row)) for key_1, key_2, *row in rows],
    )


def add_row(db: sqlite3.Connection, table: str, key: Sequence[object], row: Sequence[object]) -> None:
    """Add the checksum of a row that was just inserted."""
    key_1, key_2 = (*key, 0)[:2]
    db.execute("INSERT INTO sums VALUES (?, ?, ?, ?)", (table, key_1, key_2, _sum(row)))


def check(db: sqlite3.Connection, keys: Keys) -> None:
    """Raise if rows differ from those that were written. A file without checksums is only checked for its structure.

    Raises
    ------
    DamagedRows
        Rows were changed or lost, or the file is damaged.
    """
    try:
        ((result, *_),) = db.execute("PRAGMA integrity_check(1)").fetchall()
        if result != "ok":
            raise DamagedRows("its structure is damaged")
        names = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not names >= set(keys):
            raise DamagedRows("a table is missing")
        if "sums" not in names:
            return
        noted = db.execute("SELECT sum FROM sums WHERE of_table = ''").fetchone()
        if noted is None or noted[0] != _sum(_schema(db, keys)):
            raise DamagedRows("its tables have other columns")
        seen = 1
        for table, key in keys.items():
            first, second = _both(key)
            sums = {
                (key_1, key_2): noted
                for key_1, key_2, noted in db.execute("SELECT key_1, key_2, sum FROM sums WHERE of_table = ?", (table,))
            }
            for key_1, key_2, *row in db.execute(f"SELECT {first}, {second}, * FROM {table}"):
                noted = sums.get((key_1, key_2))
                seen += noted is not None
                if noted is not None and noted != _sum(row):
                    raise DamagedRows("the checksum of a row differs")
        if seen != db.execute("SELECT count(*) FROM sums").fetchone()[0]:
            raise DamagedRows("a row was lost")
    except (sqlite3.Error, UnicodeError) as error:
        if _is_busy(error):
            raise
        raise DamagedRows(f"it cannot be read ({code_of(error)})") from None


def code_of(error: Exception) -> str:
    """Return the name of SQLite's error: its message may quote a damaged text, such as a customer's name."""
    return getattr(error, "sqlite_errorname", "SQLITE_ERROR")


def _schema(db: sqlite3.Connection, keys: Keys) -> list[object]:
    """Return the definitions of the tables: a damaged name of a column would be read as text."""
    tables = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
    return [row for row in tables if row[0] in keys]


def _is_busy(error: Exception) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _both(key: Sequence[str], prefix: str = "") -> tuple[str, str]:
    first, *rest = (f'{prefix}"{name}"' for name in key)
    return first, rest[0] if rest else "0"


def _sum(row: Sequence[object]) -> bytes:
    return hashlib.blake2b(repr(tuple(row)).encode("utf-8", "surrogatepass"), digest_size=8).digest()
