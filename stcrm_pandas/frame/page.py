"""One decoded page, and the Arrow types of its columns."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import pyarrow as pa

from stcrm_pandas.contract.schemas.fields import Row
from stcrm_pandas.frame.drift import Drift

PLAIN = {b"unknown": b"plain"}
"""Marks a column of an undocumented field with plain values."""
JSON = {b"unknown": b"json"}
"""Marks a column of an undocumented field with values as JSON text."""


@dataclass(frozen=True)
class DecodedPage:
    """The contents of one response body.

    Parameters
    ----------
    rows : int
        Number of rows.
    has_more, total, continue_from : bool or None
        Values of the envelope; None if missing.
    table : pa.Table
        The flattened rows: parents first, documented columns, then undocumented fields.
    drift : tuple of Drift
        Schema drift of the page.
    misfit : bool
        The fast path rejected the page, and it was read value by value.
    """

    rows: int
    has_more: bool | None
    total: int | None
    continue_from: str | None
    table: pa.Table
    drift: tuple[Drift, ...]
    fallback: bool


def mark(row: Row, page: DecodedPage) -> Hashable:
    """Return what identifies a page: its number of rows, and the keys of the first and last row."""
    if page.rows == 0:
        return (0,)
    ends = [(page.table.column(name)[0].as_py(), page.table.column(name)[-1].as_py()) for name in row.key]
    return (page.rows, *ends)
