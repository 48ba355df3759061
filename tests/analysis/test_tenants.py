"""The same id in two tenants means two things: names, call reasons and currencies are those of the tenant."""

from __future__ import annotations

import pandas as pd
import pytest

from stcrm_pandas.analysis import booking_sources, lead_conversion, opportunities
from stcrm_pandas.analysis.base.money import currencies_of, of_units
from stcrm_pandas.analysis.call_lists import contact_columns
from stcrm_pandas.errors import UsageError

from .conftest import Frames

AS_OF = "2026-03-01T00:00Z"
HOW = {"as_of": AS_OF, "time_zone": "America/Chicago"}
CAMPAIGNS = pd.DataFrame({"tenant": [1, 2], "id": 7, "name": ["Radio", "Mailing"], "category_id": [3, 4]})
CAMPAIGNS["category_name"] = ["Media", "Print"]
REASONS = pd.DataFrame({"tenant": [1, 2], "id": 9, "is_lead": [True, False]})
UNITS = pd.DataFrame({"tenant": [1, 2], "id": 5, "currency": ["USD", "CAD"]})


@pytest.fixture
def of_two(leads: Frames) -> pd.DataFrame:
    row = {"created_on": "2026-01-05T12:00Z", "status": "Converted", "campaign_id": 7, "business_unit_id": 5}
    frame = leads(row, {**row, "id": 1, "call_reason_id": 9}, {**row, "id": 2})
    return frame.assign(tenant=pd.array([1, 2, 2], dtype="Int64"))


def test_names_and_call_reasons_of_leads_are_those_of_the_tenant(of_two: pd.DataFrame) -> None:
    found = lead_conversion(
        of_two, call_reasons=REASONS, by=("tenant", "campaign"), names={"campaign": CAMPAIGNS}, **HOW
    )
    assert found.left_out["not a lead"] == 1
    assert set(found.table["name"]) == {"1 · Radio", "2 · Mailing"}
    for by in (("tenant", "category"), ("category", "tenant")):
        table = lead_conversion(of_two, by=by, names={"campaign": CAMPAIGNS}, **HOW).table
        assert dict(zip(table["category"], table["leads"], strict=True)) == {"Media": 1, "Print": 2}


def test_names_and_call_reasons_of_opportunities_are_those_of_the_tenant(of_two: pd.DataFrame, jobs: Frames) -> None:
    job = {"created_on": "2026-01-06T12:00Z", "job_status": "Completed", "total": 100.0, "lead_call_id": 1}
    made = jobs({**job, "campaign_id": 7, "business_unit_id": 5}).loc[[0, 0]].assign(tenant=[1, 2])
    small = {"campaigns": CAMPAIGNS, "call_reasons": REASONS, "business_units": UNITS}
    found = opportunities(of_two, None, made, **small, by=("tenant", "category"), **HOW)
    assert dict(zip(found.table["category_name"], found.table["leads"], strict=True)) == {"Media": 1, "Print": 1}
    assert (found.left_out["not a lead"], found.attribution.unknown) == (1, 0)


def test_ids_of_several_tenants_are_never_mixed(of_two: pd.DataFrame, bookings: Frames) -> None:
    booking = {"created_on": "2026-01-06T12:00Z", "status": "New", "source": "Web Form", "booking_provider_id": 4}
    made = bookings({**booking, "id": 1}, {**booking, "id": 2}).assign(tenant=pd.array([1, 2], dtype="Int64"))
    for analyze, rows, one in (
        (lead_conversion, of_two, "campaign"),
        (lead_conversion, of_two, "tag"),
        (booking_sources, made, "provider"),
    ):
        with pytest.raises(
            UsageError, match=rf"the same id can occur in several tenants: use by=\('tenant', '{one}'\)"
        ):
            analyze(rows, by=one, **HOW)
    assert booking_sources(made, by="source", **HOW).table["bookings"].tolist() == [2]


def test_call_reasons_by_tenant_need_leads_by_tenant(leads: Frames) -> None:
    with pytest.raises(UsageError, match="the ids for call_reason_id are by tenant, but the DataFrame has no column"):
        lead_conversion(leads({"created_on": "2026-01-05T12:00Z", "status": "Open"}), call_reasons=REASONS, **HOW)


def test_currencies_are_those_of_the_business_unit_of_the_tenant() -> None:
    units, tenants = pd.Series([5, 5, None], dtype="Int64"), pd.Series([1, 2, 1], dtype="Int64")
    assert of_units(units, currencies_of(UNITS), tenants).tolist() == ["USD", "CAD", "(unknown)"]
    assert of_units(units, currencies_of(UNITS.drop(columns="tenant").head(1)), tenants).tolist()[:2] == ["USD", "USD"]


def test_contacts_are_those_of_the_customer_of_the_tenant() -> None:
    rows = pd.DataFrame({"tenant": [2, 1], "customer_id": 8}, index=[10, 11]).astype("Int64")
    contacts = pd.DataFrame({"tenant": [1, 2], "customer_id": 8, "type": "MobilePhone"})
    contacts["value"] = ["512-555-0101", "512-555-0102"]
    marked = pd.DataFrame({"tenant": [1], "id": [8], "do_not_service": [True]})
    found = contact_columns(rows, contacts, owners=("customer_id",), customers=marked)
    assert found["Phone"].to_dict() == {10: "(512) 555-0102", 11: "Do not call"}
