"""The SQLite connection: text as bytes, and the SQL functions of the filters."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from stcrm_pandas.sandbox.store.clock import parse_time

LAYOUT = 3
"""Version of the file's layout; a file with another one cannot be opened."""

_NO_DIGITS = bytes(sorted({*range(256)} - {*b"0123456789"}))


def connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=0.2)
    db.text_factory = bytes  # JSON is sent as it is stored
    db.execute("PRAGMA temp_store=MEMORY")
    db.create_function("ticks", 1, _sql_ticks, deterministic=True)
    db.create_function("digits", 1, digits, deterministic=True)
    return db


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _sql_ticks(value: Any) -> int | None:
    try:
        return None if value is None else parse_time(_text(value))
    except ValueError:
        return None


def digits(value: Any) -> str | None:
    """Return the digits of a phone number without the country code 1.

    >>> digits("+1 (312) 555-0142")
    '3125550142'
    """
    if value is None:
        return None
    raw = value if isinstance(value, bytes) else str(value).encode(errors="replace")
    found = raw.translate(None, _NO_DIGITS).decode()
    return found[1:] if len(found) == 11 and found[0] == "1" else found
