"""The same counts by plain SQL on random frames, and on frames of polars and DuckDB."""

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest
from statsmodels.stats.proportion import proportion_confint

from stcrm_pandas.analysis import ContactPreferences, Period, contact_preferences
from stcrm_pandas.analysis.preferences.groups import REASON_COLUMNS

from .contact_rows import AS_OF, INVOICE, MARKETING, NO_TEXTS, OLDER, REMINDERS, STATEMENT, contacts, customers

ZONE = "America/Chicago"

# A number is written with or without its punctuation; every tenth stands for none.
SQL = """
with spelt as (
    select *, case type when 'Email' then lower(trim(value))
        else '+1' || right(regexp_replace(value, '[^0-9]', '', 'g'), 10) end as who
    from contacts
), known as (
    select *,
        case type when 'Email' then who like '%@%.com' and who <> 'none@none.com'
            when 'Phone' then who <> '+10000000000' when 'MobilePhone' then who <> '+10000000000'
            when 'Fax' then who <> '+10000000000' else false end as valid
    from spelt
), said as (
    select k.*,
        exists (select 1 from known o where o.valid and o.who = k.who and o.no_texts and o.id <> k.id) as no_texts_else,
        exists (select 1 from known o where o.valid and o.who = k.who and not o.marketing and o.id <> k.id) as off_else
    from known k
), of_channel as (
    select s.*, purpose, channel,
        case purpose when 'marketing' then marketing else reminders end as wanted
    from said s, (values ('service'), ('marketing')) p(purpose), (values ('call'), ('text'), ('e-mail')) c(channel)
    where case channel when 'e-mail' then type = 'Email' else type in ('Phone', 'MobilePhone') end
), judged as (
    select customer_id, purpose, channel, case
        when not valid then 11
        when channel = 'text' and no_texts then 5
        when not wanted then 7
        when channel = 'text' and no_texts_else then 8
        when purpose = 'marketing' and off_else then 8
        when channel = 'text' and type = 'Phone' then 10
        when wanted is null or (channel = 'text' and no_texts is null) then 9
        else 0 end as state
    from of_channel
), best as (
    select customer_id, purpose, channel, case
        when min(j.state) = 0 then 0
        when purpose = 'service' and bool_or(j.state = 9) then 9 -- possible, whatever the other numbers say
        else min(j.state) end as state
    from judged j group by customer_id, purpose, channel
), every as (
    select c.*, purpose, channel from customers c,
        (values ('service'), ('marketing')) p(purpose), (values ('call'), ('text'), ('e-mail'), ('mail')) h(channel)
    where coalesce(merged_to_id, 0) = 0 and active is distinct from false
), reached as (
    select e.*, case
        when do_not_service then 1
        when do_not_mail and (e.channel = 'mail' or (e.purpose = 'marketing' and e.channel <> 'call')) then 2
        when dormant and e.purpose = 'marketing' and e.channel = 'e-mail' then 3
        when not opted_in and e.purpose = 'marketing' and e.channel = 'e-mail' then 4
        when e.channel = 'mail' and trim(coalesce(address_street, '')) = '' and coalesce(address_zip, '') = '' then 12
        when e.channel = 'mail' and (coalesce(address_zip, '') not similar to '[0-9]{5}(-[0-9]{4})?'
            or trim(coalesce(address_street, '')) = '') then 11
        when e.channel = 'mail' and do_not_mail is null then 9
        when e.channel = 'mail' then 0
        else coalesce(state, 12) end as state
    from every e left join best j on j.customer_id = e.id and j.purpose = e.purpose and j.channel = e.channel
), final as (
    select *, case
        when state = 0 and (active is null or do_not_service is null) then 9
        when state = 0 and do_not_mail is null and purpose = 'marketing' and channel <> 'call' then 9
        else state end as why
    from reached
)
select type, purpose, channel, count(*)::int as n, count(*) filter (why = 0)::int as lower,
    (count(*) filter (why = 0) + count(*) filter (why = 9 and purpose = 'service'))::int as upper,
    REASONS
from final group by all order by type nulls last, purpose, channel
"""


def some(chance: np.random.Generator, values: Any, size: int, p: Any) -> list[Any]:
    return [values[place] for place in chance.choice(len(values), size, p=p)]


