"""Lead conversion of a whole company by plain SQL, and its curves by lifelines on rows that nobody reduced."""

import datetime as dt
import re
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import pandas as pd
import pytest
from lifelines import AalenJohansenFitter
from statsmodels.stats.proportion import proportion_confint

from stcrm_pandas.analysis import LeadConversion, Period, first_screen, lead_conversion
from stcrm_pandas.analysis.base.format import format_range

from ..booking_company import AS_OF, WITH_NOBODYS, ZONE, company, leads_with_placeholders

SQL = (
    WITH_NOBODYS
    + """
create temp table kept as
select l.*, if(n.number is null, regexp_replace(coalesce(l.lead_phone, ''), '[^0-9]', '', 'g'), '') as digits
from leads l left join call_reasons r on r.id = l.call_reason_id
left join nobodys n on n.number = right(regexp_replace(l.lead_phone, '[^0-9]', '', 'g'), 10)
where l.active is not false and r.is_lead is not false;

create temp table phones as
select right(digits, 10) as phone, min(customer_id) as customer_id
from kept where length(digits) >= 10 and customer_id is not null
group by 1 having count(distinct customer_id) = 1;

create temp table persons as
select k.*, coalesce(
    'c' || k.customer_id, 'c' || p.customer_id,
    case when length(digits) >= 10 and right(digits, 10)::bigint > 0 then 'p' || right(digits, 10) end, 'l' || k.id
) as person
from kept k left join phones p on p.phone = right(k.digits, 10) and length(k.digits) >= 10;

create temp table exactly as
select id, min(made) as booked from (
    select l.id, l.created_on, j.created_on as made from persons l join jobs j on j.lead_call_id = l.call_id
    union all
    select l.id, l.created_on, j.created_on from persons l join jobs j on j.booking_id = l.booking_id
    union all
    select l.id, l.created_on, j.created_on
    from persons l join bookings b on b.id = l.booking_id join jobs j on j.id = b.job_id
) where made >= created_on group by id;

create temp table fits as
select l.id, j.id as job, j.created_on
from persons l anti join exactly e on e.id = l.id
join jobs j on j.customer_id = l.customer_id and j.created_on between l.created_on and l.modified_on
where l.status = 'Converted' and j.recall_for_id is null  -- no job of this company is a warranty job
and (j.lead_call_id is null or j.lead_call_id not in (select call_id from persons where call_id is not null))
and (j.booking_id is null or j.booking_id not in (select booking_id from persons where booking_id is not null));

create temp table inferred as
select id, created_on as fitting from fits
where job in (select job from fits group by job having count(*) = 1)
and id in (select id from fits group by id having count(*) = 1);

create temp table dated as
select l.*, coalesce(booked, fitting, l.created_on) as early, coalesce(booked, fitting, l.modified_on) as late, booked,
    sum(case when l.created_on - before < interval 336 hours then 0 else 1 end)
        over (partition by person order by l.created_on, l.id) as nth
from (select *, lag(created_on) over (partition by person order by created_on, id) as before from persons) l
left join exactly using (id) left join inferred using (id);

create temp table inquiries as
select person, nth,
    min(created_on) as created, count(*) as leads, arg_min(campaign_id, created_on) as campaign_id,
    arg_min(tag_type_ids, created_on) as tags,
    min(early) filter (status = 'Converted') as early, min(late) filter (status = 'Converted') as late,
    min(booked) filter (status = 'Converted') as booked,
    bool_or(status = 'Converted') as won, bool_or(status = 'Open') as still,
    max(modified_on) filter (status = 'Dismissed') as ended
from dated group by person, nth;
"""
)

COUNTED = """
    count(*) as inquiries, sum(leads)::bigint as leads, count(*) filter (mature) as mature,
    count(*) filter (won) as converted, count(*) filter (not won and still) as open,
    count(*) filter (not won and not still) as dismissed,
    count(*) filter (won and early = late and booked = late) as exact,
    count(*) filter (won and early = late and booked is distinct from late) as inferred,
    count(*) filter (won and early < late) as bounded,
    count(*) filter (mature and won and late - created <= interval 720 hours) as within_lower,
    count(*) filter (mature and won and early - created <= interval 720 hours) as within_upper
from (
    select *, created <= $as_of - interval 720 hours as mature, timezone('America/Chicago', created) as wall
    from inquiries
)
"""
COLUMNS = ["inquiries", "leads", "mature", "converted", "open", "dismissed", "exact", "inferred", "bounded"]
COLUMNS += ["within_lower", "within_upper"]


@pytest.fixture(scope="module")
def database() -> Any:
    frames, _ = company()
    with duckdb.connect() as database:
        for name in ("leads", "jobs", "bookings", "call_reasons", "campaigns"):
            plain = (leads_with_placeholders() if name == "leads" else frames[name]).dropna(axis=1, how="all")
            if name == "leads":
                plain = plain.assign(tag_type_ids=[list(tags) for tags in plain["tag_type_ids"]])
            objects = [column for column in plain if plain[column].dtype == "object_" and column != "tag_type_ids"]
            database.register(f"{name}_frame", plain.drop(columns=objects))
            database.execute(f"create temp table {name} as select * from {name}_frame")
        database.execute(SQL)
        yield database


