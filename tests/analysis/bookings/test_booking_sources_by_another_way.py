"""The counts of booking sources by plain SQL on the sandbox's company, and alike on every engine."""

import datetime as dt
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pandas as pd
import polars as pl
import pytest
from statsmodels.stats.proportion import proportion_confint

from stcrm_pandas.analysis import BookingSources, Period, booking_sources

from ..booking_company import AS_OF, ZONE, company

GROUPS = {"web-form": "Web Form", "MarketplaceA ": "Marketplace A", "VOICE AGENT": "Voice Agent"}

SQL = """
with kept as (select * from bookings where active is distinct from false),
led as (
    select booking_id, bool_or(status = 'Converted') as won, bool_or(status = 'Open') as open,
        min(created_on) as led_at, min(customer_id) as customer_id
    from leads where active is distinct from false and booking_id is not null group by booking_id
),
naming as (
    select k.id, arg_min(j.id, (j.created_on, j.id)) as job from kept k join jobs j on j.booking_id = k.id
    where j.created_on >= k.created_on group by k.id
),
first_jobs as (select customer_id, min(created_on) as first_job from jobs group by customer_id),
rows as (
    select k.*, l.won, l.open, l.booking_id is not null as has_lead, l.led_at, j.created_on as job_at, j.job_status,
        j.total, j.id as found_job, grouped(k.source) as sender,
        coalesce(j.customer_id, l.customer_id) as customer
    from kept k left join led l on l.booking_id = k.id left join naming n on n.id = k.id
    left join jobs j on j.id = coalesce(k.job_id, n.job)
),
flagged as (
    select *,
        case when job_id is not null then 'job' when status = 'Converted' then 'converted'
            when has_lead and won then 'lead_won' when has_lead and open then 'lead_open' when has_lead then 'lead_lost'
            else lower(status) end as outcome,
        least(case when job_at >= created_on then job_at end, case when led_at >= created_on then led_at end) as acted,
        created_on <= $as_of - interval 720 hours as mature,
        created_on <= $as_of - interval 1440 hours as old
    from rows
),
timed as (
    select *, created_on <= $as_of - interval 1 hour as aged,
        case when acted is null and outcome = 'new' then true else acted > created_on + interval 1 hour end as surely,
        case when acted is not null then acted <= created_on + interval 1 hour
            when outcome = 'new' then false
            else status <> 'New' and modified_on between created_on and created_on + interval 1 hour end as surely_not
    from flagged
)
select sender, count(*),
    count(*) filter (outcome = 'job'), count(*) filter (outcome = 'lead_won'), count(*) filter (outcome = 'lead_open'),
    count(*) filter (outcome = 'lead_lost'), count(*) filter (outcome = 'dismissed'),
    count(*) filter (outcome = 'accepted'), count(*) filter (outcome = 'new'),
    count(*) filter (mature), count(*) filter (mature and outcome in ('job', 'converted', 'lead_won')),
    count(*) filter (mature and status = 'Dismissed' and job_id is null and has_lead),
    count(*) filter (aged), count(*) filter (aged and surely),
    count(*) filter (aged and (coalesce(surely, false) or not coalesce(surely_not, false))),
    count(*) filter (old and found_job is not null), count(*) filter (old and job_status = 'Canceled'),
    count(*) filter (old and job_status = 'Completed' and total > 0),
    count(*) filter (start is null or year(start) = 1), count(*) filter (year(start) > 1 and start < created_on),
    count(*) filter (customer is not null and not coalesce(first_job < created_on, false))
from timed left join first_jobs f on f.customer_id = timed.customer group by sender order by sender
"""
MEDIANS = f"""{SQL.rpartition("select sender")[0]}
select sender, median((epoch_us(job_at) - epoch_us(created_on)) / 3.6e9) filter (job_at >= created_on),
    median((epoch_us(start) - epoch_us(created_on)) / 3.6e9) filter (start >= created_on)
from timed group by sender order by sender
"""
COUNTS = [
    "bookings",
    "job",
    "lead_won",
    "lead_open",
    "lead_lost",
    "dismissed",
    "accepted",
    "new",
    "mature",
    "work_lower",
    "dismissed_leads",
    "aged_hour",
    "new_lower_hour",
    "new_upper_hour",
    "old_booked",
    "old_canceled",
    "old_paid",
    "no_start",
    "early_start",
    "client_first",
]


