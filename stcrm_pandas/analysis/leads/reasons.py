"""Why leads were dismissed, and which dismissals and call reasons mean that there was no lead."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from stcrm_pandas.analysis.base.inputs import table_of
from stcrm_pandas.errors import UsageError

__all__ = ["LEFT_OUT", "not_leads", "reasons_table", "split_reasons"]

LEFT_OUT = ("duplicate", "spam", "wrong number", "out of area")
"""Dismissals that say nothing of how inquiries are worked."""


def split_reasons(given: Mapping[int, str] | None) -> tuple[dict[int, str], dict[int, str]]:
    """Those of the dismissing reasons that are left out, and what all of them are called.

    Raises
    ------
    UsageError
        Where an id is no whole number, or a text is empty.
    """
    names: dict[int, str] = {}
    for id, text in (given or {}).items():
        if not isinstance(id, int) or not str(text).strip():
            raise UsageError("dismissing_reasons maps ids to texts: {644: 'spam', 620: 'price'}")
        names[id] = str(text).strip()
    kinds = {id: text.casefold() for id, text in names.items() if text.casefold() in LEFT_OUT}
    return kinds, names


def reasons_table(dismissals: pd.DataFrame, names: Mapping[int, str]) -> pd.DataFrame:
    """A row per reason for dismissal, the most frequent first.

    Parameters: dismissed leads by `dismissal` (the reason's id) and `left_out`; what the ids are called.
    Returns: `id` (missing where none was given), `name` (of an id that nobody named: 'reason 644'), `leads`, `share`
    of all dismissed leads, and `left_out`: they are not analysed, as they were no leads of ours.
    """
    rows = dismissals[~dismissals["left_out"].isin(["deleted", "not a lead"])]
    found = rows.groupby(["dismissal", "left_out"], dropna=False)["leads"].sum().reset_index()
    found = found.sort_values(["leads", "dismissal"], ascending=[False, True], ignore_index=True)
    ids = [None if pd.isna(id) else int(id) for id in found["dismissal"]]
    total = max(int(found["leads"].sum()), 1)
    return pd.DataFrame(
        {
            "id": pd.array(ids, dtype="Int64"),
            "name": pd.array(["(no reason)" if i is None else names.get(i, f"reason {i}") for i in ids], dtype="str"),
            "leads": found["leads"].astype("Int64"),
            "share": (found["leads"] / total).astype("Float64"),
            "left_out": (found["left_out"] != "").astype("boolean"),
        }
    )


def not_leads(call_reasons: pd.DataFrame | None) -> list[int]:
    """Return the ids of the call reasons that are no lead; none where call reasons were not read."""
    if call_reasons is None:
        return []
    call_reasons = table_of(call_reasons, "call_reasons", ["id", "is_lead"])
    no_lead = call_reasons["is_lead"].astype("boolean").eq(False).fillna(False)
    return [int(id) for id in call_reasons.loc[no_lead, "id"]]
