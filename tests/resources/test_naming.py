"""Names for ids: the same rows, with names where an id has a row, and nothing read that the ids do not need."""

from __future__ import annotations

import dataclasses
import datetime as dt
import sqlite3
from collections.abc import Iterator
from typing import Any

import duckdb
import openpyxl
import pandas as pd
import pytest

import stcrm_pandas as stcrm
from stcrm_pandas.contract.operations import OPERATIONS
from stcrm_pandas.contract.schemas.list_dtype import ListDtype
from stcrm_pandas.errors import MissingNamesWarning, MissingParentsWarning, UsageError
from stcrm_pandas.reads.naming import LOOKUPS, MOST_BOOKINGS
from stcrm_pandas.sandbox import Sandbox

from .company import Rows, made
from .conftest import AS_OF

NAMES = {
    "customer": "str",
    "phone": "str",
    "do_not_call": "boolean",
    "do_not_text": "boolean",
    "email": "str",
    "location": "str",
    "campaign": "str",
    "campaign_category": "str",
    "business_unit": "str",
    "job_type": "str",
    "call_reason": "str",
    "tags": "object_",
    "created_by": "str",
    "dismissing_reason": "str",
    "follow_up_date_local": "datetime64[us, America/Chicago]",
    "created_on_local": "datetime64[us, America/Chicago]",
    "modified_on_local": "datetime64[us, America/Chicago]",
}
IDS = {
    "customerId": 1,
    "locationId": 11,
    "campaignId": 61,
    "businessUnitId": 99,
    "jobTypeId": 97,
    "callReasonId": 95,
    "tagTypeIds": [72, 71],
    "createdById": 5,
    "dismissingReasonId": 620,
    "createdOn": "2026-01-02T03:04:05Z",
    "followUpDate": "0001-01-01T00:00:00Z",
    "leadCustomerName": None,
    "leadPhone": None,
    "leadEmail": None,
}
JOB_IDS = ("customerId", "locationId", "campaignId", "businessUnitId", "jobTypeId", "tagTypeIds", "createdById")
NOTHING = dict.fromkeys(IDS) | {"campaignId": 7_777, "createdById": 7_777, "createdOn": IDS["createdOn"]}
UNKNOWN = IDS | {name: 7_777 for name in IDS if name.endswith("Id")}


@dataclasses.dataclass(frozen=True)
class Company:
    """Five leads; `more` customers, each with a lead."""

    more: int = 0
    name: str = "Named"
    time_zone: str = "America/Chicago"
    truth: dict[str, Any] = dataclasses.field(default_factory=dict)

    def tables(self) -> Iterator[tuple[str, Rows]]:
        yield (
            "customers",
            [
                *made(
                    "customers.list",
                    [1],
                    name="Ann Lee",
                    doNotService=False,
                    mergedToId=None,
                    createdById=6,
                    tagTypeIds=[71],
                ),
                *made("customers.list", [2], name="Bo Merged", active=False, mergedToId=1),
                *made("customers.list", range(1_000, 1_000 + self.more), name="Many"),
            ],
        )
        yield (
            "customer_contacts",
            [
                contact(1, 1, "Phone", "512-555-0101"),
                contact(1, 2, "MobilePhone", "512-555-0103", called=False),
                contact(1, 5, "MobilePhone", "(512) 555-0102"),
                contact(1, 3, "Email", "Ann@Example.com"),
                contact(2, 4, "MobilePhone", "512-555-0104", silent=True),
            ],
        )
        yield "locations", made("locations.list", [11], name="Lake House", active=False, customerId=1)
        leads = [IDS, IDS | {"customerId": 2}, NOTHING, UNKNOWN | {"tagTypeIds": [71, 7_777]}]
        leads.append(IDS | {"leadCustomerName": "Ray", "leadPhone": "512.555.0104 (Ray)", "leadEmail": "r@example.com"})
        yield (
            "leads",
            [row for id, lead in enumerate(leads, 21) for row in made("leads.list", [id], active=True, **lead)],
        )
        yield (
            "bookings",
            [
                *made("bookings.list", [31, 32], campaignId=61, businessUnitId=99, jobTypeId=97, bookingProviderId=41),
                *made("bookings.list", range(2_000, 2_000 + self.more), bookingProviderId=41),
            ],
        )
        yield (
            "booking_contacts",
            [
                *made(
                    "bookings.list_contacts", [51], bookingProviderId=41, bookingId=31, type="Phone", value="5125550108"
                )
            ],
        )
        yield "jobs", made("lookups.jobs.list", [81], **{name: IDS[name] for name in JOB_IDS})
        yield (
            "campaigns",
            made(
                "lookups.campaigns.list",
                [61],
                name="Radio",
                active=False,
                category={"id": 3, "name": "Air", "active": True},
            ),
        )
        for table, id, name in (
            ("business_units", 99, "Plumbing"),
            ("job_types", 97, "Leak"),
            ("call_reasons", 95, "New job"),
        ):
            yield table, made(f"lookups.{table}.list", [id], name=name, active=False)
        yield (
            "tag_types",
            [
                *made("lookups.tag_types.list", [71], name="VIP"),
                *made("lookups.tag_types.list", [72], name="Old", active=False),
            ],
        )
        yield "employees", made("lookups.employees.list", [82], userId=5, name="Sue Office")
        yield (
            "technicians",
            [
                *made("lookups.technicians.list", [83], userId=6, name="Tom Truck"),
                *made("lookups.technicians.list", [5], userId=5, name="Sue again"),
            ],
        )