def plain(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[[name for name in frame if frame[name].dtype != "object_"]]


@pytest.fixture(scope="module")
def frames() -> dict[str, pd.DataFrame]:
    return {name: plain(company()[0][name]) for name in ("bookings", "leads", "jobs")}


def linked(frames: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Leads, jobs, and no customer record that is older than a booking."""
    return {"leads": frames["leads"], "jobs": frames["jobs"], "customers": plain(company()[0]["customers"].head(0))}


@pytest.fixture(scope="module")
def found(frames: dict[str, pd.DataFrame]) -> BookingSources:
    return booking_sources(frames["bookings"], **linked(frames), as_of=AS_OF, time_zone=ZONE)


@pytest.fixture(scope="module")
def database(frames: dict[str, pd.DataFrame]) -> Iterator[Any]:
    with duckdb.connect() as opened:
        opened.execute("set TimeZone = 'Asia/Tokyo'")
        for name, frame in frames.items():
            opened.register(name, pl.from_pandas(frame).to_arrow())
        cases = " ".join(f"when '{spelt}' then '{name}'" for spelt, name in GROUPS.items())
        opened.execute(f"create macro grouped(source) as case source {cases} else source end")
        yield opened


@pytest.mark.parametrize(
    ("first", "end"),
    [
        ("2025-10-20", "2026-01-19"),
        pytest.param("2026-06-01", "2026-07-01", marks=pytest.mark.deep),
        pytest.param("2026-05-01", "2026-06-01", marks=pytest.mark.deep),
    ],
)
def test_counts_of_a_period_match_sql(
    frames: dict[str, pd.DataFrame], found: BookingSources, database: Any, first: str, end: str
) -> None:
    """Nearly all of June is too recent, and May is shown instead."""
    asked = Period(dt.date.fromisoformat(first), dt.date.fromisoformat(end), ZoneInfo(ZONE))
    ours = booking_sources(frames["bookings"], **linked(frames), as_of=AS_OF, time_zone=ZONE, period=asked)
    period = ours.period
    assert period is not None
    assert str(period) == ("May 2026" if first == "2026-06-01" else str(asked))
    sql = SQL.replace("group by sender", "where created_on >= $first and created_on < $end group by sender")
    given = {"as_of": AS_OF, "first": period.starts, "end": period.ends}
    rows = database.execute(sql, given).fetchall()
    assert ours.table.sort_values("name")[["name", *COUNTS]].values.tolist() == [list(row) for row in rows]
    total = pd.DataFrame(rows, columns=["name", *COUNTS]).sum(numeric_only=True)
    share = f"{total['work_lower'] / total['mature']:.0%}"
    few = "Fewer than 30 bookings of June 2026 are 30 days old, so this is May 2026, the latest month with as many. "
    of, why = (" of May 2026", few) if asked != period else ("", "")
    assert ours.headline().text == f"{share} of bookings{of} become jobs"
    assert ours.headline().evidence.startswith(f"{why}{total['mature']:,} ")
    assert ours.hours["bookings"].sum() == ours.weeks["bookings"].sum() == total["bookings"]
    assert ours.check.counts[0].rows == period.rows(frames["bookings"]).shape[0]
    assert ours.check.steps[-1].remain == total["mature"]
    # what is as of the read stays
    assert ours.tiles() == found.tiles()
    assert all(tile.year_ago and "unknown" not in tile.year_ago for tile in ours.tiles()[:3])
    waiting = [[action for action in one.actions() if action.work_list] for one in (ours, found)]
    assert waiting[0] == waiting[1] != []
    for key in ("still-new", "new-too-long", "odd-starts"):
        pd.testing.assert_frame_equal(ours.work_lists[key].frame, found.work_lists[key].frame)


def test_median_times_match_sql(found: BookingSources, database: Any) -> None:
    """From the booking to its job, which either of them may name, and to the requested start; not below zero."""
    rows = database.execute(MEDIANS, {"as_of": AS_OF}).fetchall()
    ours = found.table.sort_values("name")[["name", "waited_hours", "asked_hours"]].values.tolist()
    assert ours == [[name, pytest.approx(waited), pytest.approx(asked)] for name, waited, asked in rows]


def test_counts_match_sql(found: BookingSources, database: Any) -> None:
    rows = database.execute(SQL, {"as_of": AS_OF}).fetchall()
    ours = found.table.sort_values("name")
    assert ours[["name", *COUNTS]].values.tolist() == [list(row) for row in rows]
    assert (ours[["lead_won", "lead_open", "lead_lost", "accepted", "no_start", "early_start"]].sum() > 0).all()
    counts = list(
        found.table.columns[found.table.columns.get_loc("bookings") : found.table.columns.get_loc("share_lower")]
    )
    assert found.table[counts].sum().tolist() == found.overall[counts].iloc[0].tolist()


def test_hours_and_weeks_match_sql(found: BookingSources, database: Any) -> None:
    local = f"timezone('{ZONE}', created_on)"
    hours = database.execute(
        f"select isodow({local}), hour({local}), count(*) from bookings where active is distinct from false "
        "group by all order by all"
    ).fetchall()
    ours = found.hours[found.hours["bookings"] > 0]
    assert ours[["weekday", "hour", "bookings"]].values.tolist() == [list(row) for row in hours]
    # two years, and what was left of the last day; 365 days and a leap year's lack none
    assert found.hours["hours"].sum() == 730 * 24 + 7
    weeks = database.execute(
        f"select date_trunc('week', {local}), count(*) from bookings where active is distinct from false group by all "
        "order by all"
    ).fetchall()
    sums = found.weeks.groupby("week")["bookings"].sum()
    assert [(week.date(), n) for week, n in sums.items()] == [(pd.Timestamp(week).date(), n) for week, n in weeks]


def test_revenue_matches_sql(found: BookingSources, database: Any) -> None:
    rows = database.execute(
        """
        with recursive naming as (
            select b.id, arg_min(j.id, (j.created_on, j.id)) as job from bookings b join jobs j on j.booking_id = b.id
            where j.created_on >= b.created_on and coalesce(j.recall_for_id, j.warranty_id, j.created_from_estimate_id,
                j.job_generated_lead_source_job_id) is null group by b.id
        ),
        of_booking as (
            select b.*, coalesce(b.job_id, n.job) as its_job from bookings b left join naming n on n.id = b.id
            where b.active is distinct from false
        ),
        later as (
            select id, coalesce(job_generated_lead_source_job_id, recall_for_id, warranty_id) as parent, job_status,
                total from jobs where coalesce(job_generated_lead_source_job_id, recall_for_id, warranty_id) is not null
              and id not in (select its_job from of_booking where its_job is not null)
        ),
        walk as (
            select id, parent as top from later
            union select w.id, l.parent from walk w join later l on l.id = w.top
        ),
        follow as (
            select w.top as job, sum(l.total) as amount from walk w join later l on l.id = w.id
            where l.job_status = 'Completed' and w.top not in (select id from later) group by 1
        ),
        paid as (
            select grouped(b.source) as name, coalesce(j.total, 0) as total, coalesce(f.amount, 0) as amount
            from of_booking b join jobs j on j.id = b.its_job left join follow f on f.job = j.id
            where j.created_on <= $as_of - interval 1440 hours
        )
        select name, count(*), count(*) filter (total > 0), median(total) filter (total > 0), avg(total),
            avg(total + amount)
        from paid group by name order by name
        """,
        {"as_of": AS_OF},
    ).fetchall()
    ours = found.revenue.sort_values("name")
    assert ours[["name", "jobs", "above_zero"]].values.tolist() == [list(row[:3]) for row in rows]
    assert ours["median"].tolist() == pytest.approx([row[3] for row in rows])
    assert ours["mean"].tolist() == pytest.approx([row[4] for row in rows])
    assert ((ours["mean_low"] < ours["mean"]) & (ours["mean"] < ours["mean_high"])).all()
    assert ours["mean_with_follow"].tolist() == pytest.approx([row[5] for row in rows])
    assert (ours["mean_with_follow"] > ours["mean"]).all()


def test_intervals_match_statsmodels(found: BookingSources) -> None:
    low, high = proportion_confint(
        found.table["work_lower"].astype(int), found.table["mature"].astype(int), method="wilson"
    )
    assert found.table["interval_low"].tolist() == pytest.approx(list(low))
    assert found.table["interval_high"].tolist() == pytest.approx(list(high))


@pytest.mark.parametrize("period", [None, pytest.param("2026-03", marks=pytest.mark.deep)])
@pytest.mark.parametrize("engine", ["polars", pytest.param("duckdb", marks=pytest.mark.deep)])
def test_engines_give_equal_tables(
    frames: dict[str, pd.DataFrame], database: Any, engine: str, period: str | None
) -> None:
    def converted(name: str) -> Any:
        return database.table(name) if engine == "duckdb" else pl.from_pandas(frames[name])

    given: dict[str, Any] = {"by": ("source", "month"), "as_of": AS_OF, "time_zone": ZONE, "period": period}
    ours, theirs = (
        booking_sources(of("bookings"), leads=of("leads"), jobs=of("jobs"), **given)
        for of in (frames.__getitem__, converted)
    )
    for name in ("table", "overall", "speed", "leakage", "first_time", "spellings", "silences", "hours", "weeks"):
        pd.testing.assert_frame_equal(getattr(ours, name), getattr(theirs, name))
    assert {key: len(part) for key, part in ours.work_lists.items()} == {
        key: len(part) for key, part in theirs.work_lists.items()
    }
    pd.testing.assert_frame_equal(ours.work_lists["still-new"].frame, theirs.work_lists["still-new"].frame)
