"""The same counts by plain SQL on random frames."""

from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from stcrm_pandas.analysis import lead_conversion
from stcrm_pandas.contract.schemas.bookings import BOOKINGS
from stcrm_pandas.contract.schemas.fields import Row
from stcrm_pandas.contract.schemas.leads import LEADS
from stcrm_pandas.contract.schemas.lookups import JOBS

AS_OF = pd.Timestamp("2026-06-01T15:00Z")

SQL = """
with dated as (
    select l.id, min(j.created_on) as booked
    from leads l
    join jobs j on j.created_on >= l.created_on and j.created_on >= timestamptz '1900-01-01' and (
        j.lead_call_id = l.call_id or j.booking_id = l.booking_id
        or j.id in (select b.job_id from bookings b where b.id = l.booking_id)
    )
    group by l.id
), flagged as (
    select l.*, d.booked,
        l.created_on <= $as_of - interval 720 hours as mature,
        coalesce(l.status, '?') = 'Converted' as won,
        coalesce(l.status, '?') not in ('Converted', 'Open', 'Dismissed') as strange,
        coalesce(case when d.booked is not null then d.booked - l.created_on <= interval 720 hours
             else l.modified_on between l.created_on and l.created_on + interval 720 hours end, false) as soon
    from leads l left join dated d using (id)
    where l.call_reason_id is null or l.call_reason_id not in (1, 2)
)
select campaign_id as id,
    count(*) as leads,
    count(*) filter (mature) as mature,
    count(*) filter (won) as converted,
    count(*) filter (won and booked is not null) as exact,
    count(*) filter (mature and won and soon) as within_lower,
    count(*) filter (mature and (strange or won and (soon or booked is null))) as within_upper
from flagged group by campaign_id order by campaign_id nulls last
"""


def typed(row: Row, columns: dict[str, Any], size: int) -> pd.DataFrame:
    return pd.DataFrame(
        {name: pd.Series(columns.get(name, [None] * size), dtype=dtype) for name, dtype in row.dtypes.items()}
    )


def some(chance: np.random.Generator, values: Any, share: float) -> list[Any]:
    return [value if drawn < share else None for value, drawn in zip(values, chance.random(len(values)), strict=True)]


def company(seed: int, size: int = 800) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    chance = np.random.default_rng(seed)
    start = pd.Timestamp("2026-01-01T00:00Z")

    def moments(count: int) -> pd.Series:
        return pd.Series(start + pd.to_timedelta(chance.integers(0, 150 * 86_400, count), unit="s"))

    created = moments(size)
    leads = {
        "id": np.arange(size) + 2**53 + 1,
        "status": some(
            chance, chance.choice(["Converted", "Open", "Dismissed", "Revived"], size, p=[0.5, 0.2, 0.2, 0.1]), 0.97
        ),
        "created_on": created,
        "modified_on": created + pd.to_timedelta(chance.integers(-2, 60, size), unit="D"),
        "campaign_id": some(chance, chance.integers(1, 7, size), 0.9),
        "call_reason_id": some(chance, chance.integers(1, 9, size), 0.8),
        "call_id": some(chance, chance.integers(1, 400, size) + 2**60, 0.7),
        "booking_id": some(chance, chance.integers(1, 400, size), 0.3),
    }
    jobs = {
        "id": np.arange(400),
        "created_on": moments(400),
        "lead_call_id": some(chance, chance.integers(1, 400, 400) + 2**60, 0.6),
        "booking_id": some(chance, chance.integers(1, 400, 400), 0.3),
    }
    jobs["created_on"][:5] = pd.Timestamp("0001-01-01T00:00Z")
    bookings = {"id": np.arange(1, 400), "job_id": some(chance, chance.integers(0, 600, 399), 0.5)}
    return typed(LEADS, leads, size), typed(JOBS, jobs, 400), typed(BOOKINGS, bookings, 399)


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.deep) for seed in (1, 2, 3))])
def test_counts_match_sql(seed: int) -> None:
    leads, jobs, bookings = company(seed)
    reasons = pd.DataFrame({"id": [1, 2, 3], "is_lead": [False, False, True]})
    found = lead_conversion(
        leads,
        jobs=jobs,
        bookings=bookings,
        call_reasons=reasons,
        by="campaign",
        as_of=AS_OF,
        time_zone="America/Chicago",
    )
    with duckdb.connect() as database:
        for name, frame in (("leads", leads), ("jobs", jobs), ("bookings", bookings)):
            database.register(name, frame.dropna(axis=1, how="all"))
        expected = database.execute(SQL, {"as_of": AS_OF.to_pydatetime()}).fetchall()
    counts = ["leads", "mature", "converted", "exact", "within_lower", "within_upper"]
    ours = found.table.sort_values("id", na_position="last")
    assert [None if pd.isna(id) else id for id in ours["id"]] == [row[0] for row in expected]
    assert ours[counts].to_numpy().tolist() == [list(row[1:]) for row in expected]
    assert found.months is not None
    assert found.months[counts].sum().tolist() == found.overall[counts].iloc[0].tolist()
    # every kind of row was met
    assert (found.overall[["exact", "bounded", "unknown_status", "open", "dismissed"]].iloc[0] > 0).all()
    assert (found.overall["within_lower"] < found.overall["within_upper"]).all()
    assert found.left_out["not a lead"] > 0


def test_row_order_does_not_matter() -> None:
    leads, jobs, bookings = company(9)
    once = lead_conversion(leads, jobs=jobs, bookings=bookings, by="campaign", as_of=AS_OF)
    again = lead_conversion(
        leads.sample(frac=1, random_state=1),
        jobs=jobs.sample(frac=1, random_state=2),
        bookings=bookings,
        by="campaign",
        as_of=AS_OF,
    )
    pd.testing.assert_frame_equal(once.table, again.table)
