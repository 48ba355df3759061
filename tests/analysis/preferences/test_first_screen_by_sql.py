"""Each number of the first screen of contact preferences, and the phones of its lists, by SQL over raw rows."""

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

from stcrm_pandas.analysis import ContactPreferences, contact_preferences
from stcrm_pandas.analysis.base.format import format_range
from stcrm_pandas.analysis.base.headline import Measured, measured_share
from stcrm_pandas.charts.svg import sparkline

from ..booking_company import AS_OF, ZONE, company, contacts_of_owners
from .contact_rows import no_others
from .test_contact_preferences_by_sql import SQL

NEWEST = 12_000
"""How many customers, the newest, so that the last weeks have enough."""
# a contact that two customers share has one id, but is a record of each
STATES = (
    re.sub(r"select type, purpose, channel.*", "select * from final", SQL, flags=re.DOTALL)
    .replace("who like '%@%.com'", "regexp_matches(who, '^[^@ ]+@[^@ ]+[.][a-z]+$')")
    .replace("o.id <> k.id", "(o.id <> k.id or o.customer_id <> k.customer_id)")
    .replace("[0-9]{4})?'\n", "[0-9]{4})?' or address_city is null or address_state is null\n")
)


@pytest.fixture(scope="module")
def frames() -> tuple[pd.DataFrame, pd.DataFrame]:
    everybody, contacts = company()[0]["customers"], contacts_of_owners()["customer"]
    customers = everybody.sort_values("created_on").tail(NEWEST)
    return customers, contacts[contacts["customer_id"].isin(customers["id"])]


@pytest.fixture(scope="module")
def found(frames: tuple[pd.DataFrame, pd.DataFrame]) -> ContactPreferences:
    return contact_preferences(*frames, by="customer_type", as_of=AS_OF, time_zone=ZONE, **no_others())


@pytest.fixture(scope="module")
def database(frames: tuple[pd.DataFrame, pd.DataFrame]) -> Iterator[Any]:
    customers, contacts = frames
    short = {"phone_settings_do_not_text": "no_texts", "preferences_marketing_updates_enabled": "marketing"}
    with duckdb.connect() as opened:
        plain = customers[[name for name in customers if customers[name].dtype != "object_"]]
        opened.register("customers", pl.from_pandas(plain.assign(dormant=False, opted_in=True)).to_arrow())
        opened.register("contacts", contacts.rename(columns=short | {"preferences_job_reminders_enabled": "reminders"}))
        opened.execute(f"create temp table states as {STATES}")
        opened.execute(f"""
            create temp table people as
            select id, any_value(timezone('{ZONE}', created_on)) as wall,
                bool_or(why = 0 and purpose = 'marketing' and channel = 'text') as text,
                bool_or(why = 0 and purpose = 'marketing' and channel = 'e-mail') as email,
                bool_or(why = 0 and purpose = 'marketing' and channel = 'call') as call,
                bool_or(why = 0 and purpose = 'marketing' and channel = 'mail') as mail,
                bool_or(why = 9 and purpose = 'marketing' and channel <> 'mail')
                    and not bool_or((why = 0 or why between 5 and 8) and purpose = 'marketing' and channel <> 'mail')
                    as unknown
            from states group by id
        """)
        yield opened


def test_headline_and_months(database: Any, found: ContactPreferences) -> None:
    n, *hits = database.execute(
        "select count(*), count(*) filter (text), count(*) filter (call), count(*) filter (email), "
        "count(*) filter (mail) from people"
    ).fetchone()
    text, call, email, mail = (format_range(one / n, one / n) for one in hits)
    headline = found.headline()
    assert headline.text == f"At most {text} of customers are not blocked for marketing texts"
    assert f"Of {n:,} active customers" in headline.evidence
    assert f"By call {call}, by e-mail at most {email}, by mail {mail}." in headline.evidence
    months = database.execute(
        "select strftime(wall, '%b %Y'), count(*), count(*) filter (text) from people group by 1, "
        "date_trunc('month', wall) order by date_trunc('month', wall)"
    ).fetchall()
    (lately, n), (earlier, m) = (
        (sum(reached for *_, reached in part), sum(count for _, count, _ in part))
        for part in (months[-12:], months[-24:-12])
    )
    assert m > 1_000
    before = format_range(earlier / m, earlier / m)
    assert headline.change == f"New customers: no clear change from a year earlier ({before})"
    assert abs(lately / n - earlier / m) < 0.03
    months = months[-12:]
    assert headline.trend is not None
    assert [(month.name, month.volume, month.share) for month in headline.trend.months] == [
        (name, count, (reached / count,) * 2 if count >= 30 else None) for name, count, reached in months
    ]


