"""Every number of the first screens of leads and bookings, and their call lists, by plain SQL over the raw rows."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pandas as pd
import polars as pl
import pytest

from stcrm_pandas.analysis import (
    BookingSources,
    LeadConversion,
    Opportunities,
    booking_sources,
    first_screen,
    lead_conversion,
    opportunities,
    together,
)
from stcrm_pandas.analysis.base.format import format_range
from stcrm_pandas.analysis.base.headline import Measured, Tile, measured_count, measured_share
from stcrm_pandas.analysis.leads.tables import Chances
from stcrm_pandas.analysis.overview import FIRST_SCREEN
from stcrm_pandas.charts.svg import sparkline
from stcrm_pandas.report.page import index_page

from .booking_company import AS_OF, ZONE, company, contacts_of_owners
from .leads.test_lead_conversion_by_sql import SQL

TODAY = AS_OF.astimezone(ZoneInfo(ZONE)).date()
MONTHS = 12
MORE = f"""
create macro local(moment) as timezone('{ZONE}', moment);
create macro whole_days(since) as (epoch_us(timestamptz '{AS_OF.isoformat()}') - epoch_us(since)) // 86400000000;
create macro digits(value) as right(regexp_replace(coalesce(value, ''), '[^0-9]', '', 'g'), 10);

create temp table numbers as
select digits(value) as number, bool_or(do_not_text) as no_texts, bool_or(not marketing) as no_marketing,
    bool_or(not reminders) as no_reminders, bool_or(customer_id in (select id from customers where do_not_service))
        as not_served
from contacts where type <> 'Email' group by 1;

create temp table refused as
select number from numbers where (no_marketing and no_reminders) or not_served;

create temp table open_leads as
select l.*, local(l.created_on)::date as came, date '{TODAY}' as today,
    case when year(follow_up_date) > 1 then local(follow_up_date)::date end as due
from leads l left join call_reasons r on r.id = l.call_reason_id
where l.status = 'Open' and l.active is not false and r.is_lead is not false;

create temp table candidates as
select id, digits(lead_phone) as number from open_leads where lead_phone <> ''
union select l.id, digits(c.value) from open_leads l
    join contacts c on c.customer_id = l.customer_id or c.location_id = l.location_id
    where c.type in ('Phone', 'MobilePhone') and c.value not similar to '[0() -]*';

create temp table owned as
select l.*, coalesce(l.customer_id, by_lead.customer, by_contact.customer) as customer from open_leads l
left join (
    select digits(k.lead_phone) as number, min(k.customer_id) as customer from leads k
    left join call_reasons r on r.id = k.call_reason_id
    where k.customer_id is not null and k.lead_phone <> '' and k.active is not false and r.is_lead is not false
    group by 1 having count(distinct k.customer_id) = 1
) by_lead on by_lead.number = digits(l.lead_phone)
left join (
    select digits(value) as number, min(customer_id) as customer from contacts
    where customer_id is not null and value not similar to '[0() -]*' and value not like '%@%'
    group by 1 having count(distinct customer_id) = 1
) by_contact on by_contact.number = digits(l.lead_phone);

create temp table booked_since as
select distinct o.id from owned o join jobs j on j.created_on >= o.created_on
    and (j.customer_id = o.customer or j.lead_call_id = o.call_id or j.booking_id = o.booking_id
        or j.id = (select b.job_id from bookings b where b.id = o.booking_id))
union select d.id from dated d join dated w on w.person = d.person and w.nth = d.nth
    where d.status = 'Open' and w.status = 'Converted';

create temp table not_to_call as
select id from open_leads where customer_id in (select id from customers where do_not_service)
union select id from candidates group by id having bool_and(number in (select number from refused));

create temp view to_call as select * from open_leads
where id not in (select id from booked_since) and id not in (select id from not_to_call);