def contact(
    customer: int, id: int, type: str, value: str, *, silent: bool = False, called: bool = True
) -> dict[str, Any]:
    (row,) = made("customers.list_contacts", [id], type=type, value=value, customerId=customer)
    row["phoneSettings"] = {"phoneNumber": value, "doNotText": silent}
    row["preferences"] |= {"marketingUpdatesEnabled": called, "jobRemindersEnabled": called}
    return row | {"active": True}


@pytest.fixture(scope="module")
def few() -> Iterator[Sandbox]:
    with Sandbox(company=Company(), as_of=AS_OF, rate_limit=None, feed_delay=0) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def large() -> Iterator[Sandbox]:
    with Sandbox(company=Company(more=600), as_of=AS_OF, rate_limit=None, feed_delay=0) as sandbox:
        yield sandbox


@pytest.fixture
def many(large):
    large.requests.clear()
    return large


@pytest.fixture
def crm(few, join):
    few.clear_faults()
    few.requests.clear()
    return join(few, dismissing_reasons={620: "Price"})


@pytest.fixture
def leads(crm):
    return crm.leads.list()


def requested(box: Sandbox, method: str) -> list[dict[str, str]]:
    operation = next(one.id for one in OPERATIONS.values() if one.name == method)
    return [dict(one.query) for one in box.requests if one.operation == operation]


def test_names_follow_from_the_ids(crm, leads):
    found = crm.named(leads)
    ann = ("Ann Lee", "+15125550102", False, False, "ann@example.com")
    names = ("Lake House", "Radio", "Air", "Plumbing", "Leak", "New job", ("Old", "VIP"), "Sue Office", "Price")
    assert [
        tuple(one if isinstance(one, tuple) or not pd.isna(one) else None for one in row)
        for row in found[list(NAMES)[:14]].to_numpy()
    ] == [
        (*ann, *names),
        ("Bo Merged", "+15125550104", True, True, None, *names),
        (None,) * 14,
        (*(None,) * 11, ("VIP", None), None, None),
        ("Ray", "+15125550104", True, True, "r@example.com", *names),
    ]
    assert str(found["created_on_local"][0]) == "2026-01-01 21:04:05-06:00"
    assert found["follow_up_date_local"].isna().all()
    assert "2026" in repr(found)
    assert {name: str(dtype) for name, dtype in found.dtypes[len(leads.columns) :].items()} == NAMES
    assert found["tags"].dtype == ListDtype(found["tags"].dtype.field)


