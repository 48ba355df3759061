"""Merged customers and locations: they stay, inactive, and name the row that they were merged into."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stcrm_pandas.frame.foreign_cells import is_missing

__all__ = ["merged_into"]


def merged_into(row: Mapping[str, Any]) -> int | None:
    """Return the id of the row that a row was merged into; None where it was not merged, which 0 says, too.

    Examples
    --------
    >>> merged_into({"merged_to_id": 7}), merged_into({"merged_to_id": 0}), merged_into({})
    (7, None, None)
    """
    into = row.get("merged_to_id")
    return None if into is None or is_missing(into) or int(into) == 0 else int(into)