def company(seed: int, size: int = 300) -> tuple[pd.DataFrame, pd.DataFrame]:
    chance = np.random.default_rng(seed)
    flags = (True, False, None)
    columns = {
        "active": some(chance, flags, size, [0.88, 0.1, 0.02]),
        "type": some(chance, ("Residential", "Commercial", None), size, [0.7, 0.2, 0.1]),
        "do_not_mail": some(chance, flags, size, [0.1, 0.85, 0.05]),
        "do_not_service": some(chance, flags, size, [0.05, 0.9, 0.05]),
        "merged_to_id": some(chance, (None, 0, 1), size, [0.9, 0.05, 0.05]),
        "address_zip": some(chance, ("78701", "78701-1234", "787", None), size, [0.6, 0.2, 0.1, 0.1]),
        "address_street": some(chance, ("1 Elm St", " ", None), size, [0.8, 0.1, 0.1]),
        "tag_type_ids": some(chance, ((), (7,), (8,), (7, 8), (9,)), size, [0.3, 0.1, 0.3, 0.1, 0.2]),
        "created_on": [f"{2018 + place % 9}-03-0{1 + place % 9}T12:00Z" for place in range(size)],
    }
    whom = customers(*(dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)))
    many = 2 * size
    kinds = some(chance, ("MobilePhone", "Phone", "Email", "Fax", "Pager"), many, [0.5, 0.2, 0.25, 0.03, 0.02])
    rows = []
    for kind, who, how in zip(kinds, chance.integers(0, size, many), chance.integers(0, 4, many), strict=True):
        last = f"{who % 99:04d}"
        number = (f"512-555-{last}", f"(512) 555-{last}", f"+1512555{last}", f"512555{last}")[how]
        mail = (f"a{who}@example.com", f" A{who}@EXAMPLE.com ", "none@none.com", f"a{who}@example")[how]
        value = mail if kind == "Email" else "000-000-0000" if who % 10 == 0 else number
        rows.append({"type": kind, "value": value, "customer_id": 1 + int(chance.integers(0, size + 20))})
    columns = {
        NO_TEXTS: some(chance, flags, many, [0.1, 0.85, 0.05]),
        MARKETING: some(chance, flags, many, [0.7, 0.1, 0.2]),
        REMINDERS: some(chance, flags, many, [0.7, 0.1, 0.2]),
        OLDER: some(chance, flags, many, [0.5, 0.4, 0.1]),
        INVOICE: some(chance, flags, many, [0.6, 0.2, 0.2]),
        STATEMENT: some(chance, flags, many, [0.6, 0.2, 0.2]),
    }
    return whom, contacts(*rows).assign(**{name: pd.array(cells, dtype="boolean") for name, cells in columns.items()})


TAGS = {"names": {"tag": {7: "E-mail Dormant", 8: "Opted In", 9: "Gold"}}, "double_opt_in": True}


def as_table(whom: pd.DataFrame) -> pd.DataFrame:
    """The customers for SQL, with the two tags that count as conditions."""
    kept = whom.drop(columns=["tag_type_ids", "custom_fields", "external_data"])
    return kept.assign(
        dormant=[7 in tags for tags in whom["tag_type_ids"]], opted_in=[8 in tags for tags in whom["tag_type_ids"]]
    )


def by_type(whom: Any, reached: Any) -> ContactPreferences:
    return contact_preferences(whom, reached, by="customer_type", as_of=AS_OF, time_zone=ZONE, **TAGS)


@pytest.mark.parametrize("seed", range(3))
def test_counts_match_sql(seed: int) -> None:
    whom, reached = company(seed)
    reasons = ", ".join(f"count(*) filter (why = {place})::int" for place in range(1, len(REASON_COLUMNS) + 1))
    with duckdb.connect() as database:
        database.register("customers", as_table(whom))
        short = {NO_TEXTS: "no_texts", MARKETING: "marketing", REMINDERS: "reminders"}
        database.register("contacts", reached.rename(columns=short))
        expected = database.execute(SQL.replace("REASONS", reasons)).fetchall()
        others = database.execute(
            "select count(*), count(*) filter (coalesce(merged_to_id, 0) = 0), count(*) filter (merged_to_id > 0)"
            " from customers where not active or merged_to_id > 0"
        ).fetchall()[0]
    found = by_type(whom, reached)
    columns = ["purpose", "channel", "customers", "lower", "upper", *REASON_COLUMNS]
    ours = found.table.sort_values(["id", "purpose", "channel"], na_position="last")
    assert [
        (None if pd.isna(row[0]) else row[0], *row[1:]) for row in ours[["id", *columns]].values.tolist()
    ] == expected
    # every reason but that of a list was met
    assert {name for name in REASON_COLUMNS if not found.table[name].sum()} == {"refused_on_your_own_list"}
    # the others are in a row of their own, and with them nobody is lost
    assert found.others[["store", "customers", "inactive", "merged"]].values.tolist() == [["customers", *others]]
    assert int(found.overall["customers"].iloc[0]) + others[0] == len(whom)
    assert ours[["lower", *REASON_COLUMNS]].sum(axis=1).tolist() == ours["customers"].tolist()
    both = ours[ours["customers"] > 0]
    low, _ = proportion_confint(both["lower"].astype(int), both["customers"].astype(int), method="wilson")
    _, high = proportion_confint(both["upper"].astype(int), both["customers"].astype(int), method="wilson")
    np.testing.assert_allclose(both["interval_low"].astype(float), low, atol=1e-12)
    np.testing.assert_allclose(both["interval_high"].astype(float), high)