def changed(leads: pd.DataFrame) -> dict[str, pd.DataFrame]:
    plain = pd.DataFrame(leads.to_dict("series"))
    return {
        "in another order, twice": pd.concat([leads.iloc[::-1], leads]),
        "a selection": leads.loc[leads["customer_id"] == 1, ["campaign_id", "created_on", "id"]],
        "another index": leads.set_index("status"),
        "without attrs": plain,
        "a merge": leads.merge(plain[["id", "summary"]].assign(summary="y"), on="id", suffixes=("", "_of_mine")),
        "ids as decimals": leads.astype({"campaign_id": "float64", "customer_id": "float64"}),
        "ids as text": leads.astype({"campaign_id": "str", "customer_id": object}),
        "exploded": leads.explode("tag_type_ids"),
    }


def test_rows_order_index_and_columns_stay(crm, leads):
    named = crm.named(leads).set_index("id")
    for how, frame in changed(leads).items():
        found = crm.named(frame)
        pd.testing.assert_frame_equal(found[frame.columns], frame)
        assert found.attrs == frame.attrs, how
        names = [name for name in NAMES if name in found and name != "tags"]
        expected = named.loc[frame["id"], names].reset_index(drop=True)
        pd.testing.assert_frame_equal(found[names].reset_index(drop=True), expected, obj=how)


def test_times_can_have_any_name(crm):
    times = pd.DataFrame({0: pd.to_datetime(["2026-07-01T12:00Z"])})
    assert crm.named(times)["0_local"].dt.hour.tolist() == [7]


def test_ids_of_an_exploded_list_have_one_name_each(crm, leads):
    found = crm.named(leads.head(2).explode("tag_type_ids"))
    assert found["tags"].tolist() == [("Old",), ("VIP",)] * 2


def test_an_empty_frame_has_the_same_dtypes_and_needs_no_request(few, crm, leads):
    found = crm.named(leads)
    few.requests.clear()
    for frame in (leads.iloc[:0], leads.assign(**{name: None for name in leads if name.endswith(("_id", "ids"))})):
        nobody = crm.named(frame)
        assert nobody.dtypes[list(NAMES)].equals(found.dtypes[list(NAMES)])
    assert not few.requests


@pytest.mark.parametrize("method", ["leads", "bookings", "customers", "locations", "lookups.jobs"])
def test_names_of_a_list_are_those_of_named(method, crm, call):
    frame = call(crm, f"{method}.list", names=True)
    plain = call(crm, f"{method}.list")
    pd.testing.assert_frame_equal(frame, crm.named(plain))
    assert frame.attrs["stcrm"]["filters"] == plain.attrs["stcrm"]["filters"] == {}
    assert len(frame.columns) > len(plain.columns)


def test_customers_and_bookings_have_contacts_by_their_own_id(few, crm):
    customers = crm.named(crm.customers.list())
    assert customers["phone"].tolist() == ["+15125550102", "+15125550104"]
    assert customers["created_by"].tolist() == ["Tom Truck", "Sue Office"]
    assert "customer" not in customers
    bookings = crm.bookings.list(names=True)
    assert bookings["phone"].fillna("").tolist() == ["+15125550108", ""]
    few.inject("bookings.list_contacts", status=404)
    gone = crm.named(crm.bookings.list().tail(1), refresh=True)
    assert gone["phone"].isna().all()
    few.inject("bookings.list_contacts", status=404, times=2)
    with pytest.warns(MissingNamesWarning, match=r"phone, email \(bookings.list_contacts"):
        crm.named(crm.bookings.list(), refresh=True)
    few.inject("bookings.list_contacts", status=404)
    with pytest.warns(MissingParentsWarning):
        some = crm.named(crm.bookings.list(), refresh=True)
    assert some["campaign"].tolist() == ["Radio", "Radio"]


