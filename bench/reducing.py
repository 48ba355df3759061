"""The reduction of lead conversion on pandas, polars and DuckDB, compared with plain SQL in DuckDB."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import pandas as pd
import polars as pl

from bench.measure import Result, in_turn, of_floor
from stcrm_pandas.analysis.base.periods import Limits
from stcrm_pandas.analysis.leads.reduction import COUNTS, Reduced, reduce_leads

AS_OF = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
ZONE = "America/Chicago"
NO_LEADS = {None: [8, 9]}

# What a good analyst would write by hand for the same three tables: as few passes as there are definitions.
SQL = r"""
set variable as_of = timestamptz '2026-06-01 12:00:00+00';
create or replace temp table made as
select id, created_on as made_on, lead_call_id, booking_id, customer_id from jobs;
create or replace temp table dated as
with kept as (
    select id, status, created_on, campaign_id, business_unit_id, call_id, booking_id, customer_id,
        case when modified_on >= created_on then least(modified_on, getvariable('as_of')) else getvariable('as_of') end
            as changed,
        case when length(digits) >= 10 then nullif(right(digits, 10)::bigint, 0) end as phone
    from (select *, regexp_replace(lead_phone, '\D', '', 'g') as digits from leads)
    where call_reason_id is null or call_reason_id not in (8, 9)
), first_job as (
    select id, min(made_on) as booked from (
        select k.id, k.created_on, j.made_on from kept k join made j on j.lead_call_id = k.call_id
        union all
        select k.id, k.created_on, j.made_on from kept k join made j on j.booking_id = k.booking_id
        union all
        select k.id, k.created_on, j.made_on
        from kept k join bookings b on b.id = k.booking_id join made j on j.id = b.job_id
    ) where made_on >= created_on group by id
), lost as (
    select k.id, k.customer_id, k.created_on, k.changed from kept k
    where k.status = 'Converted' and k.customer_id is not null
        and not exists (select 1 from first_job f where f.id = k.id)
), free as (
    select j.id, j.customer_id, j.made_on from made j
    where j.customer_id in (select customer_id from lost)
        and not exists (select 1 from kept k where k.call_id = j.lead_call_id)
        and not exists (select 1 from kept k where k.booking_id = j.booking_id)
), pairs as (
    select l.id, f.id as job, f.made_on, count(*) over (partition by l.id) as jobs,
        count(*) over (partition by f.id) as leads
    from lost l join free f on f.customer_id = l.customer_id and f.made_on between l.created_on and l.changed
)
select k.*, f.booked, p.made_on as fitting,
    case when status = 'Converted' then coalesce(f.booked, p.made_on, k.created_on) end as won_early,
    case when status = 'Converted' then coalesce(f.booked, p.made_on, k.changed) end as won_late,
    case when status = 'Converted' then f.booked end as exact_at,
    case when status = 'Dismissed' then k.changed end as ended,
    case status when 'Converted' then 3 when 'Open' then 1 when 'Dismissed' then 0 else 2 end as rank
from kept k left join first_job f using (id)
    left join (select id, made_on from pairs where jobs = 1 and leads = 1) p using (id);
