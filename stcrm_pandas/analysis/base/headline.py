"""The numbers of a first screen: one measure over twelve months, and tiles over four weeks."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from math import hypot

import pandas as pd

from stcrm_pandas.analysis.base.display import Terms, marked, unbroken
from stcrm_pandas.analysis.base.format import format_range, format_share
from stcrm_pandas.analysis.base.periods import FourWeeks, Period, four_weeks
from stcrm_pandas.analysis.base.shares import rows_of, share_of
from stcrm_pandas.charts.svg import Month, Trend, sparkline

TOO_FEW = "too few to tell"
HIGHER, LOWER, UNCLEAR = "▲ ", "▼ ", "● "
"""The shape before a verdict: color is never alone."""

SEEN = 0.10
"""A change of ten points must be one that the rows could show; otherwise nothing is said about changes."""

COUNTED = ["n", "lower", "upper"]
"""The columns of `Measure.counts`."""

_DIRECTIONS = {HIGHER: " stcrm-up", LOWER: " stcrm-down", UNCLEAR: " stcrm-same"}


@dataclass(frozen=True)
class Measured:
    """A count or a share of one period.

    Parameters
    ----------
    text : str
        As readers see it: "31% (27–35%)", "265".
    value : float, optional
        The number itself, for a sparkline; None if there are too few rows to tell.
    share, interval : tuple[float, float], optional
        For a share, its lower and upper bounds, from 0 to 1, and the limits of its 95% confidence interval.
    """

    text: str
    value: float | None = None
    share: tuple[float, float] | None = None
    interval: tuple[float, float] | None = None


@dataclass(frozen=True)
class Measure:
    """What a report measures: a count, or a share of it. Headline, tiles, trend and comparisons of groups read it.

    Parameters
    ----------
    title : str
        The heading of its tile and of its chart: "Booked within 30 days".
    total : str
        The column of the counts with the rows that are measured.
    lower, upper : str, default ''
        The columns with those of them that certainly and possibly count; empty for a measure that only counts rows.
    days : int, default 0
        From which age, in days, a row is measured.
    needs : str, default ''
        The key in `base.inputs` of what must be known for it.
    note : str, default ''
        The note of its tile.
    unsure : float, default 1.0
        The distance of both bounds, as a share, above which they are not shown with a confidence interval.
    """

    title: str
    total: str
    lower: str = ""
    upper: str = ""
    days: int = 0
    needs: str = ""
    note: str = ""
    unsure: float = 1.0

    def of(self, counts: Mapping[str, float] | pd.Series, *, min_group: int = 1) -> Measured:
        """Return the number of a period, from its counts."""
        n = int(counts[self.total])
        if not self.lower:
            return measured_count(n)
        lower, upper = int(counts[self.lower]), int(counts[self.upper])
        if n >= min_group and upper - lower > self.unsure * n:
            return Measured(f"{format_range(lower / n, upper / n)} (dates uncertain)")
        return measured_share(lower, upper, n, min_group=min_group)

    def counts(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return a table with its counts as `n`, `lower` and `upper`, besides its other columns."""
        return table.assign(n=table[self.total], lower=table[self.lower], upper=table[self.upper])

    def tile(
        self,
        as_of: dt.datetime,
        zone: dt.tzinfo,
        counts: Callable[[Period], Mapping[str, float] | pd.Series | None],
        *,
        min_group: int,
        unknown: str = "unknown",
    ) -> Tile:
        """Return the tile of the last four weeks that are old enough; `counts` returns those of a period, or None."""

        def measured(period: Period) -> Measured | None:
            known = counts(period)
            return None if known is None else self.of(known, min_group=min_group)

        weeks = four_weeks(as_of, zone, mature_days=self.days)
        return weekly_tile(self.title, weeks, measured, unknown=unknown, note=self.note)


@dataclass(frozen=True)
class Tile:
    """One number over the last four complete weeks that are old enough for it, and over earlier spans.

    Parameters
    ----------
    title : str
        What is measured: "Booked within 30 days".
    now : str
        The number: "31% (27–35%)"; or "too few to tell".
    dates : str
        The span it covers, in the company's zone: "Jun 29–Jul 26, 2026".
    before : str, default ''
        The number for the four weeks before; empty if unknown.
    year_ago : str, default ''
        The number for the same weeks a year earlier; empty if unknown.
    note : str, default ''
        One short sentence about the number; mostly empty.
    change : str, default ''
        How it differs from the four weeks before: "▲ 12% more than before".
    spark : str, default ''
        The SVG of a sparkline.
    details : sequence of tuple[str, str], default ()
        Other numbers by name, shown instead of the earlier weeks.
    """

    title: str
    now: str
    dates: str
    before: str = ""
    year_ago: str = ""
    note: str = ""
    change: str = ""
    spark: str = ""
    details: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Contrast:
    """Two measures of one group that disagree, to be read together.

    Parameters: the title; by name two shares, each with that of the others ("13%", "30%"); the reason in one sentence.
    """

    title: str
    sides: Sequence[tuple[str, str, str]]
    note: str