def ours(by: Any, **more: Any) -> LeadConversion:
    frames, _ = company()
    linked = {name: frames[name] for name in ("jobs", "bookings", "call_reasons")}
    return lead_conversion(leads_with_placeholders(), by=by, as_of=AS_OF, time_zone=ZONE, **linked, **more)


@pytest.mark.parametrize(
    ("by", "key"),
    [
        pytest.param("campaign", "campaign_id", id="campaign"),
        pytest.param("month", "strftime(wall, '%Y-%m')", id="month"),
        pytest.param("weekday", "isodow(wall)", id="weekday", marks=pytest.mark.deep),
        pytest.param("hour", "hour(wall)", id="hour", marks=pytest.mark.deep),
        pytest.param(None, "null", id="all"),
    ],
)
def test_counts_match_sql(database: Any, by: str | None, key: str) -> None:
    found = ours(by)
    expected = database.execute(f"select {key} as id, {COUNTED} group by 1", {"as_of": AS_OF}).df().set_index("id")
    if by is None:
        assert found.table[COLUMNS].to_numpy().tolist() == expected[COLUMNS].to_numpy().tolist()
        return
    table = found.table.set_index("id")
    assert set(table.index) == set(expected.index)
    pd.testing.assert_frame_equal(
        table.loc[expected.index, COLUMNS].astype("int64"), expected[COLUMNS].astype("int64"), check_index_type=False
    )
    old = table[table["mature"] > 0].astype({"mature": float, "within_lower": float, "within_upper": float})
    low, _ = proportion_confint(old["within_lower"], old["mature"], method="wilson")
    _, high = proportion_confint(old["within_upper"], old["mature"], method="wilson")
    np.testing.assert_allclose(old["interval_low"].astype(float), low)
    np.testing.assert_allclose(old["interval_high"].astype(float), high)


PERIODS = {
    "2026-05": ("2026-05-01", "2026-06-01"),
    "2025-11": ("2025-11-01", "2025-12-01"),  # in which the clock changes
    "weeks": ("2026-03-02", "2026-06-01"),
    "half a year": ("2025-09-17", "2026-03-20"),
}


def chosen(name: str) -> Any:
    if name not in ("weeks", "half a year"):
        return name
    first, end = (dt.date.fromisoformat(day) for day in PERIODS[name])
    return Period(first, end, ZoneInfo(ZONE))


@pytest.mark.parametrize(
    ("by", "key"),
    [
        ("campaign", "campaign_id"),
        pytest.param("month", "strftime(wall, '%Y-%m')", marks=pytest.mark.deep),
        pytest.param(None, "null", marks=pytest.mark.deep),
    ],
)
@pytest.mark.parametrize(
    "name", ["2026-05", *(pytest.param(one, marks=pytest.mark.deep) for one in ("half a year", "2025-11", "weeks"))]
)
def test_counts_of_a_period_match_sql(database: Any, name: str, by: str | None, key: str) -> None:
    found = ours(by, period=chosen(name))
    first, end = PERIODS[name]
    within = f"where wall >= '{first}' and wall < '{end}'"
    expected = database.execute(f"select {key} as id, {COUNTED} {within} group by 1", {"as_of": AS_OF}).df()
    table = found.table if by is None else found.table.set_index("id").loc[expected["id"]]
    assert table[COLUMNS].to_numpy().tolist() == expected[COLUMNS].to_numpy().tolist()
    assert int(found.table["inquiries"].sum()) == expected["inquiries"].sum()
    read = database.execute(
        f"select count(*) from leads where timezone('{ZONE}', created_on) >= '{first}' "
        f"and timezone('{ZONE}', created_on) < '{end}'"
    ).fetchone()[0]
    assert found.check.counts[0].rows == read
    assert found.check.steps[-1].remain == found.overall["mature"].iloc[0]


def test_the_headline_of_a_period_matches_sql(database: Any) -> None:
    found = ours("campaign", period="2026-05")

    def share(month: str) -> str:
        mature, lower, upper = database.execute(
            f"select mature, within_lower, within_upper from (select {COUNTED} where strftime(wall, '%Y-%m') = $month)",
            {"as_of": AS_OF, "month": month},
        ).fetchone()
        return format_range(lower / mature, upper / mature)

    headline = found.headline()
    assert headline.text == f"{share('2026-05')} of leads are booked within 30 days"
    assert headline.change.endswith(f"a year earlier ({share('2025-05')})")
    assert re.match(r"[0-9]+ leads, 95% confidence interval ", headline.evidence)
    assert headline.trend is not None
    assert [month.name for month in headline.trend.months] == [
        f"{month:%b %Y}" for month in pd.date_range("2025-06-01", periods=12, freq="MS")
    ]


