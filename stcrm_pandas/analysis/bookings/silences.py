"""Times in which a source sent nothing though it should have: a form that was broken, a contract that ended."""

from __future__ import annotations

import numpy as np
import pandas as pd

from stcrm_pandas.analysis.bookings.hours import Clock

__all__ = ["silences"]

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
