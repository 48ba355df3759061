"""When things happen in a home-services company, and the text of times in responses.

Times are whole seconds since 1970 in UTC. Seasons, weekdays, hours, a freeze and an outage are in local time.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np
import orjson
import pyarrow as pa

from stcrm_pandas.sandbox.company.base.cells import take, with_nulls
from stcrm_pandas.sandbox.company.base.chance import Flags, Floats, Ints, pick
from stcrm_pandas.sandbox.store.columns import Cells, concatenate

DAY = 86_400
HOUR = 3_600
NEVER = -62_135_596_800
"""The first second of the year 1, which means 'never'."""


class TimeFormat:
    """The service's format of times: UTC with `Z` and 0 to 7 decimals, by the book without decimals.

    The decimals follow from the second, so that the same time has the same text everywhere.

    Examples
    --------
    >>> TimeFormat(by_the_book=True).of(np.array([0, NEVER]))
    ['1970-01-01T00:00:00Z', '0001-01-01T00:00:00Z']
    """

    def __init__(self, *, by_the_book: bool = False) -> None:
        seconds = np.datetime_as_string(np.arange(DAY).astype("datetime64[s]")).tolist()
        self._clock = pa.array([text[10:] for text in seconds])
        self._first_day, self._dates = 0, pa.array([], pa.string())
        suffixes = ["Z"] if by_the_book else _fractions()
        self._suffixes = pa.array([f'{suffix}"' for suffix in suffixes])

    def of(self, times: Ints, missing: Flags | None = None) -> list[str | None]:
        """Return the text of each time; None where `missing`."""
        return [orjson.loads(cell) for cell in self.cells(times, missing).to_pylist()]

    def cells(self, times: Ints, missing: Flags | None = None) -> Cells:
        """Return the JSON of each time; null where `missing`."""
        times = times.astype(np.int64)
        days, seconds = np.divmod(times, DAY)
        never = times == NEVER
        self._know(days[~never])
        dates = take(self._dates, np.where(never, 0, days - self._first_day + 1))
        kinds = np.where(never, 0, (times * 7_919 + days) % len(self._suffixes))
        return with_nulls(concatenate(dates, take(self._clock, seconds), take(self._suffixes, kinds)), missing)

    def _know(self, days: Ints) -> None:
        """Extend the texts of days to these, after that of the first day of the year 1."""
        low, high = (int(days.min()), int(days.max())) if days.size else (0, 0)
        known = range(self._first_day, self._first_day + len(self._dates) - 1)
        if low in known and high in known:
            return
        low, high = (min(low, known.start), max(high, known.stop - 1)) if known else (low, high)
        texts = np.datetime_as_string(np.arange(low, high + 1).astype("datetime64[D]")).tolist()
        self._first_day, self._dates = low, pa.array([f'"{text}' for text in ("0001-01-01", *texts)])


def _fractions() -> list[str]:
    """Return decimals of times: none first, then mostly seven, and all other lengths; no final zeros, as in .NET."""
    digits = np.random.default_rng(4_096).integers(0, 10_000_000, 4_096).tolist()
    lengths = (7, 7, 7, 6, 7, 3, 7, 7, 2, 7, 7, 5, 7, 1, 4, 0)
    suffixes = [f".{number:07d}"[: 1 + lengths[i % 16]].rstrip("0.") + "Z" for i, number in enumerate(digits)]
    return ["Z", *suffixes]


TIME_ZONE = "America/Chicago"
WINDOW_DAYS = 730
CLIMATE, PLUMBING, DRAINS = 0, 1, 2
"""The trades, as far as their seasons differ."""
WEEKDAYS = (1.35, 1.0, 1.0, 1.0, 1.0, 0.55, 0.30)
OFFICE_HOURS = (0, 0, 0, 0, 0, 0, 1, 4, 8, 9, 9, 8, 7, 7, 7, 7, 6, 4, 2, 1, 0.5, 0, 0, 0)
NIGHT_SHARE = 0.28
"""Share of web bookings between 6:00 PM and 7:00 AM."""


def _web_hours() -> Floats:
    night = np.array([3, 2, 1.5, 1, 1, 2, 5, *([0] * 11), 14, 16, 17, 16, 12, 7], dtype=np.float64)
    day = np.array([*([0] * 7), 5, 7, 8, 9, 9, 9, 8, 8, 8, 8, 7, *([0] * 6)], dtype=np.float64)
    hours: Floats = NIGHT_SHARE * night / night.sum() + (1 - NIGHT_SHARE) * day / day.sum()
    return hours


WEB_HOURS = _web_hours()


@dataclass(frozen=True)
class Seasons:
    """The 24 months before `as_of`, and the events in them.

    Times are seconds since 1970 in UTC, days are local days since 1970. `freeze` and `outage` are three days: the first
    and the day after the last.
    """

    as_of: int

    @property
    def start(self) -> int:
        return self.as_of - WINDOW_DAYS * DAY

    @cached_property
    def changes(self) -> tuple[Ints, Ints]:
        """The times at which the clock changes, and the offsets from UTC before, between and after them."""
        zone = ZoneInfo(TIME_ZONE)

        def offset(time: int) -> int:
            shift = dt.datetime.fromtimestamp(time, zone).utcoffset()
            assert shift is not None
            return int(shift.total_seconds())

        hours = range(self.start - 10 * 366 * DAY, self.as_of + 400 * DAY, DAY)
        times, offsets = [], [offset(hours[0])]
        for day in hours[1:]:
            if offset(day) != offsets[-1]:
                at = next(t for t in range(day - DAY - day % HOUR, day + HOUR, HOUR) if offset(t) != offsets[-1])
                times.append(at)
                offsets.append(offset(at))
        return np.array(times, dtype=np.int64), np.array(offsets, dtype=np.int64)

    def local(self, times: Ints) -> Ints:
        """Return local times for times in UTC."""
        at, offsets = self.changes
        return times + offsets[np.searchsorted(at, times, side="right")]

    def utc(self, local: Ints) -> Ints:
        """Return times in UTC for local times; in the repeated hour of fall, odd seconds are in its second pass."""
        at, offsets = self.changes
        index = np.searchsorted(at + offsets[:-1], local, side="right")
        times: Ints = local - offsets[index]
        twice = (index < at.size) & (offsets[np.minimum(index + 1, at.size)] < offsets[index])
        twice &= local >= at[np.minimum(index, at.size - 1)] + offsets[np.minimum(index + 1, at.size)]
        times += HOUR * (twice & (local % 2 == 1))
        return times

    @cached_property
    def days(self) -> Ints:
        """The local days of the window, in days since 1970."""
        first, last = self.local(np.array([self.start, self.as_of])) // DAY
        return np.arange(first, last + 1)

    @cached_property
    def freeze(self) -> tuple[int, int]:
        """Three days in the last January that ended at least 180 days ago."""
        return self._days_in(month=1, day=15, before=180)

    @cached_property
    def outage(self) -> tuple[int, int]:
        """Three days on which the website's form was broken."""
        return self._days_in(month=9, day=9, before=30)

    def broken(self, times: Ints) -> Flags:
        """Return whether the website's form was broken at these times."""
        day = self.local(times) // DAY
        return (day >= self.outage[0]) & (day < self.outage[1])

    @property
    def bulk_edit(self) -> int:
        return int(self.days[-1]) - 76

    @cached_property
    def respelling(self) -> int:
        """The day in the middle of a year from which booking sources are spelled differently."""
        return self._days_in(month=7, day=1, before=60)[0]

    def _days_in(self, *, month: int, day: int, before: int) -> tuple[int, int]:
        last = dt.date(1970, 1, 1) + dt.timedelta(days=int(self.days[-1]) - before)
        year = last.year if (last.month, last.day) >= (month, day) else last.year - 1
        first = (dt.date(year, month, day) - dt.date(1970, 1, 1)).days
        return first, first + 3

    @cached_property
    def _cumulated(self) -> Floats:
        """Cumulative weights of the local days: a row for each trade, without and with the website's form."""
        dates = self.days.astype("datetime64[D]")
        month = dates.astype("datetime64[M]").astype(np.int64) % 12 + 1
        weekday = np.asarray(WEEKDAYS)[(self.days + 3) % 7]
        climate = np.select([(month >= 6) & (month <= 8), (month == 12) | (month <= 2)], [1.8, 1.4], 0.7)
        frozen = (self.days >= self.freeze[0]) & (self.days < self.freeze[1])
        broken = (self.days >= self.outage[0]) & (self.days < self.outage[1])
        flat = np.ones(self.days.size)
        rows = [trade * weekday for trade in (climate, np.where(frozen, 4.0, flat), flat)]
        rows = [row * kept for row in rows for kept in (flat, ~broken)]
        return np.cumsum(np.array(rows), axis=1)

    def arrivals(
        self, rng: np.random.Generator, trade: Ints, *, web: Flags, form: Flags, first: Ints, last: Ints
    ) -> Ints:
        """Draw times of arrival within [first, last): days by trade, hours by office or web.

        `form` marks arrivals through the website's form, which has none while it is broken.
        """
        kind = trade * 2 + form
        # Spans start and end with complete days; only the first and last day of the 24 months may be partial.
        day_of = (
            self.local(first) // DAY - self.days[0] + (first > self.start),
            self.local(last - 1) // DAY - self.days[0] - (last < self.as_of),
        )
        chance = rng.random(trade.size)
        day = np.zeros(trade.size, dtype=np.int64)
        for row, cumulated in enumerate(self._cumulated):
            mine = kind == row
            low = np.where(day_of[0][mine] > 0, cumulated[day_of[0][mine] - 1], 0.0)
            high = cumulated[day_of[1][mine]]
            day[mine] = np.searchsorted(cumulated, low + chance[mine] * (high - low), side="right")
        hour = np.where(web, pick(rng, WEB_HOURS, trade.size), pick(rng, OFFICE_HOURS, trade.size))
        local = (self.days[np.minimum(day, self.days.size - 1)]) * DAY + hour * HOUR + rng.integers(0, HOUR, trade.size)
        times = self.utc(local)
        return times + 7 * DAY * ((times < first).astype(np.int64) - (times >= last))

    def at_work(self, rng: np.random.Generator, local_day: Ints) -> Ints:
        """Draw times between 8:00 AM and 6:00 PM of local days."""
        return self.utc(local_day * DAY + rng.integers(8 * HOUR, 18 * HOUR, local_day.size))

    @staticmethod
    def month_end(local_day: Ints) -> Ints:
        """Return the last days of the months of local days."""
        months = local_day.astype("datetime64[D]").astype("datetime64[M]")
        ends: Ints = ((months + 1).astype("datetime64[D]") - 1).astype(np.int64)
        return ends
