"""When bookings come in: by weekday and hour, by week, after hours; and unusual gaps in a source."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from stcrm_pandas.analysis.base.engine import EPOCH
from stcrm_pandas.analysis.base.format import format_hour
from stcrm_pandas.analysis.base.names import WEEKDAYS
from stcrm_pandas.analysis.base.periods import Limits, Period, month_start
from stcrm_pandas.analysis.base.shares import with_shares
from stcrm_pandas.analysis.bookings.counts import COUNTS
from stcrm_pandas.analysis.statistics.prediction import predicted_events

DAY_BEGINS, DAY_ENDS = 7, 18
DAY = f"{format_hour(DAY_BEGINS)}–{format_hour(DAY_ENDS)}"
AFTER_HOURS = f"{format_hour(DAY_ENDS)}–{format_hour(DAY_BEGINS)}"
"""Local time."""

_QUARTER = dt.timedelta(minutes=15)

Floats = npt.NDArray[np.float64]


def local_hours(first: dt.datetime, end: dt.datetime, zone: dt.tzinfo) -> pd.DataFrame:
    """Return how many hours of each weekday and local hour lie between two moments, also across clock changes.

    Parameters
    ----------
    first, end : dt.datetime
        Aware moments; the second is left out.
    zone : dt.tzinfo
        Of the wall clock.

    Returns
    -------
    DataFrame
        `weekday` (1 to 7, Monday is 1), `hour` (0 to 23), `hours`; 168 rows.

    Examples
    --------
    The night of March 8, 2026 has no hour from 2 to 3 in Chicago:

    >>> from zoneinfo import ZoneInfo
    >>> day = [dt.datetime(2026, 3, day, tzinfo=ZoneInfo("America/Chicago")) for day in (8, 9)]
    >>> found = local_hours(*day, ZoneInfo("America/Chicago"))
    >>> found[found["weekday"] == 7]["hours"].head(4).tolist(), found["hours"].sum()
    ([1.0, 1.0, 0.0, 1.0], np.float64(23.0))
    """
    index = pd.MultiIndex.from_product([range(1, 8), range(24)], names=["weekday", "hour"])
    begin, close = (moment.astimezone(dt.UTC) for moment in (first, end))
    sums = pd.Series(0.0, index=index)
    if begin < close:
        # every zone differs from UTC by a multiple of 15 minutes
        edge = begin - (begin - dt.datetime.min.replace(tzinfo=dt.UTC)) % _QUARTER
        quarters = pd.date_range(edge, close, freq=_QUARTER, inclusive="left")
        lasts = np.full(len(quarters), 0.25)
        lasts[0] -= (begin - edge) / dt.timedelta(hours=1)
        lasts[-1] -= (quarters[-1].to_pydatetime() + _QUARTER - close) / dt.timedelta(hours=1)
        local = quarters.tz_convert(zone)
        sums = pd.Series(lasts).groupby([local.day_of_week + 1, local.hour]).sum()
        sums.index.names = ["weekday", "hour"]
    return sums.reindex(index, fill_value=0.0).rename("hours").reset_index()


@dataclass(frozen=True)
class Clock:
    """Counts by source, local day and hour, within the span that was read.

    Parameters
    ----------
    cells : DataFrame
        `COUNTS` by `source` (its display name), `date` and `hour`.
    first, end : dt.datetime
        The span, as aware times; the end is excluded.
    zone : dt.tzinfo
        The company's.
    """

    cells: pd.DataFrame
    first: dt.datetime
    end: dt.datetime
    zone: dt.tzinfo

    @classmethod
    def of(
        cls,
        counted: pd.DataFrame,
        sources: Mapping[str, str],
        read: tuple[dt.datetime | None, dt.datetime | None],
        as_of: dt.datetime,
        zone: dt.tzinfo,
    ) -> Clock:
        """Return the `Clock` of `Counted.clock`, given the source of each spelling and the bounds of creation."""
        dated = counted[counted["day"] > 0]
        cells = dated.assign(
            source=dated["source"].map(sources),
            date=pd.to_datetime(dated["day"].astype("int64") - EPOCH.toordinal(), unit="D").astype("datetime64[us]"),
            hour=dated["hour"].astype("int64"),
        )
        cells = cells.groupby(["source", "date", "hour"], as_index=False)[list(COUNTS)].sum()
        first, last = read
        end = as_of if last is None else min(last, as_of)
        if first is None:
            begin = cells["date"].min() if len(cells) else pd.Timestamp(end.astimezone(zone).date())
            first = dt.datetime.combine(begin.date(), dt.time(), zone)
        inside = cells["date"] + pd.to_timedelta(cells["hour"], unit="h") < _wall(end, zone)
        return cls(cells[inside].reset_index(drop=True), first, end, zone)

    def within(self, period: Period | None) -> Clock:
        """Return the counts within a period; all of them if there is none."""
        if period is None:
            return self
        inside = self._inside(period)
        first, end = max(self.first, period.starts), min(self.end, period.ends)
        return Clock(self.cells[inside].reset_index(drop=True), first, max(first, end), self.zone)

    @property
    def hours(self) -> pd.DataFrame:
        """`weekday`, `day`, `hour`, `bookings`, `hours` (such hours in the span), `per_hour`; 168 rows."""
        table = local_hours(self.first, self.end, self.zone).astype({"hours": "Float64"})
        keys = [(self.cells["date"].dt.day_of_week + 1).rename("weekday"), self.cells["hour"]]
        sums = self.cells["bookings"].groupby(keys).sum()
        index = pd.MultiIndex.from_frame(table[["weekday", "hour"]])
        table["bookings"] = sums.reindex(index, fill_value=0).astype("Int64").to_numpy()
        table = table.astype({"weekday": "Int64", "hour": "Int64", "bookings": "Int64"})
        table["day"] = pd.array([WEEKDAYS[day - 1] for day in table["weekday"]], dtype="str")
        table["per_hour"] = table["bookings"] / table["hours"].mask(table["hours"] == 0)
        return table[["weekday", "day", "hour", "bookings", "hours", "per_hour"]]

    @property
    def weeks(self) -> pd.DataFrame:
        """`week` (its Monday), `source`, `bookings`, `whole` (the week was read completely); every week has a row."""
        monday = self.cells["date"] - pd.to_timedelta(self.cells["date"].dt.day_of_week, unit="D")
        sums = self.cells["bookings"].groupby([monday.rename("week"), self.cells["source"]]).sum()
        mondays = pd.date_range(monday.min(), monday.max(), freq="7D") if len(sums) else pd.DatetimeIndex([])
        full = pd.MultiIndex.from_product([mondays, sorted(self.cells["source"].unique())], names=["week", "source"])
        table = sums.reindex(full, fill_value=0).reset_index()
        begin, close = _wall(self.first, self.zone), _wall(self.end, self.zone)
        table["whole"] = (table["week"] >= begin) & (table["week"] + pd.Timedelta(days=7) <= close)
        return table.astype({"week": "datetime64[us]", "source": "str", "bookings": "Int64", "whole": "boolean"})

    def months(self, limits: Limits) -> pd.DataFrame:
        """Return the counts of each month as `headline.year_of` takes them."""
        number = self.cells["date"].dt.year * 12 + self.cells["date"].dt.month - 1
        sums = self.cells[list(COUNTS)].groupby(number).sum()
        sums = sums.reindex(range(sums.index.min(), sums.index.max() + 1) if len(sums) else [], fill_value=0)
        columns = {"bookings": "volume", "mature": "n", "work_lower": "lower", "work_upper": "upper"}
        table = sums.rename(columns=columns)[[*columns.values()]]
        names = [f"{month_start(month, self.zone):%b %Y}" for month in table.index]
        return table.assign(name=names, whole=[limits.is_complete(month) for month in table.index])

    def speed_by_hour(self) -> pd.DataFrame:
        """Return those still new after an hour by local hour of creation: `hour`, `n`, `lower`, `upper`, a share."""
        return self._speed(self.cells["hour"], range(24))

    def after_hours(self) -> pd.DataFrame:
        """Return those still new after an hour by the part of the day: `part`, `n`, `lower`, `upper`, a share."""
        day = self.cells["hour"].between(DAY_BEGINS, DAY_ENDS - 1)
        part = pd.Series(np.where(day, DAY, AFTER_HOURS), index=day.index, name="part")
        return self._speed(part, (DAY, AFTER_HOURS))

    def _speed(self, key: pd.Series, keys: Sequence[Any]) -> pd.DataFrame:
        names = {"aged_hour": "n", "new_lower_hour": "lower", "new_upper_hour": "upper"}
        sums = self.cells[list(names)].groupby(key).sum().reindex(pd.Index(keys, name=key.name), fill_value=0)
        table = sums.rename(columns=names).astype("Int64").reset_index()
        return with_shares(table, "lower", "upper", "n")

    def between(self, period: Period) -> pd.Series | None:
        """Return `COUNTS` of the bookings that came in within a period; None if it was not read completely."""
        if period.starts < self.first or period.ends > self.end:
            return None
        dates, counts = self._by_date
        first, end = (dates.searchsorted(pd.Timestamp(day).to_datetime64()) for day in (period.first, period.end))
        return pd.Series(counts[first:end].sum(axis=0), index=list(COUNTS))

    @cached_property
    def _by_date(self) -> tuple[npt.NDArray[np.datetime64], npt.NDArray[np.int64]]:
        """The dates in order, and the counts of each cell."""
        cells = self.cells.sort_values("date")
        return cells["date"].to_numpy(), cells[list(COUNTS)].fillna(0).to_numpy(dtype=np.int64)

    def _inside(self, period: Period) -> pd.Series:
        return self.cells["date"].between(pd.Timestamp(period.first), pd.Timestamp(period.end), inclusive="left")


def _wall(moment: dt.datetime, zone: dt.tzinfo) -> pd.Timestamp:
    return pd.Timestamp(moment.astimezone(zone).replace(tzinfo=None))


AROUND = 28 * 24
"""Hours before and after a gap that give the usual number of bookings."""

LEAST = 50
"""The minimum number of bookings for a usual number."""

SURE = 0.05

_HOUR = pd.Timedelta(hours=1)


def silences(clock: Clock) -> pd.DataFrame:
    """Return the gaps between the bookings of a source that are too long to be chance.

    A gap is compared with the four weeks before and after it. If the gap were like these weeks, each of their n
    bookings would have fallen into the gap with probability g / (g + w). Here g and w are the hours of both, weighted
    by how many bookings the source has at that weekday and hour. The p-value of a gap without any is (w / (g + w)) to
    the power of n (the conditional test of two Poisson rates [1]_). It is reported if this is below 0.05 after
    multiplication by the number of gaps of all sources (Bonferroni). The time from the last booking to the end counts
    as a gap, too.

    Returns
    -------
    DataFrame
        A row for each reported gap, the latest first: `source`, `since`, `until` (local wall times, whole hours),
        `ongoing`, `expected` (expected bookings), `expected_low`, `expected_high` (their 95% prediction
        interval, see `prediction.predicted_events`), `p_adjusted`.

    References
    ----------
    .. [1] J. Przyborowski, H. Wilenski, "Homogeneity of results in testing samples from Poisson series",
       Biometrika 31 (1940).
    """
    kinds = {"source": "str", "since": "datetime64[us]", "until": "datetime64[us]", "ongoing": "boolean"}
    kinds |= {"expected": "Float64", "expected_low": "Int64", "expected_high": "Int64", "p_adjusted": "Float64"}
    if not len(clock.cells):
        return pd.DataFrame(columns=list(kinds)).astype(kinds)
    start, end = clock.cells["date"].min(), _wall(clock.end, clock.zone)
    size = max(int((end.floor("h") - start) / _HOUR), 0)
    begin = max(int((_wall(clock.first, clock.zone).floor("h") - start) / _HOUR), 0)
    usual = _by_hour_of_week(clock.cells, start) + 1e-9
    gaps = pd.concat(
        [
            _gaps(cells, start, size, begin, 50 * usual / usual.sum()).assign(source=source)
            for source, cells in clock.cells.groupby("source")
        ]
    )
    gaps["p_adjusted"] = gaps["p_value"] * len(gaps)
    named = gaps[gaps["p_adjusted"] < SURE]
    low, high = predicted_events(named["n"], named["ratio"])
    named = named.assign(
        since=start + named["first"] * _HOUR,
        until=start + named["last"] * _HOUR,
        ongoing=named["last"] >= size,
        expected=named["n"] * named["ratio"],
        expected_low=low,
        expected_high=high,
    )
    return named[list(kinds)].astype(kinds).sort_values(["until", "source"], ascending=[False, True], ignore_index=True)


def _gaps(cells: pd.DataFrame, start: pd.Timestamp, size: int, begin: int, usual: Floats) -> pd.DataFrame:
    """Return the gaps of a source: `first` hour, `last` (left out), bookings `n` around, `ratio` g / w, `p_value`."""
    counts = np.bincount(_places(cells, start), weights=cells["bookings"].to_numpy(dtype=np.float64), minlength=size)
    counts = counts[:size]
    if counts.sum() < LEAST:
        return pd.DataFrame({name: [] for name in ("first", "last", "n", "ratio", "p_value")}, dtype=np.float64)
    # its own week, steadied by fifty bookings spread as those of all sources
    of_week = (np.arange(size) + 24 * start.day_of_week + start.hour) % 168
    weight = (_by_hour_of_week(cells, start) + usual)[of_week]
    hours = np.flatnonzero(counts)
    firsts, lasts = hours + 1, np.append(hours[1:], size)
    weights, booked = (np.concatenate([[0.0], np.cumsum(part)]) for part in (weight, counts))
    gap = weights[lasts] - weights[firsts]
    left, right = np.maximum(firsts - AROUND, begin), np.minimum(lasts + AROUND, size)
    around = weights[right] - weights[left] - gap
    n = booked[right] - booked[left]
    ratio = np.divide(gap, around, out=np.zeros_like(gap), where=around > 0)
    return pd.DataFrame({"first": firsts, "last": lasts, "n": n, "ratio": ratio, "p_value": (1 + ratio) ** -n})


def _places(cells: pd.DataFrame, start: pd.Timestamp) -> npt.NDArray[np.int64]:
    """Return the hours from the first day to each cell."""
    days = (cells["date"] - start).dt.days.to_numpy(dtype=np.int64)
    return np.asarray(days * 24 + cells["hour"].to_numpy(dtype=np.int64))


def _by_hour_of_week(cells: pd.DataFrame, start: pd.Timestamp) -> Floats:
    places = (_places(cells, start) + 24 * start.day_of_week) % 168
    return np.bincount(places, weights=cells["bookings"].to_numpy(dtype=np.float64), minlength=168).astype(np.float64)