create temp table kinds as
select business_unit_id as unit, job_type_id as kind, count(*) as n, sum(if(job_status = 'Completed', total, 0)) as paid
from jobs where created_on <= timestamptz '{AS_OF.isoformat()}' - interval 1440 hours
and created_on > timestamptz '{AS_OF.isoformat()}' - interval 1440 hours - interval 8760 hours
and coalesce(job_generated_lead_source_job_id, recall_for_id, created_from_estimate_id) is null  -- no warranty jobs
group by all;

create macro stake(its_unit, its_kind) as coalesce(
    (select sum(paid) / sum(n) from kinds where unit = its_unit and kind = its_kind having sum(n) >= 30),
    (select sum(paid) / sum(n) from kinds where unit = its_unit having sum(n) >= 30),
    (select sum(paid) / sum(n) from kinds)
);
"""


@pytest.fixture(scope="module")
def database() -> Iterator[Any]:
    frames, owners = company()[0], contacts_of_owners()
    both = pd.concat([owners["customer"], owners["location"]], ignore_index=True)
    short = {"phone_settings_do_not_text": "do_not_text", "preferences_marketing_updates_enabled": "marketing"}
    tables: dict[str, Any] = {
        "contacts": both.rename(columns=short | {"preferences_job_reminders_enabled": "reminders"}),
        "booking_contacts": frames["contacts"],
    }
    for name in ("leads", "jobs", "bookings", "call_reasons", "campaigns", "customers"):
        frame = frames[name]
        plain = frame[[column for column in frame if frame[column].dtype != "object_"]]
        if name == "leads":
            plain = plain.assign(tag_type_ids=[list(tags) for tags in frame["tag_type_ids"]])
        tables[name] = pl.from_pandas(plain).to_arrow()
    with duckdb.connect() as opened:
        for name, table in tables.items():
            opened.register(f"{name}_frame", table)
            opened.execute(f"create temp table {name} as select * from {name}_frame")
        opened.execute(SQL)
        opened.execute(MORE)
        yield opened


@pytest.fixture(scope="module")
def results() -> tuple[LeadConversion, Opportunities]:
    frames, owners = company()[0], contacts_of_owners()
    names = {
        "campaign": frames["campaigns"],
        "business_unit": frames["business_units"],
        "customer": frames["customers"],
    }
    linked = {name: frames[name] for name in ("jobs", "bookings", "call_reasons")}
    known = {"as_of": AS_OF, "time_zone": ZONE}
    leads = lead_conversion(frames["leads"], by="campaign", names=names, contacts=[*owners.values()], **linked, **known)
    tables = {name: frames[name] for name in ("campaigns", "call_reasons", "business_units")}
    booked = opportunities(frames["leads"], frames["bookings"], frames["jobs"], **tables, **known)
    return tuple(together(leads, booked))


@pytest.fixture(scope="module")
def leads(results: tuple[LeadConversion, Opportunities]) -> LeadConversion:
    return results[0]


@pytest.fixture(scope="module")
def bookings() -> BookingSources:
    frames, owners = company()[0], contacts_of_owners()
    linked = {name: frames[name] for name in ("leads", "jobs", "customers", "business_units")}
    contacts = [frames["contacts"], *owners.values()]
    names = {"campaign": frames["campaigns"]}
    return booking_sources(frames["bookings"], contacts=contacts, names=names, as_of=AS_OF, time_zone=ZONE, **linked)


def spans(mature_days: int) -> list[tuple[dt.date, dt.date]]:
    """The fourteen spans of four whole weeks, Monday to Sunday, the last of which is old enough; local days."""
    wall = (AS_OF - dt.timedelta(days=mature_days)).astimezone(ZoneInfo(ZONE)).date()
    end = wall - dt.timedelta(days=wall.weekday())
    return [
        (end - dt.timedelta(weeks=4 * place), end - dt.timedelta(weeks=4 * (place - 1))) for place in range(14, 0, -1)
    ]


def expected_tile(measured: list[Measured], title: str, tile: Tile) -> Tile:
    """The tile with the numbers of these spans in place of its own."""
    bars = measured[0].share is None
    spark = sparkline([one.value for one in measured], title=f"{title}: 14 times 4 weeks", bars=bars)
    now, before, year_ago = measured[-1].text, measured[-2].text, measured[0].text
    return replace(tile, now=now, before=before, year_ago=year_ago, spark=spark)


def rows(database: Any, sql: str, **given: Any) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = database.execute(sql, given).fetchall()
    return found


OF_SPAN = """
select count(*), count(*) filter (won and late - created <= interval {hours} hours),
    count(*) filter (won and early - created <= interval {hours} hours)
