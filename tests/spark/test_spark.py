"""Spark gives the tables that pandas gives."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import narwhals.stable.v2 as nw
import pandas as pd
import polars as pl
import pytest

from stcrm_pandas.analysis import lead_conversion
from stcrm_pandas.analysis.base import engine
from stcrm_pandas.errors import UsageError

from ..analysis.base.test_engine import MOMENTS, moments
from ..analysis.leads.test_by_another_way import AS_OF, company

AsSpark = Callable[[pd.DataFrame], Any]


def test_times_become_numbers_and_wall_times(as_spark: AsSpark) -> None:
    rows = engine.prepare_rows(
        as_spark(moments()), "rows", ["id"], times=["at"], local=["at"], time_zone="America/Chicago"
    )
    parts = rows.with_columns(
        month=engine.local_month("at"),
        day=engine.local_day("at"),
        weekday=engine.local_weekday("at"),
        hour=engine.local_hour("at"),
    )
    table = engine.collected(parts.drop("at_local")).sort_values("id", ignore_index=True)
    assert set(table.dtypes.astype(str)) == {"Int64"}
    assert table.drop(columns="id").tail(2).isna().all(axis=None)
    for row, text in zip(table.itertuples(), MOMENTS[:-2], strict=False):
        moment = dt.datetime.fromisoformat(str(text))
        local = moment.astimezone(ZoneInfo("America/Chicago"))
        assert row.at == engine.micros(moment)
        assert (row.month // 12, row.month % 12 + 1) == (local.year, local.month)
        assert dt.date.fromordinal(row.day) == local.date()
        assert (row.weekday, row.hour) == (local.isoweekday(), local.hour)


def test_invalid_frames_are_rejected(as_spark: AsSpark) -> None:
    naive = as_spark(moments().assign(at=lambda frame: frame["at"].dt.tz_localize(None)))
    with pytest.raises(UsageError, match="at must contain times with a time zone"):
        engine.prepare_rows(naive, "leads", ["id"], times=["at"])
    twice = engine.prepare_rows(as_spark(pd.DataFrame({"id": [1, 1]})), "leads", ["id"])
    with pytest.raises(UsageError, match="1 rows repeat an id"):
        engine.refuse_repeats(twice, "leads")
    with pytest.raises(UsageError, match="all DataFrames must be from the same library"):
        engine.refuse_mixtures(leads=naive, jobs=moments())


def test_large_ids_and_sums_stay_integers(as_spark: AsSpark) -> None:
    frame = pd.DataFrame({"id": pd.array([2**60 + 1, None], dtype="Int64"), "name": ["a", None]})
    rows = engine.prepare_rows(as_spark(frame), "rows", ["id", "name"])
    table = engine.collected(rows).sort_values("id", ignore_index=True)
    pd.testing.assert_frame_equal(table, frame.astype({"name": "str"}))
    sums = engine.collected(rows.select(nw.col("id").sum(), n=nw.len()))
    assert sums.iloc[0].tolist() == [2**60 + 1, 2]


@pytest.mark.parametrize("by", [None, "campaign", ("business_unit", "month")])
def test_lead_conversion_matches_pandas(as_spark: AsSpark, by: Any) -> None:
    frames = company(3)
    reasons = pd.DataFrame({"id": [1, 2, 3], "is_lead": [False, False, True]})

    def found(leads: Any, jobs: Any, bookings: Any) -> Any:
        return lead_conversion(
            leads, jobs=jobs, bookings=bookings, call_reasons=reasons, by=by, as_of=AS_OF, time_zone="America/Chicago"
        )

    expected, seen = found(*frames), found(*map(as_spark, frames))
    for name in ("table", "overall", "months", "comparisons"):
        pd.testing.assert_frame_equal(getattr(seen, name), getattr(expected, name))
    assert seen.left_out == expected.left_out


def test_many_tenants(spark: Any, tmp_path: Path) -> None:
    """The same ids in two tenants are two things."""
    frames = dict(zip(("leads", "jobs", "bookings"), company(4), strict=True))
    for tenant in (5, 6):
        for name, frame in frames.items():
            path = tmp_path / f"tenant={tenant}" / f"{name}.parquet"
            path.parent.mkdir(exist_ok=True)
            pl.from_pandas(frame).write_parquet(path)
    read = spark.read.option("basePath", str(tmp_path))
    both = {name: read.parquet(f"{tmp_path}/*/{name}.parquet") for name in frames}
    how = {"as_of": AS_OF, "time_zone": "America/Chicago"}
    found = lead_conversion(both["leads"], jobs=both["jobs"], bookings=both["bookings"], by="tenant", **how)
    one = lead_conversion(frames["leads"], jobs=frames["jobs"], bookings=frames["bookings"], **how)
    assert sorted(found.table["id"]) == [5, 6]
    counts = ["leads", "mature", "converted", "exact", "bounded", "within_lower", "within_upper"]
    assert found.table[counts].to_numpy().tolist() == one.overall[counts].to_numpy().tolist() * 2
