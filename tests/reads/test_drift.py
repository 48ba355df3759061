"""Drift, in one row of a page among many: kept and reported, or an error that says where; never bent, never lost."""

from __future__ import annotations

import pandas as pd
import pytest

from stcrm_pandas import frame as frames
from stcrm_pandas.contract.schemas.leads import LEADS
from stcrm_pandas.errors import DriftError, DriftWarning, UnreadableValue
from stcrm_pandas.sandbox import Sandbox

ODD = 5_105
"""The row that departs, on the sixth page of fifteen."""


def bend(box, method="leads.list", /, drop=(), **values):
    """Change one row of one page, wherever in the walk it comes."""

    def change(rows):
        for row in rows:
            if row["id"] == ODD:
                row.update(values)
                for name in drop:
                    del row[name]

    return box.inject(method, times=None, rows=change)


@pytest.fixture
def plain(box, join):
    """The leads as they are without any drift."""
    return join(box).leads.list()


KEPT = {
    "null where the contract promises a value": ({"status": None}, "status", "null", None),
    "null for an id of another row": ({"campaignId": None}, "campaign_id", "null", None),
    "null for a time": ({"createdOn": None}, "created_on", "null", None),
    "a new word": ({"status": "Paused"}, "status", "value", "Paused"),
    "another spelling of a word": ({"status": "open"}, "status", "value", "open"),
    "an empty word": ({"priority": ""}, "priority", "value", ""),
    "a number in text": ({"campaignId": "77"}, "campaign_id", "text number", 77),
    "a large number in text": ({"campaignId": str(2**53 + 1)}, "campaign_id", "text number", 2**53 + 1),
    "a whole number as 5.0": ({"campaignId": 5.0}, "campaign_id", "whole number", 5),
    "a number instead of text": ({"summary": 12.5}, "summary", "number text", "12.5"),
    "a long number where text belongs": ({"leadPhone": 3125550100}, "lead_phone", "number text", "3125550100"),
    "true where text belongs": ({"summary": True}, "summary", "number text", "true"),
    "a time with an offset": (
        {"createdOn": "2026-01-02T05:04:05+02:00"},
        "created_on",
        "time",
        pd.Timestamp("2026-01-02T03:04:05Z"),
    ),
    "a time without a zone": (
        {"createdOn": "2026-01-02T03:04:05"},
        "created_on",
        "time",
        pd.Timestamp("2026-01-02T03:04:05Z"),
    ),
}


@pytest.mark.parametrize("case", KEPT)
def test_row_is_kept_and_reported(case, box, join, plain, leads):
    values, column, kind, expected = KEPT[case]
    bend(box, **values)
    crm = join(box)
    with pytest.warns(DriftWarning, match=rf"leads.*{column}.*in 1 row.*{ODD}") as warned:
        frame = crm.leads.list(refresh=True)
    assert len(warned) == 1
    assert warned[0].filename == __file__
    assert set(frame["id"]) == leads
    assert frame.dtypes.equals(plain.dtypes)
    assert frame.attrs["stcrm"]["complete"]
    assert frame.attrs["stcrm"]["drift"] == 1
    at = frame["id"] == ODD
    cell = frame.loc[at, column].iloc[0]
    assert pd.isna(cell) if expected is None else cell == expected
    assert frame[~at].equals(plain[~at])
    assert frame.drop(columns=column).equals(plain.drop(columns=column))
    table = crm.drift()
    assert table[["resource", "column", "kind", "count", "ids"]].values.tolist() == [
        ["leads", column, kind, 1, (str(ODD),)]
    ]


def test_missing_field(box, join, plain):
    bend(box, drop=["priority"])
    with pytest.warns(DriftWarning, match=rf"priority is null in 1 row \({ODD}\)"):
        frame = join(box).leads.list(refresh=True)
    assert frame["priority"].isna().sum() == 1
    assert frame.dtypes.equals(plain.dtypes)