def test_a_period_changes_neither_open_leads_nor_tiles() -> None:
    every, april = ours("campaign"), ours("campaign", period="2026-04")
    assert april.tiles() == every.tiles()
    assert all(tile.year_ago for tile in april.tiles()[:3])
    assert [*april.work_lists] == [*every.work_lists]
    for key, listed in every.work_lists.items():
        pd.testing.assert_frame_equal(april.work_lists[key].frame, listed.frame)
        assert len(listed) > 0 or key == "leads-not-to-call"  # no contacts were passed
    calls = [[action for action in found.actions() if action.work_list] for found in (april, every)]
    assert calls[0] == calls[1] != []
    assert april.months is not None
    assert april.months["id"].tolist() == [f"{month:%Y-%m}" for month in pd.date_range("2025-05", "2026-04", freq="MS")]


def test_too_recent_a_period_shows_the_last_that_can_be_measured() -> None:
    june = ours(None, period="2026-06")
    assert (str(june.requested), str(june.period)) == ("June 2026", "May 2026")
    may = ours(None, period="2026-05")
    pd.testing.assert_frame_equal(june.overall, may.overall)
    assert june.headline().evidence.startswith(
        "Fewer than 30 leads of June 2026 are 30 days old, so this is May 2026, the latest month with as many. "
    )
    assert " of leads of May 2026 are booked within 30 days" in june.headline().text
    assert first_screen("Leads", june, company="Example Heating").period == "May 2026"
    assert may.cautions == ()


def test_tags_and_categories_match_sql(database: Any) -> None:
    by_tag = ours("tag").table.set_index("id")["inquiries"]
    tags = (
        database.execute("select unnest(tags) as id, count(*) as n from inquiries group by 1").df().set_index("id")["n"]
    )
    assert by_tag[by_tag.index.notna()].to_dict() == tags.to_dict()
    assert by_tag[by_tag.index.isna()].tolist() == [
        database.execute("select count(*) from inquiries where len(tags) = 0").fetchone()[0]
    ]
    frames, _ = company()
    by_category = ours("category", names={"campaign": frames["campaigns"]}).table
    expected = database.execute(
        "select c.category_name, count(*) from inquiries i join campaigns c on c.id = i.campaign_id group by 1"
    ).fetchall()
    assert dict(zip(by_category["name"], by_category["inquiries"], strict=True)) == dict(expected)


def test_cohorts_match_sql(database: Any) -> None:
    cohorts = ours(None).cohorts
    assert cohorts is not None
    for days in (1, 7, 30, 60, 90):
        expected = database.execute(
            f"""select strftime(timezone('{ZONE}', created), '%Y-%m') as id,
            count(*) filter (won and late - created <= interval {24 * days} hours),
            count(*) filter (won and early - created <= interval {24 * days} hours)
            from inquiries group by 1 order by 1"""
        ).fetchall()
        mine = cohorts[cohorts["days"] == days]
        assert list(zip(mine["id"], mine["lower"], mine["upper"], strict=True)) == expected
    young = cohorts[~cohorts["mature"]]
    assert set(young["id"]) == {"2026-04", "2026-05", "2026-06", "2026-07"}


def test_curves_match_lifelines(database: Any) -> None:
    """On whole days, with ties apart by less than a thousandth of a day, conversions and dismissals alike first."""
    found = ours(None)
    rows = database.execute(
        """select won, still, epoch(late - created) / 86400 as late, epoch(early - created) / 86400 as early,
        epoch(ended - created) / 86400 as ended, floor(epoch($as_of - created) / 86400) as followed from inquiries""",
        {"as_of": AS_OF},
    ).df()
    for side, column in (("late", "share_lower"), ("early", "share_upper")):
        day = np.ceil(np.where(rows["won"], rows[side], rows["ended"]))
        over = ~rows["still"] | rows["won"]
        seen = over & (day <= rows["followed"]) & (day <= 365)
        event = np.where(seen, np.where(rows["won"], 1, 2), 0)
        time = np.where(seen, day, np.minimum(rows["followed"], 365))
        for days in (1, 7, 30, 90):
            # by hand: the sum over days of those not ended before, times the share of those at risk
            share, left = 0.0, 1.0
            for at in np.arange(0, days + 1):
                risk = (time >= at).sum()
                share += left * ((time == at) & (event == 1)).sum() / risk
                left *= 1 - ((time == at) & (event > 0)).sum() / risk
            mine = found.curve.set_index("day")[column][days]
            assert mine == pytest.approx(share, abs=1e-12)
        chance = np.random.default_rng(1)
        apart = np.where(event == 0, 0.9, chance.random(len(time)) / 1000)  # who is lost from view goes last
        fit = AalenJohansenFitter(calculate_variance=False).fit(time + apart, event, event_of_interest=1)
        for days in (1, 7, 30, 90):
            assert found.curve.set_index("day")[column][days] == pytest.approx(float(fit.predict(days + 0.5)), abs=2e-4)