def test_few_rows_are_read_by_id_and_many_as_a_list(many, join):
    crm = join(many)
    some = pd.DataFrame({"customer_id": range(1_000, 1_120)})
    crm.named(some)
    assert sorted(len(one["ids"].split(",")) for one in requested(many, "customers.list")) == [20, 50, 50]
    assert [one["active"] for one in requested(many, "customers.list")] == ["Any"] * 3
    assert len(requested(many, "customers.list_contacts")) == 3

    many.requests.clear()
    lots = pd.DataFrame({"customer_id": range(1_000, 1_600)})
    found = crm.named(lots)
    asked = requested(many, "customers.list")
    assert [(one["pageSize"], one.get("ids")) for one in asked] == [("1", None), ("5000", None)]
    assert found["customer"].eq("Many").all()

    many.requests.clear()
    again = crm.named(lots)
    crm.named(some.iloc[::-1])  # from the complete list
    assert not many.requests
    pd.testing.assert_frame_equal(again, found)


def test_a_long_list_is_not_read_for_some_of_its_rows(many, join):
    crm = join(many, page_size=20)  # the complete list takes 31 requests, 600 ids take 12
    crm.named(pd.DataFrame({"customer_id": range(1_000, 1_600)}))
    assert ["ids" in one for one in requested(many, "customers.list")][:3] == [False, True, True]
    assert sum("ids" not in one for one in requested(many, "customers.list")) == 1


def test_refresh_reads_again(few, crm, leads):
    crm.named(leads)
    few.requests.clear()
    crm.named(leads, refresh=True)
    assert len(requested(few, "lookups.campaigns.list")) == 1
    few.requests.clear()
    crm.named(leads, max_age=0)
    assert len(requested(few, "lookups.campaigns.list")) == 1


def test_what_is_requested_is_printed_before(few, join, capsys):
    crm = join(few, progress=True)
    leads = crm.leads.list()
    capsys.readouterr()
    printed = []
    few.clear_faults()
    few.inject("customers.list", before=lambda: printed.append(capsys.readouterr().err))
    crm.named(leads)
    assert printed[0].startswith(
        "Reading names: customers (1 request), contacts of customers (1 request), locations (1 request), campaigns, "
        "business units, job types, call reasons, tag types, employees and technicians.\n"
    )
    capsys.readouterr()
    crm.named(leads)
    assert capsys.readouterr().err == ""


def test_without_a_scope_the_rest_is_named(few, crm, leads):
    few.inject("lookups.campaigns.list", status=403, times=None)
    few.inject("customers.list_contacts", status=403, times=None)
    few.inject("lookups.employees.list", status=403, times=None)
    with pytest.warns(MissingNamesWarning) as warned:
        found = crm.named(leads)
    (message,) = [str(one.message) for one in warned]
    assert message == (
        "Some names are missing: "
        "phone, do_not_call, do_not_text, email (customers.list_contacts needs tn.crm.customers:r); "
        "campaign, campaign_category (lookups.campaigns.list needs tn.mrk.campaigns:r); "
        "created_by (lookups.employees.list needs tn.stt.employees:r)."
    )
    assert warned[0].filename == __file__
    assert found["customer"].tolist()[:2] == ["Ann Lee", "Bo Merged"]
    assert found["phone"].tolist()[4] == "+15125550104"  # of the lead itself
    assert found[["do_not_call", "do_not_text", "campaign", "campaign_category"]].isna().all(axis=None)
    assert found["created_by"].tolist()[0] == "Sue again"
    assert {name: str(dtype) for name, dtype in found.dtypes[len(leads.columns) :].items()} == NAMES


def test_offline_names_come_from_the_cache(few, crm, join, leads):
    found = crm.named(leads)
    crm.lookups.campaigns.list()
    crm.cache.clear("lookups.tag_types")
    offline = join(few, offline=True, dismissing_reasons={620: "Price"})
    with pytest.warns(MissingNamesWarning, match=r"tags \(lookups.tag_types.list is not in the cache, and"):
        again = offline.named(leads)
    pd.testing.assert_frame_equal(again.drop(columns="tags"), found.drop(columns="tags"))


