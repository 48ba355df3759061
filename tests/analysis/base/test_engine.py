"""The same numbers from pandas, polars and DuckDB; times at the door, and what is refused there."""

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import narwhals.stable.v2 as nw
import pandas as pd
import polars as pl
import pytest

from stcrm_pandas.analysis import lead_conversion
from stcrm_pandas.analysis.base import engine
from stcrm_pandas.errors import UsageError

from ..leads.test_by_another_way import AS_OF, company

Frames = Callable[..., pd.DataFrame]
Convert = Callable[[pd.DataFrame], Any]

CHICAGO = ZoneInfo("America/Chicago")


@pytest.fixture(params=["pandas", "polars", "polars lazy", "duckdb"])
def of_engine(request: pytest.FixtureRequest) -> Iterator[Convert]:
    with duckdb.connect() as database:
        database.execute("set TimeZone = 'Asia/Tokyo'")  # neither the machine's nor the company's

        def convert(frame: pd.DataFrame) -> Any:
            if request.param == "pandas":
                return frame
            table = pl.from_pandas(frame)
            if request.param == "duckdb":
                return database.from_arrow(table.to_arrow())
            return table.lazy() if request.param == "polars lazy" else table

        yield convert


MOMENTS = [
    "2026-03-08T07:59:59.999999Z",  # the last before the clock goes forward in Chicago
    "2026-03-08T08:00:00Z",
    "2026-11-01T06:30:00Z",  # half past one, twice
    "2026-11-01T07:30:00Z",
    "2024-02-29T12:00:00Z",
    "2027-01-01T05:59:59Z",
    "1969-12-31T23:59:59.5Z",
    "0001-01-01T00:00:00Z",
    None,
]


def moments() -> pd.DataFrame:
    times = pd.Series(pd.to_datetime(MOMENTS, utc=True, format="ISO8601"), dtype="datetime64[us, UTC]")
    return pd.DataFrame({"id": pd.array([2**60 + place for place in range(len(times))], dtype="Int64"), "at": times})


def test_times_become_numbers_and_wall_times(of_engine: Convert) -> None:
    rows = engine.prepare_rows(
        of_engine(moments()), "rows", ["id"], times=["at"], local=["at"], time_zone="America/Chicago"
    )
    parts = rows.with_columns(
        month=engine.local_month("at"),
        day=engine.local_day("at"),
        weekday=engine.local_weekday("at"),
        hour=engine.local_hour("at"),
    )
    whole = dict.fromkeys(["at", "month", "day", "weekday", "hour"], "Int64")
    table = engine.collected(parts, whole).sort_values("id", ignore_index=True)
    assert table["id"].tolist() == [2**60 + place for place in range(len(MOMENTS))]
    assert table.drop(columns=["id", "at_local"]).tail(2).isna().all(axis=None)
    for row, text in zip(table.itertuples(), MOMENTS[:-2], strict=False):
        moment = dt.datetime.fromisoformat(str(text))
        local = moment.astimezone(CHICAGO)
        assert row.at == engine.micros(moment)
        assert (row.month // 12, row.month % 12 + 1) == (local.year, local.month)
        assert engine.month_name(row.month) == f"{local:%Y-%m}"
        assert dt.date.fromordinal(row.day) == local.date()
        assert (row.weekday, row.hour) == (local.isoweekday(), local.hour)


def test_collected_frames_have_the_project_dtypes(of_engine: Convert) -> None:
    frame = pd.DataFrame(
        {
            "tenant": pd.array([1, 1, 2], dtype="Int64"),
            "id": pd.array([2**60 + 1, None, 3], dtype="Int64"),
            "name": pd.Series(["a", None, "b"], dtype="str"),
            "active": pd.array([True, None, False], dtype="boolean"),
            "amount": pd.array([1.5, None, 0.0], dtype="Float64"),
        }
    )
    rows = engine.prepare_rows(of_engine(frame), "rows", ["id", "name"], optional=["active", "amount", "absent"])
    table = engine.collected(rows).sort_values(["tenant", "id"], ignore_index=True)[list(frame)]
    pd.testing.assert_frame_equal(table, frame)
    sums = engine.collected(rows.group_by(*engine.keys(rows)).agg(nw.len().alias("n"), nw.col("id").sum()))
    assert {str(kind) for kind in sums.dtypes} == {"Int64"}
    assert dict(zip(sums["tenant"], sums["n"], strict=True)) == {1: 2, 2: 1}


def test_duplicate_ids_are_allowed_only_across_tenants(of_engine: Convert) -> None:
    frame = pd.DataFrame({"tenant": pd.array([1, 2, 2], dtype="Int64"), "id": pd.array([7, 7, 8], dtype="Int64")})
    engine.refuse_repeats(engine.prepare_rows(of_engine(frame), "leads", ["id"]), "leads")
    with pytest.raises(UsageError, match="leads: 1 rows repeat an id"):
        engine.refuse_repeats(engine.prepare_rows(of_engine(frame.drop(columns="tenant")), "leads", ["id"]), "leads")


def test_invalid_frames_are_rejected(of_engine: Convert) -> None:
    frame = of_engine(moments())
    with pytest.raises(UsageError, match="leads: the DataFrame has no columns then, name"):
        engine.prepare_rows(frame, "leads", ["id", "name"], times=["then"])
    with pytest.raises(UsageError, match="leads: id must contain times with a time zone"):
        engine.prepare_rows(frame, "leads", [], times=["id"])
    naive = of_engine(moments().assign(at=lambda frame: frame["at"].dt.tz_localize(None)))
    with pytest.raises(UsageError, match="leads: at must contain times with a time zone"):
        engine.prepare_rows(naive, "leads", ["id"], times=["at"])


def test_inputs_must_be_frames_of_one_engine() -> None:
    with pytest.raises(UsageError, match="a DuckDB relation is required, not list"):
        engine.prepare_rows([1], "leads", ["id"])
    with pytest.raises(UsageError, match="leads is one of pandas, jobs is one of polars"):
        engine.refuse_mixtures(leads=moments(), jobs=pl.from_pandas(moments()), bookings=None)


def test_a_column_may_have_any_name(of_engine: Convert) -> None:
    odd = moments().rename(columns={"at": 'at "noon" `x`'})
    rows = engine.prepare_rows(of_engine(odd), "rows", ["id"], times=['at "noon" `x`'])
    assert engine.collected(rows, {'at "noon" `x`': "Int64"}).iloc[:, 1].notna().sum() == len(MOMENTS) - 2


@pytest.mark.parametrize("by", ["month", *(pytest.param(by, marks=pytest.mark.deep) for by in (None, "campaign"))])
def test_every_engine_gives_the_same_tables(of_engine: Convert, by: Any) -> None:
    frames = company(3)
    reasons = pd.DataFrame({"id": [1, 2, 3], "is_lead": [False, False, True]})

    def found(leads: Any, jobs: Any, bookings: Any) -> Any:
        return lead_conversion(
            leads, jobs=jobs, bookings=bookings, call_reasons=reasons, by=by, as_of=AS_OF, time_zone="America/Chicago"
        )

    expected, seen = found(*frames), found(*map(of_engine, frames))
    for name in ("table", "overall", "months", "comparisons"):
        pd.testing.assert_frame_equal(getattr(seen, name), getattr(expected, name))
    assert seen.left_out == expected.left_out
