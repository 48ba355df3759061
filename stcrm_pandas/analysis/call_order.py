"""The order of a call list: the calls that are worth most first."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from stcrm_pandas.analysis.base.findings import WorkList
from stcrm_pandas.analysis.contacts import DO_NOT_CALL, explain_marks, without_empty
from stcrm_pandas.analysis.job_values import JobValues

__all__ = ["Calls"]

_NEWEST, _WORTH = "The newest come first: they are booked most often.", "The calls that are worth most come first."


@dataclass(frozen=True)
class Calls:
    """Leads or bookings to call, with what each is worth.

    Parameters
    ----------
    table : DataFrame
        The columns that readers see, among them `Why`.
    rows : DataFrame
        The same rows with `id`, `created`, and the columns by which `values` are known.
    chances : Series
        The chance of each to be booked; missing if unknown.
    values : JobValues, optional
        The average revenue of jobs.
    of_age : str
        Whose share the chance is: "of leads of the same age were still booked within 30 days".
    """

    table: pd.DataFrame = field(repr=False)
    rows: pd.DataFrame = field(repr=False)
    chances: pd.Series = field(repr=False)
    values: JobValues | None
    of_age: str

    def work_list(self, key: str, title: str, what_to_do: str, chosen: pd.Series) -> WorkList:
        """Return the list of the chosen rows; those that must not be called come last."""
        table, rows, values = self.table[chosen], self.rows[chosen], self.values
        stake = pd.Series(pd.NA, index=rows.index, dtype="Float64") if values is None else values.of(rows)
        expected = stake * self.chances[chosen].astype("Float64")
        if values is not None and not values.comparable:
            expected[:] = pd.NA
        by_worth = bool(expected.notna().any())
        notes = []
        if by_worth:
            notes.append(f"A call is worth the amount at stake times the share {self.of_age}.")
        if values is not None and stake.notna().any():
            table = table.copy()
            table.insert(list(table).index("Why"), "At stake", values.shown(rows, stake))
            notes.append(values.basis)
        refused = table["Phone"] == DO_NOT_CALL if "Phone" in table else False
        order = rows.assign(refused=refused, expected=expected).sort_values(
            ["refused", "expected", "created", "id"], ascending=[True, False, False, False], na_position="last"
        )
        words = f"{what_to_do} {_WORTH if by_worth else _NEWEST}"
        known = by_worth and bool(expected.notna().all())
        shown = without_empty(table.loc[order.index])
        revenue = float(expected.sum()) if known else None
        return WorkList(key, title, words, shown, expected=revenue, notes=[*notes, *explain_marks(table)])