def test_field_missing_everywhere(box, join, plain):
    box.inject(
        "leads.list", times=None, rows=lambda rows: [{k: v for k, v in r.items() if k != "status"} for r in rows]
    )
    with pytest.warns(DriftWarning, match="status is null in 300 rows"):
        frame = join(box).leads.list(refresh=True)
    assert frame["status"].isna().all()
    assert frame.dtypes.equals(plain.dtypes)
    assert frame.columns.equals(plain.columns)


@pytest.mark.parametrize("value", [7, 2**60, "gold", True, {"tier": 1, "of": [1, 2]}, [1, "a"], 1.5])
def test_new_field_is_an_additional_column(value, box, join, plain):
    bend(box, loyaltyTier=value)
    with pytest.warns(DriftWarning, match="loyalty_tier is new in 1 row"):
        frame = join(box).leads.list(refresh=True)
    cells = frame["loyalty_tier"]
    kept = {"tier": 1, "of": (1, 2)} if isinstance(value, dict) else tuple(value) if isinstance(value, list) else value
    assert cells[frame["id"] == ODD].iloc[0] == kept
    assert cells.isna().sum() == 299
    assert frame[plain.columns].equals(plain)
    assert frame.columns[-1] == "loyalty_tier"


UNREADABLE = {
    "text where a number belongs": ({"campaignId": "n/a"}, "campaign_id"),
    "an empty text where a number belongs": ({"campaignId": ""}, "campaign_id"),
    "5.5 for an id": ({"customerId": 5.5}, "customer_id"),
    "an id beyond 64 bits": ({"customerId": 2**63}, "customer_id"),
    "true for an id": ({"customerId": True}, "customer_id"),
    "a list for an id": ({"customerId": [5]}, "customer_id"),
    "a time that cannot be read": ({"createdOn": "last Tuesday"}, "created_on"),
    "a day that does not exist": ({"createdOn": "2026-02-30T00:00:00Z"}, "created_on"),
    "a time as a number": ({"createdOn": 1767225600}, "created_on"),
    "an object where text belongs": ({"summary": {"text": "x"}}, "summary"),
    "text where a list belongs": ({"tagTypeIds": "1,2"}, "tag_type_ids"),
    "a word within a list of ids": ({"tagTypeIds": [1, "two"]}, "tag_type_ids"),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_unreadable_value_raises_with_its_location(case, box, join):
    values, column = UNREADABLE[case]
    bend(box, **values)
    crm = join(box)
    with pytest.raises(UnreadableValue, match=rf"leads: {column} .*\(id {ODD}\)") as caught:
        crm.leads.list()
    error = caught.value
    assert (error.resource, error.column, error.id) == ("leads", column, ODD)
    assert all(str(value) not in str(error) for value in ("n/a", "last Tuesday", "1767225600"))
    box.clear_faults()
    assert len(crm.leads.list()) == 300  # what could not be read is not stored


def test_fractional_id_raises(box, join):
    bend(box, id=5.5)
    with pytest.raises(UnreadableValue, match="id is a number with a fraction"):
        join(box).leads.list()


def test_rows_without_an_id_are_kept(box, join, leads):
    def forget(rows):
        for row in rows:
            if row["id"] in (5_105, 5_106):
                row["id"] = None

    box.inject("leads.list", times=None, rows=forget)
    with pytest.warns(DriftWarning, match="id is null in 2 rows"):
        frame = join(box).leads.list()
    assert len(frame) == 300
    assert frame["id"].isna().sum() == 2
    assert frame.attrs["stcrm"]["complete"]


def test_drift_within_a_nested_object(box, join):
    def change(rows):
        for row in rows:
            if row["id"] == 150:
                row["address"] |= {"city": None, "county": "Kane"}
            if row["id"] == 151:
                row["address"] = None

    box.inject("customers.list", times=None, rows=change)
    crm = join(box)
    with pytest.warns(DriftWarning, match=r"address.* is null in 1 row .*; and 2 more"):
        frame = crm.customers.list()
    table = crm.drift().set_index("column")
    assert table["ids"].to_dict() == {"address": ("151",), "address_city": ("150",), "address_county": ("150",)}
    assert len(frame) == 120
    assert frame.loc[frame["id"] == 150, "address_county"].tolist() == ["Kane"]
    assert frame.loc[frame["id"] == 151, "address_street"].isna().all()
    assert frame["address_street"].notna().sum() == 119


def test_amount_with_too_many_digits_is_reported(box, join):
    def change(rows):
        for row in rows:
            if row["id"] == 150:
                row["balance"] = 1234567890123456.78

    box.inject("customers.list", times=None, rows=change)
    with pytest.warns(DriftWarning, match="balance has more than 15 digits in 1 row"):
        frame = join(box).customers.list()
    assert len(frame) == 120


def test_drift_of_a_feed_and_of_a_single_row(box, join):
    bend(box, "leads.export", status="Paused")
    crm = join(box)
    with pytest.warns(DriftWarning, match="Paused"):
        feed = crm.leads.export()
    assert len(feed.frame) == 300
    bend(box, "leads.get", status="Paused")
    with pytest.warns(DriftWarning, match="Paused"):
        assert crm.leads.get(ODD)["status"].tolist() == ["Paused"]
    assert crm.drift()["resource"].tolist() == ["exported_leads", "leads"]


def test_drift_is_reported_once_per_connection_and_resource(box, join):
    bend(box, status="Paused")
    crm = join(box)
    with pytest.warns(DriftWarning, match="Paused"):
        first = crm.leads.list()
    again = crm.leads.list(refresh=True)  # warnings are errors
    assert again.equals(first)
    assert again.attrs["stcrm"]["drift"] == 1
    other = join(box)
    with pytest.warns(DriftWarning, match="Paused"):
        other.leads.list(refresh=True)


def test_a_cached_read_reports_no_drift_but_counts_it(box, join):
    bend(box, status="Paused")
    with pytest.warns(DriftWarning, match="Paused"):
        first = join(box).leads.list()
    box.requests.clear()
    crm = join(box)
    again = crm.leads.list()  # warnings are errors
    assert not box.requests
    assert again.equals(first)
    assert again.attrs["stcrm"]["drift"] == 1
    assert crm.drift()["resource"].tolist() == ["leads"]
    with pytest.warns(DriftWarning, match="Paused"):
        crm.leads.list(refresh=True)
    with pytest.raises(DriftError, match="Paused"):
        join(box, strict=True).leads.list()


def test_strict_raises(box, join):
    bend(box, status="Paused")
    crm = join(box, strict=True)
    with pytest.raises(DriftError, match=r"Paused.*strict"):
        crm.leads.list()
    box.clear_faults()
    assert len(crm.leads.list(refresh=True)) == 300


def test_warnings_contain_no_customer_data(box, join):
    bend(box, leadCustomerName=5551234567, leadEmail=True)
    with pytest.warns(DriftWarning) as warned:
        join(box).leads.list()
    assert "5551234567" not in str(warned[0].message)


def test_other_pages_stay_on_the_fast_path(box, join):
    """Only the page with the odd value is read slowly."""
    bend(box, campaignId="77")
    crm = join(box)
    with pytest.warns(DriftWarning):
        crm.leads.list()
    pages = [frames.decode(LEADS, "page", answer.content) for answer in crm.cache.backend.responses.values()]
    assert len(pages) == 15
    assert sum(page.fallback for page in pages) == 1


def test_one_row_of_five_thousand(join, shop):
    with Sandbox(company=shop(leads=5_000), rate_limit=None) as box:
        crm = join(box, page_size=5_000)
        plain = crm.leads.list()
        bend(box, campaignId="77", status="Paused", createdOn=None, loyaltyTier=3)
        with pytest.warns(DriftWarning, match=r"leads .*: \w+ .* in 1 row \(5105\); and 3 more\. The rows were kept"):
            frame = crm.leads.list(refresh=True)
    odd = frame["id"] == ODD
    assert len(frame) == 5_000
    assert odd.sum() == 1
    assert frame.loc[~odd, plain.columns].equals(plain[~odd])
    assert frame[plain.columns].dtypes.equals(plain.dtypes)
    assert sorted(crm.drift()["kind"]) == ["new field", "null", "text number", "value"]
