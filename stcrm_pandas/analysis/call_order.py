"""Whom to call, the calls that are worth most first, and whom not to call, or not before looking."""

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
    since : Series
        What happened after each came in so that a call may not be needed: "Job on Nov 3, 2026"; mostly empty.
    """

    table: pd.DataFrame = field(repr=False)
    rows: pd.DataFrame = field(repr=False)
    chances: pd.Series = field(repr=False)
    values: JobValues | None
    of_age: str
    since: pd.Series = field(repr=False)

    @property
    def refused(self) -> pd.Series:
        """Which rows are of people who must not be called."""
        return self.table["Phone"].eq(DO_NOT_CALL) if "Phone" in self.table else self.since.ne(self.since)

    def work_list(self, key: str, title: str, what_to_do: str, chosen: pd.Series) -> WorkList:
        """Return the list of the chosen rows, without people who must not be called or may have been booked since."""
        chosen = chosen & ~self.refused & self.since.eq("")
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
        order = rows.assign(expected=expected).sort_values(
            ["expected", "created", "id"], ascending=False, na_position="last"
        )
        words = f"{what_to_do} {_WORTH if by_worth else _NEWEST}"
        known = by_worth and bool(expected.notna().all())
        shown = without_empty(table.loc[order.index])
        revenue = float(expected.sum()) if known else None
        moved = [] if values is None else values.moved(rows[(expected != 0).fillna(value=False).to_numpy(dtype=bool)])
        notes += explain_marks(table)
        return WorkList(key, title, words, shown, expected=revenue, unusual=moved, notes=notes)

    def apart(self, chosen: pd.Series, *, of: str, close: str) -> list[WorkList]:
        """Return two lists of chosen rows that are on no call list: may have been booked since, must not be called.

        Parameters
        ----------
        chosen : Series
            Which rows would be on a call list.
        of : str
            What the rows are: "leads".
        close : str
            How to close one, as an instruction.
        """
        return [
            self._apart(
                f"{of}-booked-since",
                f"Open {of} of people who may have been booked since",
                "A job was created for the customer, or another record of the same request was booked. If that was "
                f"this request, {close}. If not, call.",
                chosen & ~self.refused & self.since.ne(""),
                self.since,
            ),
            self._apart(
                f"{of}-not-to-call",
                f"Open {of} of people who must not be called",
                f"Do not call them. If they do not get in touch, {close}.",
                chosen & self.refused,
                self.table["Why"],
            ),
        ]

    def _apart(self, key: str, title: str, what_to_do: str, chosen: pd.Series, why: pd.Series) -> WorkList:
        order = self.rows[chosen].sort_values(["created", "id"], ascending=False, na_position="last").index
        table = self.table.assign(Why=why).loc[order]
        return WorkList(key, title, what_to_do, without_empty(table), notes=explain_marks(table))
