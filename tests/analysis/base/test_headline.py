"""The numbers of a first screen: which months and weeks they cover, and when a change is called clear."""

from __future__ import annotations

import datetime as dt
import itertools

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stcrm_pandas.analysis.base.headline import (
    Measured,
    change,
    measured_count,
    measured_share,
    tiles,
    weekly_tile,
    year_of,
)
from stcrm_pandas.analysis.base.periods import Period, four_weeks
from stcrm_pandas.charts.svg import Trend, trend_chart

WEEKS = four_weeks(dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC), dt.UTC)


def months(*rows: tuple[int, int, int, bool]) -> pd.DataFrame:
    """Consecutive months of volume, rows old enough, hits, and whether all of it is."""
    starts = pd.date_range("2024-01-01", periods=len(rows), freq="MS")
    frame = pd.DataFrame(rows, columns=["volume", "n", "lower", "whole"])
    return frame.assign(name=[f"{month:%b %Y}" for month in starts], upper=frame["lower"])


def test_year_ends_with_the_last_measured_month() -> None:
    table = months(*[(100, 100, 20, True)] * 12, *[(100, 100, 30, True)] * 11, (100, 60, 30, False), (9, 0, 0, False))
    year = year_of(table, min_group=30)
    assert year is not None
    assert year.dates == "Jan 2025–Dec 2025"
    assert year.n == 11 * 100 + 60
    assert year.now.share == ((11 * 30 + 30) / 1160,) * 2
    assert year.before is not None
    assert year.before.share == (0.2, 0.2)
    assert year.change == "Clearly higher than a year earlier (20%)"
    assert [month.note for month in year.months] == [""] * 11 + ["still counting"]
    assert year.months[-1].volume == 100


def test_year_earlier_needs_twelve_complete_months() -> None:
    year = year_of(months((50, 50, 9, False), *[(100, 100, 20, True)] * 23), min_group=30)
    assert year is not None
    assert (year.before, year.change) == (None, "")
    short = year_of(months((50, 50, 9, False), (100, 100, 20, True)), min_group=30)
    assert short is not None
    assert [month.note for month in short.months] == ["only partly in the data", ""]
    assert year_of(months((50, 0, 0, False)), min_group=30) is None
    assert year_of(months(), min_group=30) is None


@pytest.mark.parametrize(
    ("now", "before", "words"),
    [
        (measured_count(50), measured_count(100), "▼ 50% fewer than before"),
        (measured_count(100), measured_count(100), "● As many as before"),
        (measured_count(100), measured_count(0), ""),
        (measured_share(60, 60, 100), measured_share(30, 30, 100), "▲ Clearly higher"),
        (measured_share(30, 30, 100), measured_share(60, 60, 100), "▼ Clearly lower"),
        (measured_share(300, 300, 1000), measured_share(280, 280, 1000), "● No clear change"),
        (measured_share(30, 30, 100), measured_share(28, 28, 100), "● Too few to tell a change"),
        (measured_share(300, 600, 1000), measured_share(300, 300, 1000), "● Too uncertain to tell a change"),
        (measured_share(3, 3, 20, min_group=30), measured_share(60, 60, 100), ""),
        (Measured("dates not known well enough"), measured_share(1, 1, 9), ""),
    ],
)
def test_change_has_a_direction(now: Measured, before: Measured, words: str) -> None:
    assert change(now, before) == words


def test_clear_changes_match_newcombe() -> None:
    """Newcombe (1998), table II, method 10: the limits of three differences."""
    assert change(measured_share(56, 56, 70), measured_share(48, 48, 80)) == "▲ Clearly higher"  # 0.0524 to 0.3339
    assert change(measured_share(9, 9, 10), measured_share(3, 3, 10)) == "▲ Clearly higher"  # 0.1705 to 0.8090
    assert change(measured_share(5, 5, 56), measured_share(0, 0, 29))[:2] == "● "  # -0.0381 to 0.1926


@given(st.integers(30, 2_000), st.integers(30, 2_000), st.floats(0.2, 0.75), st.floats(-0.03, 0.03))
def test_no_clear_change_is_said_only_where_ten_points_would_be_clear(n: int, m: int, share: float, by: float) -> None:
    """At these sizes and about these shares, ten points more and ten points less would both be a clear change."""
    before = measured_share(round(share * m), round(share * m), m)
    now = measured_share(round((share + by) * n), round((share + by) * n), n)
    assert before.share is not None

    def both_clear(points: float) -> bool:
        hits = (round((before.share[0] + apart) * n) for apart in (points, -points))
        return [change(measured_share(one, one, n), before)[:2] for one in hits] == ["▲ ", "▼ "]

    said = change(now, before)
    assert said != "● No clear change" or both_clear(0.12)
    assert said != "● Too few to tell a change" or not both_clear(0.08)


def test_months_with_few_rows_have_neither_share_nor_dot() -> None:
    year = year_of(months((50, 1, 0, True), (100, 100, 20, True), (40, 0, 0, False), (9, 9, 9, True)), min_group=30)
    assert year is not None
    assert [month.share for month in year.months] == [None, (0.2, 0.2), None, None]
    assert [month.text for month in year.months][::3] == ["too few to tell"] * 2
    drawn = trend_chart(Trend("Booked", "of leads", ("lead", "leads"), year.months), key="leads")
    assert drawn.count("<circle") == 1
    assert "<title>Jan 2024: too few to tell, 50 leads</title>" in drawn
    assert "0% (" not in drawn.replace("20% (", "")


def test_tile_covers_a_year() -> None:
    asked: list[Period] = []

    def measure(period: Period) -> Measured | None:
        asked.append(period)
        return measured_count(len(asked))

    tile = weekly_tile("New leads", WEEKS, measure)
    assert (asked[0], asked[-2], asked[-1]) == (WEEKS.year_ago, WEEKS.before, WEEKS.now)
    assert (tile.year_ago, tile.before, tile.now, tile.change) == ("1", "13", "14", "▲ 8% more than before")
    assert tile.spark.count('class="bar') == 14
    assert all(one.end == other.first for one, other in itertools.pairwise(asked))


def test_shared_note_appears_once() -> None:
    noted = [weekly_tile(f"{place} <b>", WEEKS, lambda _: None, note="As of today.") for place in range(2)]
    page = tiles(noted, {})
    assert page.count("As of today.") == 1
    assert "0 &lt;b&gt;" in page
    assert tiles([noted[0]], {}).count("As of today.") == 1
