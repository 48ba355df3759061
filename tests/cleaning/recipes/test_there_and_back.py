"""Recipes on a sandbox: the plan holds what the fix shows, and applied and undone, every row is as it was."""

from __future__ import annotations

import datetime as dt
import warnings

import pandas as pd
import pytest

import stcrm_pandas as stcrm
from stcrm_pandas.edits import plans
from stcrm_pandas.errors import StcrmWarning, UsageError
from stcrm_pandas.sandbox import Sandbox

from ...edits.apply.company import Company

AS_OF = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
CONTACTS = [
    ("Phone", "cell: (512) 555-0101"),
    ("MobilePhone", "001 512 555 0102 x12"),
    ("Fax", "512.555.0103"),
    ("Phone", "555-0104"),
    ("Email", " mailto:Ann@Example.COM"),
    ("Email", "ann@gmial.com"),
]
NAMES = ["PAT MCDONALD III", "abc plumbing llc", "Ann & Bob Smith", "DICK VAN DYKE"]
STREETS = [("12 NORTH MAIN STREET", "apt. 5"), ("9 Elm Street", "#7"), ("Main & 5th", ""), ("4 West End Ave", None)]
ZIPS = ["787016789", "78701", "7866", "78701 6789"]


def dirty(company):
    """A company whose first rows have values to repair."""
    for table, rows in company.tables():
        for row, number in zip(rows, range(60), strict=False):
            if table in ("customers", "locations") and number < 40:
                street, unit = STREETS[number % 4]
                city = "AUSTIN" if number == 1 else "Austin"
                address = {"street": street, "unit": unit, "city": city, "state": "tx", "zip": ZIPS[number % 4]}
                row["address"] = {**row["address"], **address}
                row["name"] = NAMES[number % 4]
            if table in ("customer_contacts", "location_contacts"):
                row["type"], row["value"] = CONTACTS[number % 6]
            if table == "bookings":
                row["source"] = ("Web Form", "Web Form", "web-form")[number % 3]
        yield table, rows


class Dirty(Company):
    def tables(self):
        return dirty(super())


@pytest.fixture(scope="module")
def crm(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recipes")
    folders = {"cache_dir": folder / "cache", "state_dir": folder / "state"}
    with (
        Sandbox(company=Dirty(), as_of=AS_OF, rate_limit=None) as box,
        stcrm.connect(sandbox=box, rate_limit=1000, progress=False, **folders) as connected,
    ):
        yield connected


def rows(crm, resource):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", StcrmWarning)
        if resource.endswith("_contacts"):
            contacts = getattr(crm, resource.removesuffix("_contacts") + "s").list_contacts(refresh=True)
            return contacts.sort_values("id", ignore_index=True)  # the service returns the latest change last
        every = {} if resource == "bookings" else {"active": None}
        return getattr(crm, resource).list(refresh=True, **every)


def recipes(crm, resource):
    cleaning = stcrm.cleaning
    if resource.endswith("contacts"):
        return cleaning.pipeline([cleaning.phones, cleaning.emails])
    if resource == "bookings":
        return cleaning.pipeline([cleaning.sources(crm.bookings.list(), confirmed={"web-form": "Web Form"})])
    return cleaning.pipeline([cleaning.names, cleaning.addresses, cleaning.zips, cleaning.cities])


@pytest.mark.parametrize("resource", ["customer_contacts", "location_contacts", "customers", "locations", "bookings"])
def test_applied_and_undone_equals_the_start(crm, resource):
    before = rows(crm, resource)
    fix = recipes(crm, resource)(before)
    assert len(fix.changes) >= 20
    options = {"keep_coordinates": True} if resource in ("customers", "locations") else {}
    plan = plans.changes(crm._port, resource, fix.before, fix.after, **options)
    assert plan.refused.empty, plan.refused
    assert not plan.changes[["consent", "opt_out"]].to_numpy().any()
    cells = fix.changes[["id", "column"]].drop_duplicates()
    assert sorted(zip(plan.changes["id"], plan.changes["column"], strict=True)) == sorted(
        zip(cells["id"], cells["column"], strict=True)
    )
    result = plan.apply()
    assert result.ok

    after = rows(crm, resource)
    again = recipes(crm, resource)(after) if resource != "bookings" else fix
    if resource != "bookings":
        assert again.changes.empty
        assert again.skipped["value"].tolist() == fix.skipped["value"].tolist()
    equal(after, fix.after)
    assert result.undo().apply().ok
    equal(rows(crm, resource), before)


def equal(actual, expected):
    """Equal but for what the service sets: times, and the digits that it derives from a number."""
    itself = ["modified_on", "phone_settings_phone_number"]
    actual, expected = (frame.drop(columns=itself, errors="ignore") for frame in (actual, expected))
    # A missing unit is sent as empty text: the plan says so.
    actual, expected = (
        frame.assign(address_unit=frame["address_unit"].fillna("")) if "address_unit" in frame else frame
        for frame in (actual, expected)
    )
    pd.testing.assert_frame_equal(actual, expected)


def test_plan_by_the_public_methods(crm):
    contacts, customers = rows(crm, "customer_contacts"), rows(crm, "customers")
    fix = stcrm.cleaning.phones(contacts)
    plan = crm.customers.plan_contact_changes(fix.before, fix.after, reason="phones")
    assert len(plan.changes) == len(fix.changes) == 20
    assert set(plan.changes["column"]) == {"value"}
    fix = stcrm.cleaning.addresses(customers)
    refused = crm.customers.plan_changes(fix.before, fix.after).refused
    assert refused["reason"].str.contains("coordinates").any(), "the reason names what to do"
    assert refused["instead"].str.contains("keep_coordinates=True").any()
    assert crm.customers.plan_changes(fix.before, fix.after, keep_coordinates=True).refused.empty


def test_pipeline_takes_only_recipes_for_the_rows(crm):
    cleaning = stcrm.cleaning
    pipe = cleaning.pipeline([cleaning.phones, cleaning.names])
    fix = pipe(rows(crm, "customers"))
    assert [part.recipe for part in fix.parts] == ["names"]
    assert set(fix.changes["recipe"]) == {"names"}
    with pytest.raises(UsageError, match="This pipeline has no recipe for bookings"):
        cleaning.pipeline([cleaning.phones])(rows(crm, "bookings"))