def test_tiles(database: Any, found: ContactPreferences) -> None:
    today = AS_OF.astimezone(ZoneInfo(ZONE)).date()
    monday = today - dt.timedelta(days=today.weekday())
    spans = [(monday - dt.timedelta(weeks=4 * n), monday - dt.timedelta(weeks=4 * (n - 1))) for n in range(14, 0, -1)]
    conditions = ("text", "email", "call or text or email or mail", "unknown")
    for tile, condition in zip(found.tiles(), conditions, strict=True):
        sql = f"select count(*) filter ({condition}), count(*) from people"
        measured: list[Measured | None] = []
        for first, end in spans:
            hits, n = database.execute(
                f"{sql} where wall >= $first and wall < $end", {"first": first, "end": end}
            ).fetchone()
            measured.append(measured_share(hits, hits, n, min_group=30) if n else None)
        values = [None if one is None else one.value for one in measured]
        now, before = measured[-1], measured[-2]
        assert now is not None
        assert before is not None
        hits, n = database.execute(sql).fetchone()
        assert tile == replace(
            tile,
            now=now.text,
            before=before.text,
            spark=sparkline(values, title=f"{tile.title}: 14 times 4 weeks"),
            details=[("4 weeks before", before.text), ("All active customers", measured_share(hits, hits, n).text)],
        ), tile.title


def test_lists_have_a_phone_wherever_any_contact_has_one(database: Any, found: ContactPreferences) -> None:
    numbers = dict(
        database.execute("""
            select customer_id, list('+1' || right(regexp_replace(value, '[^0-9]', '', 'g'), 10)) from contacts
            where type in ('Phone', 'MobilePhone') and value not similar to '[0() -]*' group by 1
        """).fetchall()
    )
    off = database.execute("""
        select '+1' || right(regexp_replace(value, '[^0-9]', '', 'g'), 10) from contacts where type <> 'Email'
        group by 1 having (bool_or(not marketing) and bool_or(not reminders))
            or bool_or(customer_id in (select id from customers where do_not_service))
    """).fetchall()
    not_served = {id for (id,) in database.execute("select id from customers where do_not_service").fetchall()}
    refused, seen = {number for (number,) in off}, set()
    for listed in filter(len, found.work_lists.values()):
        for id, phone in listed.frame[["Customer id", "Phone"]].itertuples(index=False):
            mine = set(numbers.get(id, []))
            expected = {re.sub(r"\+1(...)(...)(....)", r"(\1) \2-\3", number) for number in mine - refused}
            if id in not_served or (mine and mine <= refused):
                expected = {"Do not call"}
            assert phone in (expected or {"No phone on file"}), (listed.key, id)
            seen.add(phone if phone in ("Do not call", "No phone on file") else "number")
    assert seen == {"number", "Do not call", "No phone on file"}


def test_actions_count_the_rows_of_their_lists(database: Any, found: ContactPreferences) -> None:
    asked = database.execute("""
        select count(distinct s.id) from states s join contacts c on c.customer_id = s.id
        where s.purpose = 'marketing' and s.channel = 'text' and s.why = 9 and c.type = 'MobilePhone'
            and c.marketing is null and c.value not similar to '[0() -]*'
            and exists (select * from contacts n where n.customer_id = s.id and n.type in ('Phone', 'MobilePhone')
                and right(regexp_replace(n.value, '[^0-9]', '', 'g'), 10) not in (
                    select right(regexp_replace(value, '[^0-9]', '', 'g'), 10) from contacts where type <> 'Email'
                    group by 1 having (bool_or(not marketing) and bool_or(not reminders))
                        or bool_or(customer_id in (select id from customers where do_not_service))))
    """).fetchone()[0]
    apart = found.work_lists["preferences-not-to-call"].frame
    assert set(apart["Phone"]) <= {"Do not call"}
    for key in ("ask-for-marketing", "ask-whether-mobile", "preference-without-valid"):
        assert "Do not call" not in set(found.work_lists[key].frame["Phone"])
    texts = {one.work_list: one.do for one in found.actions()}
    assert texts["ask-for-marketing"] == f"Ask {asked:,} customers about marketing."
    for key, text in texts.items():
        frame = found.work_lists[str(key)].frame
        assert f"{len(frame):,} " in text or f"{frame['Customer id'].nunique():,} " in text