def test_too_many_bookings_have_no_contacts(many, join):
    crm = join(many)
    bookings = crm.bookings.list()
    many.requests.clear()
    with pytest.warns(MissingNamesWarning, match=f"select at most {MOST_BOOKINGS} bookings, not 602"):
        found = crm.named(bookings)
    assert found[["phone", "email"]].isna().all(axis=None)
    assert not requested(many, "bookings.list_contacts")
    assert found["campaign"].notna().sum() == 2


def test_without_a_time_zone_there_are_no_local_times(few, join):
    crm = join(few, time_zone=None, by_address=True)
    with pytest.warns(MissingNamesWarning, match="STCRM_TIME_ZONE"):
        found = crm.leads.list(names=True)
    assert not [name for name in found if name.endswith("_local")]


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pd.DataFrame({"campaign_id": [61], "campaign": ["mine"]}), r"already has campaign\. .*columns=\['campaign'\]"),
        (pd.DataFrame({"id": [1], "name": ["x"]}), r"none of the columns customer_id.*rename\(columns="),
        (pd.DataFrame({"campaign_id": ["x"]}), "campaign_id has values that are not whole numbers"),
        (pd.DataFrame({"campaign_id": [1.5]}), "campaign_id has values that are not whole numbers"),
        (pd.DataFrame([[1, 2]], columns=["campaign_id", "campaign_id"]), "columns of the same name"),
        (pd.DataFrame([[1]], columns=[["campaign_id"], ["x"]]), "of several levels"),
        (pd.DataFrame({"tag_type_ids": ["71, 72"]}), "tag_type_ids has values that are not whole numbers"),
        ([61], "takes a DataFrame, not list"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_what_cannot_be_named_is_an_error(frame, message, few, crm):
    with pytest.raises(UsageError, match=message):
        crm.named(frame)
    assert not few.requests


def test_no_name_replaces_a_column_of_the_api():
    for operation in OPERATIONS.values():
        if operation.row is not None:
            frame = pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in operation.row.dtypes.items()})
            added = {name for one in LOOKUPS if one.ids_of(frame) is not None for name in one.columns}
            assert not added & set(frame), operation.name


def test_columns_do_not_depend_on_the_rows_of_the_demo_company(crm, leads):
    names = crm.named(leads).columns
    assert crm.named(leads.iloc[[2]]).columns.equals(names)
    assert stcrm.schemas.Leads.validate(crm.named(leads)).equals(crm.named(leads))


def test_a_named_frame_is_written_and_read_back(crm, leads, tmp_path):
    named = crm.named(leads)
    named.to_parquet(tmp_path / "named.parquet")
    named.to_feather(tmp_path / "named.feather")
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "named.parquet"), named)
    pd.testing.assert_frame_equal(pd.read_feather(tmp_path / "named.feather"), named)
    database = sqlite3.connect(":memory:")
    stcrm.to_sql(named, "named", database)
    assert database.execute("SELECT customer, tags FROM named").fetchone() == ("Ann Lee", '["Old","VIP"]')
    book = openpyxl.load_workbook(
        stcrm.to_excel(named[["customer", "tags", "created_on_local"]], tmp_path / "named.xlsx")
    )
    assert [one.value for one in book["Data"][2]] == ["Ann Lee", "Old, VIP", dt.datetime(2026, 1, 1, 21, 4, 5)]
    rows = duckdb.sql("SELECT customer, tags FROM named").fetchall()
    assert rows[0] == ("Ann Lee", ["Old", "VIP"])


def test_added_columns_are_not_sent(crm):
    before = crm.customers.list(names=True)
    after = before.copy()
    after.loc[0, "name"], after.loc[1, "phone"] = "Ann Leigh", "+15125550199"
    plan = crm.customers.plan_changes(before, after)
    assert plan.changes["column"].tolist() == ["name"]
    assert plan.refused["column"].tolist() == ["phone"]
