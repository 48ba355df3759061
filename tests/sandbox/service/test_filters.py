"""Every filter of the lists, compared with plain Python over the same rows."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from stcrm_pandas.contract.operations import OPERATIONS
from stcrm_pandas.sandbox.service.filters import FILTERS

Row = dict[str, Any]
Keep = Callable[[Row, dict[str, list[Row]]], bool]

TABLES = {
    "leads": "leads",
    "bookings": "bookings",
    "customers": "customers",
    "customers/contacts": "customer_contacts",
    "locations": "locations",
    "locations/contacts": "location_contacts",
    "marketing:campaigns": "campaigns",
    "marketing:categories": "campaign_categories",
    "settings:business-units": "business_units",
    "settings:tag-types": "tag_types",
    "settings:employees": "employees",
    "settings:technicians": "technicians",
    "jpm:job-types": "job_types",
    "jpm:jobs": "jobs",
    "jbce:call-reasons": "call_reasons",
}
SHOWS_DELETED = {"customers", "locations", *(path for path in TABLES if ":" in path)}
HIDES = SHOWS_DELETED - {"marketing:categories", "jpm:jobs"}


def digits(text: str | None) -> str:
    return re.sub(r"\D", "", text or "")[-10:]


def customer_of(row: Row, tables: dict[str, list[Row]]) -> Row | None:
    return next((customer for customer in tables["customers"] if customer["id"] == row["customerId"]), None)


def at(row: Row, path: str) -> Any:
    for name in path.split("."):
        row = row[name]
    return row


def same(path: str, value: Any) -> Keep:
    return lambda row, _: at(row, path) == value


def lower(path: str, value: str) -> Keep:
    return lambda row, _: (at(row, path) or "").lower() == value


def part(path: str, value: str) -> Keep:
    return lambda row, _: value in (at(row, path) or "").lower()


def of_customer(keep: Callable[[Row], bool]) -> Keep:
    def check(row: Row, tables: dict[str, list[Row]]) -> bool:
        customer = customer_of(row, tables)
        return customer is not None and keep(customer)

    return check


def day_of(row: Row, name: str, since: str = "", before: str = "~") -> bool:
    return row[name] is not None and since <= row[name] < before


def appointment(row: Row) -> str:
    if row["completedOn"]:
        return str(row["completedOn"])
    import datetime as dt

    return f"{dt.datetime.fromisoformat(row['createdOn']) + dt.timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"


def has_job(row: Row, tables: dict[str, list[Row]]) -> bool:
    return row["customerId"] in {job["customerId"] for job in tables["jobs"]}


def external(*values: str) -> Keep:
    return lambda row, _: any(entry["key"] == "erp" and entry["value"] in values for entry in row["externalData"])


APPLICATION = "6f1d3c52-a0b8-4e7d-9c15-e2f480ab37d6"

CASES: list[tuple[str, dict[str, str], Keep]] = [
    ("leads", {"ids": "5001, 5002,5999,5003"}, lambda row, _: row["id"] in {5001, 5002, 5003}),
    ("leads", {"customerId": "7"}, same("customerId", 7)),
    ("leads", {"isProspect": "true"}, lambda row, t: not has_job(row, t)),
    ("leads", {"isProspect": "False"}, has_job),
    ("leads", {"withoutCustomer": "true"}, lambda row, _: row["customerId"] is None or row["locationId"] is None),
    ("leads", {"withoutCustomer": "false"}, lambda row, _: None not in (row["customerId"], row["locationId"])),
    ("leads", {"status": "converted"}, same("status", "Converted")),
    ("leads", {"customerCity": "aurora"}, of_customer(lambda customer: customer["address"]["city"] == "Aurora")),
    ("leads", {"customerState": "il"}, of_customer(lambda customer: customer["address"]["state"] == "IL")),
    ("leads", {"customerZip": "60501"}, of_customer(lambda customer: customer["address"]["zip"] == "60501")),
    (
        "leads",
        {"customerCreatedOnOrAfter": "2026-01-20"},
        of_customer(lambda customer: customer["createdOn"] >= "2026-01-20"),
    ),
    (
        "leads",
        {"customerCreatedBefore": "2026-01-20"},
        of_customer(lambda customer: customer["createdOn"] < "2026-01-20"),
    ),
    (
        "leads",
        {"customerModifiedOnOrAfter": "2026-02-12"},
        of_customer(lambda customer: customer["modifiedOn"] >= "2026-02-12"),
    ),
    ("leads", {"leadCustomerName": "MÜLLER 12".replace("Ü", "ü")}, part("leadCustomerName", "müller 12")),
    ("leads", {"leadPhone": "1 312 555 0142"}, lambda row, _: digits(row["leadPhone"]) == "3125550142"),
    ("leads", {"isCaptureSourceForm": "true"}, lambda row, _: row["captureSource"] == "LeadForm"),
    ("leads", {"isCaptureSourceForm": "false"}, lambda row, _: row["captureSource"] != "LeadForm"),
    ("leads", {"status": "Open", "customerId": "7"}, lambda row, _: row["status"] == "Open" and row["customerId"] == 7),
    ("bookings", {"externalId": "X-3"}, same("externalId", "X-3")),
    ("customers", {"name": "ada stone"}, part("name", "ada stone")),
    ("customers", {"street": "2 OAK"}, part("address.street", "2 oak")),
    ("customers", {"unit": "a4"}, lower("address.unit", "a4")),
    ("customers", {"city": "JOLIET"}, lower("address.city", "joliet")),
    ("customers", {"state": "il"}, lower("address.state", "il")),
    ("customers", {"zip": "60501"}, same("address.zip", "60501")),
    ("customers", {"zip": "60501-1234"}, same("address.zip", "60501-1234")),
    ("customers", {"latitude": "41.757"}, same("address.latitude", 41.75 + 7 / 1000)),
    ("customers", {"longitude": "-88.25"}, same("address.longitude", -88.25)),
    (
        "customers",
        {"phone": "(312) 555-0110"},
        lambda row, t: any(
            digits(contact["value"]) == "3125550110" and contact["customerId"] == row["id"] and contact["active"]
            for contact in t["customer_contacts"]
        ),
    ),
    ("customers", {"active": "false"}, same("active", False)),
    ("customers", {"active": "Any", "ids": "8,9"}, lambda row, _: row["id"] in {8, 9}),
    ("customers", {"externalDataKey": "erp", "externalDataValues": "E1,E3"}, external("E1", "E3")),
    ("customers", {"externalDataApplicationGuid": APPLICATION}, lambda row, _: row["externalData"] != []),
    ("locations", {"name": "house 1"}, part("name", "house 1")),
    ("locations", {"customerId": "12"}, same("customerId", 12)),
    ("locations", {"city": "aurora", "active": "any"}, lower("address.city", "aurora")),
    ("locations", {"externalDataKey": "erp", "externalDataValues": "E1"}, external("E1")),
    ("customers/contacts", {"customerIds": "3,4,999"}, lambda row, _: row["customerId"] in {3, 4}),
    ("locations/contacts", {"locationIds": "303"}, same("locationId", 303)),
    ("marketing:campaigns", {"name": "thing a"}, same("name", "Thing A")),
    ("settings:business-units", {"name": "THING B"}, same("name", "Thing B")),
    ("settings:employees", {"userIds": "550,551"}, lambda row, _: row["userId"] in {550, 551}),
    ("settings:employees", {"email": "w1@example.com"}, same("email", "w1@example.com")),
    ("settings:employees", {"name": "worker b"}, same("name", "Worker B")),
    ("settings:technicians", {"userIds": "650"}, same("userId", 650)),
    ("jpm:job-types", {"minDuration": "1200"}, lambda row, _: row["duration"] >= 1200),
    ("jpm:job-types", {"maxDuration": "1200"}, lambda row, _: row["duration"] <= 1200),
    ("jpm:job-types", {"priority": "high"}, same("priority", "High")),
    ("jpm:jobs", {"number": "9004"}, same("jobNumber", "9004")),
    ("jpm:jobs", {"projectId": "2"}, same("projectId", 2)),
    ("jpm:jobs", {"bookingId": "8006"}, same("bookingId", 8006)),
    ("jpm:jobs", {"jobStatus": "Canceled"}, same("jobStatus", "Canceled")),
    ("jpm:jobs", {"appointmentStatus": "Done"}, same("jobStatus", "Completed")),
    ("jpm:jobs", {"appointmentStatus": "Working"}, same("jobStatus", "InProgress")),
    ("jpm:jobs", {"priority": "HIGH"}, same("priority", "High")),
    ("jpm:jobs", {"firstAppointmentStartsOnOrAfter": "2026-02-01"}, lambda row, _: appointment(row) >= "2026-02-01"),
    ("jpm:jobs", {"firstAppointmentStartsBefore": "2026-02-01"}, lambda row, _: appointment(row) < "2026-02-01"),
    ("jpm:jobs", {"appointmentStartsOnOrAfter": "2026-02-01"}, lambda row, _: appointment(row) >= "2026-02-01"),
    ("jpm:jobs", {"appointmentStartsBefore": "2026-02-01"}, lambda row, _: appointment(row) < "2026-02-01"),
    ("jpm:jobs", {"technicianId": "600"}, same("soldById", 600)),
    ("jpm:jobs", {"customerId": "5"}, same("customerId", 5)),
    ("jpm:jobs", {"locationId": "303"}, same("locationId", 303)),
    ("jpm:jobs", {"soldById": "601"}, same("soldById", 601)),
    ("jpm:jobs", {"jobTypeId": "31"}, same("jobTypeId", 31)),
    ("jpm:jobs", {"campaignId": "71"}, same("campaignId", 71)),
    ("jpm:jobs", {"businessUnitId": "20"}, same("businessUnitId", 20)),
    ("jpm:jobs", {"invoiceId": "4010"}, same("invoiceId", 4010)),
    ("jpm:jobs", {"createdFromEstimateId": "2007"}, same("createdFromEstimateId", 2007)),
    ("jpm:jobs", {"estimateIds": "2003,2006"}, lambda row, _: bool({2003, 2006} & {*row["estimateIds"]})),
    ("jpm:jobs", {"completedOnOrAfter": "2026-02-01"}, lambda row, _: day_of(row, "completedOn", "2026-02-01")),
    ("jpm:jobs", {"completedBefore": "2026-02-01"}, lambda row, _: day_of(row, "completedOn", before="2026-02-01")),
    ("jpm:jobs", {"tagTypeIds": "1,2"}, lambda row, _: bool({1, 2} & {*row["tagTypeIds"]})),
    ("jpm:jobs", {"equipmentIds": "2"}, same("equipmentIds", [2])),
    ("jpm:jobs", {"hasUnusedAppointments": "true"}, same("jobStatus", "Canceled")),
    ("jpm:jobs", {"externalDataKey": "erp", "externalDataValues": "E1"}, external("E1")),
]
DATED = {
    "createdOnOrAfter": lambda row, moment: row["createdOn"].rstrip("Z") >= moment.rstrip("Z"),
    "createdBefore": lambda row, moment: row["createdOn"].rstrip("Z") < moment.rstrip("Z"),
    "modifiedOnOrAfter": lambda row, moment: row["modifiedOn"].rstrip("Z") >= moment.rstrip("Z"),
    "modifiedBefore": lambda row, moment: row["modifiedOn"].rstrip("Z") < moment.rstrip("Z"),
}


def listed(path: str, query: dict[str, str], tables: dict[str, list[Row]]) -> list[Row]:
    """Return the rows that the list can show without the filter."""
    rows = tables[TABLES[path]]
    if path not in SHOWS_DELETED or (path in HIDES and "active" not in query):
        return [row for row in rows if row["active"]]
    return rows


def names(rows: list[Row]) -> list[tuple[Any, ...]]:
    return sorted(((row.get("customerId"), row.get("locationId"), row["id"]) for row in rows), key=str)


@pytest.mark.parametrize(("path", "query", "keep"), CASES, ids=[f"{c[0]}-{'&'.join(c[1])}" for c in CASES])
def test_filter(path: str, query: dict[str, str], keep: Keep, caller: Any, tables: dict[str, list[Row]]) -> None:
    possible = listed(path, query, tables)
    expected = [row for row in possible if keep(row, tables)]
    assert 0 < len(expected) < len(tables[TABLES[path]]), "the case proves nothing"
    assert names(caller.rows(path, **query)) == names(expected)


@pytest.mark.parametrize("path", TABLES)
@pytest.mark.parametrize("name", DATED)
def test_dates_are_half_open(path: str, name: str, caller: Any, tables: dict[str, list[Row]]) -> None:
    if path == "customers/contacts" and name.startswith("created"):
        query = {name: "", "modifiedOnOrAfter": "0001-01-01"}
    else:
        query = {name: ""}
    possible = listed(path, {}, tables)
    field = "createdOn" if name.startswith("created") else "modifiedOn"
    moment = sorted(row[field] for row in possible)[len(possible) // 2]
    expected = [row for row in possible if DATED[name](row, moment)]
    assert len(expected) < len(possible)
    assert names(caller.rows(path, **query | {name: moment})) == names(expected)


def test_times_are_compared_to_seven_digits(caller: Any) -> None:
    row = next(row for row in caller.rows("leads") if len(row["createdOn"]) == 28)
    rows = caller.rows("leads", createdOnOrAfter=row["createdOn"], createdBefore=row["createdOn"][:-2] + "8Z")
    assert [lead["id"] for lead in rows if lead["createdOn"] == row["createdOn"]] != []
    assert caller.rows("leads", createdOnOrAfter=row["createdOn"][:-2] + "8Z", createdBefore=row["createdOn"]) == []


def test_times_without_an_offset_are_utc(caller: Any) -> None:
    plain = caller.rows("leads", createdBefore="2026-01-10T00:00:00Z")
    assert plain
    for moment in ("2026-01-10", "2026-01-10T00:00:00", "2026-01-10T01:30:00+01:30", "2026-01-09T18:00-06:00"):
        assert caller.rows("leads", createdBefore=moment) == plain


@pytest.mark.parametrize("path", sorted(HIDES))
def test_inactive_rows_are_hidden_by_default(path: str, caller: Any, tables: dict[str, list[Row]]) -> None:
    everything = tables[TABLES[path]]
    active = [row for row in everything if row["active"]]
    assert len(active) < len(everything)
    assert names(caller.rows(path)) == names(caller.rows(path, active="true")) == names(active)
    assert names(caller.rows(path, active="Any")) == names(everything)
    assert names(caller.rows(path, active="False")) == names([row for row in everything if not row["active"]])


def test_every_filter_of_the_contract_is_implemented() -> None:
    shown_only = {"genPermUrl", "externalDataApplicationGuid", "excludeAccountingChangesFromModifiedDateRange"}
    tried = {(path, name) for path, query, _ in CASES for name in query}
    tables = {table: path for path, table in TABLES.items()}
    missing = []
    for operation in OPERATIONS.values():
        if operation.returns != "page" or operation.row is None or operation.row.name not in tables:
            continue
        table = operation.row.name
        for field in operation.filters:
            assert field.name in FILTERS[table], (operation.id, field.name)
            common = {"ids", "active", *DATED, *shown_only}
            alike = {"locations": "customers", "technicians": "employees", "job_types": "campaigns"}
            paths = {tables[table], tables.get(alike.get(table, ""), "")}
            if field.name not in common and not any((path, field.name) in tried for path in paths):
                missing.append((operation.id, field.name))
    assert missing == [
        ("Customers_GetList", "country"),
        ("Locations_GetList", "country"),
        ("Campaigns_GetList", "campaignPhoneNumber"),
    ]


def test_filters_that_match_all_rows_or_none(caller: Any) -> None:
    assert caller.rows("customers", country="Canada") == []
    assert caller.rows("customers", country="usa") == caller.rows("customers")
    assert caller.rows("locations", country="Canada") == []
    assert caller.rows("marketing:campaigns", campaignPhoneNumber="3125550177") == caller.rows("marketing:campaigns")
    assert caller.rows("marketing:campaigns", campaignPhoneNumber="3125550178") == []


def test_data_of_other_applications_is_hidden(caller: Any) -> None:
    other = "00000000-0000-0000-0000-000000000001"
    assert caller.rows("customers", externalDataApplicationGuid=other) == []
    assert {row["externalData"][0]["key"] for row in caller.rows("settings:business-units")} == {"erp"}
    units = caller.rows("settings:business-units", externalDataApplicationGuid=other)
    assert units
    assert all(row["externalData"] == [] for row in units)


def test_links_are_included_on_request(caller: Any) -> None:
    assert {row["leadUrl"] for row in caller.rows("leads")} == {None}
    for row in caller.rows("leads", genPermUrl="true"):
        assert row["leadUrl"].endswith(f"/{row['id']}")
        assert row["summary"] == 'says "hello", <b>'


def test_lists_of_contacts_require_ids_or_dates(caller: Any) -> None:
    for path in ("customers/contacts", "locations/contacts"):
        status, answer = caller.get(path)
        assert (status, len(answer["errors"])) == (400, 1)
        assert caller.rows(path, modifiedOnOrAfter="1970-01-01")
    assert caller.get("customers/contacts", createdBefore="2027-01-01")[0] == 400
    assert caller.rows("locations/contacts", createdBefore="2027-01-01")


def test_at_most_50_ids_are_accepted(caller: Any) -> None:
    assert len(caller.rows("leads", ids=",".join(map(str, range(5001, 5051))))) > 40
    status, answer = caller.get("leads", ids=",".join(map(str, range(5000, 5051))))
    assert status == 400
    assert list(answer["errors"]) == ["ids"]


def test_repeated_parameters_are_joined(caller: Any) -> None:
    _, body, _ = caller.raw("leads", [("ids", "5001"), ("ids", "5002"), ("ids", "")])
    assert body.count(b'"status"') == 2


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("leads", {"ids": "5001,x"}),
        ("leads", {"ids": "[5001,5002]"}),
        ("leads", {"customerId": "5.5"}),
        ("leads", {"customerId": str(2**63)}),
        ("leads", {"isProspect": "yes"}),
        ("leads", {"status": "Won"}),
        ("leads", {"createdOnOrAfter": "yesterday"}),
        ("leads", {"createdOnOrAfter": "2026-02-30"}),
        ("leads", {"createdOnOrAfter": "2026-01-01T00:00:00 01:00"}),
        ("customers", {"active": "maybe"}),
        ("customers", {"latitude": "north"}),
        ("customers", {"latitude": "nan"}),
        ("customers", {"externalDataApplicationGuid": "12"}),
        ("customers", {"externalDataKey": "erp"}),
        ("customers", {"externalDataValues": "E1"}),
        ("leads", {"page": "0"}),
        ("leads", {"page": "one"}),
        ("leads", {"pageSize": "0"}),
        ("leads", {"pageSize": "5001"}),
        ("leads", {"includeTotal": "2"}),
        ("leads", {"sort": "+Name"}),
        ("leads", {"sort": "Id"}),
        ("jpm:job-types", {"orderBy": "Name"}),
        ("jpm:job-types", {"orderByDirection": "up"}),
    ],
)
def test_invalid_values_are_rejected(path: str, query: dict[str, str], caller: Any) -> None:
    status, answer = caller.get(path, **query)
    assert status == 400
    assert set(answer) == {"type", "title", "status", "traceId", "errors", "data"}
    (field,) = answer["errors"]
    assert field in {*query, "externalDataKey", "externalDataValues", "orderBy"}


def test_all_invalid_values_are_reported_together(caller: Any) -> None:
    _, answer = caller.get("leads", ids="x", customerId="y", createdBefore="z")
    assert set(answer["errors"]) == {"ids", "customerId", "createdBefore"}


def test_unknown_parameters_are_ignored(caller: Any) -> None:
    assert caller.rows("leads", stauts="Open", Status="Open", active="False") == caller.rows("leads")
    assert caller.rows("leads", status="") == caller.rows("leads")


def test_empty_parameters_are_rejected_by_the_book(fresh: Any) -> None:
    caller, strict = fresh()[1], fresh(by_the_book=True)[1]
    for path, name in (("leads", "createdBefore"), ("leads", "status"), ("customers", "active"), ("leads", "page")):
        assert caller.get(path, **{name: ""})[0] == 200
        assert strict.get(path, **{name: ""})[1]["errors"].keys() == {name}
    assert strict.get("export/leads", includeRecentChanges="")[0] == 400
    assert strict.get("leads", ids="", customerCity="", sort="")[0] == 200
