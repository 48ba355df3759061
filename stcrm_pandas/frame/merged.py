"""Whether a customer or location was merged into another one. Pure.

The service writes null for rows that were not merged, and for some of them 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from stcrm_pandas.frame.foreign_cells import is_missing


def is_merged(into: pd.Series) -> pd.Series:
    """Return which rows were merged, from their `merged_to_id`.

    Examples
    --------
    >>> is_merged(pd.Series([7, 0, None], dtype="Int64")).tolist()
    [True, False, False]
    """
    return into.fillna(0).ne(0).astype(bool)


def merged_into(row: Mapping[str, Any]) -> int | None:
    """Return the id of the row that a row was merged into; None if it was not merged.

    Examples
    --------
    >>> merged_into({"merged_to_id": 7}), merged_into({"merged_to_id": 0}), merged_into({})
    (7, None, None)
    """
    into = row.get("merged_to_id")
    return None if into is None or is_missing(into) or int(into) == 0 else int(into)
