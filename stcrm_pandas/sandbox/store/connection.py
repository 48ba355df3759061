"""The connection to a file of rows: JSON as bytes, and the functions that filters need."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from stcrm_pandas.sandbox.store.clock import moment

LAYOUT = 3
"""Of the file; another number is another layout, which this version does not read."""


_NO_DIGITS = bytes(sorted({*range(256)} - {*b"0123456789"}))


def connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=0.2)
    db.text_factory = bytes  # JSON goes out as it is
    db.execute("PRAGMA temp_store=MEMORY")
    db.create_function("ticks", 1, _sql_ticks, deterministic=True)
    db.create_function("digits", 1, digits, deterministic=True)
    return db


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _sql_ticks(value: Any) -> int | None:
    try:
        return None if value is None else moment(_text(value))
    except ValueError:
        return None


def digits(value: Any) -> str | None:
    """The digits of a phone number, without a country's leading 1.

    Examples
    --------
    >>> digits("+1 (312) 555-0142")
    '3125550142'
    """
    if value is None:
        return None
    raw = value if isinstance(value, bytes) else str(value).encode(errors="replace")
    found = raw.translate(None, _NO_DIGITS).decode()
    return found[1:] if len(found) == 11 and found[0] == "1" else found