@dataclass(frozen=True)
class Headline:
    """The main result of a report.

    Parameters
    ----------
    text : str
        At most 60 characters: "29–30% of leads are booked within 30 days".
    change : str, default ''
        What changed, in a few words: "No clear change from a year earlier".
    evidence : str, default ''
        In one or two sentences, how certain the result is and what it is based on.
    trend : Trend, optional
        The number by month.
    together : str, default ''
        What the band of the chart shows: "12 months together".
    contrast : Contrast, optional
        A group that must not be judged by this measure alone.
    latest : str, default 'Last 4 weeks'
        The heading of the tiles.
    """

    text: str
    change: str = ""
    evidence: str = ""
    trend: Trend | None = None
    together: str = "12 months together"
    contrast: Contrast | None = None
    latest: str = "Last 4 weeks"


@dataclass(frozen=True)
class Year:
    """A share by month, over the last twelve months that can be measured, and what it is compared with.

    `now` is the share over `period`, if there is one, else over these months; `before` is that of a year earlier.
    """

    months: Sequence[Month]
    now: Measured
    n: int
    before: Measured | None
    period: Period | None = None

    @property
    def dates(self) -> str:
        """The days that `now` covers: 'October 2026', or the first and the last month: 'Nov 2025–Oct 2026'."""
        if self.period is not None:
            return str(self.period)
        first, last = self.months[0].name, self.months[-1].name
        return first if first == last else f"{first}–{last}"

    @property
    def change(self) -> str:
        """Return how it differs from a year earlier, in words; empty if that is not known."""
        if self.before is None or self.before.share is None or self.now.share is None:
            return ""
        words = {HIGHER: "Clearly higher than", LOWER: "Clearly lower than"}
        direction = _direction(self.now, self.before)
        verdict = words.get(direction) or f"{_unclear(self.now, self.before)} from"
        return f"{verdict} a year earlier ({_plain(self.before)})"


def measured_count(rows: float) -> Measured:
    """Return a count of a period."""
    return Measured(f"{int(rows):,}", float(rows))


def measured_share(lower: float, upper: float, n: float, *, min_group: int = 1) -> Measured:
    """Return a share of a period, from its counts; too few to tell below `min_group` rows."""
    if n < max(min_group, 1):
        return Measured(TOO_FEW)
    share = share_of(int(lower), int(upper), int(n))
    low, high, *interval = share
    return Measured(format_share(share), (low + high) / 2, (low, high), (interval[0], interval[1]))


def change(now: Measured, before: Measured) -> str:
    """Return how a number differs from that of the four weeks before; empty if one of them is unknown.

    Shares differ clearly if the 95% confidence interval of their difference (Newcombe) does not hold 0. No clear change
    is reported only if a difference of ten points would have been a clear one.

    Examples
    --------
    >>> change(measured_count(265), measured_count(237))
    '▲ 12% more than before'
    >>> change(measured_share(300, 300, 1000), measured_share(280, 280, 1000))
    '● No clear change'
    >>> change(measured_share(30, 30, 100), measured_share(28, 28, 100))
    '● Too few to tell a change'
    """
    if now.value is None or before.value is None:
        return ""
    if now.share is None:
        percent = round(100 * (now.value / before.value - 1)) if before.value else 0
        if percent == 0:
            return f"{UNCLEAR}As many as before" if now.value == before.value else ""
        return f"{HIGHER}{percent}% more than before" if percent > 0 else f"{LOWER}{-percent}% fewer than before"
    direction = _direction(now, before)
    return direction + ({HIGHER: "Clearly higher", LOWER: "Clearly lower"}.get(direction) or _unclear(now, before))


def _direction(now: Measured, before: Measured) -> str:
    """Return the shape of the verdict on two shares, by Newcombe's interval of their difference, with all bounds."""
    (lower, upper), (low, high) = now.share or (0, 1), now.interval or (0, 1)
    (before_lower, before_upper), (before_low, before_high) = before.share or (0, 1), before.interval or (0, 1)
    if lower - before_upper > hypot(lower - low, before_high - before_upper):
        return HIGHER
    if before_lower - upper > hypot(before_lower - before_low, high - upper):
        return LOWER
    return UNCLEAR


def _unclear(now: Measured, before: Measured) -> str:
    """Return what can be said of two shares that do not differ clearly.

    The limits around both shares are taken as they are: the two shares would differ clearly at a distance of ten points
    if their limits, and half of the distances between their bounds, are smaller together.
    """
    (lower, upper), (low, high) = now.share or (0, 1), now.interval or (0, 1)
    (before_lower, before_upper), (before_low, before_high) = before.share or (0, 1), before.interval or (0, 1)
    rise, fall = hypot(lower - low, before_high - before_upper), hypot(before_lower - before_low, high - upper)
    if max(rise, fall) >= SEEN:
        return "Too few to tell a change"
    unknown = ((upper - lower) + (before_upper - before_lower)) / 2
    return "No clear change" if max(rise, fall) + unknown < SEEN else "Too uncertain to tell a change"