from inquiries where local(created)::date >= $first and local(created)::date < $end
"""


def test_headline_and_year_of_leads(database: Any, leads: LeadConversion) -> None:
    months = rows(
        database,
        f"""
        with flagged as (
            select strftime(local(created), '%Y-%m') as month,
                created <= timestamptz '{AS_OF.isoformat()}' - interval 720 hours as old,
                won and late - created <= interval 720 hours as surely,
                won and early - created <= interval 720 hours as possibly
            from inquiries
        )
        select month, count(*), count(*) filter (old), count(*) filter (old and surely),
            count(*) filter (old and possibly)
        from flagged group by month having count(*) filter (old) > 0 order by month
        """,
    )
    shown, earlier = months[-MONTHS:], months[-2 * MONTHS : -MONTHS]
    n, lower, upper = (sum(row[place] for row in shown) for place in (2, 3, 4))
    headline = leads.headline()
    assert headline.text == f"{format_range(lower / n, upper / n)} of leads are booked within 30 days"
    assert f": {n:,} leads, " in headline.evidence
    trend = headline.trend
    assert trend is not None
    assert [month.volume for month in trend.months] == [row[1] for row in shown]
    assert [month.share for month in trend.months] == [measured_share(row[3], row[4], row[2]).share for row in shown]
    assert [month.interval for month in trend.months] == [
        measured_share(row[3], row[4], row[2]).interval for row in shown
    ]
    assert trend.together == (lower / n, upper / n)
    # these rows begin in the second of the twelve months before
    assert (len(earlier), headline.change) == (11, "")
    stored = first_screen("Leads", leads)._repr_mimebundle_()[FIRST_SCREEN]
    middles = [(row[3] + row[4]) / 2 / row[2] for row in shown]
    assert stored["spark"] == sparkline(middles, title="Booked within 30 days, by month", size=(240, 56))


def test_tiles_of_leads(database: Any, leads: LeadConversion) -> None:
    new, slow, fast, overdue = leads.tiles()
    for tile, days in ((new, 0), (slow, 30), (fast, 7)):
        counted = [
            rows(database, OF_SPAN.format(hours=24 * max(days, 1)), first=first, end=end)[0]
            for first, end in spans(days)
        ]
        measured = [
            measured_count(n) if days == 0 else measured_share(lower, upper, n, min_group=30)
            for n, lower, upper in counted
        ]
        assert tile == expected_tile(measured, tile.title, tile)
    late, week, month, long = rows(
        database,
        "select count(*), count(*) filter (today - due <= 7), count(*) filter (today - due between 8 and 30), "
        "count(*) filter (today - due > 30) from to_call where due < today",
    )[0]
    assert (overdue.now, overdue.change) == (f"{late:,}", f"{long:,} for more than 30 days")
    assert overdue.details == [("7 days or less", f"{week:,}"), ("8–30 days", f"{month:,}")]
    came = dict(rows(database, "select strftime(came, '%Y-%m'), count(*) from to_call where due < today group by 1"))
    of_year = [f"{month}" for month in pd.period_range(end=pd.Period(str(TODAY)[:7], "M"), periods=12)]
    bars = [float(came.get(name, 0)) for name in of_year]
    assert overdue.spark == sparkline(bars, title="By the month in which they came in", bars=True)


LISTS = {
    "overdue-follow-up": ("due < today", "today - due"),
    "no-follow-up": ("due is null", "whole_days(created_on)"),
    "stale": ("due >= today and whole_days(modified_on) >= 30", "whole_days(modified_on)"),
}


@pytest.mark.parametrize("key", LISTS)
def test_call_lists_of_leads(database: Any, leads: LeadConversion, key: str) -> None:
    condition, days = LISTS[key]
    expected = rows(
        database,
        f"select id, {days}, (select c.name from campaigns c where c.id = campaign_id), came::text, "
        f"round(stake(business_unit_id, job_type_id)), customer_id from to_call where {condition} order by id",
    )
    listed = leads.work_lists[key]
    shown = listed.frame.sort_values("Lead id")
    assert shown["Lead id"].tolist() == [row[0] for row in expected]
    assert shown["Days waiting"].tolist() == [row[1] for row in expected]
    assert [re.sub(r" \((inactive|\d+)\)", "", name) for name in shown["Campaign"]] == [row[2] for row in expected]
    assert shown["Came in"].tolist() == [row[3] for row in expected]
    assert shown["At stake"].tolist() == [f"${row[4]:,.0f}" for row in expected]
    assert shown["Customer id"].fillna(0).tolist() == [row[5] or 0 for row in expected]
    (action,) = [one for one in leads.actions() if one.work_list == key]
    assert f" {len(expected):,} " in action.do


@pytest.mark.parametrize(("key", "chosen"), [("leads-booked-since", "not in"), ("leads-not-to-call", "in")])
def test_leads_that_are_on_no_call_list(database: Any, leads: LeadConversion, key: str, chosen: str) -> None:
    among = " or ".join(f"({condition})" for condition, _ in LISTS.values())
    since = "and id in (select id from booked_since)" if chosen == "not in" else ""
    expected = rows(
        database,
        f"select id from open_leads where ({among}) and id {chosen} (select id from not_to_call) {since} order by id",
    )
    listed = leads.work_lists[key].frame
    assert sorted(listed["Lead id"]) == [id for (id,) in expected] != []
    assert listed["Phone"].eq("Do not call").all() == (chosen == "in")


def test_order_and_revenue_of_call_lists(database: Any, leads: LeadConversion) -> None:
    stakes = dict(rows(database, "select id, stake(business_unit_id, job_type_id) from open_leads"))
    ages = dict(rows(database, "select id, whole_days(created_on) from open_leads"))
    for key in LISTS:
        listed = leads.work_lists[key]
        ids = listed.frame["Lead id"].tolist()
        chances = Chances(leads.reduced.overall_event_times, least=30).of([ages[id] for id in ids])
        worth = [stakes[id] * chance for id, chance in zip(ids, chances, strict=True)]
        refused = listed.frame["Phone"].eq("Do not call").tolist()
        assert refused == sorted(refused)
        callable = [one for one, no in zip(worth, refused, strict=True) if not no]
        assert callable == pytest.approx(sorted(callable, reverse=True))
        assert listed.expected == pytest.approx(sum(worth))
    suggested = first_screen("Leads", leads).actions
    assert [one.amount for one in suggested] == sorted((one.amount for one in leads.actions()), reverse=True)[:3]


def test_phones_of_call_lists(database: Any, leads: LeadConversion) -> None:
    """A phone wherever any contact has one; opt-outs of any record of a number."""
    numbers: dict[int, set[str]] = {}
    for id, number in rows(database, "select * from candidates"):
        numbers.setdefault(id, set()).add(number)
    refused = {number for (number,) in rows(database, "select number from refused")}
    not_served = {
        id
        for (id,) in rows(
            database, "select id from open_leads where customer_id in (select id from customers where do_not_service)"
        )
    }
    marks = {row[0]: row[1:] for row in rows(database, "select number, no_texts, no_marketing from numbers")}
    seen = {"phone": 0, "none": 0, "no calls": 0, "no texts": 0, "no marketing": 0}
    for key in (*LISTS, "leads-booked-since", "leads-not-to-call"):
        frame = leads.work_lists[key].frame
        opted = frame["Opt-outs"] if "Opt-outs" in frame else pd.Series("", index=frame.index)
        for id, phone, mark in zip(frame["Lead id"], frame["Phone"], opted, strict=True):
            mine = numbers.get(id, set())
            if id in not_served or (mine and mine <= refused):
                assert (phone, mark) == ("Do not call", "")
                seen["no calls"] += 1
            elif not mine:
                assert (phone, mark) == ("No phone on file", "")
                seen["none"] += 1
            else:
                number = re.sub("[^0-9]", "", phone)[-10:]
                assert number in mine - refused
                texts, marketing = marks.get(number, (False, False))
                assert ("Do not text" in mark, "No marketing" in mark) == (bool(texts), bool(marketing))
                seen["phone"] += 1
                seen["no texts"] += bool(texts)
                seen["no marketing"] += bool(marketing)
    assert all(seen.values()), seen


BOOKED = f"""
create or replace temp view outcomes as
with kept as (select *, local(created_on) as wall from bookings where active is distinct from false),
led as (
    select booking_id, bool_or(status = 'Converted') as won, min(created_on) as led_at
    from leads where active is distinct from false and booking_id is not null group by booking_id
),
naming as (
    select k.id, arg_min(j.id, (j.created_on, j.id)) as job from kept k join jobs j on j.booking_id = k.id
    where j.created_on >= k.created_on and coalesce(j.recall_for_id, j.created_from_estimate_id,
        j.job_generated_lead_source_job_id) is null group by k.id
),
joined as (
    select k.*, coalesce(l.won, false) as lead_won, l.booking_id is not null as has_lead,
        least(case when j.created_on >= k.created_on then j.created_on end,
            case when l.led_at >= k.created_on then l.led_at end) as acted
    from kept k left join led l on l.booking_id = k.id left join naming n on n.id = k.id
    left join jobs j on j.id = coalesce(k.job_id, n.job)
)
select *, job_id is not null or status = 'Converted' or (has_lead and lead_won) as work,
    created_on <= timestamptz '{AS_OF.isoformat()}' - interval 720 hours as mature,
    acted is null and status = 'New' and not has_lead as waiting,
    case when acted is null and status = 'New' then true else acted > created_on + interval 1 hour end as surely,
    case when acted is not null then acted <= created_on + interval 1 hour
        when status = 'New' then false
        else modified_on between created_on and created_on + interval 1 hour end as surely_not