def test_counts_of_a_period_match_sql() -> None:
    """Opt-outs of customers from before the period still apply to the numbers of those created in it."""
    whom, reached = company(1, size=600)
    period = Period(dt.date(2021, 1, 1), dt.date(2024, 1, 1), ZoneInfo(ZONE))
    reasons = ", ".join(f"count(*) filter (why = {place})::int" for place in range(1, len(REASON_COLUMNS) + 1))
    sql = SQL.replace("REASONS", reasons).replace(
        "from final", "from final where year(created_on) between 2021 and 2023"
    )
    with duckdb.connect() as database:
        database.register("customers", as_table(whom))
        short = {NO_TEXTS: "no_texts", MARKETING: "marketing", REMINDERS: "reminders"}
        database.register("contacts", reached.rename(columns=short))
        expected = database.execute(sql).fetchall()
    given = {"by": "customer_type", "as_of": AS_OF, "time_zone": ZONE, **TAGS}
    found, every = (contact_preferences(whom, reached, period=one, **given) for one in (period, None))
    columns = ["purpose", "channel", "customers", "lower", "upper", *REASON_COLUMNS]
    ours = found.table.sort_values(["id", "purpose", "channel"], na_position="last")
    assert [
        (None if pd.isna(row[0]) else row[0], *row[1:]) for row in ours[["id", *columns]].values.tolist()
    ] == expected
    n, hits = (
        int(found.overall.set_index(["purpose", "channel"]).loc[("marketing", "text"), one])
        for one in ("customers", "lower")
    )
    assert found.headline().text == f"At most {hits / n:.0%} of new customers are not blocked for marketing texts"
    assert found.check.steps[-3].remain == n
    assert int(found.combinations["customers"].sum()) == 2 * n
    # what is as of the read stays
    assert found.tiles() == every.tiles()
    for key, listed in every.work_lists.items():
        pd.testing.assert_frame_equal(found.work_lists[key].frame, listed.frame)


@pytest.mark.parametrize(
    "by",
    ["tag", ("age", "customer_type"), *(pytest.param(one, marks=pytest.mark.deep) for one in ("customer_type", "age"))],
)
def test_polars_and_duckdb_give_equal_results(by: Any) -> None:
    whom, reached = company(7)
    whom["tag_type_ids"] = pd.Series([(), (7,), (7, 8), None, (8,)] * 60, dtype=object)
    plain = whom.drop(columns=["custom_fields", "external_data"])
    given = {"by": by, "as_of": AS_OF, "time_zone": ZONE, **TAGS}
    once = contact_preferences(whom, reached, **given)
    listed = plain.assign(tag_type_ids=[None if tags is None else list(tags) for tags in plain["tag_type_ids"]])
    in_polars = (pl.from_pandas(listed), pl.from_pandas(reached))
    with duckdb.connect() as database:
        in_duckdb = tuple(database.from_arrow(frame.to_arrow()) for frame in in_polars)
        lazily = tuple(frame.lazy() for frame in in_polars)
        for frames in (in_polars, lazily, in_duckdb):
            again = contact_preferences(*frames, **given)
            for name in ("table", "overall", "combinations", "kinds"):
                pd.testing.assert_frame_equal(getattr(again, name), getattr(once, name))
            for key, comparison in once.comparisons.items():
                pd.testing.assert_frame_equal(again.comparisons[key], comparison)
            for key, one in once.work_lists.items():
                pd.testing.assert_frame_equal(again.work_lists[key].frame, one.frame)
                assert again.work_lists[key].after is None


def test_row_order_does_not_matter() -> None:
    whom, reached = company(9)
    once = by_type(whom, reached)
    again = by_type(whom.sample(frac=1, random_state=1), reached.sample(frac=1, random_state=2))
    pd.testing.assert_frame_equal(once.table, again.table)
    assert {key: len(one) for key, one in once.work_lists.items()} == {
        key: len(one) for key, one in again.work_lists.items()
    }


def test_lists_match_sql() -> None:
    whom, reached = company(11)
    lists = by_type(whom, reached).work_lists
    with duckdb.connect() as database:
        database.register("customers", whom.drop(columns=["tag_type_ids", "custom_fields", "external_data"]))
        database.register("contacts", reached)
        older = database.execute(
            f"select count(*) from contacts where {OLDER} <> ({INVOICE} and {STATEMENT})"
            f" and {INVOICE} is not null and {STATEMENT} is not null"
        ).fetchall()
        gone = database.execute(
            f"select count(*) from contacts k join customers c on c.id = k.customer_id where {MARKETING}"
            " and c.do_not_service and coalesce(c.merged_to_id, 0) = 0 and coalesce(c.active, true)"
        ).fetchall()
    assert len(lists["older-flag"]) == older[0][0] > 0
    # the list leaves out invalid values, and what stands in the list before it
    assert 0 < len(lists["marketing-at-do-not-service"]) <= gone[0][0]
