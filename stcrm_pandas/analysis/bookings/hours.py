"""When bookings come in: by weekday and hour, by week, after hours; and when a source sent nothing though it should."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from stcrm_pandas.analysis.bookings.counts import COUNTS
from stcrm_pandas.analysis.bookings.groups import WEEKDAYS
from stcrm_pandas.analysis.bookings.table import shares

__all__ = ["DAY_BEGINS", "DAY_ENDS", "Clock", "local_hours", "silences"]

DAY_BEGINS, DAY_ENDS = 7, 18
"""From 18 to 7 h local time it is after hours."""

_QUARTER = dt.timedelta(minutes=15)


def local_hours(first: dt.datetime, end: dt.datetime, zone: dt.tzinfo) -> pd.DataFrame:
    """How many hours of each weekday and local hour lie between two moments, also where the clock changes between.

    Parameters: aware moments, the second left out; the zone.
    Returns: `weekday` (1 to 7, Monday is 1), `hour` (0 to 23), `hours`; 168 rows.

    The night of 8 March 2026 has no hour from 2 to 3 in Chicago:

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
        # every zone's clock differs from UTC by whole quarters of an hour
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
        `COUNTS` by `source` (as a reader knows it), `date` and `hour`.
    first, end : dt.datetime
        The span, aware; its end is left out.
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
        """The clock of what `count_bookings` counted.

        Parameters: `clock` of `Counted`; the source that each spelling stands for; between which moments of creation
        the rows were asked for; until when they are known; the zone.
        """
        dated = counted[counted["day"] > 0]
        cells = dated.assign(
            source=dated["source"].map(sources),
            date=pd.to_datetime(dated["day"].astype("int64").astype("str"), format="%Y%m%d"),
            hour=dated["hour"].astype("int64"),
        ).drop(columns="day")
        cells = cells.groupby(["source", "date", "hour"], as_index=False)[list(COUNTS)].sum()
        first, last = read
        end = as_of if last is None else min(last, as_of)
        if first is None:
            begin = cells["date"].min() if len(cells) else pd.Timestamp(end.astimezone(zone).date())
            first = dt.datetime.combine(begin.date(), dt.time(), zone)
        at = cells["date"] + pd.to_timedelta(cells["hour"], unit="h")
        inside = at < pd.Timestamp(end.astimezone(zone).replace(tzinfo=None))
        return cls(cells[inside].reset_index(drop=True), first, end, zone)

    @property
    def hours(self) -> pd.DataFrame:
        """`weekday`, `hour`, `bookings`, `hours` (such hours in the span), `per_hour`; 168 rows."""
        table = local_hours(self.first, self.end, self.zone)
        keys = [(self.cells["date"].dt.day_of_week + 1).rename("weekday"), self.cells["hour"]]
        sums = self.cells["bookings"].groupby(keys).sum().rename("bookings").reset_index()
        table = table.merge(sums, on=["weekday", "hour"], how="left")
        bookings = table["bookings"].fillna(0).astype("Int64")
        hours = table["hours"].to_numpy()
        rate = np.where(hours > 0, bookings.to_numpy(dtype=np.float64) / np.where(hours > 0, hours, 1), np.nan)
        table = table.astype({"weekday": "Int64", "hour": "Int64", "hours": "Float64"}).assign(bookings=bookings)
        table["day"] = pd.array([WEEKDAYS[day - 1] for day in table["weekday"]], dtype="str")
        table["per_hour"] = pd.arrays.FloatingArray(np.nan_to_num(rate), np.isnan(rate))
        return table[["weekday", "day", "hour", "bookings", "hours", "per_hour"]]

    @property
    def weeks(self) -> pd.DataFrame:
        """`week` (its Monday), `source`, `bookings`, `whole` (read from its first moment to its last); no gaps."""
        monday = self.cells["date"] - pd.to_timedelta(self.cells["date"].dt.day_of_week, unit="D")
        sums = self.cells["bookings"].groupby([monday.rename("week"), self.cells["source"]]).sum()
        if not len(sums):
            kinds = {"week": "datetime64[us]", "source": "str", "bookings": "Int64", "whole": "boolean"}
            return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in kinds.items()})
        mondays = pd.date_range(monday.min(), monday.max(), freq="7D")
        sources = sorted(self.cells["source"].unique())
        full = pd.MultiIndex.from_product([mondays, sources], names=["week", "source"])
        table = sums.reindex(full, fill_value=0).astype("Int64").reset_index()
        begin, close = (moment.astimezone(self.zone).replace(tzinfo=None) for moment in (self.first, self.end))
        whole = (table["week"] >= begin) & (table["week"] + pd.Timedelta(days=7) <= close)
        return table.assign(whole=whole.astype("boolean")).astype({"week": "datetime64[us]", "source": "str"})

    def speed_by_hour(self) -> pd.DataFrame:
        """Still new after an hour, by the local hour in which they came in: `hour`, `n`, `lower`, `upper`, a share."""
        return self._speed(self.cells["hour"].rename("hour"), range(24))

    def after_hours(self) -> pd.DataFrame:
        """Still new after an hour, in the two parts of the day: `part`, `n`, `lower`, `upper`, a share."""
        parts = (f"from {DAY_BEGINS} to {DAY_ENDS} h", f"from {DAY_ENDS} to {DAY_BEGINS} h")
        day = (self.cells["hour"] >= DAY_BEGINS) & (self.cells["hour"] < DAY_ENDS)
        return self._speed(pd.Series(np.where(day, *parts), index=day.index, name="part"), parts)

    def _speed(self, key: pd.Series, keys: object) -> pd.DataFrame:
        names = {"aged_hour": "n", "new_lower_hour": "lower", "new_upper_hour": "upper"}
        sums = self.cells[list(names)].groupby(key).sum().reindex(pd.Index(keys, name=key.name), fill_value=0)  # type: ignore[call-overload]
        table = sums.rename(columns=names).astype("Int64").reset_index()
        return table.assign(**shares(table["lower"], table["upper"], table["n"]))

    def between(self, first: dt.date, end: dt.date) -> pd.Series | None:
        """`COUNTS` of the bookings that came in from one local day up to another; None where not all was read."""
        span = [dt.datetime.combine(day, dt.time(), self.zone) for day in (first, end)]
        if span[0] < self.first or span[1] > self.end:
            return None
        dates = self.cells["date"]
        inside = (dates >= pd.Timestamp(first)) & (dates < pd.Timestamp(end))
        return self.cells.loc[inside, list(COUNTS)].sum()


