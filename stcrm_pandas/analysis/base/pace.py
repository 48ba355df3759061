"""How many records a group gets in four weeks, from its own last 13 weeks: the size of what an action may change.

A group that is inactive, or that got nothing for four weeks, has no pace: nothing that anybody does about it changes
the coming weeks.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import narwhals.stable.v2 as nw
import pandas as pd

from stcrm_pandas.analysis.base.engine import collected, micros, true
from stcrm_pandas.analysis.base.inputs import condition

__all__ = ["ACTIVE_WITHIN", "inactive_ids", "pace_table", "paces"]

ACTIVE_WITHIN = dt.timedelta(days=28)
"""A group without a record for longer has no action."""

_SPAN = dt.timedelta(weeks=13)
_WEEK = dt.timedelta(weeks=1)
_COLUMNS = {"recent": "sum", "first": "min", "last": "max"}


def pace_table(
    rows: nw.LazyFrame[Any], by: Sequence[str], counted: nw.Expr, *, as_of: dt.datetime, mature: dt.timedelta
) -> pd.DataFrame:
    """Return for each group what `paces` needs.

    Parameters
    ----------
    rows : LazyFrame
        All records, with `created` in microseconds.
    by : sequence of str
        The columns of the groups.
    counted : Expr
        Which records are measured once they are old enough.
    as_of : datetime
        The time for which the rows are current.
    mature : timedelta
        From which age a record is measured.

    Returns
    -------
    DataFrame
        One row per group: the columns `by`; `recent`, the counted records of the last 13 weeks that are old enough;
        `first` and `last`, the times of the first and the last record, in microseconds. It is empty without groups.
    """
    if not by:
        return pd.DataFrame(columns=[*_COLUMNS])
    created, end = nw.col("created"), micros(as_of - mature)
    recent = counted & true(created > end - micros(_SPAN)) & true(created <= end)
    table = rows.select(*by, "created", recent=recent.cast(nw.Int64)).group_by(*by)
    return collected(table.agg(nw.col("recent").sum(), first=created.min(), last=created.max()))


def paces(
    table: pd.DataFrame,
    by: str | list[str],
    *,
    as_of: dt.datetime,
    mature: dt.timedelta,
    inactive: Collection[Any] = (),
) -> dict[Any, float]:
    """Return how many measured records each group gets in four weeks; without the groups that need no action.

    The pace is that of the group's last 13 weeks that are old enough, or of all of them since its first record if that
    is later, at least one week.

    Examples
    --------
    >>> noon = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
    >>> ago = lambda weeks: micros(noon - weeks * _WEEK)
    >>> table = pd.DataFrame({"key": [7, 8, 9], "recent": [26, 12, 0], "first": [ago(60), ago(10), ago(60)],
    ...                       "last": [ago(1), ago(1), ago(30)]})
    >>> paces(table, "key", as_of=noon, mature=4 * _WEEK)
    {7: 8.0, 8: 8.0}
    """
    groups = table.groupby(by, dropna=True).agg(_COLUMNS)
    end, known = micros(as_of - mature), {}
    for row in groups.itertuples():
        recent, first, last = (None if pd.isna(cell) else int(cell) for cell in row[1:])
        if row.Index in inactive or first is None or last is None or last < micros(as_of - ACTIVE_WITHIN):
            continue
        weeks = max((end - max(first, end - micros(_SPAN))) / micros(_WEEK), 1.0)
        known[row.Index] = 4 * (recent or 0) / weeks
    return known


def inactive_ids(lookup: Any) -> set[int]:
    """Return the ids that a lookup calls inactive.

    >>> inactive_ids(pd.DataFrame({"id": [1, 2], "active": [True, False]}))
    {2}
    """
    if lookup is None or isinstance(lookup, Mapping) or not {"id", "active"} <= {*lookup.columns}:
        return set()
    gone = condition(pd.Series(lookup["active"]), "names", "active").eq(False).fillna(False).astype(bool)
    return {int(id) for id in pd.Series(lookup["id"])[gone.to_numpy()].dropna()}