create or replace temp table inquiries as
with known as (
    select phone, min(customer_id) as customer from dated
    where phone is not null and customer_id is not null
    group by phone having min(customer_id) = max(customer_id)
), persons as (
    select d.*, coalesce(d.customer_id, k.customer) as customer,
        case when coalesce(d.customer_id, k.customer) is not null then 0
            when d.phone is not null then 1 else 2 end as kind,
        coalesce(d.customer_id, k.customer, d.phone, d.id) as person
    from dated d left join known k on d.customer_id is null and k.phone = d.phone
), begun as (
    select *, coalesce(created_on - lag(created_on) over w >= interval 336 hours, true) as begins
    from persons window w as (partition by kind, person order by created_on, id)
), chained as (
    select *, sum(begins::int) over (partition by kind, person order by created_on, id) as inquiry from begun
), one as (
    select any_value(first_campaign) as campaign, any_value(first_unit) as unit,
        min(created_on) as created, count(*) as leads, max(rank) as rank, min(won_early) as won_early,
        min(won_late) as won_late, min(exact_at) as exact_at, max(ended) as ended
    from (
        select *, first_value(campaign_id) over w as first_campaign, first_value(business_unit_id) over w as first_unit
        from chained window w as (partition by kind, person, inquiry order by created_on, id)
    ) group by kind, person, inquiry
)
select *, timezone('America/Chicago', created)::date as date,
    created <= getvariable('as_of') - interval 720 hours as mature, rank = 3 as won, rank = 2 as strange,
    rank = 3 and won_early = won_late as known, epoch_us(won_early) - epoch_us(created) as early,
    epoch_us(won_late) - epoch_us(created) as late, epoch_us(ended) - epoch_us(created) as gone,
    greatest(least(epoch_us(getvariable('as_of') - created) // 86400000000, 365), 0) as followed
from one
"""
COUNTED = """
    sum(leads) as leads, count(*) as inquiries, count(*) filter (mature) as mature, count(*) filter (won) as converted,
    count(*) filter (rank = 1) as open, count(*) filter (rank = 0) as dismissed,
    count(*) filter (strange) as unknown_status, count(*) filter (known and exact_at = won_late) as exact,
    count(*) filter (known and not coalesce(exact_at = won_late, false)) as inferred,
    count(*) filter (won and not known) as bounded, count(*) filter (created is null) as undated,
    count(*) filter (mature and won and late <= 2592000000000) as lower,
    count(*) filter (mature and (strange or won and early <= 2592000000000)) as upper
"""
CELLS = f"""
select campaign, unit, year(date) * 12 + month(date) - 1 as month, {COUNTED} from inquiries group by all
"""
DAYS = f"""
select date, {COUNTED}, {
    ", ".join(
        f"count(*) filter (won and late <= {days} * 86400000000), "
        f"count(*) filter (strange or won and early <= {days} * 86400000000)"
        for days in (1, 7, 30, 60, 90)
    )
} from inquiries group by date
"""
COURSES = """
with days as (
    select campaign, followed, rank, strange, won,
        case when strange then 0 when won then ceil(early / 86400000000)
            when rank = 0 then ceil(gone / 86400000000) end as e,
        case when won then ceil(late / 86400000000) when rank = 0 then ceil(gone / 86400000000) end as l
    from inquiries
), events as (
    select *, case when e <= followed and (won or strange) then 1
            when e <= followed and rank = 0 then 2 else 0 end as ee,
        case when l <= followed and won then 1 when l <= followed and rank = 0 then 2 else 0 end as le from days
)
select campaign, case ee when 0 then followed else e end as early_day, ee, case le when 0 then followed else l end, le,
    count(*) as inquiries from events group by all
"""


def run(rows: int, rounds: int) -> Iterator[Result]:
    leads, jobs, bookings = company(rows)
    as_polars = [pl.from_pandas(frame) for frame in (leads, jobs, bookings)]
    with duckdb.connect() as database:
        for name, frame in zip(("leads", "jobs", "bookings"), as_polars, strict=True):
            database.from_arrow(frame.to_arrow()).create(name)
        in_duckdb = [database.table(name) for name in ("leads", "jobs", "bookings")]

        def sql() -> int:
            database.execute(SQL)
            return sum(len(database.sql(query).to_arrow_table()) for query in (CELLS, DAYS, COURSES))

        sql()
        expected = sorted(database.execute(CELLS).fetchall(), key=repr)
        engines: dict[str, list[Any]] = {"pandas": [leads, jobs, bookings], "polars": as_polars, "DuckDB": in_duckdb}
        for engine, frames in engines.items():
            assert cells(reduced(*frames)) == expected, f"{engine} and SQL do not agree"
            mine, floor = in_turn(lambda frames=frames: reduced(*frames), sql, rounds=rounds)
            what = f"{rows:,} leads and {len(jobs):,} jobs, reduced with {engine}"
            yield of_floor(what, mine, floor, target="2 x", stretch="1 x", floor_name="plain SQL in DuckDB")


def reduced(leads: Any, jobs: Any, bookings: Any) -> Reduced:
    return reduce_leads(
        leads,
        Limits(AS_OF, dt.timedelta(days=30), ZoneInfo(ZONE)),
        jobs=jobs,
        bookings=bookings,
        not_leads=NO_LEADS,
        by=("campaign",),
        within=dt.timedelta(days=14),
    )


def cells(found: Reduced) -> list[tuple[Any, ...]]:
    counted = [name for name in COUNTS if name != "contradictory"]  # only a status log can contradict
    table = found.cells[["key_0", "unit", "month", *counted]].astype(object)
    return sorted(table.where(table.notna(), None).itertuples(index=False, name=None), key=repr)


def company(rows: int) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return leads of two years, as many jobs, and a third as many bookings."""
    chance = np.random.default_rng(1)
    start, span = np.datetime64("2024-06-01T00:00:00", "us"), 730 * 86_400

    def some(values: Any, share: float) -> pd.arrays.IntegerArray:
        return pd.arrays.IntegerArray(np.asarray(values, dtype=np.int64), chance.random(len(values)) >= share)

    def moments(count: int) -> Any:
        return start + chance.integers(0, span, count).astype("timedelta64[s]")

    def utc(values: Any) -> pd.Series:
        return pd.Series(values.astype("datetime64[us]")).dt.tz_localize("UTC")

    created, calls = moments(rows), np.arange(rows) + 10**9
    status = chance.choice(["Converted", "Dismissed", "Open"], rows, p=[0.31, 0.57, 0.12])
    changed = np.minimum(
        created + (chance.exponential(8, rows) * 86_400e6).astype("timedelta64[us]"), start + span * 10**6
    )
    customers = chance.integers(1, 7 * rows // 2, rows)  # 42,000 of them have 12,000 leads
    again = chance.random(rows) < 0.08
    customers[again] = customers[chance.integers(0, rows, int(again.sum()))]
    phones = pd.Series(customers + 2_000_000_000).astype("str")
    leads = pd.DataFrame(
        {
            "id": pd.array(np.arange(1, rows + 1), dtype="Int64"),
            "status": pd.Series(status, dtype="str"),
            "created_on": utc(created),
            "modified_on": utc(changed),
            "campaign_id": some(chance.integers(1, 39, rows), 0.97),
            "business_unit_id": some(chance.integers(1, 5, rows), 1.0),
            "call_reason_id": some(chance.integers(1, 10, rows), 0.4),
            "call_id": some(calls, 0.6),
            "booking_id": some(chance.integers(1, rows // 3 + 1, rows), 0.12),
            "customer_id": some(customers, 0.6),
            "lead_phone": phones.where(chance.random(rows) < 0.8),
        }
    )
    which = chance.permutation(np.flatnonzero((status == "Converted") & leads["call_id"].notna().to_numpy()))[
        : rows // 8
    ]
    called = np.zeros(rows, dtype=bool)
    called[: len(which)] = True
    made, named = moments(rows), np.zeros(rows, dtype=np.int64)
    made[: len(which)], named[: len(which)] = changed[which], calls[which]
    jobs = pd.DataFrame(
        {
            "id": pd.array(np.arange(1, rows + 1), dtype="Int64"),
            "created_on": utc(made),
            "lead_call_id": pd.arrays.IntegerArray(named, ~called),
            "booking_id": some(chance.integers(1, rows // 3 + 1, rows), 0.15),
            "customer_id": some(chance.permutation(customers), 1.0),
        }
    )
    ids = np.arange(1, rows // 3 + 1)
    bookings = pd.DataFrame(
        {"id": pd.array(ids, dtype="Int64"), "job_id": some(chance.integers(1, rows, len(ids)), 0.5)}
    )
    return leads, jobs, bookings
