"""Why leads were dismissed, and which dismissals and call reasons mean that there was no lead."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from stcrm_pandas.analysis.base.inputs import table_of
from stcrm_pandas.errors import UsageError

__all__ = ["LEFT_OUT", "not_leads", "reasons_table", "split_reasons"]

LEFT_OUT = ("duplicate", "spam", "wrong number", "out of area")
"""Dismissals that have nothing to do with how inquiries are handled."""


def split_reasons(given: Mapping[int, str] | None) -> tuple[dict[int, str], dict[int, str]]:
    """Return the dismissing reasons to leave out, and the names of all of them.

    Raises
    ------
    UsageError
        An id is not an integer, or a text is empty.
    """
    names: dict[int, str] = {}
    for id, text in (given or {}).items():
        if not isinstance(id, int) or not str(text).strip():
            raise UsageError("dismissing_reasons maps ids to texts: {644: 'spam', 620: 'price'}")
        names[id] = str(text).strip()
    kinds = {id: text.casefold() for id, text in names.items() if text.casefold() in LEFT_OUT}
    return kinds, names


def reasons_table(read: pd.DataFrame, names: Mapping[int, str]) -> pd.DataFrame:
    """Return a row per reason for dismissal, the most frequent first.

    Its columns: `id` (missing where none was given), `name`, `leads`, `share` of all dismissed leads, and `left_out`:
    they are not analyzed.
    """
    rows = read[(read["status"] == "Dismissed") & ~read["left_out"].isin(["deleted", "not a lead"])]
    table = rows.groupby(["dismissal", "left_out"], dropna=False)["leads"].sum().reset_index()
    table = table.sort_values(["leads", "dismissal"], ascending=[False, True], ignore_index=True)
    ids = table["dismissal"].astype("Int64")
    return pd.DataFrame(
        {
            "id": ids,
            "name": pd.array(["(no reason)" if pd.isna(i) else names.get(i, f"reason {i}") for i in ids], dtype="str"),
            "leads": table["leads"].astype("Int64"),
            "share": (table["leads"] / max(int(table["leads"].sum()), 1)).astype("Float64"),
            "left_out": (table["left_out"] != "").astype("boolean"),
        }
    )


def not_leads(call_reasons: pd.DataFrame | None) -> list[int]:
    """Return the ids of call reasons that are not leads; none if call reasons were not read."""
    if call_reasons is None:
        return []
    call_reasons = table_of(call_reasons, "call_reasons", ["id", "is_lead"])
    no_lead = call_reasons["is_lead"].astype("boolean").eq(False).fillna(False)
    return [int(id) for id in call_reasons.loc[no_lead, "id"]]