from joined;

create or replace temp view settled as
with values_of as (
    select customer_id, booking_id, if(type = 'Email', lower(value), digits(value)) as value from (
        select customer_id, null as booking_id, type, value from contacts where customer_id is not null
        union all select null, booking_id, type, value from booking_contacts
    ) where value not similar to '[0() -]*' and value <> 'none@none.com'
),
owned as (
    select v.booking_id as id, min(c.customer_id) as customer from values_of v join values_of c using (value)
    where v.booking_id is not null and c.customer_id is not null
    group by v.booking_id, value having count(distinct c.customer_id) = 1
),
asked as (
    select id, created_on, work, lower(name) as name, left(address_zip, 5) as zip from outcomes where name <> ''
)
select o.id from outcomes o join owned w using (id) join jobs j on j.customer_id = w.customer
    where j.created_on >= o.created_on
union select a.id from asked a join asked b using (name, zip)
    join bookings w on w.id = b.id left join jobs j on j.id = w.job_id
    where b.work and abs(epoch(a.created_on) - epoch(b.created_on)) <= 7 * 86400
        and greatest(b.created_on, coalesce(j.created_on, b.created_on)) >= a.created_on;

create or replace temp view not_callable as
select booking_id as id from booking_contacts where type in ('Phone', 'MobilePhone') and value not similar to '[0() -]*'
group by 1 having bool_and(digits(value) in (select number from refused))
"""
WAITING = "waiting and whole_days(created_on) >= 1 and whole_days(created_on) < 30"
TO_CALL = f"{WAITING} and id not in (select id from settled) and id not in (select id from not_callable)"


@pytest.fixture(scope="module")
def outcomes(database: Any) -> Any:
    database.execute(BOOKED)
    return database


def test_headline_and_year_of_bookings(outcomes: Any, bookings: BookingSources) -> None:
    months = rows(
        outcomes,
        "select strftime(wall, '%Y-%m'), count(*), count(*) filter (mature), count(*) filter (mature and work) "
        "from outcomes group by 1 having count(*) filter (mature) > 0 order by 1",
    )
    shown, earlier = months[-MONTHS:], months[-2 * MONTHS : -MONTHS]
    n, hits = (sum(row[place] for row in shown) for place in (2, 3))
    headline = bookings.headline()
    assert headline.text == f"{format_range(hits / n, hits / n)} of bookings become jobs"
    assert f": {n:,} bookings, " in headline.evidence
    trend = headline.trend
    assert trend is not None
    assert [month.volume for month in trend.months] == [row[1] for row in shown]
    measured = [measured_share(row[3], row[3], row[2], min_group=30) for row in shown]  # fewer have no share
    assert [month.share for month in trend.months] == [one.share for one in measured]
    assert [month.interval for month in trend.months] == [one.interval for one in measured]
    before = [sum(row[place] for row in earlier) for place in (3, 3, 2)]
    assert f"({measured_share(*before).text.partition(' (')[0]})" in headline.change


def test_tiles_of_bookings(outcomes: Any, bookings: BookingSources) -> None:
    new, became, slow, waiting = bookings.tiles()
    sides = {
        new.title: (0, "true", "true"),
        became.title: (30, "work", "work"),
        slow.title: (1, "coalesce(surely, false)", "coalesce(surely, false) or not coalesce(surely_not, false)"),
    }
    for tile in (new, became, slow):
        days, surely, possibly = sides[tile.title]
        sql = f"""select count(*) filter ({surely}), count(*) filter ({possibly}), count(*) from outcomes
            where wall::date >= $first and wall::date < $end"""
        counted = [rows(outcomes, sql, first=first, end=end)[0] for first, end in spans(days)]
        measured = [
            measured_count(n) if days == 0 else measured_share(lower, upper, n, min_group=30)
            for lower, upper, n in counted
        ]
        assert tile == expected_tile(measured, tile.title, tile)
    every, short, long = rows(
        outcomes,
        "select count(*) filter (whole_days(created_on) < 30), count(*) filter (whole_days(created_on) < 7), "
        "count(*) filter (whole_days(created_on) >= 30) from outcomes "
        f"where (waiting and whole_days(created_on) >= 30) or ({TO_CALL})",
    )[0]
    assert (waiting.now, waiting.change) == (f"{every:,}", f"{long:,} more for over 30 days")
    assert waiting.details == [("Up to 7 days", f"{short:,}"), ("7–30 days", f"{every - short:,}")]
    by_day = dict(rows(outcomes, f"select whole_days(created_on), count(*) from outcomes where {TO_CALL} group by 1"))
    bars = [float(by_day.get(day, 0)) for day in range(29, 0, -1)]
    assert waiting.spark == sparkline(bars, title="By days waiting, from 29 to 1", bars=True)


def test_lists_and_actions_of_bookings(outcomes: Any, bookings: BookingSources) -> None:
    of_key = {
        "still-new": TO_CALL,
        "bookings-booked-since": f"{WAITING} and id in (select id from settled) "
        "and id not in (select id from not_callable)",
        "bookings-not-to-call": f"{WAITING} and id in (select id from not_callable)",
        "new-too-long": "waiting and whole_days(created_on) >= 30",
        "odd-starts": "whole_days(created_on) < 28 and (start is null or year(start) = 1 or start < created_on)",
    }
    for key, condition in of_key.items():
        expected = rows(
            outcomes,
            f"select id, round(date_diff('second', created_on, timestamptz '{AS_OF.isoformat()}') / 86400, 1), "
            f"round(stake(business_unit_id, job_type_id)) from outcomes where {condition} order by id",
        )
        shown = bookings.work_lists[key].frame.sort_values("Booking")
        assert shown["Booking"].tolist() == [row[0] for row in expected]
        assert expected or key in ("bookings-not-to-call", "bookings-booked-since")
        assert shown["Days waiting"].tolist() == pytest.approx([row[1] for row in expected], abs=0.11)
        if key == "still-new":
            assert shown["At stake"].tolist() == [f"${row[2]:,.0f}" for row in expected]
        if key in ("still-new", "new-too-long"):
            (action,) = [one for one in bookings.actions() if one.work_list == key]
            assert f" {len(expected):,} booking" in action.do
        if key == "new-too-long":
            oldest = rows(outcomes, f"select strftime(min(wall), '%b %-d, %Y') from outcomes where {condition}")[0][0]
            assert action.number == f"Nobody answered; the oldest came in on {oldest}"
    numbers = rows(
        outcomes,
        "select o.id, list(digits(c.value)) from outcomes o join booking_contacts c on c.booking_id = o.id "
        f"where c.type in ('Phone', 'MobilePhone') and {WAITING} group by o.id",
    )
    refused = {number for (number,) in rows(outcomes, "select number from refused")}
    keys = ("still-new", "bookings-booked-since", "bookings-not-to-call")
    phones = pd.concat([bookings.work_lists[key].frame for key in keys]).set_index("Booking")["Phone"]
    for id, mine in numbers:
        callable = set(mine) - refused
        assert (re.sub("[^0-9]", "", phones[id]) in callable) if callable else (phones[id] == "Do not call")
    assert phones.drop([id for id, _ in numbers]).eq("No phone on file").all()


def test_index_has_the_headlines_and_the_largest_actions(
    results: tuple[LeadConversion, Opportunities], bookings: BookingSources
) -> None:
    made = {"lead-conversion": first_screen("Leads", *results), "booking-sources": first_screen("Bookings", bookings)}
    page = index_page("Reports", {name: screen._repr_mimebundle_()[FIRST_SCREEN] for name, screen in made.items()})
    for screen in made.values():
        assert screen.headline.trend is not None
        middles = [None if month.share is None else sum(month.share) / 2 for month in screen.headline.trend.months]
        assert f'<p class="headline">{screen.headline.text}</p>' in page
        assert sparkline(middles, title=f"{screen.headline.trend.title}, by month", size=(240, 56)) in page
    every = [one for screen in made.values() for one in (*screen.actions, *screen.others)]
    ranked = sorted(every, key=lambda one: -one.amount)
    paid = [one.do.removesuffix(".") for one in ranked[:5] if one.amount]
    assert len(paid) >= 4
    assert re.findall(r"<li><(?:a href=\"[^\"]*\"|b)>([^<]+)<", page)[: len(paid)] == paid
    assert all("$" in one.brief and one.brief in page for one in ranked[: len(paid)])


def test_revenue_of_canceled_jobs(database: Any, bookings: BookingSources) -> None:
    (action,) = [one for one in bookings.actions() if one.do.endswith("are canceled.")]
    (source,) = re.findall("why jobs from (.+) are canceled", action.do)
    (average,) = rows(
        database,
        f"""
        with its as (
            select b.id, coalesce(b.job_id, arg_min(j.id, (j.created_on, j.id))) as job from bookings b
            left join jobs j on j.booking_id = b.id and j.created_on >= b.created_on
                and coalesce(j.recall_for_id, j.created_from_estimate_id, j.job_generated_lead_source_job_id) is null
            where b.active is distinct from false
                and regexp_replace(lower(b.source), '[^a-z0-9]', '', 'g') = $source group by b.id, b.job_id
        )
        select sum(j.total) / count(*) filter (j.job_status <> 'Canceled') from its join jobs j on j.id = its.job
        join bookings b on b.id = its.id where least(b.created_on, j.created_on) is not null
            and greatest(b.created_on, j.created_on) <= timestamptz '{AS_OF.isoformat()}' - interval 1440 hours
        """,
        source=re.sub("[^a-z0-9]", "", source.lower()),
    )[0]
    assert action.worth >= 1
    assert action.amount == pytest.approx(action.worth * average)
