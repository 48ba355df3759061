"""Check in the versions of a mirror whether cells still have the values that a bulk edit wrote."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from stcrm_pandas.edits.apply.result import WrittenCell
from stcrm_pandas.edits.columns import TARGETS
from stcrm_pandas.edits.values import current_value

_MARGIN = pd.Timedelta(hours=1)
"""The time of a write is by this machine's clock, and those of a mirror by the service's: they may differ by this."""
COLUMNS = ("resource", "key", "column", "old", "new", "now", "state", "changed_at")


def state_of(cell: WrittenCell, history: pd.DataFrame, complete_to: pd.Timestamp) -> tuple[Any, str, Any]:
    """Return a cell's current value, its state, and when it was changed.

    Parameters
    ----------
    history : DataFrame
        The versions of the row, oldest first, with `valid_from`, `seen_at` and `deleted`.
    complete_to : Timestamp
        All changes up to this time are in the mirror.
    """
    target = TARGETS[cell.resource]
    rows: list[dict[str, Any]] = history.to_dict("records")  # type: ignore[assignment]
    values = [current_value(target, row, cell.column) for row in rows]
    sent_at = pd.Timestamp(cell.sent_at)
    ours = [
        place
        for place, (value, seen) in enumerate(zip(values, history["seen_at"], strict=True))
        if value == cell.new and seen >= sent_at - _MARGIN and not history["deleted"].iloc[place]
    ]
    now = values[-1] if values else None
    # Without a version since the write, nothing shows a later change: the mirror may not have seen the write itself.
    if not ours and (complete_to < sent_at + _MARGIN or not (history["seen_at"] >= sent_at).any()):
        return now, "not yet known", pd.NaT
    after = ours[-1] + 1 if ours else len(values) - 1
    if ours and after == len(values):
        return now, "holds", pd.NaT
    changed_at = history["valid_from"].iloc[after]
    if history["deleted"].iloc[-1]:
        return now, "deleted", changed_at
    return now, "changed back" if now == cell.old else "changed", changed_at


def holds(mirror: Any, cells: Iterable[WrittenCell]) -> pd.DataFrame:
    """Return the state of each cell; see `Result.still_holds`."""
    by_resource: dict[str, list[WrittenCell]] = {}
    for cell in cells:
        by_resource.setdefault(cell.resource, []).append(cell)
    rows: list[list[Any]] = []
    complete_to = mirror.status().set_index("resource")["complete_to"]
    for resource, written in by_resource.items():
        names = list(TARGETS[resource].row.key)
        history = mirror.history(resource, [cell.key[-1] for cell in written])
        versions = dict(iter(history.groupby(names, sort=False)))
        for cell in written:
            part = versions.get(cell.key, history.iloc[:0])
            now, state, changed_at = state_of(cell, part, complete_to[resource])
            key = cell.key[0] if len(cell.key) == 1 else cell.key
            rows.append([resource, key, cell.column, cell.old, cell.new, now, state, changed_at])
    found = pd.DataFrame(rows, columns=list(COLUMNS)).astype({"resource": "str", "column": "str", "state": "str"})
    return found.assign(changed_at=pd.to_datetime(found["changed_at"], utc=True).astype("datetime64[us, UTC]"))