def weekly_tile(
    title: str,
    weeks: FourWeeks,
    measure: Callable[[Period], Measured | None],
    *,
    unknown: str = "unknown",
    note: str = "",
    details: Sequence[tuple[str, str]] = (),
) -> Tile:
    """Return a tile of what `measure` gives for the last four weeks and the spans before; None is unknown."""
    # back to the same weeks a year earlier
    spans = [_earlier(weeks.now, number) for number in range(13, -1, -1)]
    known = [measure(period) for period in spans]
    year_ago, before, now = known[0], known[-2], known[-1]
    bars = all(number is None or number.share is None for number in known)
    spark = sparkline(
        [None if number is None else number.value for number in known], title=f"{title}: 14 times 4 weeks", bars=bars
    )
    before_text, year_text = ("" if number is None else number.text for number in (before, year_ago))
    differs = change(now, before) if now is not None and before is not None else ""
    shown = unknown if now is None else now.text
    return Tile(title, shown, str(weeks.now), before_text, year_text, note, differs, spark, details)


def _earlier(period: Period, spans: int) -> Period:
    back = dt.timedelta(weeks=4 * spans)
    return replace(period, first=period.first - back, end=period.end - back)


def year_of(months: pd.DataFrame, *, min_group: int) -> Year | None:
    """Return the last twelve months in which some rows are old enough; None if there are none.

    Parameters
    ----------
    months : DataFrame
        Consecutive months: `name` ("Nov 2025"), `volume`, `n` (those old enough), `lower`, `upper` (certainly and
        possibly counted among `n`), `whole` (read and old enough as a whole).
    min_group : int
        The number of rows from which a share is given.
    """
    measured = (months["n"] > 0).to_numpy()
    if not measured.any():
        return None
    last = len(months) - int(measured[::-1].argmax())
    shown, earlier = months.iloc[max(last - 12, 0) : last], months.iloc[max(last - 24, 0) : max(last - 12, 0)]
    final = bool(earlier["whole"].all()) and len(earlier) == 12
    return Year(
        [
            _month(row, "only partly in the data" if place < len(shown) - 1 else "still counting", min_group)
            for place, row in enumerate(rows_of(shown))
        ],
        _sum(shown, min_group),
        int(shown["n"].sum()),
        _sum(earlier, min_group) if final else None,
    )


def _sum(months: pd.DataFrame, min_group: int) -> Measured:
    lower, upper, n = (float(months[name].sum()) for name in ("lower", "upper", "n"))
    return measured_share(lower, upper, n, min_group=min_group)


def _month(row: object, note: str, min_group: int) -> Month:
    name, volume, n, lower, upper, complete = (
        getattr(row, name) for name in ("name", "volume", "n", "lower", "upper", "whole")
    )
    measured = measured_share(lower, upper, n, min_group=min_group)
    text = measured.text if n else ""
    return Month(str(name), int(volume), measured.share, measured.interval, text, "" if complete else note)


def _plain(measured: Measured) -> str:
    """Return a number without its interval."""
    return measured.text.partition(" (")[0]


def tiles(row: Sequence[Tile], terms: Terms, heading: str = "Last 4 weeks") -> str:
    """Return the HTML of the tiles of a first screen, side by side, below a heading."""
    notes = {tile.note for tile in row}
    shared = min(notes) if len(notes) == 1 and len(row) > 1 else ""
    shown = []
    for tile in row:
        earlier = [("4 weeks before", tile.before or "unknown"), ("A year earlier", tile.year_ago or "unknown")]
        lines = "".join(f"<dt>{escape(name)}</dt><dd>{unbroken(text)}</dd>" for name, text in tile.details or earlier)
        note = f'<p class="stcrm-note">{escape(tile.note)}</p>' if tile.note and not shared else ""
        number, bracket, interval = tile.now.partition(" (")
        small = f" <small>({escape(interval)}</small>" if bracket else ""
        shown.append(
            f'<section class="stcrm-tile"><h3>{marked(tile.title, terms)}</h3>'
            f'<p class="stcrm-dates">{escape(re.sub(r", [0-9]{4}$", "", tile.dates))}</p>'
            f'<div class="stcrm-number"><p class="stcrm-now"><b>{escape(number)}</b>{small}</p>{tile.spark}</div>'
            f'<p class="stcrm-change{_DIRECTIONS.get(tile.change[:2], "")}">{escape(tile.change)}</p>'
            f"<dl>{lines}</dl>{note}</section>"
        )
    small = shared or "Each measure needs time to be complete, so dates differ. Lines: one year."
    return (
        f'<section class="stcrm-latest"><h2>{escape(heading)} <small>{escape(small)}</small></h2>'
        f'<div class="stcrm-tiles">{"".join(shown)}</div></section>'
    )