AROUND = 28 * 24
"""Hours before and after a gap from which its usual number of bookings is taken."""

LEAST = 50
"""A source with fewer bookings has no usual number."""

SURE = 0.05

_HOUR = pd.Timedelta(hours=1)


def silences(clock: Clock) -> pd.DataFrame:
    """Gaps between the bookings of a source that are too long for chance.

    A gap is held against the four weeks before and after it: of the n bookings there, each would have fallen into the
    gap with a chance of g / (g + w), were gap and weeks alike, where g and w are their hours, weighted by how many
    bookings the source has at such a weekday and hour. The p-value of a gap without any is (w / (g + w)) to the power
    of n (the conditional test of two Poisson rates). It is named if that is below 0.05 after multiplying with
    the number of all gaps of all sources (Bonferroni). The time from the last booking to the end counts as a gap, too.

    Returns:
        A row for each gap that is named, the latest first: `source`, `since`, `until` (local wall times, whole hours),
        `ongoing`, `expected` (bookings that were to come), `p_adjusted`.

    Source: J. Przyborowski, H. Wilenski, "Homogeneity of results in testing samples from Poisson series",
    Biometrika 31 (1940).
    """
    found = []
    if len(clock.cells):
        start = clock.cells["date"].min()
        end = pd.Timestamp(clock.end.astimezone(clock.zone).replace(tzinfo=None)).floor("h")
        begin = pd.Timestamp(clock.first.astimezone(clock.zone).replace(tzinfo=None)).floor("h")
        size = max(int((end - start) / _HOUR), 0)
        of_week = (np.arange(size) + 24 * start.day_of_week + start.hour) % 168
        for source, cells in clock.cells.groupby("source"):
            found += _of_source(str(source), cells, clock.cells, start, max(start, begin), size, of_week)
    tests = sum(gaps for *_, gaps in found)
    rows = [
        {
            "source": source,
            "since": start + int(first) * _HOUR,
            "until": start + int(last) * _HOUR,
            "ongoing": bool(last >= size),
            "expected": float(expected),
            "p_adjusted": min(float(p_value) * tests, 1.0),
        }
        for source, firsts, lasts, expecteds, p_values, _ in found
        for first, last, expected, p_value in zip(firsts, lasts, expecteds, p_values, strict=True)
        if p_value * tests < SURE
    ]
    kinds = {
        "source": "str",
        "since": "datetime64[us]",
        "until": "datetime64[us]",
        "ongoing": "boolean",
        "expected": "Float64",
        "p_adjusted": "Float64",
    }
    table = pd.DataFrame(rows, columns=list(kinds)).astype(kinds)
    return table.sort_values(["until", "source"], ascending=[False, True], ignore_index=True)


def _of_source(
    source: str,
    cells: pd.DataFrame,
    everybody: pd.DataFrame,
    start: pd.Timestamp,
    begin: pd.Timestamp,
    size: int,
    of_week: np.ndarray,
) -> list[tuple[str, np.ndarray, np.ndarray, np.ndarray, np.ndarray, int]]:
    """First hour, hour after the last, expected bookings and p-value of each gap, and how many gaps there are."""
    at = _places(cells, start)
    counts = np.bincount(at, weights=cells["bookings"].to_numpy(dtype=np.float64), minlength=size)[:size]
    if counts.sum() < LEAST:
        return []
    usual = _by_hour_of_week(everybody, start) + 1e-9
    own = _by_hour_of_week(cells, start)
    # its own week, steadied by fifty bookings spread as those of all sources
    weight = (own + 50 * usual / usual.sum())[of_week]
    hours = np.flatnonzero(counts)
    firsts = hours + 1
    lasts = np.append(hours[1:], size)
    weights, booked = (np.concatenate([[0.0], np.cumsum(part)]) for part in (weight, counts))
    lead_in = max(int((begin - start) / _HOUR), 0)
    left, right = np.maximum(firsts - AROUND, lead_in), np.minimum(lasts + AROUND, size)
    gap = weights[lasts] - weights[firsts]
    around = weights[right] - weights[left] - gap
    n = booked[right] - booked[left]
    share = np.divide(gap, around, out=np.zeros_like(gap), where=around > 0)
    return [(source, firsts, lasts, n * share, (1 + share) ** -n, len(firsts))]


def _places(cells: pd.DataFrame, start: pd.Timestamp) -> np.ndarray:
    days = (cells["date"] - start).dt.days.to_numpy(dtype=np.int64)
    return np.asarray(days * 24 + cells["hour"].to_numpy(dtype=np.int64))


def _by_hour_of_week(cells: pd.DataFrame, start: pd.Timestamp) -> np.ndarray:
    places = (_places(cells, start) + 24 * start.day_of_week) % 168
    return np.bincount(places, weights=cells["bookings"].to_numpy(dtype=np.float64), minlength=168)
